"""Sentences from film reviews (Rotten Tomatoes), half of them for the film and half against.

Measured on the file of the registry: 5,331 for and 5,331 against, no sentence twice; 8,499, 1,045 and 1,118
in train, dev and test (4,238, 518 and 575 of them positive), 178,788 tokens and 19,083 different ones in
train, 1 to 59 tokens a sentence.
"""

import zipfile
from pathlib import Path
from typing import NamedTuple

from unrolled.data.corpus import Corpus, split_by
from unrolled.data.registry import fetch, lookup

LABELS = ("negative", "positive")


class Labelled(NamedTuple):
    """A sentence as tokens, and its label: 0 against the film, 1 for it."""

    words: tuple[str, ...]
    label: int


def load() -> Corpus[Labelled]:
    """Read the sentences, 80 % train, 10 % dev, 10 % test by hash of the sentence.

    The text is in lower case and tokenized by its makers (contractions stay whole: *don't*).
    """
    source = lookup("polarity")
    path = fetch(source.files[0])
    examples = [
        Labelled(words, label) for label, end in enumerate(("neg", "pos")) for words in _read(path, end)
    ]
    return Corpus(source, **split_by(examples, lambda example: " ".join(example.words), dev=0.1, test=0.1))


def _read(path: Path, end: str) -> list[tuple[str, ...]]:
    with zipfile.ZipFile(path) as archive:
        text = archive.read(f"sentence_polarity/rt-polarity.{end}").decode("utf-8")
    return [tuple(line.split()) for line in text.translate(_WINDOWS).split("\n") if line.strip()]


_WINDOWS = {
    n: f" {c} " for n, c in {0x91: "'", 0x92: "'", 0x93: '"', 0x94: '"', 0x96: "-", 0x97: "--"}.items()
}
"""The file's makers took Windows-1252 for Latin-1; its dashes and quotes arrive as control characters."""
