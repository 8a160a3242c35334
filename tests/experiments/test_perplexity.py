"""The four models guess the same words, and the verdict needs every one of the four differences."""

import copy

import numpy as np
import pytest
import torch

from unrolled.data import END, START, Vocabulary
from unrolled.experiments import ledger, perplexity, text


def test_trigram_and_networks_are_asked_the_same_tokens():
    """Knowing one word and </s>, after training on one sentence over and over, all of them come near 1."""
    words = [("a", "b", "c")] * 50
    vocabulary = Vocabulary.build(words)
    sentences = [vocabulary.encode(s, start=True, end=True) for s in words]
    own = text.Text(vocabulary, sentences, sentences, sentences[:1])
    assert sentences[0].tolist() == [START, 4, 5, 6, END]
    assert perplexity.trigram(own) < 1.2
    for name in perplexity.NETWORKS:
        model, dev = perplexity.train(name, own, 0, 1e-1)
        assert text.perplexity(model, own.test) == pytest.approx(min(dev)) and min(dev) < 2.0


def test_the_window_is_one_word_longer_than_the_trigram_s_context():
    model = perplexity.NETWORKS["window"](10)
    ids = torch.tensor([[2, 4, 5, 6, 7, 8]])
    changed = ids.clone()
    changed[0, -4] = 9
    assert torch.equal(model(ids)[0, -1], model(changed)[0, -1])
    changed[0, -3] = 9
    assert not torch.equal(model(ids)[0, -1], model(changed)[0, -1])


def test_the_differences_follow_from_the_figures():
    for run in ledger.read()["perplexity"]["runs"]:
        f = run["figures"]
        for name in ("rnn", "lstm"):
            for other in ("trigram", "window"):
                assert np.isclose(f[f"{name}_below_{other}"], f[other] - f[name], atol=1e-3)


@pytest.mark.parametrize(
    ("rnn", "lstm", "verdict"),
    [
        ([0.1, 0.2], [0.5, 0.6], "holds"),
        ([-0.1, 0.2], [0.5, 0.6], "undecided"),
        ([-0.2, -0.1], [0.5, 0.6], "does not hold"),
    ],
)
def test_the_criterion_decides_all_three_ways(rnn, lstm, verdict):
    changed = copy.deepcopy(ledger.read()["perplexity"]["summary"])
    for other in ("trigram", "window"):
        changed[f"rnn_below_{other}"]["ci95"], changed[f"lstm_below_{other}"]["ci95"] = rnn, lstm
    assert perplexity.criterion(changed) == verdict
