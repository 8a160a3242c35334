"""Cross-entropy over the next word, a tag or a class, with padding left out of the mean.

Source: Jurafsky & Martin, *Speech and Language Processing*, section 13.2.2, equations (13.10) and (13.11).
"""

import numpy as np

from unrolled.axes import Array, Bool, Float, Int, Sizes, expect_finite, expect_ids, expect_shape


def log_softmax(logits: Float[Array, "*B K"]) -> Float[Array, "*B K"]:
    """log softmax(logits) over the last axis; the largest score is taken off first, so nothing overflows."""
    a = logits - logits.max(axis=-1, keepdims=True)
    return a - np.log(np.exp(a).sum(axis=-1, keepdims=True))


def cross_entropy(
    logits: Float[Array, "*B K"], targets: Int[Array, "*B"], mask: Bool[Array, "*B"] | None = None
) -> tuple[float, Float[Array, "*B K"]]:
    """The mean of -log softmax(logits)[target] over unmasked tokens, in nats per token; returns (loss, dlogits).

    With a one-hot truth y, the sum of (13.10) keeps one term, (13.11), and the gradient is ŷ - y.
    Where ``mask`` is False there is no loss, no gradient, and the target is not looked at.
    Raises ValueError where a shape does not fit, a target is not a class, or no token is left.

    >>> loss, dlogits = cross_entropy(np.zeros((2, 4)), np.array([0, 3]))
    >>> round(loss, 4), dlogits[0]
    (1.3863, array([-0.375,  0.125,  0.125,  0.125]))
    """
    logits, targets, real = _check(logits, targets, mask)
    log_y = log_softmax(logits)
    n = int(real.sum())
    at_target = np.take_along_axis(log_y, targets[..., None], axis=-1)[..., 0]
    loss = -float(at_target[real].sum()) / n  # (13.11), averaged
    dlogits = np.exp(log_y)  # ŷ
    at = targets[..., None]
    np.put_along_axis(dlogits, at, np.take_along_axis(dlogits, at, axis=-1) - 1, axis=-1)  # ŷ - y
    dlogits *= real[..., None] / logits.dtype.type(n)
    return loss, dlogits


def _check(logits: Array, targets: Array, mask: Array | None) -> tuple[Array, Array, Array]:
    sizes: Sizes = {}
    logits = expect_finite("logits", expect_shape("logits", logits, ("*B", "K"), sizes))
    logits = logits if np.issubdtype(logits.dtype, np.floating) else logits.astype(float)
    targets = expect_shape("targets", targets, ("*B",), sizes)
    real = np.ones(targets.shape, bool) if mask is None else expect_shape("mask", mask, ("*B",), sizes)
    if real.dtype != bool:
        raise ValueError(f"mask: expected booleans, True at real tokens, got dtype {real.dtype}")
    if not real.any():
        raise ValueError(f"mask: expected at least one real token, got none in shape {real.shape}")
    return (
        logits,
        expect_ids("targets", np.where(real, targets, targets.dtype.type(0)), logits.shape[-1]),
        real,
    )
