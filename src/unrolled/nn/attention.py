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
        return attend(h_d, comparable(h_e, self.score, self.W_s, h_d.shape[-1]), h_e, mask)


def comparable(h_e: Tensor, score: str, W_s: Tensor | None, H: int) -> Tensor:
    """(*B, S, E) -> (*B, S, H): keys whose dot product with h_d is its score, made once for all steps of a decoder."""
    if W_s is not None:
        return h_e @ W_s.mT  # (13.38): h_d W_s h_e, from the right
    if h_e.shape[-1] != H:
        raise ValueError(
            f"{score} attention: expected states of one size, got H={H} and E={h_e.shape[-1]}; "
            "bilinear attention takes two"
        )
    return h_e * H**-0.5 if score == "scaled" else h_e


def attend(h_d: Tensor, keys: Tensor, h_e: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Contexts (*B, T, E) and weights (*B, T, S) of T decoder states, given what to compare them with."""
    scores = h_d @ keys.mT  # (13.35)
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
