"""The short way of ``numpy.allclose`` that checks take: the same answer."""

import numpy as np
import pytest

from unrolled.checks._report import ATOL, RTOL, _close

ONE = np.ones(3)
PAIRS = {
    "equal": (ONE, ONE),
    "near": (ONE, ONE + RTOL / 2),
    "far": (ONE, ONE + 3 * (RTOL + ATOL)),
    "float32": (ONE.astype(np.float32), ONE),
    "both float32, near": (ONE.astype(np.float32), np.nextafter(ONE, 2, dtype=np.float32)),
    "expected infinite": (ONE, np.array([1.0, 1.0, np.inf])),
    "expected nan": (ONE, np.array([1.0, 1.0, np.nan])),
    "integers": (np.array([1, 2]), np.array([1, 3])),
    "unsigned": (np.array([1], np.uint8), np.array([2], np.uint8)),
    "booleans": (np.array([True, False]), np.array([True, True])),
    "a float for an integer": (ONE, np.array([1, 1, 1])),
    "one number": (np.asarray(1.0), np.asarray(1.0 + 1e-3)),
    "none": (np.zeros((0, 2)), np.zeros((0, 2))),
}


@pytest.mark.parametrize("name", PAIRS)
def test_as_numpy_says(name):
    got, expected = PAIRS[name]
    assert _close(got, expected) is bool(np.allclose(got, expected, rtol=RTOL, atol=ATOL))


def test_both_answers_occur():
    answers = {_close(*pair) for pair in PAIRS.values()}
    assert answers == {True, False}
