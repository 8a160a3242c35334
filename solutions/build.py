"""``make exercises``: from the source of each assignment, make what a student gets.

    solutions/chNN_name/chNN_name.md  ->  _nbgrader/source/chNN_name/chNN_name.ipynb  (with the answers)
                                      ->  exercises/chNN_name/chNN_name.ipynb         (without them)

nbgrader takes notebooks only, copies whatever else lies in its source folder into the release, and a
converter gives cells a random id on each run.  So the notebook with the answers is put into a folder
of its own, where nothing else lies, and each cell gets an id that follows from its grade_id.  The
result is the same byte for byte until the source changes.

Where the references of the hidden tests live: in the hidden test cells, and only there.  Students have
``unrolled`` installed, so a reference in it would be an answer to import; ``unrolled.checks`` holds
worked numbers and *wrong* variants, never the answer.  A hidden test cell carries its own reference,
written in another way than the solution, so that a test of ours that runs the solution against it checks both.

    python solutions/build.py              every assignment, no database needed
    python solutions/build.py --gradebook  the same, and enter them into nbgrader's gradebook, which
                                           an instructor needs before `nbgrader autograde`
"""

import argparse
import logging
import os
import sys
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).resolve().parent))
import tasks

ROOT = tasks.ROOT.parent
STAGE = ROOT / "_nbgrader" / "source"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def full_notebook(chapter: str) -> NotebookNode:
    """The assignment with its answers and hidden tests, as nbgrader's source notebook."""
    notebook = jupytext.read(tasks.source_path(chapter))
    facts = {task.id: task for task in tasks.read_tasks(chapter)}
    prompted: NotebookNode | None = None
    for n, cell in enumerate(notebook.cells):
        grade_id = tasks.nbgrader(cell).get("grade_id")
        cell["id"] = grade_id or f"text-{n}"
        cell.metadata.pop("unrolled", None)  # the page's hints
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if cell.cell_type == "markdown" and cell.source.startswith("## Task"):
            prompted = cell
        if grade_id in facts and prompted is not None:
            prompted.source = _with_points(prompted.source, facts[grade_id])
            prompted = None
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return notebook


def stage(chapter: str) -> Path:
    """Write the notebook with the answers where nbgrader looks for it."""
    path = STAGE / chapter / f"{chapter}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in path.parent.iterdir():
        if other != path and other.is_file():
            other.unlink()
    nbformat.write(full_notebook(chapter), path)
    return path


def release(names: list[str], gradebook: bool = False) -> None:
    """Stage the assignments, then let nbgrader take out what a student must not see."""
    from nbgrader.apps import GenerateAssignmentApp

    os.chdir(ROOT)  # where nbgrader_config.py is
    for chapter in names:
        stage(chapter)
        GenerateAssignmentApp.clear_instance()
        app = GenerateAssignmentApp.instance()
        app.initialize([chapter, "--force", *([] if gradebook else ["--no-db"])])
        app.log.setLevel(logging.ERROR)
        app.start()


def main(argv: list[str] | None = None) -> None:
    """Build what is asked for, say what was made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("chapters", nargs="*", help="such as ch01_rnn; all of them unless given")
    parser.add_argument(
        "--gradebook", action="store_true", help="enter the assignment into nbgrader's gradebook"
    )
    options = parser.parse_args(argv)
    names = options.chapters or tasks.chapters()
    try:
        for chapter in names:
            tasks.source_path(chapter)
        release(names, options.gradebook)
    except ValueError as error:
        sys.exit(str(error))
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is missing: install it with pip install -e '.[grading,dev]'")
    for chapter in names:
        listed = tasks.read_tasks(chapter)
        points, minutes = sum(t.points for t in listed), sum(t.minutes for t in listed)
        print(f"exercises/{chapter}/{chapter}.ipynb: {len(listed)} tasks, {points} points, {minutes} minutes")


def _with_points(prompt: str, task: tasks.Task) -> str:
    """Say under the heading what the task is worth, so that no figure is typed twice."""
    points = f"{task.points} point{'s' * (task.points != 1)}"
    by_hand = ", graded by hand" if task.written else ""
    line, _, rest = tasks.heading(prompt)
    return f"{line}\n\n*{points}, about {task.minutes} minutes{by_hand}.*\n\n{rest}"


if __name__ == "__main__":
    main()
