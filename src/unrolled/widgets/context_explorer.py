"""The left/right context explorer: change one word and see which states hear of it, →h (13.16) and ←h (13.17).

A tagger that reads from the left cannot change its mind about a word when a later one changes; one that reads both ways,
h_t = [→h_t ; ←h_t] (13.18), can.  The page runs both on whatever is typed (``static/context_explorer.mjs``); ``states`` and
``tags`` do the same with ``unrolled.scratch``, and the tests hold that both agree.
"""

from typing import Any, NamedTuple

import anywidget
import numpy as np
import traitlets as t

from unrolled.axes import Array, Float
from unrolled.scratch.birnn import birnn_forward
from unrolled.scratch.cells import CELLS
from unrolled.scratch.labeling import OWN, cell_params
from unrolled.scratch.rnn import softmax
from unrolled.widgets._base import SizeError, module
from unrolled.widgets._model import Weights, cell_of, encode, pack, unpack

MOST_TOKENS = 60
PRESETS = (
    {"name": "they have money / gone", "text": "they have money", "place": 3, "swap": "gone", "word": 2},
    {"name": "before noon / before he", "text": "she left before noon", "place": 4, "swap": "he", "word": 3},
    {"name": "I know that he / that man", "text": "I know that he left", "place": 4, "swap": "man", "word": 3},
    {"name": "open the door / open doors", "text": "open the window", "place": 2, "swap": "doors", "word": 1},
    {"name": "book a room / book prices", "text": "book a room", "place": 2, "swap": "prices", "word": 1},
    {"name": "Teddy bears / Teddy Roosevelt", "text": "he said Teddy bears are on sale", "place": 4, "swap": "Roosevelt", "word": 3},
    {"name": "An earlier word: to sleep", "text": "she wants to sleep", "place": 2, "swap": "went", "word": 3},
)  # fmt: skip


class States(NamedTuple):
    """→h and ←h of a sentence and of the same with the word changed, each (T, H)."""

    right: Float[Array, "T H"]
    left: Float[Array, "T H"]
    right_changed: Float[Array, "T H"]
    left_changed: Float[Array, "T H"]


class ContextExplorer(anywidget.AnyWidget):
    """The widget itself; ``context_explorer`` makes one.  Every part of its state is a trait.

    ``one`` and ``both``, the weights of the tagger that reads from the left and of the one that reads both ways; ``text``,
    ``place`` (1 … T, the word that is changed), ``swap`` (what it becomes), ``word`` (1 … T, whose tag is read), ``revealed``,
    ``guess``, ``question``, ``table``, ``presets``.
    """

    _esm = module("context_explorer")

    one = Weights().tag(sync=True)
    both = Weights().tag(sync=True)
    text = t.Unicode("").tag(sync=True)
    place = t.Int(1).tag(sync=True)
    swap = t.Unicode("").tag(sync=True)
    word = t.Int(1).tag(sync=True)
    revealed = t.Bool(False).tag(sync=True)
    guess = t.Unicode("").tag(sync=True)
    question = t.Int(0).tag(sync=True)
    table = t.Bool(False).tag(sync=True)
    presets = t.List(t.Dict()).tag(sync=True)

    @property
    def words(self) -> list[str]:
        """The tokens of the sentence."""
        return encode(self.both, self.text)[0]

    @property
    def changed(self) -> list[str]:
        """The same with the word at ``place`` replaced."""
        words = self.words
        swap = encode(self.both, self.swap)[0][:1] or [words[self.place - 1]]
        return [*words[: self.place - 1], *swap, *words[self.place :]]

    @property
    def states(self) -> States:
        """What the tagger that reads both ways makes of both sentences, by ``unrolled.scratch``."""
        first, second = (_run(self.both, words)[0] for words in (self.words, self.changed))
        H = first.shape[1] // 2
        return States(first[:, :H], first[:, H:], second[:, :H], second[:, H:])

    @property
    def tags(self) -> dict[str, tuple[dict[str, float], dict[str, float]]]:
        """{"one", "both"}: the probabilities of each tag at ``word``, in the sentence and in the changed one."""
        found = {}
        for name in ("one", "both"):
            weights = getattr(self, name)
            p = [softmax(_run(weights, words)[1])[self.word - 1] for words in (self.words, self.changed)]
            found[name] = tuple(dict(zip(_tags(weights), row.tolist(), strict=True)) for row in p)
        return found

    @t.validate("text")
    def _check_text(self, proposal: Any) -> str:
        if self.both:
            _count(len(encode(self.both, proposal["value"])[0]))
        return proposal["value"]

    @t.observe("text")
    def _stay_inside(self, change: Any) -> None:
        if self.both and self.text:
            T = len(self.words)
            self.place, self.word = min(self.place, T), min(self.word, T)

    @t.validate("place", "word")
    def _check_place(self, proposal: Any) -> int:
        T = len(self.words) if self.both else 1
        if not 1 <= proposal["value"] <= T:
            raise SizeError(f"{proposal['trait'].name}: expected 1 to {T}, got {proposal['value']}")
        return proposal["value"]


def context_explorer(
    text: str | None = None,
    place: int | None = None,
    swap: str | None = None,
    word: int | None = None,
    one: Any = "lstm_tagger",
    both: Any = "bilstm_tagger",
    revealed: bool = False,
) -> ContextExplorer:
    """Swap the word at ``place`` for ``swap`` and compare the states and the tag at ``word`` with those of the sentence as it was.

    ``one`` and ``both`` are taggers, whatever ``_model.pack`` takes: one cell, and two ("fwd.", "bwd."), with the same words and
    tags.  1 to 60 words.  Raises ValueError with what was expected and got.

    >>> w = context_explorer("they have money", place=3, swap="gone", word=2)
    >>> bool(np.array_equal(w.states.right[1], w.states.right_changed[1]))
    True
    """
    one, both = pack(one), pack(both)
    _expect_taggers(one, both)
    given = dict(PRESETS[0]) if text is None else {"text": text, "place": 1, "swap": "", "word": 1}
    given |= {n: v for n, v in {"place": place, "swap": swap, "word": word}.items() if v is not None}
    given.pop("name", None)
    _count(len(encode(both, str(given["text"]))[0]))
    return ContextExplorer(one=one, both=both, revealed=revealed, presets=[dict(p) for p in PRESETS], **given)


def _run(weights: dict[str, Any], words: list[str]) -> tuple[Float[Array, "T wide"], Float[Array, "T K"]]:
    """The states that the output layer sees, and its scores."""
    params, _ = unpack(weights)
    ids = np.concatenate([encode(weights, word)[1][:1] for word in words])
    own, x = cell_params(params, OWN), params["E"][:, ids].T
    if cell_of(weights):
        h = CELLS[cell_of(weights)].forward(x, own)[0]
    else:
        h = birnn_forward(x, own, CELLS[cell_of(weights, "fwd.")])[0]
    return h, h @ params["V"].T + params["b_y"]


def _tags(weights: dict[str, Any]) -> list[str]:
    return weights["vocabularies"]["tags"]


def _expect_taggers(one: dict[str, Any], both: dict[str, Any]) -> None:
    for name, weights, ok in (
        ("one", one, cell_of(one)),
        ("both", both, cell_of(both, "fwd.") and cell_of(both, "bwd.")),
    ):
        missing = [x for x in OWN if x not in weights["arrays"]]
        if (
            not ok
            or missing
            or "tags" not in weights["vocabularies"]
            or "words" not in weights["vocabularies"]
        ):
            way = "one cell" if name == "one" else 'two cells, "fwd." and "bwd.",'
            raise SizeError(
                f"{name}: expected a tagger of {way} with E, V, b_y, words and tags, got {', '.join(weights['arrays'])}"
            )
        if weights["arrays"]["V"]["shape"][0] != len(_tags(weights)):
            raise SizeError(
                f"{name}: expected a row of V for each of {len(_tags(weights))} tags, got {weights['arrays']['V']['shape'][0]}"
            )
    if one["vocabularies"] != both["vocabularies"]:
        raise SizeError("one and both: expected the same words and tags, got two vocabularies")


def _count(n: int) -> None:
    if not 1 <= n <= MOST_TOKENS:
        raise SizeError(f"text: expected 1 to {MOST_TOKENS} words, got {n}")
