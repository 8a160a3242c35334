"""Laws of the tagger, over every cell, one way and both."""

import numpy as np
import pytest
from gradients import assert_gradients
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS, LSTM, RNN
from unrolled.scratch.labeling import (
    accuracy,
    init_tagger,
    predict_tags,
    tagger_backward,
    tagger_forward,
    tagger_loss,
)
from unrolled.scratch.stacked import stack

sizes = st.integers(1, 3)
seeds = st.integers(0, 2**32 - 1)
cells = st.sampled_from([*CELLS.values(), bidirectional(RNN), stack(bidirectional(LSTM), 2)])


def draw(cell, seed, B, T, D, H, K=3, n_vocab=5):
    rng = np.random.default_rng(seed)
    params = {
        n: p + rng.normal(size=p.shape) / 4 for n, p in init_tagger(rng, n_vocab, K, D, H, cell).items()
    }
    mask = np.arange(T) < rng.integers(1, T + 1, size=(B, 1))
    return params, rng.integers(n_vocab, size=(B, T)), rng.integers(K, size=(B, T)), mask


@settings(max_examples=12)
@given(cells, seeds, sizes, sizes, sizes, sizes, st.booleans())
def test_end_to_end_gradients(cell, seed, B, T, D, H, masked):
    """Every parameter, from the tags down to the embeddings."""
    params, ids, tags, mask = draw(cell, seed, B, T, D, H)
    mask = mask if masked else None
    _, grads = tagger_loss(ids, tags, params, cell, mask)
    assert set(grads) == set(params)
    assert_gradients(lambda: tagger_loss(ids, tags, params, cell, mask)[0], grads, params)


@given(cells, seeds, sizes, sizes, sizes, sizes, st.integers(1, 3))
def test_padding_changes_neither_loss_nor_gradient(cell, seed, B, T, D, H, n_pad):
    params, ids, tags, _ = draw(cell, seed, B, T, D, H)
    loss, grads = tagger_loss(ids, tags, params, cell)
    longer = [np.pad(a, ((0, 0), (0, n_pad)), constant_values=1) for a in (ids, tags)]
    mask = np.arange(T + n_pad) < np.full((B, 1), T)
    loss_pad, grads_pad = tagger_loss(*longer, params, cell, mask)
    np.testing.assert_allclose(loss_pad, loss, rtol=1e-12)
    for name in grads:
        np.testing.assert_allclose(grads_pad[name], grads[name], rtol=1e-10, atol=1e-13, err_msg=name)


def test_only_a_bidirectional_tagger_hears_the_next_word():
    for cell, hears in ((RNN, False), (bidirectional(RNN), True)):
        params, ids, _, _ = draw(cell, 0, 1, 4, 3, 4)
        logits, _ = tagger_forward(ids, params, cell)
        ids[0, 3] = (ids[0, 3] + 1) % 5
        changed, _ = tagger_forward(ids, params, cell)
        assert (np.abs(changed - logits)[0, :3].max() > 0) == hears


def test_it_learns_to_copy_and_decodes_by_argmax():
    """Tag = word id: a tagger of 3 words gets every one right after some descent, padding aside."""
    rng = np.random.default_rng(0)
    params = init_tagger(rng, n_vocab=3, K=3, D=4, H=5)
    ids, mask = rng.integers(3, size=(8, 4)), np.arange(4) < rng.integers(1, 5, size=(8, 1))
    first, _ = tagger_loss(ids, ids, params, mask=mask)
    for _ in range(150):
        loss, grads = tagger_loss(ids, ids, params, mask=mask)
        params = {name: p - 0.5 * grads[name] for name, p in params.items()}
    assert loss < first / 5
    assert accuracy(predict_tags(ids, params, mask=mask), ids, mask) == 1.0
    logits, _ = tagger_forward(ids, params, mask=mask)
    np.testing.assert_array_equal(predict_tags(ids, params, mask=mask), logits.argmax(axis=-1))


def test_pretrained_and_frozen_embeddings():
    E = np.arange(10.0).reshape(2, 5)
    params = init_tagger(np.random.default_rng(0), 5, 3, 2, 4, E=E)
    params["E"][0, 0] = 99.0
    assert E[0, 0] == 0.0  # copied
    ids = np.array([[1, 2]])
    logits, cache = tagger_forward(ids, params)
    free, frozen = (
        tagger_backward(np.ones_like(logits), cache),
        tagger_backward(np.ones_like(logits), cache, True),
    )
    assert set(free) - set(frozen) == {"E"}
    assert "E" not in tagger_loss(ids, ids, params, frozen=True)[1]
    with pytest.raises(ValueError, match=r"E: expected shape \(3, 5\), got \(2, 5\)"):
        init_tagger(np.random.default_rng(0), 5, 3, 3, 4, E=E)


def test_accuracy_counts_real_tokens():
    predicted, true = np.array([[1, 2], [0, 0]]), np.array([[1, 0], [0, 5]])
    assert accuracy(predicted, true) == 0.5
    assert accuracy(predicted, true, np.array([[True, False], [True, False]])) == 1.0
    with pytest.raises(ValueError, match="at least one real token, got none"):
        accuracy(predicted, true, np.zeros((2, 2), bool))
    with pytest.raises(ValueError, match=r"true: expected shape \(\*B=\(2, 2\),\), got \(2,\)"):
        accuracy(predicted, true[0])


def test_bad_input_says_expected_and_got():
    params, ids, tags, _ = draw(RNN, 0, 2, 3, 4, 5)
    with pytest.raises(ValueError, match="ids: expected ids from 0 to 4, got 5"):
        tagger_loss(ids * 0 + 5, tags, params)
    with pytest.raises(ValueError, match="targets: expected ids from 0 to 2, got 3"):
        tagger_loss(ids, tags * 0 + 3, params)
    with pytest.raises(ValueError, match="got no V"):
        tagger_loss(ids, tags, {n: p for n, p in params.items() if n != "V"})
    with pytest.raises(ValueError, match="empty sequence"):
        tagger_loss(ids[:, :0], tags[:, :0], params)
    with pytest.raises(ValueError, match=r"got none in sequence \(1,\)"):
        tagger_loss(ids, tags, params, mask=np.array([[True] * 3, [False] * 3]))
