"""A course for tests: released, with a gradebook, and a class of varied students who have handed in."""

import ast
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import submissions
from submissions import FOLDER, ROOT

CHAPTER = "ch01_rnn"
TASKS = [task for task in submissions.read_tasks(CHAPTER)]
CODE = [task for task in TASKS if not task.written]


def run(folder, *command, **options):
    """A command in the course's folder, with that folder's configuration only."""
    environment = {
        **os.environ,
        "HOME": str(folder),
        "IPYTHONDIR": str(folder / ".ipython"),
        "OMP_NUM_THREADS": "1",
    }
    environment.pop("PYTEST_CURRENT_TEST", None)
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, **options
    )


def make_course(folder: Path, *chapters: str) -> Path:
    """The course with these assignments released, one unless told."""
    shutil.copytree(ROOT / "solutions", folder / "solutions", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    done = run(folder, str(folder / "solutions" / "build.py"), "--gradebook", *(chapters or [CHAPTER]))
    assert done.returncode == 0, done.stderr
    return folder


def copy_course(course: Path, folder: Path) -> Path:
    """The same course elsewhere."""
    shutil.copytree(course, folder, symlinks=True)
    return folder


def submit(
    course: Path,
    student: str,
    notebook,
    name: str = f"{CHAPTER}.ipynb",
    timestamp: str | None = None,
    chapter: str = CHAPTER,
) -> Path:
    """Hand in a notebook (a dict) or the bytes of a file."""
    path = course / "_nbgrader" / "submitted" / student / chapter / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode())
    if timestamp:
        (path.parent / "timestamp.txt").write_text(timestamp)
    return path


def release(course: Path, chapter: str = CHAPTER) -> dict:
    """The notebook that students got."""
    return json.loads((course / "exercises" / chapter / f"{chapter}.ipynb").read_text(encoding="utf-8"))


def fill(notebook: dict, answers: dict[str, str]) -> dict:
    """The notebook with these answers by task id."""
    filled = json.loads(json.dumps(notebook))
    for cell in filled["cells"]:
        cell["source"] = answers.get(cell["id"], "".join(cell["source"]))
    return filled


def solutions() -> dict[str, str]:
    return {task.id: task.solution for task in TASKS}


def listed_answers(chapter: str = CHAPTER) -> dict[str, list[str]]:
    """The wrong and the unusual right answers of a chapter, as the text of a solution cell."""
    text = (FOLDER / f"{chapter}.py").read_text(encoding="utf-8")
    tree, prelude, answers = ast.parse(text), [], {}
    functions = {task.id: task.function for task in submissions.read_tasks(chapter)}
    for node in tree.body:
        part = ast.get_source_segment(text, node)
        marks = [d for d in getattr(node, "decorator_list", []) if isinstance(d, ast.Call)]
        if marks:
            task = marks[0].args[0].value
            answers.setdefault(task, []).append((node.name, part))
        elif "Answers" not in part and "TASKS" not in part and not isinstance(node, ast.Expr):
            prelude.append(part)
    head, parts = "\n".join(prelude), dict(pair for found in answers.values() for pair in found)

    def text(task, name, part):
        needed = [other for key, other in parts.items() if key != name and re.search(rf"\b{key}\(", part)]
        return "\n\n".join([head, *needed, part, f"{functions[task]} = {name}"])

    return {task: [text(task, *pair) for pair in found] for task, found in answers.items()}


ODD = {
    "syntax": "def leaky_step(x_t, h_prev, W, U, b, leak)\n    return x_t",
    "exits": "import sys\ndef leaky_step(*args):\n    sys.exit()",
    "raises": "def leaky_step(*args):\n    raise KeyError('my own words')",
    "none": "def leaky_step(*args):\n    pass",
    "warns": "import warnings\ndef leaky_step(x_t, h_prev, W, U, b, leak):\n    warnings.warn('careful')\n    return h_prev",
    "stderr": "import sys\ndef leaky_step(x_t, h_prev, W, U, b, leak):\n    print('debug', file=sys.stderr)\n"
    "    return (1 - leak) * h_prev + leak * np.tanh(h_prev @ U.T + x_t @ W.T + b)",
    "prints": "def leaky_step(x_t, h_prev, W, U, b, leak):\n    print('x_t', x_t)\n"
    "    return (1 - leak) * h_prev + leak * np.tanh(h_prev @ U.T + x_t @ W.T + b)",
    "a lambda": "leaky_step = lambda x_t, h_prev, W, U, b, leak: "
    "(1 - leak) * h_prev + leak * np.tanh(h_prev @ U.T + x_t @ W.T + b)",
    "an instance": "class Step:\n    def __call__(self, x_t, h_prev, W, U, b, leak):\n"
    "        return (1 - leak) * h_prev + leak * np.tanh(h_prev @ U.T + x_t @ W.T + b)\n\nleaky_step = Step()",
    "torch": "import torch\ndef leaky_step(x_t, h_prev, W, U, b, leak):\n"
    "    x_t, h_prev, W, U, b = (torch.as_tensor(v) for v in (x_t, h_prev, W, U, b))\n"
    "    return (1 - leak) * h_prev + leak * torch.tanh(h_prev @ U.T + x_t @ W.T + b)",
    "changes its argument": "def leaky_step(x_t, h_prev, W, U, b, leak):\n"
    "    new = leak * np.tanh(h_prev @ U.T + x_t @ W.T + b)\n    h_prev *= 1 - leak\n    h_prev += new\n    return h_prev",
    "deletes": "del leaky_step",
    "borrows": "from unrolled.scratch.rnn import rnn_step as leaky_step",
    "a magic": "%matplotlib inline\n" + next(t.solution for t in TASKS if t.id == "leaky-step"),
}


def make_class(course: Path, n: int, seed: int = 0) -> list[str]:
    """``n`` students: the first few special, then each odd answer, then mixtures of listed answers."""
    draw, listed, base = random.Random(seed), listed_answers(), release(course)
    notebooks = {"ana": base, "ben": fill(base, solutions())}
    for n_odd, (name, source) in enumerate(ODD.items()):
        notebooks[f"odd{n_odd:02}_{name.replace(' ', '_')}"] = fill(
            base, {**solutions(), "leaky-step": source}
        )
    k = 0
    while len(notebooks) < n:
        answers = {
            t.id: draw.choice([*listed.get(t.id, []), t.solution]) for t in TASKS if draw.random() < 0.85
        }
        notebooks[f"s{k:04}"] = fill(base, answers)
        k += 1
    chosen = dict(list(notebooks.items())[:n])
    for student, notebook in chosen.items():
        submit(
            course, student, notebook, timestamp="2026-01-15 12:00:00 UTC" if draw.random() < 0.5 else None
        )
    return list(chosen)


def rows(course: Path, base=None) -> dict[tuple, tuple]:
    """Everything that grading leaves in the gradebook, by names instead of ids; ``base``: another connection."""
    base = base or sqlite3.connect(course / "_nbgrader" / "gradebook.db")
    queries = {
        "student": "select id, first_name, last_name, email, lms_user_id from student",
        "submission": "select s.student_id, a.name, s.timestamp, s.extension from submitted_assignment s "
        "join assignment a on a.id = s.assignment_id",
        "notebook": "select s.student_id, n.name, x.flagged, x.late_submission_penalty from submitted_notebook x "
        "join submitted_assignment s on s.id = x.assignment_id join notebook n on n.id = x.notebook_id",
    }
    for table, columns in (
        ("grade", "g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade"),
        ("comment", "g.auto_comment, g.manual_comment"),
    ):
        queries[table] = (
            f"select s.student_id, c.name, {columns} from {table} g join base_cell c on c.id = g.cell_id "
            "join submitted_notebook x on x.id = g.notebook_id join submitted_assignment s on s.id = x.assignment_id"
        )
    found = {}
    for table, query in queries.items():
        for first, second, *rest in base.execute(query):
            key = (table, first, second if table != "student" else "")
            assert key not in found, f"twice: {key}"
            found[key] = tuple(rest) if table != "student" else (second, *rest)
    base.close()
    return found


def points(course: Path) -> dict[str, float]:
    """The sum of the machine's points, by student."""
    total: dict[str, float] = {}
    for (table, student, _), row in rows(course).items():
        if table == "grade":
            total[student] = total.get(student, 0.0) + (row[0] or 0.0)
    return total
