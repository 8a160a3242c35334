"""The long short-term memory: gates decide what the context c forgets, what it takes in, what it shows.

The step is the book's, line by line; the sequence does the same work with its products gathered.
Source: Jurafsky & Martin, *Speech and Language Processing*, section 13.5, equations (13.20) to (13.27);
Hochreiter and Schmidhuber (1997), with the forget gate of Gers, Schmidhuber and Cummins (2000).

    W_f W_i W_o W_g (H, D) input -> gate    U_f U_i U_o U_g (H, H) hidden -> gate    b_f b_i b_o b_g (H,)
"""

from typing import NamedTuple

import numpy as np

from unrolled.axes import Array, Float, Sizes, expect_shape
from unrolled.scratch import sequences as seq
from unrolled.scratch.rnn import sigmoid
from unrolled.scratch.sequences import Params, State

GATES = ("f", "i", "o", "g")  # the three sigmoids side by side, so that one slice holds them
SHAPES = seq.gate_shapes(GATES)


class LSTMStep(NamedTuple):
    """All that one step computes, by the book's letters, and what its backward pass needs; each (*B, H)."""

    f_t: Array
    k_t: Array
    g_t: Array
    i_t: Array
    j_t: Array
    c_t: Array
    o_t: Array
    h_t: Array
    x_t: Array
    h_prev: Array
    c_prev: Array
    params: Params


class LSTMSequence(NamedTuple):
    """What the forward pass of a sequence keeps; h[0] and c[0] are the initial state."""

    x: Array  # (T, N, D)
    gates: Array  # (T, 4, N, H): f_t, i_t, o_t, g_t = gates[t]
    h: Array  # (T + 1, N, H)
    c: Array  # (T + 1, N, H)
    mask: Array | None  # (T, N, 1)
    params: Params
    leading: tuple[int, ...]


def init_lstm(rng: np.random.Generator, D: int, H: int, forget_bias: float = 0.0) -> Params:
    """Draw every W and U uniformly from ±1/√H, the range torch.nn.LSTM uses; biases start at zero.

    ``forget_bias=1`` opens the forget gate (f ≈ 0.73), for a longer memory early on (Gers et al. 2000).
    """
    params = seq.init_gates(rng, D, H, SHAPES)
    return {**params, "b_f": params["b_f"] + forget_bias}


def lstm_step(x_t: Float[Array, "*B D"], state: State, params: Params) -> tuple[State, LSTMStep]:
    """One step, (13.20) to (13.27): x_t and (h_{t-1}, c_{t-1}) to (h_t, c_t); returns (state, cache).

    The cache carries every gate by name: ``cache.f_t`` (*B, H) is how much the forget gate lets through.
    Raises ValueError where a parameter is missing or a shape does not fit.

    >>> params = init_lstm(np.random.default_rng(0), D=3, H=2, forget_bias=50.0)
    >>> (h_t, c_t), cache = lstm_step(np.zeros(3), (np.zeros(2), np.array([4.0, -4.0])), params)
    >>> cache.f_t, c_t
    (array([1., 1.]), array([ 4., -4.]))
    """
    sizes: Sizes = {}
    p = seq.expect_params(params, SHAPES, sizes)
    x_t = expect_shape("x_t", x_t, ("*B", "D"), sizes)
    h_prev, c_prev = seq.expect_state(state, ("h_prev", "c_prev"), sizes)
    f_t = sigmoid(h_prev @ p["U_f"].T + x_t @ p["W_f"].T + p["b_f"])  # (13.20)
    k_t = c_prev * f_t  # (13.21)
    g_t = np.tanh(h_prev @ p["U_g"].T + x_t @ p["W_g"].T + p["b_g"])  # (13.22)
    i_t = sigmoid(h_prev @ p["U_i"].T + x_t @ p["W_i"].T + p["b_i"])  # (13.23)
    j_t = g_t * i_t  # (13.24)
    c_t = j_t + k_t  # (13.25)
    o_t = sigmoid(h_prev @ p["U_o"].T + x_t @ p["W_o"].T + p["b_o"])  # (13.26)
    h_t = o_t * np.tanh(c_t)  # (13.27)
    return (h_t, c_t), LSTMStep(f_t, k_t, g_t, i_t, j_t, c_t, o_t, h_t, x_t, h_prev, c_prev, p)


def lstm_step_backward(dstate: State, cache: LSTMStep) -> tuple[Float[Array, "*B D"], State, Params]:
    """The gradients of one step, given (dL/dh_t, dL/dc_t); returns (dx_t, (dh_prev, dc_prev), dparams).

    Each line undoes one line of the step, the last first.
    """
    f_t, _, g_t, i_t, _, c_t, o_t, _, x_t, h_prev, c_prev, p = cache
    dh_t, dc_t = (expect_shape(n, d, c_t.shape) for n, d in zip(("dh_t", "dc_t"), dstate, strict=True))
    tanh_c = np.tanh(c_t)
    do_t = dh_t * tanh_c  # (13.27)
    dc_t = dc_t + dh_t * o_t * (1.0 - tanh_c**2)  # (13.27), beside what the next step sends back
    dk_t = dj_t = dc_t  # (13.25): a sum hands its gradient to both sides
    dg_t, di_t = dj_t * i_t, dj_t * g_t  # (13.24)
    dc_prev, df_t = dk_t * f_t, dk_t * c_prev  # (13.21): only f_t stands between c_t and c_{t-1}
    da = {
        "f": df_t * f_t * (1.0 - f_t),  # (13.20)
        "i": di_t * i_t * (1.0 - i_t),  # (13.23)
        "o": do_t * o_t * (1.0 - o_t),  # (13.26)
        "g": dg_t * (1.0 - g_t**2),  # (13.22)
    }
    dx_t, dh_prev = (np.sum([da[n] @ p[f"{letter}_{n}"] for n in GATES], axis=0) for letter in "WU")
    return dx_t, (dh_prev, dc_prev), seq.gate_gradients(da, x_t, h_prev)


def lstm_forward(
    x: Float[Array, "*B T D"], params: Params, state_0: State | None = None, mask: Array | None = None
) -> tuple[Float[Array, "*B T H"], State, LSTMSequence]:
    """All hidden states h_1 … h_T, (13.20) to (13.27) at each step; returns (h, (h_T, c_T), cache).

    Where ``mask`` (*B, T) is False h and c are carried over unchanged.  ``state_0`` is zero unless given.
    """
    sizes: Sizes = {}
    p = seq.expect_params(params, SHAPES, sizes)
    x, (h_0, c_0), mask, leading = seq.expect_sequence(x, state_0, mask, ("h", "c"), sizes)
    W, U, b = seq.pack(p, GATES)
    (T, N, D), H = x.shape, U.shape[1]
    half = np.repeat(np.array([0.5, 0.5, 0.5, 1.0], W.dtype), H)  # σ(a) = ½ + ½ tanh(½ a): one tanh for all
    Wx = x.reshape(T * N, D) @ (W.T * half)  # all gates, all steps, one product
    Wx += b * half
    Wx, U_half = Wx.reshape(T, N, 4, H), np.ascontiguousarray(U.T * half)
    gates = Wx.reshape(T, 4, N, H)  # a step's gates take the memory of its W x_t, which is read by then
    h, c = np.empty((T + 1, N, H), Wx.dtype), np.empty((T + 1, N, H), Wx.dtype)
    h[0], c[0] = h_0, c_0
    for t in range(T):
        a = Wx[t] + (h[t] @ U_half).reshape(N, 4, H)  # one product for the four gates
        np.tanh(a.swapaxes(0, 1), out=gates[t])
        _step_in_place(gates[t], c[t], c[t + 1], h[t + 1])
        seq.carry_over_padding(mask, t, h, c)
    state_T = tuple(part[T].reshape(*leading, H) for part in (h, c))
    return seq.from_steps(h[1:], leading), state_T, LSTMSequence(x, gates, h, c, mask, p, leading)


def _step_in_place(gates: Array, c_prev: Array, c_t: Array, h_t: Array) -> None:
    """Fill c_t and h_t from the four tanh values in ``gates``, three of which become sigmoids."""
    gates[:3] *= 0.5
    gates[:3] += 0.5
    f_t, i_t, o_t, g_t = gates  # (13.20), (13.23), (13.26), (13.22)
    np.multiply(c_prev, f_t, out=c_t)  # (13.21)
    c_t += g_t * i_t  # (13.24), (13.25)
    np.tanh(c_t, out=h_t)
    h_t *= o_t  # (13.27)


def lstm_backward(
    dh: Float[Array, "*B T H"], dstate_T: State | None, cache: LSTMSequence
) -> tuple[Float[Array, "*B T D"], State, Params]:
    """Back through time from every dL/dh_t and, if any, dL/d(h_T, c_T); returns (dx, (dh_0, dc_0), dparams)."""
    x, _, h, _, mask, params, leading = cache
    T, N, H = len(x), *h.shape[1:]
    W, U, _ = seq.pack(params, GATES)
    dh = expect_shape("dh", dh, (*leading, T, H)).reshape(N, T, H)
    dh_t, dc_t = seq.gradient_of_state(dstate_T, ("h", "c"), h[0], leading)
    da = np.empty((T, N, 4, H), h.dtype)
    for t in reversed(range(T)):
        dh_t += dh[:, t]
        dc_prev = _step_back_in_place(t, da[t].swapaxes(0, 1), dh_t, dc_t, cache)
        if mask is not None:
            da[t] *= mask[t, ..., None]
        dh_prev = da[t].reshape(N, 4 * H) @ U
        if mask is not None:  # past the padding goes what came, unchanged
            dh_prev, dc_prev = np.where(mask[t], dh_prev, dh_t), np.where(mask[t], dc_prev, dc_t)
        dh_t, dc_t = dh_prev, dc_prev
    da = da.reshape(T * N, 4 * H)
    x_and_h = np.concatenate([x, h[:-1]], axis=-1).reshape(T * N, -1)
    dW, dU = np.split(da.T @ x_and_h, [x.shape[-1]], axis=1)  # both read da: one product
    dx = seq.from_steps((da @ W).reshape(x.shape), leading)
    return (
        dx,
        (dh_t.reshape(*leading, H), dc_t.reshape(*leading, H)),
        seq.unpack(dW, dU, da.sum(axis=0), GATES),
    )


def _step_back_in_place(t: int, da: Array, dh_t: Array, dc_t: Array, cache: LSTMSequence) -> Array:
    """Fill ``da``, the gradients of the four pre-activations of step t; return dc_{t-1}."""
    gates, c_prev, tanh_c = cache.gates[t], cache.c[t], np.tanh(cache.c[t + 1])
    f_t, i_t, o_t, g_t = gates
    slope = 1.0 - gates[:3]
    slope *= gates[:3]  # of the three sigmoids
    do_t = dh_t * tanh_c  # (13.27)
    dc_t = dc_t + (dh_t - do_t * tanh_c) * o_t  # (13.27), where the slope of tanh c is 1 - tanh² c
    np.multiply(dc_t * c_prev, slope[0], out=da[0])  # (13.21), (13.20)
    np.multiply(dc_t * g_t, slope[1], out=da[1])  # (13.24), (13.23)
    np.multiply(do_t, slope[2], out=da[2])  # (13.26)
    np.multiply(dc_t * i_t, 1.0 - g_t * g_t, out=da[3])  # (13.24), (13.22)
    return dc_t * f_t  # (13.21)


def trace(x: Float[Array, "*B T D"], params: Params, state_0: State | None = None) -> dict[str, Array]:
    """Every gate at every step, to look at: {"f", "i", "g", "o", "k", "j", "c", "h"}, each (*B, T, H)."""
    *_, cache = lstm_forward(x, params, state_0)
    parts = dict(zip(GATES, np.swapaxes(cache.gates, 0, 1), strict=True))
    f, i, _, g = cache.gates.swapaxes(0, 1)
    parts |= {"k": cache.c[:-1] * f, "j": g * i, "c": cache.c[1:], "h": cache.h[1:]}
    return {letter: seq.from_steps(parts[letter], cache.leading) for letter in "figokjch"}
