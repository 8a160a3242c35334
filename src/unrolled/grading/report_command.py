"""``unrolled report``: from arguments to a page and an exit code."""

import argparse
import sys
from pathlib import Path


def run(arguments: argparse.Namespace) -> int:
    """Gather, write, say where."""
    try:
        from nbgrader.api import Gradebook

        from unrolled.grading import report
        from unrolled.grading.course import Course, CourseError
    except ModuleNotFoundError as error:
        return _complain(f"{error.name} is missing; install it with: pip install 'unrolled[grading]'", 2)
    course = Course(Path.cwd(), arguments.db)
    place = course.db_url.removeprefix("sqlite:///")
    if place != course.db_url and not Path(place).is_file():  # nbgrader would make an empty one
        return _complain(f"no gradebook at {place}; run this in the folder of the course", 2)
    path = arguments.out or report.default_path(course, arguments.assignment)
    try:
        with Gradebook(course.db_url, course.directory.course_id) as gradebook:
            found = report.gather(course, gradebook, arguments.assignment)
        report.write(report.render(found), path)
    except CourseError as reason:
        return _complain(str(reason), 2)
    except OSError as reason:
        return _complain(f"the report could not be written: {reason}", 1)
    n = len(found.totals)
    print(
        f"{found.assignment}: {n} submission{'s' * (n != 1)}, mean {found.mean:.1f} of {found.most:g} points"
    )
    for title, _, notes in found.sections:
        print(f"{title}: {len(notes)}")
    if pairs := len(found.looks) + found.more_pairs:
        print(f"Similar solutions: {pairs} pair{'s' * (pairs != 1)} (a hint, not a proof)")
    print(f"Report: {path}")
    return 0


def _complain(message: str, code: int) -> int:
    print(f"unrolled: {message}", file=sys.stderr)
    return code
