"""The gated recurrent unit: two gates and no context vector beside h.

This is the variant of torch.nn.GRU and cuDNN: the reset gate comes after the product with U_n, which
therefore has a bias of its own (Cho et al. 2014, arXiv:1406.1078v1; "reset_after" in Keras).  In the later
versions of that paper r_t multiplies h_{t-1} before the product: U_n (r_t ⊙ h_{t-1}).
The book names the GRU (section 13.5.1) without equations; these carry numbers of ours, (7a) to (7d).

    W_r W_z W_n (H, D) input -> gate    U_r U_z U_n (H, H) hidden -> gate    b_r b_z b_n b_hn (H,)
"""

from typing import NamedTuple

import numpy as np

from unrolled.axes import Array, Bool, Float, Sizes, expect_shape
from unrolled.scratch import sequences as seq
from unrolled.scratch.rnn import sigmoid
from unrolled.scratch.sequences import Params, State

GATES = ("r", "z", "n")
SHAPES = {**seq.gate_shapes(GATES), "b_hn": ("H",)}


class GRUStep(NamedTuple):
    """All that one step computes, by name, and what its backward pass needs; each (*B, H)."""

    r_t: Array
    z_t: Array
    n_t: Array
    m_t: Array
    h_t: Array
    x_t: Array
    h_prev: Array
    params: Params


class GRUSequence(NamedTuple):
    """What the forward pass of a sequence keeps; h[0] is the initial state."""

    x: Array  # (T, N, D)
    gates: Array  # (T, 3, N, H): r_t, z_t, n_t = gates[t]
    m: Array  # (T, N, H)
    h: Array  # (T + 1, N, H)
    mask: Array | None  # (T, N, 1)
    params: Params
    leading: tuple[int, ...]


def init_gru(rng: np.random.Generator, D: int, H: int) -> Params:
    """Draw every W and U uniformly from ±1/√H, the range torch.nn.GRU uses; biases start at zero."""
    return seq.init_gates(rng, D, H, SHAPES)


def gru_step(x_t: Float[Array, "*B D"], state: State, params: Params) -> tuple[State, GRUStep]:
    """One step, (7a) to (7d): x_t and (h_{t-1},) to (h_t,); returns (state, cache), with the gates in the cache.

    r_t resets: 0 hides the past from the candidate n_t.  z_t updates: 1 keeps h_{t-1}, 0 takes n_t.
    Raises ValueError where a parameter is missing or a shape does not fit.

    >>> params = init_gru(np.random.default_rng(0), D=3, H=2)
    >>> gru_step(np.zeros(3), (np.zeros(2),), params)[1].z_t
    array([0.5, 0.5])
    """
    sizes: Sizes = {}
    p = seq.expect_params(params, SHAPES, sizes)
    x_t = expect_shape("x_t", x_t, ("*B", "D"), sizes)
    (h_prev,) = seq.expect_state(state, ("h_prev",), sizes)
    r_t = sigmoid(h_prev @ p["U_r"].T + x_t @ p["W_r"].T + p["b_r"])  # (7a)
    z_t = sigmoid(h_prev @ p["U_z"].T + x_t @ p["W_z"].T + p["b_z"])  # (7b)
    m_t = h_prev @ p["U_n"].T + p["b_hn"]  # what the past has to say, before r_t is asked
    n_t = np.tanh(r_t * m_t + x_t @ p["W_n"].T + p["b_n"])  # (7c)
    h_t = (1.0 - z_t) * n_t + z_t * h_prev  # (7d)
    return (h_t,), GRUStep(r_t, z_t, n_t, m_t, h_t, x_t, h_prev, p)


def gru_step_backward(dstate: State, cache: GRUStep) -> tuple[Float[Array, "*B D"], State, Params]:
    """The gradients of one step, given (dL/dh_t,); returns (dx_t, (dh_prev,), dparams).

    Each line undoes one line of the step, the last line first.
    """
    r_t, z_t, n_t, m_t, _, x_t, h_prev, p = cache
    dh_t = expect_shape("dh_t", dstate[0], n_t.shape)
    dn_t, dz_t = dh_t * (1.0 - z_t), dh_t * (h_prev - n_t)  # (7d)
    da_n = dn_t * (1.0 - n_t**2)  # (7c)
    dm_t, dr_t = da_n * r_t, da_n * m_t
    da = {"r": dr_t * r_t * (1.0 - r_t), "z": dz_t * z_t * (1.0 - z_t), "n": da_n}  # (7a), (7b)
    dx_t = np.sum([da[gate] @ p[f"W_{gate}"] for gate in GATES], axis=0)
    dh_prev = dh_t * z_t + da["r"] @ p["U_r"] + da["z"] @ p["U_z"] + dm_t @ p["U_n"]
    dparams = seq.gate_gradients(da, x_t, h_prev)
    through_m = seq.gate_gradients({"n": dm_t}, x_t, h_prev)
    return dx_t, (dh_prev,), {**dparams, "U_n": through_m["U_n"], "b_hn": through_m["b_n"]}


def gru_forward(
    x: Float[Array, "*B T D"],
    params: Params,
    state_0: State | None = None,
    mask: Bool[Array, "*B T"] | None = None,
) -> tuple[Float[Array, "*B T H"], State, GRUSequence]:
    """All hidden states h_1 … h_T, (7a) to (7d) at each step; returns (h, (h_T,), cache).

    Where ``mask`` is False h is carried over unchanged.  ``state_0`` is zero unless given.
    """
    sizes: Sizes = {}
    p = seq.expect_params(params, SHAPES, sizes)
    x, (h_0,), mask, leading = seq.expect_sequence(x, state_0, mask, ("h",), sizes)
    W, U, b = seq.pack(p, GATES)
    (T, N, D), H = x.shape, U.shape[1]
    half = np.repeat(np.array([0.5, 0.5, 1.0], W.dtype), H)  # σ(a) = ½ + ½ tanh(½ a): one tanh for both
    Wx = x.reshape(T * N, D) @ (W.T * half)  # all gates, all steps, one product
    Wx += b * half
    Wx, U_half = Wx.reshape(T, N, 3, H), np.ascontiguousarray(U.T * half)
    gates, h, m = (np.empty(shape, Wx.dtype) for shape in ((T, 3, N, H), (T + 1, N, H), (T, N, H)))
    h[0] = h_0
    for t in range(T):
        a_h = (h[t] @ U_half).reshape(N, 3, H)  # one product for the three gates
        m[t] = a_h[:, 2] + p["b_hn"]
        _step_in_place(Wx[t].swapaxes(0, 1), a_h.swapaxes(0, 1), m[t], h[t], gates[t], h[t + 1])
        seq.carry_over_padding(mask, t, h)
    state_T = (h[T].reshape(*leading, H),)
    return seq.from_steps(h[1:], leading), state_T, GRUSequence(x, gates, m, h, mask, p, leading)


def _step_in_place(a_x: Array, a_h: Array, m_t: Array, h_prev: Array, gates: Array, h_t: Array) -> None:
    """Fill r_t, z_t, n_t in ``gates`` and h_t, from what the input and the past bring to each gate."""
    sigmoids, n_t = gates[:2], gates[2]
    np.tanh(a_x[:2] + a_h[:2], out=sigmoids)  # (7a), (7b), both halved
    sigmoids *= 0.5
    sigmoids += 0.5
    r_t, z_t = sigmoids
    np.tanh(r_t * m_t + a_x[2], out=n_t)  # (7c)
    np.subtract(h_prev, n_t, out=h_t)
    h_t *= z_t
    h_t += n_t  # (7d), as n + z ⊙ (h_{t-1} - n)


def gru_backward(
    dh: Float[Array, "*B T H"], dstate_T: State | None, cache: GRUSequence
) -> tuple[Float[Array, "*B T D"], State, Params]:
    """Backpropagation through time, given dL/dh_t at every step and, if any, at the final (h_T,).

    Returns (dx, (dh_0,), dparams).
    """
    x, gates, m, h, mask, params, leading = cache
    T, N, H = m.shape
    W, U, _ = seq.pack(params, GATES)
    dh = expect_shape("dh", dh, (*leading, T, H)).reshape(N, T, H)
    (dh_t,) = seq.gradient_of_state(dstate_T, ("h",), h[0], leading)
    da, da_h = np.empty((2, T, N, 3, H), h.dtype)  # towards W x_t, and towards U h_{t-1}
    for t in reversed(range(T)):
        dh_t += dh[:, t]
        _step_back_in_place(gates[t], m[t], h[t], dh_t, da[t].swapaxes(0, 1))
        if mask is not None:
            da[t] *= mask[t, ..., None]
        da_h[t] = da[t]
        da_h[t, :, 2] *= gates[t, 0]  # on its way to U_n h_{t-1} the gradient passes r_t
        dh_prev = da_h[t].reshape(N, 3 * H) @ U
        dh_prev += dh_t * gates[t, 1]  # (7d)
        dh_t = dh_prev if mask is None else np.where(mask[t], dh_prev, dh_t)
    da, da_h = da.reshape(T * N, 3 * H), da_h.reshape(T * N, 3 * H)
    dW, dU = (x.reshape(T * N, -1).T @ da).T, (h[:-1].reshape(T * N, H).T @ da_h).T
    dx = seq.from_steps((da @ W).reshape(x.shape), leading)
    dparams = seq.unpack(dW, dU, da.sum(axis=0), GATES)
    return dx, (dh_t.reshape(*leading, H),), {**dparams, "b_hn": da_h[:, 2 * H :].sum(axis=0)}


def _step_back_in_place(gates: Array, m_t: Array, h_prev: Array, dh_t: Array, da: Array) -> None:
    """Fill ``da``, the gradients of the three pre-activations of one step."""
    z_t, n_t = gates[1:]
    slope = 1.0 - gates[:2]
    slope *= gates[:2]  # of the two sigmoids
    da_n = dh_t * (1.0 - z_t)  # (7d)
    da_n *= 1.0 - n_t * n_t  # (7c)
    np.multiply(da_n * m_t, slope[0], out=da[0])  # (7c), (7a)
    np.multiply(dh_t * (h_prev - n_t), slope[1], out=da[1])  # (7d), (7b)
    da[2] = da_n


def trace(x: Float[Array, "*B T D"], params: Params, state_0: State | None = None) -> dict[str, Array]:
    """Every gate at every step, to look at: {"r", "z", "n", "h"}, each (*B, T, H)."""
    *_, cache = gru_forward(x, params, state_0)
    parts = {**dict(zip(GATES, np.swapaxes(cache.gates, 0, 1), strict=True)), "h": cache.h[1:]}
    return {letter: seq.from_steps(part, cache.leading) for letter, part in parts.items()}
