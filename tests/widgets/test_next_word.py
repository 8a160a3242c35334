"""The next-word explorer from Python, and the page's arithmetic against the library's."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from language_models import WORDS, language_model
from widget_page import node

from unrolled.scratch.cells import CELLS
from unrolled.scratch.generation import generate, reshape
from unrolled.scratch.language_model import next_word_function, sequence_log_prob
from unrolled.widgets._language import of
from unrolled.widgets._model import pack
from unrolled.widgets.next_word import PRESETS, next_word_explorer

JS = Path(__file__).parent / "js"
START, END = WORDS.index("<s>"), WORDS.index("</s>")
KINDS = [(cell, tied) for cell in CELLS for tied in (False, True)]
SETTINGS = [
    {"temperature": tau, "top_k": k, "top_p": p}
    for tau in (0.1, 0.5, 1.0, 3.0)
    for k in (0, 1, 5)
    for p in (0.05, 0.6, 1.0)
]


def explorer(cell="lstm", tied=False, **options):
    return next_word_explorer(language_model(cell, tied=tied), WORDS, **options)


@pytest.mark.parametrize(("cell", "tied"), KINDS)
def test_a_sentence_is_as_likely_as_the_library_says(cell, tied):
    w = explorer(cell, tied, text="the cat do n't eat")
    params, its_cell = of(w.weights)
    ids = [WORDS.index(word) for word in w.reading.words]
    for ends in (False, True):
        w.end = ends
        whole = sequence_log_prob([ids], params, START, END if ends else None, its_cell)
        assert w.reading.log_probs.sum() == pytest.approx(whole[0], abs=1e-12)
        assert len(w.reading.log_probs) == len(ids) + ends
    next_word = next_word_function(params, its_cell)
    state = None
    for token, y_t, h_t in zip([START, *ids], w.reading.y, w.reading.h, strict=True):
        y, state = next_word(token, state)
        np.testing.assert_allclose(y, y_t, rtol=0, atol=1e-12)
        np.testing.assert_allclose(state[0], h_t, rtol=0, atol=1e-12)


def test_what_it_draws_from_is_what_generate_draws_from():
    w = explorer(text="the cat", temperature=0.5, top_k=6, top_p=0.8)
    params, cell = of(w.weights)
    drawn = generate(next_word_function(params, cell), [START, *map(WORDS.index, ["the", "cat"])], None, 1, np.random.default_rng(0), 0.5, 6, 0.8)  # fmt: skip
    assert w.distribution[drawn.tokens[0]] > 0
    assert 1 <= np.count_nonzero(w.distribution) <= 6
    w.step = 1
    np.testing.assert_allclose(w.distribution, reshape(w.reading.y[0], 0.5, 6, 0.8))


def test_temperature_reorders_nothing():
    w = explorer(text="I want to")
    order = np.argsort(-w.distribution, kind="stable")
    for temperature in (0.1, 0.5, 3.0):
        w.temperature = temperature
        assert (np.diff(w.distribution[order]) <= 1e-15).all()


def test_texts_of_any_kind():
    assert explorer(text="").reading.y.shape == (1, len(WORDS))
    w = explorer(text="The xyzzy cat")
    assert (w.reading.words, w.reading.unknown, w.step) == (
        ["The", "xyzzy", "cat"],
        [False, True, False],
        4,
    )
    assert len(explorer(text="the cat " * 200).reading.words) == 60
    w = explorer(text="the cat")
    w.sampled = ["is", "green", "</s>"]
    assert w.reading.words == ["the", "cat", "is", "green"] and len(w.reading.log_probs) == 5
    assert [p["name"] for p in PRESETS] == [p["name"] for p in w.presets]


BAD = [
    ({"temperature": 0}, r"temperature: expected 0.1 to 3.0, got 0"),
    ({"temperature": float("nan")}, r"temperature: expected 0.1 to 3.0, got nan"),
    ({"top_k": 51}, r"top_k: expected 0 to 50, got 51"),
    ({"top_p": 0}, r"top_p: expected 0.05 to 1.0, got 0"),
    ({"seed": -1}, r"seed: expected 0 to 9999, got -1"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_bad_settings_say_expected_and_got(options, message):
    with pytest.raises(ValueError, match=message):
        explorer(**options)


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        ({}, WORDS[:-1], r"E: expected shape \(D, n_vocab=\d+\), got"),
        ({}, [w.replace("</s>", "end") for w in WORDS], r"words: expected <unk>, <s>, </s> among them, got no </s>"),
        ({}, None, r"words: expected the vocabulary"),
        ({"V": np.ones((len(WORDS), 4))}, WORDS, r"V"),
        ({"b_y": np.ones(3)}, WORDS, r"b_y: expected shape"),
        ({"U_f": np.ones((2, 2))}, WORDS, r"U_f: expected"),
        ({"W_f": None}, WORDS, r"params|W_f"),
        ({"E": np.full((6, len(WORDS)), np.nan)}, WORDS, r"E: expected finite"),
    ],
)  # fmt: skip
def test_a_model_that_does_not_fit_says_so(change, words, message):
    params = {**language_model(), **change}
    params = {name: p for name, p in params.items() if p is not None}
    with pytest.raises(ValueError, match=message):
        next_word_explorer(params, words)


def test_state_stays_sound():
    w = explorer()
    for name, value in {"step": 0, "over": -1, "temperature": 4.0, "sampled": ["xyzzy"]}.items():
        before = getattr(w, name)
        with pytest.raises(ValueError, match=rf"^{name}: expected"):
            setattr(w, name, value)
        assert getattr(w, name) == before
    with pytest.raises(ValueError, match="sampled: expected"):
        w.sampled = ["</s>", "the"]


def test_javascript_agrees(tmp_path):
    """`node --test`: probabilities, log-probabilities and every filter to 1e-5."""
    models = []
    for cell, tied in KINDS:
        w = explorer(cell, tied, text="The cat , she xyzzy said", end=True)
        r = w.reading
        models.append(
            {"weights": w.weights, "text": w.text, "words": r.words, "unknown": r.unknown, "y": r.y.tolist(), "log_probs": r.log_probs.tolist(),
             "reshaped": [{**s, "q": reshape(r.y[2], s["temperature"], s["top_k"] or None, s["top_p"]).tolist()} for s in SETTINGS]}
        )  # fmt: skip
    rng, plain = np.random.default_rng(3), []
    for n in (1, 2, 50, 2000):
        y = rng.dirichlet(np.full(n, 0.3))
        y[rng.random(n) < 0.2] = 0.0
        y[0] += 1e-3
        y /= y.sum()
        plain += [{**s, "y": y.tolist(), "q": reshape(y, s["temperature"], s["top_k"] or None, s["top_p"]).tolist()} for s in SETTINGS]  # fmt: skip
    fixtures = tmp_path / "fixtures.json"
    fixtures.write_text(json.dumps({"models": models, "plain": plain}), encoding="utf-8")
    done = node("--test", str(JS / "next_word.test.mjs"), UNROLLED_FIXTURES=str(fixtures))
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert re.search(r"pass \d\d", done.stdout), done.stdout[-500:]


def test_packed_weights_are_taken_as_they_are():
    w = next_word_explorer(pack(language_model(), WORDS))
    assert w.weights["hash"] == explorer().weights["hash"]
