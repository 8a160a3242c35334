"""The pooling viewer: which words a sentence's class is read from, when its states are pooled to one vector.

The last state alone, the mean of all states (13.15), or the largest value of each number; then a feedforward network and a softmax.
The page computes everything (``static/pooling.mjs``); ``pooled`` and ``probabilities`` say the same with ``unrolled.scratch``, and the
tests hold that both agree.
"""

import re
from typing import Any, NamedTuple

import anywidget
import numpy as np
import traitlets as t

from unrolled.axes import Array, Float
from unrolled.data.tokens import tokenize
from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS, Cell, Params
from unrolled.scratch.classification import OWN, POOLS, classifier_forward, max_pool, mean_pool
from unrolled.scratch.embedding import embed
from unrolled.scratch.labeling import cell_params
from unrolled.scratch.rnn import softmax
from unrolled.widgets._base import Numbers, SizeError, module
from unrolled.widgets._model import Packed, Weights, cell_of, pack, unpack

MOST_WORDS = 60
HEAD = ("W_ff", "b_ff", "V", "b_y")
ENDING = re.compile(r"(?i)n't|'(?:s|re|ve|ll|d|m)")
PRESETS = (
    {"name": "Two minds", "text": "the plot is thin and boring , but the acting is wonderful ."},
    {
        "name": "Praise first",
        "text": "a moving and funny film , although the last hour is dull and far too long .",
    },
    {
        "name": "One strong word, early",
        "text": "brilliant , and it was about a man who went home to his house .",
    },
    {"name": "Not bad", "text": "it is not a bad film at all ."},
)


class Pooled(NamedTuple):
    """What one pooling keeps: r of R numbers, each word's part in each of them (T, R), and the classes' probabilities."""

    r: Float[Array, " R"]
    share: Float[Array, "T R"]
    y: Float[Array, " K"]


class PoolingViewer(anywidget.AnyWidget):
    """The widget itself; ``pooling_viewer`` makes one.  Every part of its state is a trait.

    ``text`` as typed, ``pool`` ("last", "mean", "max"), ``step`` (1 … T, the word), ``unit`` (the number under the mouse, −1: none),
    ``clause`` (the one that moves), ``was`` (the three probabilities before the last move, or none), ``playing``, ``question``,
    ``guess``, ``revealed``, ``table``, ``presets``, the two ``classes`` and the ``weights``.
    """

    _esm = module("pooling")

    weights = Weights().tag(sync=True)
    text = t.Unicode("").tag(sync=True)
    pool = t.Unicode("mean").tag(sync=True)
    step = t.Int(1).tag(sync=True)
    unit = t.Int(-1).tag(sync=True)
    clause = t.Int(0).tag(sync=True)
    was = Numbers(1, default_value=[]).tag(sync=True)
    playing = t.Bool(False).tag(sync=True)
    question = t.Int(0).tag(sync=True)
    guess = t.Unicode("").tag(sync=True)
    revealed = t.Bool(False).tag(sync=True)
    table = t.Bool(False).tag(sync=True)
    classes = t.List(t.Unicode()).tag(sync=True)
    presets = t.List(t.Dict()).tag(sync=True)

    @property
    def words(self) -> list[str]:
        """The words that are read, at most 60."""
        return split(self.weights, self.text)[:MOST_WORDS]

    @property
    def pooled(self) -> dict[str, Pooled]:
        """All three poolings of the sentence; ValueError where there is no word."""
        if not self.words:
            raise ValueError("text: expected at least one word, got none")
        return {pool: pool_words(self.weights, self.words, pool) for pool in POOLS}

    @property
    def probabilities(self) -> dict[str, float]:
        """P of the second class with each pooling."""
        return {pool: float(made.y[1]) for pool, made in self.pooled.items()}

    @t.validate("pool")
    def _check_pool(self, proposal: Any) -> str:
        if proposal["value"] not in POOLS:
            raise SizeError(f"pool: expected one of {', '.join(POOLS)}, got {proposal['value']!r}")
        return proposal["value"]

    @t.validate("step")
    def _check_step(self, proposal: Any) -> int:
        if proposal["value"] < 1:
            raise SizeError(f"step: expected 1 or more, got {proposal['value']}")
        return proposal["value"]


def pooling_viewer(
    model: Any = "sentiment",
    words: list[str] | tuple[str, ...] | None = None,
    classes: tuple[str, str] | list[str] | None = None,
    text: str | None = None,
    pool: str = "mean",
    revealed: bool = False,
) -> PoolingViewer:
    """Show which words the last state, the mean and the maximum keep, and what class follows; move a clause and see which cares.

    ``model`` is a checkpoint or its name, or your own arrays with their vocabulary ``words``: E, a cell (or two, "fwd.W", "bwd.W", …),
    W_ff (F, R), b_ff, V (2, F), b_y as in ``unrolled.scratch.classification``, or such a network for each pooling ("last.W_ff", …).
    Unless ``revealed``, it asks for a prediction first.  Raises ValueError with what was expected and got.
    """
    packed = pack(model, words)
    if not packed["vocabularies"].get("words"):
        raise SizeError("words: expected the vocabulary, a word for each id, got none")
    classes = list(classes or packed["config"].get("classes") or ("negative", "positive"))
    if len(classes) != 2:
        raise SizeError(f"classes: expected 2, got {len(classes)}")
    for each in POOLS:
        try:
            y = pool_words(packed, ["<unk>"], each).y
        except (ValueError, KeyError) as error:
            raise SizeError(str(error)) from None
        if len(y) != 2:
            raise SizeError(f"V: expected 2 classes, one row each, got {len(y)}")
    return PoolingViewer(
        weights=packed,
        text=PRESETS[0]["text"] if text is None else text,
        pool=pool,
        classes=classes,
        revealed=revealed,
        presets=[dict(p) for p in PRESETS],
    )


def split(packed: Packed, text: str) -> list[str]:
    """The tokens of a text; an ending such as "n't" stays with its word where the vocabulary has them so."""
    known, out = set(packed["vocabularies"]["words"]), []
    for token in tokenize(text):
        whole = out[-1] + token if out and ENDING.fullmatch(token) and token.lower() not in known else ""
        if whole and (whole in known or whole.lower() in known):
            out[-1] = whole
        else:
            out.append(token)
    return out


def pool_words(packed: Packed, words: list[str], pool: str) -> Pooled:
    """Read the words and pool their states; the head is that of the pooling where the model has one for each."""
    params, cell = _of(packed, pool)
    at = {word: n for n, word in enumerate(packed["vocabularies"]["words"])}
    ids = np.array([at.get(word, at.get(word.lower(), at["<unk>"])) for word in words])
    logits, _ = classifier_forward(ids, params, cell, pool=pool)
    h, _, _ = cell.forward(embed(ids, params["E"])[0], cell_params(params, OWN))
    return Pooled(*_shares(h, pool, cell.width), softmax(logits))


def _shares(h: Float[Array, "T R"], pool: str, width: int) -> tuple[Array, Array]:
    T, R = h.shape
    share = np.zeros((T, R))
    if pool == "mean":
        size = np.abs(h).sum(axis=0)
        return mean_pool(h)[0], np.where(size > 0, np.abs(h) / np.where(size > 0, size, 1.0), 1.0 / T)
    if pool == "max":
        kept = max_pool(h)[1][0].reshape(-1)
    else:  # a backward network ends at the first word
        kept = np.where(np.arange(R) * width < R, T - 1, 0)
    share[kept, np.arange(R)] = 1.0
    return h[kept, np.arange(R)], share


def _of(packed: Packed, pool: str) -> tuple[Params, Cell]:
    params, _ = unpack(packed)
    rest = {n: p for n, p in params.items() if n.split(".")[0] not in POOLS}
    head = {n: params[f"{pool}.{n}"] for n in HEAD if f"{pool}.{n}" in params}
    one, two = cell_of(packed), cell_of(packed, "fwd.")
    if not one and not two:
        raise SizeError(f"params: expected those of an RNN, a GRU or an LSTM, got {', '.join(params)}")
    return {**rest, **head}, bidirectional(CELLS[two]) if two else CELLS[one]
