"""The output layer that every task puts on its states: scores V h_t + b_y, which a softmax turns into y_t.

Source: Jurafsky & Martin, *Speech and Language Processing*, section 13.1.1, equations (13.2) and (13.3).

    V (K, H) hidden -> output    b_y (K,)
"""

from typing import Any

from unrolled.axes import Array, Float, Sizes, expect_shape

Params = dict[str, Array]


def output_layer(
    h: Float[Array, "*B H"], V: Float[Array, "K H"], b_y: Float[Array, " K"] | None = None
) -> tuple[Float[Array, "*B K"], Any]:
    """The scores V h_t + b_y inside the softmax of (13.3); returns (logits, cache)."""
    sizes: Sizes = {}
    V = expect_shape("V", V, ("K", "H"), sizes)
    h = expect_shape("h", h, ("*B", "H"), sizes)
    logits = h @ V.T  # (13.2), before f
    if b_y is not None:
        logits += expect_shape("b_y", b_y, ("K",), sizes)
    return logits, (h, V)


def output_layer_backward(dlogits: Float[Array, "*B K"], cache: Any) -> tuple[Float[Array, "*B H"], Params]:
    """dh_t = Vᵀ dlogits_t; dV and db_y add up over every step, since the steps share V.  Returns (dh, dparams)."""
    h, V = cache
    dlogits = expect_shape("dlogits", dlogits, (*h.shape[:-1], len(V)))
    flat = dlogits.reshape(-1, len(V))
    return dlogits @ V, {"V": flat.T @ h.reshape(-1, h.shape[-1]), "b_y": flat.sum(axis=0)}
