"""scratch = nn = torch.nn for the window model: scores and every gradient, in float64."""

import numpy as np
import pytest
import torch

from unrolled.nn.window_lm import WindowLM
from unrolled.scratch import window_lm

RTOL = 1e-6
B, T, D, H, N, N_VOCAB, START = 3, 5, 4, 6, 2, 9, 2


@pytest.fixture
def case():
    rng = np.random.default_rng(0)
    params = window_lm.init_window_lm(rng, N_VOCAB, D, H, N)
    params = {n: rng.normal(size=p.shape) * 0.5 for n, p in params.items()}
    return params, rng.integers(N_VOCAB, size=(B, T)), rng.normal(size=(B, T, N_VOCAB))


@pytest.mark.parametrize("g", ["tanh", "relu", "sigmoid"])
def test_nn_equals_scratch(case, g):
    params, ids, dlogits = case
    logits, cache = window_lm.window_forward(ids, params, START, g)
    dparams = window_lm.window_backward(dlogits, cache)
    model = WindowLM(N_VOCAB, D, H, N, START, g).double()
    model.load_state_dict({n: torch.tensor(p) for n, p in params.items()})
    got = model(torch.tensor(ids))
    got.backward(torch.tensor(dlogits))
    np.testing.assert_allclose(got.detach(), logits, rtol=RTOL, atol=1e-12)
    for name, p in model.named_parameters():
        np.testing.assert_allclose(p.grad, dparams[name], rtol=RTOL, atol=1e-12, err_msg=name)


def test_it_is_a_convolution_over_the_embeddings(case):
    """An independent oracle: a window that slides along a text is torch's Conv1d."""
    params, ids, _ = case
    logits, _ = window_lm.window_forward(ids, params, START)
    tensors = {n: torch.tensor(p) for n, p in params.items()}
    e = tensors["E"].T[torch.tensor(np.concatenate([np.full((B, N - 1), START), ids], axis=1))]
    kernel = tensors["W"].reshape(H, N, D).transpose(1, 2)
    h = torch.tanh(torch.nn.functional.conv1d(e.transpose(1, 2), kernel, tensors["b"])).transpose(1, 2)
    np.testing.assert_allclose(h @ tensors["V"].T + tensors["b_y"], logits, rtol=RTOL, atol=1e-12)


def test_bad_input_says_expected_and_got():
    with pytest.raises(ValueError, match="N: expected a window of at least 1 word, got 0"):
        WindowLM(N_VOCAB, D, H, 0, START)
    with pytest.raises(ValueError, match="g: expected one of tanh, relu, sigmoid, got 'swish'"):
        WindowLM(N_VOCAB, D, H, N, START, "swish")
    with pytest.raises(ValueError, match="ids: expected ids from 0 to 8, got 9"):
        WindowLM(N_VOCAB, D, H, N, START)(torch.tensor([[9]]))
