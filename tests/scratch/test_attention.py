"""Laws of attention, on shapes that Hypothesis draws."""

import numpy as np
import pytest
from gradients import assert_gradients, weights_like
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.scratch.attention import (
    attend,
    attend_backward,
    attention_weights,
    bilinear_score,
    init_self_attention,
    self_attention,
    self_attention_backward,
)

sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)
scores = st.sampled_from(["dot", "scaled", "bilinear"])


def draw(seed, B, T, S, H, score):
    rng = np.random.default_rng(seed)
    E = H + 1 if score == "bilinear" else H
    W_s = rng.normal(size=(H, E)) if score == "bilinear" else None
    mask = rng.random((B, S)) < 0.6
    mask[:, rng.integers(S)] = True
    return rng, rng.normal(size=(B, T, H)), rng.normal(size=(B, S, E)), W_s, mask


def test_worked_example():
    """Two states with scores ln 3 and 0: weights 3/4 and 1/4, context 3/4 of one and 1/4 of the other."""
    (ctx, alpha), _ = attend(np.array([[np.log(3.0), 0.0]]), np.array([[1.0, 0.0], [0.0, 8.0]]))
    np.testing.assert_allclose(alpha, [[0.75, 0.25]], rtol=1e-12)
    np.testing.assert_allclose(ctx, [[0.75, 2.0]], rtol=1e-12)


@settings(max_examples=30)
@given(seeds, sizes, sizes, sizes, sizes, scores, st.booleans())
def test_gradients(seed, B, T, S, H, score, masked):
    """Through the context and through the weights themselves, into both sides and W_s."""
    rng, h_d, h_e, W_s, mask = draw(seed, B, T, S, H, score)
    arguments = {"score": score, "W_s": W_s, "mask": mask if masked else None}
    (ctx, alpha), cache = attend(h_d, h_e, **arguments)
    w_ctx, w_alpha = weights_like(rng, ctx), weights_like(rng, alpha)
    dh_d, dh_e, dparams = attend_backward(w_ctx, cache, dalpha=w_alpha)

    def loss():
        (ctx, alpha), _ = attend(h_d, h_e, **arguments)
        return float(np.sum(w_ctx * ctx) + np.sum(w_alpha * alpha))

    assert_gradients(loss, {"h_d": dh_d, "h_e": dh_e, **dparams}, {"h_d": h_d, "h_e": h_e, "W_s": W_s})


@settings(max_examples=20)
@given(seeds, sizes, sizes, sizes, sizes, st.booleans())
def test_self_attention_gradients(seed, B, T, D, H, masked):
    rng, x, _, _, mask = draw(seed, B, T, T, D, "dot")
    mask = mask if masked else None
    params = init_self_attention(rng, D, H)
    (out, _), cache = self_attention(x, **params, mask=mask)
    w = weights_like(rng, out)
    dx, dparams = self_attention_backward(w, cache)

    def loss():
        return float(np.sum(w * self_attention(x, **params, mask=mask)[0][0]))

    assert_gradients(loss, {"x": dx, **dparams}, {"x": x, **params})


@given(seeds, sizes, sizes, sizes, sizes, scores)
def test_weights_are_distributions_over_real_tokens(seed, B, T, S, H, score):
    _, h_d, h_e, W_s, mask = draw(seed, B, T, S, H, score)
    (_, alpha), _ = attend(h_d * 50, h_e, score, W_s, mask)
    np.testing.assert_allclose(alpha.sum(axis=-1), 1.0, rtol=1e-12)
    assert (alpha[~np.broadcast_to(mask[:, None], alpha.shape)] == 0).all()


@given(seeds, sizes, sizes, sizes, sizes, scores)
def test_masked_tokens_change_nothing(seed, B, T, S, H, score):
    rng, h_d, h_e, W_s, mask = draw(seed, B, T, S, H, score)
    changed = np.where(mask[..., None], h_e, rng.normal(size=h_e.shape) * 9)
    (ctx, _), cache = attend(h_d, h_e, score, W_s, mask)
    (ctx_changed, _), _ = attend(h_d, changed, score, W_s, mask)
    np.testing.assert_array_equal(ctx_changed, ctx)
    assert (attend_backward(np.ones_like(ctx), cache)[1][~mask] == 0).all()


@given(seeds, sizes, sizes, sizes, scores)
def test_a_single_state_is_returned(seed, B, T, H, score):
    _, h_d, h_e, W_s, _ = draw(seed, B, T, 1, H, score)
    (ctx, _), _ = attend(h_d, h_e, score, W_s)
    np.testing.assert_allclose(ctx, np.broadcast_to(h_e, ctx.shape), rtol=1e-12)


@given(seeds, sizes, sizes, sizes, sizes)
def test_bilinear_with_the_identity_is_the_dot_product(seed, B, T, S, H):
    _, h_d, h_e, _, mask = draw(seed, B, T, S, H, "dot")
    (dot, _), _ = attend(h_d, h_e, "dot", mask=mask)
    (bilinear, _), _ = attend(h_d, h_e, "bilinear", np.eye(H), mask)
    np.testing.assert_allclose(bilinear, dot, rtol=1e-12)


@given(seeds, sizes, sizes, sizes, sizes)
def test_the_bilinear_score_is_what_attention_attends_by(seed, B, T, S, H):
    _, h_d, h_e, W_s, mask = draw(seed, B, T, S, H, "bilinear")
    (_, alpha), _ = attend(h_d, h_e, "bilinear", W_s, mask)
    by_hand = np.einsum("bth,he,bse->bts", h_d, W_s, h_e)
    np.testing.assert_allclose(bilinear_score(h_d, h_e, W_s), by_hand, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(alpha, attention_weights(by_hand, mask), rtol=1e-12)


@given(seeds, sizes, sizes, sizes, sizes, scores)
def test_the_order_of_the_source_does_not_matter(seed, B, T, S, H, score):
    """Permute the encoder's states: the weights move along, the context stays."""
    rng, h_d, h_e, W_s, mask = draw(seed, B, T, S, H, score)
    order = rng.permutation(S)
    (ctx, alpha), _ = attend(h_d, h_e, score, W_s, mask)
    (ctx_p, alpha_p), _ = attend(h_d, h_e[:, order], score, W_s, mask[:, order])
    np.testing.assert_allclose(alpha_p, alpha[..., order], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(ctx_p, ctx, rtol=1e-10, atol=1e-12)


@given(seeds, sizes, sizes, sizes, sizes, scores)
def test_batch_and_steps_are_loops(seed, B, T, S, H, score):
    _, h_d, h_e, W_s, mask = draw(seed, B, T, S, H, score)
    (ctx, _), _ = attend(h_d, h_e, score, W_s, mask)
    for row in range(B):
        for t in range(T):
            (alone, _), _ = attend(h_d[row, t : t + 1], h_e[row], score, W_s, mask[row])
            np.testing.assert_allclose(ctx[row, t], alone[0], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"h_e": np.zeros((2, 5, 3))},
            r"h_e: expected shape \(\*B=\(2,\), S, H=4\), got \(2, 5, 3\); H = 4 comes from h_d",
        ),
        ({"h_e": np.zeros((2, 0, 4))}, "at least one step on each side, got T = 3, S = 0"),
        ({"score": "cosine"}, "score: expected one of dot, scaled, bilinear, got 'cosine'"),
        ({"score": "bilinear"}, "W_s: expected with score='bilinear' and only there"),
        ({"score": "bilinear", "W_s": np.zeros((4, 3))}, r"W_s: expected shape \(H=4, E=4\), got \(4, 3\)"),
        ({"mask": np.zeros((2, 5), bool)}, "at least one real source token"),
        ({"h_d": np.full((2, 3, 4), np.inf)}, "h_d: expected finite numbers, got 24"),
    ],
)
def test_bad_input_says_expected_and_got(change, message):
    good = {"h_d": np.ones((2, 3, 4)), "h_e": np.ones((2, 5, 4)), "mask": np.ones((2, 5), bool)}
    with pytest.raises(ValueError, match=message):
        attend(**{**good, **change})
