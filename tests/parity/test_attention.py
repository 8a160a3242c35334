"""scratch = nn = torch's own attention: outputs and every gradient, in float64."""

import numpy as np
import pytest
import torch

from unrolled.nn.attention import Attention, SelfAttention
from unrolled.scratch.attention import attend, attend_backward, self_attention, self_attention_backward

RTOL, ATOL = 1e-6, 1e-12
B, T, S, H, E = 2, 3, 4, 5, 6


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def tensor(array):
    return torch.tensor(array, requires_grad=True)


def assert_same(pairs):
    for got, expected in pairs:
        np.testing.assert_allclose(got.detach().numpy(), expected, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("score", ["dot", "scaled", "bilinear"])
def test_nn_equals_scratch(rng, score, masked):
    size = E if score == "bilinear" else H
    model = Attention(score, H, size).double()
    W_s = model.W_s.detach().numpy() if score == "bilinear" else None
    h_d, h_e = rng.normal(size=(B, T, H)), rng.normal(size=(B, S, size))
    mask = np.array([[True, True, False, True], [False, True, False, False]]) if masked else None
    (ctx, alpha), cache = attend(h_d, h_e, score, W_s, mask)
    dctx, dalpha = rng.normal(size=ctx.shape), rng.normal(size=alpha.shape)
    dh_d, dh_e, dparams = attend_backward(dctx, cache, dalpha)
    t_d, t_e = tensor(h_d), tensor(h_e)
    t_ctx, t_alpha = model(t_d, t_e, None if mask is None else torch.tensor(mask))
    torch.autograd.backward([t_ctx, t_alpha], [torch.tensor(dctx), torch.tensor(dalpha)])
    assert_same([(t_ctx, ctx), (t_alpha, alpha), (t_d.grad, dh_d), (t_e.grad, dh_e)])
    if W_s is not None:
        assert_same([(model.W_s.grad, dparams["W_s"])])


def test_self_attention_equals_multihead_attention_with_one_head(rng):
    """torch's module adds an output projection and biases: the identity and zero."""
    D = 4
    x, mask = rng.normal(size=(B, T, D)), np.array([[True, True, False], [True, True, True]])
    params = {name: rng.normal(size=(D, D)) for name in ("W_q", "W_k", "W_v")}
    (out, alpha), cache = self_attention(x, **params, mask=mask)
    dout = rng.normal(size=out.shape)
    dx, dparams = self_attention_backward(dout, cache)

    ours = SelfAttention(D, D).double()
    ours.load_state_dict({name: torch.tensor(p) for name, p in params.items()})
    t_x = tensor(x)
    t_out, t_alpha = ours(t_x, torch.tensor(mask))
    t_out.backward(torch.tensor(dout))
    assert_same([(t_out, out), (t_alpha, alpha), (t_x.grad, dx)])
    assert_same([(getattr(ours, name).grad, grad) for name, grad in dparams.items()])

    theirs = torch.nn.MultiheadAttention(D, 1, batch_first=True).double()
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.tensor(np.concatenate(list(params.values()))))
        theirs.out_proj.weight.copy_(torch.eye(D))
        theirs.in_proj_bias.zero_(), theirs.out_proj.bias.zero_()
    t_x = tensor(x)
    t_out, t_alpha = theirs(t_x, t_x, t_x, key_padding_mask=torch.tensor(~mask))
    t_out.backward(torch.tensor(dout))
    stacked = np.concatenate(list(dparams.values()))
    assert_same([(t_out, out), (t_alpha, alpha), (t_x.grad, dx), (theirs.in_proj_weight.grad, stacked)])


def test_dot_product_between_sizes_is_refused():
    with pytest.raises(ValueError, match="dot attention: expected states of one size, got H=5 and E=6"):
        Attention("dot")(torch.zeros(1, 2, 5), torch.zeros(1, 2, 6))
