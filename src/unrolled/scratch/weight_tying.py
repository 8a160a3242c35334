"""Weight tying: one matrix of embeddings, read on the way in and, transposed, on the way out.

Chapter 4 builds this module.  Source: Jurafsky & Martin, *Speech and Language Processing*, section
13.2.3, equations (13.12) to (13.14); Press and Wolf (2017), Inan et al. (2017).

    E (D, n_vocab), D = H: columns embed the input, and score the output    b_y (n_vocab,)    no V
"""

from typing import Any

import numpy as np

from unrolled.axes import Array, Bool, Float, Int, expect_shape
from unrolled.scratch.cells import RNN, Cell, Params, State
from unrolled.scratch.language_model import init_lm, lm_backward, lm_forward, parameter_count
from unrolled.scratch.loss import cross_entropy


def init_tied(
    rng: np.random.Generator, n_vocab: int, D: int, H: int | None = None, cell: Cell = RNN
) -> Params:
    """The parameters of a language model without its V; H must be D, since Eᵀ h_t has to exist."""
    _expect_equal(D, D if H is None else H)
    return {name: p for name, p in init_lm(rng, n_vocab, D, D, cell).items() if name != "V"}


def untie(params: Params) -> Params:
    """The same model with its V = Eᵀ written out, as everything in ``language_model`` takes it.

    V is a view of E: change E in place and V follows.  Copy it if the two are to go their own ways.
    Raises ValueError where there is a V already, or E and the cell's state differ in size.
    """
    if "E" not in params or "V" in params:
        raise ValueError(f"params: expected E and no V, got {', '.join(params) or 'none'}")
    E = expect_shape("E", params["E"], ("D", "n_vocab"))
    for U in (p for name, p in params.items() if name.split(".")[-1].startswith("U")):  # (H, H) in any cell
        _expect_equal(len(E), len(U))
    return {**params, "V": E.T}


def tied_forward(
    ids: Int[Array, "*B T"],
    params: Params,
    cell: Cell = RNN,
    state_0: State | None = None,
    mask: Bool[Array, "*B T"] | None = None,
) -> tuple[Float[Array, "*B T n_vocab"], State, Any]:
    """e_t = E x_t (13.12), h_t = g(U h_{t-1} + W e_t) (13.13), scores Eᵀ h_t (13.14); as ``lm_forward``."""
    return lm_forward(ids, untie(params), cell, state_0, mask)  # (13.12), (13.13), (13.14): V is Eᵀ


def tied_backward(
    dlogits: Float[Array, "*B T n_vocab"], cache: Any, dstate_T: State | None = None
) -> tuple[State, Params]:
    """E is used twice, so dE is the sum of what both uses send back: dE of (13.12) + (dV of (13.14))ᵀ."""
    dstate_0, dparams = lm_backward(dlogits, cache, dstate_T)
    dV = dparams.pop("V")
    dparams["E"] = dparams["E"] + dV.T  # (4b): (13.12) + (13.14)
    return dstate_0, dparams


def tied_loss(
    inputs: Int[Array, "*B T"],
    targets: Int[Array, "*B T"],
    params: Params,
    cell: Cell = RNN,
    state_0: State | None = None,
    mask: Bool[Array, "*B T"] | None = None,
) -> tuple[float, Params, State]:
    """Cross-entropy of the tied model, nats per token; returns (loss, dparams, state_T) like ``lm_loss``."""
    logits, state_T, cache = tied_forward(inputs, params, cell, state_0, mask)
    loss, dlogits = cross_entropy(logits, targets, mask)
    _, dparams = tied_backward(dlogits, cache)
    return loss, dparams, state_T


def parameter_counts(n_vocab: int, D: int, cell: Cell = RNN) -> dict[str, int]:
    """How many numbers the model learns with two matrices of embeddings and with one; tying saves n_vocab D.

    >>> parameter_counts(n_vocab=10_000, D=100)
    {'untied': 2030100, 'tied': 1030100, 'saved': 1000000}
    """
    counts = parameter_count(cell.init(np.random.default_rng(0), D, D)) + n_vocab  # the cell, and b_y
    untied, tied = counts + 2 * n_vocab * D, counts + n_vocab * D  # (4c)
    return {"untied": untied, "tied": tied, "saved": untied - tied}


def _expect_equal(D: int, H: int) -> None:
    if D != H:
        raise ValueError(
            f"H: expected H = D = {D}, got H = {H}; tying needs the state to be as long as an embedding"
        )
