"""Which words need the right side is decided by counts of training; the taggers are of one size."""

import copy

import numpy as np
import pytest
import torch

from unrolled.data import Vocabulary
from unrolled.data.ewt import Tagged
from unrolled.experiments import ledger, right_context, tagging

TRAIN = [
    Tagged(("teddy", "bears", "sleep"), ("NOUN", "NOUN", "VERB"), "1"),
    Tagged(("teddy", "roosevelt", "sleeps"), ("PROPN", "PROPN", "VERB"), "2"),
    Tagged(("teddy", "roosevelt"), ("PROPN", "PROPN"), "3"),
]


def test_sides_by_hand():
    """<s> teddy is PROPN twice of three times, teddy bears NOUN: at a noun only the right neighbour tells."""
    counts = right_context.Counts(TRAIN)
    assert counts.sides(TRAIN[0]) == ["right", "", ""]
    assert counts.sides(TRAIN[1]) == ["", "", ""], "where both tell, the word is in no set"
    assert counts.sides(Tagged(("teddy", "bears"), ("PROPN", "X"), "4")) == ["left", ""]
    assert counts.sides(Tagged(("new", "teddy", "bears"), ("ADJ", "NOUN", "NOUN"), "5"))[1] == "", (
        "a pair never seen tells nothing"
    )
    assert counts.best("word", "teddy") == "PROPN" and counts.best("word", "unseen") == "PROPN"


def test_right_keeps_the_order_of_the_sentences():
    counts, vocabulary = right_context.Counts(TRAIN), Vocabulary.build([s.words for s in TRAIN])
    marked = right_context.mark(TRAIN, vocabulary, counts)

    class First(torch.nn.Module):
        def predict(self, ids, mask):
            return torch.full(ids.shape, tagging.TAGS.index("PROPN"))

    expected = np.array([tag == "PROPN" for s in TRAIN for tag in s.tags])
    assert np.array_equal(tagging.right(First(), marked.split), expected)
    assert marked.words("all").sum() == 8 and marked.words("right").tolist() == [True] + [False] * 7


def test_both_taggers_have_as_many_parameters():
    summary = ledger.read()["right_context"]["summary"]
    sizes = [summary[f"parameters_{name}"]["mean"] for name in ("rnn", "birnn")]
    assert max(sizes) / min(sizes) < 1.01


@pytest.mark.parametrize(
    ("gain", "over", "verdict"),
    [
        ([0.01, 0.02], [0.1, 0.2], "holds"),
        ([0.01, 0.02], [-0.1, 0.2], "undecided"),
        ([-0.02, -0.01], [0.1, 0.2], "does not hold"),
    ],
)
def test_the_criterion_decides_all_three_ways(gain, over, verdict):
    changed = copy.deepcopy(ledger.read()["right_context"]["summary"])
    changed["gain_all"]["ci95"], changed["gain_right_over_all"]["ci95"] = gain, over
    assert right_context.criterion(changed) == verdict
