"""The decoder stepper: one target, written word by word, by the truth, by the likeliest word, by chance or by a beam.

Each step reads the word before (13.32) and gives a distribution over the next (13.30); log p of a target is the sum of its words' (13.31).
``static/decoder_stepper.mjs`` runs a trained encoder–decoder in the page; ``beam`` and ``greedy`` say the same in Python.
"""

from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets as t

from unrolled.scratch.decoding import Hypothesis
from unrolled.widgets._base import SizeError, in_range, module
from unrolled.widgets._model import Weights
from unrolled.widgets._translator import MOST_TARGET, MOST_WORDS, Translator

MODES = ("greedy", "sample", "beam", "teacher")
RANGES = {
    "step": (1, MOST_TARGET + 1),
    "temperature": (0.1, 3.0),
    "seed": (0, 9999),
    "width": (1, 5),
    "norm": (0.0, 1.5),
}
PRESETS = (
    {"name": "Greedy errs early: my strange black map was wet", "text": "my strange black map was wet", "target": "mi extraño mapa negro estaba mojado", "width": 3},
    {"name": "Greedy errs at the end: my strange guards came", "text": "my strange guards came", "target": "vinieron mis guardias extraños", "width": 3},
    {"name": "A name far away: near a beautiful blue castle …", "text": "near a beautiful blue castle sandy garcía fell", "target": "cerca de un hermoso castillo azul cayó sandy garcía", "width": 3},
    {"name": "Both agree: the green witch arrived", "text": "the green witch arrived", "target": "llegó la bruja verde", "width": 3},
)  # fmt: skip
"""Sentences of the witch grammar.  That a beam of 3 beats greedy decoding in the first three was measured; a test holds it."""


class DecoderStepper(anywidget.AnyWidget):
    """The widget itself; ``decoder_stepper`` makes one.  Every part of its state is a trait.

    ``weights``, ``text`` (the source), ``mode``, ``temperature`` and ``seed`` of sampling, ``width`` and ``norm`` (the α of length
    normalisation) of the beam, ``target`` that teacher forcing feeds, ``prefix``: words that are forced; ``step``, ``revealed``,
    ``question``, ``guess``, ``table``, ``playing``, ``presets``.
    """

    _esm = module("decoder_stepper")

    weights = Weights().tag(sync=True)
    text = t.Unicode("").tag(sync=True)
    target = t.Unicode("").tag(sync=True)
    mode = t.Unicode("greedy").tag(sync=True)
    temperature = t.Float(1.0).tag(sync=True)
    seed = t.Int(1).tag(sync=True)
    width = t.Int(3).tag(sync=True)
    norm = t.Float(0.0).tag(sync=True)
    prefix = t.List(t.Unicode()).tag(sync=True)
    step = t.Int(1).tag(sync=True)
    revealed = t.Bool(True).tag(sync=True)
    question = t.Int(0).tag(sync=True)
    guess = t.Unicode("").tag(sync=True)
    table = t.Bool(False).tag(sync=True)
    playing = t.Bool(False).tag(sync=True)
    presets = t.List(t.Dict()).tag(sync=True)

    @property
    def beam(self) -> list[Hypothesis]:
        """The hypotheses of ``width`` and ``norm``, best first, without any forced prefix."""
        return Translator(self.weights).beam(self.text, self.width, self.norm)

    @property
    def greedy(self) -> list[str]:
        """The words of the greedy translation, </s> included, without any forced prefix."""
        return Translator(self.weights).greedy(self.text)[0]

    @t.validate("mode")
    def _check_mode(self, proposal: Any) -> str:
        if proposal["value"] not in MODES:
            raise SizeError(f"mode: expected one of {', '.join(MODES)}, got {proposal['value']!r}")
        return proposal["value"]

    @t.validate("prefix")
    def _check_prefix(self, proposal: Any) -> list[str]:
        known = set(self.weights["vocabularies"]["target"]) if self.weights else set(proposal["value"])
        strange = [word for word in proposal["value"] if word not in known]
        if strange:
            raise SizeError(f"prefix: expected words of the target's vocabulary, got {strange[0]!r}")
        if len(proposal["value"]) > MOST_TARGET:
            raise SizeError(f"prefix: expected at most {MOST_TARGET} words, got {len(proposal['value'])}")
        return proposal["value"]

    _check_range = in_range(RANGES)


def decoder_stepper(
    text: str | None = None,
    weights: Any = "witch_translate",
    mode: str = "greedy",
    target: str | None = None,
    width: int = 3,
    norm: float = 0.0,
    temperature: float = 1.0,
    seed: int = 1,
    presets: Sequence[dict[str, Any]] | None = None,
    revealed: bool = False,
) -> DecoderStepper:
    """Type a sentence and watch a trained encoder–decoder write its translation: greedy, sampled, by a beam or after the teacher.

    ``weights`` is a checkpoint's name or what ``unrolled.widgets._model.pack`` takes.  1 to 30 source words; it stops at </s> or
    after 40 words.  Unless ``revealed`` it asks first whether a beam finds what greedy decoding missed.
    Raises ValueError with what was expected and got.
    """
    w = DecoderStepper(weights=weights)
    model = Translator(w.weights)
    known = set(model.words["source"])
    listed = PRESETS if presets is None else presets
    chosen = [dict(p) for p in listed if presets is not None or known.issuperset(str(p["text"]).split())]
    first = chosen[0] if chosen else {}
    text = str(first.get("text", "")) if text is None else text
    n = len(model.read(text)[0])
    if not 1 <= n <= MOST_WORDS:
        raise SizeError(f"text: expected 1 to {MOST_WORDS} words, got {n}")
    with w.hold_trait_notifications():
        w.text, w.mode, w.width, w.norm, w.temperature, w.seed = text, mode, width, norm, temperature, seed
        w.target = (
            str(first.get("target", "")) if target is None and first.get("text") == text else target or ""
        )
        w.presets, w.revealed = chosen, revealed
    return w
