"""The grammar's sentences with dot-product attention."""

from unrolled.checkpoints import Checkpoint
from unrolled.checkpoints._translation import both, measure, witch

__all__ = ["both", "measure", "train"]


def train() -> Checkpoint:
    """English to Spanish on the grammar, 10 epochs."""
    return witch("witch_attention", "attention", 10)
