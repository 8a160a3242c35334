"""The torch twin of ``scratch.classification``: pool the states of a text, then a feedforward network."""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from unrolled.nn.cells import Elman
from unrolled.nn.embedding import embed, init_embedding
from unrolled.nn.loss import cross_entropy
from unrolled.nn.weights import from_model, to_model
from unrolled.scratch.sequences import Params

POOLS = ("last", "mean", "max")


class Classifier(nn.Module):
    """ids (*B, T) -> logits (*B, K), parameters E, W_ff, b_ff, V, b_y and the cell's own.

    ``make(D, H)`` makes the cell; F is H unless given; ``E`` brings pretrained embeddings, ``frozen`` keeps
    them as they are.
    """

    def __init__(
        self,
        n_vocab: int,
        K: int,
        D: int,
        H: int,
        F: int | None = None,
        make: Callable[[int, int], nn.Module] = Elman,
        pool: str = "last",
        E: Tensor | None = None,
        frozen: bool = False,
    ):
        super().__init__()
        if pool not in POOLS:
            raise ValueError(f"pool: expected one of {', '.join(POOLS)}, got {pool!r}")
        self.cell, self.pool, F = make(D, H), pool, H if F is None else F
        self.shown = cast(tuple[int, ...], self.cell.shown)
        R = H * (len(self.shown) if pool == "last" else cast(int, self.cell.width))
        self.E = init_embedding(n_vocab, D, E, frozen)
        self.W_ff = nn.Parameter(torch.empty(F, R).uniform_(-(R**-0.5), R**-0.5))
        self.b_ff = nn.Parameter(torch.zeros(F))
        self.V = nn.Parameter(torch.empty(K, F).uniform_(-(F**-0.5), F**-0.5))
        self.b_y = nn.Parameter(torch.zeros(K))

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """The scores of every class, before the softmax."""
        h, state_T = self.cell(embed(ids, self.E), None, mask)
        r = (
            torch.cat([state_T[n] for n in self.shown], dim=-1)
            if self.pool == "last"
            else self._pool(h, mask)
        )
        return torch.tanh(r @ self.W_ff.T + self.b_ff) @ self.V.T + self.b_y

    def loss(self, ids: Tensor, classes: Tensor, mask: Tensor | None = None) -> Tensor:
        """Cross-entropy (13.11) of the true class in nats per text."""
        return cross_entropy(self(ids, mask), classes)

    def predict(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """The most likely class of each text."""
        return self(ids, mask).argmax(dim=-1)

    def scratch_params(self) -> Params:
        """The parameters as NumPy arrays under the names of ``scratch``, where the cell's have no prefix."""
        return from_model(self)

    def load_scratch(self, params: Params) -> None:
        """The way back: take over every parameter from ``scratch``.  Raises ValueError where one does not fit."""
        to_model(params, self)

    def _pool(self, h: Tensor, mask: Tensor | None) -> Tensor:
        real = torch.ones_like(h[..., :1]) if mask is None else mask[..., None].to(h.dtype)
        if self.pool == "mean":
            return (h * real).sum(dim=-2) / real.sum(dim=-2)  # (13.15)
        return torch.where(real > 0, h, -torch.inf).max(dim=-2).values
