"""What the assignment of chapter 6 checks of two directions: reversal, combination, the way back, and where they end."""

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.axes import Array
from unrolled.checks._predict import check_steps
from unrolled.checks._report import Example, Variant, check_outputs
from unrolled.checks._torch import in_numpy, tensors
from unrolled.scratch import birnn, rnn
from unrolled.scratch.cells import GRU

Params = dict[str, Array]

# reverse-within

ROWS = np.arange(1.0, 31.0).reshape(3, 5, 2)
REAL = np.array([[True, True, True, False, False], [False, True, True, True, True], [True] * 5])


def _reverse(x: Array, mask: Array, how: str = "") -> Array:
    out = x.copy()
    for row, real in zip(out, mask, strict=True):
        where, n = np.flatnonzero(real), int(real.sum())
        if how == "front":
            row[:n] = row[:n][::-1]
        elif how == "first row":
            row[mask[0]] = row[mask[0]][::-1]
        elif how == "at the end":
            row[:] = np.concatenate([row[~real], row[where[::-1]]])
        elif how == "to the front":
            row[:] = np.concatenate([row[where[::-1]], row[~real]])
        else:
            row[where] = row[where[::-1]]
            row[~real] *= how != "zeros"
    return out


REVERSE: list[Variant] = [
    ("whole rows are reversed, so padding changes places with words.", lambda x, mask: x[:, ::-1]),
    (
        "the padding is set to zero. It stays as it was.",
        lambda x, mask: _reverse(x, mask, "zeros"),
    ),
    (
        "padding is taken to stand on the right. In the second sentence it stands on the left.",
        lambda x, mask: _reverse(x, mask, "front"),
    ),
    (
        "all padding has moved to the right. Every padded place stays where it was.",
        lambda x, mask: _reverse(x, mask, "to the front"),
    ),
    (
        "all padding has moved to the left. Every padded place stays where it was.",
        lambda x, mask: _reverse(x, mask, "at the end"),
    ),
    (
        "every row is treated by the mask of the first.",
        lambda x, mask: _reverse(x, mask, "first row"),
    ),
    ("the numbers of a vector are reversed. Time is axis 1.", lambda x, mask: x[:, :, ::-1]),
    ("the sentences of the batch are reversed. Time is axis 1.", lambda x, mask: x[::-1]),
    ("nothing is reversed.", lambda x, mask: x),
    (
        "the padding is reversed, and the words are not.",
        lambda x, mask: _reverse(x, ~mask),
    ),
]


def check_reverse_within(student: Callable[..., Any]) -> None:
    """(x (B, T, D), mask (B, T)) -> x with the real steps of each row in reverse."""
    example = Example({"x": ROWS, "mask": REAL}, REVERSED, "The masks differ.")
    check_outputs(student, [example], REVERSE, [birnn.reading_order])


# both-ways

SENTENCES = np.array([[[1.0, -0.5], [0.3, 0.8], [-0.6, 0.4]], [[0.7, 0.2], [-0.4, 0.9], [5.0, -5.0]]])
LENGTHS = np.array([3, 2])
FWD = {
    "W_r": np.array([[0.5, -0.3], [0.2, 0.7]]), "U_r": np.array([[0.4, -0.9], [0.6, 0.3]]), "b_r": np.array([0.1, -0.2]),
    "W_z": np.array([[0.9, -0.4], [0.3, 0.6]]), "U_z": np.array([[-0.5, 0.7], [0.2, 0.8]]), "b_z": np.array([-0.3, 0.2]),
    "W_n": np.array([[-0.7, 0.5], [0.8, 0.4]]), "U_n": np.array([[0.6, 0.3], [-0.4, 0.5]]), "b_n": np.array([0.2, 0.1]), "b_hn": np.array([0.0, 0.3]),
}  # fmt: skip
BWD = {
    "W_r": np.array([[0.3, 0.6], [-0.5, 0.1]]), "U_r": np.array([[0.7, 0.2], [-0.3, 0.9]]), "b_r": np.array([0.0, 0.4]),
    "W_z": np.array([[-0.2, 0.8], [0.5, -0.6]]), "U_z": np.array([[0.4, 0.1], [-0.7, 0.3]]), "b_z": np.array([0.2, -0.1]),
    "W_n": np.array([[0.9, -0.6], [0.4, 0.7]]), "U_n": np.array([[-0.8, 0.5], [0.2, 0.6]]), "b_n": np.array([-0.2, 0.3]), "b_hn": np.array([0.1, -0.2]),
}  # fmt: skip


def _run(x: Array, params: Params) -> Array:
    return GRU.forward(x, params)[0]


def _both(
    x: Array, lengths: Array, fwd: Params, bwd: Params, combine: str, faults: tuple[str, ...] = ()
) -> Array:
    rows = []
    for row, n in zip(x, lengths, strict=True):
        n = len(row) if "whole row" in faults else n
        h_f = _run(row[:n], fwd)
        read = h_f if "a stack" in faults else row[:n]
        h_b = _run(read[:: 1 if "left" in faults else -1], fwd if "one set" in faults else bwd)
        h_b = h_b if {"left", "not back"} & set(faults) else h_b[::-1]
        pair = [h_b, h_f] if "swapped" in faults else [h_f, h_b]
        way = {"sum": "product", "product": "sum"}.get(combine, combine) if "mixed up" in faults else combine
        joined = {
            "concat": lambda p: np.concatenate(p, axis=-1),
            "sum": lambda p: (p[0] + p[1]) / (2 if "mean" in faults else 1),
            "product": lambda p: p[0] * p[1],
        }["concat" if "always concat" in faults else way](pair)
        filled = np.zeros((x.shape[1], joined.shape[-1]))
        filled[:n] = joined
        if "carried" in faults:
            filled[n:] = joined[-1]
        rows.append(filled)
    return np.array(rows)


def _ways(hint: str, *faults: str) -> Variant:
    return hint, lambda *args: _both(*args, faults=faults)


BOTH: list[Variant] = [
    _ways("padding is read as if it were words.", "whole row"),
    (
        "padding is read as if it were words, and then blotted out. The backward network has read it first.",
        lambda x, lengths, *rest: (
            _both(x, np.full(len(x), x.shape[1]), *rest) * (np.arange(x.shape[1]) < lengths[:, None])[..., None]
        ),
    ),
    _ways("the rows beyond a sentence's end are not zero.", "carried"),
    _ways("the backward states are not reversed back: each row holds those of another word.", "not back"),
    _ways("the backward network reads from the left as well.", "left"),
    _ways("both directions use the same weights. They are two independent networks.", "one set"),
    _ways("the backward network reads the forward one's states. It reads the words.", "a stack"),
    _ways("the directions have changed places: the forward states come first.", "swapped"),
    _ways("sum and product are mixed up.", "mixed up"),
    _ways("the sum is halved.", "mean"),
    _ways("combine is ignored: the states are always concatenated.", "always concat"),
]  # fmt: skip


def check_both_ways(student: Callable[..., Any]) -> None:
    """(x (B, T, D), lengths (B,), fwd, bwd, combine) -> h (B, T, 2H) or (B, T, H), zero at padding."""
    args = {"x": SENTENCES, "lengths": LENGTHS, "fwd": FWD, "bwd": BWD}
    examples = [
        Example({**args, "combine": how}, BOTH_WAYS[how], "The second sentence has two words.")
        for how in ("concat", "sum", "product")
    ]
    check_outputs(student, examples, BOTH, [birnn.birnn_forward])


# product-backward

X = np.array([[1.0, -0.5, 0.3], [0.2, 0.8, -1.0], [-0.6, 0.4, 0.9], [0.5, 1.0, -0.2]])
DH = np.array([[0.5, -1.0], [0.3, 0.7], [-0.4, 0.2], [1.0, 0.6]])
ONE = {"W": np.array([[0.5, -0.3, 0.8], [0.2, 0.7, -0.6]]), "U": np.array([[0.4, -0.9], [0.6, 0.3]])}
OTHER = {"W": np.array([[0.9, 0.1, -0.4], [-0.2, 0.3, 0.6]]), "U": np.array([[-0.5, 0.7], [0.2, 0.8]])}


def _product(dh: Array, x: Array, fwd: Params, bwd: Params, faults: tuple[str, ...] = ()) -> Params:
    h_f, cache_f = rnn.rnn_forward(x, fwd["W"], fwd["U"])
    h_b, cache_b = rnn.rnn_forward(x[::-1], bwd["W"], bwd["U"])
    partner_of_f = h_b if "partner not back" in faults else h_b[::-1]
    partner_of_b = h_f
    if "own" in faults:
        partner_of_f, partner_of_b = h_f, h_b[::-1]
    if "a sum" in faults:
        partner_of_f = partner_of_b = np.ones_like(dh)
    if "dropped f" in faults:
        partner_of_f = np.ones_like(dh)
    dh_f, dh_b = dh * partner_of_f, dh * partner_of_b
    dh_f, dh_b = (dh_f / 2, dh_b / 2) if "halved" in faults else (dh_f, dh_b)
    dx_f, _, d_f = rnn.rnn_backward(dh_f, cache_f)
    dx_b, _, d_b = rnn.rnn_backward(dh_b if "dh not turned" in faults else dh_b[::-1], cache_b)
    dx_b = dx_b if "dx not turned" in faults else dx_b[::-1]
    dx = {"forward dx": dx_f, "backward dx": dx_b, "product dx": dx_f * dx_b}
    dx = next((dx[name] for name in faults if name in dx), dx_f + dx_b)
    d_f, d_b = (d_b, d_f) if "swapped" in faults else (d_f, d_b)
    return {"dx": dx, "fwd_dW": d_f["W"], "fwd_dU": d_f["U"], "bwd_dW": d_b["W"], "bwd_dU": d_b["U"]}


def _prod(hint: str, *faults: str) -> Variant:
    return hint, lambda *args: _product(*args, faults=faults)


PRODUCT: list[Variant] = [
    _prod("that is the gradient of a sum. In a product each factor is multiplied by the other.", "a sum"),
    _prod("each network gets its own state as factor. It is the other one's.", "own"),
    _prod("the backward states are not reversed back before they become a factor.", "partner not back"),
    _prod("the gradient for the backward network is not reversed. It read from the right.", "dh not turned"),
    _prod("the backward network's dx is not reversed back before the two are added.", "dx not turned"),
    _prod(
        "neither the gradient for the backward network nor its dx is reversed.", "dh not turned", "dx not turned"
    ),
    _prod("dx has the forward network's part only. Both have read x.", "forward dx"),
    _prod("dx has the backward network's part only. Both have read x.", "backward dx"),
    _prod("the two parts of dx are multiplied. Gradients from two uses are added.", "product dx"),
    _prod("the gradient is shared out, half to each. Each factor gets all of it, times the other.", "halved"),
    _prod("the factor is missing for the forward network.", "dropped f"),
    _prod("the two networks' gradients have changed places.", "swapped"),
]  # fmt: skip


def check_product_backward(student: Callable[..., Any]) -> None:
    """(dh (T, H), x (T, D), fwd, bwd) -> dict of dx and both networks' dW, dU; the numbers are central differences."""
    args = {"dh": DH, "x": X, "fwd": ONE, "bwd": OTHER}
    check_outputs(student, [Example(args, BACK)], PRODUCT, [birnn.birnn_backward])


# predict-changes

SIX = np.random.default_rng(6).normal(size=(6, 3))
ALL = [1, 2, 3, 4, 5, 6]
CHANGES: dict[str, list[tuple[list[int], str]]] = {
    "forward": [
        ([4], "a state that changed is handed on to the next step, and on."),
        ([5, 6], "the state at 4 has read word 4 itself."),
        ([1, 2, 3, 4], "that is the network that reads from the right."),
        (ALL, "the states before step 4 were made before word 4 was read."),
    ],
    "backward": [
        ([4], "a state that changed is handed on to the next step that this network takes, and that is step 3."),
        ([1, 2, 3], "the state at 4 has read word 4 itself."),
        ([4, 5, 6], "that is the network that reads from the left."),
        (ALL, "the backward states at 5 and 6 were made before that network came to word 4."),
    ],
    "sum": [
        ([4], "each direction hands its change on, the one to the right and the other to the left."),
        ([4, 5, 6], "half of the sum comes from the right, where steps 1 to 4 have read word 4."),
        ([1, 2, 3, 4], "half of the sum comes from the left, where steps 4 to 6 have read word 4."),
    ],
    "stack": [
        (ALL, "a stack reads from the left in all its layers: no state at 1 to 3 has word 4 in it."),
        ([5, 6], "all layers take step 4 at step 4: the top one reads what the lower one has just made."),
        ([4], "a state that changed is handed on to the next step, and on."),
    ],
    "deep_backward": [
        ([1, 2, 3, 4], "layer 2 reads both directions of layer 1, and those of step 6 have changed from the left."),
        ([4, 5, 6], "layer 2 reads both directions of layer 1, and the backward network hands it on to the left."),
        ([4], "layer 2 reads what layer 1 made of the word at all steps."),
    ],
    "pair_backward": [
        (ALL, "here the two stacks meet only at the top: nothing in the backward one has read from the left."),
        ([1, 2, 3], "the state at 4 has read word 4 itself."),
        ([4, 5, 6], "the backward stack reads from the right in both of its layers."),
    ],
    "padding": [
        ([1, 2, 3, 4], "reversed within its own length, the backward network begins at word 4: no padding is read."),
        ([6], "the question is about the states at words 1 to 4."),
        ([4], "with a mask the backward network begins at word 4, from a zero state."),
    ],
    "whole_row": [
        ([], "the reversed row begins with row 6, so that is what the backward network reads first."),
        ([4], "what was read first is in every state from there on."),
        (ALL, "the question is about words 1 to 4 only."),
    ],
}  # fmt: skip


def check_predict_changes(student: Callable[..., Any]) -> None:
    """() -> {case: the steps, counted from 1, at which the state is another than before}, compared with a run."""
    check_steps(student, {case: _run_change(case) for case in CHANGES}, CHANGES, 6, "state changes")


def _run_change(case: str) -> list[int]:
    """The same question put to networks with fixed weights."""
    other, short = SIX.copy(), case in ("padding", "whole_row")
    other[5 if short else 3] += 1.0
    before, after = (_states(case, x) for x in (SIX, other))
    return [t + 1 for t in range(4 if short else 6) if np.abs(before[t] - after[t]).max() > 1e-12]


def _states(case: str, x: Array) -> Array:
    def one(rows: Array, turn: bool, seed: int, mask: Array | None = None) -> Array:
        draw = np.random.default_rng(seed)
        W, U = draw.normal(size=(4, rows.shape[1])), draw.normal(size=(4, 4))
        order = birnn.reading_order(rows, mask) if turn else np.arange(len(rows))
        return rnn.rnn_forward(rows[order], W, U, mask=mask)[0][order]

    forward, backward = one(x, False, 1), one(x, True, 2)
    made = {
        "forward": lambda: forward,
        "backward": lambda: backward,
        "sum": lambda: forward + backward,
        "stack": lambda: one(forward, False, 3),
        "deep_backward": lambda: one(np.concatenate([forward, backward], axis=-1), True, 4),
        "pair_backward": lambda: one(backward, True, 5),
        "padding": lambda: one(x, True, 2, np.arange(6) < 4),
        "whole_row": lambda: backward,
    }
    return made[case]()


# final-states (torch)

OUTPUT = np.round(np.random.default_rng(13).normal(size=(2, 4, 6)), 1)
WORDS = np.array([4, 2])


def _final(output: Array, lengths: Array, how: str = "") -> Array:
    H, at = output.shape[-1] // 2, np.arange(len(output))
    n = lengths - 1
    f, b = output[at, n, :H], output[:, 0, H:]
    return {
        "last row": lambda: np.concatenate([output[:, -1, :H], b], -1),
        "all last row": lambda: output[:, -1],
        "own last": lambda: output[at, n],
        "first": lambda: output[:, 0],
        "from the last row": lambda: np.concatenate([f, output[:, -1, H:]], -1),
        "late": lambda: np.concatenate([output[at, np.minimum(lengths, output.shape[1] - 1), :H], b], -1),
        "swapped": lambda: np.concatenate([b, f], -1),
        "halves": lambda: np.concatenate([output[:, 0, :H], output[at, n, H:]], -1),
        "interleaved": lambda: np.concatenate([output[at, n, 0::2], output[:, 0, 1::2]], -1),
        "sum": lambda: f + b,
        "mean": lambda: output.mean(axis=1),
    }.get(how, lambda: np.concatenate([f, b], -1))()


FINAL: list[Variant] = [
    (hint, in_numpy(lambda output, lengths, how=how: _final(output, lengths, how)))
    for how, hint in {
        "all last row": "the last row holds the backward state that has read one row only, and of a short sentence it is padding.",
        "own last": "both halves come from a sentence's last word. The backward network ends at the first.",
        "first": "both halves come from the first word. The forward network ends at the last.",
        "last row": "the forward state comes from the last row, which is padding where a sentence is shorter.",
        "from the last row": "the backward half comes from the last row. That network ends at the first word.",
        "late": "the forward state is read one row too late: the last word of n stands in row n − 1.",
        "swapped": "the two halves have changed places: forward comes first.",
        "halves": "each half comes from where its network begins, not from where it ends.",
        "interleaved": "the directions stand one after the other in the last axis, not number by number in turns.",
        "sum": "the two states are added. Concatenate them.",
        "mean": "that is the mean over all rows. The final states are asked for.",
    }.items()
]


def check_final_states(student: Callable[..., Any]) -> None:
    """(output (B, T, 2H), lengths (B,)) -> (B, 2H), forward's final state and backward's, as tensors."""
    args = tensors({"output": OUTPUT, "lengths": WORDS})
    about = "The second sentence has two words; its other rows are padding."
    check_outputs(student, [Example(args, FINALS, about)], FINAL)


# what must come out

REVERSED = np.array(
    [
        [[5.0, 6.0], [3.0, 4.0], [1.0, 2.0], [7.0, 8.0], [9.0, 10.0]],
        [[11.0, 12.0], [19.0, 20.0], [17.0, 18.0], [15.0, 16.0], [13.0, 14.0]],
        [[29.0, 30.0], [27.0, 28.0], [25.0, 26.0], [23.0, 24.0], [21.0, 22.0]],
    ]
)
BOTH_WAYS = {
    "concat": np.array(
        [
            [
                [-0.196912, 0.304875, 0.426859, 0.420853],
                [0.087756, 0.427334, -0.229963, 0.447785],
                [0.50765, 0.290433, -0.251993, 0.132125],
            ],
            [
                [-0.0822, 0.264676, 0.122086, 0.482257],
                [0.480805, 0.304287, -0.209169, 0.393041],
                [0.0, 0.0, 0.0, 0.0],
            ],
        ]
    ),
    "sum": np.array(
        [
            [[0.229946, 0.725727], [-0.142207, 0.87512], [0.255657, 0.422557]],
            [[0.039886, 0.746933], [0.271635, 0.697328], [0.0, 0.0]],
        ]
    ),
    "product": np.array(
        [
            [[-0.084054, 0.128307], [-0.020181, 0.191354], [-0.127924, 0.038373]],
            [[-0.010035, 0.127642], [-0.10057, 0.119597], [0.0, 0.0]],
        ]
    ),
}
BACK = {
    "dx": np.array(
        [
            [0.230859, -0.060399, 0.272298],
            [-0.159122, 0.220383, 0.896861],
            [0.209727, -0.193102, 0.624406],
            [0.034387, 0.054667, 0.866289],
        ]
    ),
    "fwd_dW": np.array([[0.185062, 0.816877, 0.038579], [-0.045066, -0.020587, -0.276327]]),
    "fwd_dU": np.array([[-0.292727, 0.102097], [0.034437, -0.26127]]),
    "bwd_dW": np.array([[0.154654, -0.241207, 0.31112], [0.661573, 1.558424, -0.831125]]),
    "bwd_dU": np.array([[0.422372, 0.001323], [-0.393693, 0.870697]]),
}
FINALS = np.array([[1.7, -0.2, 1.3, 0.1, 1.3, 0.4], [1.1, 0.2, -0.4, 1.3, -1.5, 0.3]])
