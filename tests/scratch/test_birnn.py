"""Laws of bidirectional networks, (13.16) to (13.18), over every cell."""

import numpy as np
import pytest
from gradients import assert_gradients, weights_like
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.scratch.birnn import COMBINE, bidirectional, birnn_forward
from unrolled.scratch.cells import CELLS, RNN

sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)
cells = st.sampled_from(list(CELLS.values()))
ways = st.sampled_from(COMBINE)
close = {"rtol": 1e-12, "atol": 1e-14}


def draw(cell, seed, B, T, D, H):
    rng = np.random.default_rng(seed)
    params = {name: rng.normal(size=p.shape) / 2 for name, p in cell.init(rng, D, H).items()}
    mask = np.arange(T) < rng.integers(1, T + 1, size=(B, 1))
    state_0 = tuple(rng.normal(size=(B, H)) for _ in cell.state_names)
    return rng, params, rng.normal(size=(B, T, D)), state_0, mask


@settings(max_examples=25)
@given(cells, ways, seeds, sizes, sizes, sizes, sizes, st.booleans())
def test_gradients(cell, combine, seed, B, T, D, H, masked):
    cell = bidirectional(cell, combine)
    rng, params, x, state_0, mask = draw(cell, seed, B, T, D, H)
    mask = mask if masked else None
    h, state_T, cache = cell.forward(x, params, state_0, mask)
    w, w_T = weights_like(rng, h), tuple(weights_like(rng, part) for part in state_T)
    dx, dstate_0, dparams = cell.backward(w, w_T, cache)

    def loss():
        h, state_T, _ = cell.forward(x, params, state_0, mask)
        return float(np.sum(w * h) + sum(np.sum(a * b) for a, b in zip(w_T, state_T, strict=True)))

    names = cell.state_names
    grads = {"x": dx, **dict(zip(names, dstate_0, strict=True)), **dparams}
    assert_gradients(loss, grads, {"x": x, **dict(zip(names, state_0, strict=True)), **params})


@given(cells, seeds, sizes, sizes, sizes, sizes)
def test_each_direction_alone(cell, seed, B, T, D, H):
    """(13.16) reads x_1 … x_t; (13.17) reads x_n … x_t, each sequence from its own end."""
    both = bidirectional(cell)
    _, params, x, _, mask = draw(both, seed, B, T, D, H)
    fwd, bwd = ({k[4:]: p for k, p in params.items() if k.startswith(d)} for d in ("fwd.", "bwd."))
    h, state_T, _ = both.forward(x, params, mask=mask)
    for row, n in enumerate(mask.sum(axis=-1)):
        h_f, final_f, _ = cell.forward(x[row, :n], fwd)
        h_b, final_b, _ = cell.forward(x[row, :n][::-1], bwd)
        np.testing.assert_allclose(h[row, :n, :H], h_f, **close)
        np.testing.assert_allclose(h[row, :n, H:], h_b[::-1], **close)
        for got, expected in zip(state_T, final_f + final_b, strict=True):
            np.testing.assert_allclose(got[row], expected, **close)


@given(cells, seeds, sizes, sizes, sizes, sizes)
def test_reversing_the_words_swaps_the_directions(cell, seed, B, T, D, H):
    both = bidirectional(cell)
    _, params, x, _, _ = draw(both, seed, B, T, D, H)
    swapped = {{"fwd": "bwd", "bwd": "fwd"}[k[:3]] + k[3:]: p for k, p in params.items()}
    h, _, _ = both.forward(x, params)
    h_r, _, _ = both.forward(x[:, ::-1], swapped)
    np.testing.assert_allclose(h_r[:, ::-1], np.concatenate([h[..., H:], h[..., :H]], axis=-1), **close)


@given(seeds, sizes, sizes, sizes, sizes)
def test_sum_and_product_combine_the_two_halves(seed, B, T, D, H):
    _, params, x, _, mask = draw(bidirectional(RNN), seed, B, T, D, H)
    h, _, _ = birnn_forward(x, params, RNN, mask=mask)
    total, _, _ = birnn_forward(x, params, RNN, mask=mask, combine="sum")
    product, _, _ = birnn_forward(x, params, RNN, mask=mask, combine="product")
    np.testing.assert_allclose(total, h[..., :H] + h[..., H:], **close)
    np.testing.assert_allclose(product, h[..., :H] * h[..., H:], **close)


@given(cells, seeds, sizes, sizes, sizes, sizes)
def test_padding_on_either_side_changes_nothing(cell, seed, T, D, H, n_pad):
    both = bidirectional(cell)
    rng, params, x, _, _ = draw(both, seed, 1, T, D, H)
    h, state_T, _ = both.forward(x[0], params)
    rubbish = rng.normal(size=(n_pad, D))
    for before in (True, False):
        parts = [rubbish, x[0]] if before else [x[0], rubbish]
        real = np.concatenate([np.full(len(p), p is not rubbish) for p in parts])
        h_pad, state_pad, _ = both.forward(np.concatenate(parts), params, mask=real)
        np.testing.assert_allclose(h_pad[real], h, **close)
        for got, expected in zip(state_pad, state_T, strict=True):
            np.testing.assert_allclose(got, expected, **close)


def test_every_state_sees_every_word():
    _, params, x, _, _ = draw(bidirectional(RNN), 0, 1, 5, 3, 4)
    h, _, _ = birnn_forward(x, params, RNN)
    x[:, 2] += 1.0
    changed, _, _ = birnn_forward(x, params, RNN)
    assert (np.abs(changed - h).max(axis=-1) > 0).all()


def test_bad_input_says_expected_and_got():
    with pytest.raises(ValueError, match="combine: expected one of concat, sum, product, got 'mean'"):
        bidirectional(RNN, "mean")
    both = bidirectional(RNN)
    _, params, x, state_0, _ = draw(both, 0, 2, 3, 4, 5)
    with pytest.raises(ValueError, match="it has no step"):
        both.step(x[:, 0], state_0, params)
    with pytest.raises(ValueError, match=r"begin with fwd, bwd, got W"):
        both.forward(x, {"W": x})
    _, _, cache = both.forward(x, params)
    with pytest.raises(ValueError, match=r"dh: expected shape \(2, 3, 10\), got \(2, 3, 5\)"):
        both.backward(np.zeros((2, 3, 5)), None, cache)
