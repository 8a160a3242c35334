"""What the gated twins share: a plain loop over time, and torch's own kernels behind the same arguments."""

from collections.abc import Callable
from typing import Any, Protocol, cast

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from unrolled.nn.rnn import carry_over, expect_right_padding, expect_sequence

State = tuple[Tensor, ...]
Step = Callable[[Tensor, State], State]


class Stepper(Protocol):
    """A module that knows one step: its sizes, the names of its state, and ``step(x_t, state) -> state``."""

    D: int
    H: int
    state_names: tuple[str, ...]

    def step(self, x_t: Tensor, state: State) -> State:
        """One step."""
        ...

    def stepper(self) -> Step:
        """``step`` for a loop that is run from outside: with ``fused``, torch's own cell, the weights packed once."""
        ...


class Packer(Stepper, Protocol):
    """A module that can hand its weights to torch's kernels."""

    def packed(self) -> list[Tensor]:
        """[W, U, b_ih, b_hh] with the gates in torch's order."""
        ...


def zero_state(x: Tensor, H: int, state_names: tuple[str, ...]) -> State:
    """Zeros (*B, H), one for each name."""
    return tuple(x.new_zeros(*x.shape[:-2], H) for _ in state_names)


def scan(module: Stepper, x: Tensor, state_0: State | None, mask: Tensor | None) -> tuple[Tensor, State]:
    """One step after the other: x (*B, T, D) -> (h (*B, T, H), final state); padding carries the state over."""
    expect_sequence(x, module.D, mask)
    state = zero_state(x, module.H, module.state_names) if state_0 is None else state_0
    h = []
    for t in range(x.shape[-2]):
        new = module.step(x[..., t, :], state)
        if mask is not None:
            new = tuple(torch.where(mask[..., t, None], a, b) for a, b in zip(new, state, strict=True))
        state = new
        h.append(state[0])
    return torch.stack(h, dim=-2), state


def fused(
    function: Callable[..., Any], module: Packer, x: Tensor, state_0: State | None, mask: Tensor | None
) -> tuple[Tensor, State]:
    """torch.lstm, torch.gru, … on (B, T, D), with the padding on the right skipped as a packed sequence."""
    expect_sequence(x, module.D, mask)
    state_0 = zero_state(x, module.H, module.state_names) if state_0 is None else state_0
    rest = (module.packed(), True, 1, 0.0, torch.is_grad_enabled(), False)
    if mask is None:
        h, *final = function(x, _one_layer(state_0), *rest, True)
        return h, tuple(part[0] for part in final)
    expect_right_padding(mask)
    packed = pack_padded_sequence(x, mask.sum(dim=-1).cpu(), batch_first=True, enforce_sorted=False)
    order, back = cast(Tensor, packed.sorted_indices), cast(Tensor, packed.unsorted_indices)
    hx = _one_layer(tuple(part[order] for part in state_0))
    data, *final = function(packed.data, packed.batch_sizes, hx, *rest)
    h, _ = pad_packed_sequence(
        PackedSequence(data, packed.batch_sizes, order, back), batch_first=True, total_length=x.shape[1]
    )
    return carry_over(h, state_0[0], mask), tuple(part[0][back] for part in final)


def _one_layer(state: State) -> Tensor | list[Tensor]:
    """The state as torch's kernels take it: (1, B, H), in a list if there are two of them."""
    parts = [part[None] for part in state]
    return parts if len(parts) > 1 else parts[0]
