"""Claim 5c: the temperature of sampling trades repetition against variety.

A language model of Tatoeba's English writes ``N`` sentences at each temperature.  distinct_2: different pairs of neighbouring words
among all pairs; repeated: the share of sentences that had been written before, word for word, in the same sample; loops:
the share of pairs that stand a second time in their own sentence.  ``human`` is the same of as many sentences of the test
split, and ``surprise`` the perplexity that a trigram of the training text finds in what was written.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from unrolled.data import END, START
from unrolled.experiments import text
from unrolled.nn.generation import generate
from unrolled.nn.language_model import LanguageModel
from unrolled.scratch.ngram import KneserNey

TITLE = "Generation: variety and repetition by temperature"
CHAPTER, SECTION = "ch05_tasks", "13.3.3"
STATEMENT = (
    "Sampled at a lower temperature, a language model repeats itself more and varies less; at a higher one it varies more, "
    "and its sentences grow less likely."
)
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {"distinct_2_human": 0.0, "repeated_human": 0.0, "loops_human": 0.0, "surprise_human": 0.01,
             "perplexity": 3.0, "surprise_*": 30.0, "*": 0.15}  # fmt: skip
CORPORA = ("tatoeba",)

N_TRAIN, CAP, D, H, EPOCHS = 8_000, 1_000, 64, 64, 3
LEARNING_RATE = 1e-2  # as for the language models of weight_tying.py, on the same corpus
TEMPERATURES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
N, LONGEST = 200, 20


def samples(model: LanguageModel, temperature: float, seed: int) -> list[list[int]]:
    """N sentences of the model, without their </s>."""
    rng = np.random.default_rng([seed, round(100 * temperature)])
    found = [generate(model, [START], END, LONGEST, rng, temperature=temperature).tokens for _ in range(N)]
    return [[int(n) for n in sentence if n not in (START, END)] for sentence in found]


def measures(sentences: Sequence[Sequence[int]]) -> dict[str, float]:
    """distinct_2, repeated and loops of a sample."""
    pairs = [list(pairwise(sentence)) for sentence in sentences]
    n_pairs = sum(map(len, pairs))
    return {
        "distinct_2": len({pair for own in pairs for pair in own}) / n_pairs,
        "repeated": 1.0 - len(set(map(tuple, sentences))) / len(sentences),
        "loops": sum(len(own) - len(set(own)) for own in pairs) / n_pairs,
    }


def run(seed: int) -> dict[str, float]:
    """The measures by temperature, of people, and the differences that decide."""
    sentences = text.tatoeba(N_TRAIN, CAP)
    trigram = _trigram(sentences)
    model, _ = text.train(
        lambda: LanguageModel(CAP, D, H, "lstm", fused=True), sentences, seed, LEARNING_RATE, EPOCHS
    )
    figures = {"perplexity": text.perplexity(model, sentences.test)} | _human(sentences, trigram)
    for temperature in TEMPERATURES:
        written = samples(model, temperature, seed)  # type: ignore[arg-type]
        figures |= {f"{name}_t{temperature:g}": value for name, value in measures(written).items()}
        figures[f"surprise_t{temperature:g}"] = _surprise(trigram, written)
    for name in ("distinct_2", "repeated", "surprise"):
        steps = [
            figures[f"{name}_t{b:g}"] - figures[f"{name}_t{a:g}"] for a, b in pairwise(TEMPERATURES[1:4])
        ]
        figures[f"{name}_least_step"] = min(steps) if name != "repeated" else -max(steps)
    return figures


def quick(seed: int) -> dict[str, float]:
    """What people wrote."""
    sentences = text.tatoeba(N_TRAIN, CAP)
    return _human(sentences, _trigram(sentences))


def criterion(summary: dict[str, dict]) -> str:
    """Holds if from temperature 0.5 to 0.75 and from 0.75 to 1 the sentences vary more (distinct pairs), fewer of them are repeated,
    and the trigram finds them less likely, the smaller of the two steps being above 0 by the whole 95 % interval each
    time; does not hold if one of these goes the other way by the same.
    """
    found = [summary[f"{name}_least_step"]["ci95"] for name in ("distinct_2", "repeated", "surprise")]
    if all(low > 0 for low, _ in found):
        return "holds"
    return "does not hold" if any(high < 0 for _, high in found) else "undecided"


def data() -> dict[str, str | int]:
    """The corpus with its hash, and how much of it is used."""
    return text.about_tatoeba(CAP) | {
        "trained_on": f"{N_TRAIN} sentences, {EPOCHS} epochs",
        "sampled": f"{N} sentences a temperature and seed, at most {LONGEST} words each",
    }


def _trigram(sentences: text.Text) -> KneserNey:
    return KneserNey([s[1:-1].tolist() for s in sentences.train], 3, CAP, modified=True)


def _surprise(trigram: KneserNey, sentences: Sequence[Sequence[int]]) -> float:
    return math.exp(trigram.cross_entropy(sentences))


def _human(sentences: text.Text, trigram: KneserNey) -> dict[str, float]:
    """The measures of N sentences of the test split, evenly spaced."""
    step = len(sentences.test) // N
    theirs = [s[1:-1].tolist() for s in sentences.test[::step][:N]]
    found = measures(theirs) | {"surprise": _surprise(trigram, theirs)}
    return {f"{name}_human": value for name, value in found.items()}
