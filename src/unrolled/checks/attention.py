"""Checks of assignment ch09_attention: scores, weights and contexts, their gradients, and what a look can change.

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
from unrolled.scratch import attention

Faults = tuple[str, ...]


def _softmax(scores: Array, axis: int | tuple[int, ...] = -1, shift: bool = True) -> Array:
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True) if shift else scores)
    return powers / powers.sum(axis=axis, keepdims=True)


def _fault(hints: dict[str, str], run: Callable[..., Any], first: str, *others: str) -> Variant:
    """The hint of the first fault, and the asked function with all of them."""
    rest = " That is not the only fault." if others else ""
    return hints[first] + rest, lambda *args: run(*args, faults=(first, *others))


# repaired-contexts

H_D = np.array([[[1.0, 0.5], [-0.4, 1.2], [0.3, -0.8]], [[0.7, -1.0], [1.5, 0.2], [-0.6, 0.9]]])
H_E = np.array([
    [[0.8, -0.3], [0.1, 1.3], [-1.2, 0.4], [0.5, 0.6]],
    [[-0.7, 0.9], [1.3, 0.2], [0.4, -0.5], [2.0, 1.0]],
])  # fmt: skip
MASK = np.array([[True, True, True, True], [True, True, False, False]])
REPAIRS = {
    "axis": "softmax over the target axis: each step of the decoder shares out its look over the source words, so it is the rows (the last axis) that sum to 1.",
    "late": "the mask comes after the softmax: padding has taken its share of the 1 already. Put −∞ into the scores before the softmax.",
    "overflow": "exp overflows on large scores. Take the largest score of a row off first; the weights stay the same.",
    "divided": "the context is divided by S. The weights sum to 1, so the weighted sum is a mean already.",
    "zeroed": "padding has the score 0, and exp(0) is 1, not 0. A padded word needs the score −∞.",
    "unmasked": "padding is not masked: a padded word is no word, its weight must be 0.",
    "batch": "softmax over the batch: the sentences have nothing to do with one another. It goes over the source words.",
    "everything": "softmax over all numbers of a sentence at once: each step of the decoder has weights of its own that sum to 1.",
}
AXES: dict[str, int | tuple[int, ...]] = {"axis": -2, "batch": 0, "everything": (-2, -1)}


def _contexts(h_d: Array, h_e: Array, mask: Array, faults: Faults = ()) -> tuple[Array, Array]:
    on = mask[:, None, :]
    scores = h_d @ h_e.swapaxes(-1, -2)
    if "zeroed" in faults:
        scores = scores * on
    elif not {"late", "unmasked"} & set(faults):
        scores = np.where(on, scores, -np.inf)
    axis = next((AXES[fault] for fault in faults if fault in AXES), -1)
    alpha = _softmax(scores, axis, "overflow" not in faults)
    if "late" in faults:
        alpha = alpha * on
    return alpha @ h_e / (h_e.shape[1] if "divided" in faults else 1), alpha


CONTEXTS: list[Variant] = [
    _fault(REPAIRS, _contexts, *faults)
    for n in (1, 2, 3, 4)
    for faults in combinations(REPAIRS, n)
    if len({"late", "zeroed", "unmasked"} & set(faults)) < 2 and len(set(AXES) & set(faults)) < 2
] + [
    (
        "the weights are used transposed: row i of alpha belongs to step i of the decoder.",
        lambda h_d, h_e, mask: (_contexts(h_d, h_e, mask)[0], _contexts(h_d, h_e, mask)[1].swapaxes(-1, -2)),
    ),
    (
        "the decoder's states are averaged. The context is a mean of the encoder's states.",
        lambda h_d, h_e, mask: (
            _contexts(h_d, h_e, mask)[1] @ _contexts(h_d, h_e, mask)[1].swapaxes(-1, -2) @ h_d,
            _contexts(h_d, h_e, mask)[1],
        ),
    ),
    (
        "the two results have changed places: first the contexts, then the weights.",
        lambda *args: _contexts(*args)[::-1],
    ),
]


def check_repaired_contexts(student: Callable[..., Any]) -> None:
    """(h_d (B, T, H), h_e (B, S, H), mask (B, S)) -> contexts (B, T, H), alpha (B, T, S)."""
    rest = {"h_e": H_E, "mask": MASK}
    check_outputs(
        student,
        [
            Example(
                {"h_d": H_D, **rest}, (CTX, ALPHA), "The second source has two words and two of padding."
            ),
            Example({"h_d": 500 * H_D, **rest}, (SHARP_CTX, SHARP_ALPHA), "The scores are large here."),
        ],
        CONTEXTS,
        [attention.attend, attention.attention_weights],
    )


# additive-backward

STEP = {
    "dctx": np.array([1.0, -0.5]),
    "h_d": np.array([0.6, -0.3, 0.9]),
    "h_e": np.array([[0.8, -0.3], [0.1, 1.1], [-1.2, 0.4], [0.5, 0.6]]),
    "W": np.array([[0.5, -0.2, 0.3], [0.1, 0.4, -0.6], [-0.3, 0.2, 0.7], [0.2, 0.1, -0.4], [0.6, -0.5, 0.1]]),
    "U": np.array([[0.4, 0.9], [-0.7, 0.3], [0.2, -0.5], [1.1, 0.1], [-0.3, 0.8]]),
    "v": np.array([1.0, -0.8, 0.5, 1.2, -0.4]),
}
ADDITIVE_HINTS = {
    "flat softmax": "the softmax passes on too much: a score that is raised takes from all other weights. ds_j = α_j (dα_j − Σ α_k dα_k).",
    "no softmax": "the softmax is missing on the way back: dα is not yet ds.",
    "mean only": "dh_e lacks one of its two parts: an encoder state is averaged, and it is compared as well, through U.",
    "score only": "dh_e lacks one of its two parts: an encoder state is compared, and it is averaged as well, with weight α_j.",
    "slope": "1 − a stands where 1 − a² belongs, the slope of tanh written with its own value.",
    "flat": "the slope of tanh is missing: the gradient goes through tanh as if it were a straight line.",
    "without v": "v is missing on the way into tanh: the score is v · a, so a_j gets ds_j times v.",
    "one word": "only the last word's share is in dW and dh_d: the decoder's state was used in the score of every word, so its gradient is a sum over the words.",
    "mean over words": "dW and dh_d are averaged over the words. Nothing was averaged on the way forward: they add up.",
    "v before tanh": "dv multiplies the sum inside tanh. On the way forward, v multiplied what came out of tanh.",
    "v by alpha": "dv uses the weights α where the gradients of the scores belong.",
}


def _additive(
    dctx: Array, h_d: Array, h_e: Array, W: Array, U: Array, v: Array, faults: Faults = ()
) -> dict[str, Any]:
    inside = W @ h_d + h_e @ U.T
    a = np.tanh(inside)
    alpha, dalpha = _softmax(a @ v), h_e @ dctx
    ds = alpha * (dalpha - (0.0 if "flat softmax" in faults else alpha @ dalpha))
    ds = dalpha if "no softmax" in faults else ds
    slope = 1 - a if "slope" in faults else np.ones_like(a) if "flat" in faults else 1 - a**2
    da = ds[:, None] * (1.0 if "without v" in faults else v) * slope
    both = da[-1] if "one word" in faults else da.sum(axis=0)
    both = both / len(h_e) if "mean over words" in faults else both
    averaged = 0.0 if "score only" in faults else np.outer(alpha, dctx)
    compared = 0.0 if "mean only" in faults else da @ U
    dv = (alpha if "v by alpha" in faults else ds) @ (inside if "v before tanh" in faults else a)
    return {
        "dh_d": both @ W,
        "dh_e": averaged + compared,
        "dW": np.outer(both, h_d),
        "dU": da.T @ h_e,
        "dv": dv,
    }


ADDITIVE: list[Variant] = [
    _fault(ADDITIVE_HINTS, _additive, *faults)
    for n in (1, 2)
    for faults in combinations(ADDITIVE_HINTS, n)
    if set(faults) not in ({"mean only", "score only"}, {"flat softmax", "no softmax"}, {"slope", "flat"})
] + [
    (
        "the sign of every gradient is turned.",
        lambda *args: {name: -grad for name, grad in _additive(*args).items()},
    ),
]


def check_additive_backward(student: Callable[..., Any]) -> None:
    """(dctx (E,), h_d (H,), h_e (S, E), W (A, H), U (A, E), v (A,)) -> dict; the numbers are central differences."""
    about = "They are central differences of c · dctx."
    check_outputs(student, [Example(STEP, ADDITIVE_GRADS, about)], ADDITIVE, [attention.attend_backward])


# causal-self-attention

SELF = {
    "x": np.array([
        [[0.5, -1.0], [1.2, 0.3], [-0.7, 0.8], [0.2, 1.1]],
        [[-0.4, 0.9], [1.0, 0.6], [7.0, -7.0], [7.0, 7.0]],
    ]),
    "lengths": np.array([4, 2]),
    "W_q": np.array([[0.8, -0.3], [0.5, 1.1], [-0.6, 0.4]]),
    "W_k": np.array([[0.2, 0.9], [-1.0, 0.3], [0.7, 0.5]]),
    "W_v": np.array([[1.0, 0.2], [-0.5, 0.6], [0.3, -0.9], [0.4, 0.4]]),
}  # fmt: skip
SELF_HINTS = {
    "late": "the mask comes after the softmax: later words have taken their share already, and the rest no longer sums to 1.",
    "future": "it looks at the future: step t may look at steps 1 to t only.",
    "strict": "a step does not look at itself. It may: j = t belongs to what it looks at.",
    "turned": "the mask is turned over: step t looks at itself and at what comes later.",
    "unscaled": "the scores are not scaled: they are divided by √A.",
    "by A": "the scores are divided by A. It is √A, by which their spread has grown.",
    "by H": "the scores are scaled by the size of the values. A query and a key have A numbers, and their product is a sum of A.",
    "by D": "the scores are scaled by the size of x. A query and a key have A numbers, and their product is a sum of A.",
    "swapped": "queries and keys have changed places: step t asks with q_t, the others answer with k_j.",
    "columns": "softmax over the wrong axis: each row, a step that asks, sums to 1.",
    "padded rows": "padded steps are not 0: there is no word that could ask.",
    "padded columns": "only padded columns are masked. The rows of padded steps have to be 0 as well.",
}


def _causal(
    x: Array, lengths: Array, W_q: Array, W_k: Array, W_v: Array, faults: Faults = ()
) -> tuple[Array, Array]:
    T, A = x.shape[1], len(W_q)
    real = np.arange(T) < lengths[:, None]
    q, k, v = x @ W_q.T, x @ W_k.T, x @ W_v.T
    q, k = (k, q) if "swapped" in faults else (q, k)
    scale = {"unscaled": 1.0, "by A": A, "by H": len(W_v) ** 0.5, "by D": x.shape[-1] ** 0.5}
    scores = q @ k.swapaxes(-1, -2) / next((scale[f] for f in faults if f in scale), A**0.5)
    see = np.tril(np.ones((T, T), bool), -1 if "strict" in faults else 0)
    see = see.T if "turned" in faults else np.ones_like(see) if "future" in faults else see
    see = see & real[:, None, :] if {"future", "turned", "padded columns"} & set(faults) else see
    see = np.broadcast_to(see, scores.shape)
    if "late" in faults:
        alpha = _softmax(scores) * see
    else:
        scores = np.where(see, scores, -np.inf)
        scores = np.where(see.any(axis=-1, keepdims=True), scores, 0.0)
        alpha = _softmax(scores, -2 if "columns" in faults else -1) * see
    alpha = alpha if {"padded rows", "padded columns"} & set(faults) else alpha * real[..., None]
    return alpha @ v, alpha


CAUSAL: list[Variant] = [
    _fault(SELF_HINTS, _causal, *faults)
    for n in (1, 2)
    for faults in combinations(SELF_HINTS, n)
    if len({"unscaled", "by A", "by H", "by D"} & set(faults)) < 2
    and len({"future", "strict", "turned"} & set(faults)) < 2
] + [
    (
        "the first step has nothing before it: with j < t its row is empty. A step looks at itself, too.",
        lambda *args: tuple(np.where(np.arange(args[0].shape[1])[:, None] == 0, np.nan, part) for part in _causal(*args, faults=("strict",))),
    ),
]  # fmt: skip


def check_causal_self_attention(student: Callable[..., Any]) -> None:
    """(x (B, T, D), lengths (B,), W_q, W_k (A, D), W_v (H, D)) -> y (B, T, H), alpha (B, T, T)."""
    about = "The second sequence has two real steps."
    check_outputs(
        student,
        [Example(SELF, (Y, SELF_ALPHA), about)],
        CAUSAL,
        [attention.self_attention, attention.attend],
    )


# predict-changes

CHANGES: Hints = {
    "forced": [
        ([3], "the context of step 3 is another now, and h_3 is made with it: step 4 asks with another state."),
        ([3, 4], "h_4 is made from h_3, and so on: the change does not stop at step 4."),
        ([4, 5], "step 3 itself counts: its weights were overwritten."),
        ([], "step 3 itself counts, and what is made from it."),
        ([1, 2, 3, 4, 5], "steps 1 and 2 come before the change. Nothing reaches back."),
    ],
    "output_only": [
        ([3, 4, 5], "here the next state does not read the context: what step 3 saw is forgotten."),
        ([3, 4], "here the next state does not read the context: what step 3 saw is forgotten."),
        ([], "the output of step 3 is made with c_3."),
    ],
    "shifted": [
        ([2], "a constant added to all scores of a softmax cancels: exp(s + 7) is exp(s) times the same factor for all."),
        ([2, 3, 4, 5], "a constant added to all scores of a softmax cancels: exp(s + 7) is exp(s) times the same factor for all."),
        ([3, 4, 5], "a constant added to all scores of a softmax cancels: exp(s + 7) is exp(s) times the same factor for all."),
    ],
    "sharper": [
        ([], "a factor does not cancel in a softmax: it is a temperature, and the weights grow sharper."),
        ([2], "c_2 goes into h_2, and with h_2 step 3 asks."),
        ([3, 4, 5], "the context of step 2 itself is made with the new weights."),
    ],
    "read": [
        ([3, 4, 5], "c_3 is made from h_2, before the word of step 3 has any effect."),
        ([3], "c_3 is made from h_2. The word goes into h_3, and with h_3 step 4 asks."),
        ([4], "h_4 is made from h_3: the change goes on."),
        ([], "the word is read into the state, and the state asks for the next context."),
    ],
    "states": [
        ([3], "the encoder is recurrent: its state at word 4 is made from that at word 3."),
        ([1, 2, 3, 4, 5], "it reads from left to right only: words 1 and 2 are read before word 3."),
        ([4, 5], "the state at word 3 is made from word 3."),
        ([1, 2, 3], "it reads from left to right: what is read later changes, not what was read before."),
    ],
    "contexts": [
        ([3, 4, 5], "that is true of the encoder's states. A context is a mean of all of them, at every step of the decoder."),
        ([3], "step 3 of the decoder has nothing special to do with source word 3: each context is a mean of all encoder states."),
        ([2, 3, 4, 5], "the first context, too, is a mean of all encoder states."),
        ([], "the encoder's states change, and a context is a mean of them."),
    ],
}  # fmt: skip


def check_predict_changes(student: Callable[..., Any]) -> None:
    """() -> {case: the steps, counted from 1, at which something is another than before}, compared with a run."""
    check_steps(student, {case: _run_changes(case) for case in CHANGES}, CHANGES, 5, "step changes")


def _run_changes(case: str) -> list[int]:
    """The same question put to a network with fixed weights."""
    before, after = _run("", case == "output_only"), _run(case, case == "output_only")
    what = {"forced": "alpha", "output_only": "output", "states": "h_e"}.get(case, "ctx")
    return [t + 1 for t in range(5) if not np.allclose(before[what][t], after[what][t])]


def _run(case: str, output_only: bool) -> dict[str, list[Array]]:
    rng = np.random.default_rng(9)
    source, read, other = rng.normal(size=(5, 3)), rng.normal(size=(5, 3)), rng.normal(size=3)
    W_e, U_e, W, C, U = (0.6 * rng.normal(size=(4, n)) for n in (3, 4, 3, 4, 4))
    source[2] = other if case in ("states", "contexts") else source[2]
    read[2] = other if case == "read" else read[2]
    h_e, h, found = np.zeros((5, 4)), np.zeros(4), {"alpha": [], "ctx": [], "output": []}
    for j in range(5):
        h_e[j] = np.tanh(W_e @ source[j] + U_e @ h_e[j - 1])  # h_e[-1] is 0 at the start
    for i in range(5):
        scores = h_e @ h
        scores = scores + 7 if case == "shifted" and i == 1 else scores
        scores = scores * 2 if case == "sharper" and i == 1 else scores
        alpha = _softmax(scores)
        alpha = np.eye(5)[4] if case in ("forced", "output_only") and i == 2 else alpha
        ctx = alpha @ h_e
        h = np.tanh(W @ read[i] + U @ h + (0 if output_only else C @ ctx))
        for name, value in (("alpha", alpha), ("ctx", ctx), ("output", h + ctx)):
            found[name].append(value)
    return {**found, "h_e": list(h_e)}


# corpus-error-rate

ALPHAS = [
    np.array([[0.3, 0.5, 0.2], [0.2, 0.1, 0.7], [0.2, 0.5, 0.3], [0.3, 0.6, 0.1], [0.1, 0.6, 0.3]]),
    np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]),
]
SURE = [[(2, 1), (2, 2), (1, 3)], [(0, 0), (0, 1)]]
POSSIBLE = [[(0, 1), (1, 2)], [(1, 1)]]
Links = list[list[tuple[int, int]]]


def _error(
    alphas: list[Array], sure: Links, possible: Links, end: bool = False, turned: bool = False, by: str = "row",
    p: Callable = lambda S, P: S | P, size: Callable = lambda A, S, P: len(A) + len(S), mean: bool = False, rate: Callable = lambda x: 1 - x,
) -> float:  # fmt: skip
    tops, sizes = [], []
    for alpha, must, may in zip(alphas, sure, possible, strict=True):
        rows = alpha if end else alpha[:-1]
        A = {(int(row.argmax()), i) for i, row in enumerate(rows)}
        if by == "column":
            A = {(j, int(column.argmax())) for j, column in enumerate(rows.T)}
        A = {(i, j) for j, i in A} if turned else A
        S, P = set(map(tuple, must)), p(set(map(tuple, must)), set(map(tuple, may)))
        tops.append(len(A & S) + len(A & P))
        sizes.append(size(A, S, P))
    if mean:
        return float(np.mean([rate(top / n) for top, n in zip(tops, sizes, strict=True)]))
    return float(rate(sum(tops) / sum(sizes)))


ERROR: list[Variant] = [
    (
        "the rates of the sentences are averaged. Add up over the corpus and divide once, so that a long sentence counts for more.",
        lambda *args: _error(*args, mean=True),
    ),
    (
        "the end is aligned: the last row is </s>, which is no word and has no link.",
        lambda *args: _error(*args, end=True),
    ),
    (
        "links are turned around: a pair is (source word, target word), and a row of alpha is a target word.",
        lambda *args: _error(*args, turned=True),
    ),
    (
        "each source word is linked with the target word that looks at it most. It is the target words that choose: the largest of each row.",
        lambda *args: _error(*args, by="column"),
    ),
    (
        "possible links are left out: a link that is merely possible must cost less than a wrong one.",
        lambda *args: _error(*args, p=lambda S, P: S),
    ),
    (
        "the sure links are not counted as possible ones: P is both together, so a sure link counts twice.",
        lambda *args: _error(*args, p=lambda S, P: P),
    ),
    (
        "the possible links are in the denominator: nobody has to find them. It is |A| + |S|.",
        lambda *args: _error(*args, size=lambda A, S, P: len(A) + len(P)),
    ),
    (
        "it is the share of links that agree. The error rate is 1 minus that.",
        lambda *args: _error(*args, rate=lambda x: x),
    ),
    (
        "it divides by |A| alone. Sure links that were not found have to count, too: |A| + |S|.",
        lambda *args: _error(*args, size=lambda A, S, P: 2 * len(A)),
    ),
    (
        "it divides by |S| alone. Links too many have to count, too: |A| + |S|.",
        lambda *args: _error(*args, size=lambda A, S, P: 2 * len(S)),
    ),
]


def check_corpus_error_rate(student: Callable[..., Any]) -> None:
    """(alphas [(T, S)], sure, possible: lists of (source, target)) -> the rate over the corpus."""
    args = {"alphas": ALPHAS, "sure": SURE, "possible": POSSIBLE}
    check_outputs(student, [Example(args, np.array(ERROR_RATE), "The corpus has two sentences.")], ERROR)


# decode-with-attention (torch)

DECODER = {
    "h_e": np.array([[[0.8, -0.3], [0.1, 1.1], [-1.2, 0.4]], [[-0.7, 0.9], [1.3, 0.2], [4.0, 4.0]]]),
    "lengths": np.array([3, 2]),
    "e": np.array([[[0.5], [-1.0], [0.8], [0.1]], [[1.2], [0.3], [-0.6], [0.9]]]),
    "h_0": np.array([[0.4, -0.2, 0.7], [-0.5, 0.6, 0.1]]),
    "W": np.array([[0.6, -0.4, 0.9], [-0.3, 0.8, 0.2], [0.5, 0.7, -0.6]]),
    "U": np.array([[0.5, -0.7, 0.3], [0.9, 0.2, -0.4], [-0.1, 0.6, 0.8]]),
    "W_s": np.array([[1.2, -0.6], [0.4, 1.5], [-0.9, 0.3]]),
}
DECODER_HINTS = {
    "late": "the mask comes after the softmax: padding has taken its share of the 1 already. Put −∞ into the scores before it.",
    "start asks": "every step asks with h_0: the state has to be the one before the step, or the context never changes.",
    "unmasked": "padding is not masked: words beyond the length get a weight.",
    "zeroed": "padding has the score 0, and exp(0) is 1, not 0. It needs −∞.",
    "batch": "softmax over the batch. It goes over the source words, the last axis of the scores.",
    "no carry": "the state is not carried: every step starts from h_0.",
    "order": "the embedding and the context have changed places: it is [e_i; c_i], and the first D columns of W are for e_i.",
    "turned": "U is used transposed: with a state a row, U h is h @ U.T.",
    "no context": "the context is missing in the state: W has columns for e_i and for c_i.",
    "uniform": "the context is the plain mean of the encoder's states, whatever the weights.",
    "no state": "the state before is missing: U h_{i-1} belongs inside tanh, too.",
    "no tanh": "tanh is missing.",
    "one context": "the context is made once, and read at every step. That is the network without attention: it has to be made anew for each step.",
}


def _decode(
    h_e: Array, lengths: Array, e: Array, h_0: Array, W: Array, U: Array, W_s: Array, faults: Faults = ()
) -> tuple[Array, Array]:
    real, D, h = np.arange(h_e.shape[1]) < lengths[:, None], e.shape[-1], h_0
    states, weights = [], []
    for i in range(e.shape[1]):
        asks = h_0 if {"start asks", "one context"} & set(faults) else h
        scores = np.einsum("bh,he,bse->bs", asks, W_s, h_e)
        scores = scores * real if "zeroed" in faults else scores
        if not {"late", "unmasked", "zeroed"} & set(faults):
            scores = np.where(real, scores, -np.inf)
        alpha = _softmax(scores, 0 if "batch" in faults else -1) * (real if "late" in faults else 1)
        shares = real / real.sum(axis=1, keepdims=True) if "uniform" in faults else alpha
        ctx = (shares[..., None] * h_e).sum(axis=1) * ("no context" not in faults)
        both = np.concatenate([ctx, e[:, i]] if "order" in faults else [e[:, i], ctx], axis=-1)
        before = h_0 if "no carry" in faults else h
        inside = before @ (U if "turned" in faults else U.T) * ("no state" not in faults) + both @ W.T
        h = inside if "no tanh" in faults else np.tanh(inside)
        states.append(h)
        weights.append(alpha)
    assert D + h_e.shape[-1] == W.shape[1]
    return np.stack(states, axis=1), np.stack(weights, axis=1)


DECODING: list[Variant] = [
    _fault(DECODER_HINTS, _decode, *faults)
    for n in (1, 2)
    for faults in combinations(DECODER_HINTS, n)
    if len({"late", "unmasked", "zeroed"} & set(faults)) < 2 and set(faults) != {"start asks", "one context"}
] + [
    (
        "the weights are one step late: row i holds the weights with which h_i was made.",
        lambda *args: (_decode(*args)[0], np.roll(_decode(*args)[1], 1, axis=1)),
    ),
    (
        "it gives the contexts' step first: states (B, T, H) and weights (B, T, S) have the batch first.",
        lambda *args: tuple(part.swapaxes(0, 1) for part in _decode(*args)),
    ),
]


def check_decode_with_attention(student: Callable[..., Any]) -> None:
    """(h_e (B, S, E), lengths, e (B, T, D), h_0 (B, H), W (H, D + E), U (H, H), W_s (H, E)) -> states, alpha."""
    about = "The second source has two words; what stands behind them is arbitrary."
    variants = [(hint, in_numpy(variant)) for hint, variant in DECODING]
    check_outputs(student, [Example(tensors(DECODER), (STATES, WEIGHTS), about)], variants)


# fit-score (torch)

ALIGNED = {
    "W_s": np.array([[0.5, -0.3], [0.2, 0.8], [-0.6, 0.1]]),
    "h_d": np.array([[1.0, 0.4, -0.5], [-0.3, 0.9, 0.7], [0.6, -0.8, 0.2], [0.1, 0.5, 1.1]]),
    "h_e": np.array([[0.8, -0.3], [0.1, 1.1], [-1.2, 0.4]]),
    "gold": np.array([1, 0, 2, 0]),
    "rate": 0.5,
    "n_updates": 3,
}


def _fit(
    W_s: Array, h_d: Array, h_e: Array, gold: Array, rate: float, n_updates: int,
    sign: float = -1.0, mean: bool = True, log: bool = True, keep: float = 0.0, late: bool = False, axis: int = -1,
    twice: bool = False, back: bool = True,
) -> tuple[Array, Array]:  # fmt: skip
    W, losses, dW = W_s.copy(), [], np.zeros_like(W_s)
    n, right = (len(h_d) if mean else 1), np.eye(len(h_e))[gold]

    def forward(W: Array) -> tuple[float, Array]:
        alpha = _softmax(h_d @ W @ h_e.T, axis)
        if twice:
            again = _softmax(alpha)
            d = (again - right) / n
            return float(-np.log((again * right).sum(axis=-1)).sum() / n), alpha * (
                d - (d * alpha).sum(axis=-1, keepdims=True)
            )
        of_gold = (alpha * right).sum(axis=-1)
        if not log:
            return float(-of_gold.sum() / n), of_gold[:, None] * (alpha - right) / n
        if axis == 0:
            return float(-np.log(of_gold).sum() / n), (alpha * right.sum(axis=0) - right) / n
        return float(-np.log(of_gold).sum() / n), (alpha - right) / n

    for _ in range(n_updates):
        loss, dscores = forward(W)
        dW = keep * dW + h_d.T @ dscores @ h_e
        W = W + sign * rate * dW
        losses.append(forward(W)[0] if late else loss)
    return np.array(losses), W if back else W_s


FIT: list[Variant] = [
    (
        "the gradients add up from update to update: each update needs the gradient of its own loss. backward() adds to .grad.",
        lambda *args: _fit(*args, keep=1.0),
    ),
    (
        "the weights go up the gradient: W_s minus rate times its gradient makes the loss smaller.",
        lambda *args: _fit(*args, sign=1.0),
    ),
    ("the loss is a sum over the steps. The mean is asked for.", lambda *args: _fit(*args, mean=False)),
    ("the losses are those after the updates. Compute each before its update.", lambda *args: _fit(*args, late=True)),
    ("the logarithm is missing: the loss is the mean of −log α, not of −α.", lambda *args: _fit(*args, log=False)),
    (
        "softmax is taken twice: cross_entropy makes one itself, so it wants the scores.",
        lambda *args: _fit(*args, twice=True),
    ),
    (
        "softmax over the target axis: each step of the decoder shares out its look over the source words.",
        lambda *args: _fit(*args, axis=0),
    ),
    (
        "it returns W_s as it was before the training.",
        lambda *args: _fit(*args, back=False),
    ),
]  # fmt: skip


def check_fit_score(student: Callable[..., Any]) -> None:
    """(W_s (H, E), h_d (T, H), h_e (S, E), gold (T,), rate, n_updates) -> losses (n_updates,), W_s."""
    variants = [(hint, in_numpy(variant)) for hint, variant in FIT]
    check_outputs(student, [Example(tensors(ALIGNED), (LOSSES, FITTED))], variants)


# what must come out: by loops and central differences, not by the functions above

CTX = np.array(
    [
        [[0.364543, 0.55236], [-0.152627, 0.837103], [0.337136, 0.194228]],
        [[1.081806, 0.276368], [1.191667, 0.237917], [-0.423523, 0.803233]],
    ]
)
ALPHA = np.array(
    [
        [
            [0.289096, 0.319501, 0.055521, 0.335882],
            [0.054053, 0.487831, 0.278653, 0.179463],
            [0.504104, 0.113611, 0.15803, 0.224255],
        ],
        [[0.109097, 0.890903, 0.0, 0.0], [0.054167, 0.945833, 0.0, 0.0], [0.861762, 0.138238, 0.0, 0.0]],
    ]
)
SHARP_CTX = np.array([[[0.5, 0.6], [0.1, 1.3], [0.8, -0.3]], [[1.3, 0.2], [1.3, 0.2], [-0.7, 0.9]]])
SHARP_ALPHA = np.array(
    [
        [[0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]],
        [[0.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]],
    ]
)
ADDITIVE_GRADS = {
    "dh_d": np.array([0.023711, 0.041219, -0.051792]),
    "dh_e": np.array(
        [[0.928383, -0.239661], [-0.113277, -0.02985], [-0.021116, -0.01477], [0.149628, -0.135175]]
    ),
    "dW": np.array(
        [
            [0.058137, -0.029068, 0.087205],
            [0.058583, -0.029291, 0.087874],
            [-0.025336, 0.012668, -0.038004],
            [-0.020966, 0.010483, -0.031449],
            [-0.040179, 0.02009, -0.060269],
        ]
    ),
    "dU": np.array(
        [
            [0.14769, -0.089132],
            [-0.042708, 0.146886],
            [0.054672, -0.122133],
            [0.116388, -0.285768],
            [-0.072599, 0.051448],
        ]
    ),
    "dv": np.array([-0.06333, -0.121762, 0.150367, 0.135649, -0.175022]),
}
Y = np.array(
    [
        [
            [0.3, -0.85, 1.05, -0.2],
            [0.803178, -0.624618, 0.546822, 0.219315],
            [0.299997, -0.154747, 0.096511, 0.117828],
            [0.060661, 0.368721, -0.529072, 0.206688],
        ],
        [
            [-0.22, 0.74, -0.93, 0.2],
            [0.098155, 0.531062, -0.766174, 0.304469],
            [0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0],
        ],
    ]
)
SELF_ALPHA = np.array(
    [
        [
            [1.0, 0.0, 0.0, 0.0],
            [0.475857, 0.524143, 0.0, 0.0],
            [0.366032, 0.29585, 0.338118, 0.0],
            [0.140391, 0.120543, 0.462238, 0.276827],
        ],
        [[1.0, 0.0, 0.0, 0.0], [0.762571, 0.237429, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]],
    ]
)
ERROR_RATE = 0.181818
STATES = np.array(
    [
        [
            [0.845479, -0.208465, 0.289639],
            [-0.121709, 0.854436, -0.158831],
            [0.453944, 0.015589, 0.297142],
            [0.520727, 0.393198, 0.160346],
        ],
        [
            [0.744397, -0.71428, 0.31576],
            [0.777353, 0.819144, 0.375386],
            [-0.421385, 0.928, 0.660279],
            [0.707251, -0.769794, 0.576217],
        ],
    ]
)
WEIGHTS = np.array(
    [
        [
            [0.33362, 0.246905, 0.419475],
            [0.724284, 0.162308, 0.113408],
            [0.139168, 0.684342, 0.17649],
            [0.462384, 0.303123, 0.234493],
        ],
        [
            [0.853335, 0.146665, 0.0],
            [0.162045, 0.837955, 0.0],
            [0.225688, 0.774312, 0.0],
            [0.93977, 0.06023, 0.0],
        ],
    ]
)
LOSSES = np.array([1.675277, 1.115771, 0.769042])
FITTED = np.array([[0.13808, 0.09098], [0.968641, 0.45223], [-0.005495, -0.558663]])
