"""Laws of the recurrent language model (13.4) to (13.11), over every cell."""

from itertools import product

import numpy as np
import pytest
from gradients import assert_gradients, weights_like
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.bptt import clip_by_norm
from unrolled.scratch.cells import CELLS as ONE_LAYER
from unrolled.scratch.cells import LSTM, RNN
from unrolled.scratch.embedding import one_hot
from unrolled.scratch.generation import generate
from unrolled.scratch.language_model import (
    cross_entropy_of,
    init_lm,
    lm_backward,
    lm_forward,
    lm_loss,
    next_word_distribution,
    next_word_function,
    parameter_count,
    perplexity,
    sequence_log_prob,
    teacher_forcing,
)
from unrolled.scratch.loss import cross_entropy, log_softmax
from unrolled.scratch.rnn import forward_rnn
from unrolled.scratch.stacked import stack

START, END = 2, 3
CELLS = {**ONE_LAYER, "stacked lstm": stack(LSTM, 2)}
sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)
cells = st.sampled_from(sorted(CELLS)).map(CELLS.get)
TIGHT = {"rtol": 1e-10, "atol": 1e-13}


def draw(seed, n_vocab, D, H, cell=RNN, B=1, longest=4):
    rng = np.random.default_rng(seed)
    params = {
        name: rng.normal(scale=0.6, size=p.shape) for name, p in init_lm(rng, n_vocab, D, H, cell).items()
    }
    sentences = [rng.integers(4, n_vocab, size=rng.integers(0, longest + 1)).tolist() for _ in range(B)]
    return rng, params, sentences


def assert_all_close(got, expected):
    for name in expected:
        np.testing.assert_allclose(got[name], expected[name], **TIGHT, err_msg=name)


def test_teacher_forcing_by_hand():
    inputs, targets, mask = teacher_forcing([[5, 6, 7], [], [8]], START, END, pad=0)
    assert inputs.tolist() == [[2, 5, 6, 7], [2, 0, 0, 0], [2, 8, 0, 0]]
    assert targets.tolist() == [[5, 6, 7, 3], [3, 0, 0, 0], [8, 3, 0, 0]]
    assert mask.sum(axis=1).tolist() == [4, 1, 2]


def test_worked_step():
    """Three words, d = 2: e = E's column, h = tanh(U h + W e), ŷ = softmax(V h)."""
    params = {
        "E": np.array([[0.5, 0.0, 1.0], [0.0, -0.5, 1.0]]),
        "W": np.eye(2),
        "U": np.array([[0.0, 1.0], [1.0, 0.0]]),
        "b": np.zeros(2),
        "V": np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]),
    }
    h_1 = np.tanh([0.5, 0.0])
    h_2 = np.tanh([h_1[1] + 1.0, h_1[0] + 1.0])
    scores = np.exp([h_2[0], h_2[1], 0.0])
    np.testing.assert_allclose(
        next_word_distribution(np.array([0, 2]), params), scores / scores.sum(), rtol=1e-14
    )


@settings(max_examples=12, derandomize=True)  # no gradient by chance too small to measure
@given(seeds, cells, sizes, sizes, sizes, sizes, st.integers(2, 6), st.booleans())
def test_gradients(seed, cell, B, T, D, H, n_vocab, masked):
    rng, params, _ = draw(seed, max(n_vocab, 5), D, H, cell)
    ids = rng.integers(len(params["V"]), size=(B, T))
    mask = np.arange(T) < rng.integers(1, T + 1, size=(B, 1)) if masked else None
    state_0 = tuple(rng.normal(size=(B, H)) for _ in cell.state_names)
    logits, state_T, cache = lm_forward(ids, params, cell, state_0, mask)
    w, w_T = weights_like(rng, logits), tuple(weights_like(rng, s) for s in state_T)
    dstate_0, dparams = lm_backward(w, cache, w_T)

    def loss():
        logits, state_T, _ = lm_forward(ids, params, cell, state_0, mask)
        return float(np.sum(w * logits) + sum(np.sum(u * s) for u, s in zip(w_T, state_T, strict=True)))

    states = dict(zip(cell.state_names, state_0, strict=True))
    assert_gradients(loss, dict(zip(cell.state_names, dstate_0, strict=True)) | dparams, states | params)


@pytest.mark.parametrize("cell", CELLS.values(), ids=list(CELLS))
@pytest.mark.parametrize(
    ("B", "longest", "D", "H", "n_vocab"), [(2, 3, 4, 5, 7), (1, 4, 3, 2, 6), (3, 0, 2, 4, 5)]
)
def test_loss_gradients_with_padding(cell, B, longest, D, H, n_vocab):
    _, params, sentences = draw(3, n_vocab, D, H, cell, B, longest)
    inputs, targets, mask = teacher_forcing(sentences, START, END)
    _, dparams, _ = lm_loss(inputs, targets, params, cell, mask=mask)
    assert set(dparams) == set(params)
    assert_gradients(lambda: lm_loss(inputs, targets, params, cell, mask=mask)[0], dparams, params)


@given(seeds, cells, sizes, sizes, sizes, st.integers(5, 8))
def test_lookup_is_one_hot_times_E(seed, cell, B, D, H, n_vocab):
    """(13.4) as written: the cell fed with E x_t, x_t one-hot, gives the same scores."""
    _, params, sentences = draw(seed, n_vocab, D, H, cell, B)
    inputs, _, mask = teacher_forcing(sentences, START, END)
    logits, _, _ = lm_forward(inputs, params, cell, mask=mask)
    own = {name: params[name] for name in ("E", "V", "b_y")}
    rest = {name: p for name, p in params.items() if name not in own}
    h, _, _ = cell.forward(one_hot(inputs, n_vocab) @ own["E"].T, rest, None, mask)
    np.testing.assert_allclose(logits, h @ own["V"].T + own["b_y"], **TIGHT)


def test_the_rnn_model_is_forward_rnn_on_embeddings():
    rng, params, _ = draw(1, 7, 3, 4)
    ids = rng.integers(7, size=(2, 5))
    y = forward_rnn(params["E"].T[ids], params)
    np.testing.assert_allclose(np.exp(log_softmax(lm_forward(ids, params)[0])), y, **TIGHT)
    np.testing.assert_allclose(next_word_distribution(ids, params), y[:, -1], **TIGHT)


@given(seeds, cells, sizes, sizes, st.integers(5, 7))
def test_next_word_function_is_the_sequence_one_word_at_a_time(seed, cell, D, H, n_vocab):
    _, params, (words, *_) = draw(seed, n_vocab, D, H, cell)
    next_word, state, words = next_word_function(params, cell), None, [START, *words]
    for t, word in enumerate(words):
        y, state = next_word(word, state)
        np.testing.assert_allclose(y, next_word_distribution(np.array(words[: t + 1]), params, cell), **TIGHT)


@given(seeds, cells, st.integers(1, 4), sizes, sizes, st.integers(5, 8))
def test_batch_is_a_loop_and_padding_changes_nothing(seed, cell, B, D, H, n_vocab):
    rng, params, sentences = draw(seed, n_vocab, D, H, cell, B)
    inputs, targets, mask = teacher_forcing(sentences, START, END)
    rubbish = rng.integers(n_vocab, size=(2, B, 2))
    padded = [np.concatenate([a, more], axis=1) for a, more in zip((inputs, targets), rubbish, strict=True)]
    padded = [
        np.where(np.pad(mask, ((0, 0), (0, 2))), a, rng.integers(n_vocab, size=a.shape)) for a in padded
    ]
    loss, dparams, _ = lm_loss(inputs, targets, params, cell, mask=mask)
    loss_pad, dparams_pad, _ = lm_loss(*padded, params, cell, mask=np.pad(mask, ((0, 0), (0, 2))))
    np.testing.assert_allclose(loss_pad, loss, **TIGHT)
    assert_all_close(dparams_pad, dparams)
    alone = [lm_loss(*(a[0] for a in teacher_forcing([s], START, END)[:2]), params, cell) for s in sentences]
    share = mask.sum(axis=1) / mask.sum()
    np.testing.assert_allclose(loss, sum(s * row[0] for s, row in zip(share, alone, strict=True)), **TIGHT)
    assert_all_close(
        dparams, {n: sum(s * row[1][n] for s, row in zip(share, alone, strict=True)) for n in params}
    )


@given(seeds, cells, st.integers(1, 4), sizes, sizes, st.integers(5, 8))
def test_log_probability_is_minus_the_summed_loss(seed, cell, B, D, H, n_vocab):
    _, params, sentences = draw(seed, n_vocab, D, H, cell, B)
    inputs, targets, mask = teacher_forcing(sentences, START, END)
    loss, _, _ = lm_loss(inputs, targets, params, cell, mask=mask)
    log_p = sequence_log_prob(sentences, params, START, END, cell)
    np.testing.assert_allclose(log_p.sum(), -loss * mask.sum(), **TIGHT)
    np.testing.assert_allclose(perplexity(loss), np.exp(-log_p.sum() / mask.sum()), rtol=1e-10)


@pytest.mark.parametrize("cell", CELLS.values(), ids=list(CELLS))
def test_all_continuations_together_have_probability_one(cell):
    """P(fewer than n words, then </s>) + P(n words, going on) = 1, summed over every sentence."""
    n_vocab, n = 5, 3
    _, params, _ = draw(5, n_vocab, 2, 3, cell)
    words = [w for w in range(n_vocab) if w != END]
    over = [list(s) for length in range(n) for s in product(words, repeat=length)]
    on = [list(s) for s in product(words, repeat=n)]
    ended = np.exp(sequence_log_prob(over, params, START, END, cell)).sum()
    going_on = np.exp(sequence_log_prob(on, params, START, None, cell)).sum()
    np.testing.assert_allclose(ended + going_on, 1.0, rtol=1e-12)
    every = [list(s) for s in product(range(n_vocab), repeat=n)]
    np.testing.assert_allclose(
        np.exp(sequence_log_prob(every, params, START, None, cell)).sum(), 1.0, rtol=1e-12
    )


def test_long_sequences_do_not_underflow():
    _, params, _ = draw(6, 50, 3, 4)
    log_p = sequence_log_prob([[7] * 400], params, START, END)
    assert np.exp(log_p) == 0.0 and np.isfinite(log_p).all()


@given(seeds, sizes, st.integers(2, 6))
def test_cross_entropy_of_a_one_hot_truth_is_the_log_of_one_word(seed, B, K):
    """(13.10) with a one-hot y is (13.11); and no ŷ costs less than the truth itself."""
    rng = np.random.default_rng(seed)
    y_hat, y = rng.dirichlet(np.ones(K), size=(2, B))
    targets = rng.integers(K, size=B)
    each = cross_entropy_of(one_hot(targets, K), y_hat)
    np.testing.assert_allclose(each.mean(), cross_entropy(np.log(y_hat), targets)[0], rtol=1e-9, atol=1e-12)
    assert (cross_entropy_of(y, y_hat) >= cross_entropy_of(y, y) - 1e-12).all()
    assert cross_entropy_of(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == np.inf


def test_a_model_that_knows_nothing_is_left_with_the_whole_vocabulary():
    params = {name: np.zeros_like(p) for name, p in draw(0, 9, 2, 3)[1].items()}
    loss, _, _ = lm_loss(*teacher_forcing([[4, 5], [6, 7]], START, END)[:2], params)
    np.testing.assert_allclose(perplexity(loss), 9.0, rtol=1e-12)


def test_segments_carry_the_state():
    rng, params, _ = draw(8, 9, 3, 4)
    ids = rng.integers(9, size=(2, 7))
    inputs, targets = ids[:, :-1], ids[:, 1:]
    whole, _, _ = lm_loss(inputs, targets, params)
    first, _, state = lm_loss(inputs[:, :2], targets[:, :2], params)
    second, _, _ = lm_loss(inputs[:, 2:], targets[:, 2:], params, state_0=state)
    np.testing.assert_allclose((2 * first + 4 * second) / 6, whole, rtol=1e-12)


@pytest.mark.parametrize("cell", ONE_LAYER.values(), ids=list(ONE_LAYER))
def test_it_learns_two_sentences_by_heart(cell):
    """Gradient descent on the hand-written gradients, clipped; only the first word stays a coin toss."""
    sentences = [[4, 5, 6, 7, 8], [9, 7, 6, 5, 4, 10]]
    params = init_lm(np.random.default_rng(0), 11, 8, 16, cell)
    inputs, targets, mask = teacher_forcing(sentences, START, END)
    for _ in range(250):
        loss, dparams, _ = lm_loss(inputs, targets, params, cell, mask=mask)
        dparams, _ = clip_by_norm(dparams, 1.0)
        params = {name: p - dparams[name] for name, p in params.items()}
    floor = 2 * np.log(2) / mask.sum()
    assert floor - 1e-9 < loss < floor + 0.05
    for first, *rest in sentences:
        told = generate(next_word_function(params, cell), [START, first], END, 10, greedy=True)
        assert told.tokens == [*rest, END]


def test_float32_stays_float32():
    _, params, sentences = draw(11, 8, 3, 4, B=2)
    inputs, targets, mask = teacher_forcing(sentences, START, END)
    params = {name: p.astype("f4") for name, p in params.items()}
    _, dparams, (h_T,) = lm_loss(inputs, targets, params, mask=mask)
    assert {d.dtype for d in (h_T, *dparams.values())} == {np.dtype("f4")}


def test_parameter_count_by_hand():
    """E and V of 10 x 3 and 10 x 4, b_y 10; W 4 x 3, U 4 x 4, b 4."""
    assert parameter_count(draw(0, 10, 3, 4)[1]) == 30 + 40 + 10 + 12 + 16 + 4


def test_biases_may_be_left_out():
    _, params, sentences = draw(9, 8, 3, 4, B=2)
    without = {name: p for name, p in params.items() if name != "b_y"}
    zero = {**params, "b_y": np.zeros(8)}
    inputs, targets, mask = teacher_forcing(sentences, START, END)
    loss, dparams, _ = lm_loss(inputs, targets, without, mask=mask)
    expected = lm_loss(inputs, targets, zero, mask=mask)
    np.testing.assert_allclose(loss, expected[0], rtol=1e-12)
    assert set(dparams) == set(without)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ids": np.full((2, 3), 8)}, "ids: expected ids from 0 to 7, got 8"),
        ({"ids": np.full((2, 3), -1)}, "ids: expected ids from 0 to 7, got -1"),
        ({"ids": np.zeros((2, 3))}, "ids: expected integer token ids, got dtype float64"),
        ({"ids": np.array(4)}, r"ids: expected shape \(\*B, T\), got \(\)"),
        ({"ids": np.zeros((2, 0), int)}, "ids: expected at least one word, got an empty sequence"),
        ({"E": np.zeros((3, 8, 1))}, r"E: expected shape \(D, n_vocab\)"),
        ({"E": np.full((3, 8), np.nan)}, "E: expected finite numbers, got 24 NaN"),
        ({"V": np.zeros((9, 4))}, r"V: expected shape \(n_vocab=8, H\), got \(9, 4\)"),
        ({"V": np.zeros((8, 5))}, r"h: expected shape \(\*B, H=5\), got \(2, 3, 4\)"),
        ({"b_y": np.zeros(4)}, r"b_y: expected shape \(n_vocab=8,\), got \(4,\)"),
        ({"mask": np.array([[True] * 3, [False] * 3])}, r"got none in sequence \(1,\)"),
        ({"mask": np.ones((2, 2), bool)}, "mask: expected shape"),
        ({"state_0": (np.zeros((3, 4)),)}, "h_0: expected shape"),
    ],
)
def test_bad_input_says_expected_and_got(change, message):
    _, params, _ = draw(10, 8, 3, 4)
    kwargs = {
        "ids": np.full((2, 3), 5),
        "params": {**params, **{n: a for n, a in change.items() if n in params}},
    }
    kwargs |= {n: a for n, a in change.items() if n not in params}
    with pytest.raises(ValueError, match=message):
        lm_forward(**kwargs)


def test_a_cell_that_reads_ahead_is_refused():
    _, params, _ = draw(10, 8, 3, 4)
    for run in (
        lambda c: init_lm(np.random.default_rng(0), 8, 3, 4, c),
        lambda c: lm_forward(np.array([1]), params, c),
    ):
        with pytest.raises(
            ValueError, match="left to right only, got bidirectional rnn, which sees the next word"
        ):
            run(bidirectional(RNN))


def test_what_is_missing_is_named():
    _, params, _ = draw(10, 8, 3, 4)
    with pytest.raises(ValueError, match="got no V"):
        lm_forward(np.array([1]), {n: p for n, p in params.items() if n != "V"})
    with pytest.raises(ValueError, match="sentences: expected at least one, got none"):
        teacher_forcing([], START, END)
    with pytest.raises(ValueError, match=r"expected a list of integer ids, got .* in sentence 1"):
        teacher_forcing([[4], ["fish"]], START, END)
    with pytest.raises(ValueError, match="token: expected ids from 0 to 7, got 9"):
        next_word_function(params)(9, None)
    with pytest.raises(ValueError, match="y_hat: expected shape"):
        cross_entropy_of(np.ones(3), np.ones(4))
