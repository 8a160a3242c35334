"""Backpropagation through time: how a loss reaches weights that every step shares.

Chapter 2 builds this module.  Source: Jurafsky & Martin, *Speech and Language Processing*, section
13.1.2; the algorithm is Werbos's (1990).  The first pass runs forward and saves each h_t while the
loss adds up; the second runs in reverse and hands each step's error to the step before it.

    W (H, D) input -> hidden    U (H, H) hidden -> hidden    V (K, H) hidden -> output    b (H,), b_y (K,)
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from unrolled.axes import Array, Bool, Float, Int, Sizes, expect_finite, expect_mask, expect_shape
from unrolled.scratch.loss import cross_entropy
from unrolled.scratch.output import output_layer, output_layer_backward
from unrolled.scratch.rnn import (
    Params,
    init_rnn,
    rnn_backward,
    rnn_forward,
    rnn_step,
    rnn_step_backward,
)


def init_network(rng: np.random.Generator, D: int, H: int, K: int) -> Params:
    """The weights of a simple RNN with outputs, from ±1/√H; both biases start at zero."""
    r = 1.0 / np.sqrt(H)
    return {**init_rnn(rng, D, H), "V": rng.uniform(-r, r, (K, H)), "b_y": np.zeros(K)}


def first_pass(
    x: Float[Array, "*B T D"],
    targets: Int[Array, "*B T"],
    network: Params,
    h_0: Float[Array, "*B H"] | None = None,
    g: str = "tanh",
) -> tuple[float, list[Any]]:
    """Forward, one step at a time: compute h_t and its outputs, add up the loss, save what the way back needs.

    The version to read: no padding.  ``bptt_forward`` gives the same numbers faster, with masks.
    """
    T, loss, saved = _expect_steps(x), 0.0, []
    h_t = np.zeros((*x.shape[:-2], len(network["U"]))) if h_0 is None else h_0
    for t in range(T):
        h_t, step = rnn_step(x[..., t, :], h_t, network["W"], network["U"], network.get("b"), g)
        logits, output = output_layer(h_t, network["V"], network.get("b_y"))
        loss_t, dlogits = cross_entropy(logits, targets[..., t])
        loss += loss_t / T  # (2a)
        saved.append((step, output, dlogits / T))  # (2b)
    return loss, saved


def second_pass(saved: list[Any]) -> tuple[Float[Array, "*B T D"], Float[Array, "*B H"], Params]:
    """In reverse: each h_t gets the error of its own output and the error that h_{t+1} sends back.

    Returns (dx, dh_0, dnetwork); every weight's gradient is the sum of its gradients at all steps.
    """
    dx, dh_next, total = [], 0.0, {}
    for step, output, dlogits in reversed(saved):
        dh_t, dlayer = output_layer_backward(dlogits, output)
        dx_t, dh_next, dcell = rnn_step_backward(dh_t + dh_next, step)  # (2c)
        dx.insert(0, dx_t)
        total = {name: total.get(name, 0.0) + d for name, d in {**dcell, **dlayer}.items()}  # (2e)
    return np.stack(dx, axis=-2), np.asarray(dh_next), total


def bptt_forward(
    x: Float[Array, "*B T D"],
    targets: Int[Array, "*B T"],
    network: Params,
    h_0: Float[Array, "*B H"] | None = None,
    mask: Bool[Array, "*B T"] | None = None,
    g: str = "tanh",
) -> tuple[float, Any]:
    """The first pass over whole arrays; returns (loss, cache).

    The loss is the mean of -log y_t[target] over real tokens, in nats per token.
    Raises ValueError where a shape, a target, a mask or ``g`` does not fit.
    """
    h, rnn_cache = rnn_forward(x, network["W"], network["U"], network.get("b"), h_0, mask, g)
    logits, output = output_layer(h, network["V"], network.get("b_y"))
    loss, dlogits = cross_entropy(logits, targets, mask)
    return loss, (h, dlogits, output, rnn_cache, tuple(network))


def bptt_backward(cache: Any) -> tuple[Float[Array, "*B T D"], Float[Array, "*B H"], Params]:
    """The second pass over whole arrays; returns (dx, dh_0, dnetwork), dnetwork keyed like ``network``."""
    _, dlogits, output, rnn_cache, names = cache
    dh, dlayer = output_layer_backward(dlogits, output)
    dx, dh_0, dcell = rnn_backward(dh, rnn_cache)
    dnetwork = {**dcell, **dlayer}
    return dx, dh_0, {name: dnetwork[name] for name in names}


class Segment(NamedTuple):
    """What one segment of a long sequence gives: its loss (nats per token), gradients, and last state."""

    steps: slice
    n_tokens: int
    loss: float
    dx: Array
    dh_0: Array
    dnetwork: Params
    h_T: Array  # noqa: N815


def truncated_bptt(
    x: Float[Array, "*B T D"],
    targets: Int[Array, "*B T"],
    network: Params,
    length: int,
    h_0: Float[Array, "*B H"] | None = None,
    mask: Bool[Array, "*B T"] | None = None,
    g: str = "tanh",
) -> Iterator[Segment]:
    """Both passes over one segment of ``length`` steps after the other; yields a ``Segment`` for each.

    The state is carried into the next segment, the error is not carried back: memory does not grow
    with T.  Each segment averages over its own tokens.  ``network`` is read anew at each segment,
    so it may be trained between two.  A segment in which nothing is real is left out.
    """
    sizes: Sizes = {}
    x = expect_shape("x", x, ("*B", "T", "D"), sizes)
    targets = expect_shape("targets", targets, ("*B", "T"), sizes)
    mask = None if mask is None else expect_mask("mask", mask, sizes)
    _expect_steps(x)
    if length < 1:
        raise ValueError(f"length: expected at least 1 step in a segment, got {length}")
    zero = np.zeros((*x.shape[:-2], len(network["U"])), np.result_type(x, network["W"]))
    return _segments(x, targets, network, length, zero if h_0 is None else np.asarray(h_0), mask, g)


def _segments(
    x: Array, targets: Array, network: Params, length: int, h: Array, mask: Array | None, g: str
) -> Iterator[Segment]:
    for begin in range(0, x.shape[-2], length):
        steps = slice(begin, min(begin + length, x.shape[-2]))
        part = targets[..., steps]
        real = np.ones(part.shape, bool) if mask is None else mask[..., steps]
        if real.any():
            segment = _segment(x[..., steps, :], part, network, h, real, g, steps)
            h = segment.h_T
            yield segment


def _segment(
    x: Array, targets: Array, network: Params, h_0: Array, mask: Array, g: str, steps: slice
) -> Segment:
    rows = mask.any(axis=-1)  # a sequence that is over, or has not begun, waits with its state
    loss, cache = bptt_forward(x[rows], targets[rows], network, h_0[rows], mask[rows], g)
    dx, dh_0, h_T = np.zeros(x.shape, h_0.dtype), np.zeros_like(h_0), h_0.copy()
    dx[rows], dh_0[rows], dnetwork = bptt_backward(cache)
    h_T[rows] = cache[0][..., -1, :]
    return Segment(steps, int(mask.sum()), loss, dx, dh_0, dnetwork, h_T)


def global_norm(gradients: Params) -> float:
    """The length of all gradients laid end to end, as one vector."""
    return float(np.sqrt(sum(np.sum(np.square(d, dtype=np.float64)) for d in gradients.values())))


def clip_by_norm(gradients: Params, max_norm: float) -> tuple[Params, float]:
    """Scale all gradients by one factor so that their joint norm is at most ``max_norm``; the direction stays.

    Returns (gradients, the norm before).  Raises ValueError unless max_norm > 0 and every number is finite.

    >>> clip_by_norm({"W": np.array([3.0]), "U": np.array([4.0])}, max_norm=1.0)
    ({'W': array([0.6]), 'U': array([0.8])}, 5.0)
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm: expected a number above 0, got {max_norm}")
    for name, d in gradients.items():
        expect_finite(f"d{name}", d)
    norm = global_norm(gradients)
    scale = max_norm / norm if norm > max_norm else 1.0
    return {name: d * scale for name, d in gradients.items()}, norm


def _expect_steps(x: Array) -> int:
    if x.shape[-2] == 0:
        raise ValueError("x: expected at least one step, got an empty sequence (T = 0)")
    return x.shape[-2]
