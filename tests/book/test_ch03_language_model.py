"""The numbers that chapter 3 works out by hand are the ones the model gives."""

import re
from pathlib import Path

import numpy as np
import pytest

from unrolled.scratch.embedding import one_hot
from unrolled.scratch.language_model import lm_forward, lm_loss, perplexity
from unrolled.scratch.loss import log_softmax
from unrolled.scratch.rnn import rnn_forward

PAGE = (Path(__file__).parents[2] / "book" / "ch03_language_model.md").read_text(encoding="utf-8")
BY_HAND = PAGE.split("### Two steps, by hand")[1].split("\n## ")[0]
ROUNDED = 5.1e-5
THE, FISH, SWIM = range(3)


def numbers(text):
    return [float(n.replace("−", "-")) for n in re.findall(r"[−-]?\d+(?:\.\d+)?", text)]


def matrices():
    """The four matrices as they are displayed: E, W, U, V."""
    found = re.findall(r"\\begin\{pmatrix\}(.*?)\\end\{pmatrix\}", BY_HAND)
    return [np.array([numbers(row) for row in matrix.split(r"\\")]) for matrix in found]


def rows():
    """The rows of the table without their word, a list of numbers for each cell."""
    lines = [line for line in BY_HAND.splitlines() if line.startswith("| *")]
    return [[numbers(cell) for cell in line.strip("|").split("|")[1:]] for line in lines]


def model():
    E, W, U, V = matrices()
    return {"E": E, "W": W, "U": U, "b": np.zeros(2), "V": V, "b_y": np.zeros(3)}


def test_the_table_is_what_the_model_gives():
    p = model()
    ids, targets = np.array([THE, FISH]), np.array([FISH, SWIM])
    e = one_hot(ids, 3) @ p["E"].T
    h, _ = rnn_forward(e, p["W"], p["U"])
    h_prev = np.concatenate([np.zeros((1, 2)), h[:-1]])
    logits, _, _ = lm_forward(ids, p)
    log_y = log_softmax(logits)
    losses = -log_y[[0, 1], targets][:, None]
    columns = [e @ p["W"].T, h_prev @ p["U"].T, h, logits, np.exp(log_y), losses]
    found = rows()
    assert len(found) == 2
    for t, row in enumerate(found):
        assert len(row) == len(columns)
        for cell, column in zip(row, columns, strict=True):
            np.testing.assert_allclose(cell, column[t], atol=ROUNDED)


def test_the_probability_the_loss_and_the_perplexity_below_it():
    loss, _, _ = lm_loss(np.array([THE, FISH]), np.array([FISH, SWIM]), model())
    below = BY_HAND.rpartition("\n|")[2].split("\n\n")[1]
    first, second, product, mean, exponent, perplexed = numbers(below)
    assert product == pytest.approx(np.exp(-2 * loss), abs=ROUNDED) == pytest.approx(first * second, abs=1e-4)
    assert mean == exponent == pytest.approx(loss, abs=ROUNDED)
    assert perplexed == pytest.approx(perplexity(loss), abs=ROUNDED)


def test_every_equation_of_the_section_stands_on_the_page_once():
    for number in range(4, 12):
        assert PAGE.count(f"(eq-13-{number})") == 1
