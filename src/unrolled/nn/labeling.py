"""The torch twin of ``scratch.labeling``: embeddings, any recurrent module, a score for each tag."""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from unrolled.nn.cells import Elman
from unrolled.nn.loss import cross_entropy


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
        self.E = embedding(n_vocab, D, E, frozen)
        self.V = nn.Parameter(torch.empty(K, wide).uniform_(-(wide**-0.5), wide**-0.5))
        self.b_y = nn.Parameter(torch.zeros(K))

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """The scores of every tag at every word, before the softmax of (13.3)."""
        h, _ = self.cell(look_up(self.E, ids), None, mask)
        return h @ self.V.T + self.b_y

    def loss(self, ids: Tensor, tags: Tensor, mask: Tensor | None = None) -> Tensor:
        """Cross-entropy (13.11) in nats per token, mean over real tokens."""
        return cross_entropy(self(ids, mask), tags, mask)

    def predict(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """The most likely tag at each word; what stands at the padding means nothing."""
        return self(ids, mask).argmax(dim=-1)


def embedding(n_vocab: int, D: int, E: Tensor | None, frozen: bool) -> nn.Parameter:
    """E (D, n_vocab), drawn with variance 1/D or copied from the one given."""
    drawn = torch.randn(D, n_vocab) * D**-0.5 if E is None else E.detach().clone()
    if drawn.shape != (D, n_vocab):
        raise ValueError(f"E: expected shape {(D, n_vocab)}, got {tuple(drawn.shape)}")
    return nn.Parameter(drawn, requires_grad=not frozen)


def look_up(E: Tensor, ids: Tensor) -> Tensor:
    """e_t = E x_t (13.4): (*B, T) -> (*B, T, D); raises ValueError at an id that is not a column of E."""
    if ids.numel() and not 0 <= int(ids.min()) <= int(ids.max()) < E.shape[1]:
        wrong = int(ids.min()) if int(ids.min()) < 0 else int(ids.max())
        raise ValueError(f"ids: expected ids from 0 to {E.shape[1] - 1}, got {wrong}")
    return nn.functional.embedding(ids, E.T)
