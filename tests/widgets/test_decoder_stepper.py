"""The decoder stepper from Python: its presets are measured, its state is checked."""

import numpy as np
import pytest

from unrolled.widgets import decoder_stepper
from unrolled.widgets._translator import Translator


def test_presets_where_a_beam_beats_greedy_decoding_and_where_not():
    w = decoder_stepper()
    assert len(w.presets) == 4
    model = Translator(w.weights)
    for preset in w.presets:
        greedy, best = model.log_prob(preset["text"]), model.beam(preset["text"], preset["width"], 0.0)[0]
        more = best.log_prob - greedy
        assert more > 0.1 if "Greedy errs" in preset["name"] or "far away" in preset["name"] else abs(more) < 1e-9  # fmt: skip
        if more > 0.1:
            assert " ".join(model.spell(best.tokens)[:-1]) == preset["target"], "and the beam's is right"


def test_the_same_in_python():
    w = decoder_stepper("the green witch arrived", width=5, norm=0.6, mode="beam")
    assert w.greedy == ["llegó", "la", "bruja", "verde", "</s>"]
    assert len(w.beam) == 5 and all(np.diff([h.score for h in w.beam]) <= 0)
    w.width = 1
    assert Translator(w.weights).spell(w.beam[0].tokens) == w.greedy


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": ""}, "text: expected 1 to 30 words, got 0"),
        ({"text": "the " * 31}, "text: expected 1 to 30 words, got 31"),
        ({"mode": "guess"}, "mode: expected one of greedy, sample, beam, teacher, got 'guess'"),
        ({"width": 6}, "width: expected 1 to 5, got 6"),
        ({"norm": 2.0}, "norm: expected 0.0 to 1.5, got 2.0"),
        ({"temperature": 0.0}, "temperature: expected 0.1 to 3.0, got 0.0"),
        ({"seed": -1}, "seed: expected 0 to 9999, got -1"),
        ({"weights": "no such"}, "checkpoint: expected one of .*witch_translate.*, got 'no such'"),
    ],
)
def test_bad_input_says_expected_and_got(arguments, message):
    with pytest.raises(ValueError, match=message):
        decoder_stepper(**arguments)


def test_a_prefix_is_of_known_words():
    w = decoder_stepper("the green witch arrived")
    w.prefix = ["la", "bruja"]
    with pytest.raises(ValueError, match="prefix: expected words of the target's vocabulary, got 'xyz'"):
        w.prefix = ["xyz"]
    assert w.prefix == ["la", "bruja"]
