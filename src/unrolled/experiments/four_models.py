"""What the claims about perplexity share: the models, how they are trained and measured, and the criterion.

The networks have embeddings and hidden layers of one size; each keeps its best epoch on the development sentences.
"""

import math
from collections.abc import Callable, Mapping

from torch import nn

from unrolled.data import START, UNK
from unrolled.experiments import text
from unrolled.nn.language_model import LanguageModel
from unrolled.nn.window_lm import WindowLM
from unrolled.scratch.ngram import KneserNey

D, H, WINDOW = 64, 64, 3
NETWORKS: dict[str, Callable[[int], nn.Module]] = {
    "window": lambda n_vocab: WindowLM(n_vocab, D, H, WINDOW, START),
    "rnn": lambda n_vocab: LanguageModel(n_vocab, D, H, "rnn", fused=True),
    "lstm": lambda n_vocab: LanguageModel(n_vocab, D, H, "lstm", fused=True),
}


def trigram(sentences: text.Text, known: bool = False) -> float:
    """Test perplexity of a Kneser-Ney trigram (modified discounts), which has nothing random."""
    words = [s[1:-1].tolist() for s in sentences.train]
    model = KneserNey(words, 3, len(sentences.vocabulary), modified=True)
    if not known:
        return math.exp(model.cross_entropy([s[1:-1].tolist() for s in sentences.test]))
    asked = [(s, t) for s in map(list, sentences.test) for t in range(1, len(s)) if s[t] != UNK]
    return math.exp(
        -sum(math.log(model.probability(s[t], s[max(0, t - 2) : t])) for s, t in asked) / len(asked)
    )


def train(
    name: str, sentences: text.Text, seed: int, learning_rate: float, epochs: int, known: bool = False
) -> tuple[nn.Module, list[float]]:
    """A network with the weights of its best epoch, and the development perplexity by epoch."""
    n_vocab = len(sentences.vocabulary)
    model, history = text.train(
        lambda: NETWORKS[name](n_vocab), sentences, seed, learning_rate, epochs, known
    )
    return model, history.dev


def tune(sentences: text.Text, rates: tuple[float, ...], epochs: int, known: bool = False) -> None:
    """Print the development perplexity by epoch of each learning rate, with seed 0, which is in no claim's SEEDS."""
    for name in NETWORKS:
        for rate in rates:
            dev = train(name, sentences, 0, rate, epochs, known)[1]
            print(name, rate, [f"{value:.1f}" for value in dev], flush=True)


def figures(
    sentences: text.Text, seed: int, learning_rate: Mapping[str, float], epochs: int, known: bool = False
) -> dict[str, float]:
    """Test perplexity of each model, development perplexity by epoch, and by how much a recurrent one beats the others."""
    found = counted(sentences, known)
    for name in NETWORKS:
        model, dev = train(name, sentences, seed, learning_rate[name], epochs, known)
        found[f"parameters_{name}"] = text.parameters(model)
        found[name] = text.perplexity(model, sentences.test, known)
        found |= {f"dev_{name}_epoch{n}": value for n, value in enumerate(dev, 1)}
    for other in ("trigram", "window"):
        found |= {f"{name}_below_{other}": found[other] - found[name] for name in ("rnn", "lstm")}
    return found


def quick(
    sentences: text.Text, seed: int, learning_rate: Mapping[str, float], known: bool = False
) -> dict[str, float]:
    """What has nothing random, and the window network's first epoch."""
    _, dev = train("window", sentences, seed, learning_rate["window"], 1, known)
    return counted(sentences, known) | {"dev_window_epoch1": dev[0]}


def counted(sentences: text.Text, known: bool = False) -> dict[str, float]:
    """What has nothing random: the trigram's perplexity and the share of unknown words."""
    return {"trigram": trigram(sentences, known), "unknown": sentences.unknown()}


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
