"""What an instructor wants to know about one assignment, gathered from what grading left behind.

Points are the gradebook's.  Messages and code are those of the autograded notebooks, from whichever grader.
Mends, flags and failures are in the journal of ``unrolled grade``; after stock grading there are none to tell.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any, NamedTuple

from unrolled.grading.blueprint import Blueprint, SourceCell
from unrolled.grading.course import Course, CourseError, read_blueprints
from unrolled.grading.gradebook import Submission
from unrolled.grading.similarity import Class, Pair

ANSI = re.compile(r"\x1b\[[0-9;]*m")
MOST_PAIRS = 20
MOST_HINTS = 12
LONGEST = 300


class Points(NamedTuple):
    """One cell of one student."""

    points: float
    waits: bool


class Hint(NamedTuple):
    """A message and how many students it met."""

    words: str
    students: int


class Task(NamedTuple):
    """One graded cell over the whole class."""

    name: str
    most: float
    full: int
    part: int
    none: int
    waits: int
    mean: float
    hints: tuple[Hint, ...]

    @property
    def n(self) -> int:
        """Students with a row for this cell."""
        return self.full + self.part + self.none + self.waits


class Note(NamedTuple):
    """Something about a submission that a person should see."""

    student: str
    words: tuple[str, ...]


class Look(NamedTuple):
    """A pair with its code side by side: for each task the lines of both, each with whether it is shared."""

    pair: Pair
    code: tuple[tuple[str, tuple[list[tuple[str, bool]], ...]], ...]


class Report(NamedTuple):
    """All that is told."""

    assignment: str
    most: float
    totals: dict[str, float]
    tasks: tuple[Task, ...]
    sections: tuple[tuple[str, str, tuple[Note, ...]], ...]
    looks: tuple[Look, ...]
    more_pairs: int
    compared: int

    @property
    def mean(self) -> float:
        """Points, over all students with a submission."""
        return mean(self.totals.values()) if self.totals else 0.0

    @property
    def median(self) -> float:
        """Points, over all students with a submission."""
        return median(self.totals.values()) if self.totals else 0.0

    @property
    def bins(self) -> list[tuple[str, int]]:
        """How many students lie in each tenth of the points; the last one holds full marks."""
        counts = Counter(min(9, int(10 * t / self.most)) if self.most else 0 for t in self.totals.values())
        return [(f"{10 * n}–{10 * (n + 1)} %", counts[n]) for n in range(10)]


def gather(course: Course, gradebook: Any, assignment: str) -> Report:
    """Read everything of one assignment."""
    blueprints = read_blueprints(gradebook, course, assignment)
    points = _points(gradebook, assignment)
    if not points:
        raise CourseError(f"nothing of {assignment!r} is graded yet; run `unrolled grade {assignment}` first")
    notebooks = {s: list(_notebooks(course, s, assignment, blueprints)) for s in points}
    tasks = [
        _task(b, cell, points, notebooks) for b in blueprints for cell in b.cells if cell.grade or cell.task
    ]
    alike = Class(_solutions(notebooks), _known(course, assignment, blueprints))
    pairs = alike.pairs()
    return Report(
        assignment, sum(t.most for t in tasks),
        {s: sum(p.points for p in cells.values()) for s, cells in points.items()},
        tuple(tasks), tuple(_sections(course, assignment, points)),
        tuple(_look(alike, pair) for pair in pairs[:MOST_PAIRS]), max(0, len(pairs) - MOST_PAIRS), len(alike.sources),
    )  # fmt: skip


def _points(gradebook: Any, assignment: str) -> dict[str, dict[tuple[str, str], Points]]:
    """By student, then by notebook and cell."""
    from nbgrader import api
    from sqlalchemy import select

    query = (
        select(
            api.SubmittedAssignment.student_id, api.Notebook.name, api.BaseCell.name,
            api.Grade.auto_score, api.Grade.manual_score, api.Grade.extra_credit, api.Grade.needs_manual_grade,
        )
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == api.Grade.notebook_id)
        .join(api.SubmittedAssignment, api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id)
        .join(api.BaseCell, api.BaseCell.id == api.Grade.cell_id)
        .join(api.Notebook, api.Notebook.id == api.BaseCell.notebook_id)
        .where(api.SubmittedAssignment.assignment_id == gradebook.find_assignment(assignment).id)
    )  # fmt: skip
    found: dict[str, dict[tuple[str, str], Points]] = {}
    for student, notebook, cell, auto, manual, extra, waits in gradebook.db.execute(query):
        own = manual if manual is not None else auto
        found.setdefault(student, {})[notebook, cell] = Points((own or 0.0) + (extra or 0.0), bool(waits))
    return dict(sorted(found.items()))


def _notebooks(
    course: Course, student: str, assignment: str, blueprints: Iterable[Blueprint]
) -> Iterable[tuple[str, dict[str, Any]]]:
    """The autograded notebooks, as cells by grade_id."""
    folder = course.folder("autograded", student, assignment)
    for blueprint in blueprints:
        try:
            cells = json.loads((folder / f"{blueprint.name}.ipynb").read_text(encoding="utf-8"))["cells"]
        except (OSError, ValueError, KeyError):
            continue
        named = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in cells}
        yield blueprint.name, {name: cell for name, cell in named.items() if name}


def _task(
    blueprint: Blueprint,
    cell: SourceCell,
    points: Mapping[str, Mapping[tuple[str, str], Points]],
    notebooks: Mapping[str, Sequence[tuple[str, dict[str, Any]]]],
) -> Task:
    key = blueprint.name, cell.name
    got = [own[key] for own in points.values() if key in own]
    known = [p.points for p in got if not p.waits]
    full = sum(p >= cell.points for p in known)
    none = sum(p <= 0 < cell.points for p in known)
    graded = [
        cells.get(cell.name, {})
        for own in notebooks.values()
        for name, cells in own
        if name == blueprint.name
    ]
    return Task(
        cell.name, cell.points, full, len(known) - full - none, none, len(got) - len(known),
        mean(known) if known else 0.0, tuple(_hints(graded)),
    )  # fmt: skip


def _hints(cells: Iterable[Mapping[str, Any]]) -> list[Hint]:
    """The messages of a test cell, those of one kind together, the most frequent first."""
    kinds: dict[str, Counter[str]] = {}
    for cell in cells:
        for output in cell.get("outputs", []):
            if output.get("output_type") == "error":
                words = message(output)
                kinds.setdefault(kind_of(words), Counter())[words] += 1
                break  # a cell stops at its first error
    hints = [Hint(seen.most_common(1)[0][0], seen.total()) for seen in kinds.values()]
    return sorted(hints, key=lambda hint: (-hint.students, hint.words))


def message(output: Mapping[str, Any]) -> str:
    """What a student was told, without the numbers of the example: the text up to its first indented line."""
    kept: list[str] = []
    for line in ANSI.sub("", str(output.get("evalue", ""))).split("\n"):
        if kept and (not line.strip() or line[0].isspace() or line == "for" or re.fullmatch(r"\S+:", line)):
            break
        kept.append(line.strip())
    words = " ".join(kept).strip()
    name = str(output.get("ename", ""))
    words = words if name == "CheckFailed" else f"{name}: {words}" if words else name
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"


def kind_of(words: str) -> str:
    """Messages that differ in numbers, in quoted code or in a student's own words are one."""
    words = re.sub(r"(it stopped with \w+).*", r"\1", words)
    return re.sub(r"\d+(?:\.\d+)?", "0", re.sub(r"`[^`]*`", "`", words))


# what a person should look at


def _sections(
    course: Course, assignment: str, points: Mapping[str, Any]
) -> Iterable[tuple[str, str, tuple[Note, ...]]]:
    """Title, explanation and submissions, of each kind that there is."""
    failed, flagged, mended, stopped = [], [], [], []
    for submission in _journal(course, assignment):
        student = submission.student
        if submission.failed:
            failed.append(Note(student, tuple(f"{name}: {why}" for name, why in submission.failed.items())))
        for scored in submission.graded:
            if scored.flags:
                flagged.append(Note(student, tuple(f"{cell}: {why}" for cell, why in scored.flags.items())))
            if scored.mends:
                mended.append(Note(student, tuple(mend.words for mend in scored.mends)))
            if scored.trouble:
                stopped.append(Note(student, (scored.trouble,)))
    waiting = [student for student in course.submissions(assignment) if student not in points]
    kinds = (
        ("Not graded", "A person must look. Nobody else is affected.", failed),
        ("Handed in, not graded", "They lie in the submitted folder, but have no row in the gradebook.",
         [Note(student, ()) for student in waiting if student not in {note.student for note in failed}]),
        ("Flagged", "Scored in the student's own process, where a result can be forged. The points wait for you.", flagged),
        ("Stopped early", "Cells that had ended keep their points.", stopped),
        ("Mended", "The file was damaged and was put right. The graded notebook says so too.", mended),
    )  # fmt: skip
    return [(title, about, tuple(notes)) for title, about, notes in kinds if notes]


def _journal(course: Course, assignment: str) -> Iterable[Submission]:
    folder = course.journal(assignment)
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        try:
            yield Submission.from_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError):
            continue


# who wrote like whom


def _solutions(notebooks: Mapping[str, Sequence[tuple[str, dict[str, Any]]]]) -> dict[str, dict[str, str]]:
    return {
        student: {
            name: "".join(cell["source"])
            for _, cells in own
            for name, cell in cells.items()
            if cell["cell_type"] == "code" and cell["metadata"]["nbgrader"].get("solution")
        }
        for student, own in notebooks.items()
        if own
    }


def _known(course: Course, assignment: str, blueprints: Sequence[Blueprint]) -> Iterable[str]:
    """What everybody was given, and the instructor's own solution."""
    yield from (cell.source for b in blueprints for cell in b.cells)
    folders = [course.folder(step, ".", assignment) for step in ("release", "source")]
    for path in (folder / f"{b.name}.ipynb" for folder in folders for b in blueprints):
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        except (OSError, ValueError, KeyError):
            continue
        yield from ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def _look(alike: Class, pair: Pair) -> Look:
    def side(student: str, other: str, task: str) -> list[tuple[str, bool]]:
        marked = alike.lines(student, other, task)
        source = alike.sources[student][task].split("\n")
        return [(line, n in marked and bool(line.strip())) for n, line in enumerate(source, start=1)]

    a, b = pair.first, pair.second
    return Look(pair, tuple((task, (side(a, b, task), side(b, a, task))) for task in pair.tasks))


# the page


def render(report: Report) -> str:
    """One HTML page that asks for nothing: no script, no other file, every word escaped."""
    from datetime import datetime

    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("unrolled.grading", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = lambda value: f"{value:.2f}".rstrip("0").rstrip(".")
    template = environment.get_template("report.html.jinja")
    return template.render(report=report, made=datetime.now().astimezone(), most_hints=MOST_HINTS)


def write(page: str, path: Path) -> None:
    """The page as a file that only its owner can read: it holds names and marks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(page.encode("utf-8", "replace"))
    os.replace(partial, path)


def default_path(course: Course, assignment: str) -> Path:
    """Beside the autograded folders."""
    return course.journal(assignment).parent.parent / f"report-{assignment}.html"
