"""What every gradient test needs: a scalar loss that weighs each output differently, and the bar."""

import numpy as np

from unrolled.checks.gradcheck import numerical_gradient, relative_error

BAR = 1e-6


def assert_gradients(loss, grads: dict, arrays: dict):
    """Each ``grads[name]`` must equal the central difference of ``loss()`` in ``arrays[name]``."""
    for name, grad in grads.items():
        expected = numerical_gradient(loss, arrays[name])
        assert grad.shape == arrays[name].shape, (
            f"d{name}: expected shape {arrays[name].shape}, got {grad.shape}"
        )
        error = relative_error(grad, expected)
        assert error < BAR, f"d{name}: relative error {error:.2e} against central differences"


def weights_like(rng: np.random.Generator, array: np.ndarray) -> np.ndarray:
    """Random weights, so that L = sum(weights * array) has a different gradient at every entry."""
    return rng.normal(size=array.shape)
