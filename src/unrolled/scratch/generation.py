"""Autoregressive generation: draw a word from the model, feed it back, draw the next.

Chapter 5 builds this module.  Source: Jurafsky & Martin, *Speech and Language Processing*, section
13.3.3; sampling from a language model is Shannon's (1951); top-k is from Fan et al. (2018), top-p
("nucleus") from Holtzman et al. (2020).

Any model will do that can say what comes next: ``next_word(token, state) -> (ŷ, state)``, state None
at the start.  ``language_model``, ``window_lm`` and ``ngram`` have one each; ``from_history`` makes
one of a function of all words so far.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from unrolled.axes import Array, Float, expect_finite, expect_ids, expect_shape

NextWord = Callable[[int, Any], tuple[Array, Any]]
Distribution = Float[Array, " n_vocab"]


class Generated(NamedTuple):
    """The words after the prefix, </s> included if it came, and log P of each in nats, as the model gives it.

    The log-probabilities are those of ŷ itself, before temperature, top-k and top-p: their sum is
    the log-probability of the words given the prefix.
    """

    tokens: list[int]
    log_probs: Float[Array, " T"]


def generate(
    next_word: NextWord,
    prefix: Sequence[int],
    end: int | None,
    max_length: int,
    rng: np.random.Generator | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    greedy: bool = False,
) -> Generated:
    """Sample words after ``prefix`` (<s>, and any context) until ``end`` is drawn or ``max_length`` words are there.

    ``greedy`` takes the likeliest word each time and needs no ``rng``.  Temperature comes first,
    then top-k, then top-p.  Raises ValueError where a choice is out of its range, the prefix is
    empty or not of the vocabulary, or ``next_word`` gives no distribution.

    >>> generate(lambda token, state: (np.eye(4)[(token + 1) % 4], state), [1], end=0, max_length=9, greedy=True).tokens
    [2, 3, 0]
    """
    _check_choices(max_length, rng, greedy, temperature, top_k, top_p)
    y, state = _read_prefix(next_word, prefix)
    expect_ids("end", 0 if end is None else end, len(y))
    tokens, log_probs = [], []
    for length in range(1, max_length + 1):
        if greedy or rng is None:
            token = int(np.argmax(y))
        else:
            token = int(rng.choice(len(y), p=reshape(y, temperature, top_k, top_p)))
        tokens.append(token)
        log_probs.append(np.log(y[token]))
        if token == end or length == max_length:
            break
        y, state = _ask(next_word, token, state)
    return Generated(tokens, np.array(log_probs))


def reshape(
    y: Distribution, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Distribution:
    """The distribution that ``generate`` draws from: y through temperature, top-k and top-p, in this order."""
    y = y if temperature == 1.0 else with_temperature(y, temperature)
    y = y if top_k is None else keep_top_k(y, top_k)
    return y if top_p is None else keep_top_p(y, top_p)


def with_temperature(y: Distribution, temperature: float) -> Distribution:
    """y^(1/τ), normalised: below 1 the likely words gain, towards 0 the likeliest takes all; above 1 they level out.

    The same as softmax(logits / τ).  No two words change their order.

    >>> with_temperature(np.array([0.8, 0.2]), 0.5).round(3)
    array([0.941, 0.059])
    """
    _expect_temperature(temperature)
    with np.errstate(
        divide="ignore", over="ignore"
    ):  # log 0 = -inf, and e^-inf = 0: what was impossible stays so
        e = np.exp((np.log(y) - np.log(np.max(y))) / temperature)  # (5e)
    return e / e.sum()


def keep_top_k(y: Distribution, k: int) -> Distribution:
    """Only the k likeliest words, normalised; of equals, those with the smaller id."""
    _expect_top_k(k)
    return y if k >= len(y) else _keep(y, _likeliest_first(y)[:k])


def keep_top_p(y: Distribution, p: float) -> Distribution:
    """Only the fewest likeliest words that together reach probability p, normalised; at least one.

    >>> keep_top_p(np.array([0.1, 0.5, 0.4]), 0.8).round(3)
    array([0.   , 0.556, 0.444])
    """
    _expect_top_p(p)
    order = _likeliest_first(y)
    before = np.cumsum(y[order]) - y[order]  # what the likelier words already have
    return y if p == 1 else _keep(y, order[: max(1, int(np.sum(before < p)))])


def from_history(distribution: Callable[[list[int]], Array]) -> NextWord:
    """A ``next_word`` from a function of all words so far; it is asked anew at each step, so the cost grows."""

    def next_word(token: int, state: list[int] | None) -> tuple[Array, list[int]]:
        words = [*(state or []), token]
        return distribution(words), words

    return next_word


def _likeliest_first(y: Distribution) -> Array:
    return np.argsort(-y, kind="stable")


def _keep(y: Distribution, words: Array) -> Distribution:
    kept = np.zeros_like(y)
    kept[words] = y[words]
    return kept / kept.sum()


def _read_prefix(next_word: NextWord, prefix: Sequence[int]) -> tuple[Array, Any]:
    """Prime the model with the prefix; what follows depends on all of it."""
    if not len(prefix):
        raise ValueError("prefix: expected at least the start marker, got no words")
    ids = np.asarray(prefix)
    if ids.ndim != 1 or not np.issubdtype(ids.dtype, np.integer) or ids.min() < 0:
        raise ValueError(f"prefix: expected a list of token ids from 0 up, got {list(prefix)}")
    y, state = np.zeros(0), None
    for token in ids.tolist():
        y, state = _ask(next_word, token, state)
        expect_ids("prefix", token, len(y))
    return y, state


def _ask(next_word: NextWord, token: int, state: Any) -> tuple[Array, Any]:
    y, state = next_word(token, state)
    y = expect_finite("next_word", expect_shape("next_word", y, ("n_vocab",))).astype(np.float64)
    if (y < 0).any() or abs(y.sum() - 1.0) > 1e-4:
        raise ValueError(f"next_word: expected probabilities that sum to 1, got a sum of {y.sum():.6g}")
    return y / y.sum(), state


def _check_choices(
    max_length: int,
    rng: np.random.Generator | None,
    greedy: bool,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
) -> None:
    if max_length < 1:
        raise ValueError(f"max_length: expected at least 1 word, got {max_length}")
    if rng is None and not greedy:
        raise ValueError("rng: expected a np.random.Generator, got None; only greedy=True does without")
    _expect_temperature(temperature)
    _expect_top_k(1 if top_k is None else top_k)
    _expect_top_p(1.0 if top_p is None else top_p)


def _expect_temperature(temperature: float) -> None:
    if not 0 < temperature < np.inf:
        raise ValueError(
            f"temperature: expected a number above 0, got {temperature}; its limit 0 is greedy=True"
        )


def _expect_top_k(k: int) -> None:
    if k < 1:
        raise ValueError(f"top_k: expected at least 1 word, got {k}")


def _expect_top_p(p: float) -> None:
    if not 0 < p <= 1:
        raise ValueError(f"top_p: expected a probability above 0 and at most 1, got {p}")
