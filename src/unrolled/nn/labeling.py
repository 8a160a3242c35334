"""The torch twin of ``scratch.labeling``: embeddings, any recurrent module, a score for each tag."""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from unrolled.nn.cells import Elman
from unrolled.nn.embedding import embed, init_embedding
from unrolled.nn.loss import cross_entropy
from unrolled.nn.weights import from_model, to_model
from unrolled.scratch.sequences import Params


class Tagger(nn.Module):
    """ids (*B, T) -> logits (*B, T, K), parameters E, V, b_y and the cell's own; ``make(D, H)`` makes the cell.

    ``E`` (D, n_vocab) brings pretrained embeddings; ``frozen`` keeps them as they are.
    """

    def __init__(
        self,
        n_vocab: int,
        K: int,
        D: int,
        H: int,
        make: Callable[[int, int], nn.Module] = Elman,
        E: Tensor | None = None,
        frozen: bool = False,
    ):
        super().__init__()
        self.cell = make(D, H)
        wide = cast(int, self.cell.width) * H
        self.E = init_embedding(n_vocab, D, E, frozen)
        self.V = nn.Parameter(torch.empty(K, wide).uniform_(-(wide**-0.5), wide**-0.5))
        self.b_y = nn.Parameter(torch.zeros(K))

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """The scores of every tag at every word, before the softmax of (13.3)."""
        h, _ = self.cell(embed(ids, self.E), None, mask)
        return h @ self.V.T + self.b_y

    def loss(self, ids: Tensor, tags: Tensor, mask: Tensor | None = None) -> Tensor:
        """Cross-entropy (13.11) in nats per token, mean over real tokens."""
        return cross_entropy(self(ids, mask), tags, mask)

    def predict(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """The most likely tag at each word; what stands at the padding means nothing."""
        return self(ids, mask).argmax(dim=-1)

    def scratch_params(self) -> Params:
        """The parameters as NumPy arrays under the names of ``scratch``, where the cell's have no prefix."""
        return from_model(self)

    def load_scratch(self, params: Params) -> None:
        """The way back: take over every parameter from ``scratch``.  Raises ValueError where one does not fit."""
        to_model(params, self)
