"""The other claims about translation: their criteria, and alignments by hand."""

import copy

import pytest

from unrolled.data.phrases import Example
from unrolled.experiments import (
    alignment,
    attention_length_tatoeba,
    bilinear_sizes,
    ledger,
    teacher_forcing,
    translation,
)

CRITERIA = [
    (attention_length_tatoeba, ["tatoeba_gain", "tatoeba_less_fall"]),
    (alignment, ["gain_dot", "gain_scaled", "gain_bilinear"]),
    (teacher_forcing, ["gain_bleu_f0"]),
]


@pytest.mark.parametrize(("claim", "names"), CRITERIA, ids=lambda part: getattr(part, "__name__", "")[21:])
def test_the_criterion_decides_all_three_ways(claim, names):
    summary = copy.deepcopy(ledger.read()[claim.__name__.rpartition(".")[2]]["summary"])
    for name in names:
        summary[name]["ci95"] = [0.5, 2.0]
    if claim is teacher_forcing:
        summary["times_f0"]["ci95"] = [1.5, 1.6]
    assert claim.criterion(summary) == "holds"
    summary[names[-1]]["ci95"] = [-1.0, 1.0]
    assert claim.criterion(summary) == "undecided"
    summary[names[-1]]["ci95"] = [-2.0, -1.0]
    assert claim.criterion(summary) == "does not hold"


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [([-2.0, 1.0], "holds"), ([-4.0, 1.0], "undecided"), ([-9.0, -4.0], "does not hold")],
)
def test_the_criterion_of_unequal_sizes(interval, verdict):
    summary = copy.deepcopy(ledger.read()["bilinear_sizes"]["summary"])
    summary["parameters_unequal"]["mean"] = summary["parameters_dot"]["mean"]
    summary["difference_bleu"]["ci95"] = interval
    assert bilinear_sizes.criterion(summary) == verdict
    summary["parameters_unequal"]["mean"] += 1
    assert bilinear_sizes.criterion(summary) != "holds"


def test_an_oracle_can_hardly_do_better_than_one_link_a_word():
    example = Example(("a", "b"), ("x", "y"), ((0, 0), (1, 0)), ("DET", "NOUN"), (), 0)
    best = alignment._best(example.alignment, 2)
    assert len(best) == 2 and translation.alignment_error([best], [example.alignment]) == pytest.approx(0.5)
