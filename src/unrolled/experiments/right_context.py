"""Claim 6b: a bidirectional RNN against one that reads from left to right, in tagging, and where the right side decides.

Both taggers have as many parameters and read the same sentences of the English Web Treebank.  Three shares of words tagged
rightly count: of all words; of those where the right neighbour tells and the left one misleads (*Teddy* Roosevelt, *Teddy*
bears); and, as a control, of those where it is the other way round.  Which words these are is decided by counts of the training
sentences alone: the tag most frequent for (left neighbour, word), and for (word, right neighbour), where both pairs were seen.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from unrolled.data import Vocabulary
from unrolled.data.ewt import Tagged
from unrolled.experiments import tagging
from unrolled.nn.birnn import Bidirectional
from unrolled.nn.cells import Elman
from unrolled.nn.labeling import Tagger

TITLE = "Tagging with the context on the right"
CHAPTER, SECTION = "ch06_stacked_birnn", "13.4.2"
STATEMENT = (
    "A bidirectional RNN tags better than a left-to-right one with as many parameters, by far most at words whose tag the "
    "next word decides."
)
SEEDS = (1, 2, 3, 4, 5)
TOLERANCE = {
    "parameters_*": 0.0,
    "words_*": 0.0,
    "*_baseline": 1e-4,
    "*right*": 0.15,
    "*left*": 0.15,
    "*": 0.03,
}
CORPORA = ("ewt",)

N_TRAIN, CAP, D, EPOCHS = 6_000, 5_000, 64, 4
WIDTH = {"rnn": 64, "birnn": 39}
# By tune() on the development sentences with seed 0, which is not among SEEDS: 3e-3 ends within 0.2 points for both.
LEARNING_RATE = {"rnn": 1e-2, "birnn": 1e-2}
SETS = ("all", "right", "left")


def _elman(D: int, H: int) -> nn.Module:
    return Elman(D, H, fused=True)


MAKE = {"rnn": _elman, "birnn": lambda D, H: Bidirectional(_elman, D, H)}


class Counts:
    """Tags by word, by (left neighbour, word) and by (word, right neighbour) in the training sentences."""

    def __init__(self, sentences: Sequence[Tagged]):
        self.tables: dict[str, dict] = {kind: defaultdict(Counter) for kind in ("word", "left", "right")}
        self.overall = Counter(tag for s in sentences for tag in s.tags).most_common(1)[0][0]
        for s in sentences:
            for kind, keys in _keys(s).items():
                for key, tag in zip(keys, s.tags, strict=True):
                    self.tables[kind][key][tag] += 1

    def best(self, kind: str, key: Any) -> str | None:
        """The most frequent tag there, ties by the alphabet; of an unseen word the most frequent of all, of an unseen pair None."""
        found = self.tables[kind].get(key)
        if found is None:
            return self.overall if kind == "word" else None
        return min(found, key=lambda tag: (-found[tag], tag))

    def sides(self, s: Tagged) -> list[str]:
        """For each word: "right" where only the right neighbour tells the tag, "left" where only the left one does, or ""."""
        keys = _keys(s)
        found = []
        for n, tag in enumerate(s.tags):
            left, right = self.best("left", keys["left"][n]), self.best("right", keys["right"][n])
            decided = left is not None and right is not None and (left == tag) != (right == tag)
            found.append("" if not decided else "right" if right == tag else "left")
        return found


def _keys(s: Tagged) -> dict[str, list]:
    left, right = ("<s>", *s.words[:-1]), (*s.words[1:], "</s>")
    return {
        "word": list(s.words),
        "left": list(zip(left, s.words, strict=True)),
        "right": list(zip(s.words, right, strict=True)),
    }


class Marked(NamedTuple):
    """A split as ids and tags and, of each of its words one after the other, which of SETS has it and its most frequent tag."""

    split: tagging.Split
    sides: np.ndarray
    most_frequent: np.ndarray

    def words(self, which: str) -> np.ndarray:
        """True at the words of a set."""
        return np.ones(len(self.sides), bool) if which == "all" else self.sides == which


def mark(sentences: Sequence[Tagged], vocabulary: Vocabulary, counts: Counts) -> Marked:
    """The sentences encoded, with what the counts say of each word."""
    return Marked(
        tagging.encode(sentences, vocabulary),
        np.array([side for s in sentences for side in counts.sides(s)]),
        np.array([tagging.TAGS.index(str(counts.best("word", w))) for s in sentences for w in s.words]),
    )


@lru_cache(maxsize=1)
def load() -> dict[str, Marked]:
    """Every split, with the vocabulary and the counts of N_TRAIN training sentences, evenly spread."""
    corpus = tagging.treebank()
    train = tagging.spread(corpus.train, N_TRAIN)
    vocabulary, counts = Vocabulary.build([s.words for s in train], max_size=CAP), Counts(train)
    splits = {"train": train, "dev": corpus.dev, "test": corpus.test}
    return {split: mark(sentences, vocabulary, counts) for split, sentences in splits.items()}


def train(name: str, seed: int, learning_rate: float) -> tuple[Tagger, list[float]]:
    """A tagger with the weights of its best epoch, and the development accuracy by epoch."""
    make = partial(Tagger, CAP, len(tagging.TAGS), D, WIDTH[name], MAKE[name])
    splits = load()
    model, history = tagging.train(
        make, splits["train"].split, splits["dev"].split, seed, learning_rate, EPOCHS
    )
    return model, history.dev


def tune(seed: int = 0) -> None:
    """Print the development accuracy by epoch of each learning rate: how LEARNING_RATE was chosen."""
    for name in MAKE:
        for rate in (3e-3, 1e-2):
            print(name, rate, [f"{share:.3f}" for share in train(name, seed, rate)[1]], flush=True)


def run(seed: int) -> dict[str, float]:
    """The shares of both taggers and of the most frequent tag, in each set of words, and the paired gains."""
    figures, test = baseline(), load()["test"]
    for name in MAKE:
        model, _ = train(name, seed, LEARNING_RATE[name])
        figures[f"parameters_{name}"] = float(sum(p.numel() for p in model.parameters()))
        figures |= shares(name, tagging.right(model, test.split))
    figures |= {f"gain_{which}": figures[f"{which}_birnn"] - figures[f"{which}_rnn"] for which in SETS}
    figures["gain_right_over_all"] = figures["gain_right"] - figures["gain_all"]
    return figures


def shares(name: str, right: np.ndarray) -> dict[str, float]:
    """``{set}_{name}``: of a set's words in the test split, the share tagged rightly."""
    return {f"{which}_{name}": float(right[load()["test"].words(which)].mean()) for which in SETS}


def baseline() -> dict[str, float]:
    """How many words each set has, and the share for which the word's most frequent tag is right."""
    test = load()["test"]
    figures = {f"words_{which}": float(test.words(which).sum()) for which in SETS}
    return figures | shares("baseline", test.most_frequent == np.concatenate(test.split.tags))


def quick(seed: int) -> dict[str, float]:
    """The words of each set, and the most frequent tag's shares."""
    return baseline()


def criterion(summary: dict[str, dict]) -> str:
    """Holds if the bidirectional tagger is right more often over all words, and gains more at the words that the right
    neighbour decides than over all, both by the whole 95 % interval of the paired difference; does not hold if one of the two is
    below 0 by the same.
    """
    found = [summary[name]["ci95"] for name in ("gain_all", "gain_right_over_all")]
    if all(low > 0 for low, _ in found):
        return "holds"
    return "does not hold" if any(high < 0 for _, high in found) else "undecided"


def data() -> dict[str, str | int]:
    """The treebank with its hash, and how much of it is used."""
    used = {
        "trained_on": f"{N_TRAIN} sentences, {EPOCHS} epochs at most",
        "tested_on": "the whole test split",
    }
    return tagging.about(CAP) | used


if __name__ == "__main__":
    torch.set_num_threads(1)
    tune()
