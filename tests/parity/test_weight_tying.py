"""scratch = nn for the tied language model: scores and every gradient, in float64."""

import numpy as np
import pytest
import torch

from unrolled.nn.loss import cross_entropy
from unrolled.nn.weight_tying import TiedLanguageModel
from unrolled.scratch import language_model, weight_tying

RTOL = 1e-6
N_VOCAB, D = 9, 5
START, END = 2, 3
SENTENCES = [[4, 5, 8, 6], [7], [4, 4, 7]]


@pytest.fixture
def params():
    rng = np.random.default_rng(0)
    return {n: rng.normal(size=p.shape) * 0.5 for n, p in weight_tying.init_tied(rng, N_VOCAB, D).items()}


@pytest.mark.parametrize("fused", [False, True])
def test_nn_equals_scratch(params, fused):
    inputs, targets, mask = language_model.teacher_forcing(SENTENCES, START, END)
    loss, dparams, _ = weight_tying.tied_loss(inputs, targets, params, mask=mask)
    logits, _, _ = weight_tying.tied_forward(inputs, params, mask=mask)
    model = TiedLanguageModel(N_VOCAB, D, fused=fused).double()
    model.load_scratch(params)
    inputs, targets, mask = (torch.tensor(a) for a in (inputs, targets, mask))
    got, _ = model(inputs, mask=mask)
    got_loss = cross_entropy(got, targets, mask)
    got_loss.backward()
    np.testing.assert_allclose(got.detach(), logits, rtol=RTOL, atol=1e-12)
    np.testing.assert_allclose(got_loss.item(), loss, rtol=RTOL)
    grads = {name.removeprefix("cell."): p.grad.numpy() for name, p in model.named_parameters()}
    assert set(grads) == set(dparams)
    for name in grads:
        np.testing.assert_allclose(grads[name], dparams[name], rtol=RTOL, atol=1e-12, err_msg=name)


def test_scratch_equals_torch_with_a_shared_parameter(params):
    """The way it is done in plain torch: Linear's weight *is* the Embedding's."""
    inputs, targets, mask = language_model.teacher_forcing(SENTENCES, START, END)
    loss, dparams, _ = weight_tying.tied_loss(inputs, targets, params, mask=mask)
    tensors = {n: torch.tensor(p) for n, p in params.items()}
    embedding, rnn = torch.nn.Embedding(N_VOCAB, D).double(), torch.nn.RNN(D, D, batch_first=True).double()
    linear = torch.nn.Linear(D, N_VOCAB).double()
    embedding.load_state_dict({"weight": tensors["E"].T})
    linear.weight = embedding.weight
    with torch.no_grad():
        linear.bias.copy_(tensors["b_y"])
    rnn.load_state_dict({
        "weight_ih_l0": tensors["W"], "weight_hh_l0": tensors["U"],
        "bias_ih_l0": tensors["b"], "bias_hh_l0": torch.zeros_like(tensors["b"]),
    })  # fmt: skip
    logits = linear(rnn(embedding(torch.tensor(inputs)))[0])
    got = torch.nn.functional.cross_entropy(logits[torch.tensor(mask)], torch.tensor(targets[mask]))
    got.backward()
    np.testing.assert_allclose(got.item(), loss, rtol=RTOL)
    np.testing.assert_allclose(embedding.weight.grad.T, dparams["E"], rtol=RTOL, atol=1e-12)
    np.testing.assert_allclose(rnn.weight_hh_l0.grad, dparams["U"], rtol=RTOL, atol=1e-12)


def test_one_parameter_fewer():
    model = TiedLanguageModel(N_VOCAB, D)
    assert {name for name, _ in model.named_parameters()} == {"E", "b_y", "cell.W", "cell.U", "cell.b"}
    counts = weight_tying.parameter_counts(N_VOCAB, D)
    assert sum(p.numel() for p in model.parameters()) == counts["tied"]


def test_d_must_be_h():
    with pytest.raises(ValueError, match=r"H: expected H = D = 5, got H = 6; tying needs"):
        TiedLanguageModel(N_VOCAB, D, 6)
