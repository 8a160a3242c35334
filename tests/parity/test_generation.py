"""scratch = nn for generation: the same weights and the same seed draw the same words."""

import numpy as np
import pytest
import torch

from unrolled.nn.generation import generate
from unrolled.nn.language_model import LanguageModel
from unrolled.nn.weight_tying import TiedLanguageModel
from unrolled.scratch import generation
from unrolled.scratch.language_model import init_lm, next_word_function
from unrolled.scratch.weight_tying import init_tied, untie

START, END, N_VOCAB, D, H = 2, 3, 9, 4, 6
CHOICES = [
    {},
    {"temperature": 0.5},
    {"top_k": 3},
    {"top_p": 0.6},
    {"temperature": 2.0, "top_k": 6, "top_p": 0.9},
]


def pair(tied, fused=False):
    rng = np.random.default_rng(0)
    params = init_tied(rng, N_VOCAB, D) if tied else init_lm(rng, N_VOCAB, D, H)
    params = {n: rng.normal(size=p.shape) for n, p in params.items()}
    model = TiedLanguageModel(N_VOCAB, D, fused=fused) if tied else LanguageModel(N_VOCAB, D, H, fused=fused)
    model.double().load_scratch(params)
    return next_word_function(untie(params) if tied else params), model


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_same_seed_same_words(choice, tied, fused):
    next_word, model = pair(tied, fused)
    for seed in range(5):
        ours = generation.generate(next_word, [START, 5], END, 20, np.random.default_rng(seed), **choice)
        theirs = generate(model, [START, 5], END, 20, np.random.default_rng(seed), **choice)
        assert theirs.tokens == ours.tokens
        np.testing.assert_allclose(theirs.log_probs, ours.log_probs, rtol=1e-6)


def test_greedy_is_the_argmax_of_the_whole_sequence():
    _, model = pair(False)
    words = [START]
    for _ in range(6):
        words.append(int(model.next_word_distribution(torch.tensor(words)).argmax()))
    assert generate(model, [START], None, 6, greedy=True).tokens == words[1:]


def test_it_leaves_the_model_as_it_was():
    _, model = pair(False)
    model.train()
    generate(model, [START], END, 5, np.random.default_rng(0))
    assert model.training and all(p.grad is None for p in model.parameters())


def test_float32_models_generate():
    _, model = pair(False)
    assert len(generate(model.float(), [START], None, 50, np.random.default_rng(0)).tokens) == 50


def test_bad_input_says_expected_and_got():
    _, model = pair(False)
    with pytest.raises(ValueError, match="top_k: expected at least 1 word, got 0"):
        generate(model, [START], END, 5, np.random.default_rng(0), top_k=0)
    with pytest.raises(ValueError, match="expected ids from 0 to 8, got 9"):
        generate(model, [9], END, 5, greedy=True)
