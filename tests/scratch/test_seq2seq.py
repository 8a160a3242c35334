"""Laws of the encoder–decoder: gradients, hand-over, padding, teacher forcing, and one of the book's own views of it."""

import numpy as np
import pytest
from gradients import assert_gradients
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.scratch.architecture import Architecture, init_seq2seq
from unrolled.scratch.attention import SCORES
from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS, GRU, LSTM, RNN
from unrolled.scratch.language_model import lm_forward
from unrolled.scratch.seq2seq import (
    encode,
    seq2seq_forward,
    seq2seq_loss,
    translation_log_prob,
)
from unrolled.scratch.stacked import stack

ARCHITECTURES = {
    "rnn first": Architecture(RNN, RNN, "first"),
    "rnn every": Architecture(RNN, RNN, "every"),
    "lstm every": Architecture(LSTM, LSTM, "every"),
    "gru attention": Architecture(GRU, GRU, "attention"),
    "lstm scaled": Architecture(LSTM, LSTM, "attention", "scaled"),
    "bi to one, bilinear": Architecture(bidirectional(RNN), RNN, "attention", "bilinear"),
    "stacked bi lstm, bilinear": Architecture(stack(bidirectional(LSTM), 2), LSTM, "attention", "bilinear"),
    "summed directions": Architecture(bidirectional(GRU, "sum"), GRU, "every"),
    "stacked both": Architecture(stack(GRU, 2), stack(GRU, 2), "every"),
    "rnn to lstm": Architecture(RNN, LSTM, "every"),
}
N_SOURCE, N_TARGET = 5, 6


def draw(seed, B, S, T, model, D=2, H=3):  # few of each: every number is moved twice
    rng = np.random.default_rng(seed)
    params = init_seq2seq(rng, N_SOURCE, N_TARGET, D, H, model=model)
    params = {name: p + 0.3 * rng.normal(size=p.shape) for name, p in params.items()}  # biases not zero
    source, inputs = rng.integers(0, N_SOURCE, (B, S)), rng.integers(0, N_TARGET, (B, T))
    targets = rng.integers(0, N_TARGET, (B, T))
    source_mask = np.arange(S) < rng.integers(1, S + 1, (B, 1))
    target_mask = np.arange(T) < rng.integers(1, T + 1, (B, 1))
    return params, source, inputs, targets, source_mask, target_mask


def assert_seq2seq_gradients(model, batch):
    """Every parameter: through the decoder, the attention, the hand-over and the encoder."""
    params, source, inputs, targets, source_mask, target_mask = batch

    def loss():
        return seq2seq_loss(source, inputs, targets, params, model, source_mask, target_mask)[0]

    _, grads = seq2seq_loss(source, inputs, targets, params, model, source_mask, target_mask)
    assert set(grads) == set(params)
    assert_gradients(loss, grads, params)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_gradients(name):
    assert_seq2seq_gradients(ARCHITECTURES[name], draw(0, 2, 3, 4, ARCHITECTURES[name]))


cells = st.sampled_from(list(CELLS.values()))
contexts = st.sampled_from([("first", "dot"), ("every", "dot")] + [("attention", score) for score in SCORES])
sizes = st.integers(1, 3)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), cells, cells, contexts, sizes, sizes, sizes, sizes, sizes)
def test_gradients_on_any_shape(seed, encoder, decoder, context, B, S, T, D, H):
    """Any cell may read and any other write."""
    model = Architecture(encoder, decoder, *context)
    assert_seq2seq_gradients(model, draw(seed, B, S, T, model, D, H))


@settings(max_examples=8)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 4))
def test_states_of_two_sizes(seed, H_e, H_d):
    """Bilinear attention and the bridge take an encoder and a decoder of different sizes."""
    model = Architecture(RNN, RNN, "attention", "bilinear")
    params = init_seq2seq(np.random.default_rng(seed), N_SOURCE, N_TARGET, 2, H_e, H_d, model)
    assert ("W_b" in params) == (H_e != H_d) and params["W_s"].shape == (H_d, H_e)
    _, *batch = draw(seed, 2, 3, 2, model)
    assert_seq2seq_gradients(model, (params, *batch))


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_first_context_is_a_language_model_of_source_separator_target(cell):
    """Section 13.7: put the separator between source and target, and translation is language modelling.

    With shared cell and embeddings, and the context only in the first state, both give the same scores.
    """
    model = Architecture(cell, cell, "first")
    params, source, inputs, *_ = draw(0, 3, 4, 5, model)
    cell_params = {n.removeprefix("encoder."): p for n, p in params.items() if n.startswith("encoder.")}
    params |= {f"decoder.{name}": p for name, p in cell_params.items()}
    both = np.concatenate([params["E_e"], params["E_d"]], axis=1)  # one vocabulary for both languages
    lm = {"E": both, "V": np.tile(params["V"], (2, 1))[: N_SOURCE + N_TARGET], **cell_params}
    lm["V"] = np.concatenate([np.zeros((N_SOURCE, 3)), params["V"]])
    lm["b_y"] = np.concatenate([np.zeros(N_SOURCE), params["b_y"]])
    (logits, _), _ = seq2seq_forward(source, inputs, params, model)
    lm_logits, _, _ = lm_forward(np.concatenate([source, inputs + N_SOURCE], axis=1), lm, cell)
    np.testing.assert_allclose(logits, lm_logits[:, 4:, N_SOURCE:], rtol=1e-10)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_source_padding_changes_nothing(name):
    model = ARCHITECTURES[name]
    params, source, inputs, targets, *_ = draw(1, 2, 3, 4, model)
    padded = np.concatenate([source, np.array([[4, 0], [1, 1]])], axis=1)
    mask = np.arange(5) < np.array([[3], [3]])
    loss, grads = seq2seq_loss(source, inputs, targets, params, model)
    loss_padded, grads_padded = seq2seq_loss(padded, inputs, targets, params, model, mask)
    np.testing.assert_allclose(loss_padded, loss, rtol=1e-12)
    for parameter in grads:
        np.testing.assert_allclose(grads_padded[parameter], grads[parameter], rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_batch_is_a_loop_over_pairs(name):
    model = ARCHITECTURES[name]
    params, source, inputs, _, source_mask, _ = draw(2, 3, 4, 3, model)
    (logits, _), _ = seq2seq_forward(source, inputs, params, model, source_mask)
    for row in range(3):
        real = source[row, source_mask[row]]
        (alone, _), _ = seq2seq_forward(real, inputs[row], params, model)
        np.testing.assert_allclose(logits[row], alone, rtol=1e-9, atol=1e-12)


def test_the_first_state_is_the_encoders_last():
    """(13.33): c = h_n^e, and h_0^d = c."""
    model = ARCHITECTURES["lstm every"]
    params, source, *_ = draw(3, 2, 4, 2, model)
    told, state_0, _ = encode(source, params, model)
    np.testing.assert_array_equal(told.c, told.h_e[:, -1])
    np.testing.assert_array_equal(state_0[0], told.c)


def test_context_at_every_step_is_there_at_every_step():
    """Wipe the state between steps: with "first" nothing of the source is left, with "every" it is."""
    for context, differs in (("first", False), ("every", True)):
        model = Architecture(RNN, RNN, context)
        params, *_ = draw(4, 1, 3, 3, model)
        params["decoder.U"][:] = 0.0  # each state forgets the one before
        one, other = np.array([[0, 1, 2]]), np.array([[3, 4, 2]])
        logits = [seq2seq_forward(s, np.array([[0, 1, 2]]), params, model)[0][0] for s in (one, other)]
        assert (np.abs(logits[0] - logits[1])[:, 1:].max() > 1e-6) == differs


def test_free_running_is_fed_its_own_words():
    model = ARCHITECTURES["gru attention"]
    params, source, inputs, *_ = draw(5, 3, 4, 5, model)
    (free, _), _ = seq2seq_forward(source, inputs, params, model, forcing=0.0)
    own = np.concatenate([inputs[:, :1], free.argmax(axis=-1)[:, :-1]], axis=1)
    (forced, _), _ = seq2seq_forward(source, own, params, model)
    np.testing.assert_allclose(free, forced, rtol=1e-12)


def test_forcing_is_a_share():
    """With a coin, some inputs are the true words and some the model's; the seed decides which."""
    model = ARCHITECTURES["rnn every"]
    params, source, inputs, *_ = draw(6, 8, 4, 6, model)
    runs = [
        seq2seq_forward(source, inputs, params, model, forcing=0.5, rng=np.random.default_rng(seed))[0][0]
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0] - runs[2]).max() > 0


def test_probabilities_of_all_targets_of_one_length_sum_to_one():
    """(13.31): the chain of conditionals is a distribution over targets."""
    model = ARCHITECTURES["gru attention"]
    params, source, *_ = draw(7, 1, 3, 2, model)
    targets = np.stack(np.meshgrid(*[np.arange(N_TARGET)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    inputs = np.concatenate([np.zeros((len(targets), 1), int), targets[:, :-1]], axis=1)
    sources = np.broadcast_to(source, (len(targets), 3))
    total = np.exp(translation_log_prob(sources, inputs, targets, params, model)).sum()
    np.testing.assert_allclose(total, 1.0, rtol=1e-10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": np.zeros((2, 0), int)}, "source: expected at least one word, got an empty sequence"),
        ({"inputs": np.zeros((2, 0), int)}, "inputs: expected at least one word"),
        ({"source": np.full((2, 3), 9)}, "ids: expected ids from 0 to 4, got 9"),
        ({"inputs": np.full((2, 3), -1)}, "inputs: expected ids from 0 to .*, got -1"),
        ({"source_mask": np.array([[True] * 3, [False] * 3])}, "at least one real token in each sequence"),
        ({"forcing": 1.5}, "forcing: expected a share from 0 to 1, got 1.5"),
        ({"forcing": 0.5}, "rng: expected a np.random.Generator"),
    ],
)
def test_bad_input_says_expected_and_got(change, message):
    model = ARCHITECTURES["rnn every"]
    params, source, inputs, *_ = draw(8, 2, 3, 4, model)
    with pytest.raises(ValueError, match=message):
        seq2seq_forward(**{"source": source, "inputs": inputs, "params": params, "model": model, **change})


def test_a_target_that_is_no_word_is_refused_unless_it_is_padding():
    model = ARCHITECTURES["rnn every"]
    params, source, inputs, targets, _, mask = draw(9, 2, 3, 4, model)
    padded = np.where(mask, targets, -100)
    expected = translation_log_prob(source, inputs, targets, params, model, target_mask=mask)
    got = translation_log_prob(source, inputs, padded, params, model, target_mask=mask)
    np.testing.assert_array_equal(got, expected)
    with pytest.raises(ValueError, match="targets: expected ids from 0 to 5, got 6"):
        translation_log_prob(source, inputs, np.full((2, 4), 6), params, model)
    with pytest.raises(ValueError, match=r"targets: expected shape \(2, 4\), got \(2, 3\)"):
        translation_log_prob(source, inputs, targets[:, :3], params, model)


def test_unknown_context_is_refused():
    with pytest.raises(ValueError, match="context: expected one of first, every, attention, got 'last'"):
        init_seq2seq(np.random.default_rng(0), 3, 3, 2, 2, model=Architecture(context="last"))
    with pytest.raises(ValueError, match="score: expected one of dot, scaled, bilinear, got 'cosine'"):
        init_seq2seq(np.random.default_rng(0), 3, 3, 2, 2, model=Architecture(score="cosine"))
