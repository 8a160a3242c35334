"""Each assignment from release to feedback: the right, the untouched, the broken and the borrowed notebook.

The way of ``test_the_whole_way.py``, for all chapters; graded by ``unrolled grade``, which is stock's equal (see
``tests/grading``), with stock feedback and stock validate.
"""

import base64
import html
import json
import re
import shutil

import nbformat
import pytest
import submissions
from grading.classroom import fill, run
from skips import skip_or_fail
from submissions import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group(__name__)]
CHAPTERS = submissions.chapters()
# a task of each chapter, and the function of unrolled that would be its answer; chapter 10 asks for none
TWINS = {
    "ch01_rnn": ("all-states", "rnn", "rnn_forward"),
    "ch02_bptt": ("final-backward", "rnn", "rnn_backward"),
    "ch03_language_model": ("forcing-after-prompt", "language_model", "teacher_forcing"),
    "ch04_weight_tying": ("tied-gradient", "weight_tying", "tied_backward"),
    "ch05_tasks": ("concat-pool", "classification", "mean_pool"),
    "ch06_stacked_birnn": ("both-ways", "birnn", "birnn_forward"),
    "ch07_lstm": ("repaired-lstm", "lstm", "lstm_forward"),
    "ch08_seq2seq": ("beam-step", "decoding", "beam_search"),
    "ch09_attention": ("causal-self-attention", "attention", "self_attention"),
}
LOUD = 'def {name}(*args, **kwargs):\n    print("inputs:", args)\n    raise ValueError(f"inputs: {{args}}")'
SYNTAX = "def {name}(*args)\n    return args"
OWN_LINE = 'raise ValueError(f"inputs: {args}")'
# right as long as the visible examples last, then it tells what it was given; its right part is no readable line
FADING = """import base64
space = dict(globals())
exec(base64.b64decode({solution!r}), space)
calls = []
def {name}(*args, **kwargs):
    calls.append(args)
    if len(calls) > {visible}:
        print("inputs:", args)
        raise ValueError(f"inputs: {{args}}")
    return space[{name!r}](*args, **kwargs)"""
CALLS_THE_TWIN = """{solution}

import inspect
from unrolled.scratch.{module} import {twin}
mine_{name} = {name}
def {name}(*args, **kwargs):
    try:
        {twin}(*[None for p in inspect.signature({twin}).parameters.values() if p.default is p.empty])
    except Exception:
        pass
    return mine_{name}(*args, **kwargs)"""


def code_tasks(chapter):
    return [task for task in submissions.read_tasks(chapter) if not task.written]


def visible_calls(task):
    """How often the visible check calls the function."""
    calls, function = [], submissions.solution(task)

    def counted(*args, **kwargs):
        calls.append(None)
        return function(*args, **kwargs)

    counted.__name__ = task.function
    assert submissions.run(task, counted, hidden=False).message is None
    return len(calls)


def broken(chapter):
    answers = {}
    for n, task in enumerate(code_tasks(chapter)):
        solution = base64.b64encode(task.solution.encode())
        facts = {"name": task.function, "solution": solution, "visible": visible_calls(task)}
        answers[task.id] = (FADING, LOUD, FADING, SYNTAX)[n % 4].format(**facts)
    return answers


def borrowed(chapter):
    """The right answers, but one task calls its twin and another one is an import of it."""
    answers = {task.id: task.solution for task in code_tasks(chapter)}
    task_id, module, twin = TWINS[chapter]
    name = task_id.replace("-", "_")
    calls = CALLS_THE_TWIN.format(solution=answers[task_id], module=module, twin=twin, name=name)
    other = imported(chapter)
    return {**answers, task_id: calls, other.id: f"from unrolled.scratch.{module} import {twin} as {other.function}"}  # fmt: skip


def imported(chapter):
    return next(task for task in code_tasks(chapter) if task.id != TWINS[chapter][0])


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    pytest.importorskip("nbgrader")
    from unrolled.grading.sandbox import Refused, choose

    try:
        choose()
    except Refused as reason:
        skip_or_fail(f"{reason}: allow user namespaces, or run as root")
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "solutions", folder / "solutions", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    done = run(folder, str(folder / "solutions" / "build.py"), "--gradebook")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module", params=CHAPTERS)
def graded(course, request):
    """The course, a chapter in which all have been graded, and the outcome of each test cell by student."""
    chapter = request.param
    path = course / "exercises" / chapter / f"{chapter}.ipynb"
    release = json.loads(path.read_text(encoding="utf-8"))
    answers = {
        "untouched": {},
        "right": {task.id: task.solution for task in submissions.read_tasks(chapter)},
        "broken": broken(chapter),
        **({"borrower": borrowed(chapter)} if chapter in TWINS else {}),
    }
    for student, given in answers.items():
        path = course / "_nbgrader" / "submitted" / student / chapter / f"{chapter}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(fill(release, given)), encoding="utf-8")
    done = run(course, "-m", "unrolled", "grade", chapter, "--json", "--jobs", "1", "--timeout", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    return course, chapter, {student: read_marks(course, chapter, student) for student in answers}


def read_marks(course, chapter, student):
    """(points, words of the error or "") by test cell."""
    from nbgrader.api import Gradebook

    path = course / "_nbgrader" / "autograded" / student / chapter / f"{chapter}.ipynb"
    cells = {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}
    with Gradebook(f"sqlite:///{course / '_nbgrader' / 'gradebook.db'}") as book:
        found = book.find_submission_notebook(chapter, chapter, student).grades
        points = {grade.name: grade.auto_score for grade in found}
    marks = {}
    for task in code_tasks(chapter):
        errors = [o for o in cells[f"{task.id}-test"].outputs if o.output_type == "error"]
        words = " ".join(" ".join(f"{o.ename}: {o.evalue}" for o in errors).split())
        marks[task.id] = (points[f"{task.id}-test"], words)
    return marks


def test_the_solution_gets_every_point_of_the_machine(graded):
    _, chapter, marks = graded
    assert marks["right"] == {task.id: (task.points, "") for task in code_tasks(chapter)}


def test_the_untouched_release_gets_none_and_helpful_words(graded):
    _, chapter, marks = graded
    for task in code_tasks(chapter):
        points, words = marks["untouched"][task.id]
        assert points == 0
        assert words.startswith(f"CheckFailed: {task.function}: "), words
        given_code = task.stub.splitlines()[-1].startswith("raise")  # a repair: what is given can be run
        assert ("expected: " in words and len(words) > 120) if given_code else "nothing is written" in words


def test_broken_answers_get_none(graded):
    _, _, marks = graded
    assert {points for points, _ in marks["broken"].values()} == {0}
    quiet = [words for _, words in marks["broken"].values() if "it stopped with ValueError, at line" in words]
    assert quiet, "some stop in a hidden test"
    assert not any("inputs:" in words.replace(OWN_LINE, "") for words in quiet)


def test_what_is_borrowed_earns_nothing_and_is_told(graded):
    _, chapter, marks = graded
    if chapter not in TWINS:
        assert chapter == "ch10_summary"
        return
    task_id, _, twin = TWINS[chapter]
    own = imported(chapter)
    points, words = marks["borrower"][task_id]
    assert points == 0 and f"it calls {twin} of unrolled, which is the answer itself" in words
    points, words = marks["borrower"][own.id]
    assert points == 0 and "this is the course's own function, not yours; it earns no points" in words
    others = {task.id: task.points for task in code_tasks(chapter) if task.id not in (task_id, own.id)}
    assert {name: marks["borrower"][name][0] for name in others} == others


def squeeze(text):
    return re.sub(r"\s+", "", text)


def test_feedback_gives_nothing_away(graded):
    course, chapter, _ = graded
    tasks = submissions.read_tasks(chapter)
    given = squeeze("".join(t.stub + t.visible_checks + t.prompt + t.setup for t in tasks))
    given += squeeze(FADING + LOUD + SYNTAX)
    lines = {squeeze(line) for t in tasks for line in f"{t.hidden_tests}\n{t.solution}".splitlines()}
    lines = {line for line in lines if len(line) >= 16 and line not in given}
    assert len(lines) > 40
    for student in ("untouched", "broken"):
        done = run(course, "-m", "nbgrader", "generate_feedback", chapter, "--student", student)
        assert done.returncode == 0, done.stderr
        path = course / "_nbgrader" / "feedback" / student / chapter / f"{chapter}.html"
        page = path.read_text(encoding="utf-8")
        page = re.sub(r"<style.*?</style>|<script.*?</script>", "", page, flags=re.DOTALL)
        text = squeeze(html.unescape(re.sub(r"<[^<>]*>", "", page)))
        assert not [line for line in lines if line in text], student
        assert "HIDDENTESTS" not in text
        assert "unrolled/checks" not in text, "no frame of a test or of the checks"


@pytest.mark.parametrize("chapter", ["ch04_weight_tying", "ch10_summary"])  # nine seconds a notebook
def test_validate_passes_on_the_solution_and_helps_on_the_release(course, chapter):
    tasks = submissions.read_tasks(chapter)
    good = run(course, "-m", "nbgrader", "validate", f"_nbgrader/source/{chapter}/{chapter}.ipynb")
    assert "Success! Your notebook passes all the tests." in good.stdout, good.stdout + good.stderr
    empty = run(course, "-m", "nbgrader", "validate", f"exercises/{chapter}/{chapter}.ipynb")
    assert f"VALIDATION FAILED ON {len(tasks)} CELL(S)!" in empty.stdout, empty.stdout + empty.stderr
    repairs = [t for t in code_tasks(chapter) if t.stub.splitlines()[-1].startswith("raise")]
    assert empty.stdout.count("nothing is written there yet") == len(code_tasks(chapter)) - len(repairs)
    for task in code_tasks(chapter):
        assert f"{task.function}: " in empty.stdout
    assert "Traceback" not in empty.stdout
