"""What the LSTM's chapter says beyond outputs and gradients, held against torch; those are in test_cells."""

import numpy as np
import pytest
import torch

from unrolled.nn.lstm import LSTM
from unrolled.scratch import lstm

D, H, T = 3, 4, 6


def draw(forget_bias=0.0):
    torch.manual_seed(0)
    cell = LSTM(D, H, forget_bias=forget_bias).double()
    with torch.no_grad():
        for name, p in cell.named_parameters():
            if name != "b_f":
                p.normal_()
    return cell, torch.randn(T, D).double(), tuple(torch.randn(2, H).double())


def params_of(cell):
    return {name: p.detach().numpy() for name, p in cell.named_parameters()}


def test_packed_weights_make_torchs_own_lstm():
    cell, x, (h_0, c_0) = draw()
    theirs = torch.nn.LSTM(D, H).double()
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    theirs.load_state_dict(dict(zip(names, cell.packed(), strict=True)))
    h, (h_T, c_T) = theirs(x, (h_0[None], c_0[None]))
    found = lstm.trace(x.numpy(), params_of(cell), (h_0.numpy(), c_0.numpy()))
    np.testing.assert_allclose(found["h"], h.detach(), rtol=1e-10)
    np.testing.assert_allclose(found["c"][-1], c_T[0].detach(), rtol=1e-10)
    np.testing.assert_allclose(found["h"][-1], h_T[0].detach(), rtol=1e-10)


def test_the_straight_way_is_the_forget_gate():
    """(13.21), (13.25): with h_{t-1} held, ∂c_t/∂c_{t-1} is diag(f_t); through h_{t-1} more is added."""
    cell, x, (h_prev, c_prev) = draw()
    straight = torch.autograd.functional.jacobian(lambda c: cell.step(x[0], (h_prev, c))[1], c_prev)
    _, cache = lstm.lstm_step(x[0].numpy(), (h_prev.numpy(), c_prev.numpy()), params_of(cell))
    np.testing.assert_allclose(straight, np.diag(cache.f_t), atol=1e-12)
    whole = torch.autograd.functional.jacobian(lambda c: cell.step(x[0], (torch.tanh(c), c))[1], c_prev)
    assert (whole - straight).abs().max() > 0.01


@pytest.mark.parametrize("forget_bias", [0.0, 5.0])
def test_a_forget_bias_moves_the_forget_gate_alone(forget_bias):
    cell, x, state = draw(forget_bias)
    plain, *_ = draw(0.0)
    found, before = (
        lstm.trace(x[:1].numpy(), params_of(one), tuple(s.numpy() for s in state)) for one in (cell, plain)
    )
    for gate in "iog":
        np.testing.assert_array_equal(found[gate], before[gate])
    odds = np.log(found["f"] / (1 - found["f"])) - np.log(before["f"] / (1 - before["f"]))
    np.testing.assert_allclose(odds, forget_bias, atol=1e-9)
