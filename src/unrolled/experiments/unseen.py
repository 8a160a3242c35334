"""Claim: counts scale poorly with the length of the context: the longer an n-gram, the likelier that it is new.

Of each n-gram of Tatoeba's English test sentences, <s> and </s> included, we ask whether any of the training sentences has it: once
with 10,000 of them, drawn at random, and once with all.  The English sides of training and test share no sentence.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

import unrolled.data
from unrolled.data.registry import lookup

TITLE = "New n-grams: how much of a text was never counted"
CHAPTER, SECTION = "ch03_language_model", "13.2"
STATEMENT = "N-gram models scale poorly with the length of the sequence: most of the longer n-grams of a new text were never counted."
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {"*": 0.001}
CORPORA = ("tatoeba",)
N_SENTENCES, LONGEST = 10_000, 5


def ngrams(sentence: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    """Its n-grams from left to right, the markers included."""
    words = ("<s>", *sentence, "</s>")
    return (tuple(words[t : t + n]) for t in range(len(words) - n + 1))


def share_new(train: Sequence, test: Sequence, n: int) -> float:
    """The share of the test's n-grams, repetitions counted, that no training sentence has."""
    seen = {gram for sentence in train for gram in ngrams(sentence, n)}
    return float(np.mean([gram not in seen for sentence in test for gram in ngrams(sentence, n)]))


def shares(train: Sequence, test: Sequence, after: str = "") -> dict[str, float]:
    """The share of new n-grams for n = 1 … 5, and after how many training sentences."""
    found = {f"new_{n}{after}": share_new(train, test, n) for n in range(1, LONGEST + 1)}
    return found | {f"sentences{after}": float(len(train))}


def run(seed: int) -> dict[str, float]:
    """The shares after 10,000 random training sentences, and after all of them, which nothing random touches."""
    train, test = _splits()
    drawn = np.random.default_rng(seed).permutation(len(train))[:N_SENTENCES]
    return shares([train[n] for n in drawn], test) | _after_all()


def criterion(summary: dict[str, dict]) -> str:
    """Holds if more than half of the test's 4-grams and of its 5-grams are new with all training sentences, too, and the share rises with every n.

    Does not hold if fewer than half of the 5-grams are new with all of them.
    """
    shares = [summary[f"new_{n}_all"]["mean"] for n in range(1, LONGEST + 1)]
    if min(shares[3:]) > 0.5 and sorted(shares) == shares:
        return "holds"
    return "does not hold" if shares[-1] < 0.5 else "undecided"


def data() -> dict[str, str | int]:
    """The corpus with its hash, and how much of it is used."""
    source = lookup("tatoeba")
    return {
        "name": "English side of Tatoeba's English-Spanish pairs",
        "sha256": source.files[0].sha256,
        "licence": source.licence,
        "tested_on": "the whole test split",
    }


@lru_cache(maxsize=1)
def _splits() -> tuple[Sequence, Sequence]:
    corpus = unrolled.data.load("tatoeba")
    return corpus.english("train"), corpus.english("test")


@lru_cache(maxsize=1)
def _after_all() -> dict[str, float]:
    return shares(*_splits(), after="_all")
