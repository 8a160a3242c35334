"""The gradients are those that autograd gives through the same network, and the task is claim 1's."""

import copy
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from unrolled.experiments import gradient_norm as claim
from unrolled.experiments import ledger


@pytest.mark.parametrize("d", [None, 1, claim.LENGTH])
def test_the_answer_is_the_one_word_in_capitals(d):
    tokens, answers = claim.sentences(np.random.default_rng(0), 2_000, d)
    capitals = tokens >= claim.recall.N
    assert tokens.shape == (2_000, claim.LENGTH) and (capitals.sum(dim=1) == 1).all()
    assert torch.equal(tokens[capitals] - claim.recall.N, answers)
    back = claim.LENGTH - capitals.int().argmax(dim=1)
    assert set(back.tolist()) == ({d} if d else set(range(1, claim.LENGTH + 1)))


@pytest.mark.parametrize("name", claim.NETWORKS)
def test_norms_by_a_nudge_of_the_state(name):
    """The gradient at a state is the loss's change for a small step along it; a step along c_t moves h_t with it."""
    model = claim.make(name, 0).double()
    tokens, answers = claim.sentences(np.random.default_rng(0), 1, claim.LENGTH)
    left = claim.gradient(copy.deepcopy(model), tokens, answers)
    x, cell, n = model.E[tokens], model.cell, len(model.cell.state_names)

    def loss_after(state, d):
        for t in range(claim.LENGTH - d, claim.LENGTH):
            state = cell.step(x[:, t], state)
        return F.cross_entropy(model.V(state[0]), answers).item()

    def nudged(state, k, by):
        if k == 0:
            return (state[0] + by, *state[1:])
        h, c = state
        return (h / c.tanh() * (c + by).tanh(), c + by)

    norms = []
    with torch.no_grad():
        for d in (1, 6):
            state = tuple(torch.zeros(1, claim.H, dtype=torch.double) for _ in range(n))
            for t in range(claim.LENGTH - d):
                state = cell.step(x[:, t], state)
            slopes = []
            for k, unit in [(k, unit) for k in range(n) for unit in torch.eye(claim.H, dtype=torch.double)]:
                ends = [loss_after(nudged(state, k, e * unit), d) for e in (1e-5, -1e-5)]
                slopes.append((ends[0] - ends[1]) / 2e-5)
            norms.append(math.hypot(*slopes))
    assert left[0] == 0.0
    assert left[5] == pytest.approx(math.log10(norms[1] / norms[0]), abs=1e-3)


def test_the_forget_bias_is_what_the_names_say():
    biases = {name: claim.make(name, 0).cell.b_f.unique().tolist() for name in ("lstm", "lstm_bias1")}
    assert biases == {"lstm": [0.0], "lstm_bias1": [1.0]}


def test_the_criterion_decides_all_three_ways():
    summary = ledger.read()["gradient_norm"]["summary"]
    cases = [
        ([1.1, 9.0], [2.0, 3.0], "holds"),
        ([1.1, 9.0], [0.5, 3.0], "undecided"),
        ([-1.0, 0.9], [2.0, 3.0], "does not hold"),
    ]
    for gru, lstm, verdict in cases:
        changed = copy.deepcopy(summary)
        changed["gain_trained_gru"]["ci95"], changed["gain_trained_lstm_bias1"]["ci95"] = gru, lstm
        assert claim.criterion(changed) == verdict
