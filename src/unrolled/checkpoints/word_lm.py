"""An LSTM language model of Tatoeba's short English sentences (chapters 3, 5 and 7).

A page can carry some 220,000 numbers.  Spent on one matrix of embeddings that is used at both ends, they bring a dev perplexity of
25.5 after one epoch; on two smaller ones (D = 40, H = 56), 27.8.  So its head is tied: where a V is wanted,
``scratch.weight_tying.untie(params)`` writes it out.
"""

from collections.abc import Mapping
from typing import Any

from unrolled.axes import Array
from unrolled.checkpoints import Checkpoint, _word_models
from unrolled.nn.weight_tying import TiedLanguageModel
from unrolled.scratch.cells import LSTM
from unrolled.scratch.weight_tying import tied_forward

D = 80
RATES = (5e-3, 5e-3, 2e-3, 1e-3, 3e-4)


def make(n_vocab: int) -> TiedLanguageModel:
    """The model before training."""
    return TiedLanguageModel(n_vocab, D, cell="lstm", fused=True)


def train() -> Checkpoint:
    """Train it and measure its perplexity."""
    return _word_models.train("word_lm", make, RATES, {"cell": "lstm", "D": D, "H": D, "tied": True})


def measure(checkpoint: Checkpoint, sample: Mapping[str, Any]) -> float:
    """Perplexity per token of the sentences in ``sample["ids"]``."""
    return _word_models.measure(checkpoint, sample, make)


def both(checkpoint: Checkpoint, sample: Mapping[str, Any]) -> tuple[Array, Array]:
    """The scores of scratch and of torch."""
    return _word_models.both(
        checkpoint, sample, make, lambda ids, p, mask: tied_forward(ids, p, LSTM, mask=mask)[0]
    )
