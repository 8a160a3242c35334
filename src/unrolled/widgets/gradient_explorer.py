"""The gradient explorer: how much of a loss still reaches the state of an earlier step, in an RNN, a GRU and an LSTM.

Each step back multiplies the gradient by one more factor: through (13.1) by Uᵀ and the slope of g, through the cell of an LSTM
(13.25) by the forget gate (13.20).  Clipping scales all of it by one factor, set by the gradient of all weights.  The page draws the weights and computes the whole chain of vector–Jacobian products
(``static/gradient_explorer.mjs``); ``flow`` does the same with the steps of ``unrolled.scratch``, and the tests hold that both agree.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import anywidget
import numpy as np
import traitlets as t
from numpy.typing import ArrayLike

from unrolled.axes import Array, Float
from unrolled.scratch.bptt import global_norm
from unrolled.scratch.cells import CELLS, Params, State
from unrolled.scratch.rnn import rnn_step, rnn_step_backward
from unrolled.widgets._base import Numbers, SizeError, in_range, module, numbers

GAINS = ("tanh", "relu", "linear")
GATES = {"rnn": ("",), "gru": ("_r", "_z", "_n"), "lstm": ("_f", "_i", "_o", "_g")}
GUESSES = ("", "shrinks", "stays", "grows")
MOST_STEPS, MOST_OWN, MOST_CURVES = 100, 400, 6
RANGES = {
    "rho": (0.0, 3.0),
    "T": (1, MOST_STEPS),
    "H": (1, 32),
    "forget_bias": (-2.0, 8.0),
    "seed": (0, 9999),
    "clip": (0.0, 100.0),
}
D, INPUT = 4, 0.5
"""Numbers an input, and how far W x_t moves a unit (its standard deviation)."""

PRESETS = (
    {"name": "Vanishing: tanh RNN, ρ = 0.9", "cell": "rnn", "g": "tanh", "rho": 0.9, "T": 30},
    {"name": "Exploding: linear RNN, ρ = 1.3", "cell": "rnn", "g": "linear", "rho": 1.3, "T": 30},
    {"name": "On the edge: linear RNN, ρ = 1", "cell": "rnn", "g": "linear", "rho": 1.0, "T": 30},
    {"name": "Clipped: linear RNN, ρ = 1.3", "cell": "rnn", "g": "linear", "rho": 1.3, "T": 30, "clip": 1.0},
    {"name": "LSTM, forget bias 1", "cell": "lstm", "rho": 0.6, "forget_bias": 1.0, "T": 30},
    {"name": "LSTM, forget bias 5", "cell": "lstm", "rho": 0.6, "forget_bias": 5.0, "T": 30},
    {"name": "GRU, update bias 3", "cell": "gru", "rho": 0.6, "forget_bias": 3.0, "T": 30},
)


class Network(NamedTuple):
    """What the page draws: the cell's parameters, inputs x, and v: each loss is L_t = v_t · h_t, with v_t of length 1."""

    params: dict[str, Array]
    x: Float[Array, "T D"]
    v: Float[Array, "T H"]


class Flow(NamedTuple):
    """Norms by step, each (T,): of ∂L_T/∂h_t, of ∂(L_1 + … + L_T)/∂h_t, the same at the LSTM's c_t, and by the gate alone.

    ``weights`` and ``weights_total`` are the lengths of the gradients of all weights, by the last loss and by all: what clipping looks at.
    """

    direct: Float[Array, " T"]
    total: Float[Array, " T"]
    cell: Float[Array, " T"] | None
    cell_total: Float[Array, " T"] | None
    path: Float[Array, " T"] | None
    weights: float
    weights_total: float


class GradientExplorer(anywidget.AnyWidget):
    """The widget itself; ``gradient_explorer`` and ``gradient_flow`` make one.  Every part of its state is a trait.

    The network ``cell g rho T H forget_bias seed``; ``clip`` (0: off, else the largest length of the weights' gradient); ``step`` (1 … T), ``over`` (the step under the mouse, 0: none),
    ``playing``, ``follow`` (0: the last loss, 1: all losses; or which curve of ``norms``), ``revealed``, ``guess``,
    ``table``, ``presets``.  With ``norms`` (curves, T), their ``labels`` and the steps' ``words`` it shows yours instead.
    """

    _esm = module("gradient_explorer")

    cell = t.Unicode("rnn").tag(sync=True)
    g = t.Unicode("tanh").tag(sync=True)
    rho = t.Float(0.9).tag(sync=True)
    T = t.Int(30).tag(sync=True)
    H = t.Int(16).tag(sync=True)
    forget_bias = t.Float(1.0).tag(sync=True)
    seed = t.Int(1).tag(sync=True)
    clip = t.Float(0.0).tag(sync=True)
    step = t.Int(1).tag(sync=True)
    over = t.Int(0).tag(sync=True)
    playing = t.Bool(False).tag(sync=True)
    follow = t.Int(0).tag(sync=True)
    revealed = t.Bool(True).tag(sync=True)
    guess = t.Unicode("").tag(sync=True)
    table = t.Bool(False).tag(sync=True)
    norms = Numbers(2, default_value=[[]]).tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)
    words = t.List(t.Unicode()).tag(sync=True)
    presets = t.List(t.Dict()).tag(sync=True)

    @property
    def network(self) -> Network:
        """The weights, inputs and losses that the page has drawn; every U has spectral radius ``rho``."""
        return make_network(self.cell, self.rho, self.T, self.H, self.forget_bias, self.seed)

    @property
    def flow(self) -> Flow:
        """The norms that the page shows, computed by ``unrolled.scratch``."""
        return flow(self.cell, self.g, self.network)

    @property
    def clipped(self) -> float:
        """The factor that clipping puts on every gradient, 1 where it leaves them alone."""
        norm = self.flow.weights_total if self.follow and not self.norms[0] else self.flow.weights
        return self.clip / norm if 0 < self.clip < norm else 1.0

    @t.validate("cell", "g", "guess")
    def _check_choice(self, proposal: Any) -> str:
        name, value = proposal["trait"].name, proposal["value"]
        choices = {"cell": tuple(GATES), "g": GAINS, "guess": GUESSES}[name]
        if value not in choices:
            raise SizeError(f"{name}: expected one of {', '.join(map(repr, choices))}, got {value!r}")
        return value

    _check_range = in_range(RANGES)

    @t.observe("T")
    def _stay_inside(self, change: Any) -> None:
        self.step, self.over = min(self.step, self.T), 0

    @t.validate("step", "over")
    def _check_step(self, proposal: Any) -> int:
        name, n = proposal["trait"].name, len(self.norms[0]) or self.T
        least = 1 if name == "step" else 0
        if not least <= proposal["value"] <= n:
            raise SizeError(f"{name}: expected {least} to {n}, got {proposal['value']}")
        return proposal["value"]

    @t.validate("follow")
    def _check_follow(self, proposal: Any) -> int:
        n = len(self.norms) if self.norms[0] else 2
        if not 0 <= proposal["value"] < n:
            raise SizeError(f"follow: expected 0 to {n - 1}, got {proposal['value']}")
        return proposal["value"]

    @t.validate("norms", "labels", "words")
    def _check_own(self, proposal: Any) -> Any:
        name = proposal["trait"].name
        _check_curves(
            **{**{n: getattr(self, n) for n in ("norms", "labels", "words")}, name: proposal["value"]}
        )
        return proposal["value"]


def gradient_explorer(
    cell: str = "rnn",
    T: int = 30,
    H: int = 16,
    rho: float = 0.9,
    g: str = "tanh",
    forget_bias: float = 1.0,
    seed: int = 1,
    step: int | None = None,
    revealed: bool = False,
    clip: float = 0.0,
) -> GradientExplorer:
    """Draw weights and show ‖∂L_T/∂h_t‖ at every step t, which one factor a step carries back from the loss.

    Each loss is L_t = v_t · h_t along a random direction of length 1, so every gradient starts at 1.
    ``cell`` is "rnn" (13.1), "gru" or "lstm" (13.20 to 13.27); ``rho`` the spectral radius of each U, 0 to 3; ``g`` the RNN's
    "tanh", "relu" or "linear"; ``forget_bias`` the b_f of an LSTM or the b_z of a GRU.  1 to 100 steps T, 1 to 32 units H.
    With ``clip`` above 0, the gradient of all weights is scaled to that length where it is longer, and all others with it.
    Unless ``revealed``, it asks the reader for a prediction first.  Raises ValueError with what was expected and got.

    >>> w = gradient_explorer("lstm", T=20, forget_bias=5.0)
    >>> bool(w.flow.direct[0] > 0.05 * w.flow.direct[-2])
    True
    """
    w = GradientExplorer(
        cell=cell,
        g=g,
        rho=rho,
        T=T,
        H=H,
        forget_bias=forget_bias,
        seed=seed,
        clip=clip,
        revealed=revealed,
        presets=[dict(p) for p in PRESETS],
    )
    w.step = step if step is not None else 1 if revealed else max(1, T - 3)
    return w


def gradient_flow(
    norms: Float[ArrayLike, " T"] | Float[ArrayLike, "N T"] | Mapping[str, ArrayLike],
    labels: list[str] | tuple[str, ...] | None = None,
    words: list[str] | tuple[str, ...] | None = None,
    step: int | None = None,
    revealed: bool = True,
) -> GradientExplorer:
    """Show anybody's norms ‖∂L/∂h_t‖ by step: one curve (T,), up to six (N, T), or a dictionary of curves by name.

    1 to 400 steps, t = 1 first; ``words`` names the steps.  Norms are finite and not negative; 0 leaves a gap in its curve.
    Unless ``revealed``, the early steps stay hidden until the reader predicts (8 steps or more, no norm of 0 at the last).
    Raises ValueError with the shape expected and got.

    >>> gradient_flow([0.5**d for d in range(10)][::-1], labels=["halved"]).step
    1
    """
    if isinstance(norms, Mapping):
        labels = list(norms) if labels is None else labels
    rows: Any = list(norms.values()) if isinstance(norms, Mapping) else norms
    curves = numbers("norms", rows, 2) if _depth(rows) > 1 else [numbers("norms", rows, 1)]
    labels = [f"curve {i + 1}" for i in range(len(curves))] if labels is None else list(labels)
    words = list(words or [])
    _check_curves(curves, labels, words)
    w = GradientExplorer()
    with w.hold_trait_notifications():
        w.norms, w.labels, w.words = curves, labels, words
        w.revealed, w.presets = revealed, _views(curves, labels)
    first = 1 if revealed else max(1, len(curves[0]) - 3)
    w.step = first if step is None else step
    return w


def make_network(cell: str, rho: float, T: int, H: int, forget_bias: float, seed: int) -> Network:
    """Weights of mean 0, each from a stream of its own, so that changing T or the cell leaves the others as they are."""
    params = {}
    for k, gate in enumerate(GATES[cell]):
        params[f"W{gate}"] = _array(seed * 64 + k, H, D, INPUT / np.sqrt(D))
        U = _array(seed * 64 + 16 + k, H, H, 1.0)
        params[f"U{gate}"] = U * (rho / np.abs(np.linalg.eigvals(U)).max())
        params[f"b{gate}"] = np.full(H, forget_bias if gate in ("_f", "_z") else 0.0)
    if cell == "gru":
        params["b_hn"] = np.zeros(H)
    v = _array(seed * 64 + 48, T, H, 1.0)
    v /= np.linalg.norm(v, axis=-1, keepdims=True)
    return Network(params, _array(seed * 64 + 49, T, D, 1.0), v)


def flow(cell: str, g: str, network: Network) -> Flow:
    """Run forward, then the chain of vector–Jacobian products back: once from the last loss, once from all."""
    params, x, v = network
    state: State = tuple(np.zeros(v.shape[1]) for _ in CELLS[cell].state_names)
    caches, own = [], list(v)
    for x_t in x:
        state, cache = _step(cell, g, x_t, state, params)
        caches.append(cache)
    last = [np.zeros_like(v_t) for v_t in own[:-1]] + own[-1:]
    (direct, at_cell, one), (total, cell_total, all_of) = (_chain(cell, g, caches, dh) for dh in (last, own))
    path = None if cell == "rnn" else _norms(_path(cell, caches, (at_cell or direct)[-1]))
    at_c = _norms(at_cell) if at_cell else None
    total_at_c = _norms(cell_total) if cell_total else None
    return Flow(_norms(direct), _norms(total), at_c, total_at_c, path, global_norm(one), global_norm(all_of))


def uniform(seed: int) -> Iterator[float]:
    """Mulberry32, numbers from 0 to 1: a generator small enough to run to the bit in the page too."""
    a, mask = seed, 0xFFFFFFFF
    while True:
        a = (a + 0x6D2B79F5) & mask
        v = ((a ^ (a >> 15)) * (1 | a)) & mask
        v = ((v + (((v ^ (v >> 7)) * (61 | v)) & mask)) & mask) ^ v
        yield (v ^ (v >> 14)) / 2**32


def _array(seed: int, rows: int, columns: int, sd: float) -> Array:
    draw = uniform(seed)
    return np.array([[2 * next(draw) - 1 for _ in range(columns)] for _ in range(rows)]) * np.sqrt(3) * sd


def _step(cell: str, g: str, x_t: Array, state: State, p: dict[str, Array]) -> tuple[State, Any]:
    if cell != "rnn":
        return CELLS[cell].step(x_t, state, p)
    if g == "linear":
        return (p["U"] @ state[0] + p["W"] @ x_t + p["b"],), (x_t, state[0], p["U"])
    h_t, cache = rnn_step(x_t, state[0], p["W"], p["U"], p["b"], g)
    return (h_t,), cache


def _step_back(cell: str, g: str, dstate: State, cache: Any) -> tuple[State, Params]:
    if cell != "rnn":
        return CELLS[cell].step_backward(dstate, cache)[1:]
    if g == "linear":
        (x_t, h_prev, U), (dh,) = cache, dstate
        return (dh @ U,), {"W": np.outer(dh, x_t), "U": np.outer(dh, h_prev), "b": dh}
    _, dh_prev, dparams = rnn_step_backward(dstate[0], cache)
    return (dh_prev,), dparams


def _chain(cell: str, g: str, caches: list[Any], dh: list[Array]) -> tuple[list[Array], list[Array], Params]:
    """All of ∂L/∂h_t and, for an LSTM, of ∂L/∂c_t, given what each h_t gets from its own loss; and those of the weights."""
    at_h, at_c = [], []
    dparams: Params = {}
    dstate: State = tuple(np.zeros_like(dh[0]) for _ in CELLS[cell].state_names)
    for cache, own in zip(reversed(caches), reversed(dh), strict=True):
        dstate = (dstate[0] + own, *dstate[1:])
        at_h.insert(0, dstate[0])
        if cell == "lstm":  # c_t is heard in h_t too (13.27)
            at_c.insert(0, dstate[1] + dstate[0] * cache.o_t * (1.0 - np.tanh(cache.c_t) ** 2))
        dstate, here = _step_back(cell, g, dstate, cache)
        dparams = {name: dparams.get(name, 0.0) + d for name, d in here.items()}
    return at_h, at_c, dparams


def _path(cell: str, caches: list[Any], last: Array) -> list[Array]:
    """What comes back by way of the gate alone: f_t of (13.21), or z_t of a GRU, again and again."""
    path = [last]
    for cache in reversed(caches[1:]):
        path.insert(0, path[0] * (cache.f_t if cell == "lstm" else cache.z_t))
    return path


def _norms(vectors: list[Array]) -> Float[Array, " T"]:
    return np.linalg.norm(vectors, axis=-1)


def _views(curves: list, labels: list[str]) -> list[dict[str, Any]]:
    """Places to look at in anybody's curves: both ends, and where each is smallest and largest."""
    T = len(curves[0])
    ends = [{"name": "The first step", "step": 1}, {"name": "The last step", "step": T}]
    found = (
        {"name": f"Where {label} is {name}", "follow": i, "step": int(at(curve)) + 1}
        for i, (label, curve) in enumerate(zip(labels, curves, strict=True))
        for name, at in (("smallest", np.argmin), ("largest", np.argmax))
    )
    return [*ends, *found] if T > 1 else []


def _depth(norms: Any) -> int:
    return 1 + (hasattr(norms[0], "__len__") if hasattr(norms, "__len__") and len(norms) else 0)


def _check_curves(norms: list, labels: list[str], words: list[str]) -> None:
    N, T = len(norms), len(norms[0]) if norms else 0
    for name, n, most in (("steps", T, MOST_OWN), ("curves", N, MOST_CURVES)):
        if not 1 <= n <= most:
            raise SizeError(f"norms: expected 1 to {most} {name}, got {n}")
    if np.min(norms) < 0:
        raise SizeError(f"norms: expected no negative number, got {np.min(norms):g}")
    for name, found, n in (("labels", labels, N), ("words", words, T)):
        if len(found) != n and (found or name == "labels"):
            raise SizeError(
                f"{name}: expected {n}, one for each {'curve' if name == 'labels' else 'step'}, got {len(found)}"
            )
