"""What is counted as new, on texts small enough to count by hand."""

import pytest

from unrolled.experiments import ledger, unseen


def test_new_ngrams_by_hand():
    """Of <s> a b </s>, the pairs are <s> a, a b, b </s>: training has the first and the last."""
    train, test = [["a", "c", "b"]], [["a", "b"]]
    assert unseen.share_new(train, test, 1) == 0.0
    assert unseen.share_new(train, test, 2) == pytest.approx(1 / 3)
    assert unseen.share_new(train, test, 3) == 1.0


def test_repetitions_count_and_sentences_stay_apart():
    assert unseen.share_new([["a"]], [["a"], ["a"], ["b"]], 1) == pytest.approx(1 / 9)
    assert list(unseen.ngrams(["a"], 3)) == [("<s>", "a", "</s>")]
    assert list(unseen.ngrams([], 3)) == []


def test_what_was_seen_is_never_new_and_a_longer_context_never_less():
    text = [["a", "b", "a", "c"], ["b", "a"]]
    assert all(unseen.share_new(text, text, n) == 0.0 for n in (1, 2, 3, 4))
    for run in ledger.read()["unseen"]["runs"]:
        for after in ("", "_all"):
            found = [run["figures"][f"new_{n}{after}"] for n in range(1, 6)]
            assert found == sorted(found)
        assert all(run["figures"][f"new_{n}"] >= run["figures"][f"new_{n}_all"] for n in range(1, 6))


@pytest.mark.parametrize(
    ("means", "verdict"),
    [
        ([0.1, 0.2, 0.3, 0.6, 0.7], "holds"),
        ([0.1, 0.2, 0.3, 0.4, 0.7], "undecided"),
        ([0.1, 0.2, 0.3, 0.35, 0.4], "does not hold"),
    ],
)
def test_the_criterion_decides_all_three_ways(means, verdict):
    assert unseen.criterion({f"new_{n}_all": {"mean": m} for n, m in enumerate(means, 1)}) == verdict
