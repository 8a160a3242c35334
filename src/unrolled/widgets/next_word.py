"""The next-word explorer: what a language model expects next, how surprised it was, and what temperature makes of it.

The model is (13.4) to (13.6), or (13.14) where its embeddings are tied; the surprise of a word is its cross-entropy (13.10), of
which (13.11) leaves one term, and the sum over a sentence is its log-probability (13.8).  The page computes everything
(``static/next_word.mjs``); ``reading`` and ``distribution`` say the same with ``unrolled.scratch``, and the tests hold that both agree.
"""

from typing import Any

import anywidget
import traitlets as t

from unrolled.axes import Array, Float
from unrolled.scratch.generation import reshape
from unrolled.widgets._base import SizeError, in_range, module
from unrolled.widgets._language import Read, pack_language_model, read
from unrolled.widgets._model import Weights

RANGES = {"temperature": (0.1, 3.0), "top_k": (0, 50), "top_p": (0.05, 1.0), "seed": (0, 9999)}
PRESETS = (
    {"name": "A wish", "text": "I want to"},
    {"name": "A question", "text": "Do you know where"},
    {"name": "Almost greedy: τ = 0.3", "text": "She said that", "temperature": 0.3},
    {"name": "Wild: τ = 2", "text": "She said that", "temperature": 2.0},
    {"name": "Top-k 5", "text": "The cat is", "top_k": 5},
    {"name": "Top-p 0.9", "text": "The cat is", "top_p": 0.9},
    {"name": "A surprise", "text": "I eat the green moon ."},
)


class NextWordExplorer(anywidget.AnyWidget):
    """The widget itself; ``next_word_explorer`` makes one.  Every part of its state is a trait.

    ``text`` as typed, ``sampled`` the words drawn after it, ``end`` whether </s> counts; ``temperature``, ``top_k`` (0: all),
    ``top_p`` (1: all), ``seed``; ``step`` (1 … T + 1: the place that is shown, the last is what comes next), ``over`` (the
    place under the mouse, 0: none), ``playing``, ``question``, ``guess``, ``revealed``, ``table``, ``presets``, ``weights``.
    """

    _esm = module("next_word")

    weights = Weights().tag(sync=True)
    text = t.Unicode("").tag(sync=True)
    sampled = t.List(t.Unicode()).tag(sync=True)
    end = t.Bool(False).tag(sync=True)
    temperature = t.Float(1.0).tag(sync=True)
    top_k = t.Int(0).tag(sync=True)
    top_p = t.Float(1.0).tag(sync=True)
    seed = t.Int(1).tag(sync=True)
    step = t.Int(1).tag(sync=True)
    over = t.Int(0).tag(sync=True)
    playing = t.Bool(False).tag(sync=True)
    question = t.Int(0).tag(sync=True)
    guess = t.Unicode("").tag(sync=True)
    revealed = t.Bool(False).tag(sync=True)
    table = t.Bool(False).tag(sync=True)
    presets = t.List(t.Dict()).tag(sync=True)

    @property
    def reading(self) -> Read:
        """All places of the sentence: words, states, ŷ and log-probabilities."""
        return read(self.weights, self.text, self.sampled, self.end or self.sampled[-1:] == ["</s>"])

    @property
    def distribution(self) -> Float[Array, " n_vocab"]:
        """What a word is drawn from at ``step``: ŷ there through temperature, top-k and top-p."""
        y = self.reading.y
        return reshape(y[min(self.step, len(y)) - 1], self.temperature, self.top_k or None, self.top_p)

    _check_range = in_range(RANGES)

    @t.validate("step", "over", "question")
    def _check_place(self, proposal: Any) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        least = int(name == "step")
        if value < least:
            raise SizeError(f"{name}: expected {least} or more, got {value}")
        return value

    @t.validate("sampled")
    def _check_sampled(self, proposal: Any) -> list[str]:
        words, vocabulary = proposal["value"], self.weights.get("vocabularies", {}).get("words", [])
        strange = [word for word in words if word not in vocabulary]
        if strange or "</s>" in words[:-1]:
            raise SizeError(
                f"sampled: expected words of the vocabulary, </s> only at the end, got {words!r:.120}"
            )
        return words


def next_word_explorer(
    model: Any = "word_lm",
    words: list[str] | tuple[str, ...] | None = None,
    text: str = "I want to",
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    seed: int = 1,
    end: bool = False,
    revealed: bool = False,
) -> NextWordExplorer:
    """Type the beginning of a sentence: see what a language model expects next, draw words, measure the sentence.

    ``model`` is a checkpoint or its name, or a dict of your own arrays with its vocabulary ``words`` (<unk>, <s> and </s> among them):
    E (D, n_vocab), the cell's own as in ``unrolled.scratch`` (RNN, GRU or LSTM), V (n_vocab, H) or none where it is tied, b_y or none.
    Temperature 0.1 to 3, ``top_k`` 0 (all) to 50, ``top_p`` 0.05 to 1.  Unless ``revealed``, it asks for a prediction first.
    Raises ValueError with what was expected and got.
    """
    w = NextWordExplorer(
        weights=pack_language_model(model, words),
        text=text,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        seed=seed,
        end=end,
        revealed=revealed,
        presets=[dict(p) for p in PRESETS],
    )
    w.step = len(w.reading.words) + 1
    return w
