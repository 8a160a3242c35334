"""Both models are what the statement says: one matrix or two, all else alike."""

import copy

from unrolled.experiments import ledger, weight_tying


def test_they_differ_by_the_output_matrix_alone():
    tied, untied = (dict(weight_tying.MODELS[name]().named_parameters()) for name in ("tied", "untied"))
    assert set(untied) - set(tied) == {"V"} and set(tied) < set(untied)
    assert all(tied[name].shape == untied[name].shape for name in tied)
    saved = ledger.read()["weight_tying"]["summary"]["saved"]
    assert saved["mean"] == weight_tying.CAP * weight_tying.D and saved["sd"] == 0


def test_the_criterion_decides_all_three_ways():
    summary = ledger.read()["weight_tying"]["summary"]
    for interval, verdict in (
        ([0.1, 2.0], "holds"),
        ([-1.0, 1.0], "undecided"),
        ([-2.0, -0.1], "does not hold"),
    ):
        changed = copy.deepcopy(summary)
        changed["difference"]["ci95"] = interval
        assert weight_tying.criterion(changed) == verdict
