"""An RNN language model of Tatoeba's short English sentences that uses its embeddings at both ends (chapters 4 and 5)."""

from collections.abc import Mapping
from typing import Any

from unrolled.axes import Array
from unrolled.checkpoints import Checkpoint, _word_models
from unrolled.nn.weight_tying import TiedLanguageModel
from unrolled.scratch.weight_tying import tied_forward

D = 96
RATES = (5e-3, 5e-3, 2e-3, 1e-3, 3e-4)


def make(n_vocab: int) -> TiedLanguageModel:
    """The model before training."""
    return TiedLanguageModel(n_vocab, D, fused=True)


def train() -> Checkpoint:
    """Train it and measure its perplexity."""
    return _word_models.train("tied_lm", make, RATES, {"cell": "rnn", "D": D, "H": D, "tied": True})


def measure(checkpoint: Checkpoint, sample: Mapping[str, Any]) -> float:
    """Perplexity per token of the sentences in ``sample["ids"]``."""
    return _word_models.measure(checkpoint, sample, make)


def both(checkpoint: Checkpoint, sample: Mapping[str, Any]) -> tuple[Array, Array]:
    """The scores of scratch and of torch."""
    return _word_models.both(
        checkpoint, sample, make, lambda ids, p, mask: tied_forward(ids, p, mask=mask)[0]
    )
