"""Small random models for the tests of the language widgets: the shapes of a trained one, in a moment."""

from typing import Any

import numpy as np

from unrolled.scratch.cells import CELLS, Params
from unrolled.scratch.classification import init_classifier
from unrolled.scratch.language_model import init_lm
from unrolled.scratch.weight_tying import init_tied

WORDS = (
    "<pad> <unk> <s> </s> the a I you to want know where is cat dog she said that do n't go eat green "
    "moon . ? , ; but plot thin acting wonderful Tom Mary in house red and good bad film not boring"
).split()


def language_model(cell: str = "lstm", D: int = 6, H: int = 5, seed: int = 0, tied: bool = False) -> Params:
    """Random weights, large enough that words differ."""
    rng = np.random.default_rng(seed)
    made = (
        init_tied(rng, len(WORDS), D, cell=CELLS[cell])
        if tied
        else init_lm(rng, len(WORDS), D, H, CELLS[cell])
    )
    made["b_y"] = rng.normal(0, 0.5, len(WORDS))
    return {name: p * (4.0 if name in ("E", "V") else 1.0) for name, p in made.items()}


def classifier(cell: str = "rnn", D: int = 6, H: int = 8, seed: int = 0, **options: Any) -> Params:
    """Random weights of two classes."""
    made = init_classifier(np.random.default_rng(seed), len(WORDS), 2, D, H, cell=CELLS[cell], **options)
    return {name: p * (4.0 if name in ("E", "V") else 1.0) for name, p in made.items()}
