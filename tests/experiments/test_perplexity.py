"""The four models guess the same words, and the verdict needs every one of the four differences."""

import copy

import numpy as np
import pytest
import torch

from unrolled.data import END, START, UNK, Vocabulary
from unrolled.experiments import claims, four_models, ledger, text

CLAIMS = [name for name in claims() if name.startswith("perplexity")]


def test_trigram_and_networks_are_asked_the_same_tokens():
    """Knowing one word and </s>, after training on one sentence over and over, all of them come near 1."""
    words = [("a", "b", "c")] * 50
    vocabulary = Vocabulary.build(words)
    sentences = [vocabulary.encode(s, start=True, end=True) for s in words]
    own = text.Text(vocabulary, sentences, sentences, sentences[:1])
    assert sentences[0].tolist() == [START, 4, 5, 6, END]
    assert four_models.trigram(own) < 1.2
    for name in four_models.NETWORKS:
        model, dev = four_models.train(name, own, 0, 1e-1, 5)
        assert text.perplexity(model, own.test) == pytest.approx(min(dev)) and min(dev) < 2.0


def test_known_leaves_the_unknown_words_out_for_all_alike():
    """A model that gives every word the same chance has the number of words as its perplexity, whatever is left out."""
    words = [("a", "b", "c")] * 50
    vocabulary = Vocabulary.build(words)
    train = [vocabulary.encode(s, start=True, end=True) for s in words]
    test = [vocabulary.encode(("a", "x", "c"), start=True, end=True)]
    own = text.Text(vocabulary, train, test, test)
    assert own.unknown() == 0.25 and UNK in test[0]
    model, dev = four_models.train("rnn", own, 0, 1e-1, 5, known=True)
    assert text.perplexity(model, test, known=True) == pytest.approx(min(dev))
    assert text.perplexity(model, test) > 2 * min(dev)
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()
    assert text.perplexity(model, test, known=True) == pytest.approx(len(vocabulary))
    assert text.loss(model, next(text.sentence_batches(test, max_tokens=99)), known=True)[1] == 3
    assert four_models.trigram(own, known=True) < four_models.trigram(own)
    assert four_models.trigram(own._replace(test=train[:1]), known=True) == pytest.approx(
        four_models.trigram(own._replace(test=train[:1]))
    )


def test_the_trigram_of_known_words_is_the_product_of_its_own_probabilities():
    words = [("a", "b"), ("a", "c"), ("b", "b")]
    vocabulary = Vocabulary.build(words)
    train = [vocabulary.encode(s, start=True, end=True) for s in words]
    model = four_models.KneserNey([s[1:-1].tolist() for s in train], 3, len(vocabulary), modified=True)
    a, b = vocabulary.id("a"), vocabulary.id("b")
    asked = [model.probability(a, [START]), model.probability(b, [a, UNK]), model.probability(END, [UNK, b])]
    test = [np.array([START, a, UNK, b, END])]
    own = text.Text(vocabulary, train, train, test)
    assert four_models.trigram(own, known=True) == pytest.approx(np.prod(asked) ** (-1 / 3))


def test_the_window_is_one_word_longer_than_the_trigram_s_context():
    model = four_models.NETWORKS["window"](10)
    ids = torch.tensor([[2, 4, 5, 6, 7, 8]])
    changed = ids.clone()
    changed[0, -4] = 9
    assert torch.equal(model(ids)[0, -1], model(changed)[0, -1])
    changed[0, -3] = 9
    assert not torch.equal(model(ids)[0, -1], model(changed)[0, -1])


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_differences_follow_from_the_figures(claim):
    for run in ledger.read()[claim]["runs"]:
        f = run["figures"]
        for name in ("rnn", "lstm"):
            for other in ("trigram", "window"):
                assert np.isclose(f[f"{name}_below_{other}"], f[other] - f[name], atol=1e-3)


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_networks_were_trained_until_no_epoch_was_better_or_the_text_was_long(claim):
    """Each took its best epoch, and the ledger has the development perplexity of every one."""
    summary, epochs = ledger.read()[claim]["summary"], claims()[claim].EPOCHS
    for name in four_models.NETWORKS:
        dev = [summary[f"dev_{name}_epoch{n}"]["mean"] for n in range(1, epochs + 1)]
        assert min(dev) < dev[0] and f"dev_{name}_epoch{epochs + 1}" not in summary


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize(
    ("rnn", "lstm", "verdict"),
    [
        ([0.1, 0.2], [0.5, 0.6], "holds"),
        ([-0.1, 0.2], [0.5, 0.6], "undecided"),
        ([-0.2, -0.1], [0.5, 0.6], "does not hold"),
    ],
)
def test_the_criterion_decides_all_three_ways(claim, rnn, lstm, verdict):
    changed = copy.deepcopy(ledger.read()[claim]["summary"])
    for other in ("trigram", "window"):
        changed[f"rnn_below_{other}"]["ci95"], changed[f"lstm_below_{other}"]["ci95"] = rnn, lstm
    assert claims()[claim].criterion(changed) == verdict
