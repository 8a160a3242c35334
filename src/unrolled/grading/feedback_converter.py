"""nbgrader's GenerateFeedback, by several processes and with quicker parts in the places of its own."""

import gc
import logging
import os
import re
import sys
from collections.abc import Sequence
from multiprocessing import get_context
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbgrader.converters.base import NbGraderException
from nbgrader.converters.generate_feedback import GenerateFeedback
from nbgrader.preprocessors import GetGrades
from traitlets.utils.importstring import import_item

from unrolled.grading.course import Course
from unrolled.grading.feedback import HideTests
from unrolled.grading.feedback_grades import QuickGrades
from unrolled.grading.feedback_page import QuickHTML

AT_ONCE = 500
"""students whose marks are read together"""
WORTH_IT = 100
"""pages for a process: each makes anew what the others have made, so that few pages are made sooner by one"""


class Pages(GenerateFeedback):
    """The feedback of an assignment, with the course's own settings, hooks, preprocessors and template."""

    def __init__(self, course: Course, assignment: str, force: bool):
        course.directory.assignment_id = assignment
        super().__init__(coursedir=course.directory, config=course.config, force=force)
        self.log.setLevel(logging.ERROR)
        self.marks = QuickGrades(course.db_url, config=course.config)
        self.preprocessors = self._steps()
        if self.exporter_class is HTMLExporter:
            self.exporter_class = QuickHTML

    def _steps(self) -> list[Any]:
        named = [import_item(step) if isinstance(step, str) else step for step in self.preprocessors]
        steps = [self.marks if step is GetGrades else step for step in named]
        return steps if HideTests in steps else [*steps[:1], HideTests, *steps[1:]]

    def find(self, students: Sequence[str]) -> int:
        """Look for the graded notebooks of these names or patterns; how many students have one."""
        self.found: dict[str, list[str]] = {}
        where: Any = self.coursedir
        for student in students or ["*"]:
            where.student_id = student
            super().init_notebooks()
            self.found |= self.assignments
        where.student_id = "*"
        return len(self.found)

    def write(self, jobs: int) -> bool:
        """Write the pages of those found; whether all could be written."""
        logging.basicConfig(format="unrolled: %(message)s")  # why a page could not be made
        self.good, self.jobs = True, jobs
        self.start()
        return self.good

    def init_notebooks(self) -> None:
        """They were found before."""

    def convert_notebooks(self) -> None:
        """All, by turns, so that no more marks are held at a time than those of one turn."""
        names = sorted(self.found)
        for n in range(0, len(names), AT_ONCE):
            self._turn(names[n : n + AT_ONCE])

    def _turn(self, names: list[str]) -> None:
        """One page here, the rest by processes that so begin with everything loaded."""
        self.marks.expect(map(self._whose, names))
        first = next((name for name in names if self.force or not self._made(name)), names[0])
        rest = [name for name in names if name != first]
        jobs = min(self.jobs, len(rest) // WORTH_IT)
        self.good &= self._some([first])
        gc.freeze()  # what is loaded stays: it is not to be looked through again, nor copied by every process for that
        gc.enable()
        if jobs < 2:
            self.good &= self._some(rest)
            return
        context = get_context("fork")
        workers = [context.Process(target=self._work, args=(rest[n::jobs],)) for n in range(jobs)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.good &= all(worker.exitcode == 0 for worker in workers)

    def _work(self, names: list[str]) -> None:
        sys.exit(0 if self._some(names) else 1)

    def _some(self, names: list[str]) -> bool:
        self.assignments = {name: self.found[name] for name in names}
        try:
            super().convert_notebooks()
        except NbGraderException as reason:
            print(f"unrolled: {reason}", file=sys.stderr)
            return False
        return True

    def _whose(self, folder: str) -> tuple[str, str]:
        """The assignment and the student of a folder, read as nbgrader reads them."""
        pattern = self._format_source("(?P<assignment>.*)", "(?P<student>.*)", escape=True)
        match = re.match(pattern, folder)
        assert match, f"{folder} was found by this pattern: {pattern}"
        return match["assignment"], match["student"]

    def _made(self, folder: str) -> bool:
        return os.path.exists(self._format_dest(*self._whose(folder)))
