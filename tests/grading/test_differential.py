"""The wide class of ``differential.py``, graded by ours: every row and score that stock left, in every chapter and elsewhere."""

import importlib.metadata
import json

import pytest
from grading import differential, foreign
from grading.classroom import run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group(__name__)]
GROUPS = differential.GROUPS
GRADE_ALL = "import sys\nfrom unrolled.__main__ import main\nfor name in sys.argv[1:]:\n    main(['grade', name, '--json'])\n    print('=====')"


@pytest.fixture(scope="module")
def graded(tmp_path_factory, walls):
    """Course and summary by group; one process for all assignments of a course."""
    courses = differential.make_courses(tmp_path_factory.mktemp("wide"), GROUPS)
    summaries = {}
    for course in set(courses.values()):
        groups = [group for group, folder in courses.items() if folder == course]
        done = run(course, "-c", GRADE_ALL, *groups)
        assert done.returncode == 0, done.stderr
        summaries |= dict(zip(groups, map(json.loads, done.stdout.split("=====\n")[:-1]), strict=True))
    return courses, summaries


@pytest.mark.parametrize("group", GROUPS)
def test_what_stock_said_is_of_this_class(group):
    golden = differential.read_golden().get(group, {})
    fresh = golden.get("inputs") == differential.inputs(group)
    assert fresh, f"solutions, misconceptions or the class of {group} have changed: run `make differential`"
    assert golden["nbgrader"] == importlib.metadata.version("nbgrader"), "run `make differential`"


@pytest.mark.parametrize("group", GROUPS)
def test_every_row_and_score_is_that_of_stock(graded, group):
    courses, _ = graded
    expected = differential.read_golden()[group]["found"]
    got = differential.outcome(courses[group], group)
    different = {key: (row, got.get(key)) for key, row in expected.items() if got.get(key) != row}
    assert different == {}, (
        f"stock's and ours; if a change of `unrolled` meant it: make differential HOW=--all\n{different}"
    )
    assert set(got) == set(expected)


def test_the_class_is_wide():
    found = {(group, key): row for group, golden in differential.read_golden().items() for key, row in golden["found"].items()}  # fmt: skip
    scores = {key: row for key, row in found.items() if key[1].startswith("score ")}
    grades = [row for key, row in found.items() if key[1].startswith("grade ")]
    assert len(scores) >= 60 + len(foreign.CLASS) and {group for group, _ in scores} == set(GROUPS)
    assert len({row[0] for row in scores.values()}) > 20, "many different marks"
    assert any(row[0] and row[0] % 1 for row in grades), "partial credit"
    assert {row[4] for row in grades} == {"GradeCell", "TaskCell"}, "task cells"
    assert sum(bool(row[3]) for row in grades) > 20, "cells for a person"
    assert (
        sum(row == ["No response.", None] for key, row in found.items() if key[1].startswith("comment ")) > 20
    )
    late = [row for row in scores.values() if row[6] > 0]
    assert (
        len(late) > 15 and any(row[7] < row[0] for row in late) and any(row[7] == row[0] > 0 for row in late)
    )
    assert len({name for key, row in found.items() if key[1].startswith("says ") for name in row[0]}) > 5


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_honest_is_mended_flagged_or_stopped(graded, group):
    summary = graded[1][group]
    told = {key: summary[key] for key in ("mended", "flagged", "failed", "trouble") if summary[key]}
    assert told == {}
    assert len(summary["graded"]) == len(
        foreign.CLASS if group == foreign.ASSIGNMENT else differential.wide_class(group)
    )
