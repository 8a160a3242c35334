"""The torch twin of ``scratch.birnn``: two modules, "fwd" and "bwd", that read from either end."""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from unrolled.nn.kernel import State

COMBINE = ("concat", "sum", "product")


class Bidirectional(nn.Module):
    """h_t = [h_t^f; h_t^b] (13.18), or their sum or product; ``make(D, H)`` makes one direction.

    The backward module reads each sequence from its own last real token.  The final state is fwd's,
    then bwd's.
    """

    def __init__(self, make: Callable[[int, int], nn.Module], D: int, H: int, combine: str = "concat"):
        super().__init__()
        if combine not in COMBINE:
            raise ValueError(f"combine: expected one of {', '.join(COMBINE)}, got {combine!r}")
        self.D, self.H, self.combine = D, H, combine
        self.fwd, self.bwd = make(D, H), make(D, H)
        names, shown = cast(tuple[str, ...], self.fwd.state_names), cast(tuple[int, ...], self.fwd.shown)
        self.state_names = tuple(f"{d}.{name}" for d in ("fwd", "bwd") for name in names)
        self.width = cast(int, self.fwd.width) * (2 if combine == "concat" else 1)
        self.shown = shown + tuple(len(names) + place for place in shown)

    def forward(
        self, x: Tensor, state_0: State | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Both directions' states (*B, T, width * H), and their final states."""
        n = len(self.state_names) // 2
        state_f, state_b = (None, None) if state_0 is None else (state_0[:n], state_0[n:])
        order = reading_order(x, mask)
        h_f, final_f = self.fwd(x, state_f, mask)  # (13.16)
        h_b, final_b = self.bwd(take(x, order), state_b, mask)  # (13.17)
        h_b = take(h_b, order)
        if self.combine == "concat":
            return torch.cat([h_f, h_b], dim=-1), final_f + final_b  # (13.18)
        return h_f + h_b if self.combine == "sum" else h_f * h_b, final_f + final_b


def reading_order(x: Tensor, mask: Tensor | None) -> Tensor:
    """(*B, T) indices that read each sequence from its last real token to its first; padding stays put.

    >>> reading_order(torch.zeros(4, 1), torch.tensor([True, True, True, False]))
    tensor([2, 1, 0, 3])
    """
    steps = torch.arange(x.shape[-2], device=x.device).expand(x.shape[:-1])
    if mask is None:
        return steps.flip(-1)
    # the n-th real token from the left changes places with the n-th from the right
    rank = mask.cumsum(dim=-1)
    mirrored = torch.where(mask, rank[..., -1:] - rank, -1)
    real_first = (~mask).long().sort(dim=-1, stable=True).indices
    return torch.where(mask, real_first.gather(-1, mirrored.clamp(min=0)), steps)


def take(x: Tensor, order: Tensor) -> Tensor:
    """The steps of each sequence in this order: (*B, T, D) and (*B, T) -> (*B, T, D)."""
    return x.gather(-2, order[..., None].expand(x.shape))
