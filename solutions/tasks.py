"""The tasks of an assignment, read from its only source, ``solutions/chNN_name/chNN_name.md``.

``build.py`` makes the released notebook from that file; the ``{live-exercise}`` directive of the
book makes the editor on the page from it, by way of ``read_task``.

One task is three cells: a markdown cell that begins ``## Task N. Title`` and says what is asked; a
solution cell whose ``grade_id`` is the task's id, with ``unrolled: {minutes, hints}`` in its
metadata, and ``practice: true`` if its solution may be published; a test cell ``<id>-test`` with the
visible checks and then the hidden tests.  The id of a code task is the name of the function it asks
for, with hyphens.  A written task has no test cell: its answer cell carries the points and is graded by hand.
"""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent

CODE_STUB = 'raise NotImplementedError("Nothing is written here yet: replace this line by your answer.")'
TEXT_STUB = "*Replace this line by your answer.*"

BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


class Task(NamedTuple):
    """One task, cut into what each reader of it needs; ``hidden_tests`` never leaves the grader."""

    id: str
    title: str
    points: int
    minutes: int
    prompt: str
    """markdown, the heading left out"""
    stub: str
    """what the student starts from"""
    visible_checks: str
    hints: list[str]
    """nudge, idea, sketch"""
    solution: str
    """code that runs; broken code that the task gives away is left out"""
    setup: str
    """imports and given code above it, to run before the stub"""
    hidden_tests: str
    written: bool
    practice: bool
    """its solution may stand on a public page; the others carry marks, and theirs may not"""

    @property
    def function(self) -> str:
        """The name of the function that the task asks for."""
        return self.id.replace("-", "_")

    @property
    def in_page(self) -> bool:
        """Whether a page can run and check it: code, and nothing that is given above it needs torch."""
        return not self.written and not re.search(r"^\s*(import|from) torch\b", self.setup, re.MULTILINE)


def chapters() -> list[str]:
    """Every chapter that has an assignment, in order."""
    return sorted(path.parent.name for path in ROOT.glob("ch*/ch*.md") if path.stem == path.parent.name)


def source_path(chapter: str) -> Path:
    """The source of one assignment, or ValueError that names those there are."""
    if chapter not in chapters():
        raise ValueError(
            f"assignment: expected one of {', '.join(chapters()) or 'none yet'}, got {chapter!r}"
        )
    return ROOT / chapter / f"{chapter}.md"


def read_task(chapter: str, task_id: str) -> Task:
    """One task by its id, or ValueError that names the ids there are."""
    tasks = {task.id: task for task in read_tasks(chapter)}
    if task_id not in tasks:
        raise ValueError(f"task of {chapter}: expected one of {', '.join(tasks)}, got {task_id!r}")
    return tasks[task_id]


def read_tasks(chapter: str) -> list[Task]:
    """All tasks of an assignment, in the order of the notebook."""
    path = source_path(chapter)
    return _read(path, path.stat().st_mtime_ns)


@cache
def _read(path: Path, _changed: int) -> list[Task]:
    import jupytext  # slow to import, and nbgrader_config.py needs only the stubs above

    cells = jupytext.read(path).cells
    return [
        _task(cells, n, _setup(cells[:n])) for n, cell in enumerate(cells) if nbgrader(cell).get("solution")
    ]


def _setup(before: list[NotebookNode]) -> str:
    """The given code above a task.  A cell further down, such as ``import torch``, is none of an earlier task's."""
    return "\n\n".join(cell.source for cell in before if "setup" in cell.metadata.get("tags", ()))


def nbgrader(cell: NotebookNode) -> dict:
    """The nbgrader metadata of a cell, empty where it has none."""
    return cell.metadata.get("nbgrader", {})


def clear_solution(source: str, stub: str = CODE_STUB) -> str:
    """Put the stub where the solution is, the way nbgrader's ClearSolutions does.

    >>> print(clear_solution("def f():\\n    ### BEGIN SOLUTION\\n    return 1\\n    ### END SOLUTION", "..."))
    def f():
        ...
    """
    region = rf"^([ \t]*){BEGIN_SOLUTION}\n.*?^[ \t]*{END_SOLUTION}[ \t]*$"
    return re.sub(region, lambda found: found[1] + stub, source, flags=re.DOTALL | re.MULTILINE)


def keep_solution(source: str) -> str:
    """The answer alone: a region at the margin is a whole answer, one inside a function needs its function."""
    whole = re.search(rf"^{BEGIN_SOLUTION}\n(.*?)^{END_SOLUTION}", source, flags=re.DOTALL | re.MULTILINE)
    if whole:
        return whole[1].strip()
    return "\n".join(
        line for line in source.split("\n") if line.strip() not in (BEGIN_SOLUTION, END_SOLUTION)
    )


def split_tests(source: str) -> tuple[str, str]:
    """The visible and the hidden part of a test cell."""
    visible, _, hidden = source.partition(BEGIN_HIDDEN)
    return visible.strip(), hidden.partition(END_HIDDEN)[0].strip()


def heading(prompt: str) -> tuple[str, str, str]:
    """Cut ``## Task N. Title`` off a prompt: (the line, the title, the rest)."""
    line, _, rest = prompt.strip().partition("\n")
    found = re.fullmatch(r"## Task \d+\. (.+)", line.strip())
    if not found:
        raise ValueError(f"prompt: expected a first line '## Task N. Title', got {line!r}")
    return line, found[1], rest.strip()


def _task(cells: list[NotebookNode], n: int, setup: str) -> Task:
    cell, own = cells[n], cells[n].metadata.get("unrolled", {})
    task_id, written = nbgrader(cell)["grade_id"], cell.cell_type != "code"
    prompt = next(c.source for c in reversed(cells[:n]) if c.cell_type == "markdown")
    test = cell if written else next(c for c in cells if nbgrader(c).get("grade_id") == f"{task_id}-test")
    visible, hidden = ("", "") if written else split_tests(test.source)
    return Task(
        id=task_id,
        title=heading(prompt)[1],
        points=nbgrader(test)["points"],
        minutes=own["minutes"],
        prompt=heading(prompt)[2],
        stub=clear_solution(cell.source, TEXT_STUB if written else CODE_STUB),
        visible_checks=visible,
        hints=list(own.get("hints", ())),
        solution=keep_solution(cell.source),
        setup=setup,
        hidden_tests=hidden,
        written=written,
        practice=bool(own.get("practice", False)),
    )
