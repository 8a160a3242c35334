"""Claim 3 on Shakespeare: the perplexity of the four language models on speeches, with a capped vocabulary.

A speech is a sentence here, of some 35 words, the ends of its lines among them.  The models and the training are those of
``perplexity``.
"""

import torch

from unrolled.experiments import four_models, text
from unrolled.experiments.four_models import criterion

__all__ = ["criterion"]

TITLE = "Perplexity: the four models on Shakespeare"
CHAPTER, SECTION = "ch03_language_model", "13.2"
STATEMENT = (
    "On Shakespeare's speeches too, a recurrent language model predicts unseen text better than a Kneser-Ney trigram "
    "and than a feedforward network whose window is a word longer than the trigram's."
)
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {"parameters_*": 0.0, "vocabulary": 0.0, "trigram": 0.01, "unknown": 1e-4, "*": 4.0}
CORPORA = ("shakespeare",)

N_SPEECHES, CAP, EPOCHS = 1_500, 1_000, 4
# Chosen by tune() on the development speeches (the LSTM's as the RNN's).
LEARNING_RATE = {"window": 1e-2, "rnn": 1e-2, "lstm": 1e-2}


def run(seed: int) -> dict[str, float]:
    """Test perplexity of each model, and as in ``perplexity``; the size of the vocabulary."""
    sentences = text.shakespeare(N_SPEECHES, CAP)
    size = {"vocabulary": float(len(sentences.vocabulary))}
    return size | four_models.figures(sentences, seed, LEARNING_RATE, EPOCHS)


def quick(seed: int) -> dict[str, float]:
    """What has nothing random, and the window network's first epoch."""
    return four_models.quick(text.shakespeare(N_SPEECHES, CAP), seed, LEARNING_RATE)


def data() -> dict[str, str | int]:
    """The corpus with its hash, and how much of it is used."""
    return text.about_shakespeare(CAP) | {
        "trained_on": f"{N_SPEECHES} speeches, {EPOCHS} epochs at most",
        "tested_on": "the whole test split",
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    four_models.tune(text.shakespeare(N_SPEECHES, CAP), (3e-3, 1e-2), EPOCHS)
