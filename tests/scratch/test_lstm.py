"""What is true of the LSTM alone; the laws of every cell are in test_cells."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled.scratch.lstm import (
    GATES,
    SHAPES,
    init_lstm,
    lstm_backward,
    lstm_forward,
    lstm_step,
    lstm_step_backward,
    trace,
)
from unrolled.scratch.rnn import rnn_forward

sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)


def draw(seed, B, T, D, H):
    rng = np.random.default_rng(seed)
    params = {name: rng.normal(size=p.shape) / 2 for name, p in init_lstm(rng, D, H).items()}
    return rng, params, rng.normal(size=(B, T, D)), (rng.normal(size=(B, H)), rng.normal(size=(B, H)))


def saturate(params, **biases):
    """Shut (-40) or open (+40) a gate whatever it reads."""
    params = dict(params)
    for gate, bias in biases.items():
        params |= {f"W_{gate}": params[f"W_{gate}"] * 0, f"U_{gate}": params[f"U_{gate}"] * 0}
        params[f"b_{gate}"] = np.full_like(params[f"b_{gate}"], bias)
    return params


def test_worked_step():
    """One unit by hand: a_f = 1, a_g = 0.5, a_i = 0, a_o = -1 from x = 1, h = 0; c was 2."""
    params = {name: np.zeros([1] * len(axes)) for name, axes in SHAPES.items()}
    params |= {"W_f": np.array([[1.0]]), "b_g": np.array([0.5]), "b_o": np.array([-1.0])}
    (h_t, c_t), cache = lstm_step(np.array([1.0]), (np.zeros(1), np.array([2.0])), params)
    by_hand = {
        "f_t": 0.73105858, "k_t": 1.46211716, "g_t": 0.46211716, "i_t": 0.5, "j_t": 0.23105858,
        "c_t": 1.69317574, "o_t": 0.26894142, "h_t": 0.25133934,
    }  # fmt: skip
    for letter, value in by_hand.items():
        np.testing.assert_allclose(getattr(cache, letter), [value], atol=5e-9, err_msg=letter)
    np.testing.assert_array_equal((h_t, c_t), (cache.h_t, cache.c_t))


@given(seeds, sizes, st.integers(1, 30), sizes, sizes)
def test_saturated_gates_keep_c(seed, B, T, D, H):
    """f = 1 and i = 0: c arrives unchanged after any number of steps, and so does its gradient."""
    rng, params, x, state_0 = draw(seed, B, T, D, H)
    params = saturate(params, f=40.0, i=-40.0)
    _, (_, c_T), cache = lstm_forward(x, params, state_0)
    np.testing.assert_allclose(c_T, state_0[1], atol=1e-14)
    dc = rng.normal(size=(B, H))
    _, (_, dc_0), _ = lstm_backward(np.zeros((B, T, H)), (np.zeros((B, H)), dc), cache)
    np.testing.assert_allclose(dc_0, dc, atol=1e-14)


@given(seeds, sizes, sizes, sizes, sizes)
def test_forgetting_all_it_is_a_simple_rnn_with_one_more_tanh(seed, B, T, D, H):
    """f = 0, i = o = 1: c_t = tanh(U_g h + W_g x + b_g), the simple RNN's (13.1), and h_t = tanh(c_t)."""
    _, params, x, (h_0, c_0) = draw(seed, B, T, D, H)
    params = saturate(params, f=-40.0, i=40.0, o=40.0)
    h, (_, c_T), _ = lstm_forward(x, params, (h_0, c_0))
    for t in range(T):
        h_prev = h_0 if t == 0 else h[:, t - 1]
        c_t, _ = rnn_forward(x[:, t : t + 1], params["W_g"], params["U_g"], params["b_g"], h_prev)
        np.testing.assert_allclose(h[:, t], np.tanh(c_t[:, 0]), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(c_T, c_t[:, 0], rtol=1e-12, atol=1e-14)


@given(seeds, sizes, sizes, sizes)
def test_a_shut_output_gate_shows_nothing_and_keeps_everything(seed, T, D, H):
    _, params, x, state_0 = draw(seed, 2, T, D, H)
    h, (_, c_T), _ = lstm_forward(x, saturate(params, o=-800.0), state_0)
    np.testing.assert_allclose(h, 0.0, atol=1e-15)
    assert np.abs(c_T).max() > 0


@given(seeds, sizes, sizes, sizes, sizes)
def test_trace_is_what_the_steps_compute(seed, B, T, D, H):
    _, params, x, state = draw(seed, B, T, D, H)
    traced = trace(x, params, state)
    assert list(traced) == list("figokjch")
    assert all(part.shape == (B, T, H) for part in traced.values())
    for t in range(T):
        state, cache = lstm_step(x[:, t], state, params)
        for letter, part in traced.items():
            np.testing.assert_allclose(part[:, t], getattr(cache, f"{letter}_t"), rtol=1e-12, atol=1e-14)
    one = trace(x[0], params)
    assert all(part.shape == (T, H) for part in one.values())


def test_forget_bias_opens_the_forget_gate_only():
    params = init_lstm(np.random.default_rng(0), 3, 4, forget_bias=1.0)
    assert (params["b_f"] == 1).all() and all((params[f"b_{g}"] == 0).all() for g in GATES if g != "f")
    _, cache = lstm_step(np.zeros(3), (np.zeros(4), np.zeros(4)), params)
    np.testing.assert_allclose(cache.f_t, 0.73105858, atol=5e-9)


def test_huge_numbers_do_not_overflow():
    _, params, x, state_0 = draw(0, 2, 3, 4, 5)
    h, _, cache = lstm_forward(x * 1e6, params, state_0)
    dx, _, dparams = lstm_backward(np.ones_like(h), None, cache)
    assert all(np.isfinite(a).all() for a in (h, dx, *dparams.values()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"x": np.zeros((2, 3, 5))},
            r"x: expected shape \(\*B, T, D=4\), got \(2, 3, 5\); D = 4 comes from W_f",
        ),
        ({"x": np.zeros((2, 0, 4))}, r"expected at least one step, got an empty sequence \(T = 0\)"),
        ({"x": np.full((2, 3, 4), np.nan)}, r"x: expected finite numbers, got 24 NaN"),
        ({"state_0": (np.zeros((2, 5)),)}, r"state: expected a tuple \(h_0, c_0\), got 1 arrays"),
        ({"state_0": np.zeros((2, 5))}, r"state: expected a tuple \(h_0, c_0\), got ndarray"),
        (
            {"state_0": (np.zeros((2, 5)), np.zeros((2, 6)))},
            r"c_0: expected shape \(\*B=\(2,\), H=5\), got \(2, 6\)",
        ),
        ({"state_0": (np.zeros((2, 5)), np.full((2, 5), np.inf))}, r"c_0: expected finite numbers"),
        ({"mask": np.ones((2, 4), bool)}, r"mask: expected shape \(\*B=\(2,\), T=3\), got \(2, 4\)"),
        ({"mask": np.array([[True] * 3, [False] * 3])}, r"got none in sequence \(1,\)"),
    ],
)
def test_bad_input_says_expected_and_got(change, message):
    _, params, x, state_0 = draw(0, 2, 3, 4, 5)
    with pytest.raises(ValueError, match=message):
        lstm_forward(**{"x": x, "params": params, "state_0": state_0, **change})


def test_bad_parameters_and_gradients():
    _, params, x, state_0 = draw(0, 2, 3, 4, 5)
    with pytest.raises(ValueError, match=r"params: expected W_f, U_f, b_f, .*, got W_f"):
        lstm_forward(x, {"W_f": params["W_f"]})
    with pytest.raises(ValueError, match=r"U_g: expected shape \(H=5, H=5\), got \(5, 4\)"):
        lstm_forward(x, {**params, "U_g": params["W_g"]})
    _, _, cache = lstm_forward(x, params, state_0)
    with pytest.raises(ValueError, match=r"dh: expected shape \(2, 3, 5\), got \(2, 3, 4\)"):
        lstm_backward(np.zeros((2, 3, 4)), None, cache)
    with pytest.raises(ValueError, match=r"dc_T: expected shape \(\*B=\(2,\), H=5\), got \(2, 4\)"):
        lstm_backward(np.zeros((2, 3, 5)), (np.zeros((2, 5)), np.zeros((2, 4))), cache)
    with pytest.raises(ValueError, match=r"state: expected a tuple \(dh_T, dc_T\), got 1 arrays"):
        lstm_backward(np.zeros((2, 3, 5)), (np.zeros((2, 5)),), cache)
    _, step_cache = lstm_step(x[:, 0], state_0, params)
    with pytest.raises(ValueError, match=r"dc_t: expected shape \(2, 5\), got \(2, 4\)"):
        lstm_step_backward((np.zeros((2, 5)), np.zeros((2, 4))), step_cache)
