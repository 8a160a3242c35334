"""Short sentences of Tatoeba with dot-product attention."""

from unrolled.checkpoints import Checkpoint
from unrolled.checkpoints._translation import both, measure, tatoeba

__all__ = ["both", "measure", "train"]


def train() -> Checkpoint:
    """English to Spanish on Tatoeba, 9 epochs."""
    return tatoeba("translate_attention", "attention", 9)
