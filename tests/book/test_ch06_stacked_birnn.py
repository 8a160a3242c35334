"""The numbers that chapter 6 works out by hand are the ones the library gives."""

import re
from pathlib import Path

import numpy as np

from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import RNN
from unrolled.scratch.stacked import stack

PAGE = (Path(__file__).parents[2] / "book" / "ch06_stacked_birnn.md").read_text(encoding="utf-8")
BY_HAND = PAGE.split("### Two steps, by hand")[1].split("\n## ")[0]
FIRST = {"W": np.array([[1, 0], [0.5, -1]]), "U": np.array([[0.5, -0.5], [0, 1]]), "b": np.zeros(2)}
SECOND = {"W": np.eye(2), "U": np.array([[0, 1], [-0.5, 0]]), "b": np.zeros(2)}
ROUNDED = 5.1e-5


def numbers(text):
    return [float(n.replace("−", "-")) for n in re.findall(r"[−-]?\d+(?:\.\d+)?", text)]


def named(params, *leads):
    return {f"{lead}.{key}": a for lead, part in zip(leads, params, strict=True) for key, a in part.items()}


def rows():
    """Step -> its row of the table, as lists of numbers."""
    for line in BY_HAND.splitlines():
        if re.match(r"\| \d", line):
            step, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            yield int(step), [numbers(cell) for cell in cells]


def run(combine):
    params = named((FIRST, SECOND), "fwd", "bwd")
    return bidirectional(RNN, combine).forward(np.eye(2), params)[0]


def test_the_table():
    found = dict(rows())
    assert sorted(found) == [1, 2]
    h = run("concat")
    for t, (h_f, h_b, *joined) in found.items():
        np.testing.assert_allclose(h_f, h[t - 1, :2], atol=ROUNDED)
        np.testing.assert_allclose(h_b, h[t - 1, 2:], atol=ROUNDED)
        for combine, shown in zip(("concat", "sum", "product"), joined, strict=True):
            np.testing.assert_allclose(shown, run(combine)[t - 1], atol=ROUNDED)


def test_the_stack():
    top, _, _ = stack(RNN, 2).forward(np.eye(2), named((FIRST, SECOND), "layer1", "layer2"))
    text = BY_HAND.split("And a stack of the two")[1]
    pairs = [numbers(pair) for pair in re.findall(r"\([^)]*\)", text)]
    below = RNN.forward(np.eye(2), FIRST)[0]
    past = SECOND["U"] @ top[0]
    for shown, expected in zip(
        pairs, (below[0], top[0], below[1], past, below[1] + past, top[1]), strict=True
    ):
        np.testing.assert_allclose(shown, expected, atol=ROUNDED)


def test_what_the_text_says_of_the_backward_state():
    h_b = run("concat")[:, 2:]
    line = next(line for line in BY_HAND.splitlines() if line.startswith("It begins at step 2"))
    pairs = [numbers(pair) for pair in re.findall(r"\((.*?)\)", line)]
    past = SECOND["U"] @ h_b[1]
    expected = ([0, 1], h_b[1], [1, 0], past, [1 + past[0], 0], h_b[0])
    for shown, number in zip(pairs, expected, strict=True):
        np.testing.assert_allclose(shown, number, atol=ROUNDED)
