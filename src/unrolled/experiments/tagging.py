"""What the claims about tagging share: the English Web Treebank as ids and tags, training, and which words are right."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from unrolled import data
from unrolled.axes import Array
from unrolled.data import Vocabulary, pad, sentence_batches
from unrolled.data.batches import Batch
from unrolled.data.ewt import UPOS, Tagged
from unrolled.data.registry import lookup
from unrolled.nn.labeling import Tagger
from unrolled.train import History, fit, seeded

TAGS: list[str] = list(UPOS)
MAX_TOKENS = 800  # a batch of training, padding counted


class Split(NamedTuple):
    """Sentences of one split: the ids of each, and the numbers of its tags."""

    ids: list[Array]
    tags: list[Array]


@lru_cache(maxsize=1)
def treebank() -> data.Corpus[Tagged]:
    """The treebank in lower case."""
    return data.load("ewt", lower=True)


def spread(sentences: Sequence[Tagged], n: int | None) -> list[Tagged]:
    """n of the sentences, evenly spread over the documents; all of them where n is None."""
    n = len(sentences) if n is None else min(n, len(sentences))
    return [sentences[k * len(sentences) // n] for k in range(n)]


def encode(sentences: Sequence[Tagged], vocabulary: Vocabulary) -> Split:
    """The sentences as ids and tags."""
    return Split(
        [vocabulary.encode(s.words) for s in sentences],
        [np.array([TAGS.index(tag) for tag in s.tags]) for s in sentences],
    )


def train(
    make, train: Split, dev: Split, seed: int, learning_rate: float, epochs: int
) -> tuple[Tagger, History]:
    """What ``make()`` makes, with the weights of its best epoch by the accuracy on ``dev``."""
    with seeded(seed):
        model: Tagger = make()

    def loss(model: Tagger, batch: Batch) -> tuple[Tensor, int]:
        answers, _ = pad([train.tags[n] for n in batch.index])
        mask = torch.from_numpy(batch.mask)
        return model.loss(torch.from_numpy(batch.ids), torch.from_numpy(answers), mask), int(mask.sum())

    history = fit(
        model,
        loss,
        lambda rng: list(sentence_batches(train.ids, max_tokens=MAX_TOKENS, rng=rng)),
        torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=learning_rate),
        epochs=epochs,
        seed=seed,
        dev=lambda model: float(right(model, dev).mean()),
        better="higher",
    )
    return model, history


def right(model: Tagger, split: Split) -> Array:
    """For each word of the split, one sentence after the other, whether its tag is right."""
    found: list[Array] = [np.zeros(0, bool)] * len(split.ids)
    with torch.no_grad():
        for batch in sentence_batches(split.ids, max_tokens=4 * MAX_TOKENS):
            predicted = model.predict(torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)).numpy()
            for row, n in zip(predicted, batch.index, strict=True):
                found[n] = row[: len(split.ids[n])] == split.tags[n]
    return np.concatenate(found)


def about(cap: int) -> dict[str, str | int]:
    """What the ledger says of the treebank and of the vocabulary."""
    source = lookup("ewt")
    return {
        "name": source.title,
        "sha256": source.files[0].sha256,
        "sha256_test": source.files[2].sha256,
        "licence": source.licence,
        "vocabulary": f"{cap} words in lower case, the most frequent of the training sentences",
    }
