"""``unrolled grade`` against stock ``nbgrader autograde`` on one class: every row of the gradebook, and what follows."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time

import nbformat
import pytest
from grading.classroom import (
    CHAPTER,
    CODE,
    copy_course,
    fill,
    listed_answers,
    make_class,
    points,
    release,
    rows,
    run,
    solutions,
    submit,
)
from grading.damaged.notebooks import DAMAGES

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group(__name__)]
ALL = sum(task.points for task in CODE)


def grade(course, *options):
    return run(course, "-m", "unrolled", "grade", CHAPTER, *options)


@pytest.fixture(scope="module")
def both(module_course, tmp_path_factory):
    """The same class, graded by stock and by us."""
    students = make_class(module_course, 16)  # test_differential.py has more, and of all chapters
    late = 'c.LateSubmissionPlugin.penalty_method = "zero"\n'
    with open(module_course / "nbgrader_config.py", "a", encoding="utf-8") as file:
        file.write(late)
    _set_due(module_course, "2026-01-10 12:00:00 UTC")
    stock = copy_course(module_course, tmp_path_factory.mktemp("stock") / "course")
    done = run(stock, "-m", "nbgrader", "autograde", CHAPTER)
    assert done.returncode == 0, done.stderr
    done = grade(module_course, "--json")
    assert done.stdout, done.stderr
    return stock, module_course, students, json.loads(done.stdout)


def _set_due(course, when):
    code = f"from nbgrader.api import Gradebook\nwith Gradebook('sqlite:///_nbgrader/gradebook.db') as g:\n    g.update_or_create_assignment({CHAPTER!r}, duedate={when!r})"
    done = run(course, "-c", code)
    assert done.returncode == 0, done.stderr


def test_every_row_is_the_same(both):
    stock, ours, students, _ = both
    expected, got = rows(stock), rows(ours)
    assert {key: (row, got.get(key)) for key, row in expected.items() if got.get(key) != row} == {}
    assert set(got) == set(expected) and len(got) > 18 * len(students)
    assert len({row[0] for key, row in got.items() if key[0] == "grade"}) > 3, "a class with different marks"
    assert any(row[1] for key, row in got.items() if key[0] == "notebook"), "somebody was late"


def test_graded_notebooks_are_the_same_but_for_words(both):
    stock, ours, students, _ = both
    for student in students:
        a, b = (
            nbformat.read(f / "_nbgrader" / "autograded" / student / CHAPTER / f"{CHAPTER}.ipynb", 4)
            for f in (stock, ours)
        )
        nbformat.validate(b)
        assert [(c.cell_type, c.source) for c in a.cells] == [(c.cell_type, c.source) for c in b.cells]
        facts = [[c.metadata.get("nbgrader") for c in nb.cells] for nb in (a, b)]
        assert facts[0] == facts[1]
        counts = [[c.get("execution_count") for c in nb.cells] for nb in (a, b)]
        assert counts[0] == counts[1]


def _errors(cell):
    """Names and words; a syntax error names the file of the cell, which is another one each time."""
    errors = [o for o in cell.get("outputs", []) if o.output_type == "error"]
    return [(o.ename, re.sub(r"\(\S+, line", "(cell, line", o.evalue)) for o in errors]


def test_messages_are_the_same(both):
    stock, ours, students, _ = both
    different = {}
    for student in students:
        errors = []
        for folder in (stock, ours):
            notebook = nbformat.read(
                folder / "_nbgrader" / "autograded" / student / CHAPTER / f"{CHAPTER}.ipynb", 4
            )
            errors.append([_errors(cell) for cell in notebook.cells])
        different |= {
            (student, n): pair for n, pair in enumerate(zip(*errors, strict=True)) if pair[0] != pair[1]
        }
    assert different == {}


def test_nothing_was_mended_flagged_or_failed(both):
    *_, students, summary = both
    assert sorted(summary["graded"]) == sorted(students)
    assert (
        not summary["mended"] and not summary["flagged"] and not summary["failed"] and not summary["trouble"]
    )
    assert "namespaces" in summary["sandbox"] or "Landlock" in summary["sandbox"]


def test_stock_feedback_and_export_go_on(both):
    _, ours, students, _ = both
    chosen = students[:2]
    for student in chosen:
        done = run(ours, "-m", "nbgrader", "generate_feedback", CHAPTER, "--student", student)
        assert done.returncode == 0, done.stderr
        text = (ours / "_nbgrader" / "feedback" / student / CHAPTER / f"{CHAPTER}.html").read_text(
            encoding="utf-8"
        )
        assert "leaky_by_rows" not in text and "HIDDEN TESTS" not in text
    done = run(ours, "-m", "nbgrader", "export", "--to", str(ours / "grades.csv"))
    assert done.returncode == 0, done.stderr
    with open(ours / "grades.csv", newline="", encoding="utf-8") as file:
        marks = {row["student_id"]: float(row["raw_score"]) for row in csv.DictReader(file)}
    assert marks == points(ours)


def test_a_second_time_does_nothing_and_a_change_is_seen(both):
    _, ours, students, _ = both
    before = rows(ours)
    again = json.loads(grade(ours, "--json").stdout)
    assert sorted(again["unchanged"]) == sorted(students) and not again["graded"]
    submit(ours, students[0], fill(release(ours), solutions()))
    third = json.loads(grade(ours, "--json").stdout)
    assert third["graded"] == [students[0]] and points(ours)[students[0]] == ALL
    others = {k: v for k, v in rows(ours).items() if k[1] != students[0]}
    assert others == {k: v for k, v in before.items() if k[1] != students[0]}


def test_manual_marks_survive_and_ask_for_a_second_look(course):
    submit(course, "ana", fill(release(course), solutions()))
    assert grade(course).returncode == 0
    code = f"from nbgrader.api import Gradebook\nwith Gradebook('sqlite:///_nbgrader/gradebook.db') as g:\n    x = g.find_grade('leaky-step-test', {CHAPTER!r}, {CHAPTER!r}, 'ana')\n    x.manual_score, x.extra_credit, x.needs_manual_grade = 1.5, 1, False\n    g.db.commit()"
    assert run(course, "-c", code).returncode == 0
    assert grade(course, "--regrade").returncode == 0
    assert rows(course)["grade", "ana", "leaky-step-test"] == (3.0, 1.5, 1.0, 1)


def test_the_damaged_are_graded_too_and_harm_nobody(course):
    for damage in DAMAGES:
        submit(course, damage.name, damage.data())
    submit(course, "aaa", fill(release(course), solutions()), name="my homework.ipynb")
    done = grade(course, "--json")
    summary = json.loads(done.stdout)
    assert done.returncode == 1 and set(summary["failed"]) == {d.name for d in DAMAGES if d.refused}
    got = points(course)
    assert got["aaa"] == ALL
    short = {d.name: got[d.name] for d in DAMAGES if d.keeps and got[d.name] != ALL}
    assert short == {}, short
    waiting = {
        k[1]
        for k, v in rows(course).items()
        if k[0] == "grade" and k[2] == "leaky-step-test" and v[0] is None
    }
    assert waiting == set(summary["failed"]), "a person must look, as after stock"
    notebook = course / "_nbgrader" / "autograded" / "test_cell_twice" / CHAPTER / f"{CHAPTER}.ipynb"
    assert "Notes of the grader" in notebook.read_text(encoding="utf-8")


def test_killed_at_any_moment_nothing_is_lost(course):
    for n in range(12):
        submit(course, f"s{n:02}", fill(release(course), solutions() if n % 2 else {}))
    for pause in (3.0, 4.5, 6.0):
        process = subprocess.Popen(
            [sys.executable, "-m", "unrolled", "grade", CHAPTER], cwd=course, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, "HOME": str(course)},
        )  # fmt: skip
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert grade(course).returncode == 0
    assert points(course) == {f"s{n:02}": ALL if n % 2 else 0 for n in range(12)}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "no assignment 'nothing' in the gradebook (there: ch01_rnn)"),
        ([CHAPTER, "--students", "nobody"], "no folder matches"),
    ],
)
def test_what_is_not_there_is_said(course, arguments, words):
    submit(course, "ana", b"")
    (course / "_nbgrader" / "submitted" / "ana" / "nothing").mkdir()
    done = run(course, "-m", "unrolled", "grade", *arguments)
    assert done.returncode == 2 and words in done.stderr, done.stderr


def test_every_listed_answer_is_judged_as_in_one_process(course):
    """Right ones get all points, wrong ones none, through both processes."""
    import submissions

    base, listed = release(course), submissions.load(CHAPTER)
    expected = {}
    for answer, text in zip(listed, _in_order(listed), strict=True):
        student = f"{answer.task}_{answer.function.__name__}"
        submit(course, student, fill(base, {answer.task: text}))
        worth = next(t.points for t in CODE if t.id == answer.task) if answer.hint is None else 0
        expected[student] = worth
    done = grade(course)
    assert done.returncode == 0, done.stdout + done.stderr
    got = {
        k[1]: v[0]
        for k, v in rows(course).items()
        if k[0] == "grade" and k[1].startswith(k[2].removesuffix("-test") + "_")
    }
    assert {s: (p, got[s]) for s, p in expected.items() if got[s] != p} == {}


def _in_order(listed):
    texts = {task: iter(found) for task, found in listed_answers().items()}
    return [next(texts[answer.task]) for answer in listed]
