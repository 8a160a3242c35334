"""What is true of the GRU alone; the laws of every cell are in test_cells."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled.scratch.gru import SHAPES, gru_backward, gru_forward, gru_step, init_gru, trace
from unrolled.scratch.rnn import rnn_forward

sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)


def draw(seed, B, T, D, H, **saturated):
    """Random numbers; a gate in ``saturated`` has this bias and reads nothing."""
    rng = np.random.default_rng(seed)
    params = {name: rng.normal(size=p.shape) / 2 for name, p in init_gru(rng, D, H).items()}
    for gate, bias in saturated.items():
        params[f"W_{gate}"][:], params[f"U_{gate}"][:], params[f"b_{gate}"][:] = 0.0, 0.0, bias
    return rng, params, rng.normal(size=(B, T, D)), (rng.normal(size=(B, H)),)


def test_worked_step():
    """One unit by hand: a_r = 0, a_z = 1, U_n = 1, b_hn = 0.5, b_n = -0.25, h was 1."""
    params = {name: np.zeros([1] * len(axes)) for name, axes in SHAPES.items()}
    params |= {"b_z": np.ones(1), "U_n": np.ones((1, 1)), "b_hn": np.array([0.5]), "b_n": np.array([-0.25])}
    (h_t,), cache = gru_step(np.zeros(1), (np.ones(1),), params)
    z, n = 1.0 / (1.0 + np.exp(-1.0)), np.tanh(0.5 * 1.5 - 0.25)
    np.testing.assert_allclose([cache.r_t, cache.z_t, cache.n_t], [[0.5], [z], [n]], rtol=1e-14)
    np.testing.assert_allclose(h_t, [(1 - z) * n + z], rtol=1e-14)


@given(seeds, sizes, st.integers(1, 30), sizes, sizes)
def test_update_gate_open_keeps_h(seed, B, T, D, H):
    """z = 1: h and its gradient arrive unchanged after any number of steps."""
    rng, params, x, state_0 = draw(seed, B, T, D, H, z=40.0)
    _, (h_T,), cache = gru_forward(x, params, state_0)
    np.testing.assert_allclose(h_T, state_0[0], atol=1e-14)
    dh = rng.normal(size=(B, H))
    _, (dh_0,), _ = gru_backward(np.zeros((B, T, H)), (dh,), cache)
    np.testing.assert_allclose(dh_0, dh, atol=1e-14)


@given(seeds, sizes, sizes, sizes, sizes)
def test_reset_open_and_update_shut_it_is_the_simple_rnn(seed, B, T, D, H):
    """r = 1, z = 0 leaves h_t = tanh(U_n h + b_hn + W_n x + b_n), (13.1)."""
    _, params, x, (h_0,) = draw(seed, B, T, D, H, r=40.0, z=-40.0)
    h, _, _ = gru_forward(x, params, (h_0,))
    expected, _ = rnn_forward(x, params["W_n"], params["U_n"], params["b_n"] + params["b_hn"], h_0)
    np.testing.assert_allclose(h, expected, rtol=1e-12, atol=1e-14)


@given(seeds, sizes, sizes, sizes, sizes)
def test_trace_is_what_the_steps_compute(seed, B, T, D, H):
    _, params, x, state = draw(seed, B, T, D, H)
    traced = trace(x, params, state)
    assert list(traced) == ["r", "z", "n", "h"]
    for t in range(T):
        state, cache = gru_step(x[:, t], state, params)
        for letter, part in traced.items():
            np.testing.assert_allclose(part[:, t], getattr(cache, f"{letter}_t"), rtol=1e-12, atol=1e-14)


def test_bad_input_says_expected_and_got():
    _, params, x, state_0 = draw(0, 2, 3, 4, 5)
    with pytest.raises(ValueError, match=r"params: expected W_r, .* b_hn, got W_r"):
        gru_forward(x, {"W_r": params["W_r"]})
    with pytest.raises(ValueError, match=r"x: expected shape \(\*B, T, D=4\), got \(2, 3, 5\)"):
        gru_forward(np.zeros((2, 3, 5)), params)
    with pytest.raises(ValueError, match=r"state: expected a tuple \(h_0\), got 2 arrays"):
        gru_forward(x, params, (*state_0, *state_0))
    with pytest.raises(ValueError, match=r"b_hn: expected shape \(H=5,\), got \(4,\)"):
        gru_step(x[:, 0], state_0, {**params, "b_hn": np.zeros(4)})
