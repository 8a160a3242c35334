"""Checks of assignment ch07_lstm: gates with a view of the memory, with a fault, and coupled; and those of torch's own LSTM.

Each ``check_<task>(student_function)`` returns nothing or raises ``CheckFailed`` with the likely mistake.
What must come out is numbers here; the functions make the mistakes, each in the way its sentence says.
The last two tasks are in torch: see ``_torch``.
"""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from unrolled.axes import Array
from unrolled.checks._predict import Hints, check_steps
from unrolled.checks._report import Example, Variant, check_outputs
from unrolled.checks._torch import in_numpy, tensors
from unrolled.scratch import lstm
from unrolled.scratch.rnn import sigmoid

Params = dict[str, Array]


def _weights(gates: str, D: int, H: int, seed: int, peepholes: str = "") -> Params:
    """Small numbers with one decimal, the same each time."""
    rng, p = np.random.default_rng(seed), {}
    for gate in gates:
        p |= {f"W_{gate}": (H, D), f"U_{gate}": (H, H), f"b_{gate}": (H,)}
    p |= {f"P_{gate}": (H,) for gate in peepholes}
    return {name: rng.integers(1, 13, shape) * rng.choice([-0.1, 0.1], shape) for name, shape in p.items()}


# peephole-step

PEEPHOLES = _weights("fgio", 3, 2, seed=7, peepholes="fio")
X_T = np.array([[0.5, -1.0, 0.3], [1.2, 0.4, -0.7]])
H_PREV, C_PREV = np.array([[0.3, -0.6], [-0.2, 0.8]]), np.array([[1.5, -0.7], [-2.0, 0.4]])


def _peephole(x_t: Array, h_prev: Array, c_prev: Array, p: Params, faults: tuple[str, ...] = ()) -> Any:
    def gate(n: str, seen: Array) -> Array:
        U, W = p[f"U_{n}"], p[f"W_{n}"]
        a = (
            h_prev @ (U if "turned" in faults else U.T)
            + x_t @ W.T
            + (0 if "no bias" in faults else p[f"b_{n}"])
        )
        blind = "blind" in faults or f"blind {n}" in faults or n == "g"
        return a if blind else a + p[f"P_{n}"] * (h_prev if "at h" in faults else seen)

    f_t, i_t = sigmoid(gate("f", c_prev)), sigmoid(gate("i", c_prev))
    f_t, i_t = (i_t, f_t) if "swapped" in faults else (f_t, i_t)
    g_t = (sigmoid if "sigmoid" in faults else np.tanh)(gate("g", c_prev))
    c_t = g_t * i_t + c_prev * f_t
    c_t = np.tanh(c_t) if "squeezed" in faults else c_t
    o_t = sigmoid(gate("o", c_prev if "early" in faults else c_t))
    h_t = o_t * (c_t if {"plain", "squeezed"} & set(faults) else np.tanh(c_t))
    return (c_t, h_t) if "order" in faults else (h_t, c_t)


def _peeps(hint: str, *faults: str) -> Variant:
    return hint, lambda *args: _peephole(*args, faults=faults)


PEEPHOLE: list[Variant] = [
    _peeps("the output gate looks at the old context. When it is asked, c_t is there already, and it looks at that.", "early"),
    _peeps("the output gate has no peephole.", "blind o"),
    _peeps("the forget gate has no peephole.", "blind f"),
    _peeps("the input gate has no peephole.", "blind i"),
    _peeps("no gate looks at the context: that is the plain LSTM. P_f, P_i and P_o are not used.", "blind"),
    _peeps("the peepholes look at the hidden state. They look at the context c.", "at h"),
    _peeps("gates f and i are swapped: the forget gate multiplies the old context, the input gate the candidate.", "swapped"),
    _peeps("the candidate g goes through a sigmoid. It is content and not a share: tanh.", "sigmoid"),
    _peeps("tanh is missing between c_t and h_t (13.27).", "plain"),
    _peeps("tanh is applied to the memory itself. c_t is the plain sum (13.25); tanh belongs on the way to h_t.", "squeezed"),
    _peeps("the biases are left out.", "no bias"),
    _peeps("U is used transposed: a unit's row of U meets h_{t-1}. For a batch that is h @ U.T.", "turned"),
    _peeps("the two results have changed places: first h_t, then c_t.", "order"),
]  # fmt: skip


def check_peephole_step(student: Callable[..., Any]) -> None:
    """(x_t (B, D), h_prev (B, H), c_prev (B, H), p) -> h_t, c_t of gates that look at the context."""
    args = {"x_t": X_T, "h_prev": H_PREV, "c_prev": C_PREV, "p": PEEPHOLES}
    check_outputs(student, [Example(args, PEEPED)], PEEPHOLE, [lstm.lstm_step])


# repaired-lstm

LSTM = _weights("fgio", 2, 2, seed=3)
THREE = np.array([[1.0, -0.5], [0.3, 0.8], [-1.2, 0.4]])
H_0, C_0 = np.array([0.4, -0.3]), np.array([-1.1, 1.6])


def _cell(x: Array, p: Params, h_0: Array, c_0: Array, faults: tuple[str, ...] = ()) -> Params:
    h_t, c_t = (0 * h_0, 0 * c_0) if "start" in faults else (h_0, c_0)
    h, c = [], []
    for x_t in x:
        h_prev = 0 * h_t if "no past" in faults else h_t
        a = {n: p[f"U_{n}"] @ h_prev + p[f"W_{n}"] @ x_t + p[f"b_{n}"] for n in "fgio"}
        f_t, i_t, o_t = (sigmoid(a[n]) for n in "fio")
        g_t = sigmoid(a["g"]) if "candidate" in faults else np.tanh(a["g"])
        f_t, i_t = (i_t, f_t) if "swapped" in faults else (f_t, i_t)
        c_t = g_t * i_t + c_t * f_t
        c_t = np.tanh(c_t) if "squeezed" in faults else c_t
        shown = c_t if "shown" in faults else np.tanh(c_t)
        if "late" in faults:
            o_t = sigmoid(p["U_o"] @ shown + p["W_o"] @ x_t + p["b_o"])
        h_t = o_t * shown
        h.append(h_t)
        c.append(shown if "kept" in faults else c_t)
    return {"h": np.array(h), "c": np.array(c)}


REPAIRS = {
    "swapped": "gates f and i are swapped: the forget gate multiplies the old context, the input gate the candidate.",
    "candidate": "the candidate g goes through a sigmoid. It may have either sign: tanh (13.22).",
    "squeezed": "the memory itself is squeezed by tanh at each step. c_t is a plain sum (13.25).",
    "late": "the output gate reads what has just been made. Like all gates it reads h_{t-1} (13.26).",
    "shown": "tanh is missing between c_t and h_t (13.27).",
    "start": "the states start at zero. They start at h_0 and c_0.",
    "no past": "the gates read x_t alone: U h_{t-1} is missing.",
    "kept": "tanh(c_t) is kept in the list of contexts, where c_t belongs.",
}


def _broken(faults: tuple[str, ...]) -> Callable[..., Any]:
    return lambda *args: _cell(*args, faults=faults)


CELL: list[Variant] = [
    (REPAIRS[faults[0]] + (" That is not the only fault." if n > 1 else ""), _broken(faults))
    for n in (1, 2, 3, 4, 5)
    for faults in combinations(REPAIRS, n)
    if n < 3 or set(faults) <= {"swapped", "candidate", "squeezed", "late", "shown"}
]


def check_repaired_lstm(student: Callable[..., Any]) -> None:
    """(x (T, D), p, h_0 (H,), c_0 (H,)) -> dict of h and c, (T, H) each."""
    args = {"x": THREE, "p": LSTM, "h_0": H_0, "c_0": C_0}
    check_outputs(student, [Example(args, STATES)], CELL, [lstm.lstm_step, lstm.lstm_forward])


# coupled-step-backward

COUPLED = _weights("fgo", 3, 2, seed=11)
DH_T, DC_T = np.array([0.7, -1.2]), np.array([-0.4, 0.9])


def _coupled_backward(
    dh_t: Array,
    dc_t: Array,
    x_t: Array,
    h_prev: Array,
    c_prev: Array,
    p: Params,
    faults: tuple[str, ...] = (),
) -> Params:
    a = {n: p[f"U_{n}"] @ h_prev + p[f"W_{n}"] @ x_t + p[f"b_{n}"] for n in "fgo"}
    f_t, g_t, o_t = sigmoid(a["f"]), np.tanh(a["g"]), sigmoid(a["o"])
    shown = np.tanh(f_t * c_prev + (1 - f_t) * g_t)
    slope = 1 - shown if "slope" in faults else 1 - shown**2
    slope = 1.0 if "flat" in faults else slope
    own = 0.0 if "deaf to h" in faults else dh_t * o_t * slope
    dc = own + (0.0 if "deaf to c" in faults else dc_t)
    df = dc * {"one use": c_prev, "sign": c_prev + g_t, "reversed": g_t - c_prev}.get(
        next(iter({"one use", "sign", "reversed"} & set(faults)), ""), c_prev - g_t
    )
    dg = dc * (f_t if "wrong share" in faults else 1.0 if "no share" in faults else 1 - f_t)
    da = {
        "f": df * (1.0 if "no sigmoid" in faults else f_t * (1 - f_t)),
        "g": dg * (1 - g_t if "slope g" in faults else 1 - g_t**2),
        "o": dh_t * shown * (1.0 if "no sigmoid" in faults else o_t * (1 - o_t)),
    }
    back = {n: p[f"U_{n}"] if "turned" in faults else p[f"U_{n}"].T for n in da}
    heard = "go" if "no f" in faults else "fgo"
    found = {
        "dx_t": sum(p[f"W_{n}"].T @ da[n] for n in heard),
        "dh_prev": sum(back[n] @ da[n] for n in heard),
        "dc_prev": dc if "not forgotten" in faults else dc * f_t,
    }
    for n, d in da.items():
        found |= {f"dW_{n}": np.outer(d, x_t), f"dU_{n}": np.outer(d, h_prev), f"db_{n}": d}
    return found


def _coupled(hint: str, *faults: str) -> Variant:
    return hint, lambda *args: _coupled_backward(*args, faults=faults)


COUPLED_BACKWARD: list[Variant] = [
    _coupled("the forget gate is used twice: it lets c_{t-1} through, and 1 − f keeps the candidate out. Both uses are in its gradient.", "one use"),
    _coupled("in the gradient of f the candidate has the wrong sign: more of f means less of g.", "sign"),
    _coupled("the sign of the forget gate's gradient is turned.", "reversed"),
    _coupled("the candidate's gradient is multiplied by f. Its share in c_t is 1 − f.", "wrong share"),
    _coupled("the candidate's gradient lacks its share in c_t, 1 − f.", "no share"),
    _coupled("what comes back through h_t is missing in the gradient of c_t: h_t is made from c_t.", "deaf to h"),
    _coupled("the dc_t that arrives from the next step is not used.", "deaf to c"),
    _coupled("1 − tanh stands where 1 − tanh² belongs.", "slope"),
    _coupled("the slope of tanh between c_t and h_t is missing.", "flat"),
    _coupled("1 − g stands where 1 − g² belongs.", "slope g"),
    _coupled("the slopes of the sigmoids are missing: σ' is f (1 − f) for f, and o (1 − o) for o.", "no sigmoid"),
    _coupled("dc_prev is not multiplied by the forget gate.", "not forgotten"),
    _coupled("dx_t and dh_prev lack the forget gate's share: f read them too.", "no f"),
    _coupled("the gradient goes back through U on the wrong side: forward is U h, so backward is Uᵀ da.", "turned"),
]  # fmt: skip


def check_coupled_step_backward(student: Callable[..., Any]) -> None:
    """(dh_t, dc_t, x_t, h_prev, c_prev, p) -> dict of every gradient; the numbers are central differences."""
    args = {"dh_t": DH_T, "dc_t": DC_T, "x_t": X_T[0], "h_prev": H_PREV[0], "c_prev": C_PREV[0], "p": COUPLED}
    check_outputs(student, [Example(args, COUPLED_GRADIENTS)], COUPLED_BACKWARD, [lstm.lstm_step_backward])


# predict-gates

CLAMPS: dict[str, tuple[str, dict[str, dict[int, float]]]] = {
    "usual": ("c", {}),
    "add_closed": ("c", {"i": {2: 0.0}}),
    "add_closed_later": ("c", {"i": {3: 0.0, 4: 0.0}}),
    "forgotten": ("c", {"f": {5: 0.0}}),
    "hidden": ("h", {"o": {2: 0.0, 3: 0.0, 4: 0.0}}),
    "loss_after_forgetting": ("dx", {"f": {4: 0.0}}),
    "loss_after_hiding": ("dx", {"o": {3: 0.0}}),
}
GATES: Hints = {
    "usual": [
        ([2], "what was added at step 2 is in the memory, and half of it is kept at each later step."),
        ([1, 2, 3, 4, 5, 6], "step 1 comes before word 2. Nothing runs backwards here."),
        ([3, 4, 5, 6], "word 2 is added at step 2 itself: c_2 has it."),
    ],
    "add_closed": [
        ([2, 3, 4, 5, 6], "the input gate is the only door for a candidate. With i_2 = 0 word 2 never came in."),
        ([3, 4, 5, 6], "what did not come in at step 2 cannot be there later."),
        ([2], "with i_2 = 0 nothing of g_2 is added, not even for one step."),
    ],
    "add_closed_later": [
        ([2], "a closed input gate keeps new things out. It takes nothing away from what is in."),
        ([2, 5, 6], "a closed input gate keeps new things out. It takes nothing away from what is in."),
        ([], "the input gate was open at step 2, when word 2 came in."),
    ],
    "forgotten": [
        ([2, 3, 4, 5, 6], "f_5 = 0 wipes the memory at step 5: nothing of c_4 is in c_5."),
        ([2, 3, 4, 5], "f_5 multiplies c_4, so c_5 is already free of word 2."),
        ([2, 3, 4, 6], "what is forgotten does not come back."),
    ],
    "hidden": [
        ([2, 3, 4, 5, 6], "with o = 0 the state h is 0, whatever the memory holds."),
        ([], "the output gate hides the memory and changes nothing in it. When it opens, it all shows."),
        ([5], "at step 6 the output gate is still open, and c_6 still has its share of word 2."),
        ([2, 3, 4], "where the output gate is closed h is 0, so it is the same before and after."),
    ],
    "loss_after_forgetting": [
        ([1, 2, 3, 4, 5, 6], "the gradient of c_4 is multiplied by f_4 on its way to c_3, and f_4 is 0."),
        ([5, 6], "word 4 comes in at step 4 by the input gate. The forget gate of that step wipes what was there before."),
        ([1, 2, 3], "the loss is at the end. It reaches what is in the memory then."),
        ([6], "the gradient of c_6 goes on to c_5 and c_4 by the forget gates, which are open there."),
    ],
    "loss_after_hiding": [
        ([4, 5, 6], "the output gate is not on the way from c_3 to c_4. What is hidden is kept, and its gradient passes."),
        ([1, 2, 4, 5, 6], "word 3 enters c_3 by the input gate. That h_3 is 0 does not matter to h_6."),
        ([6], "the gradient of c_6 goes on to c_5, and so on, by the forget gates."),
    ],
}  # fmt: skip


def check_predict_gates(student: Callable[..., Any]) -> None:
    """() -> {case: the steps, counted from 1, at which something changes or arrives}, compared with a run."""
    found = {case: _run_clamped(*about) for case, about in CLAMPS.items()}
    check_steps(student, found, GATES, 6, "step is meant")


def _run_clamped(asked: str, clamps: dict[str, dict[int, float]]) -> list[int]:
    """The question put to a run with gates at a half but for the clamps; all U are 0, so a candidate is its word's alone."""
    words = np.array([0.6, -0.9, 0.4, 1.1, -0.5, 0.8])

    def run(words: Array) -> dict[str, Array]:
        c_t, h, c = 0.0, [], []
        for t, x_t in enumerate(words, start=1):
            f_t, i_t, o_t = (clamps.get(n, {}).get(t, 0.5) for n in "fio")
            c_t = np.tanh(x_t) * i_t + c_t * f_t
            c.append(c_t)
            h.append(o_t * np.tanh(c_t))
        return {"h": np.array(h), "c": np.array(c)}

    before = run(words)
    if asked != "dx":
        after = run(np.where(np.arange(6) == 1, 0.3, words))
        return (np.flatnonzero(np.abs(after[asked] - before[asked]) > 1e-9) + 1).tolist()
    moved = [run(words + 0.1 * (np.arange(6) == t))["h"][-1] - before["h"][-1] for t in range(6)]
    return (np.flatnonzero(np.abs(moved) > 1e-9) + 1).tolist()


# gates-of-torch


def _torch_state(D: int, H: int, seed: int) -> Params:
    """An nn.LSTM's own names: weight_ih_l0 (4H, D), weight_hh_l0 (4H, H), bias_ih_l0 and bias_hh_l0 (4H,)."""
    shapes = {
        "weight_ih_l0": (4 * H, D),
        "weight_hh_l0": (4 * H, H),
        "bias_ih_l0": (4 * H,),
        "bias_hh_l0": (4 * H,),
    }
    rng = np.random.default_rng(seed)
    return {
        name: rng.integers(1, 13, shape) * rng.choice([-0.1, 0.1], shape) for name, shape in shapes.items()
    }


def _gates(state: Params, x: Array, order: str = "ifgo", faults: tuple[str, ...] = ()) -> Params:
    W, U, b_x, b_h = (state[name] for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"))
    b, H = b_x + (0 if "one bias" in faults else b_h), U.shape[1]
    x = np.swapaxes(x, 0, 1) if "time first" in faults else x
    h_t, c_t = np.zeros((2, len(x), H))
    rows: dict[str, list[Array]] = {n: [] for n in "figoch"}
    for t in range(x.shape[1]):
        past = 0 * h_t if "no past" in faults else h_t
        back = np.concatenate([past @ (u if "turned" in faults else u.T) for u in np.split(U, 4)], axis=-1)
        a = dict(zip(order, np.split(x[:, t] @ W.T + back + b, 4, axis=-1), strict=True))
        f_t, i_t, o_t = (sigmoid(a[n]) for n in "fio")
        g_t = sigmoid(a["g"]) if "sigmoid" in faults else np.tanh(a["g"])
        if "before" in faults:
            rows["c"].append(c_t)
            rows["h"].append(h_t)
        c_t = (0 if "no memory" in faults else c_t * f_t) + g_t * i_t
        h_t = o_t * (c_t if "plain" in faults else np.tanh(c_t))
        found = a if "raw" in faults else {"f": f_t, "i": i_t, "g": g_t, "o": o_t}
        for n in "figo":
            rows[n].append(found[n])
        if "before" not in faults:
            rows["c"].append(c_t)
            rows["h"].append(h_t)
    axis = 0 if "stacked" in faults else 1
    return {n: np.stack(steps, axis=axis) for n, steps in rows.items()}


def _torchs(hint: str, *faults: str, order: str = "ifgo") -> Variant:
    return hint, in_numpy(lambda state, x: _gates(state, x, order, faults))


GATES_OF_TORCH: list[Variant] = [
    _torchs("torch's order of gates is i, f, g, o. The rows were read as i, f, o, g.", order="ifog"),
    _torchs("torch's order of gates is i, f, g, o. The rows were read as f, i, g, o, so the gates f and i are swapped.", order="figo"),
    _torchs("torch's order of gates is i, f, g, o. The rows were read as f, i, o, g, this library's order.", order="fiog"),
    _torchs("torch's order of gates is i, f, g, o. The rows were read as f, g, i, o, the order of the equations.", order="fgio"),
    _torchs("the second bias is left out. torch has two, and they add up.", "one bias"),
    _torchs("the candidate g goes through a sigmoid: tanh.", "sigmoid"),
    _torchs("the gates are given before their activation.", "raw"),
    _torchs("c and h are those of the step before. Give c_t and h_t, made at this step.", "before"),
    _torchs("tanh is missing between c_t and h_t (13.27).", "plain"),
    _torchs("nothing is kept of the old context: f_t ⊙ c_{t-1} is missing.", "no memory"),
    _torchs("the hidden state is not carried: each step's gates read h_{t-1}.", "no past"),
    _torchs("U is used transposed: a quarter of weight_hh meets h_{t-1} as h @ U.T.", "turned"),
    _torchs("the batch and the steps have changed places in the results: they are (B, T, H).", "stacked"),
    _torchs("the input is read as (T, B, D). Here it is (B, T, D).", "time first"),
]  # fmt: skip

TORCH_X = np.array([[[0.5, -1.0], [0.2, 0.7], [-0.6, 0.3]], [[1.0, 0.4], [-0.3, -0.8], [0.9, 0.1]]])


def check_gates_of_torch(student: Callable[..., Any]) -> None:
    """(state, x (B, T, D)) -> dict of f, i, g, o, c, h (B, T, H), as tensors."""
    args = tensors({"state": _torch_state(2, 2, seed=5), "x": TORCH_X})
    check_outputs(
        student, [Example(args, OF_TORCH)], GATES_OF_TORCH, [lstm.trace, lstm.lstm_forward, lstm.lstm_step]
    )


# open-forget-gate


def _opened(state: Params, bias: float, faults: tuple[str, ...]) -> Params:
    new, H = {name: array.copy() for name, array in state.items()}, len(state["bias_ih_l0"]) // 4
    rows = slice(H, 2 * H)
    for fault, at in (("i's rows", slice(0, H)), ("o's rows", slice(3 * H, None)), ("all rows", slice(None))):
        rows = at if fault in faults else rows
    new["bias_ih_l0"][rows] = bias + (new["bias_ih_l0"][rows] if "added" in faults else 0.0)
    if "second left" not in faults:
        new["bias_hh_l0"][rows] = bias if "twice" in faults else 0.0
    return new


def _norms(state: Params, x: Array, faults: tuple[str, ...] = ()) -> Array:
    """‖∂ of the sum of h_T by x_t‖, by central differences."""

    def total(x: Array) -> float:
        h = _gates(state, x[None])["h"][0]
        return float(h.sum() if "all states" in faults else h[-1].sum())

    moves = 1e-6 * np.eye(x.size).reshape(x.size, *x.shape)
    slopes = np.array([(total(x + m) - total(x - m)) / 2e-6 for m in moves]).reshape(x.shape)
    if "squared" in faults:
        return (slopes**2).sum(axis=1)
    if "added up" in faults:
        return slopes.sum(axis=1)
    if "by input" in faults:
        return np.linalg.norm(slopes, axis=0)
    return np.linalg.norm(slopes, axis=1)[:: -1 if "reversed" in faults else 1]


def _forget(hint: str, *faults: str) -> Variant:
    def variant(state: Params, x: Array, bias: float) -> tuple[Params, Array]:
        new = _opened(state, bias, faults)
        return new, _norms(state if "old weights" in faults else new, x, faults)

    return hint, in_numpy(variant)


OPEN_FORGET: list[Variant] = [
    _forget(
        "the forget gate's rows are the second quarter. The first belongs to the input gate.", "i's rows"
    ),
    _forget(
        "the forget gate's rows are the second quarter. The last belongs to the output gate.", "o's rows"
    ),
    _forget("all gates are opened. Only the forget gate's quarter changes.", "all rows"),
    _forget(
        "the second bias is left as it was. Both add up, so the sum is not what was asked for.", "second left"
    ),
    _forget("the bias is set in both vectors. They add up, so the sum is twice what was asked for.", "twice"),
    _forget("the bias is added to the old one. It is to be set, whatever it was.", "added"),
    _forget(
        "the gradients are those of the old weights. Run the network with the new biases.", "old weights"
    ),
    _forget("the loss is the sum of all states. Only the last one, h_T, counts.", "all states"),
    _forget("the squares are added up and the root is missing.", "squared"),
    _forget(
        "the numbers of a gradient are added up. Its length is the root of the sum of squares.", "added up"
    ),
    _forget("the steps come in reverse: the first number belongs to x_1.", "reversed"),
    _forget(
        "the lengths are taken over the steps. Take them over the input's numbers, one for each step.",
        "by input",
    ),
]


def check_open_forget_gate(student: Callable[..., Any]) -> None:
    """(state, x (T, D), bias) -> the new state dict, and norms (T,), as tensors."""
    args = tensors({"state": _torch_state(2, 2, seed=8), "x": TORCH_X[0], "bias": 3.0})
    check_outputs(student, [Example(args, OPENED)], OPEN_FORGET)


# what must come out

PEEPED = (
    np.array([[0.349996, -0.071786], [-0.399984, -0.163378]]),
    np.array([[0.692356, -0.358995], [-0.943939, -0.238038]]),
)
STATES = {
    "h": np.array([[0.206228, 0.036125], [0.12858, 0.002021], [0.083413, -0.074444]]),
    "c": np.array([[0.350046, 0.152535], [0.191523, 0.006327], [0.210264, -0.396214]]),
}
COUPLED_GRADIENTS = {
    "dx_t": np.array([0.148342, 0.084173, -0.137249]),
    "dh_prev": np.array([-0.103726, -0.041256]),
    "dc_prev": np.array([-0.012247, 0.521057]),
    "dW_f": np.array([[-0.010428, 0.020857, -0.006257], [-0.072755, 0.14551, -0.043653]]),
    "dU_f": np.array([[-0.006257, 0.012514], [-0.043653, 0.087306]]),
    "db_f": np.array([-0.020857, -0.14551]),
    "dW_g": np.array([[-0.004076, 0.008152, -0.002446], [0.041107, -0.082214, 0.024664]]),
    "dU_g": np.array([[-0.002446, 0.004891], [0.024664, -0.049328]]),
    "db_g": np.array([-0.008152, 0.082214]),
    "dW_o": np.array([[-0.017466, 0.034932, -0.010479], [0.043343, -0.086685, 0.026006]]),
    "dU_o": np.array([[-0.010479, 0.020959], [0.026006, -0.052011]]),
    "db_o": np.array([-0.034932, 0.086685]),
}
OF_TORCH = {
    "f": np.array(
        [
            [[0.231475, 0.768525], [0.593721, 0.550214], [0.599353, 0.425589]],
            [[0.372852, 0.73885], [0.383116, 0.610455], [0.388024, 0.721151]],
        ]
    ),
    "i": np.array(
        [
            [[0.437823, 0.562177], [0.148516, 0.874782], [0.379658, 0.860396]],
            [[0.109097, 0.832018], [0.557215, 0.621756], [0.1502, 0.796707]],
        ]
    ),
    "g": np.array(
        [
            [[-0.991007, -0.604368], [-0.991319, 0.397641], [-0.923701, 0.466279]],
            [[-0.997946, -0.197375], [-0.952333, -0.210572], [-0.998327, -0.103379]],
        ]
    ),
    "o": np.array(
        [
            [[0.190002, 0.5], [0.352331, 0.525746], [0.49865, 0.46531]],
            [[0.24974, 0.559714], [0.28828, 0.465302], [0.202492, 0.538883]],
        ]
    ),
    "c": np.array(
        [
            [[-0.433886, -0.339761], [-0.404834, 0.160908], [-0.59333, 0.469665]],
            [[-0.108873, -0.16422], [-0.572365, -0.231173], [-0.372041, -0.249073]],
        ]
    ),
    "h": np.array(
        [
            [[-0.077628, -0.163632], [-0.135322, 0.083874], [-0.265424, 0.203773]],
            [[-0.027083, -0.091099], [-0.149068, -0.105689], [-0.072042, -0.131513]],
        ]
    ),
}
OPENED = (
    {
        "weight_ih_l0": np.array(
            [
                [-0.9, -0.4],
                [0.3, -1.2],
                [0.3, -0.4],
                [0.8, -1.0],
                [-0.8, -1.1],
                [-0.1, -0.5],
                [0.7, 0.6],
                [0.5, -0.5],
            ]
        ),
        "weight_hh_l0": np.array(
            [
                [0.1, -0.4],
                [-0.6, -0.8],
                [-0.6, -0.8],
                [0.5, -0.8],
                [0.1, 1.1],
                [-0.7, -0.2],
                [-1.0, 0.5],
                [-1.1, -0.4],
            ]
        ),
        "bias_ih_l0": np.array([0.2, -0.2, 3.0, 3.0, 1.1, 0.2, -0.1, -0.5]),
        "bias_hh_l0": np.array([-0.2, -1.2, 0.0, 0.0, -0.6, 1.2, 1.2, -0.2]),
    },
    np.array([0.124155, 0.136559, 0.175461]),
)
