"""The pooling viewer from Python, and the page's arithmetic against the library's."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from language_models import WORDS, classifier
from widget_page import node

from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS
from unrolled.scratch.classification import POOLS, classifier_forward, init_classifier
from unrolled.scratch.rnn import softmax
from unrolled.widgets._model import unpack
from unrolled.widgets.pooling import HEAD, PRESETS, pooling_viewer, split

JS = Path(__file__).parent / "js"
TEXT = "The plot is thin and boring , but the acting is xyzzy ."


def viewer(cell="rnn", **options):
    return pooling_viewer(classifier(cell), WORDS, text=options.pop("text", TEXT), **options)


def two_ways(cell="lstm"):
    """A bidirectional one, with a head for each pooling as a model of three heads has."""
    rng, both = np.random.default_rng(4), bidirectional(CELLS[cell])
    made = init_classifier(rng, len(WORDS), 2, 6, 5, cell=both)
    heads = {f"{pool}.{n}": made[n] + rng.normal(0, 0.5, made[n].shape) for pool in POOLS for n in HEAD}
    return {**{n: p for n, p in made.items() if n not in HEAD}, **heads}


@pytest.mark.parametrize("cell", list(CELLS))
def test_each_pooling_is_the_classifiers(cell):
    w = viewer(cell)
    params, _ = unpack(w.weights)
    ids = np.array([WORDS.index(n) if n in WORDS else 1 for n in map(str.lower, w.words)])
    for pool in POOLS:
        logits, _ = classifier_forward(ids, params, CELLS[cell], pool=pool)
        assert w.probabilities[pool] == pytest.approx(softmax(logits)[1], abs=1e-12)


def test_what_each_pooling_keeps():
    w = viewer()
    for pool, made in w.pooled.items():
        assert made.share.shape == (len(w.words), len(made.r))
        np.testing.assert_allclose(made.share.sum(axis=0), 1.0, rtol=1e-12)
        assert made.y.sum() == pytest.approx(1)
        if pool != "mean":
            assert set(np.unique(made.share)) <= {0.0, 1.0}
    assert (w.pooled["last"].share[:-1] == 0).all()
    assert (w.pooled["max"].r >= w.pooled["mean"].r).all() and (w.pooled["max"].r >= w.pooled["last"].r).all()


def test_a_network_of_two_ways_and_three_heads():
    w = pooling_viewer(two_ways(), WORDS, text="the film is good")
    last = w.pooled["last"].share
    assert (last[3, :5] == 1).all() and (last[0, 5:] == 1).all()
    assert len({round(p, 6) for p in w.probabilities.values()}) == 3


def test_texts_of_any_kind():
    with pytest.raises(ValueError, match="text: expected at least one word, got none"):
        _ = viewer(text=" ").pooled
    assert len(viewer(text="the film is good , " * 90).words) == 60
    assert viewer(text="do n't go").words == ["do", "n't", "go"]
    w = pooling_viewer(classifier(), [n.replace("n't", "don't") for n in WORDS], text="I don't go , it's bad")
    assert split(w.weights, w.text) == ["I", "don't", "go", ",", "it", "'s", "bad"]
    assert all(len(p["text"].split()) <= 20 for p in PRESETS)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: viewer(pool="first"), r"pool: expected one of last, mean, max, got 'first'"),
        (lambda: viewer(classes=("a", "b", "c")), r"classes: expected 2, got 3"),
        (lambda: pooling_viewer(classifier()), r"words: expected the vocabulary"),
        (lambda: pooling_viewer({**classifier(), "W_ff": np.ones((8, 7))}, WORDS), r"expected"),
        (lambda: pooling_viewer({**classifier(), "V": np.ones((3, 8)), "b_y": np.ones(3)}, WORDS), r"V: expected 2 classes, one row each, got 3"),
        (lambda: pooling_viewer({n: p for n, p in classifier().items() if n != "b_ff"}, WORDS), r"params: expected E, W_ff, b_ff, V, b_y beside the cell's own, got no b_ff"),
        (lambda: setattr(viewer(), "step", 0), r"step: expected 1 or more, got 0"),
    ],
)  # fmt: skip
def test_bad_input_says_expected_and_got(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_javascript_agrees(tmp_path):
    """`node --test`: r, each word's share and the probabilities of all three poolings to 1e-5."""
    viewers = [*(viewer(cell) for cell in CELLS), viewer(text="good"), pooling_viewer(two_ways(), WORDS, text=TEXT), pooling_viewer(two_ways("gru"), WORDS, text=TEXT)]  # fmt: skip
    cases = []
    for w in viewers:
        made = {pool: {n: a.tolist() for n, a in p._asdict().items()} for pool, p in w.pooled.items()}
        cases.append({"weights": w.weights, "text": w.text, "words": w.words, "pooled": made})
    fixtures = tmp_path / "fixtures.json"
    fixtures.write_text(json.dumps({"cases": cases}), encoding="utf-8")
    done = node("--test", str(JS / "pooling.test.mjs"), UNROLLED_FIXTURES=str(fixtures))
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert re.search(r"pass \d\d", done.stdout), done.stdout[-500:]
