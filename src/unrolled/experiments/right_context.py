"""Claim 6b: a bidirectional RNN against one that reads from left to right, in tagging, and where the right side decides.

Both taggers have as many parameters and read the same sentences of the English Web Treebank.  Three shares of words tagged
rightly count: of all words; of those where the right neighbour tells and the left one misleads (*Teddy* Roosevelt, *Teddy*
bears); and, as a control, of those where it is the other way round.  Which words these are is decided by counts of the training
sentences alone: the tag most frequent for (left neighbour, word), and for (word, right neighbour), where both pairs were seen.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from unrolled import data as corpora
from unrolled.data import Vocabulary, pad, sentence_batches
from unrolled.data.batches import Batch
from unrolled.data.ewt import UPOS, Tagged
from unrolled.data.registry import lookup
from unrolled.nn.birnn import Bidirectional
from unrolled.nn.cells import Elman
from unrolled.nn.labeling import Tagger
from unrolled.train import fit, seeded

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

N_TRAIN, CAP, D, EPOCHS, MAX_TOKENS = 6_000, 5_000, 64, 4, 800
WIDTH = {"rnn": 64, "birnn": 39}
# By tune() on the development sentences with seed 0, which is not among SEEDS: 3e-3 ends within 0.2 points for both.
LEARNING_RATE = {"rnn": 1e-2, "birnn": 1e-2}
SETS = ("all", "right", "left")
TAGS: list[str] = list(UPOS)


def _elman(D: int, H: int) -> nn.Module:
    return Elman(D, H, fused=True)


MAKE = {"rnn": _elman, "birnn": lambda D, H: Bidirectional(_elman, D, H)}


@lru_cache(maxsize=1)
def load() -> dict[str, Sequence[Tagged]]:
    """The treebank in lower case; of the training sentences N_TRAIN, evenly spread."""
    corpus = corpora.load("ewt", lower=True)
    train = [corpus.train[k * len(corpus.train) // N_TRAIN] for k in range(N_TRAIN)]
    return {"train": train, "dev": corpus.dev, "test": corpus.test}


class Encoded:
    """Ids and tags of a split, and for each word which of SETS it belongs to."""

    def __init__(self, sentences: Sequence[Tagged], vocabulary: Vocabulary, counts: "Counts"):
        self.ids = [vocabulary.encode(s.words) for s in sentences]
        self.tags = [np.array([TAGS.index(tag) for tag in s.tags]) for s in sentences]
        self.sides = [np.array(counts.sides(s)) for s in sentences]
        self.most_frequent = [[str(counts.best("word", w)) for w in s.words] for s in sentences]

    def words(self, which: str) -> np.ndarray:
        """True at the words of a set, over all sentences one after the other."""
        sides = np.concatenate(self.sides)
        return np.ones(len(sides), bool) if which == "all" else sides == which


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


@lru_cache(maxsize=1)
def encode() -> dict[str, Encoded]:
    """Every split, with the vocabulary and the counts of the training sentences."""
    splits = load()
    vocabulary = Vocabulary.build([s.words for s in splits["train"]], max_size=CAP)
    counts = Counts(splits["train"])
    return {split: Encoded(sentences, vocabulary, counts) for split, sentences in splits.items()}


def train(name: str, seed: int, learning_rate: float) -> tuple[Tagger, list[float]]:
    """A tagger with the weights of its best epoch, and the development accuracy by epoch."""
    splits = encode()
    with seeded(seed):
        model = Tagger(CAP, len(UPOS), D, WIDTH[name], MAKE[name])
    tags = splits["train"].tags

    def loss(model: Tagger, batch: Batch) -> tuple[Tensor, int]:
        answers, _ = pad([tags[n] for n in batch.index])
        mask = torch.from_numpy(batch.mask)
        return model.loss(torch.from_numpy(batch.ids), torch.from_numpy(answers), mask), int(mask.sum())

    history = fit(
        model,
        loss,
        lambda rng: list(sentence_batches(splits["train"].ids, max_tokens=MAX_TOKENS, rng=rng)),
        torch.optim.Adam(model.parameters(), lr=learning_rate),
        epochs=EPOCHS,
        seed=seed,
        dev=lambda model: float(right(model, splits["dev"]).mean()),
        better="higher",
    )
    return model, history.dev


def right(model: Tagger, split: Encoded) -> np.ndarray:
    """For each word of the split, one sentence after the other, whether its tag is right."""
    found: list[np.ndarray] = [np.zeros(0, bool)] * len(split.ids)
    with torch.no_grad():
        for batch in sentence_batches(split.ids, max_tokens=4 * MAX_TOKENS):
            predicted = model.predict(torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)).numpy()
            for row, n in zip(predicted, batch.index, strict=True):
                found[n] = row[: len(split.ids[n])] == split.tags[n]
    return np.concatenate(found)


def tune(seed: int = 0) -> None:
    """Print the development accuracy by epoch of each learning rate: how LEARNING_RATE was chosen."""
    for name in MAKE:
        for rate in (3e-3, 1e-2):
            print(name, rate, [f"{share:.3f}" for share in train(name, seed, rate)[1]], flush=True)


def run(seed: int) -> dict[str, float]:
    """The shares of both taggers and of the most frequent tag, in each set of words, and the paired gains."""
    figures = baseline()
    for name in MAKE:
        model, _ = train(name, seed, LEARNING_RATE[name])
        figures[f"parameters_{name}"] = float(sum(p.numel() for p in model.parameters()))
        shares = right(model, encode()["test"])
        figures |= {f"{which}_{name}": float(shares[encode()["test"].words(which)].mean()) for which in SETS}
    figures |= {f"gain_{which}": figures[f"{which}_birnn"] - figures[f"{which}_rnn"] for which in SETS}
    figures["gain_right_over_all"] = figures["gain_right"] - figures["gain_all"]
    return figures


def baseline() -> dict[str, float]:
    """How many words each set has, and the share for which the word's most frequent tag is right."""
    split = encode()["test"]
    tags = np.concatenate([[TAGS.index(tag) for tag in tags] for tags in split.most_frequent])
    shares = tags == np.concatenate(split.tags)
    figures = {f"words_{which}": float(split.words(which).sum()) for which in SETS}
    return figures | {f"{which}_baseline": float(shares[split.words(which)].mean()) for which in SETS}


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
    source = lookup("ewt")
    return {
        "name": source.title,
        "sha256": source.files[0].sha256,
        "sha256_test": source.files[2].sha256,
        "licence": source.licence,
        "vocabulary": f"{CAP} words in lower case, the most frequent of the training sentences",
        "trained_on": f"{N_TRAIN} sentences, {EPOCHS} epochs at most",
        "tested_on": "the whole test split",
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    tune()
