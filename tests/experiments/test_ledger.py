"""Laws of the ledger: what it says follows from what was measured, and can be measured again."""

import json
import math
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from skips import need_corpus

from unrolled import experiments
from unrolled.experiments import claims, ledger, measure
from unrolled.experiments.__main__ import main

CLAIM = '''
"""A claim for the test: cheap, and counted."""
from pathlib import Path
TITLE, CHAPTER, SECTION, STATEMENT = "A", "ch01_rnn", "13.1", "two is more than one"
SEEDS, TOLERANCE = (1, 2, 3), {"noise": 0.5, "*": 0.0}
CALLS = Path(__file__).with_name("calls")
def run(seed):
    with open(CALLS, "a") as file:
        file.write(f"{seed} ")
    if (CALLS.parent / f"fail{seed}").exists():
        raise RuntimeError("stopped")
    return {"two": 2.0 + seed / 100, "noise": seed * 1.0}
def criterion(summary):
    """Holds if two is above one."""
    return "holds" if summary["two"]["mean"] > 1 else "does not hold"
def data():
    return {"name": "none", "sha256": "0"}
'''


@pytest.fixture
def claim(tmp_path, monkeypatch):
    """The claim above in a file of its own, measured in this process, kept and recorded under tmp_path."""
    path = tmp_path / "cheap.py"
    path.write_text(CLAIM)
    module = types.ModuleType("cheap")
    module.__file__ = str(path)
    exec(compile(CLAIM, path, "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "cheap", module)
    monkeypatch.setattr(measure, "claims", lambda: {"cheap": module})
    monkeypatch.setattr(measure, "ProcessPoolExecutor", InThisProcess)
    return module


class InThisProcess:
    def __init__(self, *_, **__): ...
    def shutdown(self, **_): ...
    def submit(self, function, *arguments):
        from concurrent.futures import Future

        done = Future()
        try:
            done.set_result(function(*arguments))
        except Exception as error:
            done.set_exception(error)
        return done


def calls(module):
    return sorted(module.CALLS.read_text().split())


@pytest.mark.parametrize("name", claims())
def test_the_verdict_follows_from_the_figures(name):
    entry = ledger.read()[name]
    claim = claims()[name]
    assert ledger.summarise(entry["runs"]) == entry["summary"]
    assert claim.criterion(entry["summary"]) == entry["verdict"]
    assert entry["verdict"] in ("holds", "does not hold", "undecided")
    assert [run["seed"] for run in entry["runs"]] == sorted(claim.SEEDS) and len(claim.SEEDS) >= 5
    again = ledger.entry(claim, entry["runs"])
    moving = ("commit", "versions")
    assert {k: v for k, v in again.items() if k not in moving} == {
        k: v for k, v in entry.items() if k not in moving
    }, "the claim's file was changed after it was measured: measure it again"


def test_the_ledger_has_no_entry_without_a_claim():
    assert set(ledger.read()) <= set(claims())


@pytest.mark.slow
@pytest.mark.parametrize("name", claims())
def test_the_cheapest_seed_gives_the_ledger_s_figures_again(name, capsys):
    """Within the claim's TOLERANCE; on the machine that measured, to the last digit."""
    for corpus in getattr(claims()[name], "CORPORA", ()):
        need_corpus(corpus)
    same = measure.compare([name])
    assert same, capsys.readouterr().out


def test_summary_by_hand():
    """Mean 2, sd 1, and 2 ± 4.303 / √3 for three runs."""
    runs = [{"seed": s, "figures": {"a": float(s)}} for s in (1, 2, 3)]
    found = ledger.summarise(runs)["a"]
    assert found["mean"] == 2.0 and found["sd"] == 1.0 and found["n"] == 3
    np.testing.assert_allclose(found["ci95"], [2 - 4.303 / 3**0.5, 2 + 4.303 / 3**0.5], rtol=1e-5)
    same = ledger.summarise([{"seed": s, "figures": {"a": 0.00689655}} for s in range(5)])["a"]
    assert same["sd"] == 0.0 and same["ci95"] == [0.00689655, 0.00689655]
    assert ledger.summarise(runs[:1])["a"] == {"mean": 1.0, "sd": None, "ci95": None, "n": 1}


def test_an_interval_of_95_per_cent_covers_the_truth_95_times_in_100():
    rng = np.random.default_rng(0)
    for n, tolerance in ((2, 0.01), (5, 0.01), (40, 0.01)):
        draws = rng.normal(size=(20_000, n))
        half = ledger.t_quantile(n - 1) * draws.std(axis=1, ddof=1) / math.sqrt(n)
        assert np.mean(np.abs(draws.mean(axis=1)) < half) == pytest.approx(0.95, abs=tolerance)


def test_t_quantiles_go_down_to_the_normal_s():
    values = [ledger.t_quantile(f) for f in (1, 2, 30, 31, 60, 10**6)]
    assert values == sorted(values, reverse=True)
    np.testing.assert_allclose(values[3:], [2.0395, 2.0003, 1.95996], atol=3e-3)


def test_runs_with_other_figures_are_refused():
    runs = [{"seed": 1, "figures": {"a": 1.0}}, {"seed": 2, "figures": {"b": 1.0}}]
    with pytest.raises(ValueError, match=r"figures: expected \['a'\] in seed 2, got \['b'\]"):
        ledger.summarise(runs)
    with pytest.raises(ValueError, match="expected finite numbers, got nan"):
        ledger.summarise([{"seed": 1, "figures": {"a": math.nan}}])


def test_record_keeps_the_others_in_order_and_writes_the_same_bytes(tmp_path):
    path = tmp_path / "claims.json"
    for name in ("b", "a", "b"):
        ledger.record(name, {"verdict": name, "é": 1.0}, path)
    first = path.read_bytes()
    ledger.record("a", {"verdict": "a", "é": 1.0}, path)
    assert path.read_bytes() == first and list(json.loads(first)) == ["a", "b"] and "é".encode() in first
    assert [p.name for p in tmp_path.iterdir()] == ["claims.json"], "nothing is left beside it"


def test_two_processes_that_record_at_once_lose_nothing(tmp_path):
    path = tmp_path / "claims.json"
    code = (
        "import sys; from pathlib import Path; from unrolled.experiments import ledger\n"
        "for n in range(40): ledger.record(f'{sys.argv[2]}{n}', {'verdict': 'holds'}, Path(sys.argv[1]))"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, path, who]) for who in "ab"]
    assert [process.wait(120) for process in running] == [0, 0]
    assert len(ledger.read(path)) == 80


def test_a_write_that_fails_leaves_the_old_ledger(tmp_path):
    path = tmp_path / "claims.json"
    ledger.record("a", {"verdict": "holds"}, path)
    with pytest.raises(TypeError):
        ledger.record("b", {"verdict": object()}, path)
    assert list(ledger.read(path)) == ["a"]


def test_differences_say_expected_and_got():
    tolerance = {"loss_*": 0.1, "*": 0.0}
    same = ledger.differences({"loss_a": 1.0, "n": 3.0}, {"loss_a": 1.09, "n": 3.0}, tolerance)
    assert list(same) == []
    wrong = ledger.differences({"loss_a": 1.0, "n": 3.0, "x": 1.0}, {"loss_a": 1.2, "n": 4.0}, tolerance)
    assert list(wrong) == [
        "loss_a: expected 1 ± 0.1, got 1.2", "n: expected 3 ± 0, got 4", "x: expected 1.0, got no such figure",
    ]  # fmt: skip
    assert list(ledger.differences({"a": 1.0}, {"a": math.nan}, {"*": 1.0})), "NaN is never near"


def test_measuring_resumes_where_it_stopped(claim, tmp_path, monkeypatch):
    """A seed that fails loses nothing: the others are kept, and only what is missing is run again."""
    path = tmp_path / "claims.json"
    (tmp_path / "fail3").touch()
    with pytest.raises(RuntimeError, match="stopped"):
        measure.measure_all(["cheap"], 1, tmp_path / "kept", path)
    assert not path.exists() and calls(claim) == ["1", "2", "3"]
    (tmp_path / "fail3").unlink()
    measure.measure_all(["cheap"], 1, tmp_path / "kept", path)
    entry = ledger.read(path)["cheap"]
    assert calls(claim)[-1] == "3" and calls(claim).count("3") == 2
    assert entry["verdict"] == "holds" and entry["criterion"] == "Holds if two is above one."
    assert "return" in entry["criterion_source"] and entry["summary"]["two"]["mean"] == 2.02
    monkeypatch.setattr(ledger, "_commit", lambda: "a later one")
    before = path.read_bytes()
    measure.measure_all(["cheap"], 1, tmp_path / "kept", path)
    assert path.read_bytes() == before and calls(claim).count("3") == 2, "a second run measures nothing"


def test_compare_tells_what_differs(claim, tmp_path, capsys):
    path = tmp_path / "claims.json"
    assert not measure.compare(["cheap"], path)
    assert "not in the ledger yet" in capsys.readouterr().out
    measure.measure_all(["cheap"], 1, tmp_path / "kept", path)
    assert measure.compare(["cheap"], path) and "as in the ledger" in capsys.readouterr().out
    entry = ledger.read(path)["cheap"]
    for run in entry["runs"]:
        run["figures"]["two"] += 1.0
        run["figures"]["noise"] += 0.4
    ledger.record("cheap", entry, path)
    assert not measure.compare(["cheap"], path)
    out = capsys.readouterr().out
    assert "two: expected 3.0" in out and "noise" not in out


def test_a_quick_claim_is_compared_by_the_figures_it_makes_again(claim, tmp_path, capsys):
    path = tmp_path / "claims.json"
    measure.measure_all(["cheap"], 1, tmp_path / "kept", path)
    before = calls(claim)
    claim.quick = lambda seed: {"two": 2.0 + seed / 100}
    assert measure.compare(["cheap"], path) and calls(claim) == before
    claim.quick = lambda seed: {"two": 5.0, "three": 3.0}
    assert not measure.compare(["cheap"], path)
    out = capsys.readouterr().out
    assert "two: expected 2.0" in out and "three: expected no such figure, got 3" in out


def test_a_claim_whose_corpus_is_not_here_says_so_in_one_line(claim, tmp_path, monkeypatch, capsys):
    path = tmp_path / "claims.json"
    measure.measure_all(["cheap"], 1, tmp_path / "kept", path)
    capsys.readouterr()
    claim.CORPORA = ("tatoeba",)
    monkeypatch.setenv("UNROLLED_DATA", str(tmp_path))
    before = calls(claim)
    assert measure.compare(["cheap"], path) and calls(claim) == before
    assert (
        capsys.readouterr().out
        == "cheap: not compared, corpus tatoeba is not here: unrolled data fetch tatoeba\n"
    )


def test_what_was_kept_is_of_the_helpers_code_too(claim, tmp_path, monkeypatch):
    before = measure.kept("cheap", 1)
    helper = types.ModuleType("unrolled.experiments.helper")
    claim.helper = helper
    monkeypatch.setattr(measure.inspect, "getsource", lambda module: f"source of {module.__name__}")
    with_helper = measure.kept("cheap", 1)
    del claim.helper
    assert len({before, with_helper, measure.kept("cheap", 1)}) == 3


def test_what_another_claim_measured_is_not_measured_again(claim, tmp_path):
    assert measure.once(claim, 2, tmp_path / "kept") == {"two": 2.02, "noise": 2.0}
    assert measure.once(claim, 2, tmp_path / "kept")["two"] == 2.02 and calls(claim) == ["2"]
    measure.measure_all(["cheap"], 1, tmp_path / "kept", tmp_path / "claims.json")
    assert calls(claim) == ["1", "2", "3"], "what another asked for first is the claim's own seed too"


def test_the_helpers_of_helpers_count(claim):
    helper, deeper = (types.ModuleType(f"unrolled.experiments.{name}") for name in ("helper", "deeper"))
    claim.helper, helper.deeper, deeper.back = helper, deeper, helper
    assert measure._used(claim) == [helper, deeper]


def test_the_command_line(capsys):
    assert main(["--list"]) == 0
    assert "recall" in capsys.readouterr().out
    assert main(["nonsense"]) == 2
    assert "no claim nonsense; there are: " in capsys.readouterr().err


def test_half_a_claim_is_not_passed_over(tmp_path, monkeypatch):
    (tmp_path / "half_a_claim.py").write_text("def run(seed):\n    return {}\n")
    (tmp_path / "helper_of_claims.py").write_text("x = 1\n")
    monkeypatch.setattr(experiments, "__path__", [*experiments.__path__, str(tmp_path)])
    with pytest.raises(ValueError, match=r"experiments/half_a_claim.py: expected TITLE.*got none of TITLE"):
        claims()
    (Path(tmp_path) / "half_a_claim.py").unlink()
    assert "recall" in claims() and "helper_of_claims" not in claims()
