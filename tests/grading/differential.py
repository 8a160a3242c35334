"""A wide class, and what stock nbgrader makes of it: every row and every score, kept in ``golden/stock.json``.

Two courses: ours with all its assignments, and a small foreign one with what ours does without (two notebooks in one
assignment, a data file, a task cell, code graded by hand, partial credit, a rule for lateness in its configuration).

    make differential              run stock where the class or a test cell has changed, keep its rows
    make differential HOW=--all    run it for everything (5 minutes of processor time), for instance for a new nbgrader
    make differential HOW=--check  run it for everything, keep nothing, tell what differs (the weekly workflow does)

``test_differential.py`` grades the same class with ours and compares.  What a student's code and the tests *are* goes
into the hash of a group's inputs; what they import from ``unrolled`` does not, so that a change there shows as a
difference first.  If that difference is meant, renew with ``make differential HOW=--all``.
"""

import functools
import hashlib
import importlib.metadata
import json
import os
import random
import re
import sqlite3
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
os.environ["PATH"] = (
    f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader starts alembic by name
)
sys.path[:0] = [str(TESTS)] if str(TESTS) not in sys.path else []

import submissions  # noqa: E402
from grading import foreign  # noqa: E402
from grading.classroom import fill, listed_answers, make_course, release, run, submit  # noqa: E402

GOLDEN = Path(__file__).parent / "golden" / "stock.json"
DUE, ON_TIME, LATE = "2026-01-10 12:00:00 UTC", "2026-01-09 08:30:00 UTC", "2026-01-10 15:20:00 UTC"
OURS = tuple(submissions.chapters())
GROUPS = (*OURS, foreign.ASSIGNMENT)
RULE = 'c.LateSubmissionPlugin.penalty_method = "zero"\n'


# our own course: seven students, each with a way of working, in every chapter


def code_cell(name: str, source: str) -> dict:
    """A cell of the student's own."""
    return {"cell_type": "code", "id": name, "metadata": {}, "source": source, "outputs": [], "execution_count": None}  # fmt: skip


def insert(notebook: dict, after: str, *cells: dict) -> dict:
    """The notebook with cells of the student's own behind the cell of this id."""
    place = next(n for n, cell in enumerate(notebook["cells"]) if cell["id"] == after) + 1
    return {**notebook, "cells": [*notebook["cells"][:place], *cells, *notebook["cells"][place:]]}


NOISY = """import functools
class Count:
    calls = 0
_mine_@ = @
@functools.wraps(_mine_@)
def @(*args, **kwargs):
    Count.calls += 1
    print("call", Count.calls, [getattr(a, "shape", a) for a in args])
    return _mine_@(*args, **kwargs)
"""
PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()\n{'a': 1}"
CLASSES = """class _Holder:
    def __init__(self, f):
        self.f = f
    def helper(self, *args, **kwargs):
        return self.f(*args, **kwargs)
_held_@ = _Holder(@)
def @(*args, **kwargs):
    return _held_@.helper(*args, **kwargs)
"""
FAULTS = (
    "def @(*args)\n    return 0",
    "def @(*args, **kwargs):\n    raise KeyError('my own words')",
    "import sys\ndef @(*args, **kwargs):\n    sys.exit(1)",
    "import warnings\ndef @(*args, **kwargs):\n    warnings.warn('careful')",
    "del @",
    "@ = None",
    "raise RuntimeError('not yet')",
    "import sys\ndef @(*args, **kwargs):\n    print('debug', file=sys.stderr)",
)


def written(chapter: str, draw: random.Random) -> dict[str, tuple[dict, str | None]]:
    """What each student hands in for a chapter, and when."""
    tasks, base, listed = submissions.read_tasks(chapter), release_of(chapter), listed_answers(chapter)
    right, code = {t.id: t.solution for t in tasks}, [t for t in tasks if not t.written]
    half = {t.id: t.solution for n, t in enumerate(tasks) if n % 2 == 0}
    wrong = {t.id: draw.choice(listed[t.id]) for t in code if listed.get(t.id)}
    faults = {t.id: draw.choice(FAULTS).replace("@", t.function) for t in code if draw.random() < 0.6}
    mixed = {t.id: draw.choice([*listed.get(t.id, []), t.solution]) for t in tasks if draw.random() < 0.8}
    noisy, classes = fill(base, right), fill(base, {**right, **mixed})
    for task in code:
        noisy = insert(noisy, task.id, code_cell(f"noise-{task.id}", NOISY.replace("@", task.function)))
    for task in code[::2]:
        classes = insert(classes, task.id, code_cell(f"class-{task.id}", CLASSES.replace("@", task.function)))
    stray = insert(fill(base, {**half, **mixed}), code[0].id, code_cell("plot", PLOT), code_cell("error", "1 / 0"))  # fmt: skip
    return {
        "ana_right": (fill(base, right), ON_TIME),
        "ben_half": (fill(base, half), LATE),
        "chen_wrong": (fill(base, wrong), None),
        "dora_untouched": (base, LATE),
        "emil_noisy": (noisy, LATE if draw.random() < 0.5 else ON_TIME),
        "fay_classes": (classes, None),
        "gil_faults": (fill(base, {**right, **faults}), ON_TIME),
        "hana_stray": (stray, None),
    }


def release_of(chapter: str) -> dict:
    """The committed release: what a student has, the same as in a course made anew."""
    path = submissions.ROOT / "exercises" / chapter / f"{chapter}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


@functools.cache
def wide_class(chapter: str) -> dict[str, tuple[dict, str | None]]:
    """The same at every call."""
    return written(chapter, random.Random(chapter))


# any group: a chapter of ours, or the foreign assignment


def inputs(group: str) -> str:
    """A hash of what the outcome depends on."""
    if group == foreign.ASSIGNMENT:
        parts = [Path(foreign.__file__).read_text(encoding="utf-8")]
    else:
        handed_in = {s: ([(c["cell_type"], c["source"]) for c in nb["cells"] if c["cell_type"] == "code" or c["id"][:5] != "text-"], t)
                     for s, (nb, t) in wide_class(group).items()}  # fmt: skip
        tests = [(t.id, t.points, t.setup, t.visible_checks, t.hidden_tests) for t in submissions.read_tasks(group)]  # fmt: skip
        parts = [json.dumps([handed_in, tests, DUE, RULE], sort_keys=True)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def make_courses(folder: Path, groups) -> dict[str, Path]:
    """The courses with these groups released and handed in; the course's folder by group."""
    chapters = [g for g in groups if g != foreign.ASSIGNMENT]
    courses = {}
    if chapters:
        course = make_course(folder / "ours", *chapters)
        with open(course / "nbgrader_config.py", "a", encoding="utf-8") as file:
            file.write(RULE)
        set_due(course, chapters, DUE)
        for chapter in chapters:
            assert release(course, chapter)["cells"], chapter
            for student, (notebook, when) in wide_class(chapter).items():
                submit(course, student, notebook, f"{chapter}.ipynb", when, chapter)
        courses |= dict.fromkeys(chapters, course)
    if foreign.ASSIGNMENT in groups:
        courses[foreign.ASSIGNMENT] = foreign.make(folder / "foreign")
        set_due(courses[foreign.ASSIGNMENT], [foreign.ASSIGNMENT], DUE)
    return courses


def set_due(course: Path, assignments, when: str) -> None:
    code = (
        "import sys\nfrom nbgrader.api import Gradebook\nwith Gradebook(sys.argv[1]) as g:\n"
        "    for name in sys.argv[3:]:\n        g.update_or_create_assignment(name, duedate=sys.argv[2])"
    )
    done = run(course, "-c", code, f"sqlite:///{database(course)}", when, *assignments)
    assert done.returncode == 0, done.stderr


def database(course: Path) -> Path:
    return next(p for p in (course / "_nbgrader" / "gradebook.db", course / "gradebook.db") if p.exists())


TABLES = {
    "student": ("null", "s.student_id, t.first_name, t.last_name, t.email, t.lms_user_id", ""),
    "submission": ("null", "s.timestamp, s.extension", ""),
    "notebook": (
        "n.name",
        "x.flagged, x.late_submission_penalty",
        "join submitted_notebook x on x.assignment_id = s.id join notebook n on n.id = x.notebook_id ",
    ),
    "grade": (
        "n.name || '/' || c.name",
        "g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade, c.type",
        "join submitted_notebook x on x.assignment_id = s.id join notebook n on n.id = x.notebook_id "
        "join grade g on g.notebook_id = x.id join base_cell c on c.id = g.cell_id ",
    ),
    "comment": (
        "n.name || '/' || c.name",
        "g.auto_comment, g.manual_comment",
        "join submitted_notebook x on x.assignment_id = s.id join notebook n on n.id = x.notebook_id "
        "join comment g on g.notebook_id = x.id join base_cell c on c.id = g.cell_id ",
    ),
}
"""what a row is called beside its student, what is in it, where it is"""


def facts(course: Path, assignment: str) -> dict[str, list]:
    """Every row that grading left for an assignment, and the scores that nbgrader computes from them, by name."""
    base, found = sqlite3.connect(database(course)), {}
    for table, (name, columns, joins) in TABLES.items():
        query = (
            f"select s.student_id, {name}, {columns} from submitted_assignment s join student t on t.id = s.student_id "
            f"join assignment a on a.id = s.assignment_id {joins}where a.name = ?"
        )
        for student, what, *rest in base.execute(query, [assignment]):
            key = " ".join(filter(None, (table, student, what)))
            assert key not in found, f"twice: {key}"
            found[key] = rest
    base.close()
    return found | scores(course, assignment)


def scores(course: Path, assignment: str) -> dict[str, list]:
    """What an export says of each student."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{database(course)}") as gradebook:
        return {
            f"score {s.student.id}": [s.score, s.max_score, s.code_score, s.written_score, s.task_score,
                                      s.needs_manual_grade, s.total_seconds_late,
                                      max(0.0, s.score - sum(n.late_submission_penalty or 0 for n in s.notebooks))]
            for s in gradebook.find_assignment(assignment).submissions
        }  # fmt: skip


def errors(course: Path, assignment: str) -> dict[str, list]:
    """What each test cell said: the name of its error, and its words."""
    found = {}
    for path in sorted(course.glob(f"**/autograded/*/{assignment}/*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            graded = cell["metadata"].get("nbgrader", {})
            if graded.get("grade") and cell["cell_type"] == "code":
                key = f"says {path.parents[1].name} {path.stem}/{graded['grade_id']}"
                found[key] = [
                    [o["ename"], plain(o["evalue"])] for o in cell["outputs"] if o["output_type"] == "error"
                ]
    return found


def plain(words: str) -> str:
    """Without what differs from process to process: addresses, and the file of a cell."""
    words = re.sub(r"0x[0-9a-f]+", "0x…", words)
    return re.sub(r"\(\S+, line", "(cell, line", words)


def outcome(course: Path, assignment: str) -> dict[str, list]:
    """All that is compared, as JSON has it."""
    names = {key: [[name for name, _ in value]] for key, value in errors(course, assignment).items()}
    return json.loads(json.dumps(facts(course, assignment) | names))


def read_golden() -> dict[str, dict]:
    return json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}


def ask_stock(group: str) -> dict[str, list]:
    """What stock nbgrader makes of a group, now."""
    with tempfile.TemporaryDirectory() as folder:
        course = make_courses(Path(folder), [group])[group]
        done = run(course, "-m", "nbgrader", "autograde", group)
        assert done.returncode == 0, done.stderr[-3000:]
        return outcome(course, group)


def is_fresh(group: str, stored: dict) -> bool:
    """Whether what is stored is of this class and of this nbgrader."""
    version = importlib.metadata.version("nbgrader")
    return (stored.get("inputs"), stored.get("nbgrader")) == (inputs(group), version)


def renew(everything: bool = False) -> None:
    """Run stock where it must, and keep what it said."""
    golden = read_golden()
    for group in (g for g in GROUPS if everything or not is_fresh(g, golden.get(g, {}))):
        version = importlib.metadata.version("nbgrader")
        golden[group] = {"nbgrader": version, "inputs": inputs(group), "found": ask_stock(group)}
        GOLDEN.write_text(as_text({g: golden[g] for g in GROUPS if g in golden}), encoding="utf-8")
        print(f"{group}: {len(golden[group]['found'])} facts of stock nbgrader {version}", flush=True)


def check() -> int:
    """Ask stock about everything, and tell where it says something else than what is kept; how often it does."""
    golden, different = read_golden(), 0
    for group in GROUPS:
        kept, now = golden.get(group, {}).get("found", {}), ask_stock(group)
        changed = [key for key in sorted(kept | now) if kept.get(key) != now.get(key)]
        different += len(changed)
        print(f"{group}: {len(now)} facts, {len(changed)} differ", flush=True)
        for key in changed:
            print(f"  {key}: kept {kept.get(key)}, now {now.get(key)}")
    return different


def as_text(golden: dict) -> str:
    """JSON with a line a fact, so that a change can be read."""
    groups = []
    for name, group in golden.items():
        lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(group["found"].items()))
        head = json.dumps({k: v for k, v in group.items() if k != "found"})[1:-1]
        groups.append(f'{json.dumps(name)}: {{{head}, "found": {{\n{lines}\n}}}}')
    return "{\n" + ",\n".join(groups) + "\n}\n"


if __name__ == "__main__":
    sys.exit(check() > 0 if "--check" in sys.argv else renew("--all" in sys.argv))
