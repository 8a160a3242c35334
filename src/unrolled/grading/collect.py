"""What ``nbgrader zip_collect`` needs to know about a learning platform's archive: whose file, which attempt, under which name.

An archive holds one attempt of each student, the last one when it was made.  Several archives of one assignment may lie
side by side; the newest attempt wins as a whole, so files of two attempts never mix.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from nbgrader.plugins import FileNameCollectorPlugin
from nbgrader.utils import find_all_files

NUMBERED = re.compile(r"(?:[-_ ]\d+| ?\(\d+\))$")
"""what a platform, a browser or a desktop adds to the name of a second copy"""


class Found(NamedTuple):
    """One file of an archive."""

    path: str
    """where it lies, relative to the folder of extracted files"""
    student: str
    file: str
    """its name as the student had it"""
    archive: str
    """files of one student in one archive were handed in together"""
    order: tuple[Any, ...]
    """grows with time"""
    timestamp: str | None = None


class LmsCollector(FileNameCollectorPlugin):
    """Looks at all extracted files at once, and gives nbgrader only those that count."""

    def read(self, path: PurePosixPath) -> Found | None:
        """Whose file this is, from its path in the folder of extracted files; None if it is nobody's."""
        raise NotImplementedError

    def begin(self, folder: Path) -> None:
        """Called once, before the first ``read``, with the folder of extracted files."""

    def collect(self, submitted_file: str) -> dict[str, Any] | None:
        """What nbgrader asks about each file; None leaves it out."""
        if not hasattr(self, "_chosen"):
            self._folder = Path(self._place(self.parent.extracted_directory))  # pyright: ignore[reportOptionalMemberAccess]
            self._chosen = self._choose()
        return self._chosen.get(Path(submitted_file).relative_to(self._folder).as_posix())

    def _place(self, step: str) -> str:
        return self.parent._format_collect_path(step)  # pyright: ignore[reportOptionalMemberAccess]

    def _choose(self) -> dict[str, dict[str, Any]]:
        self.begin(self._folder)
        names = [path.relative_to(self._folder) for path in sorted(self._folder.rglob("*")) if path.is_file()]
        wanted = [PurePosixPath(name) for name in names if name.suffix in self.valid_ext]
        found = [f for f in map(self.read, wanted) if f]
        chosen: dict[str, dict[str, Any]] = {}
        for attempt in latest(found):
            for name, file in named(attempt, self._released()).items():
                facts = {"student_id": file.student, "file_id": name}
                chosen[file.path] = {**facts, **({"timestamp": file.timestamp} if file.timestamp else {})}
        for file in found:
            if file.path not in chosen:
                self.log.info("Left out, a later file of %s counts: %s", file.student, file.path)
        return chosen

    def _released(self) -> set[str]:
        course = self.parent.coursedir  # pyright: ignore[reportOptionalMemberAccess]
        folder = course.format_path(course.release_directory, ".", course.assignment_id)
        return {os.path.relpath(path, folder) for path in find_all_files(folder, course.ignore)}


def latest(found: Iterable[Found]) -> list[list[Found]]:
    """The files of the newest attempt of each student."""
    attempts: dict[tuple[str, str], list[Found]] = {}
    for file in found:
        attempts.setdefault((file.student, file.archive), []).append(file)
    newest: dict[str, list[Found]] = {}
    for (student, _), files in attempts.items():
        if student not in newest or max(f.order for f in files) > max(f.order for f in newest[student]):
            newest[student] = files
    return list(newest.values())


def named(attempt: Iterable[Found], released: set[str]) -> Mapping[str, Found]:
    """The files of one attempt by the names that nbgrader expects.

    ``ch01_rnn-2.ipynb`` and ``ch01_rnn (1).ipynb`` are ``ch01_rnn.ipynb``.  Where an assignment has one notebook,
    a notebook of any other name is taken for it if nothing better came.  Of two the newer one counts.
    """
    notebooks = [name for name in released if name.endswith(".ipynb")]
    sure: dict[str, Found] = {}
    other: dict[str, Found] = {}
    for file in sorted(attempt, key=lambda f: f.order):
        stem, suffix = os.path.splitext(file.file)
        name = file.file if file.file in released else NUMBERED.sub("", stem) + suffix
        if name in released:
            sure[name] = file
        else:
            alone = suffix == ".ipynb" and len(notebooks) == 1
            other[notebooks[0] if alone else file.file] = file
    return {**other, **sure}


def is_name(student: str) -> bool:
    """Whether a text can be the name of a student's folder and nothing else."""
    return bool(student.strip()) and not student.startswith(".") and not re.search(r"[/\\\0\n\r]", student)
