"""scratch = nn = torch.nn for every cell, alone, stacked and both ways: outputs and every gradient, float64."""

import functools

import numpy as np
import pytest
import torch

from unrolled.nn import cells as nn_cells
from unrolled.nn.birnn import Bidirectional, reading_order
from unrolled.nn.gru import GRU
from unrolled.nn.lstm import LSTM
from unrolled.nn.stacked import Stacked
from unrolled.nn.weights import from_module, from_torch, state_from_torch, to_module, to_torch
from unrolled.scratch import birnn
from unrolled.scratch.birnn import COMBINE, bidirectional
from unrolled.scratch.cells import CELLS
from unrolled.scratch.stacked import stack

B, T, D, H = 3, 5, 4, 6
LENGTHS = np.array([5, 2, 4])
MASK = np.arange(T) < LENGTHS[:, None]
THEIRS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
every_cell = pytest.mark.parametrize("name", list(CELLS))


def same(expected, got, message=""):
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-12, err_msg=message)


def draw(cell, seed=0):
    rng = np.random.default_rng(seed)
    params = {name: rng.normal(size=p.shape) / 2 for name, p in cell.init(rng, D, H).items()}
    return rng, params, rng.normal(size=(B, T, D)), tuple(rng.normal(size=(B, H)) for _ in cell.state_names)


def assert_twin(cell, module, masked, seed=0):
    """Forward and backward of ``cell`` and of its torch ``module``, from one set of numbers."""
    rng, params, x, state_0 = draw(cell, seed)
    mask = MASK if masked else None
    h, state_T, cache = cell.forward(x, params, state_0, mask)
    dh, dstate_T = rng.normal(size=h.shape), tuple(rng.normal(size=part.shape) for part in state_T)
    dx, dstate_0, dparams = cell.backward(dh, dstate_T, cache)
    module = module.double()
    to_module(params, module)
    x_t = torch.tensor(x, requires_grad=True)
    state = tuple(torch.tensor(part, requires_grad=True) for part in state_0)
    h_t, final = module(x_t, state, None if mask is None else torch.tensor(mask))
    torch.autograd.backward([h_t, *final], [torch.tensor(d) for d in (dh, *dstate_T)])
    same(h, h_t.detach(), "h")
    same(dx, x_t.grad, "dx")
    for n, part in enumerate(cell.state_names):
        same(state_T[n], final[n].detach(), part)
        same(dstate_0[n], state[n].grad, f"d{part}_0")
    assert set(dparams) == {n for n, _ in module.named_parameters()}
    for n, p in module.named_parameters():
        same(dparams[n], p.grad, f"d{n}")
    assert module.width == cell.width and module.shown == cell.shown
    assert module.state_names == cell.state_names


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("fused", [False, True])
@every_cell
def test_cell(name, fused, masked):
    assert_twin(CELLS[name], nn_cells.CELLS[name](D, H, fused=fused), masked)


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("ways", [None, *COMBINE])
@every_cell
def test_stacked_and_bidirectional(name, ways, fused):
    """Two layers of any cell, one way or both; padded, from given states, to read final states."""
    make, cell = functools.partial(nn_cells.CELLS[name], fused=fused), CELLS[name]
    if ways is not None:
        one_way = make
        make = lambda D, H: Bidirectional(one_way, D, H, ways)  # noqa: E731
        cell = bidirectional(cell, ways)
        assert_twin(cell, make(D, H), masked=True)
    assert_twin(stack(cell, 2), Stacked(make, D, H, 2), masked=True)


@pytest.mark.parametrize("fused", [False, True])
@every_cell
def test_without_a_state_it_starts_at_zero(name, fused):
    _, params, x, _ = draw(CELLS[name])
    module = nn_cells.CELLS[name](D, H, fused=fused).double()
    to_module(params, module)
    h, state_T, _ = CELLS[name].forward(x, params)
    got, final = module(torch.tensor(x))
    same(h, got.detach())
    for a, b in zip(state_T, final, strict=True):
        same(a, b.detach())


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("n_layers", [1, 3])
@every_cell
def test_bring_your_own(name, n_layers, both_ways, bias):
    """torch's own module, with both its biases drawn, seen in scratch: outputs, final states, gradients."""
    torch.manual_seed(0)
    kwargs = {"num_layers": n_layers, "bidirectional": both_ways, "bias": bias, "batch_first": True}
    theirs = THEIRS[name](D, H, **kwargs).double()
    cell, params = from_torch(theirs)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(B, T, D))
    h, state_T, cache = cell.forward(x, params)
    x_t = torch.tensor(x, requires_grad=True)
    out, final = theirs(x_t)
    same(h, out.detach())
    for got, expected in zip(state_from_torch(final, theirs), state_T, strict=True):
        same(expected, got)
    dh = rng.normal(size=h.shape)
    out.backward(torch.tensor(dh))
    dx, _, dparams = cell.backward(dh, None, cache)
    same(dx, x_t.grad)
    grads = THEIRS[name](D, H, **kwargs).double()  # a module that holds the gradients where weights stand
    for (_, slot), p in zip(grads.named_parameters(), theirs.parameters(), strict=True):
        slot.data.copy_(p.grad)
    _, expected = from_torch(grads)
    for key in dparams:
        if bias or not key.rpartition(".")[2].startswith("b"):
            summed = 2 if key.rpartition(".")[2] in ("b", "b_f", "b_i", "b_o", "b_g", "b_r", "b_z") else 1
            same(
                dparams[key] * summed, expected[key], key
            )  # each of torch's two biases has the whole gradient


@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("n_layers", [1, 2])
@every_cell
def test_padded_batch_as_torch_packs_it(name, n_layers, both_ways):
    torch.manual_seed(0)
    theirs = THEIRS[name](D, H, n_layers, bidirectional=both_ways, batch_first=True).double()
    cell, params = from_torch(theirs)
    x = np.random.default_rng(0).normal(size=(B, T, D))
    h, state_T, _ = cell.forward(x, params, mask=MASK)
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.tensor(x), torch.tensor(LENGTHS), batch_first=True, enforce_sorted=False
    )
    out, final = theirs(packed)
    out, _ = torch.nn.utils.rnn.pad_packed_sequence(out, batch_first=True, total_length=T)
    same(out[torch.tensor(MASK)].detach(), h[MASK])
    for got, expected in zip(state_from_torch(final, theirs), state_T, strict=True):
        same(expected, got)


@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("n_layers", [1, 2])
@every_cell
def test_weights_round_trip(name, n_layers, both_ways):
    """scratch -> torch -> scratch is exact, and the packed module computes what scratch does."""
    theirs = THEIRS[name](D, H, n_layers, bidirectional=both_ways, batch_first=True).double()
    cell, _ = from_torch(theirs)
    _, params, x, _ = draw(cell)
    to_torch(params, theirs)
    _, back = from_torch(theirs)
    assert set(back) == set(params)
    for key in params:
        np.testing.assert_array_equal(back[key], params[key], err_msg=key)
    same(cell.forward(x, params)[0], theirs(torch.tensor(x))[0].detach())


@every_cell
def test_our_modules_round_trip(name):
    _, params, _, _ = draw(stack(bidirectional(CELLS[name]), 2))
    make = functools.partial(Bidirectional, nn_cells.CELLS[name])
    module = Stacked(make, D, H, 2).double()
    to_module(params, module)
    back = from_module(module)
    assert set(back) == set(params)
    for key in params:
        np.testing.assert_array_equal(back[key], params[key])
    back["layer1.fwd.b" if name == "rnn" else "layer1.fwd.b_" + ("r" if name == "gru" else "f")] += 1.0
    assert all((p == from_module(module)[key]).all() for key, p in params.items())  # a copy, not a view


@every_cell
def test_stacked_step(name):
    cell = stack(CELLS[name], 2)
    _, params, x, state = draw(cell)
    module = Stacked(nn_cells.CELLS[name], D, H, 2).double()
    to_module(params, module)
    new, _ = cell.step(x[:, 0], state, params)
    got = module.step(torch.tensor(x[:, 0]), tuple(torch.tensor(part) for part in state))
    for a, b in zip(new, got, strict=True):
        same(a, b.detach())


def test_reading_order_is_the_same_in_both_worlds():
    rng = np.random.default_rng(0)
    mask = rng.random((50, 7)) < 0.6
    mask[:, 3] = True
    x = rng.normal(size=(50, 7, 1))
    expected = birnn.reading_order(x, mask)
    np.testing.assert_array_equal(reading_order(torch.tensor(x), torch.tensor(mask)).numpy(), expected)


def test_forget_bias():
    assert (LSTM(D, H, forget_bias=1.0).get_parameter("b_f") == 1).all()
    assert (CELLS["lstm"].init(np.random.default_rng(0), D, H, forget_bias=1.0)["b_f"] == 1).all()


def test_what_does_not_fit_is_refused():
    left = torch.tensor(MASK[:, ::-1].copy())
    x = torch.zeros(B, T, D)
    for module in (LSTM(D, H, fused=True), GRU(D, H, fused=True)):
        with pytest.raises(ValueError, match="padding on the right only"):
            module(x, mask=left)
    with pytest.raises(ValueError, match="n_layers: expected at least 1, got 0"):
        Stacked(LSTM, D, H, 0)
    with pytest.raises(ValueError, match="combine: expected one of concat, sum, product, got 'max'"):
        Bidirectional(LSTM, D, H, "max")
    with pytest.raises(ValueError, match=r"state: expected 2 layers of \(h, c\), got 2 tensors"):
        Stacked(LSTM, D, H, 2)(x, (torch.zeros(B, H),) * 2)
    _, params, _, _ = draw(CELLS["lstm"])
    with pytest.raises(ValueError, match=r"W_f: expected shape \(7, 4\), got \(6, 4\)"):
        to_module({k: p for k, p in params.items() if not k.startswith(("b", "U"))}, _only_w(7))
    with pytest.raises(ValueError, match="U_f: expected shape none, got"):
        to_module({"U_f": np.zeros((2, 2))}, torch.nn.Module())
    with pytest.raises(ValueError, match="without projection, got LSTM with proj_size=2"):
        from_torch(torch.nn.LSTM(D, H, proj_size=2))
    with pytest.raises(ValueError, match="without projection, got RNN_RELU"):
        from_torch(torch.nn.RNN(D, H, nonlinearity="relu"))
    with pytest.raises(ValueError, match=r"params: expected W_i, U_i, b_i, .* got W_f"):
        to_torch({"W_f": params["W_f"]}, torch.nn.LSTM(D, H))
    with pytest.raises(ValueError, match=r"W_i: expected shape \(5, 4\), got \(6, 4\)"):
        to_torch(params, torch.nn.LSTM(D, 5))
    with pytest.raises(ValueError, match="expected zeros for a module with bias=False"):
        to_torch(params, torch.nn.LSTM(D, H, bias=False))


@pytest.mark.parametrize(
    ("x", "mask", "message"),
    [
        (torch.zeros(2, 3, 5), None, r"x: expected shape \(\*B, T, D=4\), got \(2, 3, 5\)"),
        (torch.zeros(4), None, r"x: expected shape \(\*B, T, D=4\), got \(4,\)"),
        (torch.zeros(2, 0, 4), None, "x: expected at least one step, got an empty sequence"),
        (
            torch.zeros(2, 3, 4),
            torch.ones(2, 4, dtype=torch.bool),
            r"mask: expected shape \(2, 3\), got \(2, 4\)",
        ),
        (torch.zeros(2, 3, 4), torch.ones(2, 3), "mask: expected booleans, .* got dtype torch.float32"),
        (
            torch.zeros(2, 3, 4),
            torch.tensor([[True] * 3, [False] * 3]),
            r"mask: expected at least one real token in each sequence, got none in sequence \(1,\)",
        ),
    ],
)
@pytest.mark.parametrize("fused", [False, True])
@every_cell
def test_bad_input_says_expected_and_got(name, fused, x, mask, message):
    with pytest.raises(ValueError, match=message):
        nn_cells.CELLS[name](D, H, fused=fused)(x, mask=mask)


def _only_w(H):
    module = torch.nn.Module()
    for gate in "fiog":
        module.register_parameter(f"W_{gate}", torch.nn.Parameter(torch.zeros(H, D)))
    return module
