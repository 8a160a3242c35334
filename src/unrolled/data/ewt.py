"""UD English EWT: sentences from weblogs, mail, reviews and forums, a part of speech for each word.

Measured on the files of the registry: 12,544, 2,001 and 2,077 sentences of 204,577, 25,147 and 25,094
words.  Train has 19,674 different words (16,654 in lower case) and all 17 tags, test 9.1 % of words that
train has not; the longest sentence has 159.
"""

from pathlib import Path
from typing import NamedTuple

from unrolled.data.corpus import Corpus
from unrolled.data.registry import fetch, lookup

UPOS = (
    (
        "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"  # universaldependencies.org
    ).split()
)


class Tagged(NamedTuple):
    """A sentence: its words, the universal part of speech (UPOS) of each, and its id in the treebank."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    id: str


def load(lower: bool = False) -> Corpus[Tagged]:
    """Read the treebank in its own three splits (whole documents, fixed by its makers).

    A word is a syntactic word: *don't* is *do* and *n't*.  The range lines of multiword tokens
    (*1-2*) and the empty nodes of the enhanced graph (*8.1*) are not words and are left out.
    """
    source = lookup("ewt")
    splits = {
        split: _read(fetch(file), lower) for split, file in zip(Corpus.SPLITS, source.files, strict=True)
    }
    return Corpus(source, **splits)


def _read(path: Path, lower: bool) -> list[Tagged]:
    import conllu  # late: only this corpus needs it

    sentences = []
    with open(path, encoding="utf-8") as lines:
        for tokens in conllu.parse_incr(lines, field_parsers=_LAZY):
            words = [token for token in tokens if isinstance(token["id"], int)]
            forms = tuple(word["form"].lower() if lower else word["form"] for word in words)
            sentences.append(Tagged(forms, tuple(word["upos"] for word in words), tokens.metadata["sent_id"]))
    return sentences


_LAZY = {field: (lambda line, i: line[i]) for field in ("feats", "head", "deps", "misc")}
"""Leaves the columns that are not used here unparsed, which takes a quarter to three fifths off the time of reading."""
