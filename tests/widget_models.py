"""Small random networks in scratch's names, for the widgets' tests."""

import numpy as np

WORDS = ["<pad>", "<unk>", "<s>", "</s>", "the", "green", "witch", "arrived", "don", "n't"]


def network(cell, D=3, H=5, K=10, seed=0, tied=False):
    """Random parameters with biases, in scratch's names."""
    rng = np.random.default_rng(seed)
    params = {"E": rng.normal(size=(D, len(WORDS))), **cell.init(rng, D, H), "b_y": rng.normal(size=K)}
    if not tied:
        params["V"] = rng.normal(size=(K, cell.width * H))
    return {n: a + (rng.normal(size=a.shape) if n.split(".")[-1].startswith("b_") else 0) for n, a in params.items()}  # fmt: skip
