"""A stack is what torch makes of modules that read one another: outputs, final states and every gradient, float64."""

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.nn.weights import from_torch
from unrolled.scratch.cells import CELLS
from unrolled.scratch.stacked import stack

B, T, D, H = 2, 5, 3, 4
THEIRS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


@pytest.mark.parametrize("n_layers", [2, 3])
@pytest.mark.parametrize("name", THEIRS)
def test_layer_upon_layer(name, n_layers):
    """Separate modules of torch, one fed with the states of the other, give the stack's states and gradients."""
    torch.manual_seed(0)
    modules = [
        THEIRS[name](D if n == 0 else H, H, batch_first=True, dtype=torch.float64) for n in range(n_layers)
    ]
    params = {
        f"layer{n}.{key}": a for n, m in enumerate(modules, start=1) for key, a in from_torch(m)[1].items()
    }
    rng = np.random.default_rng(0)
    x, dh = rng.normal(size=(B, T, D)), rng.normal(size=(B, T, H))
    cell = stack(CELLS[name], n_layers)
    h, state_T, cache = cell.forward(x, params)
    dx, _, dparams = cell.backward(dh, None, cache)

    x_torch = torch.tensor(x, requires_grad=True)
    states, finals = x_torch, []
    for module in modules:
        states, final = module(states)
        finals.append(final if name == "lstm" else (final,))
    states.backward(torch.tensor(dh))
    np.testing.assert_allclose(h, states.detach().numpy(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(dx, x_torch.grad.numpy(), rtol=1e-10, atol=1e-12)
    top_first = [part[0].detach().numpy() for final in finals[::-1] for part in final]
    for ours, expected in zip(state_T, top_first, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-12)
    for n, module in enumerate(modules, start=1):
        for p in module.parameters():  # a module that holds its gradients where its weights stood
            p.data.copy_(p.grad)
        for key, expected in from_torch(module)[1].items():
            if key[0] in "WU":
                ours = dparams[f"layer{n}.{key}"]
                np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-12, err_msg=key)
