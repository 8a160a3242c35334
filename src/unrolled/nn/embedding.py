"""The torch twin of ``scratch.embedding``: E (D, n_vocab), a column for each word."""

import torch
from torch import Tensor, nn
from torch.nn import functional


def init_embedding(n_vocab: int, D: int, E: Tensor | None = None, frozen: bool = False) -> nn.Parameter:
    """E (D, n_vocab), drawn with variance 1/D or copied from the one given; ``frozen`` keeps it as it is."""
    drawn = torch.randn(D, n_vocab) * D**-0.5 if E is None else E.detach().clone()
    if drawn.shape != (D, n_vocab):
        raise ValueError(f"E: expected shape {(D, n_vocab)}, got {tuple(drawn.shape)}")
    return nn.Parameter(drawn, requires_grad=not frozen)


def embed(ids: Tensor, E: Tensor, name: str = "ids") -> Tensor:
    """e_t = E x_t (13.4), without the one-hot x_t: (*B, T) -> (*B, T, D); raises ValueError as ``expect_ids`` does."""
    return functional.embedding(expect_ids(ids, E.shape[1], name), E.T)  # (13.4)


def expect_ids(ids: Tensor, n_vocab: int, name: str = "ids") -> Tensor:
    """Return token ids (*B, T) unless there are none, or one is not in 0 … n_vocab - 1: then say which."""
    if ids.is_floating_point() or ids.dtype == torch.bool:
        raise ValueError(f"{name}: expected integer token ids, got dtype {ids.dtype}")
    if ids.ndim == 0 or ids.shape[-1] == 0:
        raise ValueError(f"{name}: expected at least one word in (*B, T), got shape {tuple(ids.shape)}")
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high >= n_vocab:
        raise ValueError(f"{name}: expected ids from 0 to {n_vocab - 1}, got {low if low < 0 else high}")
    return ids
