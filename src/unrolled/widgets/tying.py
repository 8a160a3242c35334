"""The tying viewer: one table of embeddings on the way in and, turned, on the way out.

A word's column of E is what the network reads (13.12), (13.13); the same numbers, as a row of Eᵀ, score the word (13.14).  Untied,
a table V of its own does that (13.6).  The page computes everything (``static/tying.mjs``); the tests hold that it is what
``unrolled.scratch`` says.
"""

from typing import Any, NamedTuple

import anywidget
import numpy as np
import traitlets as t

from unrolled.scratch.cells import CELLS
from unrolled.scratch.weight_tying import parameter_counts
from unrolled.widgets._base import SizeError, in_range, module
from unrolled.widgets._language import of, pack_language_model, read
from unrolled.widgets._model import Packed, Weights, cell_of

RANGES = {"n_vocab": (100, 100_000), "D": (8, 512)}
PRESETS = (
    {"name": "A wish", "text": "I want to"},
    {"name": "An animal", "text": "The cat", "word": "dog"},
    {"name": "Large vocabulary, small D", "n_vocab": 100_000, "D": 64},
    {"name": "Small vocabulary, large D", "n_vocab": 500, "D": 512},
)


class Score(NamedTuple):
    """How the score of a word comes about: the product of its vector with the state, its bias, and what softmax makes of it."""

    product: float
    bias: float
    score: float
    probability: float


class TyingViewer(anywidget.AnyWidget):
    """The widget itself; ``tying_viewer`` makes one.  Every part of its state is a trait.

    ``text`` as typed, ``word`` chosen ("": the last one typed), ``tied``; ``n_vocab`` and ``D``, the sizes whose parameters are counted;
    ``question``, ``guess``, ``revealed``, ``table``, ``presets``; ``weights`` of one model, ``twin`` of another, tied where that is not.
    """

    _esm = module("tying")

    weights = Weights().tag(sync=True)
    twin = Weights().tag(sync=True)
    text = t.Unicode("").tag(sync=True)
    word = t.Unicode("").tag(sync=True)
    tied = t.Bool(True).tag(sync=True)
    n_vocab = t.Int(2000).tag(sync=True)
    D = t.Int(64).tag(sync=True)
    question = t.Int(0).tag(sync=True)
    guess = t.Unicode("").tag(sync=True)
    revealed = t.Bool(False).tag(sync=True)
    table = t.Bool(False).tag(sync=True)
    presets = t.List(t.Dict()).tag(sync=True)

    @property
    def shown(self) -> Packed:
        """The model that is computed with: the one that is tied, or not, as ``tied`` says, else the only one there is."""
        models = [m for m in (self.weights, self.twin) if m]
        return next((m for m in models if ("V" not in m["arrays"]) == self.tied), models[0])

    @property
    def counts(self) -> dict[str, int]:
        """How many numbers a model of ``n_vocab`` and ``D`` learns, untied and tied."""
        return parameter_counts(self.n_vocab, self.D, CELLS[cell_of(self.shown)])

    def score(self, word: str) -> Score:
        """The score of ``word`` after the text, with the model that is shown; ValueError where the word is not in its vocabulary."""
        vocabulary = self.shown["vocabularies"]["words"]
        if word not in vocabulary:
            raise ValueError(f"word: expected one of the vocabulary, got {word!r}")
        w, r, (params, _) = vocabulary.index(word), read(self.shown, self.text, [], False), of(self.shown)
        product, bias = float(params["V"][w] @ r.h[-1]), float(params.get("b_y", np.zeros(w + 1))[w])
        return Score(product, bias, product + bias, float(r.y[-1][w]))

    _check_range = in_range(RANGES)


def tying_viewer(
    model: Any = "tied_lm",
    words: list[str] | tuple[str, ...] | None = None,
    untied: Any = None,
    text: str = "I want to",
    word: str = "",
    revealed: bool = False,
) -> TyingViewer:
    """Show E on the way in and Eᵀ (or V) on the way out, a word's score as a product, and what tying saves.

    ``model`` is a checkpoint or its name, or your own arrays with their vocabulary ``words``: without V it is tied, and then its H is D.
    ``untied`` may be a second one, for the toggle; both or either will do.  Unless ``revealed``, it asks for a prediction first.
    Raises ValueError with what was expected and got.
    """
    packed = pack_language_model(model, words)
    twin = {} if untied is None else pack_language_model(untied, None if isinstance(untied, str) else words)
    tied = "V" not in packed["arrays"]
    if twin and ("V" not in twin["arrays"]) == tied:
        raise SizeError("untied: expected one model with a V and one without, got two of a kind")
    D, n_vocab = packed["arrays"]["E"]["shape"]
    return TyingViewer(
        weights=packed,
        twin=twin,
        tied=tied,
        text=text,
        word=word,
        n_vocab=int(np.clip(n_vocab, *RANGES["n_vocab"])),
        D=int(np.clip(D, *RANGES["D"])),
        revealed=revealed,
        presets=[dict(p) for p in PRESETS],
    )
