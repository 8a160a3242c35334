"""One shape for every recurrent module, as ``scratch.cells`` has it: forward(x, state_0, mask) -> (h, state_T)."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from unrolled.nn.gru import GRU
from unrolled.nn.kernel import State, Step, scan
from unrolled.nn.lstm import LSTM
from unrolled.nn.rnn import RNN

Make = Callable[[int, int], nn.Module]
"""(D, H) -> a module of this shape, with ``width``, ``shown`` and ``state_names`` as in scratch.cells.Cell"""


class Elman(RNN):
    """``nn.rnn.RNN`` with its state in a tuple, as the other cells have it."""

    state_names: tuple[str, ...] = ("h",)
    width, shown = 1, (0,)

    def __init__(self, D: int, H: int, fused: bool = False):
        super().__init__(D, H, fused=fused)
        self.D, self.H = D, H

    def step(self, x_t: Tensor, state: State) -> State:  # pyright: ignore[reportIncompatibleMethodOverride]
        """One step: x_t (*B, D), (h_prev,) -> (h_t,)."""
        return (super().step(x_t, state[0]),)

    def stepper(self) -> Step:
        """``step``, or torch's own cell, for a loop that is run from outside."""
        if not self.fused:
            return self.step
        zero = torch.zeros_like(self.b)
        return lambda x_t, state: (torch.rnn_tanh_cell(x_t, state[0], self.W, self.U, self.b, zero),)

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, x: Tensor, state_0: State | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """All hidden states and the final state (h_T,)."""
        if self.fused:
            h = super().forward(x, None if state_0 is None else state_0[0], mask)
            return h, (h[..., -1, :],)
        return scan(self, x, state_0, mask)


CELLS: dict[str, Callable[..., nn.Module]] = {"rnn": Elman, "gru": GRU, "lstm": LSTM}


def make_cell(cell: str | Make, fused: bool = False) -> Make:
    """What makes the layer: by its name in ``CELLS``, or as it is; raises ValueError for a name that is not there."""
    if not isinstance(cell, str):
        if fused:
            raise ValueError(
                "fused: expected False beside a cell of your own, which knows its kernel, got True"
            )
        return cell
    if cell not in CELLS:
        raise ValueError(f"cell: expected one of {', '.join(CELLS)}, got {cell!r}")
    return partial(CELLS[cell], fused=fused)
