"""Sequence classification: one class for a whole text, learned end to end from the embeddings up.

The states of a sequence are pooled to one vector (the last, the mean (13.15) or the max), which a
feedforward network turns into a class.  Source: Jurafsky & Martin, *Speech and Language Processing*,
section 13.3.2 (figure 13.8), and figure 13.12 for the final states of both directions.

    E (D, n_vocab)    W_ff (F, R) pooled -> feedforward, b_ff (F,)    V (K, F), b_y (K,)    and the cell's own
"""

from typing import Any

import numpy as np

from unrolled.axes import Array, Bool, Float, Int, Sizes, expect_mask, expect_shape
from unrolled.scratch.cells import RNN, Cell, Params, State
from unrolled.scratch.embedding import embed, embed_backward, init_embedding
from unrolled.scratch.labeling import cell_params
from unrolled.scratch.loss import cross_entropy
from unrolled.scratch.output import output_layer, output_layer_backward

OWN = ("E", "W_ff", "b_ff", "V", "b_y")
POOLS = ("last", "mean", "max")


def init_classifier(
    rng: np.random.Generator,
    n_vocab: int,
    K: int,
    D: int,
    H: int,
    F: int | None = None,
    cell: Cell = RNN,
    pool: str = "last",
    E: Array | None = None,
) -> Params:
    """Draw all parameters for K classes; F, the feedforward layer's size, is H unless given.

    ``E`` (D, n_vocab) brings pretrained embeddings, which are copied.
    """
    expect_pool(pool)
    F = H if F is None else F
    R = H * (len(cell.shown) if pool == "last" else cell.width)
    E = init_embedding(rng, n_vocab, D) if E is None else expect_shape("E", E, (D, n_vocab)).copy()
    W_ff, V = (rng.uniform(-(n**-0.5), n**-0.5, (m, n)) for m, n in ((F, R), (K, F)))
    return {"E": E, "W_ff": W_ff, "b_ff": np.zeros(F), "V": V, "b_y": np.zeros(K), **cell.init(rng, D, H)}


def mean_pool(
    h: Float[Array, "*B T H"], mask: Bool[Array, "*B T"] | None = None
) -> tuple[Float[Array, "*B H"], Any]:
    """h_mean = 1/n (h_1 + … + h_n) (13.15), over the n real tokens; returns (h_mean, weights).

    >>> mean_pool(np.array([[1.0], [3.0], [99.0]]), np.array([True, True, False]))[0]
    array([2.])
    """
    real = _real(h, mask)
    weights = real / real.sum(axis=-1, keepdims=True).astype(h.dtype)  # 1/n at each real token
    return np.einsum("...t,...th->...h", weights, h), weights  # (13.15)


def mean_pool_backward(dr: Float[Array, "*B H"], weights: Any) -> Float[Array, "*B T H"]:
    """Each real h_t gets 1/n of the gradient, padding none."""
    return weights[..., None] * dr[..., None, :]  # (5d)


def max_pool(
    h: Float[Array, "*B T H"], mask: Bool[Array, "*B T"] | None = None
) -> tuple[Float[Array, "*B H"], Any]:
    """The largest value of each unit over the real tokens; returns (h_max, (where it stood, T))."""
    winner = np.where(_real(h, mask)[..., None], h, -np.inf).argmax(axis=-2, keepdims=True)
    return np.take_along_axis(h, winner, axis=-2)[..., 0, :], (winner, h.shape[-2])  # (5b)


def max_pool_backward(dr: Float[Array, "*B H"], cache: Any) -> Float[Array, "*B T H"]:
    """The whole gradient of a unit goes to the token where it was largest (to the first, if tied)."""
    winner, T = cache
    dh = np.zeros((*dr.shape[:-1], T, dr.shape[-1]), dr.dtype)
    np.put_along_axis(dh, winner, dr[..., None, :], axis=-2)  # (5d)
    return dh


def classifier_forward(
    ids: Int[Array, "*B T"],
    params: Params,
    cell: Cell = RNN,
    mask: Bool[Array, "*B T"] | None = None,
    pool: str = "last",
) -> tuple[Float[Array, "*B K"], Any]:
    """The scores of every class, before the softmax; returns (logits, cache).

    ``pool="last"`` takes the final h, of both directions where there are two: of each sequence's own
    last token, however it was padded.  Raises ValueError where an id or a shape does not fit.
    """
    expect_pool(pool)
    e, embed_cache = embed(ids, params["E"])  # (13.4)
    h, state_T, cell_cache = cell.forward(e, cell_params(params, OWN), mask=mask)
    if pool == "last":
        r, pooled = np.concatenate([state_T[n] for n in cell.shown], axis=-1), (h, state_T)  # (6c)
    else:
        r, pooled = (mean_pool if pool == "mean" else max_pool)(h, mask)
    a, hidden = output_layer(r, params["W_ff"], params["b_ff"])
    z = np.tanh(a)  # (5c): the feedforward layer
    logits, output = output_layer(z, params["V"], params["b_y"])
    return logits, (embed_cache, cell_cache, pool, pooled, hidden, z, output, cell)


def classifier_backward(dlogits: Float[Array, "*B K"], cache: Any, frozen: bool = False) -> Params:
    """dparams, from the class back through the pooling to every word; ``frozen`` leaves out "E"."""
    embed_cache, cell_cache, pool, pooled, hidden, z, output, cell = cache
    dz, dlayer = output_layer_backward(dlogits, output)
    dr, dff = output_layer_backward(dz * (1.0 - z**2), hidden)
    dh, dstate_T = _unpool(dr, pool, pooled, cell)
    de, _, dcell = cell.backward(dh, dstate_T, cell_cache)
    dE = {} if frozen else {"E": embed_backward(de, embed_cache)}
    return {**dE, "W_ff": dff["V"], "b_ff": dff["b_y"], **dlayer, **dcell}


def classifier_loss(
    ids: Int[Array, "*B T"],
    classes: Int[Array, "*B"],
    params: Params,
    cell: Cell = RNN,
    mask: Bool[Array, "*B T"] | None = None,
    pool: str = "last",
    frozen: bool = False,
) -> tuple[float, Params]:
    """Cross-entropy (13.11) of the true class in nats per text; returns (loss, dparams)."""
    logits, cache = classifier_forward(ids, params, cell, mask, pool)
    loss, dlogits = cross_entropy(logits, classes)
    return loss, classifier_backward(dlogits, cache, frozen)


def predict_class(
    ids: Int[Array, "*B T"],
    params: Params,
    cell: Cell = RNN,
    mask: Bool[Array, "*B T"] | None = None,
    pool: str = "last",
) -> Int[Array, "*B"]:
    """The most likely class of each text."""
    return classifier_forward(ids, params, cell, mask, pool)[0].argmax(axis=-1)


def expect_pool(pool: str) -> None:
    """Raise ValueError unless ``pool`` is a way to pool."""
    if pool not in POOLS:
        raise ValueError(f"pool: expected one of {', '.join(POOLS)}, got {pool!r}")


def _unpool(dr: Array, pool: str, pooled: Any, cell: Cell) -> tuple[Array, State | None]:
    """dL/dh_t at every step, and dL/d(final state) where the pooling read that."""
    if pool != "last":
        return (mean_pool_backward if pool == "mean" else max_pool_backward)(dr, pooled), None
    h, state_T = pooled
    dstate_T = [np.zeros_like(part) for part in state_T]
    for n, part in zip(cell.shown, np.split(dr, len(cell.shown), axis=-1), strict=True):
        dstate_T[n] = part
    return np.zeros_like(h), tuple(dstate_T)


def _real(h: Array, mask: Array | None) -> Array:
    sizes: Sizes = {}
    h = expect_shape("h", h, ("*B", "T", "H"), sizes)
    return np.ones(h.shape[:-1], bool) if mask is None else expect_mask("mask", mask, sizes)
