"""The grammar's sentences without attention: all that the decoder knows of the source is c."""

from unrolled.checkpoints import Checkpoint
from unrolled.checkpoints._translation import both, measure, witch

__all__ = ["both", "measure", "train"]


def train() -> Checkpoint:
    """English to Spanish on the grammar, 12 epochs."""
    return witch("witch_translate", "every", 12)
