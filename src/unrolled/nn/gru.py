"""The torch twin of ``scratch.gru``: the same variant, the same letters, autograd in place of the backward pass."""

import torch
from torch import Tensor, nn

from unrolled.nn.kernel import State, Step, fused, scan

GATES = ("r", "z", "n")


class GRU(nn.Module):
    """(7a) to (7d) over a sequence: x (*B, T, D) -> (h (*B, T, H), (h_T,)).

    The plain loop is the one to read.  ``fused=True`` hands the same parameters to torch's own
    kernel, for real training runs; it needs (B, T, D) and padding on the right.
    """

    state_names: tuple[str, ...] = ("h",)
    width, shown = 1, (0,)

    def __init__(self, D: int, H: int, fused: bool = False):
        super().__init__()
        self.D, self.H, self.fused = D, H, fused
        r = H**-0.5
        for gate in GATES:
            self.register_parameter(f"W_{gate}", nn.Parameter(torch.empty(H, D).uniform_(-r, r)))
            self.register_parameter(f"U_{gate}", nn.Parameter(torch.empty(H, H).uniform_(-r, r)))
            self.register_parameter(f"b_{gate}", nn.Parameter(torch.zeros(H)))
        self.b_hn = nn.Parameter(torch.zeros(H))

    def step(self, x_t: Tensor, state: State) -> State:
        """One step: x_t (*B, D), (h_prev,) of (*B, H) -> (h_t,)."""
        (h_prev,) = state
        (W_r, U_r, b_r), (W_z, U_z, b_z), (W_n, U_n, b_n) = (
            [self.get_parameter(f"{letter}_{gate}") for letter in "WUb"] for gate in GATES
        )
        r_t = torch.sigmoid(h_prev @ U_r.T + x_t @ W_r.T + b_r)  # (7a)
        z_t = torch.sigmoid(h_prev @ U_z.T + x_t @ W_z.T + b_z)  # (7b)
        m_t = h_prev @ U_n.T + self.b_hn
        n_t = torch.tanh(r_t * m_t + x_t @ W_n.T + b_n)  # (7c)
        return ((1.0 - z_t) * n_t + z_t * h_prev,)  # (7d)

    def forward(
        self, x: Tensor, state_0: State | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """All hidden states and the final state; where ``mask`` (*B, T) is False, h is carried over."""
        if not self.fused:
            return scan(self, x, state_0, mask)
        return fused(torch.gru, self, x, state_0, mask)

    def stepper(self) -> Step:
        """``step``, or torch's own cell, for a loop that is run from outside."""
        if not self.fused:
            return self.step
        weights = self.packed()
        return lambda x_t, state: (torch.gru_cell(x_t, state[0], *weights),)

    def packed(self) -> list[Tensor]:
        """[W, U, b_ih, b_hh] with the gates in torch's order; only the candidate has a second bias."""
        W, U, b = (torch.cat([self.get_parameter(f"{letter}_{gate}") for gate in GATES]) for letter in "WUb")
        return [W, U, b, torch.cat([torch.zeros_like(b[: 2 * self.H]), self.b_hn])]
