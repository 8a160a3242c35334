"""Weights from one world to another: scratch's dict of arrays, our modules, and torch's own RNN, GRU, LSTM.

Our modules have scratch's names, so those two need no translation.  torch packs all gates of a layer
into one matrix and keeps two biases where one is enough:

    weight_ih_l0 = W_i W_f W_g W_o stacked (an LSTM), W_r W_z W_n (a GRU)    weight_hh_l0 = the same of U
    bias_ih_l0 + bias_hh_l0 = b, but for a GRU's candidate: bias_ih is b_n, bias_hh is b_hn

The layers of a stack are "layer1.…", "layer2.…" and the directions "fwd.…", "bwd.…" as in
``scratch.stacked`` and ``scratch.birnn``.
"""

import numpy as np
import torch
from torch import Tensor, nn

from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS, Cell
from unrolled.scratch.sequences import Params, State
from unrolled.scratch.stacked import stack

PACKING = {"RNN_TANH": ("",), "GRU": ("_r", "_z", "_n"), "LSTM": ("_i", "_f", "_g", "_o")}
"""The order in which torch stacks a layer's gates, as the ends of our names."""


def to_module(params: Params, module: nn.Module) -> None:
    """Copy scratch's parameters into one of our modules; raises ValueError where a name or shape differs."""
    expected = {name: tuple(p.shape) for name, p in module.named_parameters()}
    got = {name: tuple(np.shape(p)) for name, p in params.items()}
    if expected != got:
        wrong = sorted(n for n in expected | got if expected.get(n) != got.get(n))[0]
        raise ValueError(
            f"{wrong}: expected shape {expected.get(wrong, 'none')}, got {got.get(wrong, 'none')}"
        )
    with torch.no_grad():
        for name, p in module.named_parameters():
            p.copy_(torch.as_tensor(params[name]))


def from_module(module: nn.Module) -> Params:
    """A copy of one of our modules' parameters, as arrays under the same names."""
    return {name: p.detach().cpu().numpy().copy() for name, p in module.named_parameters()}


def from_model(model: nn.Module) -> Params:
    """The same of a model with a part ``cell``: under scratch's names, where the cell's own have no prefix."""
    return {name.removeprefix("cell."): p for name, p in from_module(model).items()}


def to_model(params: Params, model: nn.Module) -> None:
    """The way back.  Raises ValueError where a name or shape differs."""
    own = {name.removeprefix("cell."): name for name, _ in model.named_parameters()}
    to_module({own.get(name, name): p for name, p in params.items()}, model)


def from_torch(theirs: nn.RNNBase) -> tuple[Cell, Params]:
    """torch's nn.RNN, nn.GRU or nn.LSTM, any layers, one way or both, as (cell, params) of scratch.

    ``cell.forward(x, params)`` then gives what the module gives for a batch-first x, without dropout.
    Raises ValueError for what scratch does not have: relu, or a projected LSTM.

    >>> cell, params = from_torch(nn.LSTM(3, 4, num_layers=2, bidirectional=True))
    >>> cell.name, params["layer2.bwd.W_f"].shape
    ('stacked bidirectional lstm', (4, 8))
    """
    _expect_known(theirs)
    cell = CELLS[theirs.mode.removesuffix("_TANH").lower()]
    cell = bidirectional(cell) if theirs.bidirectional else cell
    cell = stack(cell, theirs.num_layers) if theirs.num_layers > 1 else cell
    params: Params = {}
    for lead, suffix in _parts(theirs):
        W, U, b_ih, b_hh = (
            _read(theirs, kind, suffix) for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        for n, gate in enumerate(PACKING[theirs.mode]):
            rows = slice(n * theirs.hidden_size, (n + 1) * theirs.hidden_size)
            b = b_ih[rows] if gate == "_n" else b_ih[rows] + b_hh[rows]
            params |= {
                f"{lead}W{gate}": W[rows].copy(),
                f"{lead}U{gate}": U[rows].copy(),
                f"{lead}b{gate}": b.copy(),
            }
            if gate == "_n":
                params[f"{lead}b_hn"] = b_hh[rows].copy()
    return cell, params


def to_torch(params: Params, theirs: nn.RNNBase) -> None:
    """Copy scratch's parameters into torch's own module; our one bias becomes its bias_ih, bias_hh is zero.

    Raises ValueError where a name is missing or left over, a shape differs, or a module without biases
    would have to drop one that is not zero.
    """
    _expect_known(theirs)
    expected = from_torch(theirs)[1]
    if set(params) != set(expected):
        raise ValueError(f"params: expected {', '.join(expected)}, got {', '.join(params) or 'none'}")
    for name, array in expected.items():
        if np.shape(params[name]) != array.shape:
            raise ValueError(f"{name}: expected shape {array.shape}, got {np.shape(params[name])}")
        if not theirs.bias and array.ndim == 1 and np.any(params[name]):
            raise ValueError(f"{name}: expected zeros for a module with bias=False, got {params[name]}")
    for lead, suffix in _parts(theirs):
        _write(theirs, lead, suffix, params)


def state_from_torch(state: Tensor | tuple[Tensor, ...], theirs: nn.RNNBase) -> State:
    """torch's h_n, or (h_n, c_n), each (layers * directions, B, H), as the state of ``from_torch``'s cell."""
    tensors = state if isinstance(state, tuple) else (state,)
    parts = [p.detach().cpu().numpy() for p in tensors]
    ways = 2 if theirs.bidirectional else 1
    layers = [
        [part[n * ways + way] for way in range(ways) for part in parts] for n in range(theirs.num_layers)
    ]
    return tuple(part for layer in layers[::-1] for part in layer)  # the top layer's first


def _parts(theirs: nn.RNNBase) -> list[tuple[str, str]]:
    """How our names begin, and how torch's end, for each layer and direction."""
    directions = [("fwd.", ""), ("bwd.", "_reverse")] if theirs.bidirectional else [("", "")]
    layers = [(f"layer{n + 1}." if theirs.num_layers > 1 else "", f"_l{n}") for n in range(theirs.num_layers)]
    return [(layer + way, suffix + end) for layer, suffix in layers for way, end in directions]


def _read(theirs: nn.RNNBase, kind: str, suffix: str) -> np.ndarray:
    if kind.startswith("bias") and not theirs.bias:
        weight = theirs.get_parameter(f"weight_ih{suffix}").detach()
        return np.zeros(len(weight), weight.cpu().numpy().dtype)
    return theirs.get_parameter(kind + suffix).detach().cpu().numpy()


def _write(theirs: nn.RNNBase, lead: str, suffix: str, params: Params) -> None:
    W, U, b = (
        np.concatenate([params[f"{lead}{letter}{gate}"] for gate in PACKING[theirs.mode]]) for letter in "WUb"
    )
    b_hh = np.zeros_like(b)
    if theirs.mode == "GRU":
        b_hh[2 * theirs.hidden_size :] = params[f"{lead}b_hn"]
    arrays = {"weight_ih": W, "weight_hh": U, **({"bias_ih": b, "bias_hh": b_hh} if theirs.bias else {})}
    with torch.no_grad():
        for kind, array in arrays.items():
            theirs.get_parameter(kind + suffix).copy_(torch.as_tensor(array))


def _expect_known(theirs: nn.RNNBase) -> None:
    if theirs.mode not in PACKING or theirs.proj_size:
        got = f"{theirs.mode} with proj_size={theirs.proj_size}"
        raise ValueError(f"expected a torch {', '.join(PACKING)} without projection, got {got}")
