"""``unrolled feedback``: nbgrader's own feedback pages, several times faster and without hidden tests.

The pages are made by nbgrader's converter with the course's settings, hooks and template.  What is quicker: the
command starts without nbgrader's web server, the work is shared among processes, and a page is not
read back and written again to look for pictures without a description.
"""

import argparse
import functools
import logging
import re
import sys
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

HIDE = "unrolled.grading.feedback.HideTests"
ALT = "No description has been provided for this image"
PICTURE = re.compile(r"<img\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")


def run(arguments: argparse.Namespace) -> int:
    """Write the pages; 0 all written, 1 some could not be, 2 nothing to do or wrong usage."""
    from unrolled.grading import slim

    slim.import_nbgrader()
    from nbgrader.converters.base import NbGraderException

    from unrolled.grading.course import Course, CourseError

    try:
        converter = make_converter(Course(Path.cwd(), arguments.db), arguments.assignment, arguments.force)
        folders = find(converter, arguments.students or ["*"])
    except (CourseError, NbGraderException) as reason:
        print(f"unrolled: {reason}", file=sys.stderr)
        return 2
    jobs = min(arguments.jobs, len(folders))
    names = sorted(folders)
    parts = [{name: folders[name] for name in names[n::jobs]} for n in range(jobs)]
    if jobs == 1:
        good = convert(converter, parts[0])
    else:
        context = get_context("fork")
        workers = [context.Process(target=_work, args=(converter, part)) for part in parts]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        good = all(worker.exitcode == 0 for worker in workers)
    print(
        f"{arguments.assignment}: feedback for {len(folders)} students"
        + ("" if good else "; some could not be written")
    )
    return 0 if good else 1


def _work(converter: Any, part: dict[str, list[str]]) -> None:
    sys.exit(0 if convert(converter, part) else 1)


def make_converter(course: Any, assignment: str, force: bool) -> Any:
    """nbgrader's GenerateFeedback, with quicker parts in the places of those that are nbgrader's own."""
    from nbgrader.converters.generate_feedback import GenerateFeedback
    from nbgrader.preprocessors import GetGrades

    course.directory.assignment_id = assignment
    converter = GenerateFeedback(coursedir=course.directory, config=course.config, force=force)
    converter.log.setLevel(logging.WARNING)
    stock = ("nbgrader.preprocessors.GetGrades", GetGrades)
    steps: list[Any] = [_quick_grades() if step in stock else step for step in converter.preprocessors]
    if not any(_name(step) == HIDE for step in steps):
        steps.insert(1, HIDE)
    converter.preprocessors, converter.exporter_class = steps, _quick_exporter()
    return converter


def _name(step: Any) -> str:
    return step if isinstance(step, str) else f"{step.__module__}.{step.__qualname__}"


def find(converter: Any, students: list[str]) -> dict[str, list[str]]:
    """The graded notebooks by folder."""
    found: dict[str, list[str]] = {}
    for student in students:
        converter.coursedir.student_id = student
        converter.init_notebooks()
        found |= converter.assignments
    converter.coursedir.student_id = "*"
    return found


def convert(converter: Any, folders: dict[str, list[str]]) -> bool:
    """Do a part of the work here; whether all went well."""
    from nbconvert.exporters import html
    from nbgrader.converters.base import NbGraderException

    html.BeautifulSoup = Skim  # type: ignore[assignment]
    converter.init_notebooks = lambda: setattr(converter, "assignments", folders)
    try:
        converter.start()
    except NbGraderException as reason:
        print(f"unrolled: {reason}", file=sys.stderr)
        return False
    return True


class Skim:
    """What nbconvert does with BeautifulSoup after a page is made, without reading every element of it."""

    def __init__(self, text: str, features: str):
        self.text, self.tree = text, None
        if "jp-Notebook" in text:  # a template with more to be changed than pictures
            from bs4 import BeautifulSoup

            self.tree = BeautifulSoup(text, features=features)

    def select(self, selector: str) -> Any:
        """The elements to change: of the pictures those that were changed here."""
        if self.tree is not None:
            return self.tree.select(selector)
        if selector.startswith("img"):
            head, body, rest = self.text.partition("<body")
            self.text = head + body + PICTURE.sub(_describe, rest)
        return []

    def __str__(self) -> str:
        return self.text if self.tree is None else str(self.tree)


def _describe(match: re.Match[str]) -> str:
    tag = match[0]
    return tag if re.search(r"\salt\b", tag) else f'{tag[:-1].rstrip("/ ")} alt="{ALT}">'


@functools.cache
def _quick_exporter() -> type:
    from nbconvert.exporters import HTMLExporter
    from nbconvert.filters import Highlight2HTML

    class QuickHTML(HTMLExporter):
        """Colours each source once: most cells of a class are the same."""

        def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> Any:
            facts = nb.metadata.get("language_info", {})
            lexer = facts.get("pygments_lexer", facts.get("name", None))
            if "highlight_code" not in self.filters or self.filters["highlight_code"] in self._ours.values():
                made = self._ours.get(lexer) or _remember(Highlight2HTML(pygments_lexer=lexer, parent=self))
                self._ours[lexer] = made
                self.filters = {**dict(self.filters), "highlight_code": made}
            return super().from_notebook_node(nb, resources, **options)

        @functools.cached_property
        def _ours(self) -> dict[Any, Callable[..., str]]:
            return {}

    return QuickHTML


def _remember(colour: Callable[..., str]) -> Callable[..., str]:
    known = functools.lru_cache(2000)(colour)

    def highlight(source: str, language: str | None = None, metadata: Any = None) -> str:
        if metadata and "magics_language" in metadata:
            return colour(source, language, metadata)
        return known(source, language)

    return highlight


@functools.cache
def _quick_grades() -> type:
    from nbgrader.api import BaseCell, Gradebook, MissingEntry
    from nbgrader.preprocessors import GetGrades
    from nbgrader.preprocessors.base import NbGraderPreprocessor

    class QuickGrades(GetGrades):
        """One connection for all, and one query for the grades of a notebook instead of one a cell."""

        def preprocess(self, nb: Any, resources: Any) -> Any:
            facts = resources["nbgrader"]
            book = self._open(facts["db_url"])
            found = book.find_submission_notebook(facts["notebook"], facts["assignment"], facts["student"])
            self._grades = {grade.name: grade for grade in found.grades}
            self._comments = {comment.name: comment for comment in found.comments}
            nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
            late = found.late_submission_penalty or 0
            facts.update(score=found.score - late, max_score=found.max_score, late_penalty=late)
            return nb, resources

        def _open(self, url: str) -> Any:
            if getattr(self, "_url", None) != url:
                self._url, self._book = url, Gradebook(url)
                self._cells = self._book.db.query(BaseCell).all()  # kept, so that no grade asks for its cell
            return self._book

        def _get_score(self, cell: Any, resources: Any) -> None:
            grade = self._of(self._grades, cell)
            cell.metadata.nbgrader["score"], cell.metadata.nbgrader["points"] = grade.score, grade.max_score

        def _get_comment(self, cell: Any, resources: Any) -> None:
            cell.metadata.nbgrader["comment"] = self._of(self._comments, cell).comment

        def _of(self, rows: dict[str, Any], cell: Any) -> Any:
            name = cell.metadata["nbgrader"]["grade_id"]
            if name not in rows:
                raise MissingEntry(f"the gradebook has no entry for the cell {name!r} of this notebook")
            return rows[name]

    return QuickGrades
