"""What the claims about language models share: texts with a vocabulary from training alone, training, perplexity.

A text is a list of sentences for each split.  A word outside the vocabulary is ``<unk>`` for every model alike and counts as a
word to be guessed, so perplexities compare only between models of one vocabulary.  Where the vocabulary has no cap no model ever
meets ``<unk>`` in training; then ``known=True`` asks only for the words that it could have learned.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from unrolled import data
from unrolled.axes import Array
from unrolled.data import Vocabulary, sentence_batches, teacher_forcing
from unrolled.data.batches import Batch
from unrolled.data.registry import lookup
from unrolled.nn.loss import cross_entropy
from unrolled.train import History, fit, seeded

MAX_TOKENS = 600  # a batch of training, padding counted


class Text(NamedTuple):
    """Encoded sentences, <s> … </s>, by split."""

    vocabulary: Vocabulary
    train: list[Array]
    dev: list[Array]
    test: list[Array]

    def unknown(self) -> float:
        """The share of the test's tokens that are <unk>, </s> counted."""
        return float(np.mean(np.concatenate([s[1:] for s in self.test]) == data.UNK))


@lru_cache(maxsize=2)
def tatoeba(n_train: int, cap: int | None) -> Text:
    """Tatoeba's English: ``n_train`` sentences spread evenly over training's, 2,000 of development, the whole test."""
    corpus = data.load("tatoeba")
    return _encode(
        _spread(corpus.english("train"), n_train),
        _spread(corpus.english("dev"), 2_000),
        corpus.english("test"),
        cap,
    )


def about_tatoeba(cap: int | None) -> dict[str, str | int]:
    """What the ledger says of the sentences of ``tatoeba`` and of their vocabulary."""
    return _about("tatoeba", "English side of Tatoeba's English-Spanish pairs", cap)


def about_shakespeare(cap: int | None) -> dict[str, str | int]:
    """What the ledger says of the speeches of ``shakespeare`` and of their vocabulary."""
    return _about("shakespeare", "Tiny Shakespeare in lower case, a speech a sentence", cap)


@lru_cache(maxsize=2)
def shakespeare(n_train: int, cap: int | None) -> Text:
    """Tiny Shakespeare in lower case, a speech a sentence, ``n_train`` of them; the end of a line is a word."""
    corpus = data.load("shakespeare", lower=True)
    train, dev, test = map(_speeches, (corpus.train, corpus.dev, corpus.test))
    return _encode(_spread(train, n_train), dev, test, cap)


def train(
    make: Callable[[], nn.Module],
    text: Text,
    seed: int,
    learning_rate: float,
    epochs: int,
    known: bool = False,
) -> tuple[nn.Module, History]:
    """Train a language model; it ends with the weights of its best epoch on the development sentences."""
    with seeded(seed):
        model = make()
    history = fit(
        model,
        loss,
        lambda rng: list(sentence_batches(text.train, max_tokens=MAX_TOKENS, rng=rng)),
        torch.optim.Adam(model.parameters(), lr=learning_rate),
        epochs=epochs,
        seed=seed,
        dev=lambda model: perplexity(model, text.dev, known),
    )
    return model, history


def loss(model: nn.Module, batch: Batch, known: bool = False) -> tuple[Tensor, int]:
    """Mean loss of a batch in nats per token, </s> counted, and its number of tokens; ``known`` leaves <unk> out of both."""
    inputs, targets, mask = map(torch.from_numpy, teacher_forcing(batch.ids, batch.mask))
    mask = mask & (targets != data.UNK) if known else mask
    logits = model(inputs)  # padding is on the right: no real step ever sees it
    logits = logits[0] if isinstance(logits, tuple) else logits
    return cross_entropy(logits, targets, mask), int(mask.sum())


def perplexity(model: nn.Module, sentences: Sequence[Array], known: bool = False) -> float:
    """exp of the mean loss over all tokens of the sentences, or over all but <unk>."""
    with torch.no_grad():
        parts = [
            loss(model, batch, known) for batch in sentence_batches(sentences, max_tokens=4 * MAX_TOKENS)
        ]
    return math.exp(sum(part.item() * n for part, n in parts) / sum(n for _, n in parts))


def parameters(model: nn.Module) -> float:
    """How many numbers the model learns."""
    return float(sum(p.numel() for p in model.parameters()))


def _about(corpus: str, name: str, cap: int | None) -> dict[str, str | int]:
    source = lookup(corpus)
    some = f"{cap} words, the most frequent of the training sentences and <unk>"
    every = "every word of the training sentences; others, <unk>, are read and never asked for"
    return {
        "name": name,
        "sha256": source.files[0].sha256,
        "licence": source.licence,
        "vocabulary": every if cap is None else some,
    }


def _encode(train: Sequence, dev: Sequence, test: Sequence, cap: int | None) -> Text:
    vocabulary = Vocabulary.build(train, max_size=cap)
    encoded = [[vocabulary.encode(s, start=True, end=True) for s in split] for split in (train, dev, test)]
    return Text(vocabulary, *encoded)


def _spread(sentences: Sequence, n: int) -> list:
    """n of the sentences, evenly spaced: Tatoeba's are sorted by length."""
    return [sentences[k * len(sentences) // n] for k in range(min(n, len(sentences)))]


def _speeches(tokens: Sequence[str]) -> list[list[str]]:
    speeches: list[list[str]] = [[]]
    for before, token in zip(["\n", *tokens], tokens, strict=False):
        if token == before == "\n":  # an empty line
            speeches.append([])
        else:
            speeches[-1].append(token)
    return [speech for speech in speeches if speech]
