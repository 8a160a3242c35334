"""The marks of a gradebook, as an exporter needs them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin

from unrolled.grading.spreadsheet import TableError


class Mark(NamedTuple):
    """What one student got for one assignment."""

    points: float
    """after the penalty for lateness, never below 0"""
    waits: bool
    """some cell still waits for a person"""


class Marks(NamedTuple):
    """The chosen part of a gradebook."""

    students: tuple[Any, ...]
    assignments: tuple[Any, ...]
    found: Mapping[tuple[str, str], Mark]
    """by names of assignment and student; nothing where nothing was handed in"""


def read(gradebook: Gradebook, assignments: Sequence[str] = (), students: Sequence[str] = ()) -> Marks:
    """All marks, or those of the named assignments and students; a name that is not there raises TableError."""
    chosen = _pick(gradebook.assignments, "name", assignments, "assignment")
    people = _pick(gradebook.students, "id", students, "student")
    found: dict[tuple[str, str], Mark] = {}
    for assignment in chosen:
        for student in people:
            try:
                submission = gradebook.find_submission(assignment.name, student.id)
            except MissingEntry:
                continue
            points = max(0.0, (submission.score or 0.0) - (submission.late_submission_penalty or 0.0))
            found[assignment.name, student.id] = Mark(points, bool(submission.needs_manual_grade))
    return Marks(tuple(people), tuple(chosen), found)


def _pick(all_of_them: Iterable[Any], key: str, wanted: Sequence[str], what: str) -> list[Any]:
    entries = {str(getattr(entry, key)): entry for entry in all_of_them}
    names = [str(name) for name in wanted] or sorted(entries)
    if missing := [name for name in names if name not in entries]:
        there = ", ".join(sorted(entries)[:20]) or "none"
        raise TableError(f"no {what} {', '.join(missing)} in the gradebook; there: {there}")
    return [entries[name] for name in names]


def by_key(students: Iterable[Any]) -> dict[str, Any]:
    """The students by everything that a platform may know them by, in small letters."""
    keys: dict[str, Any] = {}
    for field in ("email", "lms_user_id", "id"):  # the id is surest: last, so it wins
        keys.update({str(getattr(s, field)).strip().casefold(): s for s in students if getattr(s, field)})
    return keys


class MarksExporter(ExportPlugin):
    """Reads the marks, tells what is missing in them, and writes a table; a platform is a subclass."""

    default_to = "grades.csv"

    def export(self, gradebook: Gradebook) -> None:
        """Called by ``nbgrader export``."""
        try:
            marks = read(gradebook, self.assignment, self.student)
            self.write(marks, self.to or self.default_to)
        except TableError as error:
            self.log.error(str(error))
            raise SystemExit(1) from None
        waiting = sorted({student for (_, student), mark in marks.found.items() if mark.waits})
        if waiting:
            self.log.warning("Not final, cells wait for a manual grade: %s", _listed(waiting))
        self.log.info("Wrote %d marks to %s", len(marks.found), self.to or self.default_to)

    def write(self, marks: Marks, path: str) -> None:
        """Write the table."""
        raise NotImplementedError

    def warn_unmatched(self, marks: Marks, seen: set[str]) -> None:
        """Say whose marks have no row in the platform's own list."""
        lost = sorted({student for _, student in marks.found if student not in seen})
        if lost:
            self.log.warning("In the gradebook, but not in the platform's list: %s", _listed(lost))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more
