"""Laws of the masked cross-entropy."""

import numpy as np
import pytest
from gradients import assert_gradients
from hypothesis import given
from hypothesis import strategies as st

from unrolled.scratch.loss import cross_entropy, log_softmax

sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)


def draw(seed, B, T, K):
    rng = np.random.default_rng(seed)
    mask = np.arange(T) < rng.integers(1, T + 1, size=(B, 1))
    return rng.normal(size=(B, T, K)), rng.integers(K, size=(B, T)), mask


@given(seeds, sizes, sizes, sizes, st.booleans())
def test_gradient(seed, B, T, K, masked):
    logits, targets, mask = draw(seed, B, T, K)
    mask = mask if masked else None
    _, dlogits = cross_entropy(logits, targets, mask)
    # a lone class has gradient 0, which a relative error cannot measure
    if K > 1:
        assert_gradients(
            lambda: cross_entropy(logits, targets, mask)[0], {"logits": dlogits}, {"logits": logits}
        )
    np.testing.assert_allclose(dlogits.sum(axis=-1), 0.0, atol=1e-15)


@given(st.integers(1, 50))
def test_uniform_guess_costs_log_k(K):
    loss, _ = cross_entropy(np.full((3, K), 7.0), np.array([0, K - 1, 0]))
    np.testing.assert_allclose(loss, np.log(K), atol=1e-12)


@given(seeds, sizes, sizes, sizes)
def test_mean_over_real_tokens_only(seed, B, T, K):
    """(13.11) at each real token, averaged; whatever stands at the padding, even an id of no class."""
    logits, targets, mask = draw(seed, B, T, K)
    y = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    by_hand = np.mean([-np.log(y[b, t, targets[b, t]]) for b, t in np.argwhere(mask)])
    rubbish, wrong = np.where(mask[..., None], logits, 99.0), np.where(mask, targets, -100)
    loss, dlogits = cross_entropy(rubbish, wrong, mask)
    np.testing.assert_allclose(loss, by_hand, rtol=1e-12, atol=1e-15)
    assert (dlogits[~mask] == 0).all()
    np.testing.assert_array_equal(dlogits, cross_entropy(logits, targets, mask)[1])


def test_one_vector_and_huge_scores():
    loss, dlogits = cross_entropy(np.array([1e4, 0.0, -1e4]), np.array(1))
    assert loss == 1e4
    np.testing.assert_array_equal(dlogits, [1.0, -1.0, 0.0])
    assert np.isfinite(log_softmax(np.array([1e308, -1e308]) / 2)).all()


def test_float32_stays_float32():
    assert cross_entropy(np.zeros((2, 3), "f4"), np.array([0, 1]))[1].dtype == np.float32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"targets": np.zeros((2, 4), int)}, r"targets: expected shape \(\*B=\(2, 3\),\), got \(2, 4\)"),
        ({"targets": np.full((2, 3), 5)}, r"targets: expected ids from 0 to 4, got 5"),
        ({"targets": np.zeros((2, 3))}, r"targets: expected integer token ids, got dtype float64"),
        (
            {"mask": np.zeros((2, 3), bool)},
            r"mask: expected at least one real token, got none in shape \(2, 3\)",
        ),
        ({"mask": np.ones((2, 3))}, r"mask: expected booleans, True at real tokens, got dtype float64"),
        ({"mask": np.ones(3, bool)}, r"mask: expected shape"),
        ({"logits": np.full((2, 3, 5), np.inf)}, r"logits: expected finite numbers, got 30"),
    ],
)
def test_bad_input_says_expected_and_got(change, message):
    given_ = {"logits": np.zeros((2, 3, 5)), "targets": np.zeros((2, 3), int), "mask": np.ones((2, 3), bool)}
    with pytest.raises(ValueError, match=message):
        cross_entropy(**{**given_, **change})
