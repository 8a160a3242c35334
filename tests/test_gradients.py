"""The gradient check itself: right gradients pass, and one wrong entry anywhere is caught."""

import numpy as np
import pytest
from gradients import assert_gradients
from hypothesis import given
from hypothesis import strategies as st

shapes = st.sampled_from([(1,), (2, 2), (3, 4), (5, 6, 2)])


def case(seed, shape):
    """L = Σ w tanh(x), and its gradient."""
    rng = np.random.default_rng(seed)
    w, x = rng.normal(size=(2, *shape))
    return (lambda: float(np.sum(w * np.tanh(x)))), x, w * (1.0 - np.tanh(x) ** 2)


@given(st.integers(0, 2**32 - 1), shapes)
def test_a_right_gradient_passes_and_leaves_its_array_alone(seed, shape):
    loss, x, grad = case(seed, shape)
    before = x.copy()
    assert_gradients(loss, {"x": grad}, {"x": x})
    np.testing.assert_array_equal(x, before)


@given(st.integers(0, 2**32 - 1), shapes, st.sampled_from([1e-4, -1.0]), st.randoms())
def test_one_wrong_entry_is_caught(seed, shape, error, random):
    loss, x, grad = case(seed, shape)
    wrong = np.array(grad)
    wrong.flat[random.randrange(wrong.size)] += error * np.abs(grad).max()
    with pytest.raises(AssertionError, match="dx: off by"):
        assert_gradients(loss, {"x": wrong}, {"x": x})


def test_a_gradient_of_another_shape_is_refused():
    loss, x, grad = case(0, (3, 4))
    with pytest.raises(AssertionError, match=r"dx: expected shape \(3, 4\), got \(4, 3\)"):
        assert_gradients(loss, {"x": grad.T}, {"x": x})
