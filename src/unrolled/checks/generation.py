"""Checks of assignment ch05_tasks, generation: the distribution that a word is drawn from, and the loop that writes.

Each ``check_<task>(student_function)`` returns nothing or raises ``CheckFailed`` with the likely mistake.
What must come out is numbers here; the functions make the mistakes, each in the way its sentence says.
"""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from unrolled.axes import Array
from unrolled.checks._report import Example, Variant, check_outputs
from unrolled.scratch import generation, language_model
from unrolled.scratch.rnn import softmax

# sampling-distribution


def _sampling(scores: Array, temperature: float, k: int, p: float, faults: tuple[str, ...] = ()) -> Array:
    a = scores * temperature if "times" in faults else scores / temperature
    if "after" in faults:
        a = scores
    y = softmax(a)
    if "of probabilities" in faults:
        y = softmax(scores) / temperature
        y = y / y.sum()
    if "overflows" in faults:
        y = np.exp(a) / np.exp(a).sum()
    order = np.argsort(y if "least" in faults else -y, kind="stable")
    top = y * np.isin(np.arange(len(y)), order[:k])
    if "no k" in faults:
        top = y
    top = top if "old shares" in faults else top / top.sum()
    order = np.argsort(-top, kind="stable")
    before = np.cumsum(top[order]) - top[order]
    keep = order[before < p]
    if "stops early" in faults:
        keep = order[np.cumsum(top[order]) <= p] if (np.cumsum(top[order]) <= p).any() else order[:1]
    if "one more" in faults:
        keep = order[: int((before < p).sum()) + 1]
    if "each" in faults:
        keep = np.flatnonzero(top >= 1 - p)
    found = top * np.isin(np.arange(len(y)), np.arange(len(y)) if "no p" in faults else keep)
    found = found if "not normalised" in faults else found / found.sum()
    if "after" in faults:
        powers = np.where(found > 0, found, 0.0) ** (1 / temperature)
        found = powers / powers.sum()
    return found


def _one_hot(scores: Array, *rest: Any) -> Array:
    return np.eye(len(scores))[scores.argmax()]


def _sample(hint: str, *faults: str) -> Variant:
    return hint, lambda *args: _sampling(*args, faults=faults)


SAMPLING: list[Variant] = [
    _sample("the scores are multiplied by the temperature. They are divided by it, so that a low one sharpens.", "times"),
    _sample(
        "the temperature has no effect: probabilities that are all divided by the same number, and then by their sum, are what they were. The scores are divided, before the softmax.",
        "of probabilities",
    ),
    _sample(
        "the temperature comes last. It is first here: what top-p keeps depends on it.",
        "after",
    ),
    _sample("what is left is not divided by its sum: it is no distribution.", "not normalised"),
    _sample(
        "top-p stops one word too early: the word with which the sum reaches p is kept as well.",
        "stops early",
    ),
    _sample(
        "top-p looks at the probabilities as they were before top-k. Here top-k comes first, and what it leaves is divided by its sum; that is what top-p looks at.",
        "old shares",
    ),
    _sample("top-p keeps one word too many: it stops as soon as the words together reach p.", "one more"),
    _sample(
        "top-p is taken for a threshold on each word. It asks for the fewest likeliest words that together reach p.",
        "each",
    ),
    _sample("top-k keeps the k least likely words. Mind that argsort begins with the smallest.", "least"),
    _sample("top-p is left out.", "no p"),
    _sample("top-k is left out.", "no k"),
    _sample("exp overflows on large scores. Take the largest score off first; the softmax stays the same.", "overflows"),
    ("it is always the likeliest word. Asked for is the distribution that a word is drawn from.", _one_hot),
]  # fmt: skip
SCORES = np.array([0.4, 2.1, -1.0, 1.5, 0.9, 1.2])


def check_sampling_distribution(student: Callable[..., Any]) -> None:
    """(scores (n_vocab,), temperature, k, p) -> the distribution to draw from (n_vocab,)."""
    examples = [
        Example({"scores": SCORES, "temperature": t, "k": k, "p": p}, expected)
        for t, k, p, expected in CHOICES
    ]
    large = {"scores": 1000 * SCORES[:3] / 2, "temperature": 0.5, "k": 3, "p": 1.0}
    examples.append(Example(large, np.array([0.0, 1.0, 0.0]), "Scores may be large."))
    borrowed = [generation.reshape, generation.keep_top_k, generation.keep_top_p, generation.with_temperature]
    check_outputs(student, examples, SAMPLING, borrowed)


# write-text

MODEL = {
    "E": np.array([[0.9, -1.2, 0.4, 1.5, -0.3], [-0.8, 0.5, 1.3, 0.2, -1.4]]),
    "W": np.array([[1.1, -0.6], [0.5, 1.2]]), "U": np.array([[0.8, -1.0], [0.9, 0.6]]),
    "V": np.array([[1.2, -0.9], [-1.0, 0.7], [0.4, 1.3], [-0.5, -1.1], [0.8, 0.3]]),
}  # fmt: skip
FAULTS = {
    "prefix": "only the last word of the prefix is read. The state has to have seen all of them, in order.",
    "limit": "the text is one word too long: with `limit` words it is over.",
    "end": "the end marker is missing from the text: it was drawn, so it belongs in there, at the end.",
    "reads prefix": "the word that was drawn is never read: each step reads the prefix's last word again.",
}
OTHERS = {
    "greedy": "it takes the likeliest word. The word is drawn: the first whose probabilities, added up, exceed u.",
    "forgets": "the state is thrown away: after each drawn word the network begins from zero.",
    "one u": "the same number u is used for every word. Word n has u[n].",
    "no stop": "it goes on after the end marker. The text is over when that is drawn.",
    "keeps prefix": "the prefix stands in the text. Only what was drawn is asked for.",
    "first": "only the first word of the prefix is read. The state has to have seen all of them, in order.",
}


def _write(
    params: dict[str, Array], prefix: list[int], end: int, limit: int, u: Array, faults: tuple[str, ...] = ()
) -> list[int]:  # fmt: skip
    E, W, U, V = (params[name] for name in "EWUV")
    h, words = np.zeros(len(U)), []
    for word in prefix[-1:] if "prefix" in faults else prefix[:1] if "first" in faults else prefix:
        h = np.tanh(U @ h + W @ E[:, word])
    while len(words) < limit + ("limit" in faults):
        y = softmax(V @ h)
        number = u[0 if "one u" in faults else len(words)]
        word = int(y.argmax() if "greedy" in faults else np.searchsorted(np.cumsum(y), number, side="right"))
        if word == end and "end" in faults:
            break
        words.append(word)
        if word == end and "no stop" not in faults:
            break
        h = (
            np.tanh(U @ (0 * h if "forgets" in faults else h) + W @ E[:, prefix[-1]])
            if "reads prefix" in faults
            else np.tanh(U @ (0 * h if "forgets" in faults else h) + W @ E[:, word])
        )
    return [*prefix, *words] if "keeps prefix" in faults else words


def _written(faults: tuple[str, ...]) -> Variant:
    more = " That is not the only fault." if len(faults) > 1 else ""
    return {**FAULTS, **OTHERS}[next(iter(faults))] + more, lambda *args: _write(*args, faults=faults)


WRITER: list[Variant] = [
    *(_written((fault,)) for fault in (*FAULTS, *OTHERS)),
    *(_written(found) for size in range(2, 5) for found in combinations(FAULTS, size)),
]
NUMBERS = np.array([0.35, 0.62, 0.48, 0.81, 0.12, 0.7, 0.27, 0.55])


def check_write_text(student: Callable[..., Any]) -> None:
    """(params, prefix, end, limit, u) -> the words that were drawn, </s> among them if it came."""
    examples = [
        Example({"params": MODEL, "prefix": prefix, "end": 0, "limit": limit, "u": u}, expected, about)
        for prefix, limit, u, expected, about in TEXTS
    ]
    check_outputs(student, examples, WRITER, [generation.generate, language_model.next_word_function])


# what must come out

CHOICES = [
    (0.8, 3, 0.85, np.array([0.0, 0.556477, 0.0, 0.262861, 0.0, 0.180662])),
    (2.0, 5, 0.6, np.array([0.0, 0.420443, 0.0, 0.311471, 0.0, 0.268086])),
    (1.0, 3, 0.5, np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0])),
]
TEXTS = [
    (
        [1, 4, 1],
        8,
        np.array([0.34, 0.15, 0.45, 0.8, 0.23, 0.05, 0.4, 0.2]),
        [1, 1, 3, 4, 0],
        "The end marker has the id 0.",
    ),
    (
        [1, 3],
        3,
        np.array([0.34, 0.15, 0.45, 0.8, 0.23, 0.05, 0.4, 0.2]),
        [1, 1, 2],
        "Here the limit comes before the end.",
    ),
]
