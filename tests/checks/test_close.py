"""The short ways that checks take to compare and to copy: the same answers as ``numpy.allclose`` and ``deepcopy``."""

from copy import deepcopy

import numpy as np
import pytest

from unrolled.checks._report import ATOL, RTOL, _changed, _copied, _near, find_trouble

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
    same = np.allclose(got, expected, rtol=RTOL, atol=ATOL)
    assert (find_trouble(got, expected) is None) is bool(same)
    assert same or not _near(got, expected)


def test_the_short_way_is_taken_and_does_not_always_agree():
    answers = {_near(*pair) for pair in PAIRS.values()}
    assert answers == {True, False}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308])
def test_what_is_not_finite_or_overflows_is_never_near(value):
    odd = np.array([1.0, value, 2.0])
    assert not _near(odd, np.array([1.0, -1e308, 2.0])) and not _near(np.array([1.0, -1e308, 2.0]), odd)
    assert np.isfinite(value) or not _near(odd, odd)
    assert np.isfinite(value) or find_trouble(odd, odd) is not None


VALUES = {
    "array": np.arange(6.0).reshape(2, 3).T,
    "objects": np.array([[1], None], dtype=object),
    "nested": ([np.ones(2), {"a": [1, "b", None]}], 2.5, {"w": np.zeros((0, 3))}, True),
}


def pieces(value):
    """Every array and every list in a value."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [value] * isinstance(value, np.ndarray | list | dict) + [p for part in parts for p in pieces(part)]


@pytest.mark.parametrize("name", VALUES)
def test_a_copy_is_a_deep_copy(name):
    value = VALUES[name]
    copy, reference = _copied(value), deepcopy(value)
    assert repr(copy) == repr(reference)
    for mine, theirs in zip(pieces(copy), pieces(value), strict=True):
        assert mine is not theirs
        if isinstance(mine, np.ndarray):
            assert mine.strides == theirs.strides and not np.shares_memory(mine, theirs)


def add_a_key(value):
    value[1]["new"] = 1


def drop_an_item(value):
    value[0].pop()


def write_a_number(value):
    value[0][0][1] = 5.0


def write_a_word(value):
    value[1]["a"][1] = "c"


@pytest.mark.parametrize("change", [add_a_key, drop_an_item, write_a_number, write_a_word])
def test_every_change_of_an_argument_is_seen(change):
    before = ([np.ones(2), np.full(3, np.nan)], {"a": [1, "b"]})
    after = _copied(before)
    assert not _changed(after, before), "NaN that was there before is no change"
    change(after)
    assert _changed(after, before)
