"""The numbers that chapter 2 works out by hand are the ones the two passes give."""

import re
from pathlib import Path

import numpy as np

from unrolled.scratch.bptt import first_pass, second_pass
from unrolled.scratch.rnn import rnn_forward, softmax

PAGE = (Path(__file__).parents[2] / "book" / "ch02_bptt.md").read_text(encoding="utf-8")
BY_HAND = PAGE.split("### Two steps, by hand")[1].split("\n## ")[0]
NETWORK = {
    "W": np.array([[1, 0], [0.5, -1]]),
    "U": np.array([[0.5, -0.5], [0, 1]]),
    "V": 2 * np.eye(2),
}
X, TARGETS = np.eye(2), np.array([0, 1])
ROUNDED = 5.1e-5


def numbers(text):
    return [float(n.replace("−", "-")) for n in re.findall(r"[−-]?\d+(?:\.\d+)?", text)]


def worked_rows():
    """Step -> its row of the table, as pairs of numbers."""
    for line in BY_HAND.splitlines():
        if re.match(r"\| \d", line):
            step, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            yield int(step), [tuple(numbers(cell)) for cell in cells]


def matrices(name):
    """What stands in the displayed equation that begins with \\grd{name}, one list of rows a matrix."""
    display = next(d for d in BY_HAND.split("$$") if d.strip().startswith(f"\\grd{{{name}}}"))
    found = re.findall(r"\\begin\{pmatrix\}(.*?)\\end\{pmatrix\}", display)
    return [np.array([numbers(row) for row in matrix.split(r"\\")]) for matrix in found]


def gradients_by_step():
    h, _ = rnn_forward(X, NETWORK["W"], NETWORK["U"])
    ds = (softmax(h @ NETWORK["V"].T) - np.eye(2)) / 2
    back, da_next, rows = ds @ NETWORK["V"], np.zeros(2), {}
    for t in (2, 1):
        from_later = NETWORK["U"].T @ da_next
        dh, slope = back[t - 1] + from_later, 1 - h[t - 1] ** 2
        da_next = dh * slope
        rows[t] = [ds[t - 1], back[t - 1], from_later, dh, slope, da_next]
    return h, rows


def test_the_table():
    _, expected = gradients_by_step()
    rows = dict(worked_rows())
    assert list(rows) == [2, 1]
    for t, row in rows.items():
        np.testing.assert_allclose(row, expected[t], atol=ROUNDED)


def test_the_sums_of_outer_products():
    h, rows = gradients_by_step()
    _, saved = first_pass(X, TARGETS, NETWORK)
    _, _, gradients = second_pass(saved)
    da_2, h_1, dU = matrices("dU")
    np.testing.assert_allclose(da_2[:, 0], rows[2][-1], atol=ROUNDED)
    np.testing.assert_allclose(h_1[0], h[0], atol=ROUNDED)
    np.testing.assert_allclose(dU, gradients["U"], atol=ROUNDED)
    *_, dW = matrices("dW")
    np.testing.assert_allclose(dW, gradients["W"], atol=ROUNDED)


def test_the_probability_that_the_text_names():
    h, _ = gradients_by_step()
    named = re.search(r"gave the right answer a probability of (0\.\d+)", BY_HAND)[1]
    assert round(softmax(h[1] @ NETWORK["V"].T)[1], 4) == float(named)


def test_the_future_turns_both_signs_at_step_1():
    _, rows = gradients_by_step()
    own, whole = rows[1][1], rows[1][3]
    assert (np.sign(own) == -np.sign(whole)).all()
    assert "(−0.3546, 0.3546), and descent" in BY_HAND
