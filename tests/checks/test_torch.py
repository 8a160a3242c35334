"""Tensors in checks: what a torch task is given and gives back, and what a check says without torch."""

import sys

import numpy as np
import pytest
import torch

from unrolled.checks._report import CheckFailed, Example, check_outputs, find_trouble, show
from unrolled.checks._torch import arrays, in_numpy, tensors


def test_there_and_back():
    data = {"a": [np.array([0.5, 1.0]), (np.array([1]), np.array([True]))], "n": 3, "x": 0.5}
    there = tensors(data)
    assert there["a"][0].dtype is torch.float32 and there["a"][1][0].dtype is torch.int64
    assert there["a"][1][1].dtype is torch.bool and there["n"] == 3
    back = arrays(there)
    assert isinstance(back["a"][1], tuple) and back["a"][0].dtype == np.float64
    np.testing.assert_array_equal(back["a"][0], data["a"][0])


def test_arrays_share_no_memory_with_their_tensors():
    tensor = tensors(np.array([1.0]))
    arrays(tensor)[0] = 5.0
    assert tensor.item() == 1.0


def test_without_torch_the_message_says_what_to_do(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch")
    with pytest.raises(CheckFailed, match="run the first code cell"):
        tensors(np.zeros(2))


def test_a_result_with_a_history_is_read():
    w = torch.ones(2, requires_grad=True)
    assert find_trouble(w * 2, np.array([2.0, 2.0])) is None
    assert find_trouble(w * 2, np.array([2.0, 3.0])).got.tolist() == [2.0, 2.0]
    assert show(w) == show(np.ones(2))


def test_a_variant_in_numpy_recognises_a_tensor():
    def twice(x):
        return (2 * x).requires_grad_()

    example = Example(tensors({"x": np.array([1.0, 2.0])}), np.array([1.0, 2.0]))
    with pytest.raises(CheckFailed, match="it is doubled"):
        check_outputs(twice, [example], [("it is doubled.", in_numpy(lambda x: 2 * x))])
    check_outputs(lambda x: x, [example], [])


def test_a_tensor_that_is_changed_in_place_belongs_to_the_caller():
    def changing(x):
        x += 1
        return x.clone()

    with pytest.raises(CheckFailed, match="it changes its argument x"):
        check_outputs(changing, [Example(tensors({"x": np.array([1.0])}), np.array([2.0]))])


def test_lists_of_arrays_are_compared_item_by_item():
    expected = [np.zeros(2), (np.ones(1), np.ones(1))] * 3
    assert (
        find_trouble([list(item) if isinstance(item, tuple) else item for item in expected], expected) is None
    )
    wrong = [*expected[:-1], (np.ones(1), np.zeros(1))]
    assert find_trouble(wrong, expected).text.startswith("in the second value")
    assert "expected a list of 6, got list of 5" in find_trouble(expected[:-1], expected).text
