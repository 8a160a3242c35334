"""Laws of the embedding look-up (13.4)."""

import numpy as np
import pytest
from gradients import assert_gradients, weights_like
from hypothesis import given
from hypothesis import strategies as st

from unrolled.scratch.embedding import embed, embed_backward, init_embedding, one_hot

sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)


@given(seeds, sizes, sizes, sizes, st.integers(1, 6))
def test_lookup_is_the_product_with_a_one_hot(seed, B, T, D, n_vocab):
    rng = np.random.default_rng(seed)
    E, ids = init_embedding(rng, n_vocab, D), rng.integers(n_vocab, size=(B, T))
    e, _ = embed(ids, E)
    assert e.shape == (B, T, D)
    np.testing.assert_array_equal(e, one_hot(ids, n_vocab) @ E.T)


@given(seeds, sizes, sizes, sizes, st.integers(1, 6))
def test_gradient(seed, B, T, D, n_vocab):
    rng = np.random.default_rng(seed)
    E, ids = init_embedding(rng, n_vocab, D), rng.integers(n_vocab, size=(B, T))
    e, cache = embed(ids, E)
    w = weights_like(rng, e)
    dE = embed_backward(w, cache)
    assert_gradients(lambda: float(np.sum(w * embed(ids, E)[0])), {"E": dE}, {"E": E})
    np.testing.assert_allclose(dE, np.einsum("btd,btv->dv", w, one_hot(ids, n_vocab)), atol=1e-12)


def test_repeated_words_add_up_and_absent_words_get_nothing():
    _, cache = embed(np.array([1, 1, 3]), np.zeros((2, 5)))
    dE = embed_backward(np.array([[1.0, 2.0], [10.0, 20.0], [5.0, 6.0]]), cache)
    np.testing.assert_array_equal(dE, [[0, 11, 0, 5, 0], [0, 22, 0, 6, 0]])


@pytest.mark.parametrize(
    ("ids", "E", "message"),
    [
        (np.array([5]), np.zeros((2, 5)), r"ids: expected ids from 0 to 4, got 5"),
        (np.array([-1]), np.zeros((2, 5)), r"ids: expected ids from 0 to 4, got -1"),
        (np.array([1.0]), np.zeros((2, 5)), r"ids: expected integer token ids, got dtype float64"),
        (np.array([1]), np.zeros(5), r"E: expected shape \(D, n_vocab\), got \(5,\)"),
    ],
)
def test_bad_input_says_expected_and_got(ids, E, message):
    with pytest.raises(ValueError, match=message):
        embed(ids, E)


def test_backward_refuses_a_gradient_of_another_shape():
    _, cache = embed(np.array([1, 2]), np.zeros((3, 5)))
    with pytest.raises(ValueError, match=r"de: expected shape \(2, 3\), got \(2, 4\)"):
        embed_backward(np.zeros((2, 4)), cache)
