"""Parts of speech by a bidirectional LSTM, on the English Web Treebank"""

from unrolled.checkpoints import Checkpoint
from unrolled.checkpoints._tagging import both, measure, trained

__all__ = ["both", "measure", "train"]


def train() -> Checkpoint:
    """The twin of ``lstm_tagger`` that reads from either end: the same D, H and vocabulary."""
    return trained("bilstm_tagger", both_ways=True)
