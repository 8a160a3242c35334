"""The tying viewer from Python, and the page's arithmetic against the library's."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from language_models import WORDS, language_model
from widget_page import node

from unrolled.scratch.cells import CELLS
from unrolled.scratch.weight_tying import parameter_counts, tied_forward
from unrolled.widgets._language import of
from unrolled.widgets._model import unpack
from unrolled.widgets.tying import tying_viewer

JS = Path(__file__).parent / "js"
START = WORDS.index("<s>")


def viewer(cell="rnn", tied=True, **options):
    return tying_viewer(language_model(cell, tied=tied), WORDS, **options)


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_tied_score_is_the_product_of_a_column_of_E(cell):
    w = viewer(cell, text="the cat")
    params, _ = unpack(w.weights)
    ids = np.array([START, WORDS.index("the"), WORDS.index("cat")])
    logits, state, _ = tied_forward(ids, params, CELLS[cell])
    for word in ("moon", "</s>"):
        n = WORDS.index(word)
        score = w.score(word)
        assert score.product == pytest.approx(params["E"][:, n] @ state[0], abs=1e-12)
        assert score.score == pytest.approx(logits[-1, n], abs=1e-12)
        assert score.bias == params["b_y"][n]


@pytest.mark.parametrize("cell", list(CELLS))
def test_the_counts_are_those_of_the_model_itself(cell):
    w = viewer(cell)
    w.n_vocab, w.D = 1234, 40
    assert w.counts == parameter_counts(1234, 40, CELLS[cell])
    assert w.counts["saved"] == 1234 * 40


def test_the_toggle_shows_the_model_that_fits():
    w = tying_viewer(language_model("rnn", tied=True), WORDS, untied=language_model("lstm"), text="the")
    assert w.tied and "V" not in w.shown["arrays"]
    one = w.score("cat")
    w.tied = False
    assert "V" in w.shown["arrays"] and w.score("cat") != one
    assert w.counts == parameter_counts(w.n_vocab, w.D, CELLS["lstm"])
    alone = viewer()
    alone.tied = False
    assert alone.shown is alone.weights
    assert viewer(tied=False).tied is False


def test_a_tied_model_has_one_neighbourhood():
    params, _ = of(viewer().weights)
    np.testing.assert_array_equal(params["V"], params["E"].T)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tying_viewer({**language_model(tied=True), "U_f": np.ones((5, 5))}, WORDS), r"H: expected H = D = 6, got H = 5"),
        (lambda: tying_viewer(language_model(tied=True), WORDS, untied=language_model(tied=True)), r"untied: expected one model with a V"),
        (lambda: viewer().score("xyzzy"), r"word: expected one of the vocabulary, got 'xyzzy'"),
        (lambda: setattr(viewer(), "D", 7), r"D: expected 8 to 512, got 7"),
        (lambda: setattr(viewer(), "n_vocab", 10**6), r"n_vocab: expected 100 to 100000, got 1000000"),
    ],
)  # fmt: skip
def test_bad_input_says_expected_and_got(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_javascript_agrees(tmp_path):
    """`node --test`: states, scores, probabilities, neighbours and counts."""
    models = []
    for cell in CELLS:
        for tied in (True, False):
            w = viewer(cell, tied, text="I want the cat")
            params, _ = of(w.weights)
            scores = {word: w.score(word)._asdict() for word in WORDS}
            near = {
                side: np.argsort(-_cosines(table, 7), kind="stable").tolist()
                for side, table in (("in", params["E"].T), ("out", params["V"]))
            }
            models.append(
                {"weights": w.weights, "text": w.text, "scores": scores, "near": near, "words": WORDS}
            )
    counts = [
        {"kind": kind, "n_vocab": n, "D": D, **parameter_counts(n, D, CELLS[kind])}
        for kind in CELLS
        for n, D in ((100, 8), (2000, 64), (10_000, 100))
    ]
    fixtures = tmp_path / "fixtures.json"
    fixtures.write_text(json.dumps({"models": models, "counts": counts}), encoding="utf-8")
    done = node("--test", str(JS / "tying.test.mjs"), UNROLLED_FIXTURES=str(fixtures))
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert re.search(r"pass \d\d", done.stdout), done.stdout[-500:]


def _cosines(table, n):
    """Of row n with each row; itself and <pad> last."""
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    cosines = unit @ unit[n]
    cosines[[0, n]] = -2
    return cosines
