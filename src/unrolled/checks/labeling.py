"""Checks of assignment ch05_tasks, sequence labeling: names out of labels, and a tagger over a padded batch.

Each ``check_<task>(student_function)`` returns nothing or raises ``CheckFailed`` with the likely mistake.
What must come out is numbers or words here; the functions make the mistakes, each in the way its sentence says.
The second task is in torch: see ``_torch``.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.axes import Array
from unrolled.checks._report import Example, Variant, check_outputs
from unrolled.checks._torch import in_numpy, tensors
from unrolled.scratch import labeling
from unrolled.scratch.cells import LSTM
from unrolled.scratch.rnn import softmax

# read-names


def _names(
    words: list[str], labels: list[str], begins: Callable[[str, str], bool], lost: bool = False,
    dropped: Callable[[str, str], bool] = lambda before, label: False, kind: int = 2, apart: str = " ",
) -> list[str]:  # fmt: skip
    """A name begins where ``begins(label before, label)`` says so, and goes on until the next O or beginning."""
    found: list[tuple[str, list[str]]] = []
    before, inside = "O", False
    for word, label in zip(words, labels, strict=True):
        if label == "O" or (not inside and dropped(before, label)):
            inside = False
        elif not inside or begins(before, label):
            found.append((label[kind:], [word]))
            inside = True
        else:
            found[-1][1].append(word)
        before = label
    if lost and inside:
        found.pop()
    return [f"{kind}: {apart.join(name)}" for kind, name in found]


def _right(before: str, label: str) -> bool:
    return label[0] == "B" or before[2:] != label[2:]


READ_NAMES: list[Variant] = [
    (
        "the last name is lost: it ends where the sentence ends, and no further label says so.",
        lambda *args: _names(*args, begins=_right, lost=True),
    ),
    (
        "two names of one kind, side by side, are run together: B begins a new name even right after another.",
        lambda *args: _names(*args, begins=lambda before, label: before[2:] != label[2:]),
    ),
    (
        "an I of another kind is taken into the name before it. It goes on nothing there, so it begins a name of its own kind.",
        lambda *args: _names(*args, begins=lambda before, label: label[0] == "B"),
    ),
    (
        "an I that goes on nothing is dropped. A tagger may well forget the B; the task asks to begin a name there.",
        lambda *args: _names(*args, begins=_right, dropped=lambda before, label: label[0] == "I"),
    ),
    (
        "every word is a name of its own: an I goes on the name before it.",
        lambda *args: _names(*args, begins=lambda before, label: True),
    ),
    (
        "names are run together: neither a B nor another kind begins a new one, only an O ends them.",
        lambda *args: _names(*args, begins=lambda before, label: False),
    ),
    (
        "the B is still there: what comes before the colon is the kind alone, such as PER.",
        lambda *args: _names(*args, begins=_right, kind=0),
    ),
    (
        "the words of a name stand without a space between them.",
        lambda *args: _names(*args, begins=_right, apart=""),
    ),
    (
        "the words outside all names are given back as well. O means: no name.",
        lambda words, labels: [f"{label[2:] or 'O'}: {word}" for word, label in zip(words, labels, strict=True)],
    ),
]  # fmt: skip


def check_read_names(student: Callable[..., Any]) -> None:
    """(words, labels) -> the names as "kind: words", in order."""
    words = "Teddy Roosevelt saw Rome Italy Ana Lopez , Unesco staff and New York".split()
    labels = "B-PER I-PER O B-LOC B-LOC I-PER I-PER O I-ORG O O B-LOC I-LOC".split()
    expected = [
        "PER: Teddy Roosevelt", "LOC: Rome", "LOC: Italy", "PER: Ana Lopez", "ORG: Unesco", "LOC: New York",
    ]  # fmt: skip
    check_outputs(student, [Example({"words": words, "labels": labels}, expected)], READ_NAMES)


# padded-tagger (torch)

TAGGER = {
    "lstm": {
        "weight_ih_l0": np.array([[0.6, -0.4], [0.3, 0.8], [-0.9, 0.5], [0.7, 0.2]]),
        "weight_hh_l0": np.array([[0.5], [-0.3], [0.8], [0.4]]),
        "bias_ih_l0": np.array([0.1, 0.4, -0.2, 0.0]),
        "bias_hh_l0": np.array([0.2, 0.1, 0.3, -0.1]),
    },
    "E": np.array([[0.5, -1.0, 0.9, 0.2], [-0.3, 0.8, 0.4, -1.2]]),
    "V": np.array([[1.5], [-2.0], [0.5]]), "b_y": np.array([0.1, -0.2, 0.3]),
    "ids": np.array([[2, 1, 3], [3, 0, 0]]), "tags": np.array([[0, 1, 2], [2, 0, 0]]),
    "lengths": np.array([3, 1]),
}  # fmt: skip


def in_letters(lstm: dict[str, Array]) -> dict[str, Array]:
    """The weights of torch's LSTM (gates in the order i, f, g, o, two biases) under the names of ``scratch``."""
    b = lstm["bias_ih_l0"] + lstm["bias_hh_l0"]
    parts = {"W": lstm["weight_ih_l0"], "U": lstm["weight_hh_l0"], "b": b}
    return {
        f"{letter}_{gate}": part
        for letter, whole in parts.items()
        for gate, part in zip("ifgo", np.split(whole, 4), strict=True)
    }


def _tagger(
    lstm: dict[str, Array], E: Array, V: Array, b_y: Array, ids: Array, tags: Array, lengths: Array,
    faults: tuple[str, ...] = (),
) -> tuple:  # fmt: skip
    turn = (lambda a: a.swapaxes(0, 1)) if "turned" in faults else lambda a: a
    params = {"E": E, "V": V, "b_y": b_y, **in_letters(lstm)}
    logits, cache = labeling.tagger_forward(turn(ids), params, LSTM)
    logits, real = turn(logits), np.arange(ids.shape[1]) < lengths[:, None]
    counted = np.ones_like(real) if "loss" in faults else real & (tags != 0) if "zero" in faults else real
    weight = counted / (1.0 if "sum" in faults else counted.sum())
    if "sentences" in faults:
        weight = real / lengths[:, None] / len(ids)
    asked = np.roll(tags, -1, axis=1) if "next" in faults else tags
    y, right = softmax(logits), np.eye(len(V))[asked]
    if "twice" in faults:
        again = softmax(y)
        loss = -(weight * np.log((again * right).sum(axis=-1))).sum()
        dy = (again - right) * weight[..., None]
        dlogits = y * (dy - (dy * y).sum(axis=-1, keepdims=True))
    else:
        loss = -(weight * np.log((y * right).sum(axis=-1))).sum()
        dlogits = (y - right) * weight[..., None]
    hit = logits.argmax(axis=-1) == asked
    accuracy = hit.mean() if "accuracy" in faults else hit[real].mean()
    accuracy = hit[real].sum() if "number" in faults else accuracy
    if "sentences" in faults:
        accuracy = ((hit * real).sum(axis=1) / lengths).mean()
    return loss, accuracy, labeling.tagger_backward(turn(dlogits), cache)["E"]


def _tag(hint: str, *faults: str) -> Variant:
    return hint, lambda *args: _tagger(*args, faults=faults)


PADDED_TAGGER: list[Variant] = [
    _tag("padding is counted in the loss: beyond its length a sentence has no words.", "loss"),
    _tag(
        "padding is counted in the accuracy: it is the share of the real words whose tag is right.",
        "accuracy",
    ),
    _tag(
        "padding is counted, in the loss and in the accuracy: beyond its length a sentence has no words.",
        "loss", "accuracy",
    ),
    _tag(
        "words with tag 0 are left out as if they were padding. Tag 0 is a tag; only the lengths say what is padding.",
        "zero",
    ),
    _tag(
        "each step is asked for the tag of the next word. A tagger is asked for the tag of the word just read.",
        "next",
    ),
    _tag(
        "the network goes down the batch, not along the sentence: torch's LSTM takes (T, B, D) unless it is told batch_first=True.",
        "turned",
    ),
    _tag(
        "every sentence weighs the same, whatever its length. Both means go over all real words of the batch.",
        "sentences",
    ),
    _tag("softmax is taken twice: cross_entropy wants the scores and takes the softmax itself.", "twice"),
    _tag("the loss is a sum. The mean over the real words is asked for.", "sum"),
    _tag("the accuracy is a number of words. A share of the real words is asked for.", "number"),
]  # fmt: skip


def check_padded_tagger(student: Callable[..., Any]) -> None:
    """(lstm, E, V, b_y, ids (B, T), tags (B, T), lengths (B,)) -> loss, accuracy, dE, as tensors or numbers."""
    variants = [(hint, in_numpy(variant)) for hint, variant in PADDED_TAGGER]
    about = "The second sentence has one word; what stands behind it is no word and has no tag."
    check_outputs(student, [Example(tensors(TAGGER), TAGGED, about)], variants)


# what must come out

TAGGED = (
    np.array(1.182968),
    np.array(0.5),
    np.array([[0.0, 0.006109, 0.081003, 0.080358], [0.0, -0.010965, -0.0301, -0.028679]]),
)
