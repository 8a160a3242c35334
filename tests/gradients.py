"""What every gradient test needs: a scalar loss that weighs each output differently, and the bar."""

import numpy as np

from unrolled.checks.gradcheck import numerical_gradient

BAR = 1e-6
NOISE = 1e-10
"""What rounding leaves in a central difference of a loss of 1: 1e-16 / 1e-5, with room."""
ONE_BY_ONE = 4
"""An array of up to so many numbers is moved number by number; a larger one as a whole, in three directions."""


def assert_gradients(loss, grads: dict, arrays: dict):
    """Each ``grads[name]`` must equal the central difference of ``loss()`` in ``arrays[name]``.

    A larger array is moved along random directions v: dL/dε of L(x + ε v) is the sum of grad · v, and a
    gradient that is wrong anywhere is wrong along almost every v, at a cost that does not grow with it.
    A difference that rounding alone can make is let through: a true gradient of 1e-7 drowns in it.
    """
    for name, grad in grads.items():
        assert grad.shape == arrays[name].shape, (
            f"d{name}: expected shape {arrays[name].shape}, got {grad.shape}"
        )
        small = grad.size <= ONE_BY_ONE
        got, expected = (_one_by_one if small else _along_directions)(loss, grad, arrays[name])
        scale = np.max(np.abs(grad) + np.abs(expected if small else grad), initial=0.0)
        error = np.abs(got - expected).max(initial=0.0)
        drowned = error < NOISE * max(1.0, abs(loss()))
        assert error < BAR * scale or drowned, (
            f"d{name}: off by {error:.2e}, of {scale:.2e}, against central differences"
        )


def _one_by_one(loss, grad: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return grad, numerical_gradient(loss, x)


def _along_directions(loss, grad: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(grad · v, dL/dε) for three random v, each as far from no change as it can be and still exact."""
    kept, step = x.copy(), np.zeros(1)
    directions = np.random.default_rng(0).normal(size=(3, *x.shape))

    def along(v):
        def moved():
            x[...] = kept + step[0] * v
            return loss()

        return numerical_gradient(moved, step)[0]

    slopes = np.array([along(v) for v in directions])
    x[...] = kept
    return np.array([np.sum(grad * v) for v in directions]), slopes


def weights_like(rng: np.random.Generator, array: np.ndarray) -> np.ndarray:
    """Random weights, so that L = sum(weights * array) has a different gradient at every entry."""
    return rng.normal(size=array.shape)
