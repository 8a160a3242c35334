"""Checks of assignment ch05_tasks, sequence classification: pooling, whom its gradient reaches, training end to end.

Each ``check_<task>(student_function)`` returns nothing or raises ``CheckFailed`` with the likely mistake.
What must come out is numbers here; the functions make the mistakes, each in the way its sentence says.
The last task is in torch: see ``_torch``.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.axes import Array
from unrolled.checks._predict import Hints, check_steps
from unrolled.checks._report import Example, Variant, check_outputs
from unrolled.checks._torch import in_numpy, tensors
from unrolled.scratch import classification, rnn

# concat-pool

H = np.array([
    [[0.4, -0.9], [-0.2, -0.3], [0.7, -0.5], [-0.6, -0.8]],
    [[-0.1, 0.2], [-0.3, -0.4], [0.9, 0.8], [0.5, 0.6]],
])  # fmt: skip
LENGTHS = np.array([4, 2])
DR = np.array([[0.5, -1.0, 0.8, 2.0, -0.3, 1.2], [1.5, 0.7, -0.4, 0.6, 1.1, -2.0]])


def _concat(h: Array, lengths: Array, dr: Array, faults: tuple[str, ...] = ()) -> tuple[Array, Array]:
    n_sentences, T, _ = h.shape
    real = (np.arange(T) < lengths[:, None])[..., None]
    rows = np.arange(n_sentences)
    last = np.full(n_sentences, T - 1) if "end" in faults else lengths - 1
    by = np.full(n_sentences, T)[:, None] if "by T" in faults else lengths[:, None]
    summed = np.ones_like(real) if "sums padding" in faults else real
    could_win = np.ones_like(real) if "padding wins" in faults else real
    winner = np.where(could_win, h, 0.0 if "zero wins" in faults else -np.inf).argmax(axis=1)
    if "one wins" in faults:
        whole = np.where(real[..., 0], h.sum(axis=-1), -np.inf).argmax(axis=1)
        winner = np.repeat(whole[:, None], h.shape[2], axis=1)
    best = np.take_along_axis(h, winner[:, None], axis=1)[:, 0]
    best = np.where(real, h, 0.0).max(axis=1) if "zero wins" in faults else best
    parts = [h[rows, last], (summed * h).sum(axis=1) / by, best]
    d_last, d_mean, d_max = np.split(dr, 3, axis=1)
    if "mean first" in faults:
        parts, (d_mean, d_max, d_last) = [parts[1], parts[2], parts[0]], (d_last, d_mean, d_max)
    dh = np.zeros_like(h)
    if "no last" not in faults:
        dh[rows, last] += d_last
    back = np.ones_like(real) if "blames padding" in faults else summed
    if "no mean" not in faults:
        dh += back * (d_mean / (1.0 if "undivided" in faults else by))[:, None]
    if "all win" in faults:
        dh += real * d_max[:, None]
    elif "no max" not in faults:
        to = np.zeros_like(h)
        np.put_along_axis(to, winner[:, None], d_max[:, None], axis=1)
        dh += to
    return np.concatenate(parts, axis=1), dh


def _pool(hint: str, *faults: str) -> Variant:
    return hint, lambda *args: _concat(*args, faults=faults)


CONCAT_POOL: list[Variant] = [
    _pool(
        "the last state is read at the end of the padding. The last word of sentence n stands at lengths[n] − 1.",
        "end",
    ),
    _pool(
        "the mean is divided by T. Sentence n has lengths[n] words, and that is what divides its sum.",
        "by T",
    ),
    _pool("the mean is taken over the padding, too: states beyond the length are none.", "by T", "sums padding"),
    _pool("states of the padding are in the sum of the mean.", "sums padding"),
    _pool("padding wins a maximum: only states of real words take part.", "padding wins"),
    _pool(
        "padding is read everywhere: the last state, the mean and the maximum all take states beyond the length.",
        "end", "by T", "sums padding", "padding wins",
    ),
    _pool(
        "padding counts as 0 in the maximum, and wins where all real states are below 0. It has to lose against anything.",
        "zero wins",
    ),
    _pool(
        "the maximum picks one state as a whole. It is taken for each unit on its own, so its numbers come from different steps.",
        "one wins",
    ),
    _pool("the mean's gradient is not divided: each state gets 1/n of it.", "undivided"),
    _pool("the mean's gradient goes to padding, too, which had no part in it.", "blames padding"),
    _pool("the maximum's gradient goes to all states. Only the one that won a unit made that number.", "all win"),
    _pool("the gradient by way of the last state is missing: a state's gradient is the sum of all three.", "no last"),
    _pool("the gradient by way of the mean is missing: a state's gradient is the sum of all three.", "no mean"),
    _pool("the gradient by way of the maximum is missing: a state's gradient is the sum of all three.", "no max"),
    _pool(
        "only the maximum's gradient is left: each part overwrites the one before. They add up.",
        "no last", "no mean",
    ),
    _pool("the parts stand in another order: last, mean, maximum.", "mean first"),
    ("the two results have changed places: first r, then dh.", lambda *args: _concat(*args)[::-1]),
]  # fmt: skip


def check_concat_pool(student: Callable[..., Any]) -> None:
    """(h (B, T, H), lengths (B,), dr (B, 3H)) -> r (B, 3H), dh (B, T, H); dh is central differences."""
    args = {"h": H, "lengths": LENGTHS, "dr": DR}
    about = "The second sentence has two words; the states behind them are padding."
    borrowed = [classification.mean_pool, classification.max_pool]
    check_outputs(student, [Example(args, POOLED, about)], CONCAT_POOL, borrowed)


# predict-blame

BLAME: Hints = {
    "last": [
        ([5], "the last state was made from all the words: its gradient goes back through U."),
        ([], "there is a loss, and a way to it from every word."),
    ],
    "last_without_U": [
        ([1, 2, 3, 4, 5], "with U = 0, h_5 is made from word 5 alone."),
        ([], "word 5 still reaches h_5, through W."),
    ],
    "mean_without_U": [
        ([5], "the mean has a part of every state, and each state its own word."),
        ([], "each word still reaches its own state, through W, and the mean has a part of each."),
    ],
    "mean_padding": [
        ([1, 2, 3, 4, 5], "padding is no part of the mean, so nothing is asked of it."),
        ([3], "the mean has a part of all three real states."),
        ([4, 5], "those two are the padding."),
    ],
    "max_without_U": [
        ([1, 2, 3, 4, 5], "a maximum sends its gradient to the winners alone, and with U = 0 it goes no further."),
        ([1, 2, 3, 4], "with U = 0 nothing goes back from a winner to the steps before it."),
        ([4], "each unit has a winner of its own: unit 1 was largest at step 2."),
        ([2], "each unit has a winner of its own: unit 2 was largest at step 4."),
    ],
    "max": [
        ([2, 4], "the states at steps 2 and 4 were made from earlier states, too: from the winners it goes back through U."),
        ([1, 2, 3, 4, 5], "word 5 comes after the last winner. Nothing goes to the right."),
        ([1, 2], "unit 2 was largest at step 4: from there it goes back as well."),
    ],
    "tag_third": [
        ([3], "h_3 was made from the words before it, too."),
        ([1, 2, 3, 4, 5], "tag 3 is chosen before words 4 and 5 are read, and the other steps have no loss here."),
        ([3, 4, 5], "gradients go back, to the words that were read before."),
    ],
}  # fmt: skip
FIVE = np.array(
    [[0.2, -0.3], [1.5, -0.8], [-0.4, 0.1], [0.3, 1.2], [-0.7, 0.4]]
)  # the winners: steps 2 and 4
WINNING = {"W": np.eye(2), "U": np.array([[0.2, 0.1], [-0.1, 0.2]])}


def check_predict_blame(student: Callable[..., Any]) -> None:
    """() -> {case: the steps, counted from 1, whose dx_t is not zero}, compared with a run."""
    check_steps(student, {case: _run_blame(case) for case in BLAME}, BLAME, 5, "step is reached")


def _run_blame(case: str) -> list[int]:
    """The same question put to a network with fixed weights."""
    U = WINNING["U"] * (not case.endswith("without_U"))
    mask = np.arange(5) < (3 if case == "mean_padding" else 5)
    h, cache = rnn.rnn_forward(FIVE, WINNING["W"], U, np.zeros(2), mask=mask)
    dr = np.array([1.0, -2.0])
    if case.startswith("mean"):
        dh = classification.mean_pool_backward(dr, classification.mean_pool(h, mask)[1])
    elif case.startswith("max"):
        dh = classification.max_pool_backward(dr, classification.max_pool(h)[1])
    else:
        dh = (np.arange(5) == (2 if case == "tag_third" else 4))[:, None] * dr
    dx, _, _ = rnn.rnn_backward(dh, cache)
    return [t + 1 for t, row in enumerate(dx) if np.abs(row).max() > 1e-12]


# fit-classifier (torch)

PARAMS = {
    "E": np.array([[0.5, -1.0, 0.3, 0.8], [-0.2, 0.6, 1.0, -0.7]]),
    "W": np.array([[0.7, -0.4], [0.2, 0.9]]), "U": np.array([[0.3, 0.8], [-0.6, 0.1]]), "b": np.array([0.1, -0.2]),
    "W_ff": np.array([[1.2, -0.5], [0.4, 0.9]]), "b_ff": np.array([0.2, -0.1]),
    "V": np.array([[0.6, -1.1], [-0.7, 0.8]]), "b_y": np.array([0.1, -0.3]),
}  # fmt: skip
FIT = {
    "params": PARAMS,
    "ids": np.array([[2, 1, 3], [3, 0, 0], [0, 2, 1]]), "lengths": np.array([3, 1, 2]), "classes": np.array([1, 0, 1]),
    "rate": 0.5, "n_updates": 3, "frozen": False,
}  # fmt: skip


def _fit(
    params: dict[str, Array], ids: Array, lengths: Array, classes: Array, rate: float, n_updates: int, frozen: bool,
    pool: str = "mean", still: Callable[[bool], tuple[str, ...]] = lambda frozen: ("E",) if frozen else (),
    read: Callable = lambda ids, lengths: np.arange(ids.shape[1]) < lengths[:, None],
    gather: bool = False, sign: float = 1.0, late: bool = False,
) -> tuple[Array, dict[str, Array]]:  # fmt: skip
    """Gradient descent with one mistake."""
    p, kept, losses = dict(params), dict.fromkeys(params, 0.0), []
    for _ in range(n_updates + late):
        loss, grads = classification.classifier_loss(ids, classes, p, mask=read(ids, lengths), pool=pool)
        losses.append(loss)
        kept = {name: gather * kept[name] + grads[name] for name in p}
        before, p = (
            p,
            {n: a - sign * rate * kept[n] * (n not in still(frozen)) for n, a in p.items()},
        )
    return (np.array(losses[1:]), before) if late else (np.array(losses), p)


def _divided_by_T(params: dict[str, Array], ids: Array, lengths: Array, classes: Array, *rest: Any) -> tuple:
    """The mean over T of states that are zero beyond the length: a slow central difference is enough here."""
    rate, n_updates, frozen = rest
    p, losses = {n: a.copy() for n, a in params.items()}, []
    real = (np.arange(ids.shape[1]) < lengths[:, None])[..., None]

    def loss() -> float:
        h, _ = rnn.rnn_forward(np.moveaxis(p["E"][:, ids], 0, -1), p["W"], p["U"], p["b"])
        z = np.tanh((real * h).mean(axis=1) @ p["W_ff"].T + p["b_ff"])
        y = rnn.softmax(z @ p["V"].T + p["b_y"])
        return float(-np.log(y[np.arange(len(ids)), classes]).mean())

    for _ in range(n_updates):
        losses.append(loss())
        grads = {n: _differences(loss, a) for n, a in p.items() if not (frozen and n == "E")}
        for n, gradient in grads.items():
            p[n] -= rate * gradient
    return np.array(losses), p


def _differences(loss: Callable[[], float], a: Array, step: float = 1e-5) -> Array:
    found = np.zeros_like(a)
    for place in np.ndindex(a.shape):
        kept = a[place]
        a[place] = kept + step
        up = loss()
        a[place] = kept - step
        found[place], a[place] = (up - loss()) / (2 * step), kept
    return found


def _trained(hint: str, **how: Any) -> Variant:
    return hint, lambda *args: _fit(*args, **how)


CELL = ("E", "W", "U", "b")
FIT_CLASSIFIER: list[Variant] = [
    _trained(
        "the embeddings are trained although frozen is True: then E stays as it is, and all the rest learns.",
        still=lambda frozen: (),
    ),
    _trained(
        "the embeddings are never trained. They stay only where frozen is True.",
        still=lambda frozen: ("E",),
    ),
    _trained(
        "the whole network that reads is frozen. Only the embeddings are: W, U and b still learn.",
        still=lambda frozen: CELL if frozen else (),
    ),
    _trained(
        "only the classifier learns: the gradient has to go on, through the pooling into the network that reads.",
        still=lambda frozen: CELL,
    ),
    _trained(
        "padding is pooled: the states beyond a sentence's length are in its mean.",
        read=lambda ids, lengths: np.ones(ids.shape, bool),
    ),
    ("the mean is divided by T. Each sentence's sum of states is divided by its own length.", _divided_by_T),
    _trained("the last state is taken. Asked for is the mean of the states of all real words (13.15).", pool="last"),
    _trained("the maximum is taken. Asked for is the mean of the states of all real words (13.15).", pool="max"),
    _trained(
        "the gradients add up from update to update: backward() adds to those that are there. Set them to zero, or to None, before it.",
        gather=True,
    ),
    _trained("the weights go up the gradient. Descent takes rate times the gradient away.", sign=-1.0),
    ("the losses are those after the updates. Each is computed before its own update.",
     lambda *args: _fit(*args, late=True)),
    (
        "the losses fall as they should, but what is returned are the weights from before the training.",
        lambda params, *rest: (_fit(params, *rest)[0], params),
    ),
]  # fmt: skip


def check_fit_classifier(student: Callable[..., Any]) -> None:
    """(params, ids, lengths, classes, rate, n_updates, frozen) -> losses (n_updates,), the trained params, as tensors."""
    variants = [(hint, in_numpy(variant)) for hint, variant in FIT_CLASSIFIER]
    examples = [
        Example(tensors({**FIT, "frozen": frozen}), expected)
        for frozen, expected in ((False, TUNED), (True, FROZEN))
    ]
    check_outputs(student, examples, variants)


# what must come out

POOLED = (
    np.array([[-0.6, -0.8, 0.075, -0.625, 0.7, -0.3], [-0.3, -0.4, -0.2, -0.1, -0.1, 0.2]]),
    np.array(
        [
            [[0.2, 0.5], [0.2, 1.7], [-0.1, 0.5], [0.7, -0.5]],
            [[0.9, -1.7], [1.3, 1.0], [0.0, 0.0], [0.0, 0.0]],
        ]
    ),
)
TUNED = (
    np.array([0.762465, 0.286366, 0.177683]),
    {
        "E": np.array([[0.452099, -1.035958, 0.22641, 0.760321], [-0.019589, 0.710681, 1.196559, -0.813121]]),
        "W": np.array([[0.666374, -0.56913], [0.140209, 1.149881]]),
        "U": np.array([[0.301964, 0.749417], [-0.597672, 0.166163]]),
        "b": np.array([-0.251289, 0.062014]),
        "W_ff": np.array([[1.220963, -0.605853], [0.302827, 1.098953]]),
        "b_ff": np.array([-0.083603, 0.214051]),
        "V": np.array([[0.66761, -1.163611], [-0.76761, 0.863611]]),
        "b_y": np.array([-0.095099, -0.104901]),
    },
)
FROZEN = (
    np.array([0.762465, 0.289613, 0.204516]),
    {
        "E": np.array([[0.5, -1.0, 0.3, 0.8], [-0.2, 0.6, 1.0, -0.7]]),
        "W": np.array([[0.656635, -0.56791], [0.13809, 1.16291]]),
        "U": np.array([[0.299825, 0.748902], [-0.595296, 0.166938]]),
        "b": np.array([-0.275646, 0.074326]),
        "W_ff": np.array([[1.219251, -0.61067], [0.299713, 1.10675]]),
        "b_ff": np.array([-0.099235, 0.219729]),
        "V": np.array([[0.667826, -1.168439], [-0.767826, 0.868439]]),
        "b_y": np.array([-0.101445, -0.098555]),
    },
)
