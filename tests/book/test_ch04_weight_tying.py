"""The numbers that chapter 4 works out by hand are the ones the model gives."""

import re
from pathlib import Path

import numpy as np
import pytest

from unrolled.scratch.embedding import one_hot
from unrolled.scratch.loss import cross_entropy, log_softmax
from unrolled.scratch.rnn import rnn_backward, rnn_forward
from unrolled.scratch.weight_tying import parameter_counts, tied_forward, tied_loss

PAGE = (Path(__file__).parents[2] / "book" / "ch04_weight_tying.md").read_text(encoding="utf-8")
BY_HAND = PAGE.split("### Two steps, by hand")[1].split("\n## ")[0]
ROUNDED = 5.1e-5
IDS, TARGETS = np.array([0, 1]), np.array([1, 2])  # the fish, fish swim


def numbers(text):
    return [float(n.replace("−", "-")) for n in re.findall(r"[−-]?\d+(?:\.\d+)?", text)]


def matrices():
    """The matrices as they are displayed: E, W, U, then dE of the reading, of the guessing, and their sum."""
    found = re.findall(r"\\begin\{pmatrix\}(.*?)\\end\{pmatrix\}", BY_HAND)
    return [np.array([numbers(row) for row in matrix.split(r"\\")]) for matrix in found]


def rows(start):
    """The rows of a table without their first cell, a list of numbers for each other cell."""
    lines = [line for line in BY_HAND.splitlines() if re.match(start, line)]
    return [[numbers(cell) for cell in line.strip("|").split("|")[1:]] for line in lines]


def model():
    E, W, U = matrices()[:3]
    return {"E": E, "W": W, "U": U, "b": np.zeros(2)}


def assert_table(found, columns):
    assert len(found) == 2
    for t, row in enumerate(found):
        assert len(row) == len(columns)
        for cell, column in zip(row, columns, strict=True):
            np.testing.assert_allclose(cell, column[t], atol=ROUNDED)


def run():
    p = model()
    e = one_hot(IDS, 3) @ p["E"].T
    h, cache = rnn_forward(e, p["W"], p["U"])
    logits, _, _ = tied_forward(IDS, p)
    return p, e, h, cache, logits


def test_the_table_of_the_way_forward():
    p, e, h, _, logits = run()
    h_prev = np.concatenate([np.zeros((1, 2)), h[:-1]])
    assert_table(rows(r"\| \*"), [e @ p["W"].T, h_prev @ p["U"].T, h, logits, np.exp(log_softmax(logits))])


def test_the_table_of_the_way_back():
    p, _, _, cache, logits = run()
    _, ds = cross_entropy(logits, TARGETS)
    de, _, _ = rnn_backward(ds @ p["E"].T, cache)
    da = np.linalg.solve(p["W"].T, de.T).T
    back = np.stack([p["U"].T @ da[1], np.zeros(2)])
    columns = [ds, ds @ p["E"].T, back, da, de]
    assert_table(rows(r"\| [12] "), [column[::-1] for column in columns])  # step 2 stands first


def test_the_two_parts_of_the_gradient_and_their_sum():
    p, _, h, cache, logits = run()
    _, ds = cross_entropy(logits, TARGETS)
    de, _, _ = rnn_backward(ds @ p["E"].T, cache)
    _, grads, _ = tied_loss(IDS, TARGETS, p)
    for shown, found in zip(matrices()[3:], (de.T @ one_hot(IDS, 3), h.T @ ds, grads["E"]), strict=True):
        np.testing.assert_allclose(shown, found, atol=ROUNDED)


def test_the_counts_that_the_quiz_speaks_of():
    counts = parameter_counts(n_vocab=500, D=512)
    assert counts["saved"] == 256_000 and round(counts["untied"], -3) == 1_037_000
    assert counts["saved"] / counts["untied"] == pytest.approx(0.25, abs=0.005)


def test_every_equation_of_the_section_stands_on_the_page_once():
    for number in (12, 13, 14):
        assert PAGE.count(f"(eq-13-{number})") == 1
