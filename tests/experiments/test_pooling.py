"""Naive Bayes by hand, and a criterion that lets a near-tie be one."""

import copy

import pytest

from unrolled.data.polarity import Labelled
from unrolled.experiments import ledger, pooling

TRAIN = [Labelled(("good", "film"), 1), Labelled(("a", "good", "one"), 1), Labelled(("bad", "film"), 0)]


def test_naive_bayes_by_hand():
    """A word in two of two texts for, none of one against; an unknown word says nothing."""
    assert pooling.naive_bayes(TRAIN, [Labelled(("good", "luck"), 1), Labelled(("bad", "luck"), 0)]) == 1.0
    assert pooling.naive_bayes(TRAIN, [Labelled(("luck",), 1), Labelled(("luck",), 0)]) == 0.5, "the prior"


def test_naive_bayes_takes_pairs_and_counts_a_feature_once_a_text():
    assert pooling.features(["a", "b", "a"]) == {"a", "b", ("a", "b"), ("b", "a")}
    train = [Labelled(("not", "good"), 0)] * 2 + [Labelled(("good",), 1), Labelled(("not",), 1)]
    assert pooling.naive_bayes(train, [Labelled(("not", "good"), 0)]) == 1.0, (
        "the words tie, the pair decides"
    )


@pytest.mark.parametrize(
    ("mean", "maximum", "verdict"),
    [
        ([0.01, 0.03], [0.01, 0.02], "holds"),
        ([0.01, 0.03], [-0.01, 0.02], "undecided"),
        ([0.01, 0.03], [-0.03, -0.01], "does not hold"),
    ],
)
def test_the_criterion_decides_all_three_ways(mean, maximum, verdict):
    changed = copy.deepcopy(ledger.read()["pooling"]["summary"])
    changed["mean_minus_last"]["ci95"], changed["max_minus_last"]["ci95"] = mean, maximum
    assert pooling.criterion(changed) == verdict
