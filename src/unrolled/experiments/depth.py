"""Claim 6a: what more layers of LSTM do for tagging, and what they cost.

Stacks of one to four layers of one width, on the same sentences of the English Web Treebank, in the same order of batches, for as many epochs;
the development sentences pick the epoch, and every depth has the same learning rate.  The seconds are those of one thread's work.

About a quarter of the treebank for eight epochs, and no trick that helps deep stacks to start (no residual connections, no warm-up): what
depth gives and costs in a training of this size, not what a stack reaches at last.
"""

import time
from functools import lru_cache, partial

from unrolled.data import Vocabulary
from unrolled.experiments import tagging
from unrolled.nn.labeling import Tagger
from unrolled.nn.lstm import LSTM
from unrolled.nn.stacked import Stacked

TITLE = "Depth of a stack: quality and cost"
CHAPTER, SECTION = "ch06_stacked_birnn", "13.4.1"
STATEMENT = "A stack of two LSTM layers tags better than one layer of the same width; each layer more costs parameters and time."
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {"parameters_*": 0.0, "seconds_*": 1e3, "cost_*": 1.5, "*": 0.03}
CORPORA = ("ewt",)

DEPTHS = (1, 2, 3, 4)
N_TRAIN, CAP, D, H, EPOCHS = 3_000, 3_000, 32, 48, 8
# Of 3e-3 and 1e-2 the better on the development sentences with two layers, seed 0; the same at every depth.
LEARNING_RATE = 1e-2


def make(depth: int) -> Tagger:
    """A tagger over ``depth`` layers; one layer is the plain LSTM."""
    one = partial(LSTM, fused=True)
    stacked = partial(Stacked, one, n_layers=depth)
    return Tagger(CAP, len(tagging.TAGS), D, H, one if depth == 1 else stacked)


@lru_cache(maxsize=1)
def load() -> tuple[tagging.Split, tagging.Split, tagging.Split]:
    """N_TRAIN sentences of training, evenly spread, every fourth one of development, and the whole test."""
    corpus = tagging.treebank()
    train = tagging.spread(corpus.train, N_TRAIN)
    vocabulary = Vocabulary.build([s.words for s in train], max_size=CAP)
    train, dev, test = (tagging.encode(s, vocabulary) for s in (train, corpus.dev[::4], corpus.test))
    return train, dev, test


def measure(depth: int, seed: int) -> dict[str, float]:
    """Parameters, test accuracy, its development figure, and seconds an epoch (with its development figure) of one depth."""
    train, dev, test = load()
    start = time.process_time()  # not the clock: other work on the machine is none of a layer's cost
    model, history = tagging.train(partial(make, depth), train, dev, seed, LEARNING_RATE, EPOCHS)
    seconds = (time.process_time() - start) / EPOCHS
    return {
        f"parameters_{depth}": float(sum(p.numel() for p in model.parameters())),
        f"accuracy_{depth}": float(tagging.right(model, test).mean()),
        f"dev_{depth}": max(history.dev),
        f"seconds_{depth}": seconds,
    }


def run(seed: int) -> dict[str, float]:
    """What each depth has, takes and reaches; the paired gains over one layer, and the cost relative to it."""
    figures: dict[str, float] = {}
    for depth in DEPTHS:
        figures |= measure(depth, seed)
    for depth in DEPTHS[1:]:
        figures[f"gain_{depth}"] = figures[f"accuracy_{depth}"] - figures["accuracy_1"]
        figures[f"cost_{depth}"] = figures[f"seconds_{depth}"] / figures["seconds_1"]
    return figures


def quick(seed: int) -> dict[str, float]:
    """One layer."""
    return measure(1, seed)


def criterion(summary: dict[str, dict]) -> str:
    """Holds if two layers are right more often than one, by the whole 95 % interval of the paired difference, and every layer
    more takes longer; does not hold if two layers are right less often by the same.
    """
    low, high = summary["gain_2"]["ci95"]
    costs = [1.0, *(summary[f"cost_{depth}"]["mean"] for depth in DEPTHS[1:])]
    if low > 0 and costs == sorted(costs):
        return "holds"
    return "does not hold" if high < 0 else "undecided"


def data() -> dict[str, str | int]:
    """The treebank with its hash, and how much of it is used."""
    return tagging.about(CAP) | {
        "trained_on": f"{N_TRAIN} sentences, {EPOCHS} epochs at most",
        "tested_on": "the whole test split",
    }
