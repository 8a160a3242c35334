"""Laws of stacked networks, over every cell and over bidirectional ones."""

import numpy as np
import pytest
from gradients import assert_gradients, weights_like
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS, LSTM, RNN
from unrolled.scratch.stacked import split, stack, stacked_backward, stacked_forward

sizes = st.integers(1, 3)
seeds = st.integers(0, 2**32 - 1)
cells = st.sampled_from([*CELLS.values(), bidirectional(RNN), bidirectional(LSTM, "sum")])


def draw(cell, seed, B, T, D, H):
    rng = np.random.default_rng(seed)
    params = {name: rng.normal(size=p.shape) / 2 for name, p in cell.init(rng, D, H).items()}
    mask = np.arange(T) < rng.integers(1, T + 1, size=(B, 1))
    state_0 = tuple(rng.normal(size=(B, H)) for _ in cell.state_names)
    return rng, params, rng.normal(size=(B, T, D)), state_0, mask


@settings(max_examples=20)
@given(cells, seeds, sizes, sizes, sizes, sizes, st.integers(1, 3), st.booleans())
def test_gradients(cell, seed, B, T, D, H, n_layers, masked):
    """Of every layer's parameters and initial states, through every h_t and every final state."""
    cell = stack(cell, n_layers)
    rng, params, x, state_0, mask = draw(cell, seed, B, T, D, H)
    mask = mask if masked else None
    h, state_T, cache = cell.forward(x, params, state_0, mask)
    assert h.shape == (B, T, cell.width * H)
    w, w_T = weights_like(rng, h), tuple(weights_like(rng, part) for part in state_T)
    dx, dstate_0, dparams = cell.backward(w, w_T, cache)

    def loss():
        h, state_T, _ = cell.forward(x, params, state_0, mask)
        return float(np.sum(w * h) + sum(np.sum(a * b) for a, b in zip(w_T, state_T, strict=True)))

    grads = {"x": dx, **dict(zip(cell.state_names, dstate_0, strict=True)), **dparams}
    assert_gradients(loss, grads, {"x": x, **dict(zip(cell.state_names, state_0, strict=True)), **params})


@settings(max_examples=20)
@given(st.sampled_from(list(CELLS.values())), seeds, sizes, sizes, sizes, st.integers(1, 3))
def test_step_gradients(cell, seed, B, D, H, n_layers):
    cell = stack(cell, n_layers)
    rng, params, x, state, _ = draw(cell, seed, B, 1, D, H)
    x_t = x[:, 0].copy()
    out, cache = cell.step(x_t, state, params)
    w = tuple(weights_like(rng, part) for part in out)
    dx_t, dstate, dparams = cell.step_backward(w, cache)

    def loss():
        return float(sum(np.sum(a * b) for a, b in zip(w, cell.step(x_t, state, params)[0], strict=True)))

    names = cell.state_names
    grads = {"x": dx_t, **dict(zip(names, dstate, strict=True)), **dparams}
    assert_gradients(loss, grads, {"x": x_t, **dict(zip(names, state, strict=True)), **params})


@given(st.sampled_from(list(CELLS.values())), seeds, sizes, sizes, sizes, sizes, st.integers(1, 3))
def test_sequence_is_a_loop_of_steps(cell, seed, B, T, D, H, n_layers):
    """And the state begins with what the stack shows, the top layer's h."""
    cell = stack(cell, n_layers)
    _, params, x, state, _ = draw(cell, seed, B, T, D, H)
    h, state_T, _ = cell.forward(x, params, state)
    for t in range(T):
        state, _ = cell.step(x[:, t], state, params)
        np.testing.assert_allclose(h[:, t], state[0], rtol=1e-12, atol=1e-14)
    for got, expected in zip(state_T, state, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-14)


@given(cells, seeds, sizes, sizes, sizes, sizes)
def test_a_stack_of_one_is_the_cell(cell, seed, B, T, D, H):
    rng, params, x, state_0, mask = draw(cell, seed, B, T, D, H)
    tall = stack(cell, 1)
    lifted = {f"layer1.{name}": p for name, p in params.items()}
    h, state_T, cache = cell.forward(x, params, state_0, mask)
    h_tall, state_tall, cache_tall = tall.forward(x, lifted, state_0, mask)
    dh = rng.normal(size=h.shape)
    dx, dstate, dparams = cell.backward(dh, None, cache)
    dx_tall, dstate_tall, dparams_tall = tall.backward(dh, None, cache_tall)
    for a, b in zip((h, dx, *state_T, *dstate), (h_tall, dx_tall, *state_tall, *dstate_tall), strict=True):
        np.testing.assert_array_equal(a, b)
    for name, p in dparams.items():
        np.testing.assert_array_equal(dparams_tall[f"layer1.{name}"], p)


def test_layers_by_hand():
    """Two layers are one network fed to another; each layer's states and gradients can be looked at."""
    rng, params, x, _, mask = draw(stack(LSTM, 2), 0, 2, 4, 3, 5)
    layers = split(params, ["layer1", "layer2"])
    h1, state_1, cache_1 = LSTM.forward(x, layers[0], mask=mask)
    h2, state_2, cache_2 = LSTM.forward(h1, layers[1], mask=mask)
    h, states_T, cache = stacked_forward(x, layers, LSTM, mask=mask)
    np.testing.assert_array_equal(h, h2)
    np.testing.assert_array_equal(states_T, [state_1, state_2])
    dh = rng.normal(size=h.shape)
    dh1, _, dlayer_2 = LSTM.backward(dh, None, cache_2)
    dx, _, dlayer_1 = LSTM.backward(dh1, None, cache_1)
    got_dx, _, dlayers = stacked_backward(dh, None, cache)
    np.testing.assert_array_equal(got_dx, dx)
    for got, expected in zip(dlayers, (dlayer_1, dlayer_2), strict=True):
        for name in expected:
            np.testing.assert_array_equal(got[name], expected[name])


def test_bad_input_says_expected_and_got():
    with pytest.raises(ValueError, match="n_layers: expected at least 1, got 0"):
        stack(RNN, 0)
    cell = stack(RNN, 2)
    _, params, x, state_0, _ = draw(cell, 0, 2, 3, 4, 5)
    with pytest.raises(ValueError, match=r"state: expected 2 layers of \(h\), got 1 arrays"):
        cell.forward(x, params, state_0[:1])
    with pytest.raises(ValueError, match=r"begin with layer1, layer2, got W"):
        cell.forward(x, {**params, "W": x}, state_0)
    with pytest.raises(ValueError, match="at least one layer, got no layers"):
        stacked_forward(x, [], RNN)
    with pytest.raises(ValueError, match="got 1 states for 2 layers"):
        stacked_forward(x, split(params, ["layer1", "layer2"]), RNN, [state_0[:1]])
