"""The report of ``make mutants`` is whole, current and explained; ten mutants of it are run again."""

import importlib.util
import random
from pathlib import Path

import pytest
import submissions

_spec = importlib.util.spec_from_file_location("mutants", Path(__file__).with_name("mutants.py"))
mutants = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(mutants)

CHAPTERS = submissions.chapters()
REPORT = mutants.load()
SURVIVORS = [(task, s) for tasks in REPORT.values() for task, row in tasks.items() for s in row["survivors"]]


def changes(source):
    return {change for change, _ in mutants.mutants(source)}


def test_the_operators_change_one_place_each():
    assert changes("a = -b + 2") == {
        "a = -b + 2 → pass", "a = -b + 2 → a = -b - 2", "a = -b + 2 → a = b + 2",
        "a = -b + 2 → a = -b + 3", "a = -b + 2 → a = -b + 1",
    }  # fmt: skip
    assert "s += x → s = x" in changes("s += x") and "s += x → s -= x" in changes("s += x")
    assert "np.where(m, a.T, b) → np.where(m, b, a.T)" in changes("np.where(m, a.T, b)")
    assert "np.where(m, a.T, b) → np.where(m, a, b)" in changes("np.where(m, a.T, b)")
    assert "f(x[1:n], axis=0) → f(x[1:], axis=0)" in changes("f(x[1:n], axis=0)")
    assert "f(x[1:n], axis=0) → f(x[1:n])" in changes("f(x[1:n], axis=0)")
    loop = changes("for t in reversed(r):\n    if a < b and not c:\n        break")
    assert "for t in reversed(r): → for t in r:" in loop and "for t in reversed(r): → for t in []:" in loop
    assert "if a < b and (not c): → if a < b or not c:" in loop and "break → continue" in loop
    assert "if a < b and (not c): → if a <= b and (not c):" in loop


def test_a_change_is_named_once_and_around_the_place_where_it_is():
    twice = [change for change, _ in mutants.mutants("a = 1\na = 1")]
    assert len(twice) == len(set(twice)) == 6 and "a = 1 → a = 2 (2)" in twice
    long = f"x = [{', '.join(f'name_{n}' for n in range(30))}, -y]"
    assert all(len(change) < 220 and "-y] → " in change for change in changes(long) if "pass" not in change)


def test_a_mutant_that_runs_on_is_killed(monkeypatch):
    task = submissions.read_task("ch01_rnn", "leaky-step")
    monkeypatch.setattr(mutants, "SECONDS", 0.2)
    assert not mutants.survives(task, "while True: pass")
    monkeypatch.setattr(mutants, "SECONDS", 30)
    assert mutants.survives(task, task.solution)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_report_covers_every_task_as_it_is_now(chapter):
    now = {t.id: len(changes(t.solution)) for t in submissions.read_tasks(chapter) if not t.written}
    assert {task: row["made"] for task, row in REPORT[chapter].items()} == now, "run make mutants"
    assert all(row["made"] == row["killed"] + len(row["survivors"]) for row in REPORT[chapter].values())


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_nearly_all_that_are_not_equivalent_are_killed(chapter):
    made, killed, equivalent = mutants.count(REPORT[chapter])
    assert killed >= 0.95 * (made - equivalent)


def test_every_survivor_is_explained_and_every_reason_is_needed():
    assert [(task, s["change"]) for task, s in SURVIVORS if not s["why"]] == []
    assert set(mutants.reasons()) == {(task, s["change"]) for task, s in SURVIVORS}


def test_ten_mutants_run_again_fare_as_the_report_says():
    chapter = "ch05_tasks"
    made = [
        (task, change, source)
        for task in submissions.read_tasks(chapter)
        if not task.written
        for change, source in mutants.mutants(task.solution)
    ]
    spared = {(task, s["change"]) for task, row in REPORT[chapter].items() for s in row["survivors"]}
    survivors = [m for m in made if (m[0].id, m[1]) in spared]
    killed = [m for m in made if (m[0].id, m[1]) not in spared]
    for task, change, source in survivors[:3] + random.Random(7).sample(killed, 7):
        assert mutants.survives(task, source) == ((task.id, change) in spared), change


def test_the_page_is_current_and_shows_no_line_of_an_answer():
    page = mutants.PAGE.read_text(encoding="utf-8")
    assert page == mutants.with_section(page, mutants.explain(mutants.load())), "run make mutants"
    assert len(SURVIVORS) > 10
    assert not [s["change"] for _, s in SURVIVORS if s["change"].partition(" → ")[0] in page]
