"""Laws of weight tying (13.12) to (13.14)."""

import numpy as np
import pytest
from gradients import assert_gradients
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.scratch.cells import CELLS as ONE_LAYER
from unrolled.scratch.cells import LSTM, RNN
from unrolled.scratch.language_model import (
    init_lm,
    lm_loss,
    next_word_distribution,
    parameter_count,
    teacher_forcing,
)
from unrolled.scratch.rnn import rnn_step, softmax
from unrolled.scratch.stacked import stack
from unrolled.scratch.weight_tying import (
    init_tied,
    parameter_counts,
    tied_backward,
    tied_forward,
    tied_loss,
    untie,
)

START, END = 2, 3
CELLS = {**ONE_LAYER, "stacked lstm": stack(LSTM, 2)}
seeds = st.integers(0, 2**32 - 1)
cells = st.sampled_from(sorted(CELLS)).map(CELLS.get)


def draw(seed, n_vocab, D, cell=RNN, B=2, longest=3):
    rng = np.random.default_rng(seed)
    params = {
        name: rng.normal(scale=0.6, size=p.shape) for name, p in init_tied(rng, n_vocab, D, cell=cell).items()
    }
    sentences = [rng.integers(4, n_vocab, size=rng.integers(1, longest + 1)).tolist() for _ in range(B)]
    return rng, params, teacher_forcing(sentences, START, END)


def test_equations_by_hand():
    """e = E x, h = tanh(W e) from h_0 = 0, ŷ = softmax(Eᵀ h): the matrix of the input scores the output."""
    E = np.array([[0.5, 0.0, 1.0], [0.0, -0.5, 1.0]])
    params = {"E": E, "W": 2 * np.eye(2), "U": np.eye(2), "b": np.zeros(2)}
    h, _ = rnn_step(E[:, 2], np.zeros(2), params["W"], params["U"])
    scores = [0.5 * h[0], -0.5 * h[1], h[0] + h[1]]
    logits, _, _ = tied_forward(np.array([2]), params)
    np.testing.assert_allclose(logits[0], scores, rtol=1e-14)
    np.testing.assert_allclose(
        next_word_distribution(np.array([2]), untie(params)), softmax(np.array(scores))
    )


@settings(max_examples=12, derandomize=True)  # no gradient by chance too small to measure
@given(seeds, cells, st.integers(1, 3), st.integers(2, 4), st.integers(5, 7))
def test_gradients(seed, cell, B, D, n_vocab):
    _, params, (inputs, targets, mask) = draw(seed, n_vocab, D, cell, B)
    _, dparams, _ = tied_loss(inputs, targets, params, cell, mask=mask)
    assert set(dparams) == set(params) and "V" not in dparams
    assert_gradients(lambda: tied_loss(inputs, targets, params, cell, mask=mask)[0], dparams, params)


@given(seeds, cells, st.integers(1, 3), st.integers(1, 4), st.integers(5, 7))
def test_tied_gradient_is_the_sum_of_both_uses(seed, cell, B, D, n_vocab):
    """Of an untied model with V = Eᵀ, add dE and dVᵀ; every other gradient is the same."""
    _, params, (inputs, targets, mask) = draw(seed, n_vocab, D, cell, B)
    loss, dparams, _ = tied_loss(inputs, targets, params, cell, mask=mask)
    two = {**params, "V": params["E"].T.copy()}
    loss_two, dtwo, _ = lm_loss(inputs, targets, two, cell, mask=mask)
    np.testing.assert_allclose(loss, loss_two, rtol=1e-12)
    np.testing.assert_allclose(dparams["E"], dtwo["E"] + dtwo["V"].T, rtol=1e-10, atol=1e-13)
    for name in set(params) - {"E"}:
        np.testing.assert_allclose(dparams[name], dtwo[name], rtol=1e-10, atol=1e-13)


def test_both_uses_matter():
    """A word that is only a candidate still moves: it has no dE of (13.12), only one of (13.14)."""
    _, params, _ = draw(0, 8, 3)
    inputs, targets, mask = teacher_forcing([[4, 5]], START, END)
    logits, _, cache = tied_forward(inputs, params, mask=mask)
    _, dparams = tied_backward(np.ones_like(logits), cache)
    _, dtwo, _ = lm_loss(inputs, targets, untie(params))
    assert (dtwo["E"][:, 7] == 0).all() and (dparams["E"][:, 7] != 0).all()


def test_one_matrix_not_two():
    _, params, _ = draw(1, 8, 3)
    whole = untie(params)
    assert np.shares_memory(whole["V"], params["E"])
    params["E"][0, 0] += 1.0
    assert whole["V"][0, 0] == params["E"][0, 0]


@pytest.mark.parametrize("cell", CELLS.values(), ids=list(CELLS))
def test_counts_are_those_of_the_parameters(cell):
    rng = np.random.default_rng(0)
    counts = parameter_counts(11, 4, cell)
    assert counts["untied"] == parameter_count(init_lm(rng, 11, 4, 4, cell))
    assert counts["tied"] == parameter_count(init_tied(rng, 11, 4, cell=cell))
    assert counts["saved"] == 11 * 4


def test_d_must_be_h():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"H: expected H = D = 3, got H = 4; tying needs"):
        init_tied(rng, 8, 3, 4)
    for cell in CELLS.values():
        params = {name: p for name, p in init_lm(rng, 8, 3, 4, cell).items() if name != "V"}
        with pytest.raises(ValueError, match=r"H: expected H = D = 3, got H = 4"):
            tied_forward(np.array([1]), params, cell)


def test_bad_input_says_expected_and_got():
    _, params, _ = draw(2, 8, 3)
    with pytest.raises(ValueError, match=r"params: expected E and no V, got E, b_y, .*V"):
        untie({**params, "V": params["E"].T})
    with pytest.raises(ValueError, match="params: expected E and no V, got none"):
        untie({})
    with pytest.raises(ValueError, match="ids: expected ids from 0 to 7, got 8"):
        tied_forward(np.array([8]), params)
