"""Claim 3: the perplexity of four language models on text that none of them has seen.

A Kneser-Ney trigram, a feedforward network over the last three words, an RNN and an LSTM read the same short sentences of
Tatoeba's English with the same vocabulary, taken from the training sentences.  The networks have embeddings and hidden layers of
one size; each keeps its best epoch on the development sentences.  The text is small, 10,000 sentences, and a cap takes away the rare
words, which are what counts do best: this says who wins here, not everywhere.
"""

import torch

from unrolled.experiments import four_models, text
from unrolled.experiments.four_models import criterion

__all__ = ["criterion"]

TITLE = "Perplexity: trigram, window, RNN and LSTM on short sentences"
CHAPTER, SECTION = "ch03_language_model", "13.2"
STATEMENT = (
    "A recurrent language model, whose context has no fixed end, predicts unseen text better than a Kneser-Ney trigram "
    "and than a feedforward network whose window is a word longer than the trigram's."
)
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {"parameters_*": 0.0, "trigram": 0.01, "unknown": 1e-4, "*": 2.0}
CORPORA = ("tatoeba",)

N_SENTENCES, CAP, EPOCHS = 10_000, 1_000, 5
# Chosen by tune() on the development sentences and half as much text (the LSTM's as the RNN's).
LEARNING_RATE = {"window": 1e-2, "rnn": 1e-2, "lstm": 1e-2}


def run(seed: int) -> dict[str, float]:
    """Test perplexity of each model, development perplexity by epoch, and by how much a recurrent one beats the others."""
    return four_models.figures(text.tatoeba(N_SENTENCES, CAP), seed, LEARNING_RATE, EPOCHS)


def quick(seed: int) -> dict[str, float]:
    """What has nothing random, and the window network's first epoch."""
    return four_models.quick(text.tatoeba(N_SENTENCES, CAP), seed, LEARNING_RATE)


def data() -> dict[str, str | int]:
    """The corpus with its hash, and how much of it is used."""
    return text.about_tatoeba(CAP) | {
        "trained_on": f"{N_SENTENCES} sentences, {EPOCHS} epochs at most",
        "tested_on": "the whole test split",
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    four_models.tune(text.tatoeba(N_SENTENCES // 2, CAP), (5e-3, 1e-2, 2e-2), EPOCHS)
