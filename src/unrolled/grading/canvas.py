"""Canvas: its archive of submissions in, its gradebook file out.

A file of the archive is called ``name[_LATE]_USER_ATTACHMENT_file``.  USER is Canvas's own number of the person and
stays the same in all assignments, so it becomes the student's id here.  ATTACHMENT grows with time: it tells the attempts.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from traitlets import Dict, Unicode

from unrolled.grading import spreadsheet
from unrolled.grading.collect import Found, LmsCollector
from unrolled.grading.marks import Marks, MarksExporter, by_key
from unrolled.grading.spreadsheet import TableError, number

# not \w for the name: an archive that does not say its encoding gives other letters for accents
FILE = re.compile(r"(?P<name>.+?)_(?:LATE_)?(?P<user>\d+)_(?P<attachment>\d+)_(?P<file>.+)")
TWO_WAYS = re.compile(r"\d+_")
"""at the head of the file's own name: the number before could belong to the person's name"""
IDENTITY = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
KEYS = ("ID", "SIS User ID", "SIS Login ID")


class CanvasCollector(LmsCollector):
    """For ``nbgrader zip_collect --collector=unrolled.grading.canvas.CanvasCollector``."""

    def read(self, path: PurePosixPath) -> Found | None:
        """The first part below the archive decides: what lies in a zip of a student's was named by the student."""
        for n, part in enumerate(path.parts):
            is_archive = (
                n == 0 and len(path.parts) > 1
            )  # its name is the instructor's, and may look like a file's
            if not is_archive and (match := FILE.fullmatch(part)):
                if TWO_WAYS.match(match["file"]):
                    self.log.warning("Can be read in two ways, taken as %s's: %s", match["user"], path)
                file = match["file"] if n == len(path.parts) - 1 else path.name
                archive = str(PurePosixPath(*path.parts[:n]))
                return Found(str(path), match["user"], file, archive, (int(match["attachment"]), str(path)))
        return None


class CanvasExporter(MarksExporter):
    """For ``nbgrader export --exporter=unrolled.grading.canvas.CanvasExporter``."""

    default_to = "canvas.csv"
    roster = Unicode(
        "", help="The gradebook as exported from Canvas: its rows and columns are kept, its marks filled in."
    ).tag(config=True)
    columns = Dict(
        help="Title of each assignment in Canvas, without its number, where it is not the assignment's name here."
    ).tag(config=True)

    def write(self, marks: Marks, path: str) -> None:
        """Names, numbers, one column an assignment, and the row of points that Canvas expects second."""
        spreadsheet.write(path, self._filled(marks) if self.roster else self._made(marks))

    def _made(self, marks: Marks) -> list[list[str]]:
        titles = [self.columns.get(a.name, a.name) for a in marks.assignments]
        possible = [number(a.max_score) for a in marks.assignments]
        rows = [[*IDENTITY, *titles], ["    Points Possible", "", "", "", "", *possible]]
        for student in marks.students:
            scores = [marks.found.get((a.name, student.id)) for a in marks.assignments]
            rows.append([*_identity(student), *(number(s.points) if s else "" for s in scores)])
        return rows

    def _filled(self, marks: Marks) -> list[list[str]]:
        header, *rows = spreadsheet.read(self.roster, "ID")
        wide = header.index("Section") + 1 if "Section" in header else 5
        places = {a.name: self._column(header, a.name) for a in marks.assignments}
        kept = [*range(wide), *places.values()]
        known, seen = by_key(marks.students), set()
        for row in rows:
            student = _person(header, row, known)
            seen.add(getattr(student, "id", ""))
            for assignment in marks.assignments:
                if student and (mark := marks.found.get((assignment.name, student.id))):
                    row[places[assignment.name]] = number(mark.points)
                elif "Points Possible" in row[0]:
                    self._compare(assignment, row[places[assignment.name]])
        self.warn_unmatched(marks, seen)
        return [[row[i] for i in kept] for row in [header, *rows]]

    def _column(self, header: Sequence[str], name: str) -> int:
        title = self.columns.get(name, name)
        found = [i for i, h in enumerate(header) if re.sub(r" \(\d+\)$", "", h) == title or h == title]
        if len(found) != 1:
            raise TableError(
                f"{self.roster} has {len(found) or 'no'} columns {title!r}; "
                f"say which title belongs to {name}: c.CanvasExporter.columns = {{{name!r}: 'title in Canvas'}}"
            )
        return found[0]

    def _compare(self, assignment: Any, possible: str) -> None:
        if possible.strip() and possible.replace(",", ".").strip() not in _spellings(assignment.max_score):
            self.log.warning(
                "%s: %s points in Canvas, %s in the gradebook; points are written as they are",
                assignment.name,
                possible.strip(),
                number(assignment.max_score),
            )


def _spellings(points: float) -> set[str]:
    return {number(points), f"{points:.1f}", f"{points:.2f}"}


def _identity(student: Any) -> list[str]:
    """The five first cells; a number is Canvas's own id, anything else the login."""
    name = ", ".join(part for part in (student.last_name, student.first_name) if part)
    own = student.lms_user_id or (student.id if student.id.isdigit() else "")
    return [name or student.id, own, "", "" if student.id == own else student.id, ""]


def _person(header: Sequence[str], row: Sequence[str], known: dict[str, Any]) -> Any | None:
    cells = (row[header.index(key)].strip().casefold() for key in KEYS if key in header)
    return next((known[cell] for cell in cells if cell in known), None)
