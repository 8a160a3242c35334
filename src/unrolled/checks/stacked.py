"""What the assignment of chapter 6 checks of stacks: one with links past each layer, and torch's own layers by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.axes import Array
from unrolled.checks._report import Example, Variant, check_outputs
from unrolled.checks._torch import in_numpy, tensors
from unrolled.scratch import stacked

Params = dict[str, Array]

# residual-stack

X = np.array([[1.0, -0.5, 0.3], [0.2, 0.8, -1.0], [-0.6, 0.4, 0.9], [0.5, 1.0, -0.2]])
LAYERS = [
    {"W": np.array([[0.5, -0.3, 0.8], [0.2, 0.7, -0.6]]), "U": np.array([[0.4, -0.9], [0.6, 0.3]]), "b": np.array([0.1, -0.2])},
    {"W": np.array([[0.9, -0.4], [0.3, 0.6]]), "U": np.array([[-0.5, 0.7], [0.2, 0.8]]), "b": np.array([-0.3, 0.2])},
    {"W": np.array([[-0.7, 0.5], [0.8, 0.4]]), "U": np.array([[0.6, 0.3], [-0.4, 0.5]]), "b": np.array([0.2, 0.1])},
]  # fmt: skip


def _residual(x: Array, layers: list[Params], faults: tuple[str, ...] = ()) -> tuple[Array, Array]:
    below, finals, bottom = np.asarray(x), [], None
    start = np.zeros(len(layers[0]["b"]))
    for n, p in enumerate(layers):
        p = layers[min(n, 1)] if "one layer" in faults else p
        h, shown, states = start, [], []
        for t, x_t in enumerate(below):
            past = 0 * h if "no past" in faults else h
            link = 0.0 * past if n == 0 or "no link" in faults else x_t
            link = bottom[t] if n > 0 and "from the bottom" in faults and bottom is not None else link
            inside = "inside" in faults
            new = np.tanh(p["U"] @ past + p["W"] @ x_t + p["b"] + (link if inside else 0.0))
            out = new if inside else new + link
            out = out / 2 if "mean" in faults and n else out
            h = out if "past is shown" in faults else new
            states.append(new)
            shown.append(out)
        finals.append(shown[-1] if {"shown finals", "past is shown"} & set(faults) else states[-1])
        bottom = shown if n == 0 else bottom
        start = states[-1] if "state from below" in faults else start
        last = n == len(layers) - 1
        below = np.array(states if "bare" in faults and not last else shown)
    top = np.array(below)
    return top, np.array(finals[::-1] if "top first" in faults else finals)


def _stack(hint: str, *faults: str) -> Variant:
    return hint, lambda *args: _residual(*args, faults=faults)


RESIDUAL: list[Variant] = [
    _stack(
        "the link has got into the layer's own past: U multiplies h_{t-1}, the state before anything was added.",
        "past is shown",
    ),
    _stack("the final states have the link added. They are the h of each layer, not the z.", "shown finals"),
    _stack("the final states are in the wrong order: layer 1, at the bottom, comes first.", "top first"),
    _stack("the links are missing: z is what a layer reads added to its state, from layer 2 on.", "no link"),
    _stack("the link stands inside tanh. It goes around the layer: add it to the state.", "inside"),
    _stack("every link comes from layer 1. Each goes around one layer: add what that layer reads.", "from the bottom"),
    _stack("a layer reads the h of the layer below. It reads its z, with the link added.", "bare"),
    _stack("the state of a layer starts from the final state of the layer below. Each starts from zero.", "state from below"),
    _stack("all layers above the first use the same weights. Each has its own.", "one layer"),
    _stack("the past is lost: U multiplies the layer's own state of the step before.", "no past"),
    _stack("the sum of state and link is halved. Add them.", "mean"),
    ("the two results have changed places: first the top layer's z, then the final states.", lambda *args: _residual(*args)[::-1]),
]  # fmt: skip


def check_residual_stack(student: Callable[..., Any]) -> None:
    """(x (T, D), layers, a list of dicts W, U, b) -> (z of the top layer (T, H), final h by layer (N, H))."""
    example = Example({"x": X, "layers": LAYERS}, TOP, "There are three layers.")
    check_outputs(student, [example], RESIDUAL, [stacked.stacked_forward])


# layers-by-hand (torch)

BATCH = np.array(
    [
        [[1.0, -0.5, 0.2], [0.3, 0.8, -0.4], [-0.7, 0.6, 0.9]],
        [[0.4, 1.0, -1.0], [-0.2, 0.1, 0.5], [0.8, -0.6, 0.3]],
    ]
)
WEIGHTS = {
    "weight_ih_l0": np.array([[0.5, -0.4, 0.3], [0.7, 0.2, -0.6]]), "weight_hh_l0": np.array([[0.4, 0.6], [-0.5, 0.2]]),
    "bias_ih_l0": np.array([0.1, -0.2]), "bias_hh_l0": np.array([0.3, 0.1]),
    "weight_ih_l0_reverse": np.array([[-0.3, 0.8, 0.1], [0.4, -0.7, 0.5]]), "weight_hh_l0_reverse": np.array([[0.2, -0.6], [0.9, 0.3]]),
    "bias_ih_l0_reverse": np.array([-0.1, 0.2]), "bias_hh_l0_reverse": np.array([0.2, -0.4]),
    "weight_ih_l1": np.array([[0.6, -0.2, 0.4, 0.1], [-0.3, 0.5, 0.2, -0.8]]), "weight_hh_l1": np.array([[-0.4, 0.3], [0.7, 0.1]]),
    "bias_ih_l1": np.array([0.2, 0.0]), "bias_hh_l1": np.array([-0.1, 0.3]),
    "weight_ih_l1_reverse": np.array([[0.1, 0.9, -0.5, 0.3], [0.6, -0.1, 0.2, 0.4]]), "weight_hh_l1_reverse": np.array([[0.5, -0.2], [0.3, -0.6]]),
    "bias_ih_l1_reverse": np.array([0.0, -0.3]), "bias_hh_l1_reverse": np.array([0.4, 0.1]),
}  # fmt: skip


def _layers(x: Array, weights: Params, faults: tuple[str, ...] = ()) -> tuple[Array, Array]:
    finals = []
    n_layers = sum(name.startswith("weight_ih") for name in weights) // 2
    for n in range(n_layers):
        ways = []
        for end in ("", "_reverse"):
            used = "" if "one set" in faults else end
            W, U, b, c = (
                weights[f"{kind}_l{n}{used}"] for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            b = {"no bias": 0 * b, "first bias": b, "second bias": c}.get(next(iter(faults), ""), b + c)
            turn = end == "_reverse" and "never turned" not in faults
            rows = x[:, ::-1] if turn else x
            if turn and "numbers turned" in faults:
                rows = x[:, :, ::-1]
            h, states = np.zeros((len(x), len(U))), []
            for t in range(x.shape[1]):
                a = (h @ U if "turned U" in faults else h @ U.T) + rows[:, t] @ W.T + b
                h = np.maximum(a, 0) if "relu" in faults else np.tanh(a)
                states.append(h)
                h = 0 * h if "no past" in faults else h
            made = np.stack(states, axis=1)
            final = made[:, -1]
            made = made[:, ::-1] if turn and not {"not back", "numbers turned"} & set(faults) else made
            finals.append(made[:, -1] if "last row" in faults else final)
            ways.append(made)
        x = np.concatenate(ways[::-1] if "swapped" in faults else ways, axis=-1)
    if "by direction" in faults:
        finals = finals[0::2] + finals[1::2]
    if "top only" in faults:
        finals = finals[-2:]
    return x, np.array(finals)


def _hand(hint: str, *faults: str) -> Variant:
    return hint, in_numpy(lambda *args: _layers(*args, faults=faults))


BY_HAND: list[Variant] = [
    _hand(
        "the backward final states are those of the last row. That network ends at the first word.", "last row"
    ),
    _hand(
        "the final states are ordered by direction. torch goes layer by layer, and in each forward, then backward.",
        "by direction",
    ),
    _hand("the final states of the top layer alone are there. Give those of all layers.", "top only"),
    _hand("the backward states are not reversed back, so each row holds those of another word.", "not back"),
    _hand("the backward network reads from the left as well: nothing is reversed.", "never turned"),
    _hand("the numbers of a vector are reversed. Time is axis 1.", "numbers turned"),
    _hand("the biases are left out.", "no bias"),
    _hand("bias_hh is left out: torch adds two biases.", "first bias"),
    _hand("bias_ih is left out: torch adds two biases.", "second bias"),
    _hand("both directions use the forward weights. The backward ones end in _reverse.", "one set"),
    _hand("the two directions have changed places: forward comes first.", "swapped"),
    _hand("weight_hh is used transposed: it is (H, H) with outputs first, so rows of states take @ U.T.", "turned U"),
    _hand("the state is not carried from step to step.", "no past"),
    _hand("relu stands where tanh belongs.", "relu"),
]  # fmt: skip


def check_layers_by_hand(student: Callable[..., Any]) -> None:
    """(x (B, T, D), weights as nn.RNN names them) -> (output (B, T, 2H), h_n (2N, B, H)), as tensors."""
    args = tensors({"x": BATCH, "weights": WEIGHTS})
    check_outputs(student, [Example(args, OUTPUT, "There are two layers.")], BY_HAND)


# what must come out

TOP = (
    np.array([[0.576095, 0.403468], [0.061595, 2.207329], [0.665829, -0.093976], [0.581742, 0.945409]]),
    np.array([[0.059005, 0.357564], [-0.343753, 0.621669], [0.86649, -0.033823]]),
)
OUTPUT = (
    np.array(
        [
            [
                [0.471554, -0.452568, 0.797086, 0.496601],
                [0.34559, 0.718899, -0.215672, -0.10183],
                [0.676475, 0.500052, -0.668273, 0.091829],
            ],
            [
                [0.079713, 0.917397, 0.559515, -0.408591],
                [0.606808, 0.343272, 0.366115, -0.022627],
                [0.343522, -0.192007, 0.614616, 0.429804],
            ],
        ]
    ),
    np.array(
        [
            [[0.39059, -0.852106], [0.838172, -0.235393]],
            [[-0.231498, 0.845835], [0.702434, -0.906771]],
            [[0.676475, 0.500052], [0.343522, -0.192007]],
            [[0.797086, 0.496601], [0.559515, -0.408591]],
        ]
    ),
)
