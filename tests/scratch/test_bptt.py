"""Laws of backpropagation through time, on shapes that Hypothesis draws."""

import tracemalloc

import numpy as np
import pytest
from gradients import assert_gradients, weights_like
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.scratch.bptt import (
    bptt_backward,
    bptt_forward,
    clip_by_norm,
    first_pass,
    global_norm,
    init_network,
    second_pass,
    truncated_bptt,
)
from unrolled.scratch.output import output_layer, output_layer_backward
from unrolled.scratch.rnn import rnn_forward, rnn_output

sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)
TIGHT = {"rtol": 1e-10, "atol": 1e-13}


def draw(seed, B, T, D, H, K, leading=True):
    rng = np.random.default_rng(seed)
    network = {name: rng.normal(scale=0.6, size=p.shape) for name, p in init_network(rng, D, H, K).items()}
    shape = (B,) if leading else ()
    x, h_0 = rng.normal(size=(*shape, T, D)), rng.normal(size=(*shape, H))
    mask = np.arange(T) < rng.integers(1, T + 1, size=(*shape, 1))
    return network, x, rng.integers(K, size=(*shape, T)), h_0, mask


def whole(x, targets, network, h_0=None, mask=None):
    loss, cache = bptt_forward(x, targets, network, h_0, mask)
    return loss, *bptt_backward(cache)


def assert_all_close(got, expected):
    for name in expected:
        np.testing.assert_allclose(got[name], expected[name], **TIGHT, err_msg=name)


def test_one_step_by_hand():
    """One unit, two classes: h = tanh(0.5), y = softmax(h, -h), loss = -log y_0 = log(1 + exp(-2h))."""
    network = {"W": np.array([[0.5]]), "U": np.array([[2.0]]), "V": np.array([[1.0], [-1.0]])}
    h = np.tanh(0.5)
    loss, dx, dh_0, d = whole(np.array([[1.0]]), np.array([0]), network)
    y_0 = 1 / (1 + np.exp(-2 * h))
    np.testing.assert_allclose(loss, np.log(1 + np.exp(-2 * h)), rtol=1e-14)
    np.testing.assert_allclose(d["V"], [[(y_0 - 1) * h], [(1 - y_0) * h]], rtol=1e-14)
    da = (2 * y_0 - 2) * (1 - h**2)
    np.testing.assert_allclose([d["W"][0, 0], dx[0, 0], dh_0[0]], [da, 0.5 * da, 2 * da], rtol=1e-14)
    assert d["U"] == 0 and set(d) == {"W", "U", "V"}


@settings(max_examples=25, derandomize=True)  # no gradient by chance too small to measure
@given(
    seeds, sizes, sizes, sizes, sizes, st.integers(2, 4), st.booleans(), st.sampled_from(["tanh", "sigmoid"])
)
def test_gradients(seed, B, T, D, H, K, masked, g):
    network, x, targets, h_0, mask = draw(seed, B, T, D, H, K)
    mask = mask if masked else None

    def loss():
        return bptt_forward(x, targets, network, h_0, mask, g)[0]

    dx, dh_0, dnetwork = bptt_backward(bptt_forward(x, targets, network, h_0, mask, g)[1])
    assert set(dnetwork) == {"W", "U", "V", "b", "b_y"}
    assert_gradients(loss, {"x": dx, "h_0": dh_0, **dnetwork}, {"x": x, "h_0": h_0, **network})


@pytest.mark.parametrize(("B", "T", "D", "H", "K"), [(2, 3, 4, 5, 6), (2, 1, 3, 4, 5), (1, 4, 3, 2, 5)])
def test_gradients_where_all_sizes_differ(B, T, D, H, K):
    network, x, targets, h_0, mask = draw(7, B, T, D, H, K)
    dx, dh_0, dnetwork = bptt_backward(bptt_forward(x, targets, network, h_0, mask)[1])
    assert_gradients(
        lambda: bptt_forward(x, targets, network, h_0, mask)[0],
        {"x": dx, "h_0": dh_0, **dnetwork},
        {"x": x, "h_0": h_0, **network},
    )


@given(seeds, sizes, sizes, sizes, st.integers(1, 5))
def test_output_layer(seed, B, T, H, K):
    rng = np.random.default_rng(seed)
    h, V, b_y = rng.normal(size=(B, T, H)), rng.normal(size=(K, H)), rng.normal(size=K)
    logits, cache = output_layer(h, V, b_y)
    y = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(y, rnn_output(h, V, b_y), **TIGHT)
    w = weights_like(rng, logits)
    dh, dparams = output_layer_backward(w, cache)
    assert_gradients(
        lambda: float(np.sum(w * output_layer(h, V, b_y)[0])),
        {"h": dh, **dparams},
        {"h": h, "V": V, "b_y": b_y},
    )


@given(seeds, sizes, sizes, sizes, sizes, sizes, st.booleans())
def test_two_passes_by_steps_are_the_passes_over_arrays(seed, B, T, D, H, K, leading):
    network, x, targets, h_0, _ = draw(seed, B, T, D, H, K, leading)
    loss, dx, dh_0, d = whole(x, targets, network, h_0)
    loss_steps, saved = first_pass(x, targets, network, h_0)
    dx_steps, dh_0_steps, d_steps = second_pass(saved)
    np.testing.assert_allclose(loss_steps, loss, **TIGHT)
    assert_all_close({"x": dx_steps, "h_0": dh_0_steps, **d_steps}, {"x": dx, "h_0": dh_0, **d})


@given(seeds, sizes, sizes, sizes, sizes, sizes)
def test_batch_is_a_loop_over_sequences(seed, B, T, D, H, K):
    network, x, targets, h_0, mask = draw(seed, B, T, D, H, K)
    loss, dx, dh_0, d = whole(x, targets, network, h_0, mask)
    share = mask.sum(axis=-1) / mask.sum()  # each sequence's part in the mean over tokens
    rows = [whole(x[b], targets[b], network, h_0[b], mask[b]) for b in range(B)]
    np.testing.assert_allclose(loss, sum(s * row[0] for s, row in zip(share, rows, strict=True)), **TIGHT)
    for b, (s, row) in enumerate(zip(share, rows, strict=True)):
        np.testing.assert_allclose(dx[b], s * row[1], **TIGHT)
        np.testing.assert_allclose(dh_0[b], s * row[2], **TIGHT)
    assert_all_close(d, {n: sum(s * row[3][n] for s, row in zip(share, rows, strict=True)) for n in d})


@given(seeds, sizes, sizes, sizes, sizes, sizes, st.sampled_from(["left", "right"]))
def test_padding_changes_nothing(seed, T, D, H, K, n_pad, side):
    network, x, targets, h_0, _ = draw(seed, 1, T, D, H, K, leading=False)
    rubbish = np.random.default_rng(seed).normal(size=(n_pad, D))
    real, pad, wrong = np.ones(T, bool), np.zeros(n_pad, bool), np.full(n_pad, -100)

    def beside(a, b):
        return np.concatenate([a, b] if side == "right" else [b, a])

    args = (beside(x, rubbish), beside(targets, wrong), network, h_0, beside(real, pad))
    loss, dx, dh_0, d = whole(x, targets, network, h_0)
    loss_pad, dx_pad, dh_0_pad, d_pad = whole(*args)
    np.testing.assert_allclose(loss_pad, loss, **TIGHT)
    assert (dx_pad[~args[-1]] == 0).all()
    assert_all_close({"x": dx_pad[args[-1]], "h_0": dh_0_pad, **d_pad}, {"x": dx, "h_0": dh_0, **d})


@given(seeds, sizes, sizes, sizes, sizes, sizes, st.integers(0, 3), st.booleans(), st.booleans())
def test_one_segment_is_full_bptt(seed, B, T, D, H, K, more, masked, leading):
    network, x, targets, h_0, mask = draw(seed, B, T, D, H, K, leading)
    mask = mask if masked else None
    (segment,) = truncated_bptt(x, targets, network, T + more, h_0, mask)
    loss, dx, dh_0, d = whole(x, targets, network, h_0, mask)
    np.testing.assert_allclose(segment.loss, loss, **TIGHT)
    assert segment.steps == slice(0, T) and segment.n_tokens == (targets.size if mask is None else mask.sum())
    assert_all_close({"x": segment.dx, "h_0": segment.dh_0, **segment.dnetwork}, {"x": dx, "h_0": dh_0, **d})
    h, _ = rnn_forward(x, network["W"], network["U"], network["b"], h_0, mask)
    np.testing.assert_allclose(segment.h_T, h[..., -1, :], **TIGHT)


@given(seeds, sizes, st.integers(1, 9), sizes, sizes, sizes, st.integers(1, 4), st.booleans())
def test_segments_carry_the_state_and_cut_the_error(seed, B, T, D, H, K, length, masked):
    """Losses are those of the whole pass; each segment's gradients are full BPTT's from a given state."""
    network, x, targets, h_0, mask = draw(seed, B, T, D, H, K)
    mask = mask if masked else np.ones((B, T), bool)
    h, _ = rnn_forward(x, network["W"], network["U"], network["b"], h_0, mask)
    h = np.concatenate([h_0[:, None], h], axis=1)
    loss, n_tokens = 0.0, 0
    for segment in truncated_bptt(x, targets, network, length, h_0, mask if masked else None):
        s = segment.steps
        rows = mask[:, s].any(axis=1)
        loss_s, dx, dh_0, d = whole(x[rows, s], targets[rows, s], network, h[rows, s.start], mask[rows, s])
        np.testing.assert_allclose(segment.loss, loss_s, **TIGHT)
        np.testing.assert_allclose(segment.h_T, h[:, s.stop], **TIGHT)
        assert_all_close(
            {"x": segment.dx[rows], "h_0": segment.dh_0[rows], **segment.dnetwork},
            {"x": dx, "h_0": dh_0, **d},
        )
        assert (segment.dx[~rows] == 0).all() and (segment.dh_0[~rows] == 0).all()
        loss, n_tokens = loss + segment.loss * segment.n_tokens, n_tokens + segment.n_tokens
    assert n_tokens == mask.sum()
    np.testing.assert_allclose(loss / n_tokens, whole(x, targets, network, h_0, mask)[0], **TIGHT)


def test_the_network_may_be_trained_between_segments():
    network, x, targets, h_0, _ = draw(0, 2, 6, 3, 4, 5)
    run = truncated_bptt(x, targets, network, 3, h_0)
    first = next(run)
    network["W"] = network["W"] + 1.0
    expected = whole(x[:, 3:], targets[:, 3:], network, first.h_T)
    np.testing.assert_allclose(next(run).loss, expected[0], rtol=1e-12)


def test_memory_is_flat_in_the_length_of_the_sequence():
    def peak(T):
        network, x, targets, h_0, _ = draw(1, 2, T, 8, 16, 10)
        tracemalloc.start()
        for _ in truncated_bptt(x, targets, network, 20, h_0):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(40)  # what NumPy allocates once
    assert peak(8000) < 1.2 * peak(80)


@given(seeds, st.floats(0.01, 10.0))
def test_clipping_keeps_the_direction(seed, max_norm):
    rng = np.random.default_rng(seed)
    grads = {"W": rng.normal(size=(2, 3)), "b": rng.normal(size=2)}
    clipped, norm = clip_by_norm(grads, max_norm)
    flat = np.concatenate([d.ravel() for d in grads.values()])
    np.testing.assert_allclose(norm, np.linalg.norm(flat), rtol=1e-12)
    np.testing.assert_allclose(global_norm(clipped), min(norm, max_norm), rtol=1e-12)
    for name in grads:
        np.testing.assert_allclose(clipped[name] * norm, grads[name] * min(norm, max_norm), rtol=1e-12)


def test_clipping_refuses_nan_and_a_norm_that_is_not_positive():
    with pytest.raises(ValueError, match="max_norm: expected a number above 0, got 0"):
        clip_by_norm({"W": np.ones(2)}, 0)
    with pytest.raises(ValueError, match="dU: expected finite numbers, got 1 NaN"):
        clip_by_norm({"W": np.ones(2), "U": np.array([1.0, np.nan])}, 1.0)
    assert clip_by_norm({"W": np.zeros(2)}, 1.0)[1] == 0.0


def test_float32_stays_float32():
    network, x, targets, h_0, mask = draw(3, 2, 5, 3, 4, 6)
    network = {n: p.astype("f4") for n, p in network.items()}
    for segment in truncated_bptt(x.astype("f4"), targets, network, 2, h_0.astype("f4"), mask):
        kept = [segment.dx, segment.dh_0, segment.h_T, *segment.dnetwork.values()]
        assert {a.dtype for a in kept} == {np.dtype("f4")}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"x": np.zeros((2, 3, 5))},
            r"x: expected shape \(\*B, T, D=4\), got \(2, 3, 5\); D = 4 comes from W",
        ),
        ({"x": np.zeros((2, 0, 4)), "targets": np.zeros((2, 0), int), "mask": None}, "got an empty sequence"),
        ({"x": np.full((2, 3, 4), np.nan)}, r"x: expected finite numbers, got 24 NaN"),
        ({"targets": np.zeros((3, 2), int)}, r"targets: expected shape .*, got \(3, 2\)"),
        ({"targets": np.full((2, 3), 6)}, r"targets: expected ids from 0 to 5, got 6"),
        ({"targets": np.zeros((2, 3))}, r"targets: expected integer token ids, got dtype float64"),
        ({"mask": np.array([[True] * 3, [False] * 3])}, r"got none in sequence \(1,\)"),
        ({"h_0": np.zeros((2, 4))}, r"h_0: expected shape .*, got \(2, 4\)"),
        ({"g": "swish"}, "g: expected one of"),
    ],
)
@pytest.mark.parametrize("run", ["whole", "segments"])
def test_bad_input_says_expected_and_got(change, message, run):
    network, x, targets, h_0, _ = draw(4, 2, 3, 4, 5, 6)
    kwargs = {
        "x": x,
        "targets": targets,
        "network": network,
        "h_0": h_0,
        "mask": np.ones((2, 3), bool),
        **change,
    }
    with pytest.raises(ValueError, match=message):
        if run == "whole":
            bptt_forward(**kwargs)
        else:
            list(truncated_bptt(**kwargs, length=3))


def test_bad_choices_say_expected_and_got():
    network, x, targets, _, _ = draw(5, 2, 3, 4, 5, 6)
    with pytest.raises(ValueError, match="length: expected at least 1 step in a segment, got 0"):
        truncated_bptt(x, targets, network, 0)  # at the call, not at the first segment
    with pytest.raises(ValueError, match="got an empty sequence"):
        first_pass(x[:, :0], targets[:, :0], network)
