"""scratch = nn = torch.nn: outputs and every gradient, in float64."""

import numpy as np
import pytest
import torch

from unrolled.nn.rnn import RNN
from unrolled.scratch.rnn import init_rnn, rnn_backward, rnn_forward

RTOL = 1e-6
B, T, D, H = 3, 5, 4, 6


@pytest.fixture
def case():
    rng = np.random.default_rng(0)
    params = {name: rng.normal(size=p.shape) * 0.5 for name, p in init_rnn(rng, D, H).items()}
    lengths = np.array([5, 2, 4])
    arrays = {
        "x": rng.normal(size=(B, T, D)),
        "h_0": rng.normal(size=(B, H)),
        "dh": rng.normal(size=(B, T, H)),
    }
    return params, arrays, np.arange(T) < lengths[:, None], lengths


def as_tensors(arrays):
    return {name: torch.tensor(a, requires_grad=name != "dh") for name, a in arrays.items()}


def assert_same(expected, got):
    for name in expected:
        np.testing.assert_allclose(
            got[name].detach().numpy(), expected[name], rtol=RTOL, atol=1e-12, err_msg=name
        )


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("g", "fused"), [("tanh", False), ("relu", False), ("sigmoid", False), ("tanh", True), ("relu", True)]
)
def test_nn_equals_scratch(case, g, fused, masked):
    params, arrays, mask, _ = case
    h, cache = rnn_forward(arrays["x"], **params, h_0=arrays["h_0"], mask=mask if masked else None, g=g)
    dx, dh_0, dparams = rnn_backward(arrays["dh"], cache)
    model = RNN(D, H, g=g, fused=fused).double()
    model.load_state_dict({name: torch.tensor(p) for name, p in params.items()})
    tensors = as_tensors(arrays)
    got = model(tensors["x"], tensors["h_0"], torch.tensor(mask) if masked else None)
    got.backward(tensors["dh"])
    assert_same(
        {"h": h, "x": dx, "h_0": dh_0}, {"h": got, "x": tensors["x"].grad, "h_0": tensors["h_0"].grad}
    )
    assert_same(dparams, {name: p.grad for name, p in model.named_parameters()})


def test_scratch_equals_torch_with_packed_padding(case):
    """torch's own way to skip padding is a packed sequence: real steps and all gradients agree."""
    params, arrays, mask, lengths = case
    arrays["dh"][~mask] = 0.0  # torch gives the padding no output, so no gradient arrives there
    h, cache = rnn_forward(arrays["x"], **params, h_0=arrays["h_0"], mask=mask)
    dx, dh_0, dparams = rnn_backward(arrays["dh"], cache)
    theirs = torch.nn.RNN(D, H, batch_first=True).double()
    theirs.load_state_dict({
        "weight_ih_l0": torch.tensor(params["W"]), "weight_hh_l0": torch.tensor(params["U"]),
        "bias_ih_l0": torch.tensor(params["b"]), "bias_hh_l0": torch.zeros(H, dtype=torch.float64),
    })  # fmt: skip
    tensors = as_tensors(arrays)
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        tensors["x"], torch.tensor(lengths), batch_first=True, enforce_sorted=False
    )
    out, h_n = theirs(packed, tensors["h_0"][None])
    out, _ = torch.nn.utils.rnn.pad_packed_sequence(out, batch_first=True, total_length=T)
    out.backward(tensors["dh"])
    assert_same({"h": h[mask], "h_n": h[:, -1]}, {"h": out[torch.tensor(mask)], "h_n": h_n[0]})
    grads = {"W": theirs.weight_ih_l0.grad, "U": theirs.weight_hh_l0.grad, "b": theirs.bias_ih_l0.grad}
    assert_same(
        {**dparams, "x": dx, "h_0": dh_0}, {**grads, "x": tensors["x"].grad, "h_0": tensors["h_0"].grad}
    )


def test_fused_kernel_refuses_padding_on_the_left(case):
    _, arrays, mask, _ = case
    with pytest.raises(ValueError, match="padding on the right only"):
        RNN(D, H, fused=True).double()(torch.tensor(arrays["x"]), mask=torch.tensor(mask[:, ::-1].copy()))
