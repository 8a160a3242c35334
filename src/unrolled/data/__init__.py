"""Corpora by name, vocabularies and batches.

``load("witch")`` needs no download; the others are downloaded once (see `unrolled.data.registry`).
Each comes in three splits, train, dev and test, which never change, with its licence and attribution.

>>> corpus = load("witch", train=2, dev=1, test=1)
>>> corpus.licence, len(corpus.train)
('MIT', 2)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, overload

from unrolled.data.batches import by_length, pad, pair_batches, segments, sentence_batches, teacher_forcing
from unrolled.data.corpus import Corpus
from unrolled.data.registry import REGISTRY, DataError, NotAvailableError, WrongHashError, lookup
from unrolled.data.tokens import detokenize, tokenize
from unrolled.data.vocabulary import END, PAD, START, UNK, Vocabulary

if TYPE_CHECKING:
    from unrolled.data.blimp import MinimalPair
    from unrolled.data.ewt import Tagged
    from unrolled.data.polarity import Labelled
    from unrolled.data.tatoeba import Tatoeba
    from unrolled.data.witch import Witch

__all__ = [
    "END",
    "PAD",
    "REGISTRY",
    "START",
    "UNK",
    "Corpus",
    "DataError",
    "NotAvailableError",
    "Vocabulary",
    "WrongHashError",
    "by_length",
    "detokenize",
    "load",
    "pad",
    "pair_batches",
    "segments",
    "sentence_batches",
    "teacher_forcing",
    "tokenize",
]


@overload
def load(name: Literal["witch"] = "witch", **options: Any) -> "Witch": ...
@overload
def load(name: Literal["tatoeba"], **options: Any) -> "Tatoeba": ...
@overload
def load(name: Literal["ewt"], **options: Any) -> "Corpus[Tagged]": ...
@overload
def load(name: Literal["polarity"], **options: Any) -> "Corpus[Labelled]": ...
@overload
def load(name: Literal["blimp"], **options: Any) -> "Corpus[MinimalPair]": ...
@overload
def load(name: Literal["shakespeare"], **options: Any) -> "Corpus[str]": ...
@overload
def load(name: str, **options: Any) -> Corpus[Any]: ...
def load(name: str = "witch", **options: Any) -> Corpus[Any]:
    """The corpus of that name: witch, tatoeba, ewt, polarity, blimp or shakespeare.

    The options are those of ``load`` in the module of the same name, e.g. ``load("tatoeba",
    max_length=8)``.  Raises ValueError for another name, `WrongHashError` and `NotAvailableError` if a real
    corpus cannot be had.
    """
    return import_module(f"unrolled.data.{lookup(name).name}").load(**options)
