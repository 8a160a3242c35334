"""The one writer: graded submissions into nbgrader's gradebook and its autograded folders, in batches.

It leaves the rows that ``nbgrader autograde`` leaves.  Order makes it safe to stop anywhere: a result goes into the
journal first, then the folder is put in place by one rename, then the rows by one transaction, then the journal
says "entered", and where.  What is done twice is done to the same end.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from unrolled.grading.blueprint import Blueprint
from unrolled.grading.course import Course
from unrolled.grading.scoring import Scored, write_notebook
from unrolled.grading.slim import import_preprocessor


class Submission(NamedTuple):
    """One graded submission."""

    student: str
    key: str
    """hash of the submission, the assignment and the environment"""
    timestamp: str | None
    graded: tuple[Scored, ...]
    missing: tuple[str, ...]
    """notebooks that were not handed in: no points"""
    failed: dict[str, str]
    """notebooks that cannot be graded, with the reason: a person must look"""

    def to_json(self) -> str:
        """Everything, for the journal."""
        return json.dumps({**self._asdict(), "graded": [s.to_json() for s in self.graded]})

    @classmethod
    def from_json(cls, text: str) -> "Submission":
        """What ``to_json`` wrote."""
        facts = json.loads(text)
        graded = tuple(Scored.from_json(t) for t in facts["graded"])
        return cls(**{**facts, "graded": graded, "missing": tuple(facts["missing"])})


class Journal:
    """What has been graded, and what has been entered into which gradebook: two files a student."""

    def __init__(self, folder: Path, gradebook: str = ""):
        self.folder = folder
        self.gradebook = hashlib.sha256(gradebook.encode()).hexdigest()  # its URL may hold a password
        folder.mkdir(parents=True, exist_ok=True)

    def _path(self, student: str, kind: str) -> Path:
        return self.folder / f"{student.replace('/', '%2F')}.{kind}"

    def note(self, submission: Submission) -> None:
        """Keep a result."""
        _write_whole(self._path(submission.student, "json"), submission.to_json())
        with suppress(FileNotFoundError):
            self._path(submission.student, "entered").unlink()

    def find(self, student: str, key: str) -> Submission | None:
        """The result of exactly this submission, if it was graded before."""
        try:
            found = Submission.from_json(self._path(student, "json").read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if found.key == key else None

    def enter(self, submission: Submission) -> None:
        """The gradebook has it."""
        _write_whole(self._path(submission.student, "entered"), f"{submission.key} {self.gradebook}")

    def is_entered(self, student: str, key: str) -> bool:
        """Whether the gradebook has exactly this."""
        with suppress(OSError):
            return self._path(student, "entered").read_text(encoding="utf-8") == f"{key} {self.gradebook}"
        return False


def _write_whole(path: Path, text: str) -> None:
    """All of it or nothing, also if the machine stops."""
    partial = path.with_name(f".{path.name}.partial")
    with open(partial, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


class Writer:
    """Enters submissions of one assignment."""

    def __init__(self, course: Course, gradebook: Any, assignment: str, blueprints: Sequence[Blueprint]):
        self.course, self.gradebook, self.assignment = course, gradebook, assignment
        found = gradebook.find_assignment(assignment)
        self.assignment_id = found.id
        self.notebooks = {n.name: n.id for n in found.notebooks}
        self.graded = {
            n.name: {c.name: c.id for c in [*n.grade_cells, *n.task_cells]} for n in found.notebooks
        }
        self.commented = {
            n.name: {c.name: c.id for c in [*n.solution_cells, *n.task_cells]} for n in found.notebooks
        }
        self.tasks = {n.name: {c.name for c in n.task_cells} for n in found.notebooks}
        self.permissions = 0o664 if course.directory.groupshared else 0o444

    # folders

    def place(self, submission: Submission, files: dict[str, bytes]) -> None:
        """Put the autograded folder in place."""
        folder = self.course.folder("autograded", submission.student, self.assignment)
        new = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        if submission.graded:
            self._fill(new, submission, files)
        if folder.exists():
            shutil.rmtree(folder)
        if submission.graded:
            os.replace(new, folder)

    def _fill(self, folder: Path, submission: Submission, files: dict[str, bytes]) -> None:
        folder.mkdir(parents=True)
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for scored in submission.graded:
            write_notebook(scored, folder / f"{scored.name}.ipynb")
        for base, _, names in os.walk(folder):
            for name in names:
                os.chmod(os.path.join(base, name), self.permissions)

    # rows

    def enter(self, batch: Sequence[Submission]) -> None:
        """All rows of these submissions, in one transaction."""
        session = self.gradebook.db
        try:
            ids = self._submissions(batch)
            notebooks = self._notebooks(ids.values())
            books = [{n: notebooks[ids[s.student], i] for n, i in self.notebooks.items()} for s in batch]
            self._scores(list(zip(batch, books, strict=True)))
            session.flush()
            session.expire_all()
            self._penalties([s for s in batch if s.timestamp])
            session.commit()
        except BaseException:
            session.rollback()
            raise

    def _submissions(self, batch: Sequence[Submission]) -> dict[str, str]:
        from nbgrader.api import Student, SubmittedAssignment, new_uuid
        from nbgrader.utils import parse_utc
        from sqlalchemy import insert, select, update

        run, students = self.gradebook.db.execute, [s.student for s in batch]
        known = set(run(select(Student.id).where(Student.id.in_(students))).scalars())
        if new := [{"id": s} for s in students if s not in known]:
            run(insert(Student.__table__), new)
        table = SubmittedAssignment
        where = (table.assignment_id == self.assignment_id) & table.student_id.in_(students)
        ids: dict[str, str] = {s: i for s, i in run(select(table.student_id, table.id).where(where))}
        for s in batch:
            time: datetime | None = parse_utc(s.timestamp) if s.timestamp else None
            if s.student in ids:
                if time:
                    run(update(table.__table__).where(table.id == ids[s.student]).values(timestamp=time))
                continue
            ids[s.student] = new_uuid()
            row = {
                "id": ids[s.student],
                "assignment_id": self.assignment_id,
                "student_id": s.student,
                "timestamp": time,
            }
            run(insert(table.__table__), [row])
        return ids

    def _notebooks(self, submissions: Any) -> dict[tuple[str, str], str]:
        """The submitted notebooks by submission and notebook, made with all their rows where they are new."""
        from nbgrader.api import Comment, Grade, SubmittedNotebook, new_uuid
        from sqlalchemy import insert, select

        run, submissions = self.gradebook.db.execute, list(submissions)
        table = SubmittedNotebook
        query = select(table.assignment_id, table.notebook_id, table.id).where(
            table.assignment_id.in_(submissions)
        )
        found = {(a, n): i for a, n, i in run(query)}
        notebooks, grades, comments = [], [], []
        for key in ((s, n) for s in submissions for n in self.notebooks.values() if (s, n) not in found):
            found[key] = new_uuid()
            name = next(name for name, i in self.notebooks.items() if i == key[1])
            notebooks.append({"id": found[key], "assignment_id": key[0], "notebook_id": key[1]})
            row = {"notebook_id": found[key]}
            grades += [{**row, "id": new_uuid(), "cell_id": c} for c in self.graded[name].values()]
            comments += [{**row, "id": new_uuid(), "cell_id": c} for c in self.commented[name].values()]
        for model, rows in ((table, notebooks), (Grade, grades), (Comment, comments)):
            if rows:
                run(insert(model.__table__), rows)
        return found

    def _scores(self, submissions: Sequence[tuple[Submission, dict[str, str]]]) -> None:
        """Points and comments; one statement a kind, whatever the number of cells."""
        from nbgrader.api import Comment, Grade
        from sqlalchemy import bindparam, case, cast, update

        run = self.gradebook.db.execute
        grade, comment = Grade.__table__, Comment.__table__
        missing = [{"book": books[name]} for s, books in submissions for name in s.missing]
        points, words = (
            _values(submissions, self.graded, "scores"),
            _values(submissions, self.commented, "comments"),
        )
        row, value = (bindparam("book"), bindparam("cell")), bindparam("value", type_=grade.c.auto_score.type)
        nothing = cast(value, value.type).is_(None)  # PostgreSQL wants to know of what type
        waits = case((nothing, True), else_=grade.c.manual_score.is_not(None))
        if missing:
            where = grade.c.notebook_id == row[0]
            run(update(grade).where(where).values(auto_score=0, needs_manual_grade=False), missing)
        if points:
            where = (grade.c.notebook_id == row[0]) & (grade.c.cell_id == row[1])
            values = {"auto_score": value, "needs_manual_grade": waits}
            run(update(grade).where(where).values(values), points)
        if words:
            where = (comment.c.notebook_id == row[0]) & (comment.c.cell_id == row[1])
            run(update(comment).where(where).values(auto_comment=bindparam("value")), words)

    def _penalties(self, batch: Sequence[Submission]) -> None:
        """Late submissions, by the course's own plugin."""
        if not batch:
            return
        rule = import_preprocessor("latesubmissions", "AssignLatePenalties")(config=self.course.config)
        rule.init_plugin()
        for submission in batch:
            late = self.gradebook.find_submission(self.assignment, submission.student)
            for scored in submission.graded:
                notebook = self.gradebook.find_submission_notebook(
                    scored.name, self.assignment, submission.student
                )
                notebook.late_submission_penalty = None
                if late.total_seconds_late > 0:
                    penalty = rule.plugin_inst.late_submission_penalty(  # pyright: ignore[reportAttributeAccessIssue]
                        submission.student, notebook.score, late.total_seconds_late
                    )
                    if penalty is not None:
                        notebook.late_submission_penalty = rule._check_late_penalty(notebook, penalty)


def _values(
    submissions: Sequence[tuple[Submission, dict[str, str]]], cells: dict[str, dict[str, str]], kind: str
) -> list[dict[str, Any]]:
    """A row for each cell of these submissions that the gradebook has: notebook, cell, value."""
    return [
        {"book": books[scored.name], "cell": cells[scored.name][name], "value": value}
        for submission, books in submissions
        for scored in submission.graded
        for name, value in getattr(scored, kind).items()
        if name in cells[scored.name]
    ]
