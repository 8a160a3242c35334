"""Attention seen from three sides: as a heatmap, as lines between the words, and as the arithmetic of one target step.

Scores (13.35) or (13.38), a softmax over the source words (13.36), the weighted sum of the encoder's states (13.37), which the
next decoder state reads (13.34).  ``attention`` takes anybody's weights, ``trace_attention`` asks a module of yours for its own
and holds it to ``unrolled.scratch.attention``, ``attention_explorer`` runs a trained encoder–decoder in the page.
"""

from collections.abc import Callable, Sequence
from typing import Any

import anywidget
import numpy as np
import traitlets as t
from numpy.typing import ArrayLike

from unrolled.axes import Array, Float, expect_finite
from unrolled.scratch.attention import SCORES, attend
from unrolled.widgets._base import SizeError, from_base64, module, to_base64
from unrolled.widgets._model import Weights
from unrolled.widgets._translator import MOST_WORDS, Translator

MOST = 400
"""Words on each side, of arrays; the live form reads at most ``MOST_WORDS``."""
RANGES = {"step": (1, MOST), "over": (0, MOST), "temperature": (0.05, 5.0)}


class Attention(anywidget.AnyWidget):
    """The widget itself; ``attention``, ``trace_attention`` and ``attention_explorer`` make one.  All of its state is traits.

    Arrays: ``source`` and ``target`` words, ``alpha`` (T, S) and perhaps ``h_d``, ``h_e``, ``W_s`` in base64, ``sizes`` [H, E];
    live: ``weights``, ``text``.  ``step`` (1 … T), ``over`` (the source word under the mouse, 0: none), ``score`` and
    ``temperature`` of the softmax, ``forced`` {step: source word, both from 1}, ``gold`` pairs (source, target) from 0,
    ``term`` of the equation, ``revealed``, ``question``, ``guess``, ``table``, ``playing``, ``presets``.
    """

    _esm = module("attention")

    source = t.List(t.Unicode()).tag(sync=True)
    target = t.List(t.Unicode()).tag(sync=True)
    alpha = t.Unicode("").tag(sync=True)
    h_d = t.Unicode("").tag(sync=True)
    h_e = t.Unicode("").tag(sync=True)
    W_s = t.Unicode("").tag(sync=True)
    sizes = t.List(t.Int()).tag(sync=True)
    weights = Weights().tag(sync=True)
    text = t.Unicode("").tag(sync=True)
    score = t.Unicode("dot").tag(sync=True)
    temperature = t.Float(1.0).tag(sync=True)
    forced = t.Dict().tag(sync=True)
    gold = t.List().tag(sync=True)
    step = t.Int(1).tag(sync=True)
    over = t.Int(0).tag(sync=True)
    term = t.Unicode("").tag(sync=True)
    revealed = t.Bool(True).tag(sync=True)
    question = t.Int(0).tag(sync=True)
    guess = t.Unicode("").tag(sync=True)
    table = t.Bool(False).tag(sync=True)
    playing = t.Bool(False).tag(sync=True)
    presets = t.List(t.Dict()).tag(sync=True)

    @property
    def matrix(self) -> Float[Array, "T S"]:
        """The weights as given, or those of the live model's greedy translation, without anything forced."""
        if not self.weights:
            return from_base64(self.alpha, (len(self.target), len(self.source)))
        alpha = Translator(self.weights).greedy(self.text)[1]
        return np.zeros((0, 0)) if alpha is None else alpha

    @t.validate("score")
    def _check_score(self, proposal: Any) -> str:
        if proposal["value"] not in SCORES:
            raise SizeError(f"score: expected one of {', '.join(SCORES)}, got {proposal['value']!r}")
        return proposal["value"]

    @t.validate(*RANGES)
    def _check_range(self, proposal: Any) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        least, most = RANGES[name]
        if not self.weights and name != "temperature":
            most = len(self.target if name == "step" else self.source) or most
        if not least <= value <= most:
            raise SizeError(f"{name}: expected {least} to {most}, got {value}")
        return value


def attention(
    weights: Float[ArrayLike, "T S"],
    source: Sequence[str],
    target: Sequence[str],
    gold: Sequence[tuple[int, int]] = (),
    step: int = 1,
) -> Attention:
    """Show anybody's attention weights, a row a target word and a column a source word.

    1 to 400 words on each side; every row is a distribution: no negative number, a sum of 1 (to 0.01, as half
    precision has it).  ``gold`` pairs (source, target), counted from 0, are marked.  Raises ValueError with what was expected and got.

    >>> attention([[0.9, 0.1], [0.2, 0.8]], ["green", "witch"], ["bruja", "verde"]).matrix.shape
    (2, 2)
    """
    source, target = _words("source", source), _words("target", target)
    alpha = _expect_weights("weights", weights, len(source), len(target))
    w = Attention(source=source, target=target, alpha=to_base64(alpha))
    w.gold = _expect_gold(gold, len(source), len(target))
    w.step = step
    return w


def trace_attention(
    model: Callable[..., Any],
    h_d: Any,
    h_e: Any,
    source: Sequence[str],
    target: Sequence[str],
    score: str | None = None,
    W_s: Any = None,
    mask: Any = None,
    tolerance: float = 1e-4,
) -> Attention:
    """Ask ``model(h_d, h_e)`` (with ``mask``: ``model(h_d, h_e, mask)``) for (contexts, weights), recompute both, and show them.

    For the states of one sentence, h_d (T, H) and h_e (S, E), as tensors or arrays; a batch of one is fine.  ``score`` is
    "dot", "scaled" or "bilinear" with its W_s (H, E); left out, both are taken from the model's attributes of that
    name.  Raises ValueError where the model's weights or contexts are not what (13.35) to (13.38) give, and says how far off.
    """
    given = (h_d, h_e) if mask is None else (h_d, h_e, mask)
    ctx, alpha = (
        _array(name, part) for name, part in zip(("contexts", "weights"), _two(model(*given)), strict=True)
    )
    score = str(getattr(model, "score", "dot")) if score is None else score
    W_s = getattr(model, "W_s", None) if W_s is None else W_s
    arrays = {"h_d": _array("h_d", h_d), "h_e": _array("h_e", h_e)}
    W = _array("W_s", W_s, batch=False) if W_s is not None and score == "bilinear" else None
    real = None if mask is None else _array("mask", mask, ndim=1).astype(bool)
    (expected_ctx, expected_alpha), _ = attend(arrays["h_d"], arrays["h_e"], score, W, real)
    for name, got, expected in (("weights", alpha, expected_alpha), ("contexts", ctx, expected_ctx)):
        if got.shape != expected.shape:
            raise SizeError(f"{name}: expected shape {expected.shape} from the model, got {got.shape}")
        off = float(np.abs(got - expected).max())
        if not off <= tolerance:
            raise SizeError(
                f"{name}: expected what {score} attention gives, got numbers up to {off:.3g} off (row {int(np.abs(got - expected).max(axis=1).argmax())})"
            )
    w = attention(expected_alpha, source, target)
    with w.hold_trait_notifications():
        if real is None:  # a mask is in the weights alone
            w.h_d, w.h_e = (to_base64(a) for a in arrays.values())
            w.W_s, w.sizes = (
                to_base64(W) if W is not None else "",
                [arrays["h_d"].shape[1], arrays["h_e"].shape[1]],
            )
        w.score = score
    return w


def attention_explorer(
    text: str | None = None,
    weights: Any = "witch_attention",
    step: int | None = None,
    presets: Sequence[dict[str, Any]] | None = None,
    revealed: bool = False,
) -> Attention:
    """Type a sentence: a trained encoder–decoder translates it in the page, and every weight can be seen, cooled, or forced.

    ``weights`` is a checkpoint's name, or what ``unrolled.widgets._model.pack`` takes, with a context of "attention".
    1 to 30 words.  Raises ValueError where the model has no attention, or the text no word.
    """
    w = Attention(weights=weights)
    model = Translator(w.weights)
    if model.context != "attention":
        raise SizeError(f"weights: expected a model with attention, got one with context {model.context!r}")
    presets = model.presets() if presets is None else [dict(p) for p in presets]
    text = str(presets[0]["text"]) if text is None and presets else str(text or "")
    n = len(model.read(text)[0])
    if not 1 <= n <= MOST_WORDS:
        raise SizeError(f"text: expected 1 to {MOST_WORDS} words, got {n}")
    with w.hold_trait_notifications():
        w.text, w.score, w.presets, w.revealed = text, model.score, presets, revealed
        w.sizes = [model.H, model.E]
        w.step = (1 if revealed else min(3, len(model.greedy(text)[0]))) if step is None else step
    return w


def _words(name: str, words: Sequence[str]) -> list[str]:
    if isinstance(words, str):
        raise SizeError(f"{name}: expected a list of words, got the string {words[:40]!r}; split it first")
    found = [str(word) for word in words]
    if not 1 <= len(found) <= MOST:
        raise SizeError(f"{name}: expected 1 to {MOST} words, got {len(found)}")
    return found


def _expect_weights(name: str, weights: Any, S: int, T: int) -> Array:
    alpha = _array(name, weights)
    if alpha.shape != (T, S):
        raise SizeError(
            f"{name}: expected shape (T={T}, S={S}), a row for each target word, got {alpha.shape}"
            + ("; transpose it?" if alpha.shape == (S, T) else "")
        )
    if alpha.min() < 0:
        row, column = np.unravel_index(alpha.argmin(), alpha.shape)
        raise SizeError(
            f"{name}: expected no negative number, got {alpha.min():.3g} at row {row}, column {column}"
        )
    sums = alpha.sum(axis=1)
    worst = int(np.abs(sums - 1.0).argmax())
    if abs(sums[worst] - 1.0) > 0.01:
        raise SizeError(
            f"{name}: expected rows that sum to 1, got {sums[worst]:.4g} in row {worst}"
            + ("; these look like scores: softmax comes first" if (sums > 1.5).any() else "")
        )
    return alpha


def _expect_gold(pairs: Sequence[tuple[int, int]], S: int, T: int) -> list[list[int]]:
    gold = [[int(j), int(i)] for j, i in pairs]
    for j, i in gold:
        if not (0 <= j < S and 0 <= i < T):
            raise SizeError(
                f"gold: expected pairs (source below {S}, target below {T}) from 0, got ({j}, {i})"
            )
    return gold


def _array(name: str, value: Any, ndim: int = 2, batch: bool = True) -> Array:
    """A tensor or array as float64 with ``ndim`` axes; a batch of one loses its axis."""
    value = value.detach() if hasattr(value, "detach") else value
    value = value.cpu() if hasattr(value, "cpu") else value
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise SizeError(f"{name}: expected numbers in {ndim} regular axes, got {value!r:.80}") from None
    array = array[0] if batch and array.ndim == ndim + 1 and len(array) == 1 else array
    if array.ndim != ndim:
        raise SizeError(f"{name}: expected {ndim} axes, of one sentence, got shape {array.shape}")
    try:
        return expect_finite(name, array)
    except ValueError as error:
        raise SizeError(str(error)) from None


def _two(given: Any) -> tuple[Any, Any]:
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise SizeError(f"model: expected it to return (contexts, weights), got {type(given).__name__}")
    return given[0], given[1]
