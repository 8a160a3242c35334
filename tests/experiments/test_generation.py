"""The measures by hand."""

import copy

import pytest

from unrolled.experiments import generation, ledger


def test_measures_by_hand():
    """Pairs: 12 23 | 12 23 | 44 44: three different of six, one sentence of three again, one pair of six again in its own."""
    found = generation.measures([[1, 2, 3], [1, 2, 3], [4, 4, 4]])
    assert found == pytest.approx({"distinct_2": 3 / 6, "repeated": 1 / 3, "loops": 1 / 6})


def test_nothing_repeated_is_all_distinct():
    assert generation.measures([[1, 2], [3, 4], [5]]) == {"distinct_2": 1.0, "repeated": 0.0, "loops": 0.0}


def test_the_least_steps_follow_from_the_figures():
    for run in ledger.read()["generation"]["runs"]:
        f = run["figures"]
        steps = [f["repeated_t0.5"] - f["repeated_t0.75"], f["repeated_t0.75"] - f["repeated_t1"]]
        assert f["repeated_least_step"] == pytest.approx(min(steps), abs=1e-5)
        steps = [f["distinct_2_t0.75"] - f["distinct_2_t0.5"], f["distinct_2_t1"] - f["distinct_2_t0.75"]]
        assert f["distinct_2_least_step"] == pytest.approx(min(steps), abs=1e-5)


def test_the_criterion_decides_all_three_ways():
    summary = ledger.read()["generation"]["summary"]
    for interval, verdict in (
        ([0.1, 0.2], "holds"),
        ([-0.1, 0.1], "undecided"),
        ([-0.2, -0.1], "does not hold"),
    ):
        changed = copy.deepcopy(summary)
        for name in ("distinct_2", "repeated", "surprise"):
            changed[f"{name}_least_step"]["ci95"] = [0.1, 0.2]
        changed["repeated_least_step"]["ci95"] = interval
        assert generation.criterion(changed) == verdict
