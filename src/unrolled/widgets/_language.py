"""A language model on its way to the page: what the next-word explorer and the tying viewer share.

The page computes with the weights as float16 holds them, and so does everything here.
"""

from typing import Any, NamedTuple

import numpy as np

from unrolled.axes import Array, Float
from unrolled.scratch.cells import CELLS, Cell, Params
from unrolled.scratch.labeling import cell_params
from unrolled.scratch.language_model import OWN, lm_forward
from unrolled.scratch.loss import log_softmax
from unrolled.scratch.weight_tying import untie
from unrolled.widgets._base import SizeError
from unrolled.widgets._model import Packed, cell_of, encode, pack, unpack

MOST_WORDS = 60
NEEDED = ("<unk>", "<s>", "</s>")


class Read(NamedTuple):
    """A sentence as the model reads it: T words, and what it expects before each and after the last."""

    words: list[str]
    unknown: list[bool]
    h: Float[Array, "T+1 H"]
    y: Float[Array, "T+1 n_vocab"]
    log_probs: Float[Array, " T"]
    """log P of each word in nats; of </s> too where the sentence ends"""


def pack_language_model(model: Any, words: Any = None) -> Packed:
    """``pack`` for E, a cell, V or none (then it is tied, V = Eᵀ (13.14)), b_y or none; ValueError where a shape does not fit."""
    packed = pack(model, words)
    vocabulary = packed["vocabularies"].get("words")
    if vocabulary is None:
        raise SizeError("words: expected the vocabulary, a word for each id, got none")
    missing = [word for word in NEEDED if word not in vocabulary]
    if missing:
        raise SizeError(f"words: expected {', '.join(NEEDED)} among them, got no {' and no '.join(missing)}")
    try:
        params, cell = of(packed)
        lm_forward(np.array([vocabulary.index("<s>")]), params, cell)
    except (ValueError, KeyError) as error:
        raise SizeError(f"params: {error}" if isinstance(error, KeyError) else str(error)) from None
    return packed


def of(packed: Packed) -> tuple[Params, Cell]:
    """The parameters as ``scratch.language_model`` takes them, V written out where E serves twice, and their cell."""
    params, _ = unpack(packed)
    kind = cell_of(packed)
    if not kind:
        raise SizeError(f"params: expected those of an RNN, a GRU or an LSTM, got {', '.join(params)}")
    return (params if "V" in params else untie(params)), CELLS[kind]


def read(packed: Packed, text: str, more: list[str], ends: bool) -> Read:
    """Read a text and then ``more`` words as they are, at most MOST_WORDS in all; (13.4) to (13.9)."""
    vocabulary = packed["vocabularies"]["words"]
    tokens, ids, unknown = encode(packed, text)
    more = [word for word in more if word != "</s>"]
    words, at = [*tokens, *more][:MOST_WORDS], [vocabulary.index("<s>"), *ids, *map(vocabulary.index, more)]
    inputs = np.array(at[: len(words) + 1])
    params, cell = of(packed)
    logits, _, _ = lm_forward(inputs, params, cell)
    targets = np.r_[inputs[1:], vocabulary.index("</s>")][: len(words) + ends]
    log_y = log_softmax(logits)
    h, _, _ = cell.forward(params["E"][:, inputs].T, cell_params(params, OWN))
    unknown = [*unknown, *(False for _ in more)][: len(words)]
    return Read(words, unknown, h, np.exp(log_y), log_y[np.arange(len(targets)), targets])
