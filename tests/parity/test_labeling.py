"""scratch = nn for the tagger: loss and every gradient, in float64."""

import numpy as np
import pytest
import torch
from task_models import MASK, N_VOCAB, D, H, K, assert_same, both_worlds, draw, load

from unrolled.nn.labeling import Tagger
from unrolled.scratch.cells import CELLS
from unrolled.scratch.labeling import init_tagger, predict_tags, tagger_loss


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


def test_pretrained_frozen_embeddings_are_copied_and_stay():
    E = torch.randn(D, N_VOCAB)
    model = Tagger(N_VOCAB, K, D, H, E=E, frozen=True)
    assert torch.equal(model.E, E) and model.E.data_ptr() != E.data_ptr()
    model(torch.zeros(1, 2, dtype=torch.long)).sum().backward()
    assert model.E.grad is None and model.V.grad is not None


def test_bad_input_says_expected_and_got():
    with pytest.raises(ValueError, match="ids: expected ids from 0 to 7, got 8"):
        Tagger(N_VOCAB, K, D, H)(torch.tensor([[8]]))
    with pytest.raises(ValueError, match=r"E: expected shape \(4, 8\), got \(8, 4\)"):
        Tagger(N_VOCAB, K, D, H, E=torch.zeros(N_VOCAB, D))
