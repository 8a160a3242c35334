"""The torch twin of ``scratch.attention``."""

import torch
from torch import Tensor, nn

from unrolled.scratch.attention import SCORES


class Attention(nn.Module):
    """((*B, T, H), (*B, S, E)) -> contexts (*B, T, E) and weights (*B, T, S); (13.35) to (13.38).

    ``score`` is "dot", "scaled" or "bilinear"; only the last has weights, W_s (H, E).
    """

    def __init__(self, score: str = "dot", H: int | None = None, E: int | None = None):
        super().__init__()
        if score not in SCORES:
            raise ValueError(f"score: expected one of {', '.join(SCORES)}, got {score!r}")
        self.score, self.W_s = score, None
        if score == "bilinear":
            if H is None or E is None:
                raise ValueError(f"bilinear: expected both sizes H and E, got H={H}, E={E}")
            self.W_s = nn.Parameter(torch.randn(H, E) * (H * E) ** -0.25)

    def forward(self, h_d: Tensor, h_e: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Contexts and weights; ``mask`` (*B, S) is True at real source tokens."""
        if self.W_s is not None:
            h_d = h_d @ self.W_s  # (13.38)
        if h_d.shape[-1] != h_e.shape[-1]:
            raise ValueError(
                f"{self.score} attention: expected states of one size, got H={h_d.shape[-1]} and E={h_e.shape[-1]}; "
                "bilinear attention takes two"
            )
        scores = h_d @ h_e.mT  # (13.35)
        if self.score == "scaled":
            scores = scores * h_d.shape[-1] ** -0.5
        if mask is not None:
            scores = scores.masked_fill(~mask[..., None, :], -torch.inf)
        alpha = scores.softmax(dim=-1)  # (13.36)
        return alpha @ h_e, alpha  # (13.37)


class SelfAttention(nn.Module):
    """One head of scaled self-attention, (*B, T, D) -> (*B, T, H) and its weights (*B, T, T)."""

    def __init__(self, D: int, H: int):
        super().__init__()
        self.W_q = nn.Parameter(torch.randn(H, D) * D**-0.5)
        self.W_k = nn.Parameter(torch.randn(H, D) * D**-0.5)
        self.W_v = nn.Parameter(torch.randn(H, D) * D**-0.5)
        self.attend = Attention("scaled")

    def forward(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Each x_t as a question, a key and a value."""
        q, k, v = (x @ W.T for W in (self.W_q, self.W_k, self.W_v))
        _, alpha = self.attend(q, k, mask)
        return alpha @ v, alpha
