"""The laws that every recurrent cell keeps, so that any architecture takes any of them unchanged."""

import numpy as np
import pytest
from gradients import assert_gradients, weights_like
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.scratch.cells import CELLS

sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)
cells = st.sampled_from(list(CELLS.values()))
close = {"rtol": 1e-12, "atol": 1e-14}


def draw(cell, seed, B, T, D, H, leading=True):
    """Random parameters, inputs and states; lengths from 1 to T, padding on the right.

    The parameters are small enough to keep the gates off their ends, where a true gradient of 1e-7
    drowns in the rounding of central differences.
    """
    rng = np.random.default_rng(seed)
    params = {name: rng.normal(size=p.shape) / 2 for name, p in cell.init(rng, D, H).items()}
    shape = (B,) if leading else ()
    x = rng.normal(size=(*shape, T, D))
    state = tuple(rng.normal(size=(*shape, H)) for _ in cell.state_names)
    return rng, params, x, state, np.arange(T) < rng.integers(1, T + 1, size=(*shape, 1))


def named(cell, state):
    return dict(zip(cell.state_names, state, strict=True))


@settings(max_examples=30)
@given(cells, seeds, sizes, sizes, sizes)
def test_step_gradients(cell, seed, B, D, H):
    rng, params, x, state, _ = draw(cell, seed, B, 1, D, H)
    x_t = x[:, 0].copy()
    out, cache = cell.step(x_t, state, params)
    w = [weights_like(rng, part) for part in out]
    dx_t, dstate, dparams = cell.step_backward(tuple(w), cache)
    assert set(dparams) == set(params)

    def loss():
        out, _ = cell.step(x_t, state, params)
        return float(sum(np.sum(a * b) for a, b in zip(w, out, strict=True)))

    grads = {"x": dx_t, **named(cell, dstate), **dparams}
    assert_gradients(loss, grads, {"x": x_t, **named(cell, state), **params})


@settings(max_examples=40)
@given(cells, seeds, sizes, sizes, sizes, sizes, st.booleans(), st.booleans())
def test_sequence_gradients(cell, seed, B, T, D, H, masked, with_final):
    """Through every h_t and, where something reads it, the final state; padding or none."""
    rng, params, x, state_0, mask = draw(cell, seed, B, T, D, H)
    mask = mask if masked else None
    h, state_T, cache = cell.forward(x, params, state_0, mask)
    w, w_T = weights_like(rng, h), [weights_like(rng, part) * with_final for part in state_T]
    dx, dstate_0, dparams = cell.backward(w, tuple(w_T) if with_final else None, cache)

    def loss():
        h, state_T, _ = cell.forward(x, params, state_0, mask)
        return float(np.sum(w * h) + sum(np.sum(a * b) for a, b in zip(w_T, state_T, strict=True)))

    grads = {"x": dx, **named(cell, dstate_0), **dparams}
    assert_gradients(loss, grads, {"x": x, **named(cell, state_0), **params})


@given(cells, seeds, sizes, sizes, sizes, sizes)
def test_sequence_is_a_loop_of_steps(cell, seed, B, T, D, H):
    """The fast sequence and the clear steps are one computation, forward and backward."""
    rng, params, x, state_0, _ = draw(cell, seed, B, T, D, H)
    h, state_T, cache = cell.forward(x, params, state_0)
    state, caches = state_0, []
    for t in range(T):
        state, step_cache = cell.step(x[:, t], state, params)
        caches.append(step_cache)
        np.testing.assert_allclose(h[:, t], state[0], **close)
    for got, expected in zip(state_T, state, strict=True):
        np.testing.assert_allclose(got, expected, **close)
    dh, dstate = rng.normal(size=h.shape), tuple(rng.normal(size=part.shape) for part in state)
    dx, dstate_0, dparams = cell.backward(dh, dstate, cache)
    total = {name: np.zeros_like(p) for name, p in params.items()}
    for t in reversed(range(T)):
        dstate = (dstate[0] + dh[:, t], *dstate[1:])
        dx_t, dstate, grads = cell.step_backward(dstate, caches[t])
        np.testing.assert_allclose(dx[:, t], dx_t, rtol=1e-10, atol=1e-12)
        total = {name: total[name] + grads[name] for name in total}
    for got, expected in zip(dstate_0, dstate, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)
    for name in total:
        np.testing.assert_allclose(dparams[name], total[name], rtol=1e-10, atol=1e-12, err_msg=name)


@given(cells, seeds, sizes, sizes, sizes, sizes)
def test_batch_is_a_loop_over_sequences(cell, seed, B, T, D, H):
    _, params, x, state_0, mask = draw(cell, seed, B, T, D, H)
    h, state_T, _ = cell.forward(x, params, state_0, mask)
    for row in range(B):
        alone, final, _ = cell.forward(x[row], params, tuple(part[row] for part in state_0), mask[row])
        np.testing.assert_allclose(h[row], alone, **close)
        for got, expected in zip(state_T, final, strict=True):
            np.testing.assert_allclose(got[row], expected, **close)


@given(cells, seeds, sizes, sizes, sizes)
def test_any_leading_axes(cell, seed, T, D, H):
    rng, params, _, _, _ = draw(cell, seed, 1, T, D, H)
    x = rng.normal(size=(2, 3, T, D))
    h, state_T, cache = cell.forward(x, params)
    flat, _, _ = cell.forward(x.reshape(6, T, D), params)
    assert h.shape == (2, 3, T, H) and all(part.shape == (2, 3, H) for part in state_T)
    np.testing.assert_allclose(h.reshape(6, T, H), flat, **close)
    dx, dstate_0, _ = cell.backward(np.ones_like(h), None, cache)
    assert dx.shape == x.shape and all(part.shape == (2, 3, H) for part in dstate_0)


@given(cells, seeds, sizes, sizes, sizes, sizes, st.sampled_from(["left", "right"]))
def test_padding_changes_nothing(cell, seed, T, D, H, n_pad, side):
    """Rubbish on either side, masked, moves neither the final state nor any gradient; its own is zero."""
    rng, params, x, state_0, _ = draw(cell, seed, 1, T, D, H, leading=False)
    rubbish, real = rng.normal(size=(n_pad, D)), np.ones(T, bool)
    sides = [(rubbish, ~np.ones(n_pad, bool)), (x, real)]
    parts, masks = zip(*(sides if side == "left" else sides[::-1]), strict=True)
    _, state_T, cache = cell.forward(x, params, state_0)
    mask = np.concatenate(masks)
    h_pad, state_pad, cache_pad = cell.forward(np.concatenate(parts), params, state_0, mask)
    for got, expected in zip(state_pad, state_T, strict=True):
        np.testing.assert_allclose(got, expected, **close)
    dstate = tuple(rng.normal(size=H) for _ in state_T)
    dx, dstate_0, dparams = cell.backward(np.zeros((T, H)), dstate, cache)
    dx_pad, dstate_0_pad, dparams_pad = cell.backward(np.zeros_like(h_pad), dstate, cache_pad)
    np.testing.assert_allclose(dx_pad[mask], dx, **close)
    assert (dx_pad[~mask] == 0).all()
    for got, expected in zip(dstate_0_pad, dstate_0, strict=True):
        np.testing.assert_allclose(got, expected, **close)
    for name in dparams:
        np.testing.assert_allclose(dparams_pad[name], dparams[name], **close, err_msg=name)


@pytest.mark.parametrize("cell", CELLS.values(), ids=list(CELLS))
def test_the_caller_keeps_its_arrays(cell):
    """Neither pass writes into what it was given."""
    rng, params, x, state_0, mask = draw(cell, 0, 2, 3, 4, 5)
    dh, dstate = rng.normal(size=(2, 3, 5)), tuple(rng.normal(size=(2, 5)) for _ in state_0)
    given_ = [x, mask, dh, *state_0, *dstate, *params.values()]
    before = [a.copy() for a in given_]
    _, _, cache = cell.forward(x, params, state_0, mask)
    first = cell.backward(dh, dstate, cache)
    second = cell.backward(dh, dstate, cache)
    for a, b in zip(given_, before, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(first[0], second[0])  # and a cache can be read twice


@pytest.mark.parametrize("cell", CELLS.values(), ids=list(CELLS))
def test_float32_stays_float32(cell):
    _, params, x, _, mask = draw(cell, 2, 2, 3, 4, 5)
    h, state_T, cache = cell.forward(
        x.astype("f4"), {n: p.astype("f4") for n, p in params.items()}, mask=mask
    )
    dx, dstate_0, dparams = cell.backward(np.ones_like(h), None, cache)
    for array in (h, dx, *state_T, *dstate_0, *dparams.values()):
        assert array.dtype == np.float32
