"""A stack of one is the plain layer, every layer more costs its own parameters, and a criterion that decides three ways."""

import copy
from itertools import pairwise

import pytest

from unrolled.experiments import depth, ledger, tagging
from unrolled.nn.lstm import LSTM
from unrolled.nn.stacked import Stacked


def size(model):
    return sum(p.numel() for p in model.parameters())


def test_each_layer_more_adds_one_layer_as_wide_as_it_reads():
    sizes = [size(depth.make(n)) for n in depth.DEPTHS]
    assert isinstance(depth.make(1).cell, LSTM) and isinstance(depth.make(2).cell, Stacked)
    assert [b - a for a, b in pairwise(sizes)] == [size(LSTM(depth.H, depth.H))] * 3
    summary = ledger.read()["depth"]["summary"]
    assert [summary[f"parameters_{n}"]["mean"] for n in depth.DEPTHS] == sizes


def test_spread_takes_from_everywhere_and_all_where_there_are_fewer():
    sentences = list(range(10))
    assert tagging.spread(sentences, 5) == [0, 2, 4, 6, 8]
    assert tagging.spread(sentences, 99) == tagging.spread(sentences, None) == sentences


@pytest.mark.parametrize(
    ("gain", "cost", "verdict"),
    [
        ([0.01, 0.02], 5.0, "holds"),
        ([0.01, 0.02], 0.5, "undecided"),
        ([-0.01, 0.02], 5.0, "undecided"),
        ([-0.02, -0.01], 5.0, "does not hold"),
    ],
)
def test_the_criterion_decides_all_three_ways(gain, cost, verdict):
    changed = copy.deepcopy(ledger.read()["depth"]["summary"])
    changed["gain_2"]["ci95"] = gain
    for n, of_two in ((2, 2.0), (3, 3.0), (4, cost)):
        changed[f"cost_{n}"]["mean"] = of_two
    assert depth.criterion(changed) == verdict
