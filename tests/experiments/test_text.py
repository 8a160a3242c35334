"""What the claims about language models share: perplexity by hand, and a vocabulary that has not seen the test."""

import math

import numpy as np
import pytest
import torch
from skips import need_corpus

from unrolled.data import END, START, UNK
from unrolled.experiments import text


class Uniform(torch.nn.Module):
    """Every word alike."""

    def forward(self, ids):
        return torch.zeros(*ids.shape, 8)


def test_perplexity_of_knowing_nothing_is_the_number_of_words():
    sentences = [np.array([START, *[4] * n, END]) for n in (1, 2, 7, 30)]
    assert text.perplexity(Uniform(), sentences) == pytest.approx(8.0)


def test_perplexity_is_the_mean_over_tokens_not_over_sentences():
    class Sure(torch.nn.Module):
        def forward(self, ids):
            logits = torch.zeros(*ids.shape, 8)
            logits[ids == 5] = torch.tensor([0.0, 0, 0, math.log(9), 0, 0, 0, 0])  # P(</s> | 5) = 9/16
            return logits

    sentences = [np.array([START, 5, END]), np.array([START, 4, 4, 4, END])]
    expected = math.exp((5 * math.log(8) + math.log(16 / 9)) / 6)
    assert text.perplexity(Sure(), sentences) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["tatoeba", "shakespeare"])
def test_the_vocabulary_is_of_training_alone(name):
    need_corpus(name)
    found = getattr(text, name)(500, 300)
    assert len(found.vocabulary) == 300 and len(found.train) == 500
    used = np.unique(np.concatenate(found.train))
    assert set(range(4, 300)) <= set(used.tolist()), "each word stands in training"
    assert all(s[0] == START and s[-1] == END and len(s) > 2 for split in found[1:] for s in split)
    unknown = np.mean([n == UNK for s in found.test for n in s[1:]])
    assert found.unknown() == pytest.approx(unknown) and unknown > 0.05


def test_speeches_end_where_an_empty_line_stands():
    tokens = ["A", ":", "\n", "one", "\n", "\n", "B", ":", "\n", "two", "\n"]
    assert text._speeches(tokens) == [["A", ":", "\n", "one", "\n"], ["B", ":", "\n", "two", "\n"]]
    assert text._speeches([]) == []
