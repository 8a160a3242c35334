"""Laws of autoregressive generation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled.scratch.cells import CELLS as ONE_LAYER
from unrolled.scratch.cells import LSTM
from unrolled.scratch.generation import (
    from_history,
    generate,
    keep_top_k,
    keep_top_p,
    reshape,
    with_temperature,
)
from unrolled.scratch.language_model import (
    init_lm,
    next_word_distribution,
    next_word_function,
    sequence_log_prob,
)
from unrolled.scratch.ngram import KneserNey
from unrolled.scratch.stacked import stack
from unrolled.scratch.window_lm import init_window_lm
from unrolled.scratch.window_lm import next_word_function as window_next_word

START, END, N_VOCAB = 2, 3, 7
CELLS = {**ONE_LAYER, "stacked lstm": stack(LSTM, 2)}
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 8)
temperatures = st.floats(0.05, 20.0)


def some_distribution(seed, K, zeros=False):
    rng = np.random.default_rng(seed)
    y = rng.dirichlet(np.ones(K))
    if zeros and K > 1:
        y[rng.integers(K)] = 0.0
        y /= y.sum()
    return y


def fixed(y):
    """A model that gives y whatever came before."""
    return lambda token, state: (y, state)


def lm(seed=0, cell="rnn"):
    rng = np.random.default_rng(seed)
    params = init_lm(rng, N_VOCAB, 3, 4, CELLS[cell])
    return {name: rng.normal(size=p.shape) for name, p in params.items()}, CELLS[cell]


def test_shapes_of_a_distribution_by_hand():
    y = np.array([0.1, 0.4, 0.2, 0.3])
    np.testing.assert_allclose(with_temperature(y, 0.5), y**2 / (0.01 + 0.16 + 0.04 + 0.09))
    np.testing.assert_allclose(keep_top_k(y, 2), [0, 4 / 7, 0, 3 / 7])
    np.testing.assert_allclose(keep_top_p(y, 0.65), [0, 4 / 7, 0, 3 / 7])
    np.testing.assert_allclose(keep_top_p(y, 0.75), [0, 4 / 9, 2 / 9, 3 / 9])
    np.testing.assert_allclose(keep_top_p(y, 1e-9), [0, 1, 0, 0])
    np.testing.assert_allclose(
        reshape(y, 0.5, 3, 0.8), [0, 16 / 25, 0, 9 / 25]
    )  # 1 16 4 9; 16 4 9; 16 + 9 of 29
    np.testing.assert_allclose(keep_top_k(np.full(3, 1 / 3), 1), [1, 0, 0])  # of equals, the first


@given(seeds, sizes, temperatures, st.booleans())
def test_temperature_is_softmax_of_scores_over_it_and_never_reorders(seed, K, temperature, zeros):
    y = some_distribution(seed, K, zeros)
    z = with_temperature(y, temperature)
    np.testing.assert_allclose(z.sum(), 1.0, rtol=1e-12)
    order = np.argsort(y, kind="stable")
    assert (np.diff(z[order]) >= 0).all()
    assert (z[y == 0] == 0).all()
    power = y ** (1 / temperature)
    np.testing.assert_allclose(z, power / power.sum(), rtol=1e-9, atol=1e-300)


@given(seeds, st.integers(2, 8))
def test_temperature_has_the_two_limits(seed, K):
    y = some_distribution(seed, K)
    np.testing.assert_allclose(with_temperature(y, 1e-12), np.eye(K)[np.argmax(y)], atol=1e-12)
    np.testing.assert_allclose(with_temperature(y, 1e12), np.full(K, 1 / K), atol=1e-9)
    np.testing.assert_allclose(with_temperature(y, 1.0), y, rtol=1e-12)


@given(seeds, sizes, st.integers(1, 10))
def test_top_k_keeps_the_k_likeliest(seed, K, k):
    y = some_distribution(seed, K)
    z = keep_top_k(y, k)
    kept = z > 0
    assert kept.sum() == min(k, K)
    np.testing.assert_allclose(z[kept], y[kept] / y[kept].sum(), rtol=1e-12)
    assert y[kept].min() >= y[~kept].max(initial=0.0)


@given(seeds, sizes, st.floats(0.01, 0.99))
def test_top_p_keeps_the_fewest_that_reach_p(seed, K, p):
    y = some_distribution(seed, K)
    kept = keep_top_p(y, p) > 0
    assert y[kept].sum() >= p - 1e-12
    assert y[kept].sum() - y[kept].min() < p  # without the least of them, p is not reached
    assert y[kept].min() >= y[~kept].max(initial=0.0)


@given(seeds, st.sampled_from(sorted(CELLS)))
def test_greedy_top_1_and_zero_temperature_agree(seed, cell):
    next_word = next_word_function(*lm(seed, cell))
    greedy = generate(next_word, [START], END, 8, greedy=True)
    for choice in ({"top_k": 1}, {"temperature": 1e-9}, {"top_p": 1e-9}):
        sampled = generate(next_word, [START], END, 8, np.random.default_rng(seed), **choice)
        assert sampled.tokens == greedy.tokens
        np.testing.assert_array_equal(sampled.log_probs, greedy.log_probs)


@given(seeds)
def test_whole_vocabulary_is_plain_sampling(seed):
    next_word = next_word_function(*lm(seed))
    plain = generate(next_word, [START], END, 12, np.random.default_rng(seed)).tokens
    for choice in ({"top_k": N_VOCAB}, {"top_k": 99}, {"top_p": 1.0}, {"temperature": 1.0}):
        assert generate(next_word, [START], END, 12, np.random.default_rng(seed), **choice).tokens == plain


@given(seeds, st.sampled_from(sorted(CELLS)), temperatures)
def test_log_probabilities_are_the_models_own(seed, cell, temperature):
    """Their sum is log P of the sentence, whatever the words were drawn with."""
    params, cell = lm(seed, cell)
    rng = np.random.default_rng(seed)
    tokens, log_probs = generate(next_word_function(params, cell), [START], END, 6, rng, temperature, top_k=5)
    assert len(tokens) == len(log_probs)
    ended = tokens[-1] == END
    words, end = (tokens[:-1], END) if ended else (tokens, None)
    expected = sequence_log_prob([words], params, START, end, cell)[0]
    np.testing.assert_allclose(log_probs.sum(), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "choice", [{}, {"temperature": 0.5}, {"temperature": 2.0}, {"top_k": 3}, {"top_p": 0.7}], ids=str
)
def test_frequencies_match_the_distribution(choice):
    """Chi-square of 4,000 first words against ŷ; 22.46 is the 99.9 % point at 6 degrees of freedom."""
    params, cell = lm(3)
    y = reshape(next_word_distribution(np.array([START]), params, cell), **choice)
    rng, n = np.random.default_rng(0), 4_000
    first = [generate(fixed_first(params, cell), [START], None, 1, rng, **choice).tokens[0] for _ in range(n)]
    counts = np.bincount(first, minlength=N_VOCAB)
    assert (counts[y == 0] == 0).all()
    kept = y > 0
    assert ((counts[kept] - n * y[kept]) ** 2 / (n * y[kept])).sum() < 22.46


def fixed_first(params, cell):
    y, state = next_word_function(params, cell)(START, None)
    return lambda token, _: (y, state)


def test_it_stops_at_the_end_or_at_the_limit():
    chain = from_history(lambda words: np.eye(6)[min(words[-1] + 1, 5)])
    assert generate(chain, [0], end=3, max_length=9, greedy=True).tokens == [1, 2, 3]
    assert generate(chain, [0], end=3, max_length=2, greedy=True).tokens == [1, 2]
    assert generate(chain, [0], end=None, max_length=7, greedy=True).tokens == [1, 2, 3, 4, 5, 5, 5]
    np.testing.assert_array_equal(generate(chain, [0], end=3, max_length=9, greedy=True).log_probs, [0.0] * 3)


def test_the_prefix_primes_the_model():
    params, cell = lm(4)
    context = [START, 5, 6]
    told = generate(next_word_function(params, cell), context, None, 1, greedy=True)
    y = next_word_distribution(np.array(context), params, cell)
    assert told.tokens == [np.argmax(y)]
    np.testing.assert_allclose(told.log_probs, [np.log(y.max())], rtol=1e-12)


def test_same_seed_same_words():
    next_word = next_word_function(*lm(5))
    one, two, other = (
        generate(next_word, [START], None, 30, np.random.default_rng(s)).tokens for s in (1, 1, 2)
    )
    assert one == two != other


@given(seeds)
def test_any_model_will_do(seed):
    """An n-gram model, a window and a function of the whole history go through the same loop."""
    rng = np.random.default_rng(seed)
    ngram = KneserNey([[4, 5, 6], [4, 6]], 3, N_VOCAB)
    window = init_window_lm(rng, N_VOCAB, 3, 4, 2)
    params, cell = lm(seed)
    history = from_history(lambda words: next_word_distribution(np.array(words), params, cell))
    for next_word in (ngram.next_word, window_next_word(window, START), history):
        tokens, log_probs = generate(next_word, [START], END, 10, rng)
        assert 1 <= len(tokens) <= 10 and END not in tokens[:-1] and np.isfinite(log_probs).all()
        assert next_word is not ngram.next_word or not {0, START} & set(tokens)
    a, b = (
        generate(f, [START], END, 9, np.random.default_rng(seed))
        for f in (history, next_word_function(params, cell))
    )
    assert a.tokens == b.tokens
    np.testing.assert_allclose(a.log_probs, b.log_probs, rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": 0.0}, "temperature: expected a number above 0, got 0.0; its limit 0 is greedy=True"),
        ({"temperature": -1.0}, "temperature: expected a number above 0, got -1.0"),
        ({"temperature": np.nan}, "temperature: expected a number above 0, got nan"),
        ({"top_k": 0}, "top_k: expected at least 1 word, got 0"),
        ({"top_p": 0.0}, "top_p: expected a probability above 0 and at most 1, got 0.0"),
        ({"top_p": 1.5}, "top_p: expected a probability above 0 and at most 1, got 1.5"),
        ({"max_length": 0}, "max_length: expected at least 1 word, got 0"),
        ({"rng": None}, "rng: expected a np.random.Generator, got None"),
        ({"prefix": []}, "prefix: expected at least the start marker, got no words"),
        ({"prefix": [7]}, "expected ids from 0 to 6, got 7"),
        ({"prefix": [-1]}, r"prefix: expected a list of token ids from 0 up, got \[-1\]"),
        ({"prefix": ["<s>"]}, r"prefix: expected a list of token ids from 0 up, got \['<s>'\]"),
        ({"end": 7}, "end: expected ids from 0 to 6, got 7"),
        ({"next_word": fixed(np.full(7, 0.2))}, "expected probabilities that sum to 1, got a sum of 1.4"),
        ({"next_word": fixed(np.full(7, np.nan))}, "next_word: expected finite numbers, got 7 NaN"),
        ({"next_word": fixed(np.ones((1, 7)) / 7)}, r"next_word: expected shape \(n_vocab,\), got \(1, 7\)"),
        ({"next_word": fixed(np.ones(6) / 6), "prefix": [6]}, "prefix: expected ids from 0 to 5, got 6"),
    ],
)
def test_bad_input_says_expected_and_got(change, message):
    kwargs = {
        "next_word": next_word_function(*lm()), "prefix": [START], "end": END, "max_length": 5,
        "rng": np.random.default_rng(0),
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        generate(**{**kwargs, **change})
