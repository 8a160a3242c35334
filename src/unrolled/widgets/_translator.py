"""An encoder–decoder as the page has it, in Python: the same float16 weights, run by ``unrolled.scratch``."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from unrolled.axes import Array, Float, Int
from unrolled.data.tokens import tokenize
from unrolled.data.vocabulary import END, START
from unrolled.scratch.architecture import Architecture
from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS
from unrolled.scratch.decoding import Hypothesis, alignment, beam_search, translator
from unrolled.scratch.generation import generate
from unrolled.widgets._base import SizeError
from unrolled.widgets._model import Packed, cell_of, encode, unpack

MOST_WORDS, MOST_TARGET = 30, 40
"""Words that the page reads, and writes before it gives up waiting for </s>."""

SENTENCES = (
    ("the green witch arrived", "llegó la bruja verde", ((0, 1), (1, 3), (2, 2), (3, 0))),
    (
        "the strange green frog helps the strange queen",
        "la extraña rana verde ayuda a la reina extraña",
        ((0, 0), (1, 1), (2, 3), (3, 2), (4, 4), (5, 6), (6, 8), (7, 7)),
    ),
    ("the strange dance was not strange", "el baile extraño no era extraño", ((0, 0), (1, 2), (2, 1), (3, 4), (4, 3), (5, 5))),
    (
        "under the tree under the door some queens call him",
        "bajo el árbol bajo la puerta unas reinas lo llaman",
        ((0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 7), (8, 9), (9, 8)),
    ),
    (
        "the blue cats near some beautiful black doors shouted",
        "los gatos azules cerca de unas hermosas puertas negras gritaron",
        ((0, 0), (1, 2), (2, 1), (3, 3), (3, 4), (4, 5), (5, 6), (6, 8), (7, 7), (8, 9)),
    ),
    (
        "the photos that the beautiful white wizard was hiding were big and my white woman came",
        "las fotos que el hermoso mago blanco estaba escondiendo eran grandes y vino mi mujer blanca",
        ((0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 6), (6, 5), (7, 7), (8, 8), (9, 9), (10, 10), (11, 11), (12, 13), (13, 15), (14, 14), (15, 12)),
    ),
)  # fmt: skip
"""Sentences of the witch grammar, their translations and gold alignments (source, target); a test holds them to it."""

EVERYDAY = (
    "i don't know what to do.",
    "she gave me a book.",
    "what did you do yesterday?",
    "i want to go to the party with you.",
    "he is not as old as my brother.",
)
"""Sentences for a model of everyday language."""


class Translator:
    """What ``static/_seq2seq.mjs`` computes of packed weights; raises ValueError where they are no encoder–decoder."""

    def __init__(self, packed: Packed):
        self.packed = packed
        self.params, self.words = unpack(packed)
        missing = {"E_e", "E_d", "V", "b_y"} - set(self.params)
        if missing or {"source", "target"} - set(self.words):
            raise SizeError(
                "weights: expected an encoder–decoder with E_e, E_d, V, b_y and the vocabularies source and target, "
                f"got {', '.join(list(self.params)[:6])} with {', '.join(self.words) or 'no vocabulary'}"
            )
        both = any(name.startswith("encoder.fwd.") for name in self.params)
        encoder, decoder = (
            cell_of(packed, "encoder.fwd." if both else "encoder."),
            cell_of(packed, "decoder."),
        )
        if not encoder or not decoder:
            raise SizeError("weights: expected a cell after encoder. and after decoder., got none")
        cell = CELLS[encoder]
        self.H = self.params["V"].shape[1]
        one = self.params[
            "encoder.fwd." * both
            + "encoder." * (not both)
            + {"rnn": "U", "gru": "U_r", "lstm": "U_f"}[encoder]
        ]
        self.E = one.shape[0] * (1 + both)
        first = {"rnn": "W", "gru": "W_r", "lstm": "W_f"}[decoder]
        extra = self.params[f"decoder.{first}"].shape[1] - self.params["E_d"].shape[0]
        config = packed["config"]
        self.context = config.get("context") or ("attention" if extra else "first")
        self.score = config.get("score") or ("bilinear" if "W_s" in self.params else "dot")
        self.model = Architecture(
            bidirectional(cell) if both else cell, CELLS[decoder], self.context, self.score
        )

    def read(self, text: str) -> tuple[list[str], Int[Array, " S"], list[bool]]:
        """Words, their ids, and which are unknown; the source is read without marks."""
        return encode(self.packed, text, "source")

    def greedy(self, text: str) -> tuple[list[str], Float[Array, "T S"] | None]:
        """The words of the greedy translation, </s> included, and the weights if there are any."""
        ids = self.read(text)[1]
        tokens = self._greedy(ids)
        alpha = (
            alignment(ids, tokens, self.params, self.model, START) if self.context == "attention" else None
        )
        return self.spell(tokens), alpha

    def greedy_of(self, ids: Sequence[int]) -> list[str]:
        """The words of the greedy translation of a source that is ids already."""
        return self.spell(self._greedy(np.asarray(ids)))

    def beam(self, text: str, width: int, norm: float) -> list[Hypothesis]:
        """What ``scratch.decoding.beam_search`` finds."""
        return beam_search(self._next(self.read(text)[1]), START, END, width, MOST_TARGET, norm)

    def log_prob(self, text: str) -> float:
        """log p of the greedy translation."""
        out = generate(self._next(self.read(text)[1]), [START], END, MOST_TARGET, greedy=True)
        return float(out.log_probs.sum())

    def spell(self, tokens: list[int]) -> list[str]:
        """Ids to words."""
        return [self.words["target"][token] for token in tokens]

    def presets(self) -> list[dict[str, Any]]:
        """The grammar's sentences, each with its translation and gold alignment; everyday ones for a model that does not know its words."""
        at = {side: set(self.words[side]) for side in ("source", "target")}
        with_gold = [
            {"name": text, "text": text, "target": target.split(), "gold": [list(pair) for pair in pairs]}
            for text, target, pairs in SENTENCES
            if at["source"].issuperset(text.split()) and at["target"].issuperset(target.split())
        ]
        return with_gold or [
            {"name": s, "text": s} for s in EVERYDAY if at["source"].issuperset(tokenize(s, lower=True))
        ]

    def _greedy(self, ids: Array) -> list[int]:
        return generate(self._next(ids), [START], END, MOST_TARGET, greedy=True).tokens

    def _next(self, ids: Array) -> Any:
        return translator(ids, self.params, self.model)
