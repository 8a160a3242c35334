"""Release, submissions, stock `nbgrader autograde`, feedback, marks: the instructor's way, once, for real.

One student hands in a file that is no notebook.  Stock nbgrader grades the students in order, reports
the one it cannot read, goes on with the others and ends with exit code 1: what an instructor sees is an
error at the end, and all other marks.
"""

import csv
import html
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
import submissions
from submissions import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group(__name__)]
CHAPTER = "ch01_rnn"
TASKS = submissions.read_tasks(CHAPTER)
CODE = [task for task in TASKS if not task.written]
HALF = ["leaky-step", "all-states", "final-states"]
WRONG_STEP = """def leaky_step_backward(*args):
    print("inputs:", args)
    raise ValueError("my own words")
"""
SYNTAX = "def tag_words(words, vectors, network, tags)\n    return words"


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The folder of a course in which everything has been done; each command's own output beside it."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "solutions", folder / "solutions", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    output = {"release": run(folder, str(folder / "solutions" / "build.py"), "--gradebook", CHAPTER)}
    assert output["release"].returncode == 0, output["release"].stderr
    release = nbformat.read(folder / "exercises" / CHAPTER / f"{CHAPTER}.ipynb", as_version=4)
    submit(folder, "ana_untouched", nbformat.writes(release))
    submit(folder, "boris_broken", nbformat.writes(release)[:-200] + "<<<<<<< HEAD")
    submit(folder, "chen_half", nbformat.writes(fill(release, half_right())))
    submit(folder, "dora_right", nbformat.writes(fill(release, {task.id: task.solution for task in TASKS})))
    for step, options in {
        "autograde": [CHAPTER],
        "generate_feedback": [CHAPTER],
        "export": ["--to", str(folder / "grades.csv")],
    }.items():
        output[step] = run(folder, "-m", "nbgrader", step, *options)
    return folder, output


def run(folder, *command):
    # the folder's own configuration only, and no history of the machine
    environment = {**os.environ, "HOME": str(folder), "IPYTHONDIR": str(folder / ".ipython")}
    environment.pop("PYTEST_CURRENT_TEST", None)
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True
    )


def submit(folder, student, text):
    path = folder / "_nbgrader" / "submitted" / student / CHAPTER / f"{CHAPTER}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")


def fill(release, answers):
    notebook = nbformat.from_dict(release)
    notebook = nbformat.reads(nbformat.writes(notebook), as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    return notebook


def half_right():
    """Three right answers, one that stops, one that is no Python, a written one; the rest untouched."""
    answers = {task.id: task.solution for task in TASKS if task.id in HALF}
    return {
        **answers,
        "leaky-step-backward": WRONG_STEP,
        "tag-words": SYNTAX,
        "why-shared": "Because they are.",
    }


def marks(folder):
    with open(folder / "grades.csv", newline="", encoding="utf-8") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


def test_marks_are_as_expected(graded):
    folder, output = graded
    by_machine = sum(task.points for task in CODE)
    half = sum(task.points for task in CODE if task.id in HALF)
    assert output["export"].returncode == 0, output["export"].stderr
    rows = marks(folder)
    assert {s: float(row["score"]) for s, row in rows.items()} == {
        "ana_untouched": 0, "boris_broken": 0, "chen_half": half, "dora_right": by_machine,
    }  # fmt: skip
    assert {float(row["max_score"]) for row in rows.values()} == {sum(task.points for task in TASKS)}


def test_the_broken_one_stops_nobody_else(graded):
    folder, output = graded
    done = {path.parent.parent.name for path in folder.glob(f"_nbgrader/autograded/*/{CHAPTER}/*.ipynb")}
    assert done == {"ana_untouched", "chen_half", "dora_right"}
    assert output["autograde"].returncode == 1
    assert f"error processing assignment '{CHAPTER}' for student 'boris_broken'" in output["autograde"].stderr
    assert "for student 'chen_half'" not in output["autograde"].stderr


def test_each_task_is_marked_for_itself_and_the_written_one_waits(graded):
    from nbgrader.api import Gradebook

    folder, _ = graded
    with Gradebook(f"sqlite:///{folder / '_nbgrader' / 'gradebook.db'}") as book:
        grades = {
            s: {g.name: g for g in book.find_submission_notebook(CHAPTER, CHAPTER, s).grades}
            for s in ("ana_untouched", "chen_half", "dora_right")
        }
        for task in CODE:
            got = {s: by_cell[f"{task.id}-test"].auto_score for s, by_cell in grades.items()}
            right = task.points if task.id in HALF else 0
            assert got == {"ana_untouched": 0, "chen_half": right, "dora_right": task.points}, task.id
        waiting = {s: by_cell["why-shared"].needs_manual_grade for s, by_cell in grades.items()}
    assert waiting == {"ana_untouched": False, "chen_half": True, "dora_right": True}


def feedback(folder, student):
    text = (folder / "_nbgrader" / "feedback" / student / CHAPTER / f"{CHAPTER}.html").read_text(
        encoding="utf-8"
    )
    text = re.sub(r"<style.*?</style>|<script.*?</script>", "", text, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^<>]*>", "", text))


@pytest.mark.parametrize("student", ["ana_untouched", "chen_half", "dora_right"])
def test_feedback_hides_the_hidden_tests(graded, student):
    folder, output = graded
    assert output["generate_feedback"].returncode == 0, output["generate_feedback"].stderr
    text = re.sub(r"\s+", "", feedback(folder, student))
    visible = re.sub(
        r"\s+", "", "".join(t.solution + t.stub + t.visible_checks + t.prompt + t.setup for t in TASKS)
    )
    lines = {re.sub(r"\s+", "", line) for task in CODE for line in task.hidden_tests.splitlines()}
    lines = {line for line in lines if len(line) >= 16 and line not in visible}
    assert len(lines) > 40
    assert not [line for line in lines if line in text]
    assert "HIDDENTESTS" not in text and "inputs:" not in text.replace('print("inputs:",args)', "")
    assert "unrolled/checks" not in text, "no frame of a test or of the checks"


def test_feedback_says_what_went_wrong(graded):
    folder, _ = graded
    half, untouched = feedback(folder, "chen_half"), feedback(folder, "ana_untouched")
    assert (
        "leaky_step_backward: it stopped with ValueError: my own words, at line 3 of your cell"
        in " ".join(half.split())
    )
    assert "NameError: name 'tag_words' is not defined" in half
    assert "expected ':'" in half, "the syntax error stays, under the student's own cell"
    assert untouched.count("nothing is written there yet") == len(CODE) - 1
    assert (
        "all_states: the state is not carried" in untouched
    )  # the broken code of the repair is there to be run


def test_validate_passes_on_the_solution_and_helps_on_the_release(graded):
    folder, _ = graded
    good = run(folder, "-m", "nbgrader", "validate", f"_nbgrader/source/{CHAPTER}/{CHAPTER}.ipynb")
    assert "Success! Your notebook passes all the tests." in good.stdout
    empty = run(folder, "-m", "nbgrader", "validate", f"exercises/{CHAPTER}/{CHAPTER}.ipynb")
    assert f"VALIDATION FAILED ON {len(TASKS)} CELL(S)!" in empty.stdout
    assert empty.stdout.count("nothing is written there yet") == len(CODE) - 1
    assert "Traceback" not in empty.stdout and "..." not in empty.stdout
