"""Tatoeba: short English sentences with their Spanish translations.

Measured on the file of the registry: 118,964 pairs of 102,902 different English sentences (tokens in lower
case), 7.7 English and 7.3 Spanish tokens each, the longest English one 49.  Train, dev and test hold
107,120, 5,917 and 5,927 pairs; the English side of train has 92,632 sentences, 724,289 tokens and 12,935
different ones, its Spanish side 24,890.  With at most 8 tokens on either side: 68,421, 3,731 and 3,772
pairs.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from unrolled.data.corpus import Corpus, split_by
from unrolled.data.registry import fetch, lookup
from unrolled.data.tokens import tokenize


class Pair(NamedTuple):
    """An English sentence (``source``) and a Spanish translation (``target``), as tokens."""

    source: tuple[str, ...]
    target: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Tatoeba(Corpus[Pair]):
    """Pairs in three splits.  An English sentence with several translations is several pairs of one split."""

    def english(self, split: str = "train") -> list[tuple[str, ...]]:
        """The English sentences of a split, each once, in the file's order: text for a language model."""
        return list(dict.fromkeys(pair.source for pair in self.split(split)))


def load(lower: bool = True, max_length: int | None = None) -> Tatoeba:
    """Read the pairs; ``max_length`` keeps those with at most so many tokens on either side.

    The split of a pair is fixed by its English words (case and punctuation left out), so *Go.* and
    *Go!* stay together, and neither option moves a pair to another split.
    """
    if max_length is not None and max_length < 1:
        raise ValueError(f"max_length: expected at least 1, got {max_length}")
    source = lookup("tatoeba")
    pairs = _read(fetch(source.files[0]), lower)
    kept = (p for p in pairs if max_length is None or max(map(len, p)) <= max_length)
    return Tatoeba(source, **split_by(kept, key=_words))


def _read(path, lower: bool) -> Iterator[Pair]:
    with zipfile.ZipFile(path) as archive:
        text = archive.read("spa-eng/spa.txt").decode("utf-8")
    for line in text.splitlines():
        english, spanish = line.split("\t")
        yield Pair(tuple(tokenize(english, lower)), tuple(tokenize(spanish, lower)))


def _words(pair: Pair) -> str:
    return " ".join(word.lower() for word in pair.source if any(map(str.isalnum, word)))
