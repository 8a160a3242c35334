"""Laws of pooling (13.15) and of the classifier, over every cell, one way and both."""

import numpy as np
import pytest
from gradients import assert_gradients, weights_like
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS, LSTM, RNN
from unrolled.scratch.classification import (
    POOLS,
    classifier_forward,
    classifier_loss,
    init_classifier,
    max_pool,
    max_pool_backward,
    mean_pool,
    mean_pool_backward,
    predict_class,
)
from unrolled.scratch.stacked import stack

sizes = st.integers(1, 3)
seeds = st.integers(0, 2**32 - 1)
pools = st.sampled_from(POOLS)
cells = st.sampled_from(
    [*CELLS.values(), bidirectional(RNN, "sum"), bidirectional(LSTM), stack(bidirectional(LSTM), 2)]
)


def draw(cell, seed, B, T, D, H, pool, K=3, n_vocab=5):
    rng = np.random.default_rng(seed)
    init = init_classifier(rng, n_vocab, K, D, H, H + 1, cell, pool)
    params = {name: p + rng.normal(size=p.shape) / 4 for name, p in init.items()}
    mask = np.arange(T) < rng.integers(1, T + 1, size=(B, 1))
    return params, rng.integers(n_vocab, size=(B, T)), rng.integers(K, size=B), mask


@settings(max_examples=12)
@given(cells, pools, seeds, sizes, sizes, sizes, sizes, st.booleans())
def test_end_to_end_gradients(cell, pool, seed, B, T, D, H, masked):
    """Every parameter, from the class down to the embeddings."""
    params, ids, classes, mask = draw(cell, seed, B, T, D, H, pool)
    mask = mask if masked else None
    _, grads = classifier_loss(ids, classes, params, cell, mask, pool)
    assert set(grads) == set(params)
    assert_gradients(lambda: classifier_loss(ids, classes, params, cell, mask, pool)[0], grads, params)


@given(cells, pools, seeds, sizes, sizes, sizes, sizes, st.integers(1, 3), st.booleans())
def test_padding_on_either_side_changes_nothing(cell, pool, seed, B, T, D, H, n_pad, left):
    params, ids, classes, _ = draw(cell, seed, B, T, D, H, pool)
    loss, grads = classifier_loss(ids, classes, params, cell, None, pool)
    width = ((0, 0), (n_pad, 0) if left else (0, n_pad))
    mask = np.pad(np.ones((B, T), bool), width)
    loss_pad, grads_pad = classifier_loss(np.pad(ids, width), classes, params, cell, mask, pool)
    np.testing.assert_allclose(loss_pad, loss, rtol=1e-12)
    for name in grads:
        np.testing.assert_allclose(grads_pad[name], grads[name], rtol=1e-10, atol=1e-13, err_msg=name)


@given(seeds, sizes, sizes, sizes, sizes)
def test_one_token_is_its_own_last_mean_and_max(seed, B, T, D, H):
    """With one real token, wherever it stands, the three poolings agree."""
    params, ids, _, _ = draw(RNN, seed, B, T, D, H, "last")
    mask = np.arange(T) == np.random.default_rng(seed).integers(T, size=(B, 1))
    last, mean, top = (classifier_forward(ids, params, RNN, mask, pool)[0] for pool in POOLS)
    np.testing.assert_allclose(mean, last, rtol=1e-12)
    np.testing.assert_allclose(top, last, rtol=1e-12)


def test_mean_by_hand():
    h = np.array([[1.0, -2.0], [3.0, 4.0], [100.0, 100.0]])
    pooled, cache = mean_pool(h, np.array([True, True, False]))
    np.testing.assert_allclose(pooled, [2.0, 1.0])
    np.testing.assert_allclose(mean_pool_backward(np.array([6.0, 8.0]), cache), [[3, 4], [3, 4], [0, 0]])


def test_the_max_sends_its_gradient_to_the_winner_only():
    h = np.array([[1.0, 4.0, -5.0], [3.0, 4.0, -6.0], [100.0, 100.0, 100.0]])
    pooled, cache = max_pool(h, np.array([True, True, False]))
    np.testing.assert_allclose(pooled, [3.0, 4.0, -5.0])
    dh = max_pool_backward(np.array([1.0, 2.0, 3.0]), cache)
    np.testing.assert_allclose(dh, [[0, 2, 3], [1, 0, 0], [0, 0, 0]])  # a tie goes to the first


@settings(max_examples=20)
@given(seeds, sizes, sizes, sizes, st.booleans())
def test_pooling_gradients(seed, B, T, H, masked):
    rng = np.random.default_rng(seed)
    h, mask = rng.normal(size=(B, T, H)), np.arange(T) < rng.integers(1, T + 1, size=(B, 1))
    mask = mask if masked else None
    for pool, backward in ((mean_pool, mean_pool_backward), (max_pool, max_pool_backward)):
        r, cache = pool(h, mask)
        w = weights_like(rng, r)
        assert_gradients(
            lambda pool=pool, w=w: float(np.sum(w * pool(h, mask)[0])), {"h": backward(w, cache)}, {"h": h}
        )


def test_last_reads_the_final_state_of_both_directions():
    """So the first word, the last the backward cell reads, moves the class directly."""
    cell = bidirectional(RNN)
    params, ids, _, _ = draw(cell, 0, 1, 6, 3, 4, "last")
    assert params["W_ff"].shape == (5, 8)
    params["fwd.U"][:] = 0.0  # the forward cell forgets everything but the last word
    before, _ = classifier_forward(ids, params, cell)
    ids[0, 0] = (ids[0, 0] + 1) % 5
    assert np.abs(classifier_forward(ids, params, cell)[0] - before).max() > 1e-3


def test_it_learns_a_class_and_predicts_it():
    """Does word 1 occur in the text?  Max pooling learns it; prediction is the argmax."""
    rng = np.random.default_rng(0)
    ids = rng.integers(4, size=(40, 6))
    classes = (ids == 1).any(axis=-1).astype(int)
    params = init_classifier(rng, n_vocab=4, K=2, D=4, H=6, cell=LSTM, pool="max")
    for _ in range(300):
        _, grads = classifier_loss(ids, classes, params, LSTM, None, "max")
        params = {name: p - 1.0 * grads[name] for name, p in params.items()}
    np.testing.assert_array_equal(predict_class(ids, params, LSTM, None, "max"), classes)


def test_frozen_embeddings_get_no_gradient():
    params, ids, classes, _ = draw(RNN, 0, 2, 3, 4, 5, "mean")
    free = classifier_loss(ids, classes, params, RNN, None, "mean")[1]
    frozen = classifier_loss(ids, classes, params, RNN, None, "mean", frozen=True)[1]
    assert set(free) - set(frozen) == {"E"}


def test_bad_input_says_expected_and_got():
    params, ids, classes, mask = draw(RNN, 0, 2, 3, 4, 5, "mean")
    with pytest.raises(ValueError, match="pool: expected one of last, mean, max, got 'sum'"):
        classifier_loss(ids, classes, params, pool="sum")
    with pytest.raises(ValueError, match="pool: expected one of last, mean, max, got 'sum'"):
        init_classifier(np.random.default_rng(0), 5, 2, 3, 4, pool="sum")
    with pytest.raises(ValueError, match=r"targets: expected shape \(\*B=\(2,\),\), got \(3,\)"):
        classifier_loss(ids, np.zeros(3, int), params)
    with pytest.raises(ValueError, match="got no W_ff"):
        classifier_loss(ids, classes, {n: p for n, p in params.items() if n != "W_ff"})
    with pytest.raises(ValueError, match="at least one real token in each sequence"):
        classifier_loss(ids, classes, params, mask=mask & False, pool="mean")
    with pytest.raises(ValueError, match="ids: expected ids from 0 to 4, got -1"):
        classifier_loss(ids * 0 - 1, classes, params)
