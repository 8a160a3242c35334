"""scratch = nn = torch.nn for the recurrent language model: scores and every gradient, in float64."""

import numpy as np
import pytest
import torch

from unrolled.nn import language_model as twin
from unrolled.nn.loss import cross_entropy
from unrolled.scratch import language_model as scratch

RTOL = 1e-6
N_VOCAB, D, H = 9, 4, 6
START, END = 2, 3
SENTENCES = [[4, 5, 8, 6], [7], [], [4, 4, 7]]


@pytest.fixture
def params():
    rng = np.random.default_rng(0)
    return {n: rng.normal(size=p.shape) * 0.5 for n, p in scratch.init_lm(rng, N_VOCAB, D, H).items()}


def as_torch(params, fused=False):
    model = twin.LanguageModel(N_VOCAB, D, H, fused=fused).double()
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
def test_nn_equals_scratch(params, fused, stateful, masked):
    inputs, targets, mask = scratch.teacher_forcing(SENTENCES, START, END)
    mask = mask if masked else None
    h_0 = np.random.default_rng(1).normal(size=(len(SENTENCES), H))
    state_0 = (h_0,) if stateful else None
    loss, dparams, (h_T,) = scratch.lm_loss(inputs, targets, params, state_0=state_0, mask=mask)
    logits, _, cache = scratch.lm_forward(inputs, params, state_0=state_0, mask=mask)
    (dh_0,), _ = scratch.lm_backward(scratch.cross_entropy(logits, targets, mask)[1], cache)
    model, h_0 = as_torch(params, fused), torch.tensor(h_0, requires_grad=True)
    t_mask = None if mask is None else torch.tensor(mask)
    got, (got_h_T,) = model(torch.tensor(inputs), (h_0,) if stateful else None, t_mask)
    got_loss = cross_entropy(got, torch.tensor(targets), t_mask)
    got_loss.backward()
    np.testing.assert_allclose(got_loss.item(), loss, rtol=RTOL)
    np.testing.assert_allclose(got.detach(), logits, rtol=RTOL, atol=1e-12)
    np.testing.assert_allclose(got_h_T.detach(), h_T, rtol=RTOL, atol=1e-12)
    assert_same(dparams, grads(model))
    if stateful:
        np.testing.assert_allclose(h_0.grad, dh_0, rtol=RTOL, atol=1e-12)


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
def test_one_word_at_a_time(params, fused):
    ours, theirs = scratch.next_word_function(params), twin.next_word_function(as_torch(params, fused))
    state, state_t = None, None
    for token in (START, 5, 6, 5):
        y, state = ours(token, state)
        y_t, state_t = theirs(token, state_t)
        np.testing.assert_allclose(y_t, y, rtol=RTOL)
        np.testing.assert_allclose(state_t[0], state[0], rtol=RTOL)


def test_parameters_travel_both_ways(params):
    model = as_torch(params)
    back = model.scratch_params()
    assert set(back) == set(params)
    for name in params:
        np.testing.assert_array_equal(back[name], params[name])
    back["E"][:] = 0.0
    assert (model.E != 0).all()  # a copy: what is done to one is not done to the other
    with pytest.raises(ValueError, match="params: expected E, U, V, W, b, b_y, got U, V, W, b, b_y"):
        model.load_scratch({n: p for n, p in params.items() if n != "E"})
    with pytest.raises(ValueError, match=r"V: expected shape \(9, 6\), got \(9, 5\)"):
        model.load_scratch({**params, "V": np.zeros((9, 5))})


def test_the_state_may_have_two_parts(params):
    """A cell that says (h, state), as one with a context does, goes through unchanged."""

    class Two(torch.nn.Module):
        def forward(self, x, state_0=None, mask=None):
            h_0, c_0 = (torch.zeros(len(x), 2, dtype=x.dtype),) * 2 if state_0 is None else state_0
            c = c_0[:, None] + x.cumsum(1)
            return h_0[:, None] + c, (h_0, c[:, -1])

    x = torch.arange(12.0).reshape(1, 6, 2)
    whole, (_, c) = twin.run_cell(Two(), x)
    first, state = twin.run_cell(Two(), x[:, :2])
    second, (_, c_2) = twin.run_cell(Two(), x[:, 2:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)
    torch.testing.assert_close(c_2, c)


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
