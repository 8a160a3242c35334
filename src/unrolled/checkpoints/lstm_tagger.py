"""Parts of speech by an LSTM that reads from left to right, on the English Web Treebank"""

from unrolled.checkpoints import Checkpoint
from unrolled.checkpoints._tagging import both, measure, trained

__all__ = ["both", "measure", "train"]


def train() -> Checkpoint:
    """The twin of ``bilstm_tagger`` that sees no word on the right: the same D, H and vocabulary."""
    return trained("lstm_tagger", both_ways=False)
