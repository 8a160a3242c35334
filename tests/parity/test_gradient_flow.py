"""scratch = autograd for the gradient in every state, every cell, in float64."""

import functools

import numpy as np
import pytest
import torch

from unrolled.nn import cells as nn_cells
from unrolled.nn import gradient_flow as twin
from unrolled.nn.stacked import Stacked
from unrolled.nn.weights import to_module
from unrolled.scratch.cells import CELLS
from unrolled.scratch.gradient_flow import gradient_norms
from unrolled.scratch.stacked import stack

B, T, D, H, K = 3, 7, 4, 6, 5


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("which", ["direct", "total"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("name", CELLS)
def test_gradient_norms(name, layers, which, masked, fused):
    rng, make = np.random.default_rng(0), functools.partial(nn_cells.CELLS[name], fused=fused)
    cell = CELLS[name] if layers == 1 else stack(CELLS[name], layers)
    module = (make(D, H) if layers == 1 else Stacked(make, D, H, layers)).double()
    own = {name: rng.normal(size=p.shape) / 2 for name, p in cell.init(rng, D, H).items()}
    to_module(own, module)
    V, b_y, x = rng.normal(size=(K, H)), rng.normal(size=K), rng.normal(size=(B, T, D))
    targets, state_0 = rng.integers(K, size=(B, T)), tuple(rng.normal(size=(B, H)) for _ in cell.state_names)
    mask = np.arange(T) < np.array([7, 2, 5])[:, None] if masked else None
    expected = gradient_norms(x, targets, {**own, "V": V, "b_y": b_y}, cell, state_0, mask, which)
    tensors = [torch.tensor(a) for a in (x, targets, V, b_y)]
    state, real = tuple(torch.tensor(part) for part in state_0), None if mask is None else torch.tensor(mask)
    got = twin.gradient_norms(module, *tensors, state, real, which)
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-14)


def test_bad_choices_say_expected_and_got():
    module, x, targets = nn_cells.Elman(D, H), torch.zeros(B, T, D), torch.zeros(B, T, dtype=torch.long)
    with pytest.raises(ValueError, match="which: expected one of direct, total, got 'all'"):
        twin.gradient_norms(module, x, targets, torch.zeros(K, H), which="all")
    with pytest.raises(ValueError, match=r"x: expected shape \(\*B, T, D=4\), got \(3, 7, 5\)"):
        twin.gradient_norms(module, torch.zeros(B, T, 5), targets, torch.zeros(K, H))
