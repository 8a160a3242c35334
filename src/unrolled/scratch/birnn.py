"""Bidirectional recurrent networks: one cell reads from the left, another from the right.

``bidirectional(LSTM)`` is a cell for whole sequences: it goes into a stack, a tagger or a classifier like
any other.  It has no single step, for a step would need the words that are still to come.
Source: Jurafsky & Martin, *Speech and Language Processing*, section 13.4.2, equations (13.16) to (13.18);
Schuster and Paliwal (1997).
"""

from typing import Any

import numpy as np

from unrolled.axes import Array, Bool, Float, Sizes, expect_mask, expect_shape
from unrolled.scratch.cells import Cell
from unrolled.scratch.sequences import Params, State
from unrolled.scratch.stacked import join, split

DIRECTIONS = ["fwd", "bwd"]
COMBINE = ("concat", "sum", "product")


def bidirectional(cell: Cell, combine: str = "concat") -> Cell:
    """Two of a cell, one a direction; parameters "fwd.W", "bwd.W", …; state (h of fwd, …, h of bwd, …).

    >>> from unrolled.scratch.cells import LSTM
    >>> bidirectional(LSTM).state_names
    ('fwd.h', 'fwd.c', 'bwd.h', 'bwd.c')
    """
    expect_combine(combine)

    def init(rng: np.random.Generator, D: int, H: int, **kwargs: Any) -> Params:
        return join(DIRECTIONS, [cell.init(rng, D, H, **kwargs) for _ in DIRECTIONS])

    def forward(
        x: Array, params: Params, state_0: State | None = None, mask: Array | None = None
    ) -> tuple[Array, State, Any]:
        return birnn_forward(x, params, cell, state_0, mask, combine)

    def no_step(*_: Any) -> Any:
        raise ValueError(f"expected a cell that reads one way, got bidirectional {cell.name}: it has no step")

    names = tuple(f"{direction}.{part}" for direction in DIRECTIONS for part in cell.state_names)
    width = cell.width * (2 if combine == "concat" else 1)
    shown = cell.shown + tuple(len(cell.state_names) + place for place in cell.shown)
    functions = (init, no_step, no_step, forward, birnn_backward)
    return Cell(f"bidirectional {cell.name}", names, *functions, width, shown)


def birnn_forward(
    x: Float[Array, "*B T D"],
    params: Params,
    cell: Cell,
    state_0: State | None = None,
    mask: Bool[Array, "*B T"] | None = None,
    combine: str = "concat",
) -> tuple[Float[Array, "*B T K"], State, Any]:
    """h_t = [h_t^f; h_t^b] (13.18), or their sum or product; returns (h, final states, cache).

    The backward cell reads each sequence from its own last real token, however it is padded.  The
    final states are those of the last token read: the end for fwd, the beginning for bwd.
    """
    expect_combine(combine)
    fwd, bwd = split(params, DIRECTIONS)
    x = np.asarray(x)
    n = len(cell.state_names)
    state_f, state_b = (None, None) if state_0 is None else (state_0[:n], state_0[n:])
    order = reading_order(x, mask)
    h_f, final_f, cache_f = cell.forward(x, fwd, state_f, mask)  # (13.16)
    h_b, final_b, cache_b = cell.forward(take(x, order), bwd, state_b, mask)  # (13.17); padding has not moved
    h_b = take(h_b, order)  # back to reading from the left: the order is its own inverse
    h = {
        "concat": lambda: np.concatenate([h_f, h_b], axis=-1),  # (13.18)
        "sum": lambda: h_f + h_b,
        "product": lambda: h_f * h_b,
    }[combine]()
    return h, final_f + final_b, (cell, combine, order, h_f, h_b, cache_f, cache_b)


def birnn_backward(
    dh: Float[Array, "*B T K"], dstate_T: State | None, cache: Any
) -> tuple[Float[Array, "*B T D"], State, Params]:
    """Both directions' gradients, given dL/dh_t and, if any, those of the final states.

    Returns (dx, dstate_0, dparams): x fed both cells, so dx is the sum of what they send back.
    """
    cell, combine, order, h_f, h_b, cache_f, cache_b = cache
    H, n = h_f.shape[-1], len(cell.state_names)
    dh = expect_shape("dh", dh, (*h_f.shape[:-1], 2 * H if combine == "concat" else H))
    dh_f, dh_b = {
        "concat": lambda: (dh[..., :H], dh[..., H:]),
        "sum": lambda: (dh, dh),
        "product": lambda: (dh * h_b, dh * h_f),
    }[combine]()
    dfinal_f, dfinal_b = (None, None) if dstate_T is None else (dstate_T[:n], dstate_T[n:])
    dx_f, dstate_f, dfwd = cell.backward(dh_f, dfinal_f, cache_f)
    dx_b, dstate_b, dbwd = cell.backward(take(dh_b, order), dfinal_b, cache_b)
    dx = dx_f + take(dx_b, order)  # (6b)
    return dx, dstate_f + dstate_b, join(DIRECTIONS, [dfwd, dbwd])


def reading_order(x: Array, mask: Array | None) -> Array:
    """(*B, T) indices that read each sequence from its last real token to its first.

    Padding stays where it is, so reversing twice changes nothing.
    """
    sizes: Sizes = {}
    x = expect_shape("x", x, ("*B", "T", "D"), sizes)
    steps = np.broadcast_to(np.arange(x.shape[-2]), x.shape[:-1])
    if mask is None:
        return steps[..., ::-1]
    mask = expect_mask("mask", mask, sizes)
    order = steps.copy()
    for where in np.ndindex(mask.shape[:-1]):
        real = np.flatnonzero(mask[where])
        order[where][real] = real[::-1]
    return order


def take(x: Array, order: Array) -> Array:
    """The steps of each sequence in this order: (*B, T, D) and (*B, T) -> (*B, T, D)."""
    return np.take_along_axis(x, order[..., None], axis=-2)


def expect_combine(combine: str) -> None:
    """Raise ValueError unless ``combine`` is a way to join two directions."""
    if combine not in COMBINE:
        raise ValueError(f"combine: expected one of {', '.join(COMBINE)}, got {combine!r}")
