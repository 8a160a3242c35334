"""The simple recurrent (Elman) network: one step, a whole sequence, and the way back through both.

Chapter 1 builds this module line by line; chapter 2 derives its backward pass.
Source: Jurafsky & Martin, *Speech and Language Processing*, sections 13.1.1 and 13.1.2, equations
(13.1) to (13.3) and algorithm FORWARDRNN (figure 13.3); the network is Elman's (1990).

    W (H, D) input -> hidden    U (H, H) hidden -> hidden    V (K, H) hidden -> output    b (H,), b_y (K,)
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from unrolled.axes import Array, Bool, Float, Sizes, expect_finite, expect_mask, expect_shape
from unrolled.scratch.sequences import from_steps, to_steps

Params = dict[str, Array]


class Activation(NamedTuple):
    """An activation function g, and its slope g'(a) written in terms of the value h = g(a)."""

    g: Callable[[Array], Array]
    slope: Callable[[Array], Array]


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a)), without overflow at either end."""
    return 0.5 * (1.0 + np.tanh(0.5 * a))


def softmax(a: Float[Array, "*B K"]) -> Float[Array, "*B K"]:
    """exp(a) / sum of exp(a), over the last axis; the largest score is taken off first, so nothing overflows."""
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


ACTIVATIONS = {
    "tanh": Activation(np.tanh, lambda h: 1.0 - h**2),
    "relu": Activation(lambda a: np.maximum(a, 0.0), lambda h: (h > 0).astype(h.dtype)),
    "sigmoid": Activation(sigmoid, lambda h: h * (1.0 - h)),
}


def init_rnn(rng: np.random.Generator, D: int, H: int) -> Params:
    """Draw W and U uniformly from ±1/√H, the range torch.nn.RNN uses; b starts at zero."""
    r = 1.0 / np.sqrt(H)
    return {"W": rng.uniform(-r, r, (H, D)), "U": rng.uniform(-r, r, (H, H)), "b": np.zeros(H)}


def rnn_step(
    x_t: Float[Array, "*B D"],
    h_prev: Float[Array, "*B H"],
    W: Float[Array, "H D"],
    U: Float[Array, "H H"],
    b: Float[Array, " H"] | None = None,
    g: str = "tanh",
) -> tuple[Float[Array, "*B H"], Any]:
    """One step, h_t = g(U h_{t-1} + W x_t + b) (13.1); returns (h_t, cache).

    Raises ValueError where a shape does not fit or ``g`` is not one of tanh, relu, sigmoid.

    >>> h_t, cache = rnn_step(np.ones(3), np.zeros(2), W=np.zeros((2, 3)), U=np.eye(2))
    >>> h_t
    array([0., 0.])
    """
    x_t, h_prev, W, U, b = _check_step(x_t, h_prev, W, U, b)
    h_t = _activation(g).g(h_prev @ U.T + x_t @ W.T + b)  # (13.1)
    return h_t, (x_t, h_prev, h_t, W, U, g)


def rnn_step_backward(
    dh_t: Float[Array, "*B H"], cache: Any
) -> tuple[Float[Array, "*B D"], Float[Array, "*B H"], Params]:
    """The gradients of one step, given dL/dh_t; returns (dx_t, dh_prev, {"W", "U", "b"}).

    With da_t = dh_t ⊙ g'(a_t):  dx_t = Wᵀ da_t,  dh_prev = Uᵀ da_t,  dW = da_t x_tᵀ,  dU = da_t h_{t-1}ᵀ.
    """
    x_t, h_prev, h_t, W, U, g = cache
    dh_t = expect_shape("dh_t", dh_t, h_t.shape)
    da_t = dh_t * _activation(g).slope(h_t)  # (2d)
    return da_t @ W, da_t @ U, _weight_gradients(da_t, x_t, h_prev)


def rnn_forward(
    x: Float[Array, "*B T D"],
    W: Float[Array, "H D"],
    U: Float[Array, "H H"],
    b: Float[Array, " H"] | None = None,
    h_0: Float[Array, "*B H"] | None = None,
    mask: Bool[Array, "*B T"] | None = None,
    g: str = "tanh",
) -> tuple[Float[Array, "*B T H"], Any]:
    """All states h_1 … h_T of a sequence, (13.1) at each step; returns (h, cache), h without h_0.

    Where ``mask`` is False the state is carried over unchanged, so ``h[..., -1, :]`` is the final
    state of every sequence, however it was padded.  ``h_0`` is zero unless given.
    The products W x_t of all steps are taken at once; only U h_{t-1} has to wait for its turn.
    """
    x, h_0, mask, W, U, b = _check_sequence(x, h_0, mask, W, U, b)
    activation, leading, (H, D) = _activation(g).g, x.shape[:-2], W.shape
    x, h_prev = to_steps(x), h_0.reshape(-1, H)
    real = None if mask is None else to_steps(mask[..., None])
    h = (x.reshape(-1, D) @ W.T + b).reshape(*x.shape[:2], H)  # (T, N, H): W x_t + b, overwritten by h_t
    U_t = np.ascontiguousarray(U.T)
    for t in range(len(h)):
        h_t = activation(h[t] + h_prev @ U_t)  # (13.1)
        h[t] = h_t if real is None else np.where(real[t], h_t, h_prev)
        h_prev = h[t]
    return from_steps(h, leading), (x, h_0, h, real, W, U, g)


def rnn_backward(
    dh: Float[Array, "*B T H"], cache: Any
) -> tuple[Float[Array, "*B T D"], Float[Array, "*B H"], Params]:
    """Backpropagation through time, given dL/dh_t at every step; returns (dx, dh_0, {"W", "U", "b"}).

    What reaches h_t is its own loss *and* what comes back from h_{t+1} through U.  A gradient for
    the final state alone is a ``dh`` that is zero at all steps but the last.
    """
    x, h_0, h, real, W, U, g = cache
    slope, (T, N, H), leading = _activation(g).slope, h.shape, h_0.shape[:-1]
    dh = expect_shape("dh", dh, (*leading, T, H)).reshape(N, T, H)
    da, dh_next = np.empty_like(h), np.zeros((N, H), h.dtype)
    for t in reversed(range(T)):
        dh_t = dh[:, t] + dh_next  # (2c)
        da[t] = dh_t * slope(h[t]) * (1 if real is None else real[t])  # (2d)
        dh_next = da[t] @ U
        if real is not None:  # past the padding goes what came
            dh_next = np.where(real[t], dh_next, dh_t)
    h_prev = np.concatenate([h_0.reshape(1, N, H), h[:-1]])
    dx = from_steps((da.reshape(T * N, H) @ W).reshape(x.shape), leading)
    return dx, dh_next.reshape(*leading, H), _weight_gradients(da, x, h_prev)


def rnn_output(
    h: Float[Array, "*B H"], V: Float[Array, "K H"], b_y: Float[Array, " K"] | None = None
) -> Float[Array, "*B K"]:
    """The output y_t = softmax(V h_t + b_y) (13.3): f of (13.2) is the softmax, so each y_t sums to 1."""
    sizes: Sizes = {}
    V = expect_shape("V", V, ("K", "H"), sizes)
    h = expect_shape("h", h, ("*B", "H"), sizes)
    b_y = np.zeros(len(V), V.dtype) if b_y is None else expect_shape("b_y", b_y, ("K",), sizes)
    return softmax(h @ V.T + b_y)  # (13.3)


def forward_rnn(x: Float[Array, "*B T D"], network: Params, g: str = "tanh") -> Float[Array, "*B T K"]:
    """Algorithm FORWARDRNN (figure 13.3): inputs x_1 … x_T to outputs y_1 … y_T, from h_0 = 0.

    ``network`` holds W, U, V and, if there are any, the biases b and b_y.
    """
    h, _ = rnn_forward(x, network["W"], network["U"], network.get("b"), g=g)
    return rnn_output(h, network["V"], network.get("b_y"))


def _weight_gradients(da: Array, x: Array, h_prev: Array) -> Params:
    """Sum the step's da xᵀ and da h_prevᵀ over every leading axis, time included: the weights are shared."""
    flat = da.reshape(-1, da.shape[-1])
    return {
        "W": flat.T @ x.reshape(-1, x.shape[-1]),
        "U": flat.T @ h_prev.reshape(-1, h_prev.shape[-1]),
        "b": flat.sum(axis=0),
    }


def _activation(g: str) -> Activation:
    if g not in ACTIVATIONS:
        raise ValueError(f"g: expected one of {', '.join(ACTIVATIONS)}, got {g!r}")
    return ACTIVATIONS[g]


def _check_weights(W: Array, U: Array, b: Array | None, sizes: Sizes) -> tuple[Array, Array, Array]:
    W = expect_shape("W", W, ("H", "D"), sizes)
    U = expect_shape("U", U, ("H", "H"), sizes)
    b = np.zeros(len(W), W.dtype) if b is None else expect_shape("b", b, ("H",), sizes)
    return W, U, b


def _check_step(
    x_t: Array, h_prev: Array, W: Array, U: Array, b: Array | None
) -> tuple[Array, Array, Array, Array, Array]:
    sizes: Sizes = {}
    W, U, b = _check_weights(W, U, b, sizes)
    x_t = expect_shape("x_t", x_t, ("*B", "D"), sizes)
    return x_t, expect_shape("h_prev", h_prev, ("*B", "H"), sizes), W, U, b


def _check_sequence(
    x: Array, h_0: Array | None, mask: Array | None, W: Array, U: Array, b: Array | None
) -> tuple[Array, Array, Array | None, Array, Array, Array]:
    sizes: Sizes = {}
    W, U, b = _check_weights(W, U, b, sizes)
    x = expect_finite("x", expect_shape("x", x, ("*B", "T", "D"), sizes))
    if x.shape[-2] == 0:
        raise ValueError("x: expected at least one step, got an empty sequence (T = 0)")
    zero = np.zeros((*x.shape[:-2], len(W)), np.result_type(x, W))
    h_0 = zero if h_0 is None else expect_finite("h_0", expect_shape("h_0", h_0, ("*B", "H"), sizes))
    return x, h_0, None if mask is None else expect_mask("mask", mask, sizes), W, U, b
