"""A course that is not ours, with what ours does without.

Two notebooks in one assignment that share names of cells, a data file, files of the students' own, a task cell, code and
text graded by hand, partial credit by number, a rule for lateness written into ``nbgrader_config.py``, and nbgrader's own
preprocessors for outputs.
"""

from pathlib import Path

import nbformat
from grading.classroom import run
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ASSIGNMENT = "ps1"
CONFIG = """
from nbgrader.plugins import LateSubmissionPlugin

class HalfAPointAnHour(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        if student_id == "excused":
            return None
        return min(score, 0.5 * (total_seconds_late // 3600))

c = get_config()
c.CourseDirectory.course_id = "foreign"
c.CourseDirectory.db_assignments = [{"name": "ps1"}]
c.AssignLatePenalties.plugin_class = HalfAPointAnHour
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = ".*known and harmless.*"
c.LimitOutput.max_lines = 20
c.Autograde.exclude_overwriting = {"ps1": ["helper.py"]}
c.Execute.shutdown_kernel = "immediate"
"""
DATA = "name,mass\nsun,1.5\nmoon,2.5\nstar,4\n"
HELPER = "def scale(x):\n    raise NotImplementedError\n"


def cell(name: str, source: str, points: float | None = None, **flags: bool) -> nbformat.NotebookNode:
    """A cell with nbgrader's metadata; ``points`` makes it graded."""
    make = new_markdown_cell if flags.pop("text", False) else new_code_cell
    facts = {"grade_id": name, "schema_version": 3, "grade": points is not None and not flags.get("task", False),
             "solution": False, "locked": False, "task": False, **flags}  # fmt: skip
    facts |= {} if points is None else {"points": points}
    made = make(source, metadata={"nbgrader": facts})
    made["id"] = name
    return made


def solution(stub_and_answer: str) -> str:
    """The answer between nbgrader's marks."""
    head, answer = stub_and_answer.split("\n", 1)
    return f"{head}\n    ### BEGIN SOLUTION\n{answer}\n    ### END SOLUTION"


ANSWERS = {
    "mean": "def mean_mass(path):\n    import csv\n    with open(path) as file:\n"
    "        return sum(float(r['mass']) for r in csv.DictReader(file)) / 3",
    "grade-me": "def letter(points):\n    return 'A' if points > 9 else 'B'",
    "roots": "def roots(a, b, c):\n    d = (b * b - 4 * a * c) ** 0.5\n    return (-b - d) / (2 * a), (-b + d) / (2 * a)",
    "scaled": "def scaled(x):\n    import helper\n    return helper.scale(x)",
    "mean2": "def twice(x):\n    return 2 * x",
}
"""by cell; ``mean2`` is the cell named mean in the second notebook"""

PARTIAL = """score = 0.0
if roots(1, -3, 2) == (1, 2):
    score += 1.5
try:
    if roots(1, 0, -4) == (-2, 2):
        score += 1
except Exception:
    pass
score"""

FIRST = [
    cell("setup", "import warnings\nprint('ready')", locked=True),
    cell("mean", solution(ANSWERS["mean"]), solution=True),
    cell("mean-test", "assert mean_mass('data/masses.csv') > 2\n### BEGIN HIDDEN TESTS\n"
         "assert abs(mean_mass('data/masses.csv') - 8 / 3) < 1e-9\n### END HIDDEN TESTS", 2, locked=True),
    cell("roots", solution(ANSWERS["roots"]), solution=True),
    cell("roots-test", PARTIAL, 2.5, locked=True),
    cell("roots-files", "with open('notes.txt', 'w') as file:\n    file.write(str(roots(1, -3, 2)))\n"
         "assert open('notes.txt').read() == '(1.0, 2.0)'", 1, locked=True),
    cell("grade-me", solution(ANSWERS["grade-me"]), 4, solution=True),
    cell("essay", "Why?\n\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION", 5, solution=True, text=True),
    cell("scaled", solution(ANSWERS["scaled"]), solution=True),
    cell("scaled-test", "assert scaled(2) == 6", 1, locked=True),
]  # fmt: skip
SECOND = [
    cell("setup", "data = open('data/masses.csv').read().splitlines()", locked=True),
    cell("mean", solution(ANSWERS["mean2"]), solution=True),
    cell("mean-test", "assert twice(len(data)) == 8", 1, locked=True),
    cell("warned-test", "import warnings\ntwice(1)\nassert twice(0) == 0", 1, locked=True),
    cell("explore", "Plot the masses.\n### BEGIN MARK SCHEME\n3 for a plot\n### END MARK SCHEME",
         3, task=True, locked=True, text=True),
]  # fmt: skip


def notebook(cells) -> nbformat.NotebookNode:
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return new_notebook(
        cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}}, nbformat_minor=5
    )


def make(folder: Path) -> Path:
    """The course, released and handed in."""
    source = folder / "source" / ASSIGNMENT
    (source / "data").mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    (source / "data" / "masses.csv").write_text(DATA, encoding="utf-8")
    (source / "helper.py").write_text(HELPER, encoding="utf-8")
    for name, cells in (("first", FIRST), ("second", SECOND)):
        nbformat.write(notebook(cells), source / f"{name}.ipynb")
    done = run(folder, "-m", "nbgrader", "generate_assignment", ASSIGNMENT)
    assert done.returncode == 0, done.stderr[-2000:]
    for student, (first, second, files, when) in CLASS.items():
        hand_in(folder, student, {"first": first, "second": second}, files, when)
    return folder


def hand_in(folder: Path, student: str, parts: dict, files: dict, when: str | None) -> None:
    """What a student changed in the release, by notebook and cell; None: that notebook is missing."""
    place = folder / "submitted" / student / ASSIGNMENT
    (place / "data").mkdir(parents=True)
    (place / "data" / "masses.csv").write_text(DATA, encoding="utf-8")
    for name, changes in parts.items():
        if changes is None:
            continue
        released = nbformat.read(folder / "release" / ASSIGNMENT / f"{name}.ipynb", as_version=4)
        known = {c.metadata.get("nbgrader", {}).get("grade_id"): c for c in released.cells}
        for n, (grade_id, text) in enumerate(changes.items()):
            if grade_id in known:
                known[grade_id].source = text
            else:  # a cell of their own, at the end
                released.cells.append(new_code_cell(text, id=f"own-{n}"))
        nbformat.write(released, place / f"{name}.ipynb")
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    if when:
        (place / "timestamp.txt").write_text(when, encoding="utf-8")


RIGHT = {name: ANSWERS[name] for name in ("mean", "roots", "grade-me", "scaled")} | {
    "essay": "Because I say so."
}
RIGHT2 = {"mean": ANSWERS["mean2"]}
TRIPLE = {"helper.py": "def scale(x):\n    return 3 * x\n"}
ON_TIME, LATE, VERY_LATE = "2026-01-10 11:59:59 UTC", "2026-01-10 15:20:00 UTC", "2026-02-10 15:20:00 UTC"
CLASS = {
    "right": (RIGHT, RIGHT2, TRIPLE, ON_TIME),
    "untouched": ({}, {}, {}, ON_TIME),
    "untouched_late": ({}, {}, {}, LATE),
    "late": (RIGHT, RIGHT2, TRIPLE, LATE),
    "very_late": (RIGHT, RIGHT2, TRIPLE, VERY_LATE),
    "excused": (RIGHT, RIGHT2, TRIPLE, VERY_LATE),
    "no_second": (RIGHT, None, TRIPLE, LATE),
    "no_first": (None, RIGHT2, {}, None),
    "no_helper": (RIGHT, RIGHT2, {}, None),
    "own_data": (RIGHT, RIGHT2, {"data/masses.csv": "name,mass\nx,100\n", "more/own.txt": "mine"}, None),
    "partly": ({**RIGHT, "roots": "def roots(a, b, c):\n    if c < 0:\n        raise ValueError\n    return (1, 2)"}, {}, TRIPLE, None),
    "only_essay": ({"essay": "One word."}, {"plot": "print('a plot')"}, {}, None),
    "only_hand_graded": ({"grade-me": ANSWERS["grade-me"]}, {}, {}, LATE),
    "warns": (RIGHT, {"mean": "def twice(x):\n    warnings.warn('known and harmless')\n    return 2 * x"}, TRIPLE, None),
    "warns_more": (RIGHT, {"mean": "import sys\ndef twice(x):\n    print('odd', file=sys.stderr)\n    return 2 * x"}, TRIPLE, None),
    "chatty": ({**RIGHT, "loop": "for i in range(3000):\n    print(i)"}, {**RIGHT2, "more": "from IPython.display import HTML\nHTML('<b>x</b>')"}, TRIPLE, None),
    "commands": ({**RIGHT, "ls": "!echo hello; exit 3", "got": "lines = !ls data\nprint(lines)\nassert lines == ['masses.csv'] and _exit_code == 0"}, RIGHT2, TRIPLE, None),
    "raises_outside": ({**RIGHT, "mean": ANSWERS["mean"] + "\nprint(mean_mass('nothing.csv'))"}, RIGHT2, TRIPLE, None),
    "magics": ({**RIGHT, "time": "%%time\nsum(range(10))", "matplotlib": "%matplotlib inline\nimport os\n%cd -q data\n%cd -q .."}, RIGHT2, TRIPLE, None),
    "a_number": ({**RIGHT, "roots": "def roots(a, b, c):\n    return 1"}, {"mean": "twice = lambda x: [x] * 2"}, TRIPLE, None),
}  # fmt: skip
"""by student: changes in the first notebook, in the second, files beside them, when"""
