"""What the truncation experiment asks is what it says, and no segment of d steps or less holds word and question."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from unrolled.experiments import ledger, truncation
from unrolled.nn.bptt import Network, truncated_bptt


@pytest.mark.parametrize("d", [None, *truncation.DISTANCES])
def test_each_question_is_of_the_capital_word_d_steps_before(d):
    symbols, targets = truncation.streams(np.random.default_rng(0), 40, d)
    rows, times = np.nonzero((symbols == truncation.ASK).numpy())
    assert len(rows) > 100 and torch.equal(targets > 0, symbols == truncation.ASK)
    found = set()
    for row, t in zip(rows, times, strict=True):
        before = symbols[row, :t]
        capitals = np.nonzero(((before >= truncation.N) & (before < truncation.ASK)).numpy())[0]
        assert before[capitals[-1]] - truncation.N == targets[row, t] - 1
        found.add(int(t - capitals[-1]))
    assert found == ({d} if d else set(truncation.DISTANCES))


def test_words_and_places_in_a_segment_are_all_used():
    symbols, targets = truncation.streams(np.random.default_rng(0), 200, 4)
    assert (torch.bincount(targets.flatten())[1:] > 0).all()
    places = np.nonzero((symbols == truncation.ASK).numpy())[1] % max(truncation.LENGTHS)
    assert np.bincount(places, minlength=max(truncation.LENGTHS)).min() > 0.5 * len(places) / max(
        truncation.LENGTHS
    )


@pytest.mark.parametrize("length", truncation.LENGTHS)
def test_no_gradient_joins_word_and_question_from_the_segment_s_length_on(length):
    """The gradient of an answer's loss by the word's input is 0 exactly when they stand in two segments."""
    network = Network(truncation.SYMBOLS, truncation.H, truncation.N + 1)
    for d in truncation.DISTANCES:
        symbols, targets = truncation.streams(np.random.default_rng(d), 8, d)
        x = F.one_hot(symbols, truncation.SYMBOLS).float().requires_grad_()
        asked, joined = symbols == truncation.ASK, 0
        for segment in truncated_bptt(network, x, torch.where(asked, targets, 0), length):
            (dx,) = torch.autograd.grad(segment.loss, x)
            outside = dx.clone()
            outside[:, segment.steps] = 0
            assert not outside.any()
            t = torch.arange(truncation.STREAM)[asked[0]]
            here = (t >= segment.steps.start) & (t < segment.steps.stop)
            joined += int((dx[0, t[here] - d].norm(dim=-1) > 0).sum())
        assert (joined == 0) == (d >= length)


def test_bytes_kept_by_hand():
    """In one piece each step adds the same; in segments the text's length is nowhere."""
    whole = [truncation.bytes_kept(T, 1024) for T in (8, 16, 24)]
    assert whole[2] - whole[1] == whole[1] - whole[0] > 0
    assert truncation.bytes_kept(8, 8) == truncation.bytes_kept(24, 8) == whole[0]


def test_the_criterion_decides_all_three_ways():
    summary = ledger.read()["truncation"]["summary"]
    sure = {"fits_worst": [0.9, 1.0], "past_best": [0.1, 0.2]}
    cases = [
        ({}, "holds"),
        ({"fits_worst": [0.7, 1.0]}, "undecided"),
        ({"past_best": [0.2, 0.3]}, "undecided"),
        ({"past_best": [0.3, 0.5]}, "does not hold"),
    ]
    for changes, verdict in cases:
        changed = copy.deepcopy(summary)
        for name, interval in {**sure, **changes}.items():
            changed[name]["ci95"] = interval
        assert truncation.criterion(changed) == verdict
    changed["past_best"]["ci95"] = [0.1, 0.2]
    changed["growth_truncated"]["mean"] = 1.5
    assert truncation.criterion(changed) == "does not hold"
