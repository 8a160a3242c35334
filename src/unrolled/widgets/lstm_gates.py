"""The LSTM gate explorer: every gate of every unit at every word, from a trained network or from anybody's arrays.

(13.20) to (13.27) with their numbers, one cell at a time: what the forget gate keeps, what the input gate adds, what the
output gate shows.  With weights the page computes all of it for whatever sentence is typed, and again with units switched
off (``static/lstm_gates.mjs``); ``trace`` does the same with ``unrolled.scratch``, and the tests hold that both agree.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import anywidget
import numpy as np
import traitlets as t
from numpy.typing import ArrayLike

from unrolled.axes import Array, Float, Sizes, expect_finite, expect_shape
from unrolled.scratch import gru, lstm
from unrolled.scratch.cells import CELLS, State
from unrolled.scratch.rnn import softmax
from unrolled.widgets._base import SizeError, from_base64, module, to_base64
from unrolled.widgets._model import Weights, cell_of, encode, pack, unpack

MOST_TOKENS, MOST_UNITS = 400, 512
LETTERS = {"lstm": "ifogch", "gru": "rznh", "rnn": "h"}
"""What is drawn of each kind of cell; k and j of an LSTM follow from these."""
SORTS = ("number", "moves", "keeps", "effect")
OWN = ("E", "V", "b_y")
TYPED = "the flights the airline was canceling were full"
PRESETS = (
    {"name": "One attractor: flights … airline", "text": TYPED, "step": 7},
    {"name": "The other way: flight … airlines", "text": "the flight the airlines were canceling was full", "step": 7},
    {"name": "No attractor: flights", "text": "the flights were full", "step": 3},
    {"name": "One attractor: witches … king", "text": "the witches the king was calling were sick", "step": 7},
    {"name": "The other way: witch … kings", "text": "the witch the kings were calling was sick", "step": 7},
    {"name": "Beside it: books near the door", "text": "the books near the door were old", "step": 6},
    {"name": "Beside it: boys in the house", "text": "the boys in the house were tired", "step": 6},
    {"name": "No attractor: witches", "text": "the witches were tired", "step": 3},
)  # fmt: skip
"""Sentences to begin with, those that the model knows; the step is that before the verb, <s> counted."""


class LSTMGates(anywidget.AnyWidget):
    """The widget itself; ``lstm_gates`` and ``gate_explorer`` make one.  Every part of its state is a trait.

    ``weights`` and ``text``, or ``trace`` and ``tokens``; ``step`` (1 … T), ``unit`` (0 … H - 1, the one whose curves and
    arithmetic show), ``off`` (units held at 0), ``sort``, ``watch`` (words whose chance to come next is followed),
    ``revealed``, ``guess``, ``playing``, ``table``, ``presets``.  ``own`` says which of the two it shows.
    """

    _esm = module("lstm_gates")

    weights = Weights().tag(sync=True)
    trace_data = t.Dict().tag(sync=True)
    tokens = t.List(t.Unicode()).tag(sync=True)
    text = t.Unicode("").tag(sync=True)
    step = t.Int(1).tag(sync=True)
    unit = t.Int(0).tag(sync=True)
    off = t.List(t.Int()).tag(sync=True)
    sort = t.Unicode("number").tag(sync=True)
    watch = t.List(t.Unicode()).tag(sync=True)
    revealed = t.Bool(True).tag(sync=True)
    guess = t.Unicode("").tag(sync=True)
    playing = t.Bool(False).tag(sync=True)
    table = t.Bool(False).tag(sync=True)
    presets = t.List(t.Dict()).tag(sync=True)

    @property
    def own(self) -> bool:
        """Whether it shows arrays that it was given, rather than weights that it runs."""
        return bool(self.trace_data)

    @property
    def words(self) -> list[str]:
        """The tokens at the steps, <s> first where a language model reads it."""
        return list(self.tokens) if self.own else _read(self.weights, self.text)[0]

    @property
    def size(self) -> tuple[int, int]:
        """(T, H)."""
        return tuple(self.trace_data["shape"]) if self.own else (len(self.words), _units(self.weights))

    @property
    def trace(self) -> dict[str, Float[Array, "T H"]]:
        """Every letter at every step, by ``unrolled.scratch`` on the weights as the page has them; units ``off`` are 0."""
        if self.own:
            shape = self.size
            return {
                x: from_base64(d, shape) for x, d in self.trace_data.items() if x not in ("shape", "kind")
            }
        return run(self.weights, self.text, self.off)[0]

    @property
    def next_word(self) -> Float[Array, "T K"]:
        """The probabilities that the model gives to each of its outputs after each step."""
        if self.own:
            raise SizeError("next_word: expected a widget with weights, got one with arrays only")
        return softmax(run(self.weights, self.text, self.off)[1])

    @t.validate("step", "unit")
    def _check_place(self, proposal: Any) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        T, H = self.size
        least, most = (1, T) if name == "step" else (0, H - 1)
        if self._trait_ready() and not least <= value <= most:
            raise SizeError(f"{name}: expected {least} to {most}, got {value}")
        return value

    @t.validate("off")
    def _check_off(self, proposal: Any) -> list[int]:
        H = self.size[1] if self._trait_ready() else MOST_UNITS
        bad = [u for u in proposal["value"] if not 0 <= u < H]
        if bad:
            raise SizeError(f"off: expected units from 0 to {H - 1}, got {bad[0]}")
        return sorted(set(proposal["value"]))

    @t.validate("sort")
    def _check_sort(self, proposal: Any) -> str:
        if proposal["value"] not in SORTS:
            raise SizeError(f"sort: expected one of {', '.join(SORTS)}, got {proposal['value']!r}")
        return proposal["value"]

    @t.validate("text")
    def _check_text(self, proposal: Any) -> str:
        if self._trait_ready():
            _count(len(_read(self.weights, proposal["value"])[0]))
        return proposal["value"]

    @t.observe("text")
    def _stay_inside(self, change: Any) -> None:
        if self._trait_ready():
            self.step = min(self.step, len(self.words))

    @t.validate("watch")
    def _check_watch(self, proposal: Any) -> list[str]:
        known = _outputs(self.weights) if self.weights else []
        strange = [word for word in proposal["value"] if word not in known]
        if strange and self.weights:
            raise SizeError(f"watch: expected words that the model can give, got {strange[0]!r}")
        return proposal["value"]

    def _trait_ready(self) -> bool:
        return self.own or bool(self.weights)


def lstm_gates(
    tokens: Sequence[str],
    trace: Mapping[str, ArrayLike],
    step: int = 1,
    unit: int = 0,
    check: bool = True,
    revealed: bool = True,
) -> LSTMGates:
    """Show anybody's gates: ``trace`` = {"i", "f", "o", "g", "c", "h"}, each (T, H); of a GRU {"r", "z", "n", "h"}.

    1 to 400 tokens, 1 to 512 units.  Gates are after their sigmoid or tanh.  Unless ``check`` is False (for an LSTM with
    peepholes, say), the arrays must obey c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t (13.25) and h_t = o_t ⊙ tanh c_t (13.27), or (7d) of a GRU.
    Unless ``revealed``, the memory is hidden until the reader has said from the gates where the unit's goes.  Raises ValueError with what was expected and got, and where.

    >>> params = lstm.init_lstm(np.random.default_rng(0), D=3, H=4)
    >>> lstm_gates(["the", "green", "witch"], lstm.trace(np.ones((3, 3)), params)).size
    (3, 4)
    """
    tokens = [str(token) for token in tokens]
    _count(len(tokens))
    kind, arrays = _expect_trace(trace, len(tokens))
    if check:
        _expect_law(kind, arrays)
    data = {"kind": kind, "shape": list(arrays["h"].shape), **{x: to_base64(a) for x, a in arrays.items()}}
    return LSTMGates(tokens=tokens, trace_data=data, step=step, unit=unit, revealed=revealed,
                     presets=_views(kind, arrays))  # fmt: skip


def gate_explorer(
    text: str | None = None,
    model: Any = "agreement",
    watch: Sequence[str] | None = None,
    step: int | None = None,
    unit: int = 0,
    revealed: bool = False,
) -> LSTMGates:
    """Run a trained network on whatever is typed and show all its gates; ``model`` is whatever ``_model.pack`` takes.

    ``watch`` names outputs to follow, "was" and "were" if the model knows them.  Unless ``revealed`` the reader predicts first.
    Raises ValueError where the model has no cell that reads one way, or no V, or the text more than 400 words.
    """
    weights = pack(model)
    _units(weights)
    known, words = set(_outputs(weights)), set(weights["vocabularies"].get("words", ()))
    presets = [p for p in PRESETS if _known(p["text"], words)] or list(PRESETS[:3])
    presets = [_fitting(dict(p), weights) for p in presets]
    text = str(presets[0]["text"]) if text is None else text
    default = [word for word in ("was", "were") if word in known]
    watch = (default if len(default) == 2 else []) if watch is None else list(watch)
    T = len(_read(weights, text)[0])
    _count(T)
    at = next((p["step"] for p in presets if p["text"] == text), T) if step is None else step
    asks = len(watch) == 2 and not revealed
    return LSTMGates(weights=weights, text=text, watch=watch, step=min(at, T) if step is None else at, unit=unit,
                     revealed=not asks, presets=presets)  # fmt: skip


def trace_lstm(nn_lstm: Any, x: Any, state: Any = None) -> dict[str, Float[Array, "T H"]]:
    """Every gate of a torch.nn.LSTM on one sequence: {"f", "i", "g", "o", "k", "j", "c", "h"}, each (T, H), for ``lstm_gates``.

    nn.LSTM keeps its gates to itself, so they are computed again from its weights (13.20)–(13.27), and the result is held
    against the module's own output.  ``x`` is (T, D), or with a batch of one (1, T, D) or (T, 1, D) as ``batch_first`` says;
    ``state`` is (h_0, c_0), zero unless given.  Raises ValueError for more than one layer, two directions, a projection,
    a batch of several, or an output that differs.
    """
    p, rows, h_0 = _of_torch(nn_lstm, "LSTM", ("_i", "_f", "_g", "_o"), x, state)
    found = lstm.trace(rows, p, h_0)
    _expect_same(nn_lstm, x, state, found["h"])
    return found


def trace_gru(nn_gru: Any, x: Any, state: Any = None) -> dict[str, Float[Array, "T H"]]:
    """The same of a torch.nn.GRU: {"r", "z", "n", "h"}, (7a)–(7d); ``state`` is h_0."""
    p, rows, h_0 = _of_torch(nn_gru, "GRU", ("_r", "_z", "_n"), x, state)
    h, _, cache = gru.gru_forward(rows, p, h_0)
    _expect_same(nn_gru, x, state, h)
    return {**{letter: cache.gates[:, k, 0] for k, letter in enumerate("rzn")}, "h": h}


def run(
    weights: dict[str, Any], text: str, off: Sequence[int] = ()
) -> tuple[dict[str, Array], Float[Array, "T K"]]:
    """What the page computes for a text: every letter (T, H) and the scores, with the units ``off`` held at 0."""
    params, _ = unpack(weights)
    cell, kind = CELLS[cell_of(weights)], cell_of(weights)
    own = {name: p for name, p in params.items() if name not in OWN}
    state: State = tuple(np.zeros(_units(weights)) for _ in cell.state_names)
    found: dict[str, list[Array]] = {}
    for token in _read(weights, text)[1]:
        state, cache = cell.step(params["E"][:, token], state, own)
        state = tuple(_without(part, off) for part in state)
        if kind == "lstm":  # h_t follows from a c_t that has lost its units
            state = (_without(cache.o_t * np.tanh(state[1]), off), state[1])
        named = {x: getattr(cache, f"{x}_t") for x in "ifogkj" if kind == "lstm"} | {x: getattr(cache, f"{x}_t") for x in "rzn" if kind == "gru"}  # fmt: skip
        for letter, value in (named | dict(zip(cell.state_names, state, strict=True))).items():
            found.setdefault(letter, []).append(value)
    trace = {letter: np.array(values) for letter, values in found.items()}
    V = params["V"] if "V" in params else params["E"].T
    return trace, trace["h"] @ V.T + params.get("b_y", 0.0)


def _views(kind: str, arrays: dict[str, Array]) -> list[dict[str, Any]]:
    """Where to look in anybody's arrays: both ends, and the units that lead two of the orders."""
    T = len(arrays["h"])
    memory, keep = ("c", "f") if kind == "lstm" else ("h", "z")
    moves, keeps = arrays[memory].var(axis=0), arrays[keep].mean(axis=0)
    return [
        {"name": "The first word", "step": 1},
        {"name": "The last word", "step": T},
        {"name": "The unit that changes most", "unit": int(moves.argmax()), "sort": "moves"},
        {"name": "The unit with the longest memory", "unit": int(keeps.argmax()), "sort": "keeps"},
    ]


def _without(part: Array, off: Sequence[int]) -> Array:
    return np.where(np.isin(np.arange(len(part)), off), 0.0, part)


def _read(weights: dict[str, Any], text: str) -> tuple[list[str], Array, list[bool]]:
    tokens, ids, unknown = encode(weights, text)
    words = weights["vocabularies"]["words"]
    if "<s>" in words and _outputs(weights) == words:  # a language model begins with <s>
        return ["<s>", *tokens], np.r_[words.index("<s>"), ids], [False, *unknown]
    return tokens, ids, unknown


def _outputs(weights: dict[str, Any]) -> list[str]:
    """The names of what the model gives: its words, its tags, or numbers."""
    arrays, known = weights["arrays"], weights["vocabularies"]
    K = arrays["V"]["shape"][0] if "V" in arrays else arrays["E"]["shape"][1]
    return next((names for names in known.values() if len(names) == K), [f"class {k + 1}" for k in range(K)])


def _units(weights: dict[str, Any]) -> int:
    """H; ValueError where these weights are none that this widget runs."""
    kind = cell_of(weights)
    if not kind or "E" not in weights["arrays"] or "words" not in weights["vocabularies"]:
        raise SizeError(
            f"model: expected E, one cell that reads one way and words, got {', '.join(weights['arrays'])}"
        )
    H = weights["arrays"]["U" if kind == "rnn" else {"lstm": "U_f", "gru": "U_r"}[kind]]["shape"][0]
    wide = weights["arrays"].get("V", {"shape": [0, weights["arrays"]["E"]["shape"][0]]})["shape"][1]
    if wide != H or H > MOST_UNITS:
        raise SizeError(
            f"model: expected V of H columns, H up to {MOST_UNITS}, got H = {H} and {wide} columns"
        )
    return H


def _known(text: str, words: set[str]) -> bool:
    return all(token.lower() in words for token in text.split())


def _fitting(preset: dict[str, Any], weights: dict[str, Any]) -> dict[str, Any]:
    """A preset with its step counted as this model reads: one more where <s> comes first."""
    first = _read(weights, preset["text"])[0][0] == "<s>"
    return {**preset, "step": preset["step"] + first - 1}


def _count(n: int) -> None:
    if not 1 <= n <= MOST_TOKENS:
        raise SizeError(f"tokens: expected 1 to {MOST_TOKENS}, got {n}")


def _expect_trace(trace: Mapping[str, ArrayLike], T: int) -> tuple[str, dict[str, Array]]:
    if not isinstance(trace, Mapping):
        raise SizeError(f"trace: expected a dict of arrays by letter, got {type(trace).__name__}")
    kind = "lstm" if set("ifogch") <= set(trace) else "gru" if set("rznh") <= set(trace) else ""
    if not kind:
        raise SizeError(
            f"trace: expected i, f, o, g, c, h (or r, z, n, h of a GRU), got {', '.join(map(str, trace)) or 'none'}"
        )
    sizes: Sizes = {}
    arrays = {}
    for letter in LETTERS[kind]:
        try:
            arrays[letter] = expect_finite(
                letter, expect_shape(letter, np.asarray(trace[letter], float), (T, "H"), sizes)
            )
        except (TypeError, ValueError) as error:
            raise SizeError(f"{error}; T = {T} comes from tokens") from None
    H = arrays["h"].shape[1]
    if not 1 <= H <= MOST_UNITS:
        raise SizeError(f"trace: expected 1 to {MOST_UNITS} units, got {H}")
    for letter, array in arrays.items():
        low, high = (0.0, 1.0) if letter in "iforz" else (-1.0, 1.0) if letter != "c" else (-65504.0, 65504.0)
        if array.min() < low - 1e-6 or array.max() > high + 1e-6:
            worst = array.flat[np.abs(array - (low + high) / 2).argmax()]
            raise SizeError(
                f"{letter}: expected numbers from {low:g} to {high:g}, after the activation, got {worst:.4g}"
            )
    return kind, arrays


def _expect_law(kind: str, a: dict[str, Array]) -> None:
    """The first step's past is nobody's to know, so (13.25) is asked from the second on."""
    if kind == "lstm":
        _expect_close(
            "c",
            a["f"][1:] * a["c"][:-1] + a["i"][1:] * a["g"][1:],
            a["c"][1:],
            2,
            "c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t (13.25)",
        )
        _expect_close("h", a["o"] * np.tanh(a["c"]), a["h"], 1, "h_t = o_t ⊙ tanh c_t (13.27)")
    else:
        _expect_close(
            "h",
            (1 - a["z"][1:]) * a["n"][1:] + a["z"][1:] * a["h"][:-1],
            a["h"][1:],
            2,
            "h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_{t-1} (7d)",
        )


def _expect_close(letter: str, expected: Array, got: Array, first: int, law: str) -> None:
    error = np.abs(expected - got)
    if not error.size or error.max() <= 1e-2 * max(1.0, np.abs(got).max()):
        return
    at, unit = np.unravel_index(error.argmax(), error.shape)
    raise SizeError(
        f"{letter}: expected {law}, so {expected[at, unit]:.3f} at step {at + first} in unit {unit}, got {got[at, unit]:.3f}; "
        "torch's order of gates is i, f, g, o (check=False shows the arrays as they are)"
    )


def _of_torch(
    module: Any, name: str, gates: tuple[str, ...], x: Any, state: Any
) -> tuple[dict[str, Array], Array, State | None]:
    """A module's weights in scratch's names, its input as (T, D), its first state."""
    if not hasattr(module, "weight_hh_l0"):
        raise SizeError(f"expected a torch.nn.{name}, got {type(module).__name__}")
    for attribute, fine in (("num_layers", 1), ("bidirectional", False), ("proj_size", 0)):
        if (value := getattr(module, attribute, fine)) != fine:
            raise SizeError(f"{attribute}: expected {fine}, since one cell is drawn, got {value}")
    W, U = _plain(module.weight_ih_l0), _plain(module.weight_hh_l0)
    H = U.shape[1]
    if len(U) != len(gates) * H:
        raise SizeError(
            f"expected a torch.nn.{name}, whose weight_hh_l0 is ({len(gates)}H, H), got {U.shape}"
        )
    zero = np.zeros(len(U))
    b_x, b_h = (
        _plain(getattr(module, f"bias_{way}_l0")) if getattr(module, "bias", False) else zero
        for way in ("ih", "hh")
    )
    p = {}
    for k, gate in enumerate(gates):
        rows = slice(k * H, (k + 1) * H)
        apart = name == "GRU" and gate == "_n"  # the reset gate stands between its two biases
        p |= {f"W{gate}": W[rows], f"U{gate}": U[rows], f"b{gate}": b_x[rows] + (0 if apart else b_h[rows])}
        p |= {"b_hn": b_h[rows]} if apart else {}
    parts = () if state is None else state if isinstance(state, tuple | list) else (state,)
    return p, _one_sequence(_plain(x), module, W.shape[1]), tuple(_plain(s).reshape(H) for s in parts) or None


def _one_sequence(x: Array, module: Any, D: int) -> Array:
    axis = 0 if getattr(module, "batch_first", False) else 1
    if x.ndim == 3 and x.shape[axis] != 1:
        raise SizeError(
            f"x: expected one sequence, got a batch of {x.shape[axis]} (batch_first is {axis == 0})"
        )
    rows = x.squeeze(axis) if x.ndim == 3 else x
    if rows.ndim != 2 or rows.shape[1] != D or not len(rows):
        raise SizeError(f"x: expected shape (T, D={D}), with or without a batch of one, got {x.shape}")
    return rows


def _plain(value: Any) -> Array:
    """A tensor, wherever it lies, or an array, as float64."""
    value = value.detach().cpu().double().numpy() if hasattr(value, "detach") else value
    return np.asarray(value, dtype=float)


def _expect_same(module: Any, x: Any, state: Any, h: Array) -> None:
    """What was computed again is what the module gives, or ValueError."""
    tensor = lambda a: a if a is None or hasattr(a, "detach") else module.weight_hh_l0.new_tensor(a)  # noqa: E731
    state = tuple(map(tensor, state)) if isinstance(state, tuple | list) else tensor(state)
    theirs = _plain(module(tensor(x), state)[0]).reshape(h.shape)
    error = np.abs(theirs - h).max()
    if error > 2e-2 if "16" in str(module.weight_hh_l0.dtype) else error > 1e-4:
        raise SizeError(
            f"expected the module's own output, got one that differs by {error:.2g}: is its forward its own?"
        )
