"""The torch twin of ``scratch.lstm``: the same letters, and autograd in place of the backward pass."""

import torch
from torch import Tensor, nn

from unrolled.nn.kernel import State, Step, fused, scan

GATES = ("f", "i", "o", "g")


class LSTM(nn.Module):
    """(13.20) to (13.27) over a sequence: x (*B, T, D) -> (h (*B, T, H), (h_T, c_T)).

    The plain loop is the one to read.  ``fused=True`` hands the same parameters to torch's own
    kernel, for real training runs; it needs (B, T, D) and padding on the right.
    """

    state_names: tuple[str, ...] = ("h", "c")
    width, shown = 1, (0,)

    def __init__(self, D: int, H: int, fused: bool = False, forget_bias: float = 0.0):
        super().__init__()
        self.D, self.H, self.fused = D, H, fused
        r = H**-0.5
        for gate in GATES:
            self.register_parameter(f"W_{gate}", nn.Parameter(torch.empty(H, D).uniform_(-r, r)))
            self.register_parameter(f"U_{gate}", nn.Parameter(torch.empty(H, H).uniform_(-r, r)))
            self.register_parameter(f"b_{gate}", nn.Parameter(torch.zeros(H)))
        nn.init.constant_(self.get_parameter("b_f"), forget_bias)

    def step(self, x_t: Tensor, state: State) -> State:
        """One step: x_t (*B, D), (h_prev, c_prev) of (*B, H) -> (h_t, c_t)."""
        h_prev, c_prev = state
        f_t = torch.sigmoid(self._sum("f", x_t, h_prev))  # (13.20)
        k_t = c_prev * f_t  # (13.21)
        g_t = torch.tanh(self._sum("g", x_t, h_prev))  # (13.22)
        i_t = torch.sigmoid(self._sum("i", x_t, h_prev))  # (13.23)
        j_t = g_t * i_t  # (13.24)
        c_t = j_t + k_t  # (13.25)
        o_t = torch.sigmoid(self._sum("o", x_t, h_prev))  # (13.26)
        return o_t * torch.tanh(c_t), c_t  # (13.27)

    def forward(
        self, x: Tensor, state_0: State | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """All hidden states and the final state; where ``mask`` (*B, T) is False, h and c are carried over."""
        if not self.fused:
            return scan(self, x, state_0, mask)
        return fused(torch.lstm, self, x, state_0, mask)

    def stepper(self) -> Step:
        """``step``, or torch's own cell, for a loop that is run from outside."""
        if not self.fused:
            return self.step
        weights = self.packed()
        return lambda x_t, state: torch.lstm_cell(x_t, state, *weights)

    def packed(self) -> list[Tensor]:
        """[W, U, b_ih, b_hh] with the gates in torch's order; of its two biases one is enough."""
        W, U, b = (torch.cat([self.get_parameter(f"{letter}_{gate}") for gate in "ifgo"]) for letter in "WUb")
        return [W, U, b, torch.zeros_like(b)]

    def _sum(self, gate: str, x_t: Tensor, h_prev: Tensor) -> Tensor:
        W, U, b = (self.get_parameter(f"{letter}_{gate}") for letter in "WUb")
        return h_prev @ U.T + x_t @ W.T + b
