"""The points and comments of a class, for its feedback pages: four queries for many notebooks, not several a cell."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from nbgrader import api
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import GetGrades
from nbgrader.preprocessors.base import NbGraderPreprocessor
from sqlalchemy import func, select


class Marks(NamedTuple):
    """What the gradebook holds of one submitted notebook."""

    score: float
    highest: float
    late: float
    grades: dict[str, tuple[float, float]]
    """points and the most there are, by the cell's name"""
    comments: dict[str, str | None]


class QuickGrades(GetGrades):
    """nbgrader's GetGrades from what ``load`` has read; no connection is open when pages are made."""

    def __init__(self, url: str, **options: Any):
        super().__init__(**options)
        self._url = url

    def expect(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Read the marks of these, by assignment and student, as soon as one is asked for; forget the others."""
        self._pairs, self._marks = list(pairs), None

    def preprocess(self, nb: Any, resources: Any) -> Any:
        """Put the marks into the notebook and its page."""
        if self._marks is None:
            with Gradebook(self._url) as gradebook:
                self._marks = read_marks(gradebook.db, self._pairs)
        facts = resources["nbgrader"]
        marks = self._marks.get((facts["assignment"], facts["student"], facts["notebook"]))
        if marks is None:
            raise MissingEntry(f"the gradebook has no notebook {facts['notebook']!r} of {facts['student']!r}")
        self._now = marks
        nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
        facts.update(score=marks.score - marks.late, max_score=marks.highest, late_penalty=marks.late)
        return nb, resources

    def _get_score(self, cell: Any, resources: Any) -> None:
        cell.metadata.nbgrader["score"], cell.metadata.nbgrader["points"] = _of(self._now.grades, cell)

    def _get_comment(self, cell: Any, resources: Any) -> None:
        cell.metadata.nbgrader["comment"] = _of(self._now.comments, cell)


def _of(rows: dict[str, Any], cell: Any) -> Any:
    name = cell.metadata["nbgrader"]["grade_id"]
    if name not in rows:
        raise MissingEntry(f"the gradebook has no entry for the cell {name!r} of this notebook")
    return rows[name]


def read_marks(db: Any, pairs: list[tuple[str, str]]) -> dict[tuple[str, str, str], Marks]:
    """Of these assignments and students, by assignment, student and notebook; who is not in the gradebook is left out."""
    t: Any = api
    assignments, students = {assignment for assignment, _ in pairs}, {student for _, student in pairs}
    theirs = (
        select(t.SubmittedNotebook.id, t.Assignment.name, t.SubmittedAssignment.student_id, t.Notebook.name)
        .add_columns(t.Notebook.max_score)
        .add_columns(t.SubmittedNotebook.late_submission_penalty)
        .join(t.SubmittedAssignment, t.SubmittedNotebook.assignment_id == t.SubmittedAssignment.id)
        .join(t.Assignment, t.SubmittedAssignment.assignment_id == t.Assignment.id)
        .join(t.Notebook, t.SubmittedNotebook.notebook_id == t.Notebook.id)
        .where(t.Assignment.name.in_(assignments), t.SubmittedAssignment.student_id.in_(students))
    )
    ids = theirs.with_only_columns(t.SubmittedNotebook.id)
    # summed by the database, as nbgrader does it: a sum of floats depends on who adds
    points = select(t.Grade.notebook_id, func.coalesce(func.sum(t.Grade.score), 0.0)).group_by(
        t.Grade.notebook_id
    )
    scores = dict(map(tuple, db.execute(points.where(t.Grade.notebook_id.in_(ids)))))
    grades = _by_notebook(db, t.Grade, ids, t.Grade.score, t.Grade.max_score)
    comments = _by_notebook(db, t.Comment, ids, t.Comment.comment)
    return {
        (assignment, student, name): Marks(
            scores.get(key, 0.0),
            highest,
            late or 0,
            {cell: (score, most) for cell, score, most in grades.get(key, ())},
            dict(comments.get(key, ())),
        )
        for key, assignment, student, name, highest, late in db.execute(theirs)
    }


def _by_notebook(db: Any, table: Any, ids: Any, *columns: Any) -> dict[str, list[tuple]]:
    """The rows of some submitted notebooks: the cell's name and these columns."""
    found: dict[str, list[tuple]] = {}
    cell: Any = api.BaseCell
    query = select(table.notebook_id, cell.name, *columns).join(cell, table.cell_id == cell.id)
    for key, *row in db.execute(query.where(table.notebook_id.in_(ids))):
        found.setdefault(key, []).append(tuple(row))
    return found
