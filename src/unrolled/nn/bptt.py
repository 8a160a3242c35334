"""The torch twin of ``scratch.bptt``: autograd unrolls the graph; ``detach`` is what cuts it into segments."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from unrolled.nn.loss import cross_entropy
from unrolled.nn.rnn import RNN


class Network(RNN):
    """A simple RNN with outputs, parameters W, U, b, V, b_y: (*B, T, D) -> logits (*B, T, K), h (*B, T, H)."""

    def __init__(self, D: int, H: int, K: int, g: str = "tanh", fused: bool = False):
        super().__init__(D, H, g, fused)
        self.V = nn.Parameter(torch.empty(K, H).uniform_(-(H**-0.5), H**-0.5))
        self.b_y = nn.Parameter(torch.zeros(K))

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, x: Tensor, h_0: Tensor | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The scores V h_t + b_y of every step, before the softmax of (13.3), and the states."""
        h = super().forward(x, h_0, mask)
        return h @ self.V.T + self.b_y, h


class Segment(NamedTuple):
    """One segment of a long sequence: its loss, which ``loss.backward()`` takes back, and its last state."""

    steps: slice
    n_tokens: int
    loss: Tensor
    h_T: Tensor  # noqa: N815


def truncated_bptt(
    network: Network,
    x: Tensor,
    targets: Tensor,
    length: int,
    h_0: Tensor | None = None,
    mask: Tensor | None = None,
) -> Iterator[Segment]:
    """The loss of one segment of ``length`` steps after the other; the state goes on, detached from its past.

    Call ``segment.loss.backward()``, and an optimiser's step if you like, before you ask for the next.
    """
    if x.shape[-2] == 0:
        raise ValueError("x: expected at least one step, got an empty sequence (T = 0)")
    if length < 1:
        raise ValueError(f"length: expected at least 1 step in a segment, got {length}")
    h = x.new_zeros(*x.shape[:-2], len(network.U)) if h_0 is None else h_0
    return _segments(network, x, targets, length, h, mask)


def _segments(
    network: Network, x: Tensor, targets: Tensor, length: int, h: Tensor, mask: Tensor | None
) -> Iterator[Segment]:
    for begin in range(0, x.shape[-2], length):
        steps = slice(begin, min(begin + length, x.shape[-2]))
        part = targets[..., steps]
        real = torch.ones_like(part, dtype=torch.bool) if mask is None else mask[..., steps]
        if not real.any():
            continue
        rows = real.any(dim=-1)  # a sequence that is over, or has not begun, waits with its state
        logits, states = network(x[..., steps, :][rows], h[rows], real[rows])
        h = h.detach().clone()
        h[rows] = states[..., -1, :].detach()
        yield Segment(steps, int(real.sum()), cross_entropy(logits, part[rows], real[rows]), h)


def clip_by_norm(parameters: Iterable[nn.Parameter], max_norm: float) -> float:
    """Scale all ``.grad`` by one factor so that their joint norm is at most ``max_norm``; returns the norm before."""
    if not max_norm > 0:
        raise ValueError(f"max_norm: expected a number above 0, got {max_norm}")
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = torch.linalg.vector_norm(torch.stack([d.norm() for d in grads]))
    if not torch.isfinite(norm):
        raise ValueError(f"gradients: expected finite numbers, got a joint norm of {norm.item()}")
    if norm > max_norm:
        for d in grads:
            d.mul_(max_norm / norm)
    return float(norm)
