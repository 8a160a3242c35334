"""What is asked about agreement: sentences of the grammar by form, depth and attractors, and which form of its verb a model expects."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from unrolled.axes import Array
from unrolled.data import Vocabulary, sentence_batches, witch
from unrolled.data.phrases import Example

FORMS = ("subject-first", "fronted", "centre-embedded")
TRAINED, BEYOND = (1, 2), (3, 4)  # nouns nested before the verb


class Asked(NamedTuple):
    """The words before a verb as ids (<s> first), the verb's id, and that of its other number."""

    ids: list[Array]
    right: Array
    wrong: Array


def shapes(depths: Sequence[int]) -> list[tuple[str, int, int]]:
    """Every (form, depth, attractors) of these depths; depth 0 is simple."""
    nested = [(form, d, a) for form in FORMS for d in depths if d for a in range(d + 1)]
    return [("simple", 0, 0)] * (0 in depths) + nested


def sentences(split: str | None, n: int, depths: Sequence[int] = (0, *TRAINED)) -> list[Example]:
    """n sentences of each shape, main verbs that show number, no adjectives."""
    return [e for form, d, a in shapes(depths) for e in witch.agreement(form, d, a, n, split=split)]


def asked(examples: Sequence[Example], vocabulary: Vocabulary) -> Asked:
    """What is asked about the main verb of each sentence."""
    where = [e.agreement.verb for e in examples if e.agreement]
    verbs = [e.source[n] for e, n in zip(examples, where, strict=True)]
    ids = [vocabulary.encode(e.source[:n], start=True) for e, n in zip(examples, where, strict=True)]
    others = map(witch.other_number, verbs)
    return Asked(ids, vocabulary.encode(verbs), vocabulary.encode(list(others)))


def agrees(model: nn.Module, questions: Asked) -> Array:
    """For each question whether the right form gets the higher score."""
    found = np.zeros(len(questions.ids), bool)
    with torch.no_grad():
        for batch in sentence_batches(questions.ids, batch_size=512):
            rows = np.arange(len(batch.index))
            scores = model(torch.from_numpy(batch.ids))[0][rows, batch.mask.sum(axis=1) - 1].numpy()
            found[batch.index] = (
                scores[rows, questions.right[batch.index]] > scores[rows, questions.wrong[batch.index]]
            )
    return found
