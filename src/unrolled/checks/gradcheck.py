"""Is a hand-written gradient right?  Compare it with central differences, in float64."""

from collections.abc import Callable

import numpy as np

from unrolled.axes import Array


def numerical_gradient(loss: Callable[[], float], x: Array, eps: float = 1e-5) -> Array:
    """dL/dx by central differences, (L(x + ε) - L(x - ε)) / 2ε one number at a time.

    ``loss`` reads ``x``, which is changed in place and put back.  Error about ε² + 1e-16/ε.

    >>> x = np.array([3.0])
    >>> bool(abs(numerical_gradient(lambda: float(x[0] ** 2), x)[0] - 6.0) < 1e-8)
    True
    """
    if x.dtype != np.float64:
        raise ValueError(f"x: expected float64, in which differences are exact enough, got {x.dtype}")
    grad = np.zeros_like(x)
    for n in np.ndindex(x.shape):
        kept = x[n]
        x[n] = kept + eps
        above = loss()
        x[n] = kept - eps
        below = loss()
        x[n] = kept
        grad[n] = (above - below) / (2.0 * eps)
    return grad


def relative_error(got: Array, expected: Array) -> float:
    """max |got - expected| / max(|got| + |expected|), over the whole array; 0 where both are zero."""
    scale = float(np.max(np.abs(got) + np.abs(expected), initial=0.0))
    return float(np.max(np.abs(got - expected), initial=0.0)) / scale if scale else 0.0
