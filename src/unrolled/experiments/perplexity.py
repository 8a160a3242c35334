"""Claim 3: the perplexity of four language models on text that none of them has seen.

A Kneser-Ney trigram, a feedforward network over the last three words, an RNN and an LSTM read the same short sentences of
Tatoeba's English with the same vocabulary, taken from the training sentences.  The networks have embeddings and hidden layers of
one size; each keeps its best epoch on the development sentences.  The text is small, 10,000 sentences, and a cap takes away the rare
words, which are what counts do best: this says who wins here, not everywhere.
"""

import math
from collections.abc import Callable

import torch
from torch import nn

from unrolled.data import START
from unrolled.experiments import text
from unrolled.nn.language_model import LanguageModel
from unrolled.nn.window_lm import WindowLM
from unrolled.scratch.ngram import KneserNey

TITLE = "Perplexity: trigram, window, RNN and LSTM on short sentences"
CHAPTER, SECTION = "ch03_language_model", "13.2"
STATEMENT = (
    "A recurrent language model, whose context has no fixed end, predicts unseen text better than a Kneser-Ney trigram "
    "and than a feedforward network whose window is a word longer than the trigram's."
)
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {"parameters_*": 0.0, "trigram": 0.01, "unknown": 1e-4, "*": 2.0}
CORPORA = ("tatoeba",)

N_SENTENCES, CAP = 10_000, 1_000
D, H, WINDOW, EPOCHS = 64, 64, 3, 5
# Chosen by tune() on the development sentences with seed 0, which is not among SEEDS (the LSTM's
# as the RNN's).
LEARNING_RATE = {"window": 1e-2, "rnn": 1e-2, "lstm": 1e-2}
NETWORKS: dict[str, Callable[[int], nn.Module]] = {
    "window": lambda n_vocab: WindowLM(n_vocab, D, H, WINDOW, START),
    "rnn": lambda n_vocab: LanguageModel(n_vocab, D, H, "rnn", fused=True),
    "lstm": lambda n_vocab: LanguageModel(n_vocab, D, H, "lstm", fused=True),
}


def trigram(sentences: text.Text) -> float:
    """Test perplexity of a Kneser-Ney trigram (modified discounts), which has nothing random."""
    words = [s[1:-1].tolist() for s in sentences.train]
    model = KneserNey(words, 3, len(sentences.vocabulary), modified=True)
    return math.exp(model.cross_entropy([s[1:-1].tolist() for s in sentences.test]))


def train(name: str, sentences: text.Text, seed: int, learning_rate: float) -> tuple[nn.Module, list[float]]:
    """A network with the weights of its best epoch, and the development perplexity by epoch."""
    n_vocab = len(sentences.vocabulary)
    model, history = text.train(lambda: NETWORKS[name](n_vocab), sentences, seed, learning_rate, EPOCHS)
    return model, history.dev


def tune(seed: int = 0) -> None:
    """Print the development perplexity by epoch of each learning rate: how LEARNING_RATE was chosen."""
    sentences = text.tatoeba(N_SENTENCES // 2, CAP)
    for name in NETWORKS:
        for rate in (5e-3, 1e-2, 2e-2):
            print(name, rate, [f"{dev:.1f}" for dev in train(name, sentences, seed, rate)[1]], flush=True)


def run(seed: int) -> dict[str, float]:
    """Test perplexity of each model, development perplexity by epoch, and by how much a recurrent one beats the others."""
    sentences = text.tatoeba(N_SENTENCES, CAP)
    figures = counted(sentences)
    for name in NETWORKS:
        model, dev = train(name, sentences, seed, LEARNING_RATE[name])
        figures[f"parameters_{name}"] = text.parameters(model)
        figures[name] = text.perplexity(model, sentences.test)
        figures |= {f"dev_{name}_epoch{n}": value for n, value in enumerate(dev, 1)}
    for other in ("trigram", "window"):
        figures |= {f"{name}_below_{other}": figures[other] - figures[name] for name in ("rnn", "lstm")}
    return figures


def counted(sentences: text.Text) -> dict[str, float]:
    """What has nothing random: the trigram's perplexity and the share of unknown words."""
    return {"trigram": trigram(sentences), "unknown": sentences.unknown()}


def quick(seed: int) -> dict[str, float]:
    """What has nothing random."""
    return counted(text.tatoeba(N_SENTENCES, CAP))


def criterion(summary: dict[str, dict]) -> str:
    """Holds if the RNN and the LSTM both have a lower test perplexity than the trigram and than the window network, by the
    whole 95 % interval of each of the four differences; does not hold if one of them is higher by the same.
    """
    found = [
        summary[f"{name}_below_{other}"]["ci95"]
        for name in ("rnn", "lstm")
        for other in ("trigram", "window")
    ]
    if all(low > 0 for low, _ in found):
        return "holds"
    return "does not hold" if any(high < 0 for _, high in found) else "undecided"


def data() -> dict[str, str | int]:
    """The corpus with its hash, and how much of it is used."""
    return text.about_tatoeba(CAP) | {
        "trained_on": f"{N_SENTENCES} sentences, {EPOCHS} epochs at most",
        "tested_on": "the whole test split",
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    tune()
