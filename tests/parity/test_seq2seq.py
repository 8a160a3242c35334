"""scratch = nn for the encoder–decoder: scores, weights and every gradient, in float64; and all ways to decode."""

import functools

import numpy as np
import pytest
import torch

from unrolled.nn import cells as nn_cells
from unrolled.nn.birnn import Bidirectional
from unrolled.nn.seq2seq import Seq2Seq, translate, translator
from unrolled.nn.stacked import Stacked
from unrolled.scratch import decoding
from unrolled.scratch.architecture import Architecture, init_seq2seq
from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS
from unrolled.scratch.generation import generate
from unrolled.scratch.seq2seq import seq2seq_forward, seq2seq_loss
from unrolled.scratch.stacked import stack

N_SOURCE, N_TARGET, D, H, B, S, T = 7, 8, 4, 6, 3, 5, 4
START, END = 0, 1
MASK = np.arange(S) < np.array([5, 2, 4])[:, None]
TARGET_MASK = np.arange(T) < np.array([2, 4, 3])[:, None]


def two_worlds(name, fused):
    """One cell in scratch and what makes it in torch: "gru", "bi gru", "sum gru", "stack gru", "stack bi gru"."""
    *how, kind = name.split()
    cell, make = CELLS[kind], functools.partial(nn_cells.CELLS[kind], fused=fused)
    for word in reversed(how):
        if word == "stack":
            cell, make = stack(cell, 2), functools.partial(Stacked, make, n_layers=2)
        else:
            combine = {"bi": "concat", "sum": "sum"}[word]
            cell, make = bidirectional(cell, combine), functools.partial(Bidirectional, make, combine=combine)
    return cell, make


ARCHITECTURES = [  # encoder, decoder, context, score, H of the decoder
    ("rnn", "rnn", "first", "dot", H),
    ("rnn", "rnn", "every", "dot", H),
    ("gru", "gru", "every", "dot", H),
    ("lstm", "lstm", "every", "dot", H),
    ("gru", "gru", "attention", "dot", H),
    ("lstm", "lstm", "attention", "scaled", H),
    ("rnn", "rnn", "attention", "bilinear", 5),
    ("bi rnn", "rnn", "attention", "bilinear", H),
    ("stack bi lstm", "lstm", "attention", "bilinear", H),
    ("sum gru", "gru", "every", "dot", H),
    ("stack gru", "stack gru", "every", "dot", H),
    ("stack lstm", "stack lstm", "attention", "dot", H),
    ("rnn", "lstm", "every", "dot", H),
]
every_architecture = pytest.mark.parametrize("made_of", ARCHITECTURES, ids=lambda a: ", ".join(map(str, a)))
both_kernels = pytest.mark.parametrize("fused", [False, True], ids=["loop", "fused"])


def draw(made_of, fused=False):
    """(Architecture, scratch's parameters, the torch model with the same numbers)."""
    encoder, decoder, context, score, H_d = made_of
    (enc, make_enc), (dec, make_dec) = two_worlds(encoder, fused), two_worlds(decoder, fused)
    architecture, rng = Architecture(enc, dec, context, score), np.random.default_rng(0)
    params = init_seq2seq(rng, N_SOURCE, N_TARGET, D, H, H_d, architecture)
    params = {name: rng.normal(size=p.shape) * 0.6 for name, p in params.items()}
    model = Seq2Seq(N_SOURCE, N_TARGET, D, H, H_d, make_enc, make_dec, context, score).double()
    model.load_scratch(params)
    return architecture, params, model


def batch():
    rng = np.random.default_rng(1)
    return rng.integers(N_SOURCE, size=(B, S)), *rng.integers(N_TARGET, size=(2, B, T))


def tensors(*arrays):
    return [torch.tensor(a) for a in arrays]


@pytest.mark.parametrize("forcing", [1.0, 0.5, 0.0])
@both_kernels
@every_architecture
def test_nn_equals_scratch(made_of, fused, forcing):
    """Scores, weights, loss and all gradients; the same seed tosses the same coins."""
    architecture, params, model = draw(made_of, fused)
    source, inputs, targets = batch()
    coins = lambda: np.random.default_rng(2)  # noqa: E731
    (logits, alpha), _ = seq2seq_forward(source, inputs, params, architecture, MASK, forcing, coins())
    loss, grads = seq2seq_loss(
        source, inputs, targets, params, architecture, MASK, TARGET_MASK, forcing, coins()
    )
    words, masks = tensors(source, inputs, targets), tensors(MASK, TARGET_MASK)
    got, weights = model(*words[:2], masks[0], forcing, coins())
    np.testing.assert_allclose(got.detach(), logits, rtol=1e-6, atol=1e-12)
    assert (weights is None) == (alpha is None)
    if alpha is not None:
        np.testing.assert_allclose(weights.detach(), alpha, rtol=1e-6, atol=1e-12)
    got_loss = model.loss(*words, *masks, forcing, coins())
    got_loss.backward()
    np.testing.assert_allclose(got_loss.item(), loss, rtol=1e-6)
    assert {name for name, _ in model.named_parameters()} == set(grads)
    for name, p in model.named_parameters():
        np.testing.assert_allclose(p.grad, grads[name], rtol=1e-6, atol=1e-12, err_msg=name)


@both_kernels
@every_architecture
def test_the_whole_target_at_once_is_one_word_after_the_other(made_of, fused):
    _, _, model = draw(made_of, fused)
    source, inputs, _ = tensors(*batch())
    told, state = model.encode(source, torch.tensor(MASK))
    step, e = model.stepper(), model.E_d.T[inputs]
    whole, _ = model.states(source, inputs, torch.tensor(MASK))
    for t in range(T):
        state, _ = step(e[:, t], state, told)
        np.testing.assert_allclose(whole[:, t].detach(), state[0].detach(), rtol=1e-6, atol=1e-12)


@both_kernels
@every_architecture
def test_greedy_in_a_batch_is_greedy_alone_is_greedy_in_scratch(made_of, fused):
    architecture, params, model = draw(made_of, fused)
    source, _, _ = batch()
    together = translate(model, torch.tensor(source), START, END, 7, torch.tensor(MASK))
    for words, mask, got in zip(source, MASK, together, strict=True):
        ours = decoding.translator(words[mask], params, architecture)
        expected = generate(ours, [START], END, 7, greedy=True).tokens
        assert got == expected
        theirs = translator(model, torch.tensor(words[mask]))
        assert generate(theirs, [START], END, 7, greedy=True).tokens == expected


def test_a_batch_of_greedy_translations_ends_at_different_times():
    """What the test above relies on: some targets end by </s>, some by the limit, at several lengths."""
    lengths = set()
    for made_of in ARCHITECTURES:
        _, _, model = draw(made_of)
        source, _, _ = batch()
        lengths |= {len(t) for t in translate(model, torch.tensor(source), START, END, 7, torch.tensor(MASK))}
    assert len(lengths) > 3 and 7 in lengths


@both_kernels
@every_architecture
def test_translator_gives_scratchs_distributions_and_beams(made_of, fused):
    architecture, params, model = draw(made_of, fused)
    words = batch()[0][0]
    ours, theirs = decoding.translator(words, params, architecture), translator(model, torch.tensor(words))
    state, state_t = None, None
    for token in (START, 5, 3, 3):
        y, state = ours(token, state)
        y_t, state_t = theirs(token, state_t)
        np.testing.assert_allclose(y_t, y, rtol=1e-6)
    beams = [decoding.beam_search(next_word, START, END, 3, 6) for next_word in (ours, theirs)]
    assert [h.tokens for h in beams[0]] == [h.tokens for h in beams[1]]
    np.testing.assert_allclose([h.score for h in beams[1]], [h.score for h in beams[0]], rtol=1e-6)


def test_one_pair_needs_no_batch():
    architecture, params, model = draw(ARCHITECTURES[4])
    source, inputs, _ = (words[0] for words in batch())
    (logits, _), _ = seq2seq_forward(source, inputs, params, architecture)
    np.testing.assert_allclose(model(*tensors(source, inputs))[0].detach(), logits, rtol=1e-6)


def test_without_a_target_mask_every_word_counts():
    architecture, params, model = draw(ARCHITECTURES[2])
    source, inputs, targets = batch()
    expected, _ = seq2seq_loss(source, inputs, targets, params, architecture, MASK)
    got = model.loss(*tensors(source, inputs, targets), torch.tensor(MASK))
    np.testing.assert_allclose(got.item(), expected, rtol=1e-6)


def test_parameters_travel_both_ways():
    _, params, model = draw(ARCHITECTURES[8])
    back = model.scratch_params()
    assert set(back) == set(params)
    for name in params:
        np.testing.assert_array_equal(back[name], params[name])
    back["V"][:] = 0.0
    assert (model.V != 0).all()  # a copy
    with pytest.raises(ValueError, match=r"W_b: expected shape \(6, 12\), got none"):
        model.load_scratch({name: p for name, p in params.items() if name != "W_b"})


def test_cells_by_name():
    model = Seq2Seq(N_SOURCE, N_TARGET, D, H, encoder="gru", decoder="lstm", fused=True)
    assert model.encoder.fused and model.decoder.fused and model.W_b is not None
    own = Seq2Seq(N_SOURCE, N_TARGET, D, H, encoder=two_worlds("bi gru", True)[1], decoder="gru", fused=True)
    assert own.decoder.fused


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"context": "last"}, "context: expected one of first, every, attention, got 'last'"),
        ({"score": "cosine"}, "score: expected one of dot, scaled, bilinear, got 'cosine'"),
        ({"encoder": "qrnn"}, "cell: expected one of rnn, gru, lstm, got 'qrnn'"),
        ({"decoder": two_worlds("bi rnn", False)[1]}, "decoder: expected a module that reads one way"),
    ],
)
def test_a_model_that_cannot_be_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Seq2Seq(**{"n_source": 5, "n_target": 5, "D": 2, "H_e": 3, **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": torch.zeros(2, 0, dtype=torch.long)}, r"source: expected at least one word .* \(2, 0\)"),
        ({"source": torch.full((2, 3), 7)}, "source: expected ids from 0 to 6, got 7"),
        ({"inputs": torch.full((2, 3), -1)}, "inputs: expected ids from 0 to 7, got -1"),
        ({"inputs": torch.zeros(2, 3)}, "inputs: expected integer token ids, got dtype torch.float32"),
        ({"source_mask": torch.ones(2, 4, dtype=torch.bool)}, r"source_mask: expected shape \(2, 3\)"),
        ({"source_mask": torch.ones(2, 3)}, "source_mask: expected booleans"),
        (
            {"source_mask": torch.tensor([[True] * 3, [False] * 3])},
            "at least one real token in each sequence",
        ),
        ({"forcing": 1.5}, "forcing: expected a share from 0 to 1, got 1.5"),
        ({"forcing": 0.5}, "rng: expected a np.random.Generator"),
    ],
)
@pytest.mark.parametrize("context", ["every", "attention"])
def test_bad_input_says_expected_and_got(change, message, context):
    model = Seq2Seq(N_SOURCE, N_TARGET, D, H, context=context)
    words = torch.zeros(2, 3, dtype=torch.long)
    with pytest.raises(ValueError, match=message):
        model(**{"source": words, "inputs": words, **change})


def test_bad_sizes_are_refused():
    model, words = Seq2Seq(N_SOURCE, N_TARGET, D, H), torch.zeros(2, 3, dtype=torch.long)
    with pytest.raises(ValueError, match=r"targets, target_mask: expected shape \(2, 3\), got \(2, 2\)"):
        model.loss(words, words, words[:, :2], target_mask=words == 0)
    with pytest.raises(ValueError, match="max_length: expected at least 1, got 0"):
        translate(model, words, START, END, 0)
    with pytest.raises(ValueError, match="dot attention: expected states of one size, got H=5 and E=6"):
        Seq2Seq(N_SOURCE, N_TARGET, D, 6, 5, context="attention")(words, words)
