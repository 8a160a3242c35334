"""Claim 3 with every word: the perplexity of the four language models on Tatoeba's English, the vocabulary without a cap.

Every word of the training sentences is known, and most of them were seen once or twice: what counts do best, since they need
not find an embedding first.  No model has met <unk> in training, so it stands in what they read and is never asked for.  To
keep the networks' softmax over some thousands of words affordable the text is half that of ``perplexity``.
"""

import torch

from unrolled.experiments import four_models, text
from unrolled.experiments.four_models import criterion

__all__ = ["criterion"]

TITLE = "Perplexity with every word of the training text"
CHAPTER, SECTION = "ch03_language_model", "13.2"
STATEMENT = (
    "With a vocabulary that no cap cuts, a recurrent language model still predicts unseen text better than a Kneser-Ney "
    "trigram and than a feedforward network whose window is a word longer than the trigram's."
)
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {"parameters_*": 0.0, "vocabulary": 0.0, "trigram": 0.01, "unknown": 1e-4, "*": 4.0}
CORPORA = ("tatoeba",)

N_SENTENCES, EPOCHS = 5_000, 5
# Chosen by tune() on the development sentences in three epochs (the LSTM's as the RNN's).
LEARNING_RATE = {"window": 1e-2, "rnn": 1e-2, "lstm": 1e-2}


def run(seed: int) -> dict[str, float]:
    """Perplexity of each model on the test's known words, and as in ``perplexity``; the size of the vocabulary."""
    sentences = text.tatoeba(N_SENTENCES, None)
    size = {"vocabulary": float(len(sentences.vocabulary))}
    return size | four_models.figures(sentences, seed, LEARNING_RATE, EPOCHS, known=True)


def quick(seed: int) -> dict[str, float]:
    """What has nothing random, and the window network's first epoch."""
    return four_models.quick(text.tatoeba(N_SENTENCES, None), seed, LEARNING_RATE, known=True)


def data() -> dict[str, str | int]:
    """The corpus with its hash, and how much of it is used."""
    return text.about_tatoeba(None) | {
        "trained_on": f"{N_SENTENCES} sentences, {EPOCHS} epochs at most",
        "tested_on": "the known words of the whole test split",
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    four_models.tune(text.tatoeba(N_SENTENCES, None), (3e-3, 1e-2), 3, known=True)
