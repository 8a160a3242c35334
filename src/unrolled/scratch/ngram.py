"""The n-gram language model that a network has to beat: counts, with Kneser and Ney's way to share them.

A model of n words counts what followed the last n - 1.  What it has seldom seen it takes from a
model of n - 1 words, whose counts are not of occurrences but of different words before: "Francisco"
is frequent, yet follows one word only.  Interpolated Kneser-Ney: each order adds to the one above.
Source: Jurafsky & Martin, *Speech and Language Processing*, sections 13.2 and 3.6; Kneser and Ney
(1995); Chen and Goodman (1999) for the discounts from counts, the modified ones included.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from unrolled.axes import Array, Float, expect_ids

Gram = tuple[int, ...]
Sentences = Sequence[Sequence[int]]


class Context(NamedTuple):
    """What followed one context: its words, what is left of their shares, and what was taken off them all."""

    share: dict[int, float]
    """word -> (count - discount) / total"""
    reserve: float
    """λ: the discounted mass, which the shorter context spreads"""


def adjusted_counts(sentences: Sentences, n: int, start: int, end: int) -> list[Counter[Gram]]:
    """For k = 1 … n, how often each k-gram counts: occurrences at order n, different words before it below.

    Nothing stands before <s>, so an n-gram that begins with it counts its occurrences at every order.
    """
    counts: list[Counter[Gram]] = [Counter() for _ in range(n)]
    for sentence in sentences:
        words = (start, *sentence, end)
        counts[-1].update(zip(*(words[k:] for k in range(n)), strict=False))
        for k in range(2, min(n, len(words) + 1)):
            counts[k - 1][words[:k]] += 1
    for k in range(n - 1, 0, -1):
        counts[k - 1].update(gram[1:] for gram in counts[k])
    del counts[0][(start,)]  # <s> is given, never guessed
    return counts


def discounts(counts: Counter[Gram], modified: bool = False) -> tuple[float, float, float]:
    """What to take off a count of 1, of 2 and of more: D = n_1 / (n_1 + 2 n_2), with n_r = grams counted r times.

    Modified: D_r = r - (r + 1) D n_{r+1} / n_r.  A corpus too small to tell (some n_r is 0, or a
    D_r is no discount at all) gets 0.75 throughout, the customary value, or the single D if it has that.

    >>> discounts(Counter({(1,): 1, (2,): 1, (3,): 2}))
    (0.5, 0.5, 0.5)
    """
    n_r = np.bincount([min(c, 5) for c in counts.values()] or [0], minlength=6).tolist()
    D = n_r[1] / (n_r[1] + 2 * n_r[2]) if n_r[1] and n_r[2] else 0.75
    if modified and all(n_r[1:5]):
        each = [r - (r + 1) * D * n_r[r + 1] / n_r[r] if r < 4 else 0.0 for r in (1, 2, 3)]
        if all(0 < D_r <= r for r, D_r in zip((1, 2, 3), each, strict=True)):
            return (each[0], each[1], each[2])
    return (D, D, D)


class KneserNey:
    """P(w | u) = max(c(u w) - D, 0) / c(u) + λ(u) P(w | u without its first word), down to 1 / |words|.

    Interpolated, with one discount an order from the counts, or three with ``modified=True``; a
    context never seen leaves everything to the shorter one.  ``sentences`` are lists of ids without
    markers.  <s> and <pad> have probability 0, all other words of the vocabulary more than 0.
    Raises ValueError where n < 1, there is no sentence, or an id is not in the vocabulary.

    >>> lm = KneserNey([[4, 5], [4, 6]], n=2, n_vocab=7)
    >>> lm.distribution([4]).round(3)
    array([0.   , 0.064, 0.   , 0.251, 0.117, 0.284, 0.284])
    """

    def __init__(
        self,
        sentences: Sentences,
        n: int,
        n_vocab: int,
        start: int = 2,
        end: int = 3,
        pad: int | None = 0,
        modified: bool = False,
    ):
        if n < 1:
            raise ValueError(f"n: expected an order of at least 1, got {n}")
        self.n, self.n_vocab, self.start, self.end = n, n_vocab, start, end
        self._never = {start} if pad is None else {start, pad}
        expect_ids("start, end and pad", [*self._never, end], n_vocab)
        self._check(sentences)
        counts = adjusted_counts(sentences, n, start, end)
        self.discounts = [discounts(c, modified) for c in counts]
        self._contexts = [_contexts(c, D) for c, D in zip(counts, self.discounts, strict=True)]
        self._base = np.ones(n_vocab)
        self._base[list(self._never)] = 0.0
        self._base /= self._base.sum()
        self._unigram = self._add(self._base, self._contexts[0][()])

    def probability(self, word: int, context: Sequence[int]) -> float:
        """P(word | the last n - 1 words of ``context``), which begins with <s> at the start of a sentence."""
        expect_ids("word", word, self.n_vocab)
        return self._probability(word, tuple(expect_ids("context", _ints(context), self.n_vocab).tolist()))

    def distribution(self, context: Sequence[int]) -> Float[Array, " n_vocab"]:
        """P(w | context) of every word w, seen or not; sums to 1, whatever the context."""
        words = tuple(expect_ids("context", _ints(context), self.n_vocab).tolist())
        y = self._unigram
        for k in range(1, min(self.n, len(words) + 1)):
            y = self._add(y, self._contexts[k].get(words[-k:]))
        return y.copy()

    def log_prob(self, sentence: Sequence[int]) -> float:
        """log P(w_1 … w_n </s>) in nats (13.8)."""
        self._check([sentence])
        words = (self.start, *sentence, self.end)
        steps = range(1, len(words))
        return float(
            sum(np.log(self._probability(words[t], words[max(0, t - self.n + 1) : t])) for t in steps)
        )

    def cross_entropy(self, sentences: Sentences) -> float:
        """The mean of -log P over all words and </s>, in nats per token: what (13.11) is for a network."""
        self._check(sentences)
        return -sum(self.log_prob(s) for s in sentences) / sum(len(s) + 1 for s in sentences)

    def next_word(self, token: int, state: Gram | None) -> tuple[Array, Gram]:
        """(token, state) -> (ŷ, state) for ``generation``; the state is the last n - 1 words."""
        context = (*(state or ()), int(expect_ids("token", token, self.n_vocab)))[-max(self.n - 1, 1) :]
        return self.distribution(context), context

    def _probability(self, word: int, context: Gram) -> float:
        p = self._unigram[word]
        for k in range(1, min(self.n, len(context) + 1)):
            found = self._contexts[k].get(context[-k:])
            if found is None:
                break  # a longer one was not seen either
            p = found.share.get(word, 0.0) + found.reserve * p
        return float(p)

    @staticmethod
    def _add(shorter: Array, context: Context | None) -> Array:
        if context is None:
            return shorter
        y = context.reserve * shorter
        y[list(context.share)] += list(context.share.values())
        return y

    def _check(self, sentences: Sentences) -> None:
        if not len(sentences):
            raise ValueError("sentences: expected at least one, got none")
        try:
            words = _ints(chain.from_iterable(sentences))
        except TypeError:
            raise ValueError("sentences: expected a list of lists of ids, got one flat list") from None
        ids = expect_ids("sentences", words, self.n_vocab)
        markers = ids[np.isin(ids, [*self._never, self.end])]
        if markers.size:
            raise ValueError(
                f"sentences: expected words without <pad>, <s> and </s>, got id {int(markers[0])}"
            )


def _contexts(counts: Counter[Gram], D: tuple[float, float, float]) -> dict[Gram, Context]:
    """Gather an order's k-grams by their first k - 1 words."""
    followers: dict[Gram, dict[int, int]] = {}
    for gram, count in counts.items():
        followers.setdefault(gram[:-1], {})[gram[-1]] = count
    found = {}
    for context, after in followers.items():
        total = sum(after.values())
        taken = {word: D[min(count, 3) - 1] for word, count in after.items()}
        share = {word: (count - taken[word]) / total for word, count in after.items()}
        found[context] = Context(share, sum(taken.values()) / total)
    return found


def _ints(ids) -> Array:
    ids = list(ids)
    return np.asarray(ids) if ids else np.zeros(0, int)
