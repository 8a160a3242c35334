"""Every listed wrong answer draws its hint and gets no points; every right one gets them all."""

import importlib.util
import inspect
import re
from pathlib import Path

import numpy as np
import pytest
import submissions

_spec = importlib.util.spec_from_file_location("kill_matrix", Path(__file__).with_name("kill_matrix.py"))
kill_matrix = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(kill_matrix)

CHAPTERS = submissions.chapters()
ANSWERS = [answer for chapter in CHAPTERS for answer in submissions.load(chapter)]
WRONG = [answer for answer in ANSWERS if answer.hint is not None]
RIGHT = [answer for answer in ANSWERS if answer.hint is None]
TASKS = [(c, t.id) for c in CHAPTERS for t in submissions.read_tasks(c) if not t.written]


def name(answer):
    return f"{answer.task}: {answer.title}"


@pytest.mark.parametrize("answer", WRONG, ids=name)
def test_a_wrong_answer_draws_its_hint(answer):
    outcome = submissions.run(
        submissions.read_task(answer.chapter, answer.task), answer.function, hidden=False
    )
    assert outcome.message is not None, "the visible check lets it pass"
    assert outcome.expected, f"not an explanation but {outcome.message}"
    assert answer.hint in outcome.message


@pytest.mark.parametrize("answer", WRONG, ids=name)
def test_a_wrong_answer_fails_the_hidden_tests_alone(answer):
    outcome = submissions.run(
        submissions.read_task(answer.chapter, answer.task), answer.function, hidden=True
    )
    assert outcome.message is not None


@pytest.mark.parametrize("answer", RIGHT, ids=name)
@pytest.mark.parametrize("hidden", [False, True], ids=["visible", "hidden"])
def test_an_unusual_right_answer_passes(answer, hidden):
    task = submissions.read_task(answer.chapter, answer.task)
    assert submissions.run(task, answer.function, hidden).message is None


@pytest.mark.parametrize(("chapter", "task_id"), TASKS)
@pytest.mark.parametrize("hidden", [False, True], ids=["visible", "hidden"])
def test_the_solution_passes(chapter, task_id, hidden):
    task = submissions.read_task(chapter, task_id)
    assert submissions.run(task, submissions.solution(task), hidden).message is None


@pytest.mark.parametrize(("chapter", "task_id"), TASKS)
def test_every_task_has_enough_answers_hints_and_tests(chapter, task_id):
    task = submissions.read_task(chapter, task_id)
    assert sum(a.task == task_id and a.chapter == chapter for a in WRONG) >= 5
    assert sum(a.task == task_id and a.chapter == chapter for a in RIGHT) >= 2
    assert len(task.hints) == 3, "nudge, idea, sketch"
    assert f"check_{task.function}({task.function})" in task.visible_checks
    assert task.hidden_tests
    assert "NotImplementedError" in task.stub


@pytest.mark.parametrize(("chapter", "task_id"), TASKS)
def test_an_empty_answer_is_told_so(chapter, task_id):
    def nothing(*args):
        raise NotImplementedError

    message = submissions.run(submissions.read_task(chapter, task_id), nothing, hidden=False).message
    assert "nothing is written there yet" in message


@pytest.mark.parametrize(("chapter", "task_id"), TASKS)
def test_a_failure_of_the_hidden_tests_shows_no_numbers_of_theirs(chapter, task_id):
    """What the student's code raises on a hidden input is named, not quoted."""

    def quoting(*args):
        raise ValueError(f"seen: {args!r}")

    task = submissions.read_task(chapter, task_id)
    message = submissions.run(task, quoting, hidden=True).message
    if inspect.signature(submissions.solution(task)).parameters:  # a task without input hides none
        assert message.startswith("quoting: it stopped with ValueError, at line")
    assert not re.search(r"array\(|\d\.\d", message)


def test_a_check_leaves_no_traceback_for_ipython():
    task = submissions.read_task("ch01_rnn", "leaky-step")
    with pytest.raises(AssertionError) as caught:
        namespace = {}
        exec(task.setup, namespace)
        namespace["check_leaky_step"](lambda *args: np.zeros(2))
    shown = "\n".join(caught.value._render_traceback_())
    assert shown.startswith("Not yet. <lambda>: the shape is right, the values are not.")
    assert "File" not in shown and "Traceback" not in shown
    assert "expected: [ 0.3950, -0.8191]" in shown and "got:      [0., 0.]" in shown


def test_the_published_matrix_is_current():
    """`make kill-matrix` writes it."""
    for file, text in kill_matrix.build().items():
        assert (kill_matrix.BOOK / file).read_text(encoding="utf-8") == text, (
            f"book/{file}: run make kill-matrix"
        )
