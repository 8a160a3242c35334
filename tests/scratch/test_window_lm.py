"""Laws of the feedforward window model."""

import numpy as np
import pytest
from gradients import assert_gradients, weights_like
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.scratch.language_model import teacher_forcing
from unrolled.scratch.loss import cross_entropy, log_softmax
from unrolled.scratch.rnn import ACTIVATIONS
from unrolled.scratch.window_lm import (
    init_window_lm,
    next_word_function,
    window_backward,
    window_forward,
    windows,
)

START, END = 2, 3
sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)
TIGHT = {"rtol": 1e-10, "atol": 1e-13}


def draw(seed, B, T, D, H, N, n_vocab):
    rng = np.random.default_rng(seed)
    params = {
        n: rng.normal(scale=0.6, size=p.shape) for n, p in init_window_lm(rng, n_vocab, D, H, N).items()
    }
    return rng, params, rng.integers(n_vocab, size=(B, T))


def test_windows_by_hand():
    got = windows(np.array([[2, 5, 6, 7], [2, 8, 0, 0]]), N=3, start=2)
    assert got[0].tolist() == [[2, 2, 2], [2, 2, 5], [2, 5, 6], [5, 6, 7]]
    assert got[1].tolist() == [[2, 2, 2], [2, 2, 8], [2, 8, 0], [8, 0, 0]]


def test_worked_step():
    """Two words of one number each, side by side: h = tanh(w_1 e_1 + w_2 e_2), scores V h."""
    params = {
        "E": np.array([[0.5, -1.0, 0.0]]), "W": np.array([[2.0, 3.0]]), "b": np.array([0.1]),
        "V": np.array([[1.0], [0.0], [-1.0]]), "b_y": np.array([0.0, 0.2, 0.0]),
    }  # fmt: skip
    h = np.tanh(2 * 0.5 + 3 * -1.0 + 0.1)
    logits, _ = window_forward(np.array([0, 1]), params, start=2)
    np.testing.assert_allclose(logits[1], [h, 0.2, -h], rtol=1e-14)


@settings(max_examples=25, derandomize=True)  # no gradient by chance too small to measure
@given(seeds, sizes, sizes, sizes, sizes, sizes, st.integers(3, 6), st.sampled_from(["tanh", "sigmoid"]))
def test_gradients(seed, B, T, D, H, N, n_vocab, g):
    rng, params, ids = draw(seed, B, T, D, H, N, n_vocab)
    logits, cache = window_forward(ids, params, START, g)
    w = weights_like(rng, logits)
    dparams = window_backward(w, cache)
    assert set(dparams) == set(params)
    assert_gradients(lambda: float(np.sum(w * window_forward(ids, params, START, g)[0])), dparams, params)


@pytest.mark.parametrize(
    ("B", "T", "D", "H", "N", "n_vocab"), [(2, 3, 4, 5, 6, 7), (3, 1, 2, 4, 5, 6), (1, 5, 3, 2, 4, 6)]
)
def test_loss_gradients_with_padding(B, T, D, H, N, n_vocab):
    rng, params, ids = draw(1, B, T, D, H, N, n_vocab)
    targets, mask = rng.integers(n_vocab, size=(B, T)), np.arange(T) < rng.integers(1, T + 1, size=(B, 1))
    logits, cache = window_forward(ids, params, START)
    dparams = window_backward(cross_entropy(logits, targets, mask)[1], cache)
    assert_gradients(
        lambda: cross_entropy(window_forward(ids, params, START)[0], targets, mask)[0], dparams, params
    )


@given(seeds, sizes, sizes, sizes, sizes, sizes)
def test_batch_is_a_loop_and_padding_on_the_right_changes_nothing(seed, B, T, D, H, N):
    rng, params, ids = draw(seed, B, T, D, H, N, 6)
    logits, _ = window_forward(np.concatenate([ids, rng.integers(6, size=(B, 2))], axis=1), params, START)
    for row in range(B):
        np.testing.assert_allclose(logits[row, :T], window_forward(ids[row], params, START)[0], **TIGHT)


@given(seeds, st.integers(1, 3), st.integers(4, 7))
def test_nothing_before_the_window_is_seen(seed, N, T):
    _, params, ids = draw(seed, 1, T, 3, 4, N, 6)
    other = ids.copy()
    other[0, : T - N] = (ids[0, : T - N] + 1) % 6
    np.testing.assert_array_equal(
        window_forward(ids, params, START)[0][0, -1], window_forward(other, params, START)[0][0, -1]
    )
    other[0, T - N] = (ids[0, T - N] + 1) % 6
    assert (
        window_forward(ids, params, START)[0][0, -1] != window_forward(other, params, START)[0][0, -1]
    ).any()


@given(seeds, st.integers(1, 4), st.integers(1, 6))
def test_next_word_function_is_the_sequence_one_word_at_a_time(seed, N, T):
    _, params, ids = draw(seed, 1, T, 3, 4, N, 6)
    inputs, _, _ = teacher_forcing(ids.tolist(), START, END)
    logits, _ = window_forward(inputs, params, START)
    next_word, state = next_word_function(params, START), None
    for t, word in enumerate(inputs[0]):
        y, state = next_word(word, state)
        np.testing.assert_allclose(y, np.exp(log_softmax(logits[0, t])), **TIGHT)
        np.testing.assert_allclose(y.sum(), 1.0, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ids": np.full((2, 3), 6)}, "ids: expected ids from 0 to 5, got 6"),
        ({"ids": np.zeros((2, 3))}, "ids: expected integer token ids"),
        ({"ids": np.zeros((2, 0), int)}, "ids: expected at least one word, got an empty sequence"),
        ({"ids": np.array(1)}, r"ids: expected shape \(\*B, T\)"),
        ({"start": 6}, "start: expected ids from 0 to 5, got 6"),
        ({"g": "swish"}, f"g: expected one of {', '.join(ACTIVATIONS)}, got 'swish'"),
        ({"W": np.zeros((4, 7))}, "W: expected a width of N times D = 3, got 7; D comes from E"),
        ({"W": np.zeros((5, 6))}, r"W: expected shape \(H=4, N·D\), got \(5, 6\)"),
        ({"V": np.zeros((5, 4))}, r"V: expected shape \(n_vocab=6, H\)"),
        ({"b": np.zeros(3)}, r"b: expected shape \(H=4,\)"),
        ({"b_y": np.zeros(3)}, r"b_y: expected shape \(K=6,\)"),
    ],
)
def test_bad_input_says_expected_and_got(change, message):
    _, params, ids = draw(2, 2, 3, 3, 4, 2, 6)
    weights = {n: change.get(n, p) for n, p in params.items()}
    rest = {n: a for n, a in change.items() if n not in params}
    with pytest.raises(ValueError, match=message):
        window_forward(**{"ids": ids, "params": weights, "start": START, **rest})


def test_a_window_has_a_word():
    with pytest.raises(ValueError, match="N: expected a window of at least 1 word, got 0"):
        init_window_lm(np.random.default_rng(0), 6, 3, 4, 0)
