"""What the recall experiment asks is what it says: one word in capitals, d words from the end."""

import copy

import numpy as np
import pytest
import torch

from unrolled.experiments import ledger, recall


@pytest.mark.parametrize("d", [None, 1, 4, 12])
def test_the_answer_is_the_one_word_in_capitals_at_its_distance(d):
    tokens, answers = recall.sentences(np.random.default_rng(0), 500, d)
    capitals = tokens >= recall.N
    assert (capitals.sum(dim=1) == 1).all()
    assert torch.equal(tokens[capitals] - recall.N, answers)
    back = recall.LENGTH - capitals.int().argmax(dim=1)
    assert set(back.tolist()) == ({d} if d else set(recall.DISTANCES))
    assert torch.bincount(answers, minlength=recall.N).min() > 0


def test_training_and_test_sentences_are_others():
    rngs = [np.random.default_rng([1, n]) for n in (0, 1)]
    train = {tuple(row) for row in recall.sentences(rngs[0], recall.N_TRAIN)[0].tolist()}
    test = {tuple(row) for row in recall.sentences(rngs[1], 2_000, 5)[0].tolist()}
    assert len(train) == recall.N_TRAIN and not train & test


def test_the_window_ends_where_it_should():
    """No word before the last K moves the window network; the first word moves the recurrent one."""
    tokens, _ = recall.sentences(np.random.default_rng(0), 50, 2)
    outside, edge = tokens.clone(), tokens.clone()
    outside[:, : -recall.K] = 0
    edge[:, -recall.K] = (edge[:, -recall.K] + 1) % recall.N
    window, rnn = recall.WindowNet(), recall.RecurrentNet()
    assert torch.equal(window(tokens), window(outside))
    assert not torch.allclose(window(tokens), window(edge))
    assert not torch.allclose(rnn(tokens), rnn(outside))


def test_both_networks_have_as_many_parameters():
    sizes = {name: sum(p.numel() for p in make().parameters()) for name, make in recall.NETWORKS.items()}
    assert max(sizes.values()) / min(sizes.values()) < 1.01


def test_the_example_asks_just_past_the_window():
    words = recall.EXAMPLE.split()
    assert len(words) == recall.LENGTH
    assert [word.isupper() for word in reversed(words)].index(True) + 1 == recall.K + 1
    assert all(word.lower() in recall.WORDS for word in words)


def test_the_criterion_decides_all_three_ways():
    summary = ledger.read()["recall"]["summary"]
    cases = {"holds": [0.3, 0.4], "does not hold": [0.0, 0.1], "undecided": [0.1, 0.3]}
    for verdict, interval in cases.items():
        changed = copy.deepcopy(summary)
        changed["gap_beyond"]["ci95"] = interval
        assert recall.criterion(changed) == verdict
    changed = copy.deepcopy(summary)
    changed["window_d9"]["ci95"] = [0.05, 0.2]
    assert recall.criterion(changed) == "undecided"
