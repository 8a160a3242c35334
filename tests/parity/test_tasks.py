"""scratch = nn for the tagger and the classifier: loss and every gradient, in float64."""

import functools

import numpy as np
import pytest
import torch

from unrolled.nn import cells as nn_cells
from unrolled.nn.birnn import Bidirectional
from unrolled.nn.classification import Classifier
from unrolled.nn.labeling import Tagger
from unrolled.nn.stacked import Stacked
from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS
from unrolled.scratch.classification import POOLS, classifier_loss, init_classifier, predict_class
from unrolled.scratch.labeling import init_tagger, predict_tags, tagger_loss
from unrolled.scratch.stacked import stack

B, T, D, H, K, F, N_VOCAB = 3, 5, 4, 6, 2, 7, 8
MASK = np.arange(T) < np.array([5, 2, 4])[:, None]


def draw(init):
    rng = np.random.default_rng(0)
    params = {name: p + rng.normal(size=p.shape) / 4 for name, p in init(rng).items()}
    return params, rng.integers(N_VOCAB, size=(B, T)), rng.integers(K, size=(B, T))


def load(model, params):
    """The model's own parameters have scratch's names; the cell's stand under "cell."."""
    model.load_scratch(params)
    back = model.scratch_params()
    assert set(back) == set(params) and all(np.allclose(back[name], params[name]) for name in params)
    with pytest.raises(ValueError, match="V: expected shape"):
        model.load_scratch({name: p for name, p in params.items() if name != "V"})


def assert_same(loss, grads, got, model):
    got.backward()
    np.testing.assert_allclose(got.item(), loss, rtol=1e-6)
    for name, p in model.named_parameters():
        expected = grads[name.removeprefix("cell.")]
        np.testing.assert_allclose(p.grad, expected, rtol=1e-6, atol=1e-12, err_msg=name)


def both_worlds(name, both_ways, fused):
    make, cell = functools.partial(nn_cells.CELLS[name], fused=fused), CELLS[name]
    if both_ways:
        make = functools.partial(Stacked, functools.partial(Bidirectional, make), n_layers=2)
        cell = stack(bidirectional(cell), 2)
    return make, cell


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("name", list(CELLS))
def test_tagger(name, both_ways, fused):
    make, cell = both_worlds(name, both_ways, fused)
    params, ids, tags = draw(lambda rng: init_tagger(rng, N_VOCAB, K, D, H, cell))
    model = Tagger(N_VOCAB, K, D, H, make).double()
    load(model, params)
    tensors = [torch.tensor(a) for a in (ids, tags, MASK)]
    assert_same(*tagger_loss(ids, tags, params, cell, MASK), model.loss(*tensors), model)
    predicted = model.predict(tensors[0], tensors[2]).numpy()
    np.testing.assert_array_equal(predicted[MASK], predict_tags(ids, params, cell, MASK)[MASK])


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("name", list(CELLS))
def test_classifier(name, both_ways, pool, fused):
    make, cell = both_worlds(name, both_ways, fused)
    params, ids, tags = draw(lambda rng: init_classifier(rng, N_VOCAB, K, D, H, F, cell, pool))
    model = Classifier(N_VOCAB, K, D, H, F, make, pool).double()
    load(model, params)
    classes = tags[:, 0]
    tensors = [torch.tensor(a) for a in (ids, classes, MASK)]
    assert_same(*classifier_loss(ids, classes, params, cell, MASK, pool), model.loss(*tensors), model)
    predicted = model.predict(tensors[0], tensors[2]).numpy()
    np.testing.assert_array_equal(predicted, predict_class(ids, params, cell, MASK, pool))


def test_pretrained_frozen_embeddings_are_copied_and_stay():
    E = torch.randn(D, N_VOCAB)
    for model in (Tagger(N_VOCAB, K, D, H, E=E, frozen=True), Classifier(N_VOCAB, K, D, H, E=E, frozen=True)):
        assert torch.equal(model.E, E) and model.E.data_ptr() != E.data_ptr()
        model(torch.zeros(1, 2, dtype=torch.long)).sum().backward()
        assert model.E.grad is None and model.V.grad is not None


def test_bad_input_says_expected_and_got():
    with pytest.raises(ValueError, match="ids: expected ids from 0 to 7, got 8"):
        Tagger(N_VOCAB, K, D, H)(torch.tensor([[8]]))
    with pytest.raises(ValueError, match=r"E: expected shape \(4, 8\), got \(8, 4\)"):
        Tagger(N_VOCAB, K, D, H, E=torch.zeros(N_VOCAB, D))
    with pytest.raises(ValueError, match="pool: expected one of last, mean, max, got 'sum'"):
        Classifier(N_VOCAB, K, D, H, pool="sum")
