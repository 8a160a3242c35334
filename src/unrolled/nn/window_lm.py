"""The torch twin of ``scratch.window_lm``: the last N words through one fixed window."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from unrolled.nn.embedding import expect_ids, init_embedding
from unrolled.nn.rnn import ACTIVATIONS


class WindowLM(nn.Module):
    """h_t = g(W [e_{t-N+1}; …; e_t] + b), scores V h_t + b_y: ids (*B, T) -> logits (*B, T, n_vocab).

    Before the sentence the window holds ``start``.  Parameters E (D, n_vocab), W (H, N·D), b, V, b_y.
    """

    def __init__(self, n_vocab: int, D: int, H: int, N: int, start: int, g: str = "tanh"):
        super().__init__()
        if N < 1:
            raise ValueError(f"N: expected a window of at least 1 word, got {N}")
        if g not in ACTIVATIONS:
            raise ValueError(f"g: expected one of {', '.join(ACTIVATIONS)}, got {g!r}")
        self.N, self.start, self.g = N, start, g
        r_W, r_V = (N * D) ** -0.5, H**-0.5
        self.E = init_embedding(n_vocab, D)
        self.W = nn.Parameter(torch.empty(H, N * D).uniform_(-r_W, r_W))
        self.b = nn.Parameter(torch.zeros(H))
        self.V = nn.Parameter(torch.empty(n_vocab, H).uniform_(-r_V, r_V))
        self.b_y = nn.Parameter(torch.zeros(n_vocab))

    def forward(self, ids: Tensor) -> Tensor:
        """The scores at every step; padding on the right needs no mask, since no window looks that way."""
        before = expect_ids(ids, self.E.shape[1]).new_full((*ids.shape[:-1], self.N - 1), self.start)
        windows = torch.cat([before, ids], dim=-1).unfold(-1, self.N, 1)  # (*B, T, N)
        e = functional.embedding(windows, self.E.T).flatten(-2)  # (13.4), side by side: (*B, T, N·D)
        h = ACTIVATIONS[self.g](e @ self.W.T + self.b)
        return h @ self.V.T + self.b_y
