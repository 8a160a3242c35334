"""Nothing is lost in a batch, nothing is seen twice, and padding is marked as such."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled.data import by_length, pad, pair_batches, segments, sentence_batches, teacher_forcing

seeds = st.one_of(st.none(), st.integers(0, 2**32 - 1))
lengths = st.lists(st.integers(1, 12), max_size=40)
sequences = st.lists(st.lists(st.integers(0, 99), min_size=1, max_size=7), min_size=1, max_size=9)


def generator(seed):
    return None if seed is None else np.random.default_rng(seed)


@given(sequences, st.sampled_from(["right", "left"]))
def test_padding_keeps_every_token_in_its_order(rows, side):
    ids, mask = pad(rows, pad_id=-1, side=side)
    assert ids.shape == mask.shape == (len(rows), max(map(len, rows)))
    assert [row[m].tolist() for row, m in zip(ids, mask, strict=True)] == rows
    assert (ids[~mask] == -1).all()
    edge = mask[:, 0] if side == "right" else mask[:, -1]
    assert edge.all()


@given(lengths, st.integers(1, 7), seeds)
def test_each_example_once_an_epoch(sizes, batch_size, seed):
    batches = by_length(sizes, batch_size, rng=generator(seed))
    assert sorted(int(n) for batch in batches for n in batch) == list(range(len(sizes)))
    assert all(1 <= len(batch) <= batch_size for batch in batches)
    if seed is None:
        flat = [sizes[n] for batch in batches for n in batch]
        assert flat == sorted(sizes)


@given(lengths, st.integers(1, 40), seeds)
def test_a_batch_holds_at_most_so_many_tokens(sizes, max_tokens, seed):
    batches = by_length(sizes, max_tokens=max_tokens, rng=generator(seed))
    assert sorted(int(n) for batch in batches for n in batch) == list(range(len(sizes)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(sizes[n] for n in batch) <= max_tokens


def test_the_seed_decides_the_order():
    sizes = np.random.default_rng(0).integers(1, 9, size=200)
    orders = [
        np.concatenate(by_length(sizes, 16, rng=np.random.default_rng(seed))).tolist() for seed in (1, 1, 2)
    ]
    assert orders[0] == orders[1] != orders[2]


def test_two_epochs_of_one_generator_differ():
    rng = np.random.default_rng(0)
    epochs = [np.concatenate(by_length([3] * 50, 8, rng=rng)).tolist() for _ in range(2)]
    assert epochs[0] != epochs[1]


def test_bucketing_saves_padding():
    sizes = np.random.default_rng(0).integers(1, 30, size=1000)
    padded = sum(len(b) * max(sizes[b]) for b in by_length(sizes, 32, rng=np.random.default_rng(1)))
    assert padded < 1.05 * sizes.sum()


@given(sequences, st.integers(1, 4), seeds)
def test_batches_of_sentences(rows, batch_size, seed):
    seen = {}
    for batch in sentence_batches([np.array(row) for row in rows], batch_size, rng=generator(seed)):
        for ids, mask, n in zip(*batch, strict=True):
            seen[int(n)] = ids[mask].tolist()
    assert [seen[n] for n in range(len(rows))] == rows


@given(sequences, st.integers(1, 4), seeds)
def test_batches_of_pairs_keep_the_pairs_together(rows, batch_size, seed):
    targets = [row[::-1] + [n] for n, row in enumerate(rows)]
    seen = set()
    for batch in pair_batches(
        [np.array(r) for r in rows], [np.array(t) for t in targets], batch_size, rng=generator(seed)
    ):
        for source, source_mask, target, target_mask, n in zip(*batch, strict=True):
            assert source[source_mask].tolist() == rows[n]
            assert target[target_mask].tolist() == targets[n]
            seen.add(int(n))
    assert seen == set(range(len(rows)))


def test_teacher_forcing_reads_one_and_says_the_next():
    ids, mask = pad([[2, 7, 8, 3], [2, 9, 3]])
    inputs, targets, real = teacher_forcing(ids, mask)
    assert inputs.tolist() == [[2, 7, 8], [2, 9, 3]]
    assert targets.tolist() == [[7, 8, 3], [9, 3, 0]]
    assert real.tolist() == [[True, True, True], [True, True, False]]


@given(st.integers(2, 120), st.integers(1, 9), st.integers(1, 9))
def test_segments_lose_no_token_and_repeat_none(n_tokens, B, T):
    B = min(B, n_tokens - 1)
    ids = np.arange(100, 100 + n_tokens)
    parts = list(segments(ids, B, T))
    for part in parts:
        assert part.inputs.shape == part.targets.shape == part.mask.shape
        assert part.mask.any(axis=1).all(), "a stream without a token in a segment"
        np.testing.assert_array_equal(part.targets[part.mask], part.inputs[part.mask] + 1)
    assert all(part.inputs.shape == (B, T) for part in parts[:-1])
    assert parts[-1].inputs.shape[1] <= T + 1
    streams = [np.concatenate([p.inputs[b][p.mask[b]] for p in parts]) for b in range(B)]
    np.testing.assert_array_equal(np.concatenate(streams), ids[:-1])
    assert max(map(len, streams)) - min(map(len, streams)) <= 1


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: pad([]), "at least one token, got no sequence"),
        (lambda: pad([[1], []]), "got none in sequence 1"),
        (lambda: pad([[1]], side="top"), "expected right or left, got 'top'"),
        (lambda: by_length([1, 2]), "got batch_size=None, max_tokens=None"),
        (lambda: by_length([1, 2], 2, 2), "got batch_size=2, max_tokens=2"),
        (lambda: by_length([1, 2], 0), "at least 1, got batch_size=0"),
        (lambda: by_length([1, 0], 2), "expected at least 1 each, got 0"),
        (lambda: list(pair_batches([[1]], [], 2)), "expected 1, one for each source, got 0"),
        (lambda: list(segments([1, 2], 2, 3)), "expected at least 3 tokens for 2 streams, got 2"),
        (lambda: list(segments([1, 2], 1, 0)), "got B=1, T=0"),
        (lambda: list(segments([[1, 2]], 1, 1)), r"expected shape \(N,\), got \(1, 2\)"),
        (lambda: teacher_forcing(*pad([[1, 2], [1]])), r"at least two tokens a sentence"),
        (lambda: teacher_forcing([[1, 2]], [[True]]), r"mask: expected shape \(B=1, T=2\), got \(1, 1\)"),
    ],
)
def test_bad_input(act, message):
    with pytest.raises(ValueError, match=message):
        act()
