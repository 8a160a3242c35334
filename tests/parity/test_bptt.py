"""scratch = nn = torch.nn for backpropagation through time: losses and every gradient, in float64."""

import numpy as np
import pytest
import torch

from unrolled.nn import bptt as twin
from unrolled.nn.loss import cross_entropy
from unrolled.scratch import bptt

RTOL = 1e-6
B, T, D, H, K = 3, 7, 4, 6, 5


@pytest.fixture
def case():
    rng = np.random.default_rng(0)
    network = {n: rng.normal(size=p.shape) * 0.5 for n, p in bptt.init_network(rng, D, H, K).items()}
    x, h_0, targets = rng.normal(size=(B, T, D)), rng.normal(size=(B, H)), rng.integers(K, size=(B, T))
    return network, x, targets, h_0, np.arange(T) < np.array([7, 2, 5])[:, None]


def as_torch(network, x, targets, h_0, mask, fused=False, g="tanh"):
    model = twin.Network(D, H, K, g=g, fused=fused).double()
    model.load_state_dict({n: torch.tensor(p) for n, p in network.items()})
    x, h_0 = torch.tensor(x, requires_grad=True), torch.tensor(h_0, requires_grad=True)
    return model, x, torch.tensor(targets), h_0, None if mask is None else torch.tensor(mask)


def assert_same(expected, got):
    for name in expected:
        value = got[name].detach().numpy()
        np.testing.assert_allclose(value, expected[name], rtol=RTOL, atol=1e-12, err_msg=name)


def grads(model):
    return {name: p.grad for name, p in model.named_parameters()}


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("g", "fused"), [("tanh", False), ("sigmoid", False), ("relu", True), ("tanh", True)]
)
def test_both_passes(case, g, fused, masked):
    network, x, targets, h_0, mask = case
    mask = mask if masked else None
    loss, cache = bptt.bptt_forward(x, targets, network, h_0, mask, g)
    dx, dh_0, dnetwork = bptt.bptt_backward(cache)
    model, x, targets, h_0, mask = as_torch(network, x, targets, h_0, mask, fused, g)
    logits, h = model(x, h_0, mask)
    got = cross_entropy(logits, targets, mask)
    got.backward()
    assert_same({"loss": loss, "h": cache[0]}, {"loss": got, "h": h})
    assert_same({"x": dx, "h_0": dh_0, **dnetwork}, {"x": x.grad, "h_0": h_0.grad, **grads(model)})


def test_both_passes_in_plain_torch(case):
    """torch.nn.RNN, Linear and CrossEntropyLoss with its own way to leave padding out of the mean."""
    network, x, targets, h_0, mask = case
    loss, cache = bptt.bptt_forward(x, targets, network, h_0, mask)
    dx, dh_0, dnetwork = bptt.bptt_backward(cache)
    rnn, linear = torch.nn.RNN(D, H, batch_first=True).double(), torch.nn.Linear(H, K).double()
    tensors = {n: torch.tensor(p) for n, p in network.items()}
    rnn.load_state_dict({
        "weight_ih_l0": tensors["W"], "weight_hh_l0": tensors["U"],
        "bias_ih_l0": tensors["b"], "bias_hh_l0": torch.zeros_like(tensors["b"]),
    })  # fmt: skip
    linear.load_state_dict({"weight": tensors["V"], "bias": tensors["b_y"]})
    x, h_0 = torch.tensor(x, requires_grad=True), torch.tensor(h_0, requires_grad=True)
    ignored = torch.tensor(np.where(mask, targets, -100))
    logits = linear(rnn(x, h_0[None])[0])
    got = torch.nn.CrossEntropyLoss()(logits.flatten(0, 1), ignored.flatten())
    got.backward()
    assert_same({"loss": loss, "x": dx, "h_0": dh_0}, {"loss": got, "x": x.grad, "h_0": h_0.grad})
    theirs = {"W": rnn.weight_ih_l0.grad, "U": rnn.weight_hh_l0.grad, "b": rnn.bias_ih_l0.grad}
    assert_same(dnetwork, {**theirs, "V": linear.weight.grad, "b_y": linear.bias.grad})


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("length", [1, 3, 7, 9])
def test_segments(case, length, fused, masked):
    network, x, targets, h_0, mask = case
    mask = mask if masked else None
    ours = list(bptt.truncated_bptt(x, targets, network, length, h_0, mask))
    model, x, targets, h_0, mask = as_torch(network, x, targets, h_0, mask, fused)
    theirs = []
    for segment in twin.truncated_bptt(model, x, targets, length, h_0, mask):
        model.zero_grad()
        segment.loss.backward()
        theirs.append((segment, grads(model)))
    assert len(ours) == len(theirs)
    for one, (segment, dnetwork) in zip(ours, theirs, strict=True):
        assert (one.steps, one.n_tokens) == (segment.steps, segment.n_tokens)
        assert_same({"loss": one.loss, "h_T": one.h_T}, {"loss": segment.loss, "h_T": segment.h_T})
        assert_same(one.dnetwork, dnetwork)
    # x and h_0 have gathered what every segment sent
    assert_same({"x": sum_over_segments(ours, x.shape), "h_0": ours[0].dh_0}, {"x": x.grad, "h_0": h_0.grad})


def sum_over_segments(segments, shape):
    dx = np.zeros(shape)
    for segment in segments:
        dx[:, segment.steps] += segment.dx
    return dx


@pytest.mark.parametrize("max_norm", [1e-3, 1e3])
def test_clipping(case, max_norm):
    network, x, targets, h_0, mask = case
    *_, dnetwork = bptt.bptt_backward(bptt.bptt_forward(x, targets, network, h_0, mask)[1])
    clipped, norm = bptt.clip_by_norm(dnetwork, max_norm)
    for clip, rtol in (
        (twin.clip_by_norm, RTOL),
        (torch.nn.utils.clip_grad_norm_, 2e-6 / norm),
    ):  # torch adds 1e-6
        model, *_ = as_torch(network, x, targets, h_0, mask)
        for name, p in model.named_parameters():
            p.grad = torch.tensor(dnetwork[name])
        np.testing.assert_allclose(float(clip(model.parameters(), max_norm)), norm, rtol=RTOL)
        for name, d in grads(model).items():
            np.testing.assert_allclose(d.numpy(), clipped[name], rtol=max(rtol, RTOL), atol=1e-15)


def test_bad_input_says_expected_and_got(case):
    network, x, targets, h_0, mask = case
    model, *rest = as_torch(network, x, targets, h_0, mask)
    with pytest.raises(ValueError, match="length: expected at least 1 step"):
        twin.truncated_bptt(model, *rest[:2], 0)
    with pytest.raises(ValueError, match="got an empty sequence"):
        twin.truncated_bptt(model, rest[0][:, :0], rest[1][:, :0], 2)
    with pytest.raises(ValueError, match="max_norm: expected a number above 0"):
        twin.clip_by_norm(model.parameters(), -1.0)
    model.W.grad = torch.full_like(model.W, torch.nan)
    with pytest.raises(ValueError, match="expected finite numbers"):
        twin.clip_by_norm(model.parameters(), 1.0)


@pytest.mark.parametrize(
    ("targets", "mask", "message"),
    [
        (torch.zeros(3, 2, dtype=torch.long), None, r"targets: expected shape \(2, 3\), got \(3, 2\)"),
        (
            torch.zeros(2, 3, dtype=torch.long),
            torch.ones(2, dtype=torch.bool),
            r"mask: expected shape \(2, 3\)",
        ),
        (torch.zeros(2, 3, dtype=torch.long), torch.zeros(2, 3, dtype=torch.bool), "at least one real token"),
        (torch.full((2, 3), 4), None, r"targets: expected ids from 0 to 3, got 4"),
        (torch.full((2, 3), -1), None, r"targets: expected ids from 0 to 3, got -1"),
    ],
)
def test_loss_says_expected_and_got(targets, mask, message):
    with pytest.raises(ValueError, match=message):
        cross_entropy(torch.zeros(2, 3, 4), targets, mask)
