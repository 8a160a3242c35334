"""For the parity tests of the tagger and the classifier: random parameters, both worlds, and what must be the same."""

import functools

import numpy as np
import pytest

from unrolled.nn import cells as nn_cells
from unrolled.nn.birnn import Bidirectional
from unrolled.nn.stacked import Stacked
from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS
from unrolled.scratch.stacked import stack

B, T, D, H, K, F, N_VOCAB = 3, 5, 4, 6, 2, 7, 8
MASK = np.arange(T) < np.array([5, 2, 4])[:, None]


def draw(init):
    rng = np.random.default_rng(0)
    params = {name: p + rng.normal(size=p.shape) / 4 for name, p in init(rng).items()}
    return params, rng.integers(N_VOCAB, size=(B, T)), rng.integers(K, size=(B, T))


def load(model, params):
    """The model's own parameters have scratch's names; the cell's stand under "cell."."""
    model.load_scratch(params)
    back = model.scratch_params()
    assert set(back) == set(params) and all(np.allclose(back[name], params[name]) for name in params)
    with pytest.raises(ValueError, match="V: expected shape"):
        model.load_scratch({name: p for name, p in params.items() if name != "V"})


def assert_same(loss, grads, got, model):
    got.backward()
    np.testing.assert_allclose(got.item(), loss, rtol=1e-6)
    for name, p in model.named_parameters():
        expected = grads[name.removeprefix("cell.")]
        np.testing.assert_allclose(p.grad, expected, rtol=1e-6, atol=1e-12, err_msg=name)


def both_worlds(name, both_ways, fused):
    make, cell = functools.partial(nn_cells.CELLS[name], fused=fused), CELLS[name]
    if both_ways:
        make = functools.partial(Stacked, functools.partial(Bidirectional, make), n_layers=2)
        cell = stack(bidirectional(cell), 2)
    return make, cell
