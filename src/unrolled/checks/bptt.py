"""Checks of assignment ch02_bptt: the loss at every step, the second pass, and text cut into segments.

Each ``check_<task>(student_function)`` returns nothing or raises ``CheckFailed`` with the likely mistake.
What must come out is numbers here; the functions make the mistakes, each in the way its sentence says.
"""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from unrolled.axes import Array
from unrolled.checks._predict import check_steps
from unrolled.checks._report import Example, Variant, check_outputs
from unrolled.checks.rnn import FIVE, SENTENCES, B, U, W, X
from unrolled.scratch import bptt, rnn

V = np.array([[0.9, -0.4], [-0.5, 1.1], [0.3, 0.2]])  # K = 3
TARGETS = np.array([0, 2, 1, 1])
Grads = dict[str, Array]


# weighted-loss


def _weighted(
    scores: Array, targets: Array, weights: Array, f: Callable = rnn.softmax, total: float | None = None,
    share: Array | None = None, taken_off: float = 1.0, sign: float = 1.0, log: Callable = np.log,
) -> tuple:  # fmt: skip
    y = f(scores)
    w = weights / (weights.sum() if total is None else total)
    right = np.eye(y.shape[-1])[targets]
    ds = sign * (w if share is None else share)[:, None] * (y - taken_off * right)
    return -sign * float(w @ log((y * right).sum(axis=-1))), ds


def _flat(scores: Array, targets: Array, weights: Array) -> Array:
    return np.full(len(weights), 1.0 / len(weights))


WEIGHTED_LOSS: list[Variant] = [
    (
        "a probability rounds to 0 and its logarithm is infinite. Take the logarithm of the softmax as one: score − log of the sum of exp.",
        _weighted,
    ),
    (
        "the weights are in the loss and not in its gradient: what step t adds to the loss counts w_t times there too.",
        lambda s, q, w: _weighted(s, q, w, share=_flat(s, q, w)),
    ),
    (
        "the weights are left out: this is the plain mean over the steps.",
        lambda s, q, w: _weighted(s, q, _flat(s, q, w)),
    ),
    (
        "it divides by the number of steps. Divide by the sum of the weights, or doubling all of them would double the loss.",
        lambda s, q, w: _weighted(s, q, w, total=len(w)),
    ),
    (
        "it adds up and does not divide. The loss is a mean: divide by the sum of the weights.",
        lambda s, q, w: _weighted(s, q, w, total=1.0),
    ),
    (
        "the loss is divided by the sum of the weights and its gradient is not.",
        lambda s, q, w: (_weighted(s, q, w)[0], _weighted(s, q, w, total=1.0)[1]),
    ),
    (
        "nothing is taken off at the right answer: the gradient there is y − 1, or no score would ever be raised.",
        lambda s, q, w: _weighted(s, q, w, taken_off=0.0),
    ),
    (
        "the sign of the gradient is turned: at the right answer it is y − 1, below zero, so that descent raises that score.",
        lambda s, q, w: (_weighted(s, q, w)[0], -_weighted(s, q, w)[1]),
    ),
    (
        "the sign is turned: the loss is minus the logarithm of a probability, so it is never below zero.",
        lambda s, q, w: _weighted(s, q, w, sign=-1.0),
    ),
    (
        "softmax is taken over the steps. It goes over the classes: each row of probabilities sums to 1.",
        lambda s, q, w: _weighted(s, q, w, f=lambda a: rnn.softmax(a.T).T),
    ),
    (
        "softmax is missing: the scores are taken as if they were probabilities.",
        lambda s, q, w: _weighted(s, q, w, f=lambda a: a),
    ),
    (
        "the logarithm is missing: the loss is minus the log of the probability that the right answer got.",
        lambda s, q, w: _weighted(s, q, w, log=lambda y: y),
    ),
    (
        "exp overflows on large scores. Take the largest score of a row off first; the softmax stays the same.",
        lambda s, q, w: _weighted(s, q, w, f=lambda a: np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True)),
    ),
]

SCORES = np.array([[1.0, -0.5, 0.2], [0.3, 0.8, -1.0], [-0.4, 0.1, 0.6], [2.0, 0.0, -0.7]])
LOSS_WEIGHTS = np.array([1.0, 0.5, 0.0, 2.0])


def check_weighted_loss(student: Callable[..., Any]) -> None:
    """(scores (T, K), targets (T,), weights (T,)) -> (loss, ds (T, K))."""
    rest = {"targets": TARGETS, "weights": LOSS_WEIGHTS}
    check_outputs(
        student,
        [
            Example({"scores": SCORES, **rest}, SMALL_SCORES),
            Example({"scores": 1000 * SCORES, **rest}, LARGE_SCORES, "The scores are large here."),
        ],
        WEIGHTED_LOSS,
        [bptt.cross_entropy],
    )


# repaired-second-pass

REPAIRS = {
    "summed": "dU is not summed over time: a weight is used at every step, so its gradient is a sum, and here each step overwrites the one before. The same goes for dW, dV and db.",
    "dU only": "dU is not summed over time: each step overwrites what the others left there.",
    "turned": "the gradient goes back through U on the wrong side: forward is U h, so backward is Uᵀ da.",
    "slope": "1 − h stands where 1 − h² belongs, the slope of tanh written with its own value.",
    "flat": "the slope of tanh is missing: the gradient goes through tanh as if it were a straight line.",
    "early": "the slope is taken at h_{t-1}. It belongs to the state that this step made, h_t.",
    "late": "h_t is used where h_{t-1} belongs: on the way forward, U multiplied the state before.",
    "deaf": "the future's gradient does not flow back: h_t is used by the next step too, which sends Uᵀ da_{t+1}.",
    "forward": "it walks from the first step to the last, so errors flow to the future. What comes back to step t is known only after step t + 1.",
    "start": "dh_0 is the gradient at the start state, before U: what step 1 sends back is Uᵀ da_1.",
    "V late": "dV multiplies h_{t-1}. On the way forward, V multiplied the state that the step made, h_t.",
}
SLOPES = {"slope": lambda h: 1 - h, "flat": np.ones_like}


def _second_pass(
    x: Array, h: Array, ds: Array, W: Array, U: Array, V: Array, faults: tuple[str, ...]
) -> Grads:
    dW, dU, dV, db, da = 0 * W, 0 * U, 0 * V, np.zeros(len(U)), np.zeros(len(U))
    kept, kept_U = (
        0.0 if "summed" in faults else 1.0,
        0.0 if {"summed", "dU only"} & set(faults) else 1.0,
    )
    back = U if "turned" in faults else U.T
    g = next((SLOPES[f] for f in faults if f in SLOPES), lambda h: 1 - h**2)
    for t in range(len(x)) if "forward" in faults else reversed(range(len(x))):
        dh = V.T @ ds[t] + (0 if "deaf" in faults else back @ da)
        da = dh * g(h[t] if "early" in faults else h[t + 1])
        dV = kept * dV + np.outer(ds[t], h[t] if "V late" in faults else h[t + 1])
        dU = kept_U * dU + np.outer(da, h[t + 1] if "late" in faults else h[t])
        dW, db = kept * dW + np.outer(da, x[t]), kept * db + da
    return {"dW": dW, "dU": dU, "dV": dV, "db": db, "dh_0": da if "start" in faults else back @ da}


def _broken(faults: tuple[str, ...]) -> Callable[..., Grads]:
    return lambda x, h, ds, W, U, V: _second_pass(x, h, ds, W, U, V, faults)


SECOND_PASS: list[Variant] = [
    (REPAIRS[faults[0]] + (" That is not the only fault." if n > 1 else ""), _broken(faults))
    for n in (1, 2, 3, 4, 5)
    for faults in combinations(REPAIRS, n)
    if n < 4 or set(faults) <= {"summed", "turned", "slope", "late", "start"}
]


def check_repaired_second_pass(student: Callable[..., Any]) -> None:
    """(x (T, D), h (T + 1, H), ds (T, K), W, U, V) -> dict of dW, dU, dV, db, dh_0."""
    args = {"x": X[:3], "h": STATES, "ds": DS, "W": W, "U": U, "V": V}
    check_outputs(student, [Example(args, SECOND)], SECOND_PASS, [rnn.rnn_backward])


# predict-reach

SIX = np.concatenate([FIVE, [[-0.6, 0.4, 1.1]]])
REACH_CASES = ("last", "third", "segments", "without_U", "without_W", "padding", "state_in_segments")
REACH: dict[str, list[tuple[list[int], str]]] = {
    "last": [
        ([6], "x_6 is not alone: the state at step 6 was made from all the words before it, through U."),
        ([1], "the loss is felt at every word on its way back, not only where the way ends."),
        ([5, 6], "the gradient goes on from step 5 to step 4, and so on, to the first."),
    ],
    "third": [
        ([1, 2, 3, 4, 5, 6], "words 4 to 6 are read after the loss was made. Nothing reaches back in time."),
        ([3, 4, 5, 6], "a gradient goes backwards: to the words before the loss, not to those after it."),
        ([3], "the state at step 3 was made from words 1 and 2 as well."),
    ],
    "segments": [
        ([1, 2, 3, 4, 5, 6], "the gradient stops at the border: it is not carried into the segment before."),
        ([1, 2, 3], "the loss is in the second segment, and its gradient stays in it."),
        ([6], "inside its own segment the gradient flows back as ever."),
        ([3, 4, 5, 6], "segments of three are steps 1 to 3 and 4 to 6; step 3 is beyond the border."),
    ],
    "without_U": [
        ([1, 2, 3, 4, 5, 6], "with U = 0, Uᵀ da is zero: nothing goes back from a step to the one before."),
        ([], "x_6 still reaches the loss, through W."),
    ],
    "without_W": [
        ([1, 2, 3, 4, 5, 6], "dx_t is Wᵀ da_t. With W = 0 no word has any effect on the loss."),
        ([6], "dx_t is Wᵀ da_t. With W = 0 no word has any effect on the loss."),
    ],
    "padding": [
        ([1, 2, 3, 4, 5, 6], "what stands at a padded step is not read, so it cannot be to blame."),
        ([4, 5, 6], "at a padded step the gradient passes unchanged; it does not stop there."),
        ([1, 2], "the words after the padded step are read as ever."),
    ],
    "state_in_segments": [
        ([1, 2, 3], "the gradient is cut at the border, the state is not: h_3 goes on into step 4."),
        ([4, 5, 6], "h_1 is made from word 1."),
        ([1], "a state that changed is handed on, and on."),
    ],
}


def check_predict_reach(student: Callable[..., Any]) -> None:
    """() -> {case: the steps, counted from 1, whose dx_t is not zero, or whose state changes}, compared with a run."""
    check_steps(student, {case: _run_reach(case) for case in REACH_CASES}, REACH, 6, "step is reached")


def _run_reach(case: str) -> list[int]:
    """The same question put to a network with fixed weights."""
    w, u = W * (case != "without_W"), U * (case != "without_U")
    if case == "state_in_segments":
        other = np.concatenate([SIX[3:4], SIX[1:]])
        moved = np.concatenate(
            [abs(a - b) for a, b in zip(_in_threes(SIX, w, u), _in_threes(other, w, u), strict=True)]
        )
        return _steps_of(moved)
    at, mask = 2 if case == "third" else 5, np.arange(6) != (2 if case == "padding" else 6)
    begin = 3 if case == "segments" else 0
    h_0 = rnn.rnn_forward(SIX[:begin], w, u, B)[0][-1] if begin else None
    h, cache = rnn.rnn_forward(SIX[begin:], w, u, B, h_0, mask[begin:])
    dx, _, _ = rnn.rnn_backward(np.ones_like(h) * (np.arange(begin, 6) == at)[:, None], cache)
    return _steps_of(np.concatenate([np.zeros((begin, 3)), dx]))


def _in_threes(x: Array, W: Array, U: Array) -> list[Array]:
    first, _ = rnn.rnn_forward(x[:3], W, U, B)
    return [first, rnn.rnn_forward(x[3:], W, U, B, first[-1])[0]]


def _steps_of(rows: Array) -> list[int]:
    return [t + 1 for t, row in enumerate(rows) if np.abs(row).max() > 1e-12]


# final-backward

LENGTHS = np.array([4, 2, 1])


def _final_backward(
    dh_T: Array, x: Array, lengths: Array, W: Array, U: Array, b: Array, faults: tuple[str, ...] = ()
) -> Grads:  # fmt: skip
    real = np.arange(x.shape[1]) < lengths[:, None]
    read = np.ones_like(real) if "reads all" in faults else real
    h, _ = rnn.rnn_forward(x, W, U, b, mask=read)
    h = np.concatenate([np.zeros((len(x), 1, len(b))), h], axis=1)
    back = U.T if "turned" in faults else U
    dh, dx, dW, dU, db = dh_T, 0.0 * x, 0 * W, 0 * U, 0 * b
    kept = 0.0 if "not summed" in faults else 1.0
    for t in reversed(range(x.shape[1])):
        on = np.ones((len(x), 1)) if "blames padding" in faults else read[:, t, None]
        slope = 1 - h[:, t + 1] if "slope" in faults else 1 - h[:, t + 1] ** 2
        da = on * dh * slope
        dx[:, t] = da @ W
        dW, db = dW + da.T @ x[:, t], db + da.sum(axis=0)
        dU = kept * dU + da.T @ (h[:, t + 1] if "late" in faults else h[:, t])
        passes = 0 * dh if "stops" in faults else dh
        dh = np.where(on, 0 * dh if "deaf" in faults else da @ back, passes)
    share = len(x) if "mean" in faults else 1
    return {"dx": dx, "dW": dW / share, "dU": dU / share, "db": db / share}


def _final(hint: str, *faults: str) -> Variant:
    return hint, lambda *args: _final_backward(*args, faults=faults)


FINAL_BACKWARD: list[Variant] = [
    _final(
        "the gradient is lost at padding: a short sentence learns nothing. At a padded step the state was carried over unchanged, and so dh passes unchanged.",
        "stops",
    ),
    _final(
        "padding is blamed: at a padded step tanh was never applied, so da is zero there and nothing goes to dx, dW, dU or db.",
        "blames padding",
    ),
    _final("padding is read as if it were words, on the way forward and back.", "reads all"),
    _final(
        "the future's gradient does not flow back: every step but the last of a sentence gets all of its blame from the step after it.",
        "deaf",
    ),
    _final("h_t is used where h_{t-1} belongs in dU.", "late"),
    _final("1 − h stands where 1 − h² belongs.", "slope"),
    _final("dU is not summed over time: the last step of the loop overwrites all others.", "not summed"),
    _final(
        "the gradient goes back through U on the wrong side: forward is h @ U.T, so backward is da @ U.",
        "turned",
    ),
    _final(
        "the gradients are averaged over the batch. The loss is a sum here, so they add up.",
        "mean",
    ),
    (
        "dU is transposed: dU[n, m] is da of unit n times h_{t-1} of unit m.",
        lambda *args: (lambda d: {**d, "dU": d["dU"].T})(_final_backward(*args)),
    ),
]


def check_final_backward(student: Callable[..., Any]) -> None:
    """(dh_T (B, H), x (B, T, D), lengths (B,), W, U, b) -> dict of dx, dW, dU, db; the numbers are central differences."""
    args = {
        "dh_T": np.array([[1.0, -0.5], [0.3, 2.0], [-1.0, 0.4]]),
        "x": SENTENCES, "lengths": LENGTHS, "W": W, "U": U, "b": B,
    }  # fmt: skip
    about = "The lengths differ; x may hold anything beyond them."
    check_outputs(student, [Example(args, FINAL, about)], FINAL_BACKWARD, [rnn.rnn_backward])


# two-back-backward

S = np.array([[-0.5, 0.2], [0.6, 0.4]])


def _two_back(dh: Array, x: Array, W: Array, U: Array, S: Array, faults: tuple[str, ...] = ()) -> Grads:
    T, H = dh.shape
    h = np.zeros((T + 2, H))  # h[t + 2] is the state after word t, counted from 0
    for t in range(T):
        h[t + 2] = np.tanh(U @ h[t + 1] + S @ h[t] + W @ x[t])
    total = np.concatenate([np.zeros((2, H)), dh])
    dx, dW, dU, dS = 0.0 * x, 0 * W, 0 * U, 0 * S
    back_U, back_S = U if "U turned" in faults else U.T, S if "S turned" in faults else S.T
    kept = 0.0 if "not summed" in faults else 1.0
    for t in reversed(range(T)):
        slope = 1 - h[t + 2] if "slope" in faults else 1 - h[t + 2] ** 2
        da = total[t + 2] * (1.0 if "flat" in faults else slope)
        total[t + 1] += 0 if {"deaf", "only S"} & set(faults) else back_U @ da
        total[t + 1 if "S at once" in faults else t] += 0 if {"deaf", "only U"} & set(faults) else back_S @ da
        dx[t], dW = W.T @ da, dW + np.outer(da, x[t])
        dU = kept * dU + np.outer(da, h[t + 2] if "late" in faults else h[t + 1])
        dS = kept * dS + np.outer(da, h[t + 1] if "S late" in faults else h[t])
    return {"dx": dx, "dW": dW, "dU": dU, "dS": dS}


def _two(hint: str, *faults: str) -> Variant:
    return hint, lambda *args: _two_back(*args, faults=faults)


TWO_BACK: list[Variant] = [
    _two(
        "what comes back through S is missing: h_t is used a third time, two steps later, and da_{t+2} sends Sᵀ da_{t+2}.",
        "only U",
    ),
    _two("what comes back through U is missing: the next step used h_t as well.", "only S"),
    _two(
        "the future's gradient does not flow back: h_t is used by the next step and by the one after it.",
        "deaf",
    ),
    _two(
        "S sends its share to the wrong step: S multiplied h_{t-2}, so Sᵀ da_t goes to h_{t-2}.",
        "S at once",
    ),
    _two("h_{t-1} is used in dS where h_{t-2} belongs: S multiplied the state two steps before.", "S late"),
    _two("h_t is used where h_{t-1} belongs in dU.", "late"),
    _two("h_t is used where h_{t-1} belongs in dU, and h_{t-1} where h_{t-2} belongs in dS.", "late", "S late"),
    _two("1 − h stands where 1 − h² belongs.", "slope"),
    _two("the slope of tanh is missing.", "flat"),
    _two("the gradient goes back through U on the wrong side: forward is U h, so backward is Uᵀ da.", "U turned"),
    _two("the gradient goes back through S on the wrong side: forward is S h, so backward is Sᵀ da.", "S turned"),
    _two(
        "the gradient goes back through U and S on the wrong side: forward is U h and S h, so backward is Uᵀ da and Sᵀ da.",
        "U turned", "S turned",
    ),
    _two("dU and dS are not summed over time: each step overwrites what the others left there.", "not summed"),
]  # fmt: skip


def check_two_back_backward(student: Callable[..., Any]) -> None:
    """(dh (T, H), x (T, D), W, U, S) -> dict of dx, dW, dU, dS; the numbers are central differences."""
    dh = np.array([[0.5, -1.0], [0.0, 0.7], [-0.4, 0.3], [1.0, 0.6]])
    check_outputs(student, [Example({"dh": dh, "x": X, "W": W, "U": U, "S": S}, TWO)], TWO_BACK)


# train-in-segments

NETWORK = {"W": W, "U": U, "V": V}
ONE_STREAM = SIX[[0, 3, 1, 4, 2, 5, 0]]  # T = 7
ANSWERS = np.array([0, 2, 1, 1, 0, 2, 1])


def _segment(x: Array, targets: Array, network: Grads, h: Array) -> tuple[float, Grads, Array]:
    loss, cache = bptt.bptt_forward(x, targets, network, h)
    return loss, bptt.bptt_backward(cache)[2], cache[0][-1]


def _train(
    x: Array, targets: Array, network: Grads, length: int, rate: float, carry: bool = True, drop: bool = False,
    trained: str = "WUV", late: bool = False, sign: float = -1.0, given_back: bool = False, again: bool = False,
) -> tuple:  # fmt: skip
    now, h, losses, waiting = {n: w.copy() for n, w in network.items()}, np.zeros(len(U)), [], []
    for begin in range(0, len(x), length):
        steps = slice(begin, begin + length)
        if drop and begin + length > len(x):
            break
        loss, grads, h_next = _segment(x[steps], targets[steps], now, h)
        for name in trained:
            step = sign * rate * grads[name]
            waiting.append((name, step)) if late else now.update({name: now[name] + step})
        h_next = _segment(x[steps], targets[steps], now, h)[2] if again else h_next
        h = h_next if carry else 0 * h_next
        losses.append(loss)
    for name, step in waiting:
        now[name] = now[name] + step
    return np.array(losses), network if given_back else now


def _trained(hint: str, **how: Any) -> Variant:
    return hint, lambda *args: _train(*args, **how)


IN_SEGMENTS: list[Variant] = [
    _trained(
        "each segment starts from zero: the state in which the one before ended has to be carried over. The gradient is cut, the state is not.",
        carry=False,
    ),
    _trained("the weights are changed once, at the end. Update them after every segment.", late=True),
    _trained("the weights move along the gradient, so the loss grows. Descent goes against it.", sign=1.0),
    _trained("the last segment is dropped because it is shorter. Its steps are text too.", drop=True),
    _trained("V is not trained: every matrix of the network moves.", trained="WU"),
    _trained("U is not trained: every matrix of the network moves.", trained="WV"),
    _trained("only V is trained: every matrix of the network moves.", trained="V"),
    _trained(
        "the losses are right and the network comes back as it was. Return the one that has been trained.",
        given_back=True,
    ),
    _trained("nothing is trained: the same weights are used in every segment.", trained=""),
    _trained(
        "each segment is read a second time with the new weights. The state that is carried over is the one of the first pass.",
        again=True,
    ),
    (
        "the text is not cut: it is taken in one piece.",
        lambda x, targets, network, length, rate: _train(x, targets, network, len(x), rate),
    ),
    (
        "the two results have changed places: first the losses, then the network.",
        lambda *args: _train(*args)[::-1],
    ),
]


def check_train_in_segments(student: Callable[..., Any]) -> None:
    """(x (T, D), targets (T,), network, length, learning_rate) -> (losses, the trained network)."""
    args = {
        "x": ONE_STREAM,
        "targets": ANSWERS,
        "network": NETWORK,
        "length": 3,
        "learning_rate": 0.5,
    }
    about = "Seven steps in segments of three: the last segment has one step."
    check_outputs(student, [Example(args, TRAINED, about)], IN_SEGMENTS, [bptt.truncated_bptt])


# what must come out

SMALL_SCORES = (
    1.73405,
    np.array(
        [
            [-0.114879, 0.038118, 0.076761],
            [0.048903, 0.080627, -0.12953],
            [0.0, 0.0, 0.0],
            [0.475184, -0.507119, 0.031935],
        ]
    ),
)
LARGE_SCORES = (
    1400.0,
    np.array([[0.0, 0.0, 0.0], [0.0, 0.142857, -0.142857], [0.0, 0.0, 0.0], [0.571429, -0.571429, 0.0]]),
)
STATES = np.array([[0.4, -0.8], [0.291313, -0.82104], [0.180341, 0.798612], [-0.416299, 0.933285]])
DS = np.array(
    [[-0.138074, 0.037899, 0.100175], [0.06636, 0.170808, -0.237169], [0.031716, -0.102992, 0.071276]]
)
SECOND = {
    "dW": np.array([[-0.22713, -0.040238, 0.164666], [0.07595, 0.044756, -0.055755]]),
    "dU": np.array([[-0.045944, 0.198884], [0.02439, -0.071679]]),
    "dV": np.array([[-0.041459, 0.19596], [0.08472, 0.009172], [-0.043261, -0.205133]]),
    "db": np.array([-0.079978, 0.06012]),
    "dh_0": np.array([-0.071355, 0.078227]),
}
FINAL = {
    "dx": np.array(
        [
            [
                [0.13192, -0.126015, 0.110402],
                [0.236585, -0.220131, 0.210594],
                [0.301092, -0.237496, 0.359644],
                [0.51065, -0.365978, 0.689035],
            ],
            [
                [0.049012, -0.018087, 0.102736],
                [-0.0201, 0.164322, 0.294921],
                [0.0, 0.0, 0.0],
                [0.0, 0.0, 0.0],
            ],
            [[-0.598598, 0.51286, -0.627585], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
        ]
    ),
    "dW": np.array([[0.391026, 1.997948, 0.889768], [-0.620509, -0.290589, 0.32569]]),
    "dU": np.array([[-0.261396, 1.080686], [0.300472, 0.160479]]),
    "db": np.array([1.389586, 0.140389]),
}
TWO = {
    "dx": np.array(
        [
            [0.390553, -0.433646, 0.196727],
            [-0.337164, 0.391953, -0.132057],
            [0.058806, -0.03159, 0.102026],
            [0.36461, -0.172371, 0.683038],
        ]
    ),
    "dW": np.array([[0.085925, 0.389481, 0.973204], [-0.200336, 0.79176, 0.501395]]),
    "dU": np.array([[-0.485561, 0.926497], [-0.158314, -0.159631]]),
    "dS": np.array([[-0.27018, 0.555243], [-0.026099, 0.061397]]),
}
TRAINED = (
    np.array([0.813602, 1.675921, 0.781623]),
    {
        "W": np.array([[0.167174, -0.284303, 0.986689], [-0.31794, 0.846006, 0.023687]]),
        "U": np.array([[0.788745, -0.479016], [0.235292, 0.864958]]),
        "V": np.array([[0.884747, -0.374413], [-0.654239, 0.89159], [0.469492, 0.382823]]),
    },
)
