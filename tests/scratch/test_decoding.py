"""Laws of greedy and beam decoding, against an exhaustive search over every target."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.scratch.architecture import Architecture, init_seq2seq
from unrolled.scratch.cells import GRU, RNN
from unrolled.scratch.decoding import alignment, beam_search, translator
from unrolled.scratch.generation import from_history, generate
from unrolled.scratch.seq2seq import translation_log_prob

START, END, N = 0, 1, 4
seeds = st.integers(0, 2**32 - 1)


def random_model(seed):
    """A distribution for each history, drawn at random and always the same."""
    return from_history(lambda words: np.random.default_rng([seed, *words]).dirichlet(np.ones(N) * 0.5))


def log_prob(next_word, tokens):
    state, token, total = None, START, 0.0
    for following in tokens:
        y, state = next_word(token, state)
        total += np.log(y[following])
        token = following
    return total


def all_targets(max_length):
    words = [w for w in range(N) if w != END]
    for length in range(max_length + 1):
        for body in itertools.product(words, repeat=length):
            yield [*body, END] if length < max_length else list(body)


@given(seeds, st.floats(0, 1))
def test_width_one_is_greedy(seed, alpha):
    model = random_model(seed)
    greedy = generate(model, [START], END, 6, greedy=True)
    (beam,) = beam_search(model, START, END, 1, 6, alpha)
    assert beam.tokens == greedy.tokens
    np.testing.assert_allclose(beam.log_prob, greedy.log_probs.sum(), rtol=1e-12)


@settings(max_examples=20)
@given(seeds, st.sampled_from([0.0, 0.6]))
def test_a_beam_as_wide_as_the_space_finds_the_best_target(seed, alpha):
    model, longest = random_model(seed), 4
    scored = [(log_prob(model, t) / ((5 + len(t)) / 6) ** alpha, t) for t in all_targets(longest)]
    width = len(scored)
    found = beam_search(model, START, END, width, longest, alpha)
    best = max(scored)
    assert found[0].tokens == best[1]
    np.testing.assert_allclose(found[0].score, best[0], rtol=1e-12)
    np.testing.assert_allclose(np.exp([h.log_prob for h in found]).sum(), 1.0, rtol=1e-10)


@given(seeds, st.integers(1, 5), st.integers(1, 6))
def test_hypotheses_are_distinct_ranked_and_rightly_scored(seed, width, max_length):
    model = random_model(seed)
    found = beam_search(model, START, END, width, max_length)
    assert 1 <= len(found) <= width
    assert len({tuple(h.tokens) for h in found}) == len(found)
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)
    for h in found:
        assert h.tokens[-1] == END or len(h.tokens) == max_length
        np.testing.assert_allclose(h.log_prob, log_prob(model, h.tokens), rtol=1e-12)


def test_length_normalisation_favours_the_longer_target():
    """p(</s>) = 0.5 at once, or seven words of 0.9 each: log p prefers the first, a score by length the second."""

    def distribution(words):
        y = np.zeros(N)
        y[[END, 2]] = (0.52, 0.48) if len(words) == 1 else (0.02, 0.98)
        return y

    model = from_history(distribution)
    assert beam_search(model, START, END, 2, 8, alpha=0.0)[0].tokens == [END]
    assert beam_search(model, START, END, 2, 8, alpha=1.0)[0].tokens == [2] * 8


@pytest.mark.parametrize("context", ["first", "every", "attention"])
def test_translator_gives_the_probabilities_of_the_model(context):
    model = Architecture(GRU, GRU, context)
    rng = np.random.default_rng(0)
    params = init_seq2seq(rng, 5, N, 3, 4, model=model)
    source, target = np.array([2, 4, 3]), [3, 2, 3, END]
    expected = translation_log_prob(source, np.array([START, *target[:-1]]), np.array(target), params, model)
    np.testing.assert_allclose(log_prob(translator(source, params, model), target), expected, rtol=1e-10)


def test_alignment_has_a_distribution_for_each_word():
    model = Architecture(RNN, RNN, "attention")
    params = init_seq2seq(np.random.default_rng(0), 5, N, 3, 4, model=model)
    alpha = alignment(np.array([2, 4, 3]), [3, 2, END], params, model, START)
    assert alpha.shape == (3, 3)
    np.testing.assert_allclose(alpha.sum(axis=-1), 1.0, rtol=1e-12)
    with pytest.raises(ValueError, match="there are no weights to show"):
        alignment(np.array([2]), [3], params, Architecture(RNN, RNN, "every"), START)


@pytest.mark.parametrize(("width", "max_length", "name"), [(0, 3, "width"), (2, 0, "max_length")])
def test_bad_sizes_are_refused(width, max_length, name):
    with pytest.raises(ValueError, match=f"{name}: expected at least 1, got 0"):
        beam_search(random_model(0), START, END, width, max_length)
