"""The torch twin of ``scratch.loss``: cross-entropy over real tokens, in nats per token."""

from torch import Tensor
from torch.nn import functional


def cross_entropy(logits: Tensor, targets: Tensor, mask: Tensor | None = None) -> Tensor:
    """The mean of -log softmax(logits)[target] (13.11) over unmasked tokens: logits (*B, K), targets (*B).

    Where ``mask`` is False the target is not looked at.
    Raises ValueError where a shape does not fit, a target is not a class, or no token is left.
    """
    if targets.shape != logits.shape[:-1]:
        raise ValueError(f"targets: expected shape {tuple(logits.shape[:-1])}, got {tuple(targets.shape)}")
    if mask is not None:
        if mask.shape != targets.shape:
            raise ValueError(f"mask: expected shape {tuple(targets.shape)}, got {tuple(mask.shape)}")
        logits, targets = logits[mask], targets[mask]
    if not targets.numel():
        raise ValueError("mask: expected at least one real token, got none")
    low, high = int(targets.min()), int(targets.max())
    if low < 0 or high >= logits.shape[-1]:
        wrong = low if low < 0 else high
        raise ValueError(f"targets: expected ids from 0 to {logits.shape[-1] - 1}, got {wrong}")
    return functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))
