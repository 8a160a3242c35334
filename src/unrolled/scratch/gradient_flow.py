"""How far back a loss is felt: the gradient by distance, for any cell that reads one way.

Chapter 2 looks at a simple RNN with it, chapter 7 sets the GRU and the LSTM beside it.  Source: Jurafsky &
Martin, *Speech and Language Processing*, section 13.5; that the gradient shrinks or grows with every step
between a loss and a state is Hochreiter's (1991) and Bengio, Simard and Frasconi's (1994).

    params: the cell's own, and V (K, H), b_y (K,) hidden -> output
"""

import numpy as np

from unrolled.axes import Array, Bool, Float, Int, Sizes, expect_finite, expect_mask, expect_shape
from unrolled.scratch.cells import RNN, Cell
from unrolled.scratch.loss import cross_entropy
from unrolled.scratch.output import output_layer, output_layer_backward
from unrolled.scratch.sequences import Params, State

WHICH = ("direct", "total")


def gradient_norms(
    x: Float[Array, "*B T D"],
    targets: Int[Array, "*B T"],
    params: Params,
    cell: Cell = RNN,
    state_0: State | None = None,
    mask: Bool[Array, "*B T"] | None = None,
    which: str = "direct",
) -> Float[Array, "*B T"]:
    """‖∂L/∂state_t‖ at every step t, h and c together for an LSTM: how strongly the loss feels a state T - t steps back.

    "direct": L is the loss L_T of the last real step alone, so that all of it travels through the states.
    "total": L is the sum of all steps' losses, which is what backpropagation through time adds up.
    Losses count 1 each, unaveraged; after the last real step the norm is 0.
    """
    if which not in WHICH:
        raise ValueError(f"which: expected one of {', '.join(WHICH)}, got {which!r}")
    own = {name: p for name, p in params.items() if name not in ("V", "b_y")}
    h, _, _ = cell.forward(x, own, state_0, mask)
    logits, output = output_layer(h, params["V"], params.get("b_y"))
    _, dlogits = cross_entropy(logits, targets, mask)
    real = np.ones(h.shape[:-1], bool) if mask is None else np.asarray(mask)
    dh, _ = output_layer_backward(dlogits * real.sum(), output)  # undo the mean
    if which == "direct":
        last = h.shape[-2] - 1 - np.argmax(real[..., ::-1], axis=-1)
        dh = dh * (np.arange(h.shape[-2]) == last[..., None])[..., None]
    dstates = state_gradients(dh, x, own, cell, state_0, mask)
    return np.linalg.norm(np.concatenate(dstates, axis=-1), axis=-1)


def state_gradients(
    dh: Float[Array, "*B T H"],
    x: Float[Array, "*B T D"],
    params: Params,
    cell: Cell = RNN,
    state_0: State | None = None,
    mask: Bool[Array, "*B T"] | None = None,
) -> State:
    """All of dL/dstate_t at every step, given what reaches each h_t from its own output; (*B, T, H) each, by state_names.

    That is the error which backpropagation through time hands from step to step; ``params`` are the cell's own.
    Raises ValueError where a shape does not fit, or the cell reads both ways and so has no steps.
    """
    sizes: Sizes = {}
    x = expect_finite("x", expect_shape("x", x, ("*B", "T", "D"), sizes))
    dh = expect_shape("dh", dh, ("*B", "T", "H"), sizes)
    if x.shape[-2] == 0:
        raise ValueError("x: expected at least one step, got an empty sequence (T = 0)")
    real = np.ones(x.shape[:-1], bool) if mask is None else expect_mask("mask", mask, sizes)
    zero = np.zeros((*x.shape[:-2], dh.shape[-1]), dh.dtype)
    state = tuple(zero for _ in cell.state_names) if state_0 is None else tuple(state_0)
    caches = []
    for t in range(x.shape[-2]):
        new, cache = cell.step(x[..., t, :], state, params)
        state = _where(real[..., t], new, state)
        caches.append(cache)
    dstate, dstates = tuple(zero for _ in cell.state_names), []
    for t in reversed(range(x.shape[-2])):
        dstate = (
            dstate[0] + dh[..., t, :],
            *dstate[1:],
        )  # its own output's share, beside what t + 1 sends back
        dstates.append(dstate)
        dstate = _where(real[..., t], cell.step_backward(dstate, caches[t])[1], dstate)  # (2f)
    return tuple(np.stack(parts[::-1], axis=-2) for parts in zip(*dstates, strict=True))


def _where(real: Bool[Array, "*B"], new: State, old: State) -> State:
    """The new state at real tokens; at padding the old one goes on as it is."""
    return tuple(np.where(real[..., None], a, b) for a, b in zip(new, old, strict=True))
