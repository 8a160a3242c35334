"""scratch = nn = torch.nn for the recurrent language model: scores and every gradient, in float64."""

import numpy as np
import pytest
import torch

from unrolled.nn import language_model as twin
from unrolled.nn.cells import CELLS
from unrolled.nn.loss import cross_entropy
from unrolled.nn.stacked import Stacked
from unrolled.scratch import cells
from unrolled.scratch import language_model as scratch
from unrolled.scratch.stacked import stack

RTOL = 1e-6
N_VOCAB, D, H = 9, 4, 6
START, END = 2, 3
SENTENCES = [[4, 5, 8, 6], [7], [], [4, 4, 7]]


SCRATCH = {**cells.CELLS, "stacked": stack(cells.LSTM, 2)}


def draw(cell):
    rng = np.random.default_rng(0)
    params = scratch.init_lm(rng, N_VOCAB, D, H, SCRATCH[cell])
    return {n: rng.normal(size=p.shape) * 0.5 for n, p in params.items()}


@pytest.fixture
def params():
    return draw("rnn")


def as_torch(params, fused=False, cell="rnn"):
    def two(D, H):
        return Stacked(lambda D, H: CELLS["lstm"](D, H, fused=fused), D, H, 2)

    made = cell != "stacked"
    model = twin.LanguageModel(N_VOCAB, D, H, cell if made else two, fused and made).double()
    model.load_scratch(params)
    return model


def grads(model):
    return {name.removeprefix("cell."): p.grad.numpy() for name, p in model.named_parameters()}


def assert_same(expected, got):
    assert set(got) == set(expected)
    for name in expected:
        np.testing.assert_allclose(got[name], expected[name], rtol=RTOL, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("stateful", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("cell", SCRATCH)
def test_nn_equals_scratch(cell, fused, stateful, masked):
    """The loss reads the scores and the final state; every gradient of both agrees."""
    params, ours, rng = draw(cell), SCRATCH[cell], np.random.default_rng(1)
    inputs, targets, mask = scratch.teacher_forcing(SENTENCES, START, END)
    mask = mask if masked else None
    states = tuple(rng.normal(size=(len(SENTENCES), H)) for _ in ours.state_names)
    dstate_T = tuple(rng.normal(size=s.shape) for s in states)
    logits, state_T, cache = scratch.lm_forward(inputs, params, ours, states if stateful else None, mask)
    loss, dlogits = scratch.cross_entropy(logits, targets, mask)
    dstate_0, dparams = scratch.lm_backward(dlogits, cache, dstate_T)

    model = as_torch(params, fused, cell)
    states = tuple(torch.tensor(s, requires_grad=True) for s in states)
    t_mask = None if mask is None else torch.tensor(mask)
    got, got_T = model(torch.tensor(inputs), states if stateful else None, t_mask)
    got_loss = cross_entropy(got, torch.tensor(targets), t_mask)
    (got_loss + sum((torch.tensor(d) * s).sum() for d, s in zip(dstate_T, got_T, strict=True))).backward()
    np.testing.assert_allclose(got_loss.item(), loss, rtol=RTOL)
    np.testing.assert_allclose(got.detach(), logits, rtol=RTOL, atol=1e-12)
    assert_same(dparams, grads(model))
    for n in range(len(states)):
        np.testing.assert_allclose(got_T[n].detach(), state_T[n], rtol=RTOL, atol=1e-12)
        if stateful:
            np.testing.assert_allclose(states[n].grad, dstate_0[n], rtol=RTOL, atol=1e-12)


def test_scratch_equals_plain_torch(params):
    """torch.nn's Embedding, RNN and Linear, and its own way to leave padding out of the mean."""
    inputs, targets, mask = scratch.teacher_forcing(SENTENCES, START, END)
    loss, dparams, _ = scratch.lm_loss(inputs, targets, params, mask=mask)
    tensors = {n: torch.tensor(p) for n, p in params.items()}
    embedding, rnn, linear = (
        torch.nn.Embedding(N_VOCAB, D),
        torch.nn.RNN(D, H, batch_first=True),
        torch.nn.Linear(H, N_VOCAB),
    )
    for module in (embedding, rnn, linear):
        module.double()
    embedding.load_state_dict({"weight": tensors["E"].T})
    rnn.load_state_dict({
        "weight_ih_l0": tensors["W"], "weight_hh_l0": tensors["U"],
        "bias_ih_l0": tensors["b"], "bias_hh_l0": torch.zeros_like(tensors["b"]),
    })  # fmt: skip
    linear.load_state_dict({"weight": tensors["V"], "bias": tensors["b_y"]})
    logits = linear(rnn(embedding(torch.tensor(inputs)))[0])
    ignored = torch.tensor(np.where(mask, targets, -100))
    got = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ignored.flatten())
    got.backward()
    np.testing.assert_allclose(got.item(), loss, rtol=RTOL)
    theirs = {
        "E": embedding.weight.grad.T, "W": rnn.weight_ih_l0.grad, "U": rnn.weight_hh_l0.grad,
        "b": rnn.bias_ih_l0.grad, "V": linear.weight.grad, "b_y": linear.bias.grad,
    }  # fmt: skip
    assert_same(dparams, {n: d.numpy() for n, d in theirs.items()})


@pytest.mark.parametrize("end", [END, None])
def test_probabilities(params, end):
    model = as_torch(params)
    expected = scratch.sequence_log_prob(SENTENCES, params, START, end)
    got = twin.sequence_log_prob(model, SENTENCES, START, end)
    np.testing.assert_allclose(got.detach(), expected, rtol=RTOL, atol=1e-12)
    inputs, _, mask = scratch.teacher_forcing(SENTENCES, START, END)
    y = model.next_word_distribution(torch.tensor(inputs), torch.tensor(mask))
    np.testing.assert_allclose(
        y.detach(), scratch.next_word_distribution(inputs, params, mask=mask), rtol=RTOL, atol=1e-15
    )


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("cell", SCRATCH)
def test_one_word_at_a_time(cell, fused):
    params = draw(cell)
    ours = scratch.next_word_function(params, SCRATCH[cell])
    theirs = twin.next_word_function(as_torch(params, fused, cell))
    state, state_t = None, None
    for token in (START, 5, 6, 5):
        y, state = ours(token, state)
        y_t, state_t = theirs(token, state_t)
        np.testing.assert_allclose(y_t, y, rtol=RTOL)
        for part, part_t in zip(state, state_t, strict=True):
            np.testing.assert_allclose(part_t, part, rtol=RTOL)


def test_parameters_travel_both_ways(params):
    model = as_torch(params)
    back = model.scratch_params()
    assert set(back) == set(params)
    for name in params:
        np.testing.assert_array_equal(back[name], params[name])
    back["E"][:] = 0.0
    assert (model.E != 0).all()  # a copy: what is done to one is not done to the other
    with pytest.raises(ValueError, match=r"E: expected shape \(4, 9\), got none"):
        model.load_scratch({n: p for n, p in params.items() if n != "E"})
    with pytest.raises(ValueError, match=r"V: expected shape \(9, 6\), got \(9, 5\)"):
        model.load_scratch({**params, "V": np.zeros((9, 5))})


def test_other_cells_are_named_or_made():
    own = twin.LanguageModel(N_VOCAB, D, H, cell=lambda D, H: Stacked(CELLS["gru"], D, H, 3))
    assert isinstance(own.cell, Stacked)
    with pytest.raises(ValueError, match="cell: expected one of rnn, gru, lstm, got 'qrnn'"):
        twin.LanguageModel(N_VOCAB, D, H, cell="qrnn")
    with pytest.raises(ValueError, match="fused: expected False beside a cell of your own"):
        twin.LanguageModel(N_VOCAB, D, H, cell=CELLS["lstm"], fused=True)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (torch.tensor([[9]]), "ids: expected ids from 0 to 8, got 9"),
        (torch.tensor([[-1]]), "ids: expected ids from 0 to 8, got -1"),
        (
            torch.zeros(1, 0, dtype=torch.long),
            r"ids: expected at least one word in \(\*B, T\), got shape \(1, 0\)",
        ),
        (torch.tensor(3), r"got shape \(\)"),
        (torch.zeros(1, 2), r"ids: expected integer token ids, got dtype torch.float32"),
    ],
)
def test_bad_input_says_expected_and_got(ids, message):
    with pytest.raises(ValueError, match=message):
        twin.LanguageModel(N_VOCAB, D, H)(ids)
