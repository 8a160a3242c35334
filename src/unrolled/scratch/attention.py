"""Attention: a context vector that is made anew for each step of the decoder.

Source: Jurafsky & Martin, *Speech and Language Processing*, section 13.8, equations (13.34) to (13.38);
the idea is Bahdanau et al.'s (2015), the scaling and self-attention Vaswani et al.'s (2017).

    h_d (*B, T, H) states of the decoder that ask        h_e (*B, S, E) states of the encoder that answer
    alpha (*B, T, S) how much each step looks at each source position        ctx (*B, T, E)
    W_s (H, E) weights of the bilinear score, which lets the two sides differ in size
"""

from typing import Any

import numpy as np

from unrolled.axes import Array, Bool, Float, Sizes, expect_finite, expect_shape
from unrolled.scratch.rnn import Params, softmax

SCORES = ("dot", "scaled", "bilinear")


def dot_score(h_d: Float[Array, "*B T H"], h_e: Float[Array, "*B S H"]) -> Float[Array, "*B T S"]:
    """score(h_d, h_e) = h_d · h_e (13.35): both sides need the same size."""
    return h_d @ np.swapaxes(h_e, -1, -2)  # (13.35)


def bilinear_score(
    h_d: Float[Array, "*B T H"], h_e: Float[Array, "*B S E"], W_s: Float[Array, "H E"]
) -> Float[Array, "*B T S"]:
    """score(h_d, h_e) = h_d W_s h_e (13.38): with W_s = I it is the dot product."""
    return dot_score(h_d @ W_s, h_e)  # (13.38)


def attention_weights(
    scores: Float[Array, "*B T S"], mask: Bool[Array, "*B S"] | None = None
) -> Float[Array, "*B T S"]:
    """α_ij = softmax over the source positions j of the scores (13.36); a masked position gets weight 0."""
    if mask is not None:
        scores = np.where(mask[..., None, :], scores, -np.inf)
    return softmax(scores)  # (13.36)


def context(alpha: Float[Array, "*B T S"], h_e: Float[Array, "*B S E"]) -> Float[Array, "*B T E"]:
    """c_i = Σ_j α_ij h_e,j (13.37): the encoder's states, averaged with the weights of step i."""
    return alpha @ h_e  # (13.37)


def attend(
    h_d: Float[Array, "*B T H"],
    h_e: Float[Array, "*B S E"],
    score: str = "dot",
    W_s: Float[Array, "H E"] | None = None,
    mask: Bool[Array, "*B S"] | None = None,
) -> tuple[tuple[Float[Array, "*B T E"], Float[Array, "*B T S"]], Any]:
    """Scores, weights and contexts of T decoder states over S encoder states; returns ((ctx, alpha), cache).

    ``score`` is "dot" (13.35), "scaled" (dot / √H) or "bilinear" (13.38, needs W_s).  One step of
    decoding is the same with T = 1.  Raises ValueError where a size does not fit, dot-product
    attention is asked for between different sizes, or a source has no real token.

    >>> (ctx, alpha), _ = attend(np.zeros((1, 2)), np.array([[1.0, 0.0], [3.0, 2.0]]))
    >>> alpha, ctx
    (array([[0.5, 0.5]]), array([[2., 1.]]))
    """
    h_d, h_e, W_s, mask = _check(h_d, h_e, score, W_s, mask)
    q, scale = _query(h_d, score, W_s)
    alpha = attention_weights(dot_score(q, h_e) * scale, mask)  # (13.35), (13.36), (13.38)
    return (context(alpha, h_e), alpha), (h_d, h_e, q, alpha, scale, W_s)


def attend_backward(
    dctx: Float[Array, "*B T E"], cache: Any, dalpha: Float[Array, "*B T S"] | None = None
) -> tuple[Float[Array, "*B T H"], Float[Array, "*B S E"], Params]:
    """The gradients of ``attend``, given dL/dctx (and dL/dα, if the weights are used); returns (dh_d, dh_e, {"W_s"}).

    An encoder state is used twice, as what is averaged and as what is compared: dh_e is the sum of both.
    """
    h_d, h_e, q, alpha, scale, W_s = cache
    dctx = expect_shape("dctx", dctx, (*alpha.shape[:-1], h_e.shape[-1]))
    through_mean = np.swapaxes(alpha, -1, -2) @ dctx
    dalpha = dot_score(dctx, h_e) + (0.0 if dalpha is None else dalpha)  # (9b)
    dscores = alpha * (dalpha - (alpha * dalpha).sum(axis=-1, keepdims=True)) * scale  # (9c)
    dq, through_score = dscores @ h_e, np.swapaxes(dscores, -1, -2) @ q  # (9d)
    if W_s is None:
        return dq, through_mean + through_score, {}
    dW_s = h_d.reshape(-1, h_d.shape[-1]).T @ dq.reshape(-1, dq.shape[-1])
    return dq @ W_s.T, through_mean + through_score, {"W_s": dW_s}


def init_self_attention(rng: np.random.Generator, D: int, H: int) -> Params:
    """W_q, W_k, W_v (H, D), each normal with variance 1/D."""
    return {name: rng.normal(scale=D**-0.5, size=(H, D)) for name in ("W_q", "W_k", "W_v")}


def self_attention(
    x: Float[Array, "*B T D"],
    W_q: Float[Array, "H D"],
    W_k: Float[Array, "H D"],
    W_v: Float[Array, "H D"],
    mask: Bool[Array, "*B T"] | None = None,
) -> tuple[tuple[Float[Array, "*B T H"], Float[Array, "*B T T"]], Any]:
    """A sequence that attends to itself: three views of each x_t ask, are compared and are averaged.

    The bridge to transformers: scaled attention with q = W_q x, k = W_k x, v = W_v x, and no
    recurrence left.  Returns ((out, alpha), cache).
    """
    sizes: Sizes = {}
    x = expect_shape("x", x, ("*B", "T", "D"), sizes)
    weights = {"W_q": W_q, "W_k": W_k, "W_v": W_v}
    W_q, W_k, W_v = (expect_shape(name, W, ("H", "D"), sizes) for name, W in weights.items())
    q, k, v = x @ W_q.T, x @ W_k.T, x @ W_v.T  # (9f)
    (_, alpha), cache = attend(q, k, "scaled", mask=mask)
    return (context(alpha, v), alpha), (x, v, alpha, (W_q, W_k, W_v), cache)


def self_attention_backward(
    dout: Float[Array, "*B T H"], cache: Any
) -> tuple[Float[Array, "*B T D"], Params]:
    """The gradients of ``self_attention``; returns (dx, {"W_q", "W_k", "W_v"})."""
    x, v, alpha, weights, attention = cache
    dout = expect_shape("dout", dout, v.shape)
    dv = np.swapaxes(alpha, -1, -2) @ dout
    dq, dk, _ = attend_backward(np.zeros_like(dout), attention, dalpha=dot_score(dout, v))
    W_q, W_k, W_v = weights
    flat_x = x.reshape(-1, x.shape[-1])
    views = {"W_q": dq, "W_k": dk, "W_v": dv}
    dweights = {name: da.reshape(-1, da.shape[-1]).T @ flat_x for name, da in views.items()}
    return dq @ W_q + dk @ W_k + dv @ W_v, dweights


def _query(h_d: Array, score: str, W_s: Array | None) -> tuple[Array, float]:
    """What is compared with each encoder state, and what the product is scaled by."""
    if W_s is not None:
        return h_d @ W_s, 1.0
    return h_d, h_d.shape[-1] ** -0.5 if score == "scaled" else 1.0  # (9e)


def _check(
    h_d: Array, h_e: Array, score: str, W_s: Array | None, mask: Array | None
) -> tuple[Array, Array, Array | None, Array | None]:
    sizes: Sizes = {}
    if score not in SCORES:
        raise ValueError(f"score: expected one of {', '.join(SCORES)}, got {score!r}")
    if (W_s is not None) != (score == "bilinear"):
        raise ValueError(f"W_s: expected with score='bilinear' and only there, got score={score!r}")
    h_d = expect_finite("h_d", expect_shape("h_d", h_d, ("*B", "T", "H"), sizes))
    h_e = expect_shape("h_e", h_e, ("*B", "S", "H" if W_s is None else "E"), sizes)
    if 0 in (h_d.shape[-2], h_e.shape[-2]):
        raise ValueError(
            f"expected at least one step on each side, got T = {h_d.shape[-2]}, S = {h_e.shape[-2]}"
        )
    if W_s is not None:
        W_s = expect_shape("W_s", W_s, ("H", "E"), sizes)
    if mask is not None:
        mask = expect_shape("mask", mask, ("*B", "S"), sizes)
        if mask.dtype != bool or not mask.any(axis=-1).all():
            raise ValueError("mask: expected booleans with at least one real source token in each sequence")
    return h_d, expect_finite("h_e", h_e), W_s, mask
