"""Comparing what a student returns: every value of a tuple counts, however many there are."""

import numpy as np
import pytest

from unrolled.checks._report import find_trouble


@pytest.mark.parametrize("place", range(7))
def test_each_value_of_a_long_tuple_is_compared(place):
    expected = tuple(np.arange(3) + n for n in range(7))
    got = list(expected)
    assert find_trouble(tuple(got), expected) is None
    got[place] = got[place] + 1
    trouble = find_trouble(tuple(got), expected)
    assert trouble is not None and trouble.part
    assert place < 4 or str(place + 1) in trouble.text
