"""The numbers that chapter 5 works out by hand are the ones the library gives."""

import re
from pathlib import Path

import numpy as np
import pytest

from unrolled.scratch.classification import (
    max_pool,
    max_pool_backward,
    mean_pool,
    mean_pool_backward,
)
from unrolled.scratch.generation import keep_top_k, keep_top_p, with_temperature
from unrolled.scratch.rnn import rnn_forward, softmax

PAGE = (Path(__file__).parents[2] / "book" / "ch05_tasks.md").read_text(encoding="utf-8")
BY_HAND = PAGE.split("### Three states, by hand")[1].split("\n## ")[0]
W, U = np.array([[1, 0], [0.5, -1]]), np.array([[0.5, -0.5], [0, 1]])
X = np.array([[1, 0], [0, 1], [1, 1]])
NEXT = np.array([0.5, 0.3, 0.2])
ROUNDED = 5.1e-5


def numbers(text):
    return [float(n.replace("−", "-")) for n in re.findall(r"[−-]?\d+(?:\.\d+)?", text)]


def rows(*names):
    """The cells of the table's rows that begin with these names, as lists of numbers."""
    for line in BY_HAND.splitlines():
        first, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and first in names:
            yield first, [numbers(cell) for cell in cells]


def last(h):
    return h[-1], len(h)


def last_backward(dr, n):
    return np.concatenate([np.zeros((n - 1, len(dr))), dr[None]])


POOLINGS = {
    "last": (last, last_backward),
    "mean": (mean_pool, mean_pool_backward),
    "max": (max_pool, max_pool_backward),
}


def test_the_states():
    h, _ = rnn_forward(X, W, U)
    shown = BY_HAND.split("$$")[1]
    found = re.findall(r"= (\([^)]*\))", shown)
    np.testing.assert_allclose([numbers(state) for state in found], h, atol=ROUNDED)


def test_the_table_of_poolings():
    h, _ = rnn_forward(X, W, U)
    found = dict(rows(*POOLINGS))
    assert list(found) == list(POOLINGS)
    for name, (pool, backward) in POOLINGS.items():
        r, kept = pool(h)
        y = softmax(2 * r)
        dr = 2 * (y - np.array([0, 1]))  # the second class is right
        for cell, expected in zip(found[name], [r, y, dr, *backward(dr, kept)], strict=True):
            np.testing.assert_allclose(cell, expected, atol=ROUNDED)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("τ = 0.5", with_temperature(NEXT, 0.5)),
        ("τ = 2", with_temperature(NEXT, 2.0)),
        ("top-k, k = 2", keep_top_k(NEXT, 2)),
        ("top-p, p = 0.4", keep_top_p(NEXT, 0.4)),
    ],
)
def test_the_table_of_distributions(name, expected):
    ((_, (cell,)),) = rows(name)
    np.testing.assert_allclose(cell, expected, atol=ROUNDED)


def test_the_equation_of_the_section_stands_on_the_page_once():
    assert PAGE.count("(eq-13-15)") == 1
