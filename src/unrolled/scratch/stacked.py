"""Stacked recurrent networks: the states of one layer are the inputs of the next.

A stack of cells is a cell again: ``stack(LSTM, 2)`` goes wherever an LSTM goes.  Its parameters are the
layers' own, called "layer1.W_f" and so on from the bottom up.  Its state begins with the top layer's h,
because that is what the stack shows, and goes down from there: (h, c) of layer 2, then (h, c) of layer 1.
Source: Jurafsky & Martin, *Speech and Language Processing*, section 13.4.1 (figure 13.10).
"""

from typing import Any

import numpy as np

from unrolled.axes import Array, Bool, Float
from unrolled.scratch.cells import Cell
from unrolled.scratch.sequences import Params, State


def stack(cell: Cell, n_layers: int) -> Cell:
    """One cell made of ``n_layers`` of another, bidirectional or not; raises ValueError below one layer.

    >>> from unrolled.scratch.cells import RNN
    >>> sorted(stack(RNN, 2).init(np.random.default_rng(0), D=3, H=4))
    ['layer1.U', 'layer1.W', 'layer1.b', 'layer2.U', 'layer2.W', 'layer2.b']
    """
    if n_layers < 1:
        raise ValueError(f"n_layers: expected at least 1, got {n_layers}")
    names = [f"layer{n}" for n in range(1, n_layers + 1)]

    def init(rng: np.random.Generator, D: int, H: int, **kwargs: Any) -> Params:
        sizes = [D] + [cell.width * H] * (n_layers - 1)  # a layer above reads what the one below shows
        return join(names, [cell.init(rng, size, H, **kwargs) for size in sizes])

    def step(x_t: Array, state: State, params: Params) -> tuple[State, Any]:
        states, caches = [], []
        for layer, below in zip(split(params, names), split_state(state, n_layers, cell), strict=True):
            new, cache = cell.step(x_t, below, layer)
            x_t = new[0]
            states.append(new)
            caches.append(cache)
        return join_state(states), caches

    def step_backward(dstate: State, caches: Any) -> tuple[Array, State, Params]:
        dstates = split_state(dstate, n_layers, cell)
        dx_t, dprev, dlayers = np.zeros_like(dstates[-1][0]), [], []
        for (dh_t, *rest), cache in zip(dstates[::-1], caches[::-1], strict=True):
            dx_t, dstate_prev, dlayer = cell.step_backward((dh_t + dx_t, *rest), cache)
            dprev.append(dstate_prev)
            dlayers.append(dlayer)
        return dx_t, join_state(dprev[::-1]), join(names, dlayers[::-1])

    def forward(
        x: Array, params: Params, state_0: State | None = None, mask: Array | None = None
    ) -> tuple[Array, State, Any]:
        states_0 = None if state_0 is None else split_state(state_0, n_layers, cell)
        h, states_T, cache = stacked_forward(x, split(params, names), cell, states_0, mask)
        return h, join_state(states_T), cache

    def backward(dh: Array, dstate_T: State | None, cache: Any) -> tuple[Array, State, Params]:
        dstates_T = None if dstate_T is None else split_state(dstate_T, n_layers, cell)
        dx, dstates_0, dlayers = stacked_backward(dh, dstates_T, cache)
        return dx, join_state(dstates_0), join(names, dlayers)

    state_names = tuple(f"{name}.{part}" for name in names[::-1] for part in cell.state_names)
    functions = (init, step, step_backward, forward, backward)
    return Cell(f"stacked {cell.name}", state_names, *functions, cell.width, cell.shown)


def stacked_forward(
    x: Float[Array, "*B T D"],
    layers: list[Params],
    cell: Cell,
    states_0: list[State] | None = None,
    mask: Bool[Array, "*B T"] | None = None,
) -> tuple[Float[Array, "*B T H"], list[State], Any]:
    """Run the layers from the bottom up; returns (the top layer's h, final states by layer, cache)."""
    if not layers or (states_0 is not None and len(states_0) != len(layers)):
        got = "no layers" if not layers else f"{len(states_0 or [])} states for {len(layers)} layers"
        raise ValueError(f"layers: expected one state a layer and at least one layer, got {got}")
    states_T, caches = [], []
    for n, params in enumerate(layers):
        x, state_T, cache = cell.forward(x, params, None if states_0 is None else states_0[n], mask)  # (6a)
        states_T.append(state_T)
        caches.append(cache)
    return x, states_T, (cell, caches)


def stacked_backward(
    dh: Float[Array, "*B T H"], dstates_T: list[State] | None, cache: Any
) -> tuple[Float[Array, "*B T D"], list[State], list[Params]]:
    """The gradients from the top down, each layer's dx being the dh of the one below.

    Returns (dx, initial states' gradients by layer, parameters' gradients by layer).
    """
    cell, caches = cache
    dstates_0, dlayers = [], []
    for n in reversed(range(len(caches))):
        dh, dstate_0, dparams = cell.backward(dh, None if dstates_T is None else dstates_T[n], caches[n])
        dstates_0.append(dstate_0)
        dlayers.append(dparams)
    return dh, dstates_0[::-1], dlayers[::-1]


def join(names: list[str], parts: list[Params]) -> Params:
    """One dict of parameters from several, each name led by its part's: "layer1.W"."""
    return {f"{name}.{key}": a for name, part in zip(names, parts, strict=True) for key, a in part.items()}


def split(params: Params, names: list[str]) -> list[Params]:
    """The way back from ``join``; raises ValueError where a name begins with none of the parts."""
    strangers = [key for key in params if key.partition(".")[0] not in names]
    if strangers:
        raise ValueError(f"params: expected names that begin with {', '.join(names)}, got {strangers[0]}")
    return [{k.partition(".")[2]: a for k, a in params.items() if k.partition(".")[0] == n} for n in names]


def join_state(states: list[State]) -> State:
    """States by layer, bottom first, to the state of the stack, top first."""
    return tuple(part for state in states[::-1] for part in state)


def split_state(state: State, n_layers: int, cell: Cell) -> list[State]:
    """The state of a stack, top first, to states by layer, bottom first."""
    n = len(cell.state_names)
    if len(state) != n * n_layers:
        raise ValueError(
            f"state: expected {n_layers} layers of ({', '.join(cell.state_names)}), got {len(state)} arrays"
        )
    return [tuple(state[k * n : (k + 1) * n]) for k in reversed(range(n_layers))]
