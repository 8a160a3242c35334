"""Moodle: its archive of submissions in, its grading worksheet out.

A folder of the archive is called ``Full name_NUMBER_assignsubmission_file``; with folders turned off the same words stand
before each file's name.  Moodle numbers people anew in every assignment, so only the grading worksheet of the same
assignment tells who a number is: it lies beside the archive.
"""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from traitlets import Bool, Unicode

from unrolled.grading import spreadsheet
from unrolled.grading.collect import Found, LmsCollector, is_name
from unrolled.grading.marks import Marks, MarksExporter, by_key
from unrolled.grading.spreadsheet import TableError, number

FOLDER = re.compile(r".+_(?P<number>\d+)_assignsubmission_file_?")
FILE = re.compile(r".+?_(?P<number>\d+)_assignsubmission_file_(?P<file>.+)")
IDENTIFIER, GRADE = "Identifier", "Grade"


class MoodleCollector(LmsCollector):
    """For ``nbgrader zip_collect --collector=unrolled.grading.moodle.MoodleCollector``."""

    student_column = Unicode(
        "",
        help="Column of the worksheet that is the student's id here; else ID number, or the email address.",
    ).tag(config=True)
    numbers_as_ids = Bool(
        False, help="Without a worksheet: take Moodle's number, which is another one in the next assignment."
    ).tag(config=True)
    timezone = Unicode(
        "", help="Time zone of the worksheet, such as Europe/Madrid: takes the times of submission from it."
    ).tag(config=True)

    def begin(self, folder: Path) -> None:
        """Find the worksheet, and when each archive was downloaded."""
        self._people = {}
        sheets = sorted(folder.glob("*.csv"))
        try:
            for sheet in sheets:
                self._people |= self._read_sheet(spreadsheet.read(sheet, IDENTIFIER))
        except TableError as error:
            self._stop(str(error))
        if not sheets and not self.numbers_as_ids:
            self._stop(
                f"no grading worksheet: download it in Moodle and put it beside the archive, in "
                f"{self._place(self.parent.archive_directory)}"  # pyright: ignore[reportOptionalMemberAccess]
            )
        archive = Path(self._place(self.parent.archive_directory))  # pyright: ignore[reportOptionalMemberAccess]
        self._made = {path.stem: path.stat().st_mtime_ns for path in archive.iterdir()}

    def read(self, path: PurePosixPath) -> Found | None:
        """The number from the folder's name or the file's; the person from the worksheet."""
        for n, part in enumerate(path.parts):
            last = n == len(path.parts) - 1
            if match := (FILE if last else FOLDER).fullmatch(part):
                file = match["file"] if last else str(PurePosixPath(*path.parts[n + 1 :]))
                if student := self._student(match["number"], path):
                    archive = str(PurePosixPath(*path.parts[:n]))
                    order = (self._made.get(archive, 0), archive, str(path))
                    return Found(str(path), student[0], file, archive, order, student[1])
        return None

    def _student(self, participant: str, path: PurePosixPath) -> tuple[str, str | None] | None:
        if self.numbers_as_ids and not self._people:
            return participant, None
        if participant not in self._people:
            self.log.warning("Nobody in the worksheet has the number %s: %s", participant, path)
        return self._people.get(participant)

    def _read_sheet(self, rows: list[list[str]]) -> dict[str, tuple[str, str | None]]:
        people = {}
        for row in rows[1:]:
            cells = dict(zip(rows[0], row, strict=True))
            choices = [self.student_column] if self.student_column else ["ID number", "Email address"]
            student = next((cells[c].strip() for c in choices if cells.get(c, "").strip()), "")
            if not is_name(student):
                self.log.warning("No id for %r in the worksheet (%s)", cells[IDENTIFIER], ", ".join(choices))
            else:
                time = self._time(cells.get("Last modified (submission)", ""))
                people[_participant(cells[IDENTIFIER])] = (student, time)
        return people

    def _time(self, text: str) -> str | None:
        """Moodle's words for a time, in UTC; None where nothing was handed in or no time zone was set."""
        from datetime import UTC
        from zoneinfo import ZoneInfo

        from dateutil.parser import ParserError, parse

        if not self.timezone or text.strip() in ("", "-"):
            return None
        try:
            time = parse(text).replace(tzinfo=ZoneInfo(self.timezone)).astimezone(UTC)
        except (ParserError, OverflowError):
            self.log.warning("Not a time that can be read: %r", text)
            return None
        return time.strftime("%Y-%m-%d %H:%M:%S UTC")

    def _stop(self, words: str) -> None:
        self.log.error(words)
        raise SystemExit(1)


class MoodleExporter(MarksExporter):
    """For ``nbgrader export --exporter=unrolled.grading.moodle.MoodleExporter``."""

    default_to = "moodle.csv"
    worksheet = Unicode(
        "", help="The grading worksheet of one assignment: its marks are filled in, the rest stays."
    ).tag(config=True)
    scale = Bool(False, help="Convert points to the maximum that Moodle has for the assignment.").tag(
        config=True
    )

    def write(self, marks: Marks, path: str) -> None:
        """The worksheet with marks, or a table for Moodle's *Grades, Import, CSV file*."""
        spreadsheet.write(path, self._filled(marks) if self.worksheet else _made(marks))

    def _filled(self, marks: Marks) -> list[list[str]]:
        if len(marks.assignments) != 1:
            raise TableError(
                "a worksheet belongs to one assignment: say which, with --assignment='[\"ch01_rnn\"]'"
            )
        header, *rows = spreadsheet.read(self.worksheet, IDENTIFIER)
        if GRADE not in header:
            raise TableError(f"{self.worksheet} has no column {GRADE!r}: is it the grading worksheet?")
        known, seen = by_key(marks.students), set()
        for row in rows:
            cells = dict(zip(header, row, strict=True))
            student = _person(cells, known)
            mark = marks.found.get((marks.assignments[0].name, student.id)) if student else None
            seen.add(getattr(student, "id", ""))
            if mark and cells.get("Grade can be changed", "Yes") == "No":
                self.log.warning("Moodle does not let this mark be changed: %s", cells[IDENTIFIER])
            elif mark:
                row[header.index(GRADE)] = number(self._scaled(mark.points, marks.assignments[0], cells))
        self.warn_unmatched(marks, seen)
        return [header, *rows]

    def _scaled(self, points: float, assignment: Any, cells: dict[str, str]) -> float:
        text = cells.get("Maximum Grade", cells.get("Maximum grade", "")).replace(",", ".")
        try:
            maximum = float(text)
        except ValueError:
            return points
        if self.scale and assignment.max_score:
            return points * maximum / assignment.max_score
        if maximum != assignment.max_score and not getattr(self, "_told", False):
            self._told = True
            self.log.warning(
                "%s points in Moodle, %s in the gradebook; written as they are (--MoodleExporter.scale=True converts)",
                number(maximum),
                number(assignment.max_score),
            )
        return points


def _made(marks: Marks) -> list[list[str]]:
    titles = [f"Assignment: {a.name} (Real)" for a in marks.assignments]
    rows = [["First name", "Last name", "ID number", "Email address", *titles]]
    for student in marks.students:
        is_email = "@" in student.id
        email = student.email or (student.id if is_email else "")
        scores = [marks.found.get((a.name, student.id)) for a in marks.assignments]
        rows.append(
            [student.first_name or "", student.last_name or "", "" if is_email else student.id, email]
            + [number(s.points) if s else "" for s in scores]
        )
    return rows


def _participant(identifier: str) -> str:
    """The number in ``Participant 1234567``, in any language."""
    return "".join(re.findall(r"\d+$", identifier.strip()))


def _person(cells: dict[str, str], known: dict[str, Any]) -> Any | None:
    keys: Sequence[str] = [cells.get(c, "") for c in ("ID number", "Email address", "Username")]
    keys = [*keys, _participant(cells[IDENTIFIER])]
    return next((known[k] for key in keys if (k := key.strip().casefold()) in known), None)
