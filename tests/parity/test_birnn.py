"""Two directions are what torch makes of two modules and a flip: outputs and every gradient, float64, however combined."""

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.nn.weights import from_torch
from unrolled.scratch.birnn import COMBINE, bidirectional
from unrolled.scratch.cells import CELLS

B, T, D, H = 2, 5, 3, 4
THEIRS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
JOIN = {
    "concat": lambda f, b: torch.cat([f, b], dim=-1),
    "sum": lambda f, b: f + b,
    "product": lambda f, b: f * b,
}


@pytest.mark.parametrize("combine", COMBINE)
@pytest.mark.parametrize("name", THEIRS)
def test_two_modules_and_a_flip(name, combine):
    """(13.16) to (13.18), with two independent one-way modules of torch."""
    torch.manual_seed(0)
    pair = {way: THEIRS[name](D, H, batch_first=True, dtype=torch.float64) for way in ("fwd", "bwd")}
    params = {f"{way}.{key}": a for way, module in pair.items() for key, a in from_torch(module)[1].items()}
    cell = bidirectional(CELLS[name], combine)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(B, T, D))
    h, _, cache = cell.forward(x, params)
    dh = rng.normal(size=h.shape)
    dx, _, dparams = cell.backward(dh, None, cache)

    x_torch = torch.tensor(x, requires_grad=True)
    h_torch = JOIN[combine](pair["fwd"](x_torch)[0], pair["bwd"](x_torch.flip(1))[0].flip(1))
    h_torch.backward(torch.tensor(dh))
    np.testing.assert_allclose(h, h_torch.detach().numpy(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(dx, x_torch.grad.numpy(), rtol=1e-10, atol=1e-12)
    for way, module in pair.items():
        for p in module.parameters():  # a module that holds its gradients where its weights stood
            p.data.copy_(p.grad)
        for key, expected in from_torch(module)[1].items():
            if key[0] in "WU":
                ours = dparams[f"{way}.{key}"]
                np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-12, err_msg=key)
