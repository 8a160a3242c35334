"""Getting a target out of an encoder–decoder: greedily, by sampling, or by beam search.

Source: Jurafsky & Martin, *Speech and Language Processing*, section 13.7; the beam's length normalisation is
that of Wu et al. (2016), section 7, with ((5 + length) / 6)^α.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from unrolled.axes import Array, Float, Int, expect_ids
from unrolled.scratch.architecture import Architecture
from unrolled.scratch.embedding import embed
from unrolled.scratch.generation import NextWord
from unrolled.scratch.output import output_layer
from unrolled.scratch.rnn import softmax
from unrolled.scratch.seq2seq import decode_step, encode, seq2seq_forward
from unrolled.scratch.sequences import Params


class Hypothesis(NamedTuple):
    """A target that was written, </s> included if it came, log p of it in nats, and the score it was ranked by."""

    tokens: list[int]
    log_prob: float
    score: float


class _Partial(NamedTuple):
    """A target that is being written, with what comes next and the state to go on from."""

    tokens: list[int]
    log_prob: float
    y: Array
    state: Any


def translator(source: Int[Array, " S"], params: Params, model: Architecture) -> NextWord:
    """(token, state) -> (ŷ, state) for one source sentence: what ``generation.generate`` and ``beam_search`` drive.

    Greedy translation is ``generate(translator(…), [start], end, max_length, greedy=True)``.
    """
    told, state_0, _ = encode(np.asarray(source), params, model)
    n_target = params["E_d"].shape[1]

    def next_word(token: int, state: Any) -> tuple[Array, Any]:
        e_t, _ = embed(expect_ids("token", token, n_target), params["E_d"])
        state, _, _ = decode_step(e_t, state_0 if state is None else state, told, params, model)
        return softmax(output_layer(state[0], params["V"], params["b_y"])[0]), state  # (13.30)

    return next_word


def alignment(
    source: Int[Array, " S"], target: Sequence[int], params: Params, model: Architecture, start: int
) -> Float[Array, "T S"]:
    """The weights α of every step while ``target`` is written, a row a target word; only under attention."""
    if model.context != "attention":
        raise ValueError(
            f"context: expected 'attention', got {model.context!r}: there are no weights to show"
        )
    if not len(target):
        raise ValueError("target: expected at least one word, got none")
    inputs = np.array([[start, *list(target)[:-1]]])
    (_, alpha), _ = seq2seq_forward(np.asarray(source)[None], inputs, params, model)
    assert alpha is not None
    return alpha[0]


def beam_search(
    next_word: NextWord, start: int, end: int, width: int, max_length: int, alpha: float = 0.6
) -> list[Hypothesis]:
    """The best targets found with ``width`` of them kept at each step, best first; at most ``width``.

    Ranked by log p / ((5 + length) / 6)^α: with ``alpha`` 0 by log p alone, which favours short targets.
    A target is finished by ``end`` or, with no more words to spend, by ``max_length``.  Width 1 is greedy.
    """
    for name, value in (("width", width), ("max_length", max_length)):
        if value < 1:
            raise ValueError(f"{name}: expected at least 1, got {value}")
    y, state = next_word(start, None)
    alive, finished = [_Partial([], 0.0, y, state)], []
    for length in range(1, max_length + 1):
        best = _best_continuations(alive, width)
        over = [(p, token, log_prob) for p, token, log_prob in best if token == end or length == max_length]
        finished += [_finish([*p.tokens, token], log_prob, alpha) for p, token, log_prob in over]
        if len(over) == len(best):
            break
        alive = [_extend(next_word, *new) for new in best if new[1] != end]
        hope = max(p.log_prob for p in alive)
        if (
            len(finished) >= width
            and _score(hope, max_length, alpha) <= sorted(finished, key=_rank)[width - 1].score
        ):
            break  # no word to come can lift what is alive above what is finished
    return sorted(finished, key=_rank)[:width]


def _best_continuations(alive: list[_Partial], width: int) -> list[tuple[_Partial, int, float]]:
    """The ``width`` most probable of all continuations by one word: (what it continues, the word, log p)."""
    with np.errstate(divide="ignore"):  # what is impossible has log p = -inf, and comes last
        log_probs = np.stack([p.log_prob + np.log(p.y) for p in alive])
    order = np.argsort(-log_probs, axis=None, kind="stable")[:width]
    places = zip(*np.unravel_index(order, log_probs.shape), strict=True)
    return [(alive[row], int(token), float(log_probs[row, token])) for row, token in places]


def _extend(next_word: NextWord, partial: _Partial, token: int, log_prob: float) -> _Partial:
    y, state = next_word(token, partial.state)
    return _Partial([*partial.tokens, token], log_prob, y, state)


def _finish(tokens: list[int], log_prob: float, alpha: float) -> Hypothesis:
    return Hypothesis(tokens, log_prob, _score(log_prob, len(tokens), alpha))


def _score(log_prob: float, length: int, alpha: float) -> float:
    return log_prob / ((5 + length) / 6) ** alpha


def _rank(hypothesis: Hypothesis) -> float:
    return -hypothesis.score
