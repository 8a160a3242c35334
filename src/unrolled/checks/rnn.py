"""Checks of assignment ch01_rnn: the recurrent step, the sequence, and what comes out of it.

Each ``check_<task>(student_function)`` returns nothing or raises ``CheckFailed`` with the likely mistake.
What must come out is numbers here; the functions make the mistakes, each in the way its sentence says.
"""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from unrolled.axes import Array
from unrolled.checks._predict import check_steps
from unrolled.checks._report import CheckFailed, Example, Variant, call, check_outputs, name_of, read_arrays
from unrolled.scratch import rnn

W = np.array([[0.5, -0.3, 0.8], [-0.6, 0.9, 0.2]])  # H = 2, D = 3
U = np.array([[0.7, -0.4], [0.3, 0.6]])
B = np.array([0.1, -0.2])
X = np.array([[1.0, 0.0, -1.0], [0.5, 2.0, 0.0], [-1.0, 0.5, 0.5], [0.0, 1.0, 1.5]])  # T = 4
H_0 = np.array([0.4, -0.8])
BATCH = "Here every argument holds a batch: a row is one vector, so U h is written h @ U.T."


# leaky-step


def _leaky(
    x_t: Array, h_prev: Array, W: Array, U: Array, b: Array, keep: Any, take: Any, g: Callable = np.tanh
) -> Array:
    return keep * h_prev + take * g(h_prev @ U.T + x_t @ W.T + b)


LEAKY_STEP: list[Variant] = [
    (
        "λ and 1 − λ have changed places. λ is the share of the new value: with λ = 0 the state stays as it was.",
        lambda x, h, W, U, b, leak: _leaky(x, h, W, U, b, leak, 1 - leak),
    ),
    (
        "the old state is missing outside tanh. This is Elman's step (13.1); a leaky one also keeps a share of h_{t-1} itself.",
        lambda x, h, W, U, b, leak: _leaky(x, h, W, U, b, 0, 1),
    ),
    (
        "only the new value is weighed and nothing of the old state is kept: the term with 1 − λ is missing.",
        lambda x, h, W, U, b, leak: _leaky(x, h, W, U, b, 0, leak),
    ),
    (
        "the whole old state is kept. Its share is 1 − λ, or the state grows from step to step.",
        lambda x, h, W, U, b, leak: _leaky(x, h, W, U, b, 1, leak),
    ),
    (
        "the leak is inside tanh. What is mixed is the old state and the new value, after tanh.",
        lambda x, h, W, U, b, leak: np.tanh((1 - leak) * h + leak * (h @ U.T + x @ W.T + b)),
    ),
    (
        "U multiplies h_{t-1} on the wrong side: it is used transposed. U[n, m] leads from unit m to unit n.",
        lambda x, h, W, U, b, leak: _leaky(x, h, W, U.T, b, 1 - leak, leak),
    ),
    ("the bias b is left out.", lambda x, h, W, U, b, leak: _leaky(x, h, W, U, 0 * b, 1 - leak, leak)),
    (
        "there is no activation: the new value is tanh of the sum.",
        lambda x, h, W, U, b, leak: _leaky(x, h, W, U, b, 1 - leak, leak, lambda a: a),
    ),
    (
        "the activation is the sigmoid here, not tanh: the state can then never be negative.",
        lambda x, h, W, U, b, leak: _leaky(x, h, W, U, b, 1 - leak, leak, rnn.sigmoid),
    ),
]


def check_leaky_step(student: Callable[..., Any]) -> None:
    """(x_t (*B, D), h_prev (*B, H), W, U, b, leak) -> h_t (*B, H)."""
    weights = {"W": W, "U": U, "b": B, "leak": 0.25}
    check_outputs(
        student,
        [
            Example({"x_t": X[0], "h_prev": H_0, **weights}, np.array([0.394987, -0.819098])),
            Example(
                {"x_t": X, "h_prev": np.outer([1.0, -0.5, 0.0, 2.0], H_0), **weights},
                np.array(
                    [
                        [0.394987, -0.819098],
                        [-0.27513, 0.525367],
                        [-0.037221, 0.184946],
                        [0.843936, -1.131774],
                    ]
                ),
                BATCH,
            ),
        ],
        LEAKY_STEP,
    )


# all-states

REPAIRS = {
    "carried": "the state is not carried: each step starts from h_0 where it should start from the state before it.",
    "first": "the first word is never read: there must be as many states as words.",
    "turned": "U multiplies h_{t-1} on the wrong side: it is used transposed, here and at every step.",
    "alias": "every row is the last state. The list holds the same array again and again, and each step overwrites it.",
    "zero": "the sequence starts from zero where it should start from the h_0 that is given.",
}


def _states(x: Array, W: Array, U: Array, b: Array, h_0: Array, faults: tuple[str, ...]) -> Array:
    h_t = h_0 = np.zeros(len(b)) if "zero" in faults else h_0
    h = []
    for x_t in x[1:] if "first" in faults else x:
        h_prev = h_0 if "carried" in faults else h_t
        h_t = np.tanh((U.T if "turned" in faults else U) @ h_prev + W @ x_t + b)
        h.append(h_t)
    return np.array([h_t] * len(h) if "alias" in faults else h)


def _broken(faults: tuple[str, ...]) -> Callable[..., Array]:
    return lambda x, W, U, b, h_0: _states(x, W, U, b, h_0, faults)


def _with_start(x: Array, W: Array, U: Array, b: Array, h_0: Array) -> Array:
    return np.concatenate([[h_0], _states(x, W, U, b, h_0, ())])


def _linear_states(x: Array, W: Array, U: Array, b: Array, h_t: Array) -> Array:
    return np.array([h_t := U @ h_t + W @ x_t + b for x_t in x])


def _faults(faults: tuple[str, ...]) -> Variant:
    rest = " That is not the only fault." if len(faults) > 1 else ""
    return REPAIRS[next(iter(faults))] + rest, _broken(faults)


ALL_STATES: list[Variant] = [_faults(faults) for n in (1, 2, 3, 4) for faults in combinations(REPAIRS, n)] + [
    (
        "h_0 is among the states. It is where the sequence starts from, not a state of one of its words.",
        _with_start,
    ),
    (
        "it gives the last state only. All of them are asked for, one row a word.",
        lambda x, W, U, b, h_0: _states(x, W, U, b, h_0, ())[-1],
    ),
    ("the bias b is left out.", lambda x, W, U, b, h_0: _states(x, W, U, 0 * b, h_0, ())),
    ("there is no activation: (13.1) has tanh around the sum.", _linear_states),
]


def check_all_states(student: Callable[..., Any]) -> None:
    """(x (T, D), W, U, b, h_0 (H,)) -> h (T, H), without h_0."""
    args = {"x": X, "W": W, "U": U, "b": B, "h_0": H_0}
    expected = np.array(
        [[0.379949, -0.876393], [0.350945, 0.710478], [-0.186327, 0.901762], [0.469061, 0.90243]]
    )
    check_outputs(student, [Example(args, expected)], ALL_STATES, [rnn.rnn_forward, rnn.forward_rnn])


# final-states

SENTENCES = np.stack([X, X[::-1], 0.0 - X])  # three sentences; what stands beyond their lengths is no word
LENGTHS = np.array([4, 2, 1])


def _final(
    x: Array, lengths: Array, W: Array, U: Array, b: Array, at_padding: str = "carry", shift: int = 0
) -> Array:
    h_t = np.zeros((len(x), len(b)))
    for t in range(x.shape[1]):
        real = (t < lengths + shift)[:, None]
        x_t = np.where(real, x[:, t], 0.0) if at_padding == "zero input" else x[:, t]
        new = np.tanh(h_t @ U.T + x_t @ W.T + b)
        other = {"carry": h_t, "wipe": 0.0 * h_t}.get(at_padding, new)
        h_t = np.where(real, new, other)
    return h_t


def _final_mean(x: Array, lengths: Array, W: Array, U: Array, b: Array) -> Array:
    h, _ = rnn.rnn_forward(x, W, U, b)
    return np.stack([h_of[:n].mean(axis=0) for h_of, n in zip(h, lengths, strict=True)])


FINAL_STATES: list[Variant] = [
    (
        "padding is read as if it were words. A sentence's state must stop changing after its own last word.",
        lambda *args: _final(*args, at_padding="read"),
    ),
    (
        "the state is wiped at padding. It has to be carried over unchanged to the end.",
        lambda *args: _final(*args, at_padding="wipe"),
    ),
    (
        "padding is turned into zero vectors, and the network still takes a step on them: through U and b a zero input changes the state too.",
        lambda *args: _final(*args, at_padding="zero input"),
    ),
    ("each sentence stops one word too early.", lambda *args: _final(*args, shift=-1)),
    (
        "each sentence reads one step too many: its padding begins at step lengths[n] + 1.",
        lambda *args: _final(*args, shift=1),
    ),
    (
        "all sentences are cut to the length of the shortest.",
        lambda x, lengths, *weights: _final(x, 0 * lengths + min(lengths), *weights),
    ),
    ("it averages over the states of a sentence. The last one is asked for.", _final_mean),
    (
        "it gives all states (B, T, H). One state a sentence is asked for, the one after its last word.",
        lambda x, lengths, W, U, b: rnn.rnn_forward(
            x, W, U, b, mask=np.arange(x.shape[1]) < lengths[:, None]
        )[0],
    ),
    (
        "the bias b is left out.",
        lambda x, lengths, W, U, b: _final(x, lengths, W, U, 0 * b),
    ),
    (
        "U multiplies h_{t-1} on the wrong side: it is used transposed.",
        lambda x, lengths, W, U, b: _final(x, lengths, W, U.T, b),
    ),
]


def check_final_states(student: Callable[..., Any]) -> None:
    """(x (B, T, D), lengths (B,), W, U, b) -> h (B, H), the state after each sentence's own last word."""
    args = {"x": SENTENCES, "lengths": LENGTHS, "W": W, "U": U, "b": B}
    expected = np.array([[0.333345, 0.882781], [0.078318, 0.926832], [0.379949, 0.53705]])
    about = "The lengths differ; x may hold anything beyond them."
    check_outputs(student, [Example(args, expected, about)], FINAL_STATES, [rnn.rnn_forward, rnn.forward_rnn])


# predict-changes

FIVE = np.array([[1.0, 0.0, -1.0], [0.5, 2.0, 0.0], [-1.0, 0.5, 0.5], [0.0, 1.0, 1.5], [0.3, -0.7, 0.9]])
CASES = ("swap", "swap_without_U", "last_word", "swap_without_W", "new_start")

PATTERNS: dict[str, list[tuple[list[int], str]]] = {
    "swap": [
        ([2, 3], "a state that changed is handed on: what does step 4 start from?"),
        ([4, 5], "the steps that read the swapped words read other vectors than before."),
        ([5], "the steps that read the swapped words read other vectors than before."),
        ([3, 4, 5], "step 2 reads another word than before the swap."),
        ([1, 2, 3, 4, 5], "h_1 is computed before word 2 is read. Nothing reaches back in time."),
        ([], "the words are the same but not their order, and each state depends on the one before."),
    ],
    "swap_without_U": [
        ([2, 3, 4, 5], "with U = 0 no state reaches the next one."),
        ([1, 2, 3, 4, 5], "with U = 0 no state reaches the next one."),
        ([], "W still reads the words: with U = 0, h_t is a function of word t."),
    ],
    "last_word": [
        (
            [1, 2, 3, 4, 5],
            "earlier states were computed before the last word is read. Nothing reaches back in time.",
        ),
        ([4, 5], "earlier states were computed before the last word is read. Nothing reaches back in time."),
        ([], "step 5 reads the word that was replaced."),
    ],
    "swap_without_W": [
        ([2, 3, 4, 5], "with W = 0 no word reaches any state."),
        ([2, 3], "with W = 0 no word reaches any state."),
        ([1, 2, 3, 4, 5], "with W = 0 no word reaches any state."),
    ],
    "new_start": [
        ([1], "a state that changed is handed on, and on."),
        ([], "h_1 depends on h_0 through U."),
        ([2, 3, 4, 5], "h_1 depends on h_0 through U."),
    ],
}


def check_predict_changes(student: Callable[..., Any]) -> None:
    """() -> {case: the steps, counted from 1, whose state is another than before}, compared with a run."""
    check_steps(student, {case: _run_changes(case) for case in CASES}, PATTERNS, 5, "state changes")


def _run_changes(case: str) -> list[int]:
    """The same question put to a network with fixed weights."""
    changed = FIVE[[0, 1, 2, 3, 3]] if case == "last_word" else FIVE[[0, 2, 1, 3, 4]]
    changed = FIVE if case == "new_start" else changed
    weights = (W * (case != "swap_without_W"), U * (case != "swap_without_U"), B)
    before, _ = rnn.rnn_forward(FIVE, *weights)
    after, _ = rnn.rnn_forward(changed, *weights, h_0=H_0 if case == "new_start" else None)
    return [t + 1 for t in range(5) if not np.allclose(before[t], after[t])]


# tag-words

VECTORS = {
    "the": np.array([1.0, 0.0, 0.0]),
    "green": np.array([0.0, 1.0, 0.2]),
    "witch": np.array([0.1, 0.9, 1.0]),
    "arrived": np.array([-1.0, 0.3, 0.8]),
}
TAGS = ["DET", "ADJ", "NOUN", "VERB"]
NETWORK = {
    "W": np.array([[1.5, -0.5, -0.2], [0.2, 1.4, -1.1]]), "U": np.array([[-0.3, 0.9], [-0.8, 0.2]]), "b": np.array([0.1, -0.1]),
    "V": np.array([[2.0, -0.5], [-1.0, 2.5], [0.8, 1.2], [-1.5, -2.0]]), "b_y": np.array([0.2, -0.3, 0.4, 0.1]),
}  # fmt: skip


def _tag(
    words: list[str], vectors: dict, network: dict, tags: list[str], carry: bool = True, drop: str = "",
    f: Callable = rnn.softmax, skip: bool = False, pick: Callable = np.argmax,
) -> tuple:  # fmt: skip
    words = [word for word in words if word in vectors] if skip else words
    h_t, y = np.zeros(len(network["U"])), []
    kept = {key: value * (key != drop) for key, value in network.items()}
    for word in words:
        x_t = vectors.get(word, np.zeros(network["W"].shape[1]))
        h_t, _ = rnn.rnn_step(x_t, h_t if carry else 0 * h_t, kept["W"], kept["U"], kept["b"])
        y.append(kept["V"] @ h_t + kept["b_y"])
    y = f(np.array(y))
    return [tags[k] for k in pick(y, axis=-1)], y


def _overflowing(a: Array) -> Array:
    return np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True)


TAG_WORDS: list[Variant] = [
    (
        "the state is not carried: every word is read as if it were the first.",
        lambda *args: _tag(*args, carry=False),
    ),
    (
        "softmax is taken over the words. It goes over the tags: each row of y sums to 1.",
        lambda *args: _tag(*args, f=lambda a: rnn.softmax(a.T).T),
    ),
    (
        "softmax is taken over all numbers at once. It goes over the tags: each row of y sums to 1.",
        lambda *args: _tag(*args, f=lambda a: rnn.softmax(a.ravel()).reshape(a.shape)),
    ),
    (
        "softmax is missing: these are the scores V h_t, not probabilities.",
        lambda *args: _tag(*args, f=lambda a: a),
    ),
    (
        "f is the sigmoid here. To choose one tag of K it is the softmax (13.3).",
        lambda *args: _tag(*args, f=rnn.sigmoid),
    ),
    ("the output's bias b_y is left out.", lambda *args: _tag(*args, drop="b_y")),
    ("the bias b is left out.", lambda *args: _tag(*args, drop="b")),
    (
        "exp overflows on large scores. Take the largest score of a row off first; the softmax stays the same.",
        lambda *args: _tag(*args, f=_overflowing),
    ),
    (
        "unknown words are skipped. They are words too: the network reads a zero vector, and there is an output for each.",
        lambda *args: _tag(*args, skip=True),
    ),
    ("the tag of the smallest probability is taken.", lambda *args: _tag(*args, pick=np.argmin)),
    (
        "the two results have changed places: first the tags, then y.",
        lambda *args: _tag(*args)[::-1],
    ),
]


def check_tag_words(student: Callable[..., Any]) -> None:
    """(words, vectors, network, tags) -> (a tag for each word, y (T, K))."""
    rest = {"vectors": VECTORS, "network": NETWORK, "tags": TAGS}
    large = {**rest, "network": {**NETWORK, "V": 1000 * NETWORK["V"]}}
    known, unknown = ["the", "green", "witch", "arrived"], ["the", "purple", "witch"]
    check_outputs(
        student,
        [
            Example({"words": known, **rest}, KNOWN),
            Example({"words": unknown, **rest}, UNKNOWN, "'purple' has no vector."),
            Example({"words": known, **large}, LARGE, "The scores are large here."),
        ],
        TAG_WORDS,
        [rnn.rnn_forward, rnn.forward_rnn],
    )


KNOWN = (
    ["DET", "ADJ", "NOUN", "VERB"],
    np.array([
        [0.640527, 0.032993, 0.306655, 0.019825], [0.055031, 0.501665, 0.236432, 0.206872],
        [0.155751, 0.368311, 0.427936, 0.048002], [0.020869, 0.025576, 0.024832, 0.928723],
    ]),
)  # fmt: skip
UNKNOWN = (
    ["DET", "VERB", "VERB"],
    np.array([
        [0.640527, 0.032993, 0.306655, 0.019825], [0.204054, 0.021267, 0.087977, 0.686702],
        [0.044406, 0.269503, 0.137266, 0.548824],
    ]),
)  # fmt: skip
LARGE = (["DET", "ADJ", "ADJ", "VERB"], np.eye(4)[[0, 1, 1, 3]])


# leaky-step-backward


def _leaky_backward(
    dh_t: Array, x_t: Array, h_prev: Array, W: Array, U: Array, b: Array, leak: float,
    slope: Callable = lambda new, h_t: 1 - new**2, keep: Any = None, take: Any = None, turned: bool = False,
    dU_turned: bool = False, mean: bool = False,
) -> dict[str, Array]:  # fmt: skip
    new = np.tanh(h_prev @ U.T + x_t @ W.T + b)
    h_t = (1 - leak) * h_prev + leak * new
    da = (leak if take is None else take) * dh_t * slope(new, h_t)
    back = U.T if turned else U
    dh_prev = (1 - leak if keep is None else keep) * dh_t + da @ back
    share = len(dh_t) if mean else 1
    dU = da.T @ h_prev / share
    grads = {"dx_t": da @ W, "dh_prev": dh_prev, "dW": da.T @ x_t / share}
    return {**grads, "dU": dU.T if dU_turned else dU, "db": da.sum(axis=0) / share}


LEAKY_BACKWARD: list[Variant] = [
    (
        "this is the way back through Elman's step. Here λ multiplies what went through tanh, and 1 − λ passes by it.",
        lambda *args: _leaky_backward(*args, take=1, keep=0),
    ),
    (
        "h_{t-1} reaches h_t in two ways, and only the one through U is counted: the share 1 − λ passes by tanh.",
        lambda *args: _leaky_backward(*args, keep=0),
    ),
    (
        "dh_prev takes all of dh_t directly: only the share 1 − λ passes by tanh.",
        lambda *args: _leaky_backward(*args, keep=1),
    ),
    (
        "the factor λ is missing on the way through tanh: only that share of the new value reached h_t.",
        lambda *args: _leaky_backward(*args, take=1),
    ),
    (
        "tanh's slope is taken at h_t. It belongs to the new value alone: h_t is a mixture here.",
        lambda *args: _leaky_backward(*args, slope=lambda new, h_t: 1 - h_t**2),
    ),
    (
        "1 − v stands where 1 − v² belongs, v being tanh(a).",
        lambda *args: _leaky_backward(*args, slope=lambda new, h_t: 1 - new),
    ),
    (
        "the slope of tanh is missing: the gradient goes through tanh as if it were a straight line.",
        lambda *args: _leaky_backward(*args, slope=lambda new, h_t: 1),
    ),
    (
        "dh_prev goes back through U on the wrong side: forward is U h, so backward is Uᵀ da.",
        lambda *args: _leaky_backward(*args, turned=True),
    ),
    (
        "dU is transposed: dU[n, m] is da of unit n times h_{t-1} of unit m.",
        lambda *args: _leaky_backward(*args, dU_turned=True),
    ),
    (
        "the weights' gradients are averaged over the batch. The loss is a sum here, so they add up.",
        lambda *args: _leaky_backward(*args, mean=True),
    ),
]

BACKWARD = {
    "dx_t": [
        [0.12435, -0.090266, 0.165329],
        [-0.010156, 0.044545, 0.066348],
        [-0.113784, 0.094942, -0.12476],
    ],
    "dh_prev": [[0.891039, -0.477959], [0.291955, 1.51667], [-0.852991, 0.396954]],
    "dW": [[0.414775, 0.046117, -0.298059], [-0.042781, 0.167106, 0.053688]],
    "dU": [[0.193056, -0.172221], [-0.034111, 0.068674]],
    "db": [0.110745, 0.091605],
}
BACKWARD = {key: np.array(value) for key, value in BACKWARD.items()}


def check_leaky_step_backward(student: Callable[..., Any]) -> None:
    """(dh_t (B, H), x_t, h_prev, W, U, b, leak) -> dict of dx_t, dh_prev, dW, dU, db; the numbers are central differences."""
    args = {
        "dh_t": np.array([[1.0, -0.5], [0.3, 2.0], [-1.0, 0.4]]), "x_t": X[:3],
        "h_prev": np.array([[0.4, -0.8], [0.1, 0.5], [-0.6, 0.2]]), "W": W, "U": U, "b": B, "leak": 0.25,
    }  # fmt: skip
    check_outputs(student, [Example(args, BACKWARD)], LEAKY_BACKWARD)


# parity-weights

BITS = ([1], [0, 1], [1, 1], [1, 0, 1, 1, 0, 0, 1, 1, 1, 0])
PARITY: list[tuple[str, Callable[[Array], Array]]] = [
    ("it answers 1 from the first 1 on: it knows whether a 1 was seen, not how many.", np.maximum.accumulate),
    ("it answers with the bit of the moment: nothing is carried from step to step.", lambda bits: bits),
    ("it always answers 0.", lambda bits: 0 * bits),
    ("it always answers 1.", lambda bits: 0 * bits + 1),
    (
        "it counts and never comes back: from the second 1 on it answers 0 for good.",
        lambda bits: (np.cumsum(bits) == 1).astype(int),
    ),
]
SHAPES = {"W": (2, 1), "U": (2, 2), "b": (2,), "V": (1, 2)}


def check_parity_weights(student: Callable[..., Any]) -> None:
    """() -> {"W", "U", "b", "V"} of a ReLU network with two units that tells odd from even; judged by what it does."""
    name = name_of(student)
    network = read_arrays(name, call(student, []), SHAPES)
    answers = [(np.array(bits), parity_answers(network, np.array(bits))) for bits in BITS]
    for bits, got in answers:
        wanted = np.cumsum(bits) % 2
        if (got != wanted).any():
            known = [hint for hint, wrong in PARITY if all((wrong(b) == g).all() for b, g in answers)]
            t = int(np.argmax(got != wanted))
            reason = known[0] if known else f"the answer at step {t + 1} is wrong."
            h, _ = rnn.rnn_forward(
                bits[:, None].astype(float), network["W"], network["U"], network["b"], g="relu"
            )
            rows = {"bits": bits, "expected": wanted, "got": got, "h_t there": h[t].round(4)}
            raise CheckFailed(
                f"{name}: {reason}" + "".join(f"\n  {k + ':':10} {v.tolist()}" for k, v in rows.items())
            )


def parity_answers(network: dict[str, Array], bits: Array) -> Array:
    """1 where V h_t > 1/2, at every step of the ReLU network that starts from h_0 = 0."""
    h, _ = rnn.rnn_forward(bits[:, None].astype(float), network["W"], network["U"], network["b"], g="relu")
    return ((h @ network["V"].T)[:, 0] > 0.5).astype(int)
