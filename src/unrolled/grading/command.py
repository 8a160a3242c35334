"""``unrolled grade``: from arguments to a summary in words and an exit code."""

import argparse
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unrolled.grading.run import Summary


def run(arguments: argparse.Namespace) -> int:
    """Grade, tell, return the exit code."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ["PATH"] = (
        f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # for alembic
    )
    try:
        from unrolled.grading import slim

        slim.import_nbgrader()
        from unrolled.grading.course import Course, CourseError
        from unrolled.grading.pool import PoolError
        from unrolled.grading.run import Options, grade, progress
        from unrolled.grading.sandbox import Refused
    except ModuleNotFoundError as error:
        return _complain(f"{error.name} is missing; install it with: pip install 'unrolled[grading]'", 2)
    options = Options(
        jobs=arguments.jobs, timeout=arguments.timeout, total=arguments.total, memory_mb=arguments.memory,
        regrade=arguments.regrade, trusted=arguments.trusted, trust_unverified=arguments.count_unverified,
        sandbox=arguments.sandbox, scheduler=arguments.scheduler,
    )  # fmt: skip
    try:
        course = Course(Path.cwd(), arguments.db)
        summary = grade(course, arguments.assignment, arguments.students, options, progress)
    except Refused as reason:
        return _complain(
            f"{reason}\nGrade in a container or on Linux, or say --no-sandbox-i-trust-these-students: "
            "then every submission runs with your own rights.",
            2,
        )
    except (CourseError, PoolError) as reason:
        return _complain(str(reason), 2)
    if arguments.json:
        print(json.dumps({**asdict(summary), "exit_code": summary.exit_code}, indent=1, ensure_ascii=False))
    else:
        print("\n".join(tell(summary)))
    return summary.exit_code


def tell(summary: "Summary") -> Iterable[str]:
    """The summary, in words."""
    n = len(summary.graded)
    rate = f" ({n / summary.seconds:.1f} a second)" if n and summary.seconds else ""
    yield f"{summary.assignment}: {n} graded, {len(summary.unchanged)} unchanged, in {summary.seconds:.1f} s{rate}"
    yield f"Sandbox: {summary.sandbox}"
    parts = (
        ("Mended", summary.mended, "what was put right is also said in the graded notebook"),
        ("Flagged", summary.flagged, "scored in the student's own process: the points wait for your look"),
        (
            "Stopped early",
            {s: [why] for s, why in summary.trouble.items()},
            "cells that had ended keep their points",
        ),
        ("NOT graded", summary.failed, "nobody else is affected"),
    )
    for title, students, about in parts:
        if students:
            yield f"{title} ({len(students)}; {about}):"
            yield from (f"  {student}: {words}" for student, lines in students.items() for words in lines)
    yield from (f"Note: {note}" for note in summary.notes)
    if summary.interrupted:
        yield "Stopped. What was graded is kept; the same command goes on."


def _complain(message: str, code: int) -> int:
    print(f"unrolled: {message}", file=sys.stderr)
    return code
