"""Claim 3 on Shakespeare with every word: the perplexity of the four language models, the vocabulary without a cap.

The speeches of ``perplexity_shakespeare``; <unk>, which no model has met in training, is read and never asked for.
"""

import torch

from unrolled.experiments import four_models, text
from unrolled.experiments.four_models import criterion

__all__ = ["criterion"]

TITLE = "Perplexity: Shakespeare with every word of the training text"
CHAPTER, SECTION = "ch03_language_model", "13.2"
STATEMENT = (
    "On Shakespeare's speeches too, with a vocabulary that no cap cuts, a recurrent language model predicts unseen text better than a Kneser-Ney trigram "
    "and than a feedforward network whose window is a word longer than the trigram's."
)
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {"parameters_*": 0.0, "vocabulary": 0.0, "trigram": 0.01, "unknown": 1e-4, "*": 8.0}
CORPORA = ("shakespeare",)

N_SPEECHES, EPOCHS = 1_000, 3
# Those of ``perplexity_uncapped``, not compared here: run this file to compare two on the development speeches.
LEARNING_RATE = {"window": 1e-2, "rnn": 1e-2, "lstm": 1e-2}


def run(seed: int) -> dict[str, float]:
    """Perplexity of each model on the test's known words, and as in ``perplexity``; the size of the vocabulary."""
    sentences = text.shakespeare(N_SPEECHES, None)
    size = {"vocabulary": float(len(sentences.vocabulary))}
    return size | four_models.figures(sentences, seed, LEARNING_RATE, EPOCHS, known=True)


def quick(seed: int) -> dict[str, float]:
    """What has nothing random, and the window network's first epoch."""
    return four_models.quick(text.shakespeare(N_SPEECHES, None), seed, LEARNING_RATE, known=True)


def data() -> dict[str, str | int]:
    """The corpus with its hash, and how much of it is used."""
    return text.about_shakespeare(None) | {
        "trained_on": f"{N_SPEECHES} speeches, {EPOCHS} epochs at most",
        "tested_on": "the known words of the whole test split",
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    four_models.tune(text.shakespeare(N_SPEECHES, None), (3e-3, 1e-2), EPOCHS, known=True)
