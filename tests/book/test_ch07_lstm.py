"""The numbers that chapter 7 works out by hand are the ones a step gives, and what it says of the trained network holds."""

import re
from pathlib import Path

import numpy as np
import pytest

from unrolled import checkpoints
from unrolled.scratch import lstm
from unrolled.scratch.labeling import cell_params
from unrolled.scratch.language_model import OWN
from unrolled.scratch.lstm import lstm_step

PAGE = (Path(__file__).parents[2] / "book" / "ch07_lstm.md").read_text(encoding="utf-8")
BY_HAND = PAGE.split("### One step, by hand")[1].split("\n## ")[0]
ROUNDED = 5.1e-5


def numbers(text):
    return [float(n.replace("−", "-")) for n in re.findall(r"[−-]?\d+(?:\.\d+)?", text)]


def weights():
    """The eight matrices as the page displays them, and biases of zero."""
    found = re.findall(r"([UW]_[fgio]) = \\begin\{pmatrix\}(.*?)\\end\{pmatrix\}", BY_HAND)
    p = {name: np.array([numbers(row) for row in matrix.split(r"\\")]) for name, matrix in found}
    assert len(p) == 8
    return p | {f"b_{gate}": np.zeros(2) for gate in "fgio"}


def step():
    x_t, h_prev, c_prev = np.array(
        numbers(re.search(r"The input is .*? before \(2, −1\)", BY_HAND)[0])
    ).reshape(3, 2)
    return x_t, h_prev, lstm_step(x_t, (h_prev, c_prev), weights())[1]


def row_of(first):
    """The cells of the table's row that begins like this, as pairs."""
    line = next(line for line in BY_HAND.splitlines() if line.startswith(f"| {first}"))
    return [tuple(numbers(cell)) for cell in line.strip("|").split("|") if numbers(cell)]


@pytest.mark.parametrize("gate", "fgio")
def test_a_row_of_the_table(gate):
    x_t, h_prev, cache = step()
    p = weights()
    past, now = p[f"U_{gate}"] @ h_prev, p[f"W_{gate}"] @ x_t
    expected = [past, now, past + now, getattr(cache, f"{gate}_t")]
    np.testing.assert_allclose(row_of(f"{gate} |"), expected, atol=ROUNDED)


def test_what_comes_of_the_gates():
    _, _, cache = step()
    expected = [cache.k_t, cache.j_t, cache.c_t, np.tanh(cache.c_t), cache.h_t]
    np.testing.assert_allclose(row_of("(1.7616"), expected, atol=ROUNDED)


def test_the_weights_in_the_code_are_those_of_the_text():
    cell = PAGE.split("p = {\n")[1].split("\n}")[0]
    in_code = eval("{" + cell + "}")
    for name, weight in weights().items():
        np.testing.assert_array_equal(in_code[name], weight)


def number_unit(text):
    """(the words, that unit's c by step) of the agreement checkpoint."""
    saved = checkpoints.load("agreement")
    words = ["<s>", *text.split()]
    ids = [
        saved.vocabularies["words"].index(w if w in saved.vocabularies["words"] else "<unk>") for w in words
    ]
    found = lstm.trace(saved.params["E"].T[ids], cell_params(saved.params, OWN))
    return words, found["c"][:, saved.config["number_unit"]]


def test_the_unit_counts_as_the_text_says():
    words, c = number_unit("the witches the king was calling")
    moved = dict(zip(words[1:], np.diff(c), strict=True))
    assert -1.2 < moved["witches"] < -0.8 and 0.8 < moved["king"] < 1.6 and -1.2 < moved["was"] < -0.8
    assert c[-1] < 0  # plural, when the main verb is due


def test_one_unknown_flight_is_as_many():
    (_, many), (_, one) = (
        number_unit(f"the {word} the airline was canceling") for word in ("flights", "flight")
    )
    np.testing.assert_array_equal(many, one)


def test_four_deep_it_has_drifted_to_nothing():
    _, c = number_unit("the queens that sister that the king a prince was greeting was helping was watching")
    assert abs(c[-1]) < 0.2
