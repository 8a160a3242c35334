"""The numbers that chapter 1 works out by hand are the ones the network gives."""

import re
from pathlib import Path

import numpy as np

from unrolled.scratch.rnn import rnn_forward, softmax

PAGE = (Path(__file__).parents[2] / "book" / "ch01_rnn.md").read_text(encoding="utf-8")


def worked_rows():
    """The rows of the table "One step, by hand", as lists of number pairs."""
    table = PAGE.split("### One step, by hand")[1].split("### ")[0]
    for line in table.splitlines():
        if re.match(r"\| \d", line):
            cells = [cell.strip() for cell in line.strip("|").split("|")][1:]
            yield [tuple(float(n.replace("−", "-")) for n in cell.strip("()").split(", ")) for cell in cells]


def test_worked_step():
    W, U, V = np.array([[1, 0], [0.5, -1]]), np.array([[0.5, -0.5], [0, 1]]), 2 * np.eye(2)
    x = np.eye(2)
    h, _ = rnn_forward(x, W, U)
    h_prev = np.concatenate([np.zeros((1, 2)), h[:-1]])
    scores = h @ V.T
    expected = [x @ W.T, h_prev @ U.T, x @ W.T + h_prev @ U.T, h, scores, softmax(scores)]
    rows = list(worked_rows())
    assert len(rows) == 2
    for t, row in enumerate(rows):
        np.testing.assert_allclose(row, [column[t] for column in expected], atol=5.1e-5)
