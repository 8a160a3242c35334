"""scratch = nn for the classifier, by every pooling: loss and every gradient, in float64."""

import numpy as np
import pytest
import torch
from task_models import MASK, N_VOCAB, D, F, H, K, assert_same, both_worlds, draw, load

from unrolled.nn.classification import Classifier
from unrolled.scratch.cells import CELLS
from unrolled.scratch.classification import POOLS, classifier_loss, init_classifier, predict_class


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
    model = Classifier(N_VOCAB, K, D, H, E=E, frozen=True)
    assert torch.equal(model.E, E) and model.E.data_ptr() != E.data_ptr()
    model(torch.zeros(1, 2, dtype=torch.long)).sum().backward()
    assert model.E.grad is None and model.V.grad is not None


def test_bad_input_says_expected_and_got():
    with pytest.raises(ValueError, match="ids: expected ids from 0 to 7, got 8"):
        Classifier(N_VOCAB, K, D, H)(torch.tensor([[8]]))
    with pytest.raises(ValueError, match="pool: expected one of last, mean, max, got 'sum'"):
        Classifier(N_VOCAB, K, D, H, pool="sum")
