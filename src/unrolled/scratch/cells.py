"""One shape for every recurrent cell, so that each architecture takes any of them unchanged.

The book calls this the modularity of gated units (section 13.5.1): from outside, an LSTM differs
from a simple RNN only in the extra context vector of its state.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from unrolled.axes import Array
from unrolled.scratch import gru, lstm, rnn

Params = dict[str, Array]
State = tuple[Array, ...]
"""What a cell carries from step to step, h first: ``(h,)``, or ``(h, c)`` for an LSTM."""


class Cell(NamedTuple):
    """What an architecture may ask of a cell; ``params`` maps the cell's own names to arrays."""

    name: str
    state_names: tuple[str, ...]
    init: Callable[..., Params]
    """(rng, D, H) -> params"""
    step: Callable[..., tuple[State, Any]]
    """(x_t (*B, D), state, params) -> (state, cache)"""
    step_backward: Callable[..., tuple[Array, State, Params]]
    """(dstate, cache) -> (dx_t, dstate_prev, dparams)"""
    forward: Callable[..., tuple[Array, State, Any]]
    """(x (*B, T, D), params, state_0=None, mask=None) -> (h (*B, T, H), state_T, cache)"""
    backward: Callable[..., tuple[Array, State, Params]]
    """(dh (*B, T, H), dstate_T or None, cache) -> (dx, dstate_0, dparams)"""
    width: int = 1
    """The h that ``forward`` returns has width * H numbers: 2 for two directions side by side"""
    shown: tuple[int, ...] = (0,)
    """Where in the state the h's stand that ``forward`` shows: two of them for two directions"""


def _rnn_step(x_t: Array, state: State, params: Params) -> tuple[State, Any]:
    h_t, cache = rnn.rnn_step(x_t, state[0], params["W"], params["U"], params["b"])
    return (h_t,), cache


def _rnn_step_backward(dstate: State, cache: Any) -> tuple[Array, State, Params]:
    dx_t, dh_prev, dparams = rnn.rnn_step_backward(dstate[0], cache)
    return dx_t, (dh_prev,), dparams


def _rnn_forward(
    x: Array, params: Params, state_0: State | None = None, mask: Array | None = None
) -> tuple[Array, State, Any]:
    h_0 = None if state_0 is None else state_0[0]
    h, cache = rnn.rnn_forward(x, params["W"], params["U"], params["b"], h_0, mask)
    return h, (h[..., -1, :],), cache


def _rnn_backward(dh: Array, dstate_T: State | None, cache: Any) -> tuple[Array, State, Params]:
    if dstate_T is not None:
        dh = dh.copy()
        dh[..., -1, :] += dstate_T[0]  # the state after the last step is that step's h
    dx, dh_0, dparams = rnn.rnn_backward(dh, cache)
    return dx, (dh_0,), dparams


RNN = Cell("rnn", ("h",), rnn.init_rnn, _rnn_step, _rnn_step_backward, _rnn_forward, _rnn_backward)

LSTM = Cell(
    "lstm",
    ("h", "c"),
    lstm.init_lstm,
    lstm.lstm_step,
    lstm.lstm_step_backward,
    lstm.lstm_forward,
    lstm.lstm_backward,
)
GRU = Cell(
    "gru", ("h",), gru.init_gru, gru.gru_step, gru.gru_step_backward, gru.gru_forward, gru.gru_backward
)

CELLS = {cell.name: cell for cell in (RNN, GRU, LSTM)}
