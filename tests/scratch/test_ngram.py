"""Laws of the Kneser-Ney model, its numbers by hand, and an oracle written straight from the formula."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.scratch.ngram import KneserNey, adjusted_counts, discounts

PAD, UNK, START, END = range(4)
N_VOCAB = 8
orders = st.integers(1, 4)
corpora = st.lists(st.lists(st.integers(4, 6), max_size=5), min_size=1, max_size=6)  # id 7 never occurs
contexts = st.lists(st.integers(0, N_VOCAB - 1), max_size=5)


def oracle(corpus, n, D, word, context):
    """P by the definition: look through the whole corpus for every count, no table and no shortcut."""
    texts = [[START, *s, END] for s in corpus]

    def occurrences(gram):
        return [
            (text, t) for text in texts for t in range(len(text)) if tuple(text[t : t + len(gram)]) == gram
        ]

    def count(gram):
        at = occurrences(gram)
        return len(at) if len(gram) == n or gram[0] == START else len({text[t - 1] for text, t in at})

    def p(context):
        k = len(context) + 1
        lower = p(context[1:]) if context else float(word not in (PAD, START)) / (N_VOCAB - 2)
        each = [count((*context, w)) for w in range(N_VOCAB) if (*context, w) != (START,)]
        if not sum(each):
            return lower
        kept = [D[k - 1][min(c, 3) - 1] if c else 0.0 for c in each]
        c = count((*context, word)) if (*context, word) != (START,) else 0
        own = (c - D[k - 1][min(c, 3) - 1] if c else 0.0) / sum(each)
        return own + sum(kept) / sum(each) * lower

    return p(tuple(context[max(0, len(context) - n + 1) :]))


def test_bigram_by_hand():
    """<s> a b </s>, <s> a c </s>.  Bigrams: <s>a 2, ab ac b</s> c</s> 1 each: D = 4/(4 + 2) = 2/3.
    Words by how many different words they follow: a b c 1, </s> 2, in all 5: D = 3/(3 + 2) = 3/5."""
    a, b, c = 4, 5, 6
    lm = KneserNey([[a, b], [a, c]], n=2, n_vocab=7)
    np.testing.assert_allclose(lm.discounts, [[3 / 5] * 3, [2 / 3] * 3])
    uniform = 1 / 5  # <unk> </s> a b c
    reserve = 4 * (3 / 5) / 5  # four words gave up 3/5 of 5
    unigram = {w: (n - 3 / 5) / 5 + reserve * uniform for w, n in ((a, 1), (b, 1), (c, 1), (END, 2))}
    unigram[UNK] = reserve * uniform
    np.testing.assert_allclose(
        lm.distribution([]),
        [0, *(unigram[w] for w in (UNK,)), 0, unigram[END], *(unigram[w] for w in (a, b, c))],
    )
    # after a: b and c once each, so 2 · (2/3) / 2 of the mass goes to the words' own distribution
    np.testing.assert_allclose(lm.probability(b, [a]), (1 - 2 / 3) / 2 + 2 / 3 * unigram[b], rtol=1e-14)
    np.testing.assert_allclose(lm.probability(UNK, [a]), 2 / 3 * unigram[UNK], rtol=1e-14)
    # after <s>: a twice, so (2/3) / 2
    np.testing.assert_allclose(lm.probability(a, [START]), (2 - 2 / 3) / 2 + 1 / 3 * unigram[a], rtol=1e-14)
    after_b = (1 - 2 / 3) / 1 + 2 / 3 * unigram[END]
    expected = np.log(lm.probability(a, [START])) + np.log(lm.probability(b, [a])) + np.log(after_b)
    np.testing.assert_allclose(lm.log_prob([a, b]), expected, rtol=1e-14)


def test_a_frequent_word_after_one_word_only_is_no_guess_elsewhere():
    """San Francisco thrice; glasses after two different words: elsewhere, glasses is the better guess."""
    san, francisco, my, red, glasses, other = range(4, 10)
    text = [[san, francisco]] * 3 + [[my, glasses], [red, glasses]]
    lm = KneserNey(text, n=2, n_vocab=10)
    assert lm.probability(glasses, [other]) > lm.probability(francisco, [other])
    counts = adjusted_counts(text, 2, START, END)
    assert counts[0][(francisco,)] == 1 and counts[0][(glasses,)] == 2 and counts[1][(san, francisco)] == 3


def test_trigram_counts_by_hand():
    """At <s> nothing stands before, so its bigrams count occurrences; others count different words before."""
    a, b = 4, 5
    one, two, three = adjusted_counts([[a, b], [a, b], [b]], 3, START, END)
    assert three == {(START, a, b): 2, (a, b, END): 2, (START, b, END): 1}
    assert two == {(START, a): 2, (START, b): 1, (a, b): 1, (b, END): 2}
    assert one == {(a,): 1, (b,): 2, (END,): 1}


def test_discounts_by_hand():
    counts = dict.fromkeys("abcd", 1) | dict.fromkeys("ef", 2) | {"g": 3, "h": 4, "i": 9}
    D = 4 / (4 + 2 * 2)
    np.testing.assert_allclose(discounts(counts), [D] * 3)
    expected = [1 - 2 * D * 2 / 4, 2 - 3 * D * 1 / 2, 3 - 4 * D * 1 / 1]
    np.testing.assert_allclose(discounts(counts, modified=True), expected)
    assert discounts({"a": 2}) == discounts({"a": 1}) == discounts({}) == (0.75,) * 3
    assert discounts({"a": 1, "b": 2}, modified=True) == (1 / 3,) * 3  # no word three times: one D for all


@settings(max_examples=60)
@given(corpora, orders, contexts, st.booleans())
def test_equals_the_definition(corpus, n, context, modified):
    lm = KneserNey(corpus, n, N_VOCAB, modified=modified)
    expected = [oracle(corpus, n, lm.discounts, w, context) for w in range(N_VOCAB)]
    np.testing.assert_allclose(lm.distribution(context), expected, rtol=1e-12, atol=1e-15)
    for word in range(N_VOCAB):
        np.testing.assert_allclose(lm.probability(word, context), expected[word], rtol=1e-12, atol=1e-15)


@given(corpora, orders, contexts, st.booleans())
def test_a_distribution_whatever_the_context(corpus, n, context, modified):
    y = KneserNey(corpus, n, N_VOCAB, modified=modified).distribution(context)
    np.testing.assert_allclose(y.sum(), 1.0, rtol=1e-12)
    assert (y[[PAD, START]] == 0).all() and (np.delete(y, [PAD, START]) > 0).all()


@settings(max_examples=25)
@given(corpora, orders)
def test_all_continuations_together_have_probability_one(corpus, n):
    lm = KneserNey(corpus, n, N_VOCAB)
    words = [w for w in range(N_VOCAB) if w not in (PAD, START, END)]
    ended = sum(np.exp(lm.log_prob(list(s))) for length in range(3) for s in product(words, repeat=length))
    on = 0.0
    for s in product(words, repeat=3):
        text = (START, *s)
        on += np.prod([lm.probability(text[t], text[:t]) for t in range(1, 4)])
    np.testing.assert_allclose(ended + on, 1.0, rtol=1e-12)


@given(corpora, orders, corpora)
def test_cross_entropy_is_the_mean_over_words_and_ends(corpus, n, held_out):
    lm = KneserNey(corpus, n, N_VOCAB)
    each = []
    for sentence in held_out:
        state, token = None, START
        for word in [*sentence, END]:
            y, state = lm.next_word(token, state)
            each.append(-np.log(y[word]))
            token = word
    np.testing.assert_allclose(lm.cross_entropy(held_out), np.mean(each), rtol=1e-12)


def test_a_distribution_is_the_readers_own():
    lm = KneserNey([[4, 5]], 1, N_VOCAB)
    lm.distribution([])[:] = 0.0
    np.testing.assert_allclose(lm.distribution([]).sum(), 1.0)


def test_more_context_helps_on_text_that_has_it():
    rng = np.random.default_rng(0)
    follows = rng.permutation(np.arange(4, 34)).reshape(
        2, 15
    )  # what comes next depends on the word before last

    def sentence():
        words = [int(w) for w in rng.integers(4, 34, size=2)]
        for _ in range(10):
            words.append(int(follows[words[-1] % 2, words[-2] % 15]))
        return words

    text = [sentence() for _ in range(400)]
    costs = [KneserNey(text[:300], n, 34).cross_entropy(text[300:]) for n in (1, 2, 3)]
    assert costs[0] > costs[1] > costs[2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 0}, "n: expected an order of at least 1, got 0"),
        ({"sentences": []}, "sentences: expected at least one, got none"),
        ({"sentences": [[4], [8]]}, "sentences: expected ids from 0 to 7, got 8"),
        ({"sentences": [[4], [-1]]}, "sentences: expected ids from 0 to 7, got -1"),
        ({"sentences": [["fish"]]}, "sentences: expected integer token ids"),
        ({"sentences": [4, 5]}, "sentences: expected a list of lists of ids, got one flat list"),
        ({"sentences": [[4, END]]}, "sentences: expected words without <pad>, <s> and </s>, got id 3"),
        ({"sentences": [[4, START]]}, "got id 2"),
        ({"end": 8}, "start, end and pad: expected ids from 0 to 7, got 8"),
    ],
)
def test_bad_input_says_expected_and_got(change, message):
    with pytest.raises(ValueError, match=message):
        KneserNey(**{"sentences": [[4, 5]], "n": 2, "n_vocab": N_VOCAB, **change})


def test_unknown_words_are_named():
    lm = KneserNey([[4, 5]], 2, N_VOCAB)
    for ask in (lambda: lm.probability(8, []), lambda: lm.next_word(8, None), lambda: lm.distribution([8])):
        with pytest.raises(ValueError, match="expected ids from 0 to 7, got 8"):
            ask()
    with pytest.raises(ValueError, match="sentences: expected ids from 0 to 7, got 9"):
        lm.log_prob([9])
    with pytest.raises(ValueError, match="sentences: expected at least one, got none"):
        lm.cross_entropy([])
