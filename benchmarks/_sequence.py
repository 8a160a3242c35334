"""The race of a scratch cell, forward and hand-written backward, with torch's own module and autograd."""

import numpy as np
import torch
from _timing import Race, race

from unrolled.nn.weights import to_torch
from unrolled.scratch.cells import Cell

B, T, D, H = 32, 50, 64, 128
DTYPES = {"float64": torch.float64, "float32": torch.float32}


def race_with_torch(cell: Cell, theirs: torch.nn.RNNBase, dtype: str) -> Race:
    """Outputs, and all gradients from a random dL/dh, with the same weights on both sides."""
    rng = np.random.default_rng(0)
    params = {name: p.astype(dtype) for name, p in cell.init(rng, D, H).items()}
    x, dh = rng.normal(size=(B, T, D)).astype(dtype), rng.normal(size=(B, T, H)).astype(dtype)
    theirs = theirs.to(DTYPES[dtype])
    to_torch(params, theirs)
    x_t, dh_t = torch.tensor(x, requires_grad=True), torch.tensor(dh)

    def ours():
        _, _, cache = cell.forward(x, params)
        return cell.backward(dh, None, cache)

    def torchs():
        theirs.zero_grad()
        x_t.grad = None
        theirs(x_t)[0].backward(dh_t)
        return x_t.grad

    expected = torchs()
    assert expected is not None
    np.testing.assert_allclose(ours()[0], expected.numpy(), rtol=1e-3, atol=1e-4)  # the same work
    return race(ours, torchs)
