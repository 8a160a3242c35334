"""What every gradient test needs: a scalar loss that weighs each output differently, and the bar."""

import numpy as np

from unrolled.checks.gradcheck import numerical_gradient, relative_error

BAR = 1e-6
NOISE = 1e-10
"""What rounding leaves in a central difference of a loss of 1: 1e-16 / 1e-5, with room."""


def assert_gradients(loss, grads: dict, arrays: dict):
    """Each ``grads[name]`` must equal the central difference of ``loss()`` in ``arrays[name]``.

    A difference that rounding alone can make is let through: a true gradient of 1e-7 drowns in it.
    """
    for name, grad in grads.items():
        expected = numerical_gradient(loss, arrays[name])
        assert grad.shape == arrays[name].shape, (
            f"d{name}: expected shape {arrays[name].shape}, got {grad.shape}"
        )
        error = relative_error(grad, expected)
        drowned = np.abs(grad - expected).max() < NOISE * max(1.0, abs(loss()))
        assert error < BAR or drowned, f"d{name}: relative error {error:.2e} against central differences"


def weights_like(rng: np.random.Generator, array: np.ndarray) -> np.ndarray:
    """Random weights, so that L = sum(weights * array) has a different gradient at every entry."""
    return rng.normal(size=array.shape)
