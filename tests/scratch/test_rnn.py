"""Laws of the simple RNN, on shapes that Hypothesis draws."""

import numpy as np
import pytest
from gradients import assert_gradients, weights_like
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.scratch.rnn import (
    ACTIVATIONS,
    forward_rnn,
    init_rnn,
    rnn_backward,
    rnn_forward,
    rnn_output,
    rnn_step,
    rnn_step_backward,
)

sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)
kinds = st.sampled_from(sorted(ACTIVATIONS))


def draw(seed, B, T, D, H, leading=True):
    rng = np.random.default_rng(seed)
    params = {name: rng.normal(size=p.shape) for name, p in init_rnn(rng, D, H).items()}
    shape = (B,) if leading else ()
    x, h_0 = rng.normal(size=(*shape, T, D)), rng.normal(size=(*shape, H))
    mask = np.arange(T) < rng.integers(1, T + 1, size=(*shape, 1))
    return rng, params, x, h_0, mask


def test_worked_step():
    """The step of chapter 1, by hand: a = (0.5 + 0.2, -1.0 + 0.3), h = tanh(a)."""
    h_t, _ = rnn_step([1.0, 0.0], [0.2, 0.3], W=[[0.5, 0.1], [-1.0, 0.4]], U=np.eye(2))
    np.testing.assert_allclose(h_t, np.tanh([0.7, -0.7]), rtol=0, atol=1e-15)
    np.testing.assert_allclose(h_t, [0.6044, -0.6044], atol=5e-5)


@settings(max_examples=25)
@given(seeds, sizes, sizes, sizes, kinds)
def test_step_gradients(seed, B, D, H, g):
    rng, params, x, h_prev, _ = draw(seed, B, 1, D, H)
    x_t = x[:, 0].copy()
    h_t, cache = rnn_step(x_t, h_prev, **params, g=g)
    w = weights_like(rng, h_t)
    dx_t, dh_prev, dparams = rnn_step_backward(w, cache)

    def loss():
        return float(np.sum(w * rnn_step(x_t, h_prev, **params, g=g)[0]))

    assert_gradients(loss, {"x": dx_t, "h": dh_prev, **dparams}, {"x": x_t, "h": h_prev, **params})


@settings(max_examples=25)
@given(seeds, sizes, sizes, sizes, sizes, st.booleans(), kinds)
def test_sequence_gradients(seed, B, T, D, H, masked, g):
    rng, params, x, h_0, mask = draw(seed, B, T, D, H)
    mask = mask if masked else None
    h, cache = rnn_forward(x, **params, h_0=h_0, mask=mask, g=g)
    w = weights_like(rng, h)
    dx, dh_0, dparams = rnn_backward(w, cache)

    def loss():
        return float(np.sum(w * rnn_forward(x, **params, h_0=h_0, mask=mask, g=g)[0]))

    assert_gradients(loss, {"x": dx, "h_0": dh_0, **dparams}, {"x": x, "h_0": h_0, **params})


@given(seeds, sizes, sizes, sizes, sizes, kinds)
def test_sequence_is_a_loop_of_steps(seed, B, T, D, H, g):
    _, params, x, h_t, _ = draw(seed, B, T, D, H)
    h, _ = rnn_forward(x, **params, h_0=h_t, g=g)
    for t in range(T):
        h_t, _ = rnn_step(x[:, t], h_t, **params, g=g)
        np.testing.assert_allclose(h[:, t], h_t, rtol=1e-12, atol=1e-14)


@given(seeds, sizes, sizes, sizes, sizes)
def test_batch_is_a_loop_over_sequences(seed, B, T, D, H):
    _, params, x, h_0, mask = draw(seed, B, T, D, H)
    h, _ = rnn_forward(x, **params, h_0=h_0, mask=mask)
    for row in range(B):
        alone, _ = rnn_forward(x[row], **params, h_0=h_0[row], mask=mask[row])
        np.testing.assert_allclose(h[row], alone, rtol=1e-12, atol=1e-14)


@given(seeds, sizes, sizes, sizes, sizes, st.sampled_from(["left", "right"]))
def test_padding_changes_nothing(seed, T, D, H, n_pad, side):
    """Rubbish on either side, masked, moves neither the final state nor any gradient."""
    rng, params, x, h_0, _ = draw(seed, 1, T, D, H, leading=False)
    rubbish, real = rng.normal(size=(n_pad, D)), np.ones(T, bool)
    order = (rubbish, x) if side == "left" else (x, rubbish)
    masks = (np.zeros(n_pad, bool), real) if side == "left" else (real, np.zeros(n_pad, bool))
    h, cache = rnn_forward(x, **params, h_0=h_0)
    h_pad, cache_pad = rnn_forward(np.concatenate(order), **params, h_0=h_0, mask=np.concatenate(masks))
    np.testing.assert_allclose(h_pad[-1], h[-1], rtol=1e-12, atol=1e-14)
    dh, dh_pad = np.zeros_like(h), np.zeros_like(h_pad)
    dh[-1] = dh_pad[-1] = rng.normal(size=H)
    _, dh_0, dparams = rnn_backward(dh, cache)
    _, dh_0_pad, dparams_pad = rnn_backward(dh_pad, cache_pad)
    np.testing.assert_allclose(dh_0_pad, dh_0, rtol=1e-12, atol=1e-14)
    for name in dparams:
        np.testing.assert_allclose(dparams_pad[name], dparams[name], rtol=1e-12, atol=1e-14)


def test_the_past_reaches_the_end_and_the_future_does_not_reach_back():
    _, params, x, h_0, _ = draw(0, 1, 5, 3, 4, leading=False)
    h, _ = rnn_forward(x, **params, h_0=h_0)
    changed = x.copy()
    changed[2] += 1.0
    h_changed, _ = rnn_forward(changed, **params, h_0=h_0)
    np.testing.assert_array_equal(h_changed[:2], h[:2])
    assert (np.abs(h_changed[2:] - h[2:]).max(axis=-1) > 0).all()


def test_outputs_are_distributions():
    rng, params, x, _, _ = draw(1, 2, 3, 4, 5)
    network = {**params, "V": rng.normal(size=(6, 5)) * 300}
    y = forward_rnn(x, network)
    assert y.shape == (2, 3, 6)
    np.testing.assert_allclose(y.sum(axis=-1), 1.0, rtol=1e-12)
    h, _ = rnn_forward(x, **params)
    np.testing.assert_array_equal(y, rnn_output(h, network["V"]))


def test_float32_stays_float32():
    _, params, x, _, mask = draw(2, 2, 3, 4, 5)
    h, cache = rnn_forward(x.astype("f4"), **{n: p.astype("f4") for n, p in params.items()}, mask=mask)
    assert h.dtype == np.float32
    assert rnn_backward(np.ones_like(h), cache)[2]["U"].dtype == np.float32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"x": np.zeros((2, 3, 5))},
            r"x: expected shape \(\*B, T, D=4\), got \(2, 3, 5\); D = 4 comes from W",
        ),
        ({"x": np.zeros(4)}, r"x: expected shape \(\*B, T, D=4\), got \(4,\)"),
        ({"x": np.zeros((2, 0, 4))}, r"expected at least one step, got an empty sequence"),
        (
            {"x": np.full((2, 3, 4), np.nan)},
            r"x: expected finite numbers, got 24 NaN or infinite, first at \(0, 0, 0\)",
        ),
        ({"U": np.zeros((5, 6))}, r"U: expected shape \(H=5, H=5\), got \(5, 6\)"),
        ({"b": np.zeros(4)}, r"b: expected shape \(H=5,\), got \(4,\)"),
        ({"h_0": np.zeros(5)}, r"h_0: expected shape \(\*B=\(2,\), H=5\), got \(5,\)"),
        ({"mask": np.ones((2, 4), bool)}, r"mask: expected shape \(\*B=\(2,\), T=3\), got \(2, 4\)"),
        ({"mask": np.ones((2, 3))}, r"mask: expected booleans"),
        (
            {"mask": np.array([[True] * 3, [False] * 3])},
            r"at least one real token in each sequence, got none in sequence \(1,\)",
        ),
        ({"g": "swish"}, r"g: expected one of tanh, relu, sigmoid, got 'swish'"),
    ],
)
def test_bad_input_says_expected_and_got(change, message):
    _, params, x, h_0, mask = draw(3, 2, 3, 4, 5)
    with pytest.raises(ValueError, match=message):
        rnn_forward(**{"x": x, **params, "h_0": h_0, "mask": mask, **change})
