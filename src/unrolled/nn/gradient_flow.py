"""The torch twin of ``scratch.gradient_flow``: autograd's own gradient in every state."""

from typing import cast

import torch
from torch import Tensor, nn

from unrolled.nn.kernel import State, Stepper, zero_state
from unrolled.nn.loss import cross_entropy
from unrolled.nn.rnn import expect_sequence
from unrolled.scratch.gradient_flow import WHICH


def gradient_norms(
    cell: nn.Module,
    x: Tensor,
    targets: Tensor,
    V: Tensor,
    b_y: Tensor | None = None,
    state_0: State | None = None,
    mask: Tensor | None = None,
    which: str = "direct",
) -> Tensor:
    """‖∂L/∂state_t‖ at every step t, (*B, T): of the last real step's loss ("direct") or of all losses ("total").

    ``cell`` is any of ``nn.cells``, or a stack; the state is h and c together for an LSTM.
    """
    if which not in WHICH:
        raise ValueError(f"which: expected one of {', '.join(WHICH)}, got {which!r}")
    real = torch.ones_like(targets, dtype=torch.bool) if mask is None else mask
    states = _states(cast(Stepper, cell), x, state_0, real)
    T = torch.arange(x.shape[-2], device=x.device)
    last = torch.where(real, T, -1).amax(dim=-1, keepdim=True)
    counted = real if which == "total" else T == last
    logits = nn.functional.linear(torch.stack([state[0] for state in states], dim=-2), V, b_y)
    loss = cross_entropy(logits, targets, counted) * counted.sum()
    n, parts = len(states[0]), [part for state in states for part in state]
    grads = torch.autograd.grad(loss, parts, allow_unused=True)  # nothing reads the last c
    grads = [torch.zeros_like(p) if d is None else d for p, d in zip(parts, grads, strict=True)]
    return torch.stack(
        [torch.cat(grads[t * n : (t + 1) * n], dim=-1).norm(dim=-1) for t in range(len(states))], dim=-1
    )


def _states(cell: Stepper, x: Tensor, state: State | None, real: Tensor) -> list[State]:
    """Every step's whole state, carried over at padding."""
    expect_sequence(x, cell.D, real)
    if state is None:
        state = zero_state(x, cell.H, cell.state_names)
    step, states = cell.stepper(), []
    for t in range(x.shape[-2]):
        new = step(x[..., t, :], state)
        state = tuple(torch.where(real[..., t, None], a, b) for a, b in zip(new, state, strict=True))
        states.append(state)
    return states
