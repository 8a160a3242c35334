"""Grade an assignment: read, run, enter; tell how it goes, and how it went."""

import os
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from unrolled.grading import intake, scoring
from unrolled.grading.blueprint import Blueprint, fingerprint
from unrolled.grading.cluster import Cluster, ClusterError
from unrolled.grading.course import (
    Course,
    CourseError,
    Folder,
    digest,
    environment,
    open_gradebook,
    read_blueprints,
    read_folder,
)
from unrolled.grading.gradebook import Journal, Submission, Writer
from unrolled.grading.pool import Job, Outcome, Pool
from unrolled.grading.sandbox import Limits
from unrolled.grading.slim import import_preprocessor

VERSION = 1
"""of the grading itself: part of the key of every result"""
BATCH = 50


class Options(NamedTuple):
    """How to grade."""

    jobs: int = 2
    timeout: float = 30.0
    total: float = 600.0
    memory_mb: int = 4096
    regrade: bool = False
    trusted: bool = False
    """run without a sandbox"""
    trust_unverified: bool = False
    """give the points of cells that could only be scored in the student's own process"""
    sandbox: str | None = None
    scheduler: str | None = None
    """address of a Dask scheduler, whose workers run the notebooks"""


@dataclass
class Summary:
    """What happened."""

    assignment: str
    sandbox: str = ""
    graded: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    mended: dict[str, list[str]] = field(default_factory=dict)
    flagged: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, list[str]] = field(default_factory=dict)
    trouble: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 all graded; 1 something could not be; 3 all graded, some points wait for a person; 130 stopped."""
        return 130 if self.interrupted else 1 if self.failed else 3 if self.flagged else 0

    def add(self, submission: Submission) -> None:
        """Count one."""
        student = submission.student
        if submission.graded or submission.missing:
            self.graded.append(student)
        for scored in submission.graded:
            if scored.mends:
                self.mended.setdefault(student, []).extend(m.words for m in scored.mends)
            if scored.flags:
                self.flagged.setdefault(student, []).extend(f"{c}: {why}" for c, why in scored.flags.items())
            if scored.trouble:
                self.trouble[student] = scored.trouble
        if submission.failed:
            self.failed[student] = [f"{name}: {why}" for name, why in submission.failed.items()]


class Read(NamedTuple):
    """A submission as it lies there."""

    student: str
    folder: Folder
    notebooks: dict[str, bytes]
    mends: dict[str, list[intake.Mend]]
    failed: dict[str, str]
    missing: tuple[str, ...]
    timestamp: str | None
    key: str


class Grading:
    """One run over one assignment."""

    def __init__(self, course: Course, gradebook: Any, assignment: str, options: Options):
        self.course, self.gradebook, self.assignment, self.options = course, gradebook, assignment, options
        self.blueprints = read_blueprints(gradebook, course, assignment)
        self.source = course.folder("source", ".", assignment)
        config = course.config.get("Autograde", {})
        self.keep = dict(config.get("exclude_overwriting", {})).get(assignment, [])
        self.base = digest(
            fingerprint(self.blueprints),
            environment(),
            VERSION,
            options._replace(jobs=0, regrade=False, scheduler=None),
        )
        self.tidy = _tidiers(course.config)
        self.ignore = next((p.pattern for p in self.tidy if hasattr(p, "pattern")), "")

    def read(self, student: str, path: Path) -> Read:
        """Read a folder; nothing in it can raise beyond its own student."""
        folder = read_folder(self.course, path, self.source, self.keep)
        chosen, mends = intake.choose_files(path, self.blueprints)
        notebooks, failed = {}, {}
        for name, file in chosen.items():
            try:
                notebooks[name] = intake.read_file(file)
            except intake.Unreadable as reason:
                failed[name] = str(reason)
        mends[self.blueprints[0].name] += folder.mends
        missing = tuple(b.name for b in self.blueprints if b.name not in chosen)
        timestamp = _timestamp(self.course, path, folder.mends)
        key = digest(self.base, folder.files, notebooks, repr(failed), timestamp)
        return Read(student, folder, notebooks, mends, failed, missing, timestamp, key)

    def grade(self, run: Callable[[Job], Outcome], read: Read) -> Submission:
        """Grade what was read."""
        graded, failed = [], dict(read.failed)
        for blueprint in self.blueprints:
            if blueprint.name in read.notebooks:
                try:
                    graded.append(self._grade(run, read, blueprint))
                except intake.Unreadable as reason:
                    failed[blueprint.name] = str(reason)
        return Submission(read.student, read.key, read.timestamp, tuple(graded), read.missing, failed)

    def _grade(self, run: Callable[[Job], Outcome], read: Read, blueprint: Blueprint) -> scoring.Scored:
        taken = intake.take_in(read.notebooks[blueprint.name], blueprint)
        taken = taken._replace(mends=(*read.mends[blueprint.name], *taken.mends))
        job = scoring.make_job(taken, blueprint, read.folder.files, self.options.timeout, self.options.total)
        outcome = run(job._replace(ignore=self.ignore, own=read.folder.own))
        return scoring.score(taken, blueprint, outcome, self.options.trust_unverified, self.tidy)


def _tidiers(config: Any) -> list[Any]:
    """nbgrader's own preprocessors that change outputs before they are judged, as the course configures them."""
    kinds = (
        import_preprocessor("ignorepattern", "IgnorePattern"),
        import_preprocessor("limitoutput", "LimitOutput"),
    )
    return [made for kind in kinds if (made := kind(config=config)).enabled]


def _timestamp(course: Course, path: Path, mends: list[intake.Mend]) -> str | None:
    from nbgrader.utils import parse_utc

    try:
        text = intake.read_file(path / "timestamp.txt").decode("utf-8").strip()
    except (intake.Unreadable, UnicodeDecodeError):
        return None
    try:
        parse_utc(text)
    except (ValueError, OverflowError, TypeError):
        mends.append(intake.Mend("timestamp", f"timestamp.txt holds no time: {text[:60]!r}; it was ignored."))
        return None
    return text or None


def grade(
    course: Course,
    assignment: str,
    students: Sequence[str] = (),
    options: Options | None = None,
    tell: Callable[[int, int, float], None] | None = None,
) -> Summary:
    """Grade every submission of an assignment that has not been graded as it is now."""
    options = options or Options()
    summary, began = Summary(assignment), time.monotonic()
    folders = course.submissions(assignment, students)
    if not folders:
        place = course.folder("submitted", students[0] if students else "*", assignment)
        raise CourseError(f"nothing was submitted: no folder matches {place}")
    with open_gradebook(course) as gradebook:
        work = Grading(course, gradebook, assignment, options)
        writer = Writer(course, gradebook, assignment, work.blueprints)
        journal = Journal(course.journal(assignment), course.db_url)
        with _open_pool(work, options) as pool:
            summary.sandbox = pool.sandbox.about
            try:
                _work_through(work, writer, journal, pool, folders, summary, tell)
            except KeyboardInterrupt:
                summary.interrupted = True
            summary.notes += [f"could not be imported beforehand: {text}" for text in pool.trouble]
    summary.seconds = time.monotonic() - began
    return summary


def _open_pool(work: Grading, options: Options) -> Pool | Cluster:
    """Processes of this machine, or a cluster's workers."""
    what = (scoring.modules_of(work.blueprints), Limits(memory_mb=options.memory_mb), work.course.secrets())
    how = (options.sandbox, options.trusted)
    if options.scheduler:
        return Cluster(options.scheduler, *what, *how)
    return Pool(options.jobs, *what, *how)


def _work_through(
    work: Grading,
    writer: Writer,
    journal: Journal,
    pool: Pool | Cluster,
    folders: dict[str, Path],
    summary: Summary,
    tell: Callable[[int, int, float], None] | None,
) -> None:
    """Keep a few submissions in flight; enter the finished ones in batches."""
    waiting, flying = deque(folders.items()), {}
    finished: list[tuple[Submission, Read]] = []
    done, began = 0, time.monotonic()
    try:
        while waiting or flying:
            while waiting and len(flying) < 3 * pool.jobs:
                student, path = waiting.popleft()
                flying[pool.submit(_one, work, journal, student, path)] = student
            ready, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in ready:
                student = flying.pop(future)
                done += _collect(future, student, finished, summary)
            if len(finished) >= BATCH:
                _enter(writer, journal, finished)
            if tell:
                tell(done, len(folders), time.monotonic() - began)
    finally:
        for future in flying:
            future.cancel()
        _enter(writer, journal, finished)


def _one(run: Callable[[Job], Outcome], work: Grading, journal: Journal, student: str, path: Path) -> Any:
    """In a thread of the pool: one student, or None if nothing has changed."""
    read = work.read(student, path)
    if not work.options.regrade:
        entered = journal.is_entered(student, read.key)
        found = journal.find(student, read.key)
        if found:
            return None if entered else (found, read)
    submission = work.grade(run, read)
    journal.note(submission)
    return submission, read


def _collect(future: "Future[Any]", student: str, finished: list, summary: Summary) -> int:
    try:
        result = future.result()
    except ClusterError:
        raise  # nobody's submission can be run any more
    except Exception as error:  # one student's trouble is nobody else's
        if os.environ.get("UNROLLED_GRADE_DEBUG"):
            traceback.print_exc()
        summary.failed[student] = [f"{type(error).__name__}: {error}"]
        return 1
    if result is None:
        summary.unchanged.append(student)
    else:
        finished.append(result)
        summary.add(result[0])
    return 1


def _enter(writer: Writer, journal: Journal, finished: list[tuple[Submission, Read]]) -> None:
    if not finished:
        return
    for submission, read in finished:
        writer.place(submission, read.folder.files)
    real = [s for s, _ in finished if s.graded or s.failed]  # a folder without any notebook is nobody's work
    if real:
        writer.enter(real)
    for submission, _ in finished:
        journal.enter(submission)
    finished.clear()


def progress(done: int, total: int, seconds: float) -> None:
    """A line on stderr: how many, how fast, how long still."""
    rate = done / seconds if seconds else 0.0
    left = (total - done) / rate if rate else 0.0
    line = f"{done}/{total} submissions, {rate:.1f} a second, {left:.0f} s left"
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="" if done < total else "\n", file=sys.stderr, flush=True)
    elif done == total or done % 25 == 0:
        print(line, file=sys.stderr, flush=True)
