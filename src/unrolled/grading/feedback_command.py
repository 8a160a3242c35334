"""``unrolled feedback``: nbgrader's own feedback pages, several times faster and without hidden tests.

The pages are made by nbgrader's converter with the course's settings, hooks and template.  What is quicker: the
command starts without nbgrader's web server, the marks of many are read at once, the work is shared
among processes that start with everything loaded, and what is the same on many pages is made once.
"""

import argparse
import gc
import sys
from pathlib import Path


def run(arguments: argparse.Namespace) -> int:
    """Write the pages; 0 all written, 1 some could not be, 2 nothing to do or wrong usage."""
    from unrolled.grading import slim

    gc.disable()  # until the first page is made: what is imported is no garbage
    slim.import_nbgrader()
    from nbgrader.converters.base import NbGraderException

    from unrolled.grading.course import Course, CourseError
    from unrolled.grading.feedback_converter import Pages

    try:
        pages = Pages(Course(Path.cwd(), arguments.db), arguments.assignment, arguments.force)
        students = pages.find(arguments.students)
        good = pages.write(arguments.jobs)
    except (CourseError, NbGraderException) as reason:
        print(f"unrolled: {reason}", file=sys.stderr)
        return 2
    print(
        f"{arguments.assignment}: feedback for {students} students"
        + ("" if good else "; some could not be written")
    )
    return 0 if good else 1
