"""Short sentences of Tatoeba without attention: all that the decoder knows of the source is c."""

from unrolled.checkpoints import Checkpoint
from unrolled.checkpoints._translation import both, measure, tatoeba

__all__ = ["both", "measure", "train"]


def train() -> Checkpoint:
    """English to Spanish on Tatoeba, 10 epochs."""
    return tatoeba("translate", "every", 10)
