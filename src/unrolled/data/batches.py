"""Sentences of many lengths into arrays of one shape, and a long text into streams.

A mask is True at a real token.  A batch holds sentences of about the same length, so little of it is padding.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from unrolled.axes import Array, Bool, Int, Sizes, expect_mask, expect_shape
from unrolled.data.vocabulary import PAD


class Batch(NamedTuple):
    """Padded ids (B, T), their mask (B, T), and which sentences they are (B,)."""

    ids: Array
    mask: Array
    index: Array


class PairBatch(NamedTuple):
    """Padded source (B, S) and target (B, T) ids, a mask each, and which pairs they are (B,)."""

    source: Array
    source_mask: Array
    target: Array
    target_mask: Array
    index: Array


class Segment(NamedTuple):
    """One step of truncated BPTT: inputs (B, T), the next token of each (B, T), and the mask (B, T)."""

    inputs: Array
    targets: Array
    mask: Array


def pad(
    sequences: Sequence[Sequence[int] | Array], pad_id: int = PAD, side: str = "right"
) -> tuple[Int[Array, "B T"], Bool[Array, "B T"]]:
    """Stack sequences of ids into (ids (B, T), mask (B, T)); the padding goes on the right, or on the left.

    Raises ValueError where there is no sequence, or an empty one.

    >>> ids, mask = pad([[5, 6, 7], [8]])
    >>> ids.tolist(), mask.tolist()
    ([[5, 6, 7], [8, 0, 0]], [[True, True, True], [True, False, False]])
    """
    if side not in ("right", "left"):
        raise ValueError(f"side: expected right or left, got {side!r}")
    lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    if len(lengths) == 0 or lengths.min() == 0:
        what = "no sequence" if len(lengths) == 0 else f"none in sequence {int(lengths.argmin())}"
        raise ValueError(f"sequences: expected at least one, each with at least one token, got {what}")
    mask = np.arange(lengths.max()) < lengths[:, None]
    mask = mask if side == "right" else mask[:, ::-1].copy()
    ids = np.full(mask.shape, pad_id, dtype=np.int64)
    ids[mask] = np.concatenate([np.asarray(sequence, dtype=np.int64) for sequence in sequences])
    return ids, mask


def teacher_forcing(
    ids: Int[Array, "B T"], mask: Bool[Array, "B T"]
) -> tuple[Int[Array, "B T-1"], Int[Array, "B T-1"], Bool[Array, "B T-1"]]:
    """What a model reads and what it should say next: (inputs, targets, mask), each (B, T - 1).

    ``ids`` runs from <s> to </s> and is padded on the right; the mask is that of the targets.
    """
    sizes: Sizes = {}
    ids = expect_shape("ids", ids, ("B", "T"), sizes)
    mask = expect_mask("mask", expect_shape("mask", mask, ("B", "T"), sizes), {})
    if mask.sum(axis=1).min() < 2:
        raise ValueError("ids: expected at least two tokens a sentence (<s> … </s>), got one")
    return ids[:, :-1], ids[:, 1:], mask[:, 1:]


def by_length(
    lengths: Sequence[int] | Sequence[tuple[int, int]] | Array,
    batch_size: int | None = None,
    max_tokens: int | None = None,
    rng: np.random.Generator | None = None,
) -> list[Int[Array, " B"]]:
    """Group examples of like length: a list of index arrays in which each example stands exactly once.

    ``lengths`` is (N,), or (N, 2) for pairs.  A batch has at most ``batch_size`` examples, or at most
    ``max_tokens`` tokens with the padding counted (an example longer than that is a batch of its own).
    With ``rng`` the batches come in a random order and examples of one length change partners every
    epoch; without it the order is fixed, short to long.
    """
    if (batch_size is None) == (max_tokens is None) or min(batch_size or max_tokens or 0, 1) < 1:
        raise ValueError(
            "batch_size, max_tokens: expected one of them, at least 1, "
            f"got batch_size={batch_size}, max_tokens={max_tokens}"
        )
    if len(lengths) == 0:
        return []
    table = np.asarray(lengths, dtype=np.int64).reshape(len(lengths), -1)
    if table.min() < 1:
        raise ValueError(f"lengths: expected at least 1 each, got {int(table.min())}")
    ties = np.arange(len(table)) if rng is None else rng.permutation(len(table))
    order = np.lexsort((ties, *table.T[::-1]))
    batches = _cut(table, order, batch_size, max_tokens)
    return batches if rng is None else [batches[n] for n in rng.permutation(len(batches))]


def sentence_batches(
    sequences: Sequence[Array],
    batch_size: int | None = None,
    max_tokens: int | None = None,
    rng: np.random.Generator | None = None,
) -> Iterator[Batch]:
    """One epoch of padded batches over encoded sentences; options as in `by_length`."""
    for index in by_length([len(s) for s in sequences], batch_size, max_tokens, rng):
        yield Batch(*pad([sequences[n] for n in index]), index)


def pair_batches(
    sources: Sequence[Array],
    targets: Sequence[Array],
    batch_size: int | None = None,
    max_tokens: int | None = None,
    rng: np.random.Generator | None = None,
) -> Iterator[PairBatch]:
    """One epoch of padded batches over encoded pairs, grouped by source length, then target length."""
    if len(sources) != len(targets):
        raise ValueError(f"targets: expected {len(sources)}, one for each source, got {len(targets)}")
    lengths = [(len(s), len(t)) for s, t in zip(sources, targets, strict=True)]
    for index in by_length(lengths, batch_size, max_tokens, rng):
        yield PairBatch(*pad([sources[n] for n in index]), *pad([targets[n] for n in index]), index)


def segments(ids: Sequence[int] | Array, B: int, T: int) -> Iterator[Segment]:
    """Cut one long text into B parallel streams and read them T steps at a time (truncated BPTT).

    Row b of a segment goes on where row b of the one before stopped, so a state may be carried over.
    Every token but the last is an input once, and every token but the first a target once.  The
    streams differ by at most one token: the last segment may be shorter than T, or one longer, and
    its mask is False at the end of the shorter streams.
    """
    ids = expect_shape("ids", ids, ("N",))
    if B < 1 or T < 1:
        raise ValueError(f"B, T: expected at least 1 each, got B={B}, T={T}")
    if len(ids) - 1 < B:
        raise ValueError(f"ids: expected at least {B + 1} tokens for {B} streams, got {len(ids)}")
    starts = np.array_split(np.arange(len(ids) - 1), B)
    inputs, mask = pad([ids[where] for where in starts])
    targets, _ = pad([ids[where + 1] for where in starts])
    for start, stop in _cuts(inputs.shape[1], T, ragged=not mask.all()):
        yield Segment(inputs[:, start:stop], targets[:, start:stop], mask[:, start:stop])


def _cuts(length: int, T: int, ragged: bool) -> list[tuple[int, int]]:
    """Where the segments start and stop; no segment is only the ragged last column, as no row may be empty."""
    starts = list(range(0, length, T))
    if ragged and len(starts) > 1 and length - starts[-1] == 1:
        starts.pop()
    return list(zip(starts, [*starts[1:], length], strict=True))


def _cut(table: Array, order: Array, batch_size: int | None, max_tokens: int | None) -> list[Array]:
    """Cut the sorted examples where the next one would make the batch too large."""
    batches: list[Array] = []
    start, longest = 0, np.zeros(table.shape[1], dtype=np.int64)
    for stop, n in enumerate(order):
        longest = np.maximum(longest, table[n])
        size = stop - start + 1
        full = size > batch_size if batch_size else size * longest.sum() > (max_tokens or 0)
        if full and size > 1:
            batches.append(order[start:stop])
            start, longest = stop, table[n]
    return [*batches, order[start:]]
