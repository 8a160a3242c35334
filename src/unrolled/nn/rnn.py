"""The torch twin of ``scratch.rnn``: the same letters, and autograd in place of the backward pass."""

import torch
from torch import Tensor, nn

ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}
_KERNELS = {"tanh": torch.rnn_tanh, "relu": torch.rnn_relu}


class RNN(nn.Module):
    """h_t = g(U h_{t-1} + W x_t + b) (13.1) over a sequence: (*B, T, D) -> (*B, T, H).

    The plain loop is the one to read.  ``fused=True`` hands the same parameters to torch's own
    kernel, for real training runs; it needs (B, T, D), tanh or relu, and padding on the right.
    """

    def __init__(self, D: int, H: int, g: str = "tanh", fused: bool = False):
        super().__init__()
        if g not in (_KERNELS if fused else ACTIVATIONS):
            raise ValueError(f"g: expected one of {', '.join(_KERNELS if fused else ACTIVATIONS)}, got {g!r}")
        self.g, self.fused = g, fused
        r = H**-0.5
        self.W = nn.Parameter(torch.empty(H, D).uniform_(-r, r))
        self.U = nn.Parameter(torch.empty(H, H).uniform_(-r, r))
        self.b = nn.Parameter(torch.zeros(H))

    def step(self, x_t: Tensor, h_prev: Tensor) -> Tensor:
        """One step: x_t (*B, D), h_prev (*B, H) -> h_t (*B, H)."""
        return ACTIVATIONS[self.g](h_prev @ self.U.T + x_t @ self.W.T + self.b)  # (13.1)

    def forward(self, x: Tensor, h_0: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """All states, h_0 left out; where ``mask`` (*B, T) is False the state is carried over."""
        expect_sequence(x, self.W.shape[1], mask)
        if h_0 is None:
            h_0 = x.new_zeros(*x.shape[:-2], len(self.U))
        if self.fused:
            return carry_over(self._kernel(x, h_0), h_0, mask)
        h, h_t = [], h_0
        for t in range(x.shape[-2]):
            new = self.step(x[..., t, :], h_t)
            h_t = new if mask is None else torch.where(mask[..., t, None], new, h_t)
            h.append(h_t)
        return torch.stack(h, dim=-2)

    def _kernel(self, x: Tensor, h_0: Tensor) -> Tensor:
        weights = [self.W, self.U, self.b, torch.zeros_like(self.b)]  # torch keeps two biases; one is enough
        return _KERNELS[self.g](x, h_0[None], weights, True, 1, 0.0, self.training, False, True)[0]


def carry_over(h: Tensor, h_0: Tensor, mask: Tensor | None) -> Tensor:
    """Put each sequence's last real state in the place of what a kernel made of the padding on its right."""
    if mask is None:
        return h
    expect_right_padding(mask)
    lengths = mask.sum(dim=-1)
    last = (lengths - 1).clamp(min=0)[..., None, None].expand(*lengths.shape, 1, h.shape[-1])
    return torch.where(mask[..., None], h, h.gather(-2, last))


def expect_sequence(x: Tensor, D: int, mask: Tensor | None) -> None:
    """Raise ValueError unless x is (*B, T, D) with T > 0, and ``mask`` (*B, T) has a real token in each sequence."""
    if x.ndim < 2 or x.shape[-1] != D:
        raise ValueError(f"x: expected shape (*B, T, D={D}), got {tuple(x.shape)}")
    if x.shape[-2] == 0:
        raise ValueError("x: expected at least one step, got an empty sequence (T = 0)")
    if mask is not None:
        expect_mask("mask", mask, tuple(x.shape[:-1]))


def expect_mask(name: str, mask: Tensor, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless ``mask`` holds booleans of this shape, at least one True in each sequence."""
    if mask.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {tuple(mask.shape)}")
    if mask.dtype != torch.bool:
        raise ValueError(f"{name}: expected booleans, True at real tokens, got dtype {mask.dtype}")
    if not mask.any(dim=-1).all():
        where = tuple((~mask.any(dim=-1)).nonzero()[0].tolist())
        raise ValueError(
            f"{name}: expected at least one real token in each sequence, got none in sequence {where}"
        )


def expect_right_padding(mask: Tensor) -> None:
    """Raise ValueError unless all padding stands on the right, where torch's kernels want it."""
    if not torch.equal(mask, torch.arange(mask.shape[-1], device=mask.device) < mask.sum(dim=-1)[..., None]):
        raise ValueError(
            "mask: the fused kernel takes padding on the right only; use fused=False for any other"
        )
