"""The gradient in every state: nudge the state itself, run on from there, and see the losses move."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS, LSTM, RNN
from unrolled.scratch.gradient_flow import gradient_norms, state_gradients
from unrolled.scratch.stacked import stack

K = 6
ALL = {**CELLS, "stacked lstm": stack(LSTM, 2)}
every_cell = pytest.mark.parametrize("cell", ALL.values(), ids=ALL)
seeds = st.integers(0, 2**32 - 1)


def draw(cell, seed, shape=(), T=5, D=3, H=4):
    rng = np.random.default_rng(seed)
    own = {name: rng.normal(size=p.shape) / 2 for name, p in cell.init(rng, D, H).items()}
    state_0 = tuple(rng.normal(size=(*shape, H)) for _ in cell.state_names)
    mask = np.arange(T) < rng.integers(1, T + 1, size=(*shape, 1))
    x, targets = rng.normal(size=(*shape, T, D)), rng.integers(K, size=(*shape, T))
    return {**own, "V": rng.normal(size=(K, H)), "b_y": rng.normal(size=K)}, x, targets, state_0, mask


def cells_own(params):
    return {name: p for name, p in params.items() if name not in ("V", "b_y")}


@every_cell
def test_norms_are_those_of_each_loss_in_each_state(cell):
    params, x, targets, state_0, _ = draw(cell, 0)
    own, T, eps = cells_own(params), len(x), 1e-5

    def losses_from(t, state):
        """The loss of step t and of every step after it, given the state at t."""
        h = [state[0]]
        for x_t in x[t + 1 :]:
            state, _ = cell.step(x_t, state, own)
            h.append(state[0])
        logits = np.stack(h) @ params["V"].T + params["b_y"]
        return np.log(np.exp(logits).sum(axis=-1)) - logits[np.arange(T - t), targets[t:]]

    state, expected = state_0, {"direct": [], "total": []}
    for t in range(T):
        state, _ = cell.step(x[t], state, own)
        flat, changes = np.concatenate(state), []
        for step in np.eye(flat.size) * eps:
            above, below = (losses_from(t, tuple(np.split(flat + way * step, len(state)))) for way in (1, -1))
            changes.append((above - below) / (2 * eps))
        expected["direct"].append(np.linalg.norm([c[-1] for c in changes]))
        expected["total"].append(np.linalg.norm([c.sum() for c in changes]))
    for which, norms in expected.items():
        got = gradient_norms(x, targets, params, cell, state_0, which=which)
        np.testing.assert_allclose(got, norms, rtol=1e-6)


@settings(max_examples=30)
@given(st.sampled_from(list(ALL.values())), seeds, st.integers(1, 3), st.sampled_from(["left", "right"]))
def test_padding_changes_nothing(cell, seed, n_pad, side):
    params, x, targets, state_0, _ = draw(cell, seed)
    rubbish, wrong = np.random.default_rng(seed).normal(size=(n_pad, 3)), np.full(n_pad, -100)
    order = slice(None, None, 1 if side == "right" else -1)
    pairs = [(x, rubbish), (targets, wrong), (np.ones(5, bool), np.zeros(n_pad, bool))]
    x_pad, targets_pad, mask = (np.concatenate(pair[order]) for pair in pairs)
    for which in ("direct", "total"):
        norms = gradient_norms(x, targets, params, cell, state_0, which=which)
        padded = gradient_norms(x_pad, targets_pad, params, cell, state_0, mask, which)
        np.testing.assert_allclose(padded[mask], norms, rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(padded[~mask], 0.0 if side == "right" else padded[0], rtol=1e-10)


@settings(max_examples=20)
@given(st.sampled_from(list(ALL.values())), seeds, st.booleans())
def test_batch_is_a_loop_over_sequences(cell, seed, masked):
    params, x, targets, state_0, mask = draw(cell, seed, (3,))
    norms = gradient_norms(x, targets, params, cell, state_0, mask if masked else None, "total")
    for row in range(3):
        state, real = tuple(part[row] for part in state_0), mask[row] if masked else None
        alone = gradient_norms(x[row], targets[row], params, cell, state, real, "total")
        np.testing.assert_allclose(norms[row], alone, rtol=1e-10, atol=1e-14)


@every_cell
def test_the_gradient_in_the_first_state_is_what_the_backward_pass_sends_there(cell):
    params, x, _, state_0, mask = draw(cell, 1, (3,))
    own = cells_own(params)
    h, _, cache = cell.forward(x, own, state_0, mask)
    dh = np.random.default_rng(0).normal(size=h.shape)
    _, dstate_0, _ = cell.backward(dh, None, cache)
    dstates = state_gradients(dh, x, own, cell, state_0, mask)
    assert [part.shape for part in dstates] == [(3, 5, 4)] * len(cell.state_names)
    _, cache = cell.step(x[:, 0], state_0, own)
    _, expected, _ = cell.step_backward(tuple(part[:, 0] for part in dstates), cache)
    for got, part in zip(dstate_0, expected, strict=True):
        np.testing.assert_allclose(got, part, rtol=1e-10, atol=1e-13)


def test_small_weights_vanish_and_the_identity_keeps():
    """With U = s·1 and states near 0 the norm falls by s at each step, so s = 1 keeps it."""
    x, targets = np.zeros((9, 2)), np.zeros(9, int)
    for s in (0.5, 1.0):
        params = {"W": np.zeros((3, 2)), "U": s * np.eye(3), "b": np.zeros(3), "V": np.eye(4, 3)}
        norms = gradient_norms(x, targets, params)
        np.testing.assert_allclose(norms[1:] / norms[:-1], 1 / s, rtol=1e-12)


def test_an_open_forget_gate_keeps_the_gradient_of_the_cell():
    """The LSTM's own road back: c_t = c_{t-1} where f = 1 and i = 0, so dL/dc arrives as it set out."""
    params, x, _, state_0, _ = draw(LSTM, 2, T=30)
    own = cells_own(params) | {name: np.zeros((4, 4)) for name in ("U_f", "U_i", "U_o", "U_g")}
    own |= {
        "W_f": np.zeros((4, 3)),
        "W_i": np.zeros((4, 3)),
        "b_f": np.full(4, 50.0),
        "b_i": np.full(4, -50.0),
    }
    dh = np.zeros((30, 4))
    dh[-1] = 1.0
    dh_t, dc_t = state_gradients(dh, x, own, LSTM, state_0)
    assert (np.abs(dc_t[-2]) > 0).all() and (dh_t[:-1] == 0).all()
    np.testing.assert_allclose(dc_t[:-1], np.broadcast_to(dc_t[-2], (29, 4)), rtol=1e-12)


def test_bad_input_says_expected_and_got():
    params, x, targets, *_ = draw(RNN, 3)
    with pytest.raises(ValueError, match="which: expected one of direct, total, got 'all'"):
        gradient_norms(x, targets, params, which="all")
    with pytest.raises(ValueError, match="got an empty sequence"):
        gradient_norms(x[:0], targets[:0], params)
    with pytest.raises(ValueError, match="got an empty sequence"):
        state_gradients(np.zeros((0, 4)), x[:0], cells_own(params))
    with pytest.raises(ValueError, match=r"dh: expected shape \(\*B=\(\), T=5, H\), got \(4, 4\)"):
        state_gradients(np.zeros((4, 4)), x, cells_own(params))
    with pytest.raises(ValueError, match="it has no step"):
        both = bidirectional(RNN)
        params, x, targets, *_ = draw(both, 0)
        gradient_norms(x, targets, {**params, "V": np.zeros((K, 8))}, both)
