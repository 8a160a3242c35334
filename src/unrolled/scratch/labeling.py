"""Sequence labeling: a label for each word, from the state that has just read it.

With a cell that reads one way, a tag sees the words up to its own; with ``bidirectional(cell)`` it sees
them all.  Source: Jurafsky & Martin, *Speech and Language Processing*, section 13.3.1 (figure 13.7).

    E (D, n_vocab) embeddings    V (K, H) hidden -> tags, or (K, 2H)    b_y (K,)    and the cell's own
"""

from typing import Any

import numpy as np

from unrolled.axes import Array, Bool, Float, Int, Sizes, expect_shape
from unrolled.scratch.cells import RNN, Cell, Params
from unrolled.scratch.embedding import embed, embed_backward, init_embedding
from unrolled.scratch.loss import cross_entropy
from unrolled.scratch.output import output_layer, output_layer_backward

OWN = ("E", "V", "b_y")
"""The parameters of the tagger itself; all others belong to its cell."""


def init_tagger(
    rng: np.random.Generator, n_vocab: int, K: int, D: int, H: int, cell: Cell = RNN, E: Array | None = None
) -> Params:
    """Draw all parameters for K tags; ``E`` (D, n_vocab) brings pretrained embeddings, which are copied."""
    if E is not None:
        E = expect_shape("E", E, (D, n_vocab)).copy()
    wide = cell.width * H
    r = 1.0 / np.sqrt(wide)
    own = {"E": init_embedding(rng, n_vocab, D) if E is None else E, "V": rng.uniform(-r, r, (K, wide))}
    return {**own, "b_y": np.zeros(K), **cell.init(rng, D, H)}


def tagger_forward(
    ids: Int[Array, "*B T"], params: Params, cell: Cell = RNN, mask: Bool[Array, "*B T"] | None = None
) -> tuple[Float[Array, "*B T K"], Any]:
    """The scores of every tag at every word, before the softmax of (13.3); returns (logits, cache).

    Raises ValueError where an id is not in the vocabulary or a shape does not fit.
    """
    e, embed_cache = embed(ids, params["E"])  # (13.4)
    h, _, cell_cache = cell.forward(e, cell_params(params, OWN), mask=mask)
    logits, output = output_layer(h, params["V"], params["b_y"])
    return logits, (embed_cache, cell_cache, output, cell)


def tagger_backward(dlogits: Float[Array, "*B T K"], cache: Any, frozen: bool = False) -> Params:
    """dparams, from the tags back to the embeddings; ``frozen`` leaves those out (no "E")."""
    embed_cache, cell_cache, output, cell = cache
    dh, dlayer = output_layer_backward(dlogits, output)
    de, _, dcell = cell.backward(dh, None, cell_cache)
    return {**({} if frozen else {"E": embed_backward(de, embed_cache)}), **dlayer, **dcell}


def tagger_loss(
    ids: Int[Array, "*B T"],
    tags: Int[Array, "*B T"],
    params: Params,
    cell: Cell = RNN,
    mask: Bool[Array, "*B T"] | None = None,
    frozen: bool = False,
) -> tuple[float, Params]:
    """Cross-entropy (13.11) of the true tags in nats per token, mean over real tokens; returns (loss, dparams)."""
    logits, cache = tagger_forward(ids, params, cell, mask)
    loss, dlogits = cross_entropy(logits, tags, mask)
    return loss, tagger_backward(dlogits, cache, frozen)


def predict_tags(
    ids: Int[Array, "*B T"], params: Params, cell: Cell = RNN, mask: Bool[Array, "*B T"] | None = None
) -> Int[Array, "*B T"]:
    """The most likely tag at each word; what stands at the padding means nothing."""
    return tagger_forward(ids, params, cell, mask)[0].argmax(axis=-1)  # (5a): softmax keeps the order


def accuracy(
    predicted: Int[Array, "*B"], true: Int[Array, "*B"], mask: Bool[Array, "*B"] | None = None
) -> float:
    """The share of real tokens whose prediction is right, from 0 to 1.

    >>> accuracy(np.array([1, 2, 3]), np.array([1, 0, 0]), np.array([True, True, False]))
    0.5
    """
    sizes: Sizes = {}
    predicted = expect_shape("predicted", predicted, ("*B",), sizes)
    right = predicted == expect_shape("true", true, ("*B",), sizes)
    if mask is not None:
        right = right[expect_shape("mask", mask, ("*B",), sizes).astype(bool)]
    if not right.size:
        raise ValueError("mask: expected at least one real token, got none")
    return float(right.mean())


def cell_params(params: Params, own: tuple[str, ...]) -> Params:
    """The parameters that are the cell's; raises ValueError where one of the model's own is missing."""
    missing = [name for name in own if name not in params]
    if missing:
        raise ValueError(
            f"params: expected {', '.join(own)} beside the cell's own, got no {', '.join(missing)}"
        )
    return {name: array for name, array in params.items() if name not in own}
