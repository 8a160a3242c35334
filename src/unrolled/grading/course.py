"""A course as nbgrader has it: its configuration, its folders, its submissions."""

import glob
import hashlib
import json
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from unrolled.grading.blueprint import Blueprint, SourceCell, with_release
from unrolled.grading.intake import Mend, Unreadable, read_file

LARGEST_FILE = 64_000_000
LARGEST_FOLDER = 120_000_000


class CourseError(RuntimeError):
    """The course is not in a state to grade; the message says what to do."""


class Course:
    """The folders and settings of ``nbgrader_config.py``."""

    def __init__(self, root: Path, db_url: str | None = None):
        from nbgrader.coursedir import CourseDirectory

        self.config = load_config(root)
        self.directory = CourseDirectory(config=self.config)
        if not self.config.CourseDirectory.get("root"):
            self.directory.root = str(root)
        if db_url:
            self.directory.db_url = db_url

    @property
    def db_url(self) -> str:
        """Where the gradebook is; PostgreSQL through psycopg 3, whichever driver SQLAlchemy would take."""
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", self.directory.db_url)

    def folder(self, step: str, student: str, assignment: str) -> Path:
        """The folder of a step, such as submitted or autograded."""
        return Path(
            self.directory.format_path(getattr(self.directory, f"{step}_directory"), student, assignment)
        )

    def journal(self, assignment: str) -> Path:
        """Where finished work is noted: beside the autograded folders."""
        base = Path(self.directory.root, self.directory.autograded_directory)
        return base.parent / ".grading" / assignment

    def submissions(self, assignment: str, students: Sequence[str] = ()) -> dict[str, Path]:
        """The folder of each student who submitted; ``students`` are names or patterns."""
        found: dict[str, Path] = {}
        pattern = re.compile(
            self.directory.format_path(
                self.directory.submitted_directory, "(?P<student_id>.*)", re.escape(assignment), escape=True
            )
        )
        for wanted in students or ["*"]:
            for path in glob.glob(str(self.folder("submitted", wanted, assignment))):
                match = pattern.fullmatch(path)
                if match and os.path.isdir(path):
                    found[match["student_id"]] = Path(path)
        return dict(sorted(found.items()))

    def files(self, folder: Path) -> Iterable[Path]:
        """The files that travel with notebooks, as nbgrader chooses them."""
        from nbgrader import utils

        if not folder.is_dir():
            return []
        return map(Path, sorted(utils.find_all_files(str(folder), [*self.directory.ignore, "*.ipynb"])))

    def secrets(self) -> list[str]:
        """Folders and files that no submission may see, wherever they lie."""
        d = self.directory
        names = [d.source_directory, d.submitted_directory, d.autograded_directory, d.feedback_directory]
        names += [d.solution_directory, d.source_with_tests_directory]
        files = [self.db_url.removeprefix("sqlite:///")] if self.db_url.startswith("sqlite:///") else []
        return [os.path.join(d.root, name) for name in [*names, *files, str(self.journal(".").parent)]]


@contextmanager
def open_gradebook(course: Course) -> Iterator[Any]:
    """nbgrader's Gradebook; CourseError in words, without the password, if it cannot be opened."""
    from nbgrader.api import Gradebook
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, OperationalError

    try:
        place = make_url(course.db_url).render_as_string(hide_password=True)
        gradebook = Gradebook(course.db_url, course.directory.course_id)
    except ArgumentError:
        raise CourseError(
            "--db expects a URL such as sqlite:///gradebook.db or postgresql://host/name"
        ) from None
    except ModuleNotFoundError as error:
        raise CourseError(
            f"the gradebook {place} needs {error.name}; install it with: pip install 'unrolled[grading,scale]'"
        ) from None
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise CourseError(f"the gradebook {place} cannot be opened: {reason}") from None
    with gradebook:
        yield gradebook


def load_config(root: Path) -> Any:
    """nbgrader's configuration, the course's own over the user's over the machine's."""
    from jupyter_core.paths import jupyter_config_path
    from traitlets.config import Config
    from traitlets.config.loader import ConfigFileNotFound, JSONFileConfigLoader, PyFileConfigLoader

    config = Config()
    for folder in [*reversed(jupyter_config_path()), str(root)]:
        for loader, name in (
            (PyFileConfigLoader, "nbgrader_config.py"),
            (JSONFileConfigLoader, "nbgrader_config.json"),
        ):
            try:
                config.merge(loader(name, path=folder).load_config())
            except ConfigFileNotFound:
                continue
    return config


def read_blueprints(gradebook: Any, course: Course, assignment: str) -> list[Blueprint]:
    """The notebooks of an assignment, from the gradebook and, for order and tags, from the release."""
    from nbgrader.api import MissingEntry

    try:
        found = gradebook.find_assignment(assignment)
    except MissingEntry:
        names = ", ".join(sorted(a.name for a in gradebook.assignments)) or "none"
        raise CourseError(
            f"no assignment {assignment!r} in the gradebook (there: {names}); run `nbgrader generate_assignment {assignment}` first"
        ) from None
    blueprints = []
    for notebook in sorted(found.notebooks, key=lambda n: n.name):
        blueprint = _read_blueprint(notebook)
        release = course.folder("release", ".", assignment) / f"{notebook.name}.ipynb"
        if release.is_file():
            blueprint = with_release(blueprint, json.loads(release.read_text(encoding="utf-8")))
        blueprints.append(blueprint)
    if not blueprints:
        raise CourseError(f"assignment {assignment!r} has no notebook in the gradebook")
    return blueprints


def _read_blueprint(notebook: Any) -> Blueprint:
    graded = {c.name: float(c.max_score) for c in notebook.grade_cells}
    tasks = {c.name: float(c.max_score) for c in notebook.task_cells}
    solutions = {c.name for c in notebook.solution_cells}
    cells = tuple(
        SourceCell(
            name=c.name, cell_type=c.cell_type, source=c.source or "", locked=bool(c.locked), grade=c.name in graded,
            solution=c.name in solutions, task=c.name in tasks, points={**graded, **tasks}.get(c.name, 0.0),
            checksum=c.checksum or "",
        )
        for c in notebook.source_cells
    )  # fmt: skip
    return Blueprint(notebook.name, cells, json.loads(notebook.kernelspec) if notebook.kernelspec else None)


class Folder(NamedTuple):
    """What lies beside a submission's notebooks."""

    files: dict[str, bytes]
    mends: list[Mend]
    own: tuple[str, ...] = ()
    """those of the files that the student wrote"""


def read_folder(course: Course, folder: Path, source: Path, keep: Iterable[str] = ()) -> Folder:
    """The submission's own files, overwritten by the instructor's, except for names in ``keep``."""
    files, mends, total = {}, [], 0
    for path in course.files(folder):
        name = str(path.relative_to(folder))
        if path.is_symlink() or not stat.S_ISREG(path.lstat().st_mode):
            mends.append(Mend("link", f"{name!r} is a link or no ordinary file; it was left out."))
            continue
        size = path.lstat().st_size
        if size > LARGEST_FILE or total + size > LARGEST_FOLDER:
            mends.append(Mend("large file", f"{name!r} has {size / 1e6:.0f} MB; it was left out."))
            continue
        try:
            files[name] = read_file(path)
            total += size
        except Unreadable as reason:
            mends.append(Mend("link", str(reason)))
    own, keep = set(files), set(keep)
    for path in course.files(source):
        name = str(path.relative_to(source))
        if name not in keep:  # nor are those added, as in stock
            files[name] = path.read_bytes()
            own.discard(name)
    return Folder(files, mends, tuple(sorted(own)))


def environment() -> str:
    """A hash of what the outcome depends on beside the files: Python and every installed package.

    A package's folder of facts has name and version in its own name: to read the facts would take longer than to
    grade a submission.  The older kind, whose name may lack the version, is read.
    """
    packages = []
    for folder in filter(os.path.isdir, sys.path):
        for name in os.listdir(folder):
            if name.endswith(".egg-info"):
                packages.append(_egg(os.path.join(folder, name)))
            elif name.endswith(".dist-info"):
                packages.append(name)
    return hashlib.sha256("\n".join([sys.version, *sorted(packages)]).encode()).hexdigest()


def _egg(path: str) -> str:
    from importlib.metadata import PathDistribution

    facts = PathDistribution(Path(path))
    return f"{facts.name}=={facts.version}"


def digest(*parts: Any) -> str:
    """One hash for several texts, bytes or dicts of bytes."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, dict):
            part = digest(*(x for k in sorted(part) for x in (k, part[k])))
        data = part if isinstance(part, bytes) else str(part).encode("utf-8", "replace")
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()
