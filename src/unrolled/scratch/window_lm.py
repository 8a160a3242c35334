"""A feedforward language model: it sees the last N words through a fixed window, and nothing before them.

Chapter 3 sets it against the recurrent model.  Source: Jurafsky & Martin, *Speech and Language
Processing*, section 13.2 and figure 13.5 (a); the model is that of Bengio et al. (2003).

    E (D, n_vocab)    W (H, N·D) window -> hidden    b (H,)    V (n_vocab, H) hidden -> scores    b_y (n_vocab,)
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.axes import Array, Float, Int, Sizes, expect_ids, expect_shape
from unrolled.scratch.embedding import embed, embed_backward, init_embedding
from unrolled.scratch.output import output_layer, output_layer_backward
from unrolled.scratch.rnn import ACTIVATIONS, softmax

Params = dict[str, Array]


def init_window_lm(rng: np.random.Generator, n_vocab: int, D: int, H: int, N: int) -> Params:
    """Draw W from ±1/√(N·D) and V from ±1/√H, what torch.nn.Linear does; biases start at zero."""
    if N < 1:
        raise ValueError(f"N: expected a window of at least 1 word, got {N}")
    r_W, r_V = (N * D) ** -0.5, H**-0.5
    return {
        "E": init_embedding(rng, n_vocab, D),
        "W": rng.uniform(-r_W, r_W, (H, N * D)),
        "b": np.zeros(H),
        "V": rng.uniform(-r_V, r_V, (n_vocab, H)),
        "b_y": np.zeros(n_vocab),
    }


def windows(ids: Int[Array, "*B T"], N: int, start: int) -> Int[Array, "*B T N"]:
    """The N words up to and with each step, oldest first; before the sentence there is only <s>.

    >>> windows(np.array([2, 7, 8]), N=2, start=2).tolist()
    [[2, 2], [2, 7], [7, 8]]
    """
    before = np.full((*ids.shape[:-1], N - 1), start)
    padded = np.concatenate([before, ids], axis=-1)
    return np.lib.stride_tricks.sliding_window_view(padded, N, axis=-1)


def window_forward(
    ids: Int[Array, "*B T"], params: Params, start: int, g: str = "tanh"
) -> tuple[Float[Array, "*B T n_vocab"], Any]:
    """h_t = g(W [e_{t-N+1}; …; e_t] + b), scores V h_t + b_y at every step; returns (logits, cache).

    N is W's width over D.  Padding on the right needs no mask, since no window looks that way.
    Raises ValueError where a shape, an id or ``g`` does not fit.
    """
    N, sizes = _window_size(params)
    ids = expect_shape("ids", ids, ("*B", "T"))
    if ids.shape[-1] == 0:
        raise ValueError("ids: expected at least one word, got an empty sequence (T = 0)")
    if g not in ACTIVATIONS:
        raise ValueError(f"g: expected one of {', '.join(ACTIVATIONS)}, got {g!r}")
    expect_ids("start", start, params["E"].shape[1])
    e, embed_cache = embed(windows(ids, N, start), params["E"])  # (13.4), for every word of the window
    e = e.reshape(*ids.shape, -1)
    h = ACTIVATIONS[g].g(e @ params["W"].T + expect_shape("b", params["b"], ("H",), sizes))
    logits, output = output_layer(h, params["V"], params["b_y"])
    return logits, (e, h, embed_cache, output, params["W"], N, g)


def window_backward(dlogits: Float[Array, "*B T n_vocab"], cache: Any) -> Params:
    """All gradients, given dL/dlogits.  A word's embedding gathers one from each window that holds it."""
    e, h, embed_cache, output, W, N, g = cache
    dh, dparams = output_layer_backward(dlogits, output)
    da = dh * ACTIVATIONS[g].slope(h)
    flat = da.reshape(-1, da.shape[-1])
    de = (da @ W).reshape(*h.shape[:-1], N, -1)
    dW = flat.T @ e.reshape(-1, e.shape[-1])
    return {"E": embed_backward(de, embed_cache), "W": dW, "b": flat.sum(axis=0), **dparams}


def next_word_function(
    params: Params, start: int, g: str = "tanh"
) -> Callable[[int, Any], tuple[Array, tuple[int, ...]]]:
    """(token, state) -> (ŷ, state) for ``generation``; all that the model keeps is its window of words."""
    N, _ = _window_size(params)

    def next_word(token: int, state: tuple[int, ...] | None) -> tuple[Array, tuple[int, ...]]:
        words = (*(state or ()), int(expect_ids("token", token, params["E"].shape[1])))[-N:]
        logits, _ = window_forward(np.array(words), params, start, g)
        return softmax(logits[-1]), words

    return next_word


def _window_size(params: Params) -> tuple[int, Sizes]:
    sizes: Sizes = {}
    D = expect_shape("E", params["E"], ("D", "n_vocab"), sizes).shape[0]
    expect_shape("V", params["V"], ("n_vocab", "H"), sizes)
    width = expect_shape("W", params["W"], ("H", "N·D"), sizes).shape[1]
    if width % D or not width:
        raise ValueError(f"W: expected a width of N times D = {D}, got {width}; D comes from E")
    return width // D, sizes
