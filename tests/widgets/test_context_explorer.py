"""The context explorer from Python: which states can hear of a change, and the page's numbers against scratch's."""

import json
from pathlib import Path

import numpy as np
import pytest
from widget_models import WORDS, network
from widget_page import node

from unrolled import checkpoints
from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS
from unrolled.widgets import context_explorer
from unrolled.widgets._model import pack
from unrolled.widgets.context_explorer import PRESETS

JS = Path(__file__).parent / "js"
TAGS = ["DET", "ADJ", "NOUN", "VERB"]
KNOWN = {"words": WORDS, "tags": TAGS}


def small(cell="lstm", H=5):
    """A pair of random taggers."""
    one, both = (
        network(c, H=H, K=4, seed=k) for k, c in enumerate((CELLS[cell], bidirectional(CELLS[cell])))
    )
    return {"one": pack(one, KNOWN), "both": pack(both, KNOWN)}


def test_the_page_computes_what_python_computes(tmp_path):
    cases = []
    for cell in CELLS:
        for place, swap, word in ((3, "arrived", 2), (1, "zebra", 4), (4, "", 1), (2, "witch the", 2)):
            w = context_explorer("the green witch arrived", place, swap, word, **small(cell))
            a, b, c, d = w.states
            away = [np.linalg.norm(x - y, axis=1) / np.sqrt(5) for x, y in ((a, c), (b, d))]
            cases.append({
                "what": cell, "one": w.one, "both": w.both, "text": w.text, "place": place, "swap": swap, "word": word,
                "changed": w.changed, "right": away[0].tolist(), "left": away[1].tolist(),
                "tags": {name: [list(p.values()) for p in pair] for name, pair in w.tags.items()},
            })  # fmt: skip
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(cases))
    done = node("--test", str(JS / "context_explorer.test.mjs"), UNROLLED_FIXTURES=str(file))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("place", [1, 2, 3, 4])
def test_who_can_hear_of_a_change(cell, place):
    """→h changes from the place on, ←h up to the place, to the bit; so does the tag of each tagger."""
    w = context_explorer("the green witch arrived", place, "zebra", 1, **small(cell))
    right, left, right_changed, left_changed = w.states
    for t in range(1, 5):
        assert np.array_equal(right[t - 1], right_changed[t - 1]) == (t < place)
        assert np.array_equal(left[t - 1], left_changed[t - 1]) == (t > place)
        w.word = t
        (one, one_changed), (both, both_changed) = w.tags["one"], w.tags["both"]
        assert (one == one_changed) == (t < place) and both != both_changed


def test_the_lectures_examples_with_the_trained_taggers():
    """Where the word that decides comes later, the left-to-right tagger cannot and the other does change its tag."""
    flips = 0
    for preset in PRESETS:
        w = context_explorer(**{k: v for k, v in preset.items() if k != "name"})
        (one, one_changed), (both, both_changed) = w.tags["one"], w.tags["both"]
        later = preset["place"] > preset["word"]
        assert (one == one_changed) == later, preset["name"]
        flips += later and max(both, key=both.get) != max(both_changed, key=both_changed.get)
    assert flips >= 4
    w = context_explorer()
    assert [max(p, key=p.get) for p in w.tags["both"]] == ["VERB", "AUX"], "they have money, they have gone"


def test_both_checkpoints_fit_a_widget_together():
    for name in ("lstm_tagger", "bilstm_tagger"):
        assert sum(len(a["data"]) for a in pack(checkpoints.load(name))["arrays"].values()) <= 600_000


def test_what_does_not_fit_is_told():
    pair = small()
    w = context_explorer("the witch", 2, "zebra", 1, **pair)
    for name, value, message in (
        ("word", 3, "word: expected 1 to 2, got 3"),
        ("place", 0, "place: expected 1 to 2, got 0"),
        ("text", "a " * 61, "text: expected 1 to 60 words, got 61"),
        ("text", "", "text: expected 1 to 60 words, got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            setattr(w, name, value)
    w.text = "witch"
    assert (w.place, w.word) == (1, 1)
    with pytest.raises(ValueError, match="both: expected a tagger of two cells"):
        context_explorer("the witch", one=pair["one"], both=pair["one"])
    with pytest.raises(ValueError, match="one: expected a tagger of one cell with E, V, b_y, words and tags"):
        context_explorer("the witch", one=pack(network(CELLS["rnn"], K=4), WORDS), both=pair["both"])
    with pytest.raises(ValueError, match="one: expected a row of V for each of 4 tags, got 10"):
        context_explorer("the witch", one=pack(network(CELLS["rnn"]), KNOWN), both=pair["both"])
    other = pack(network(CELLS["rnn"], K=4), {"words": WORDS, "tags": TAGS[::-1]})
    with pytest.raises(ValueError, match="expected the same words and tags"):
        context_explorer("the witch", one=other, both=pair["both"])
