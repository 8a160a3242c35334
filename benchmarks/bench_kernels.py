"""Stock ``nbgrader autograde`` with its own kernels and with ``warm-fork`` kernels: the same class, one after the other.

    python benchmarks/bench_kernels.py [STUDENTS]      (20)

What is compared is processor time, of every process that took part; each runs once for one student and once for the
others, which tells start-up and first imports from what a submission costs.  Both end a kernel as nbgrader does by itself;
this course's nbgrader_config.py asks for a quicker end.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from bench_grade import HEAD, as_it_comes, cost, with_torch
from grading.classroom import CHAPTER, copy_course, make_class, make_course, rows

CLASS = 100
WARM = {"JUPYTER_DEFAULT_PROVISIONER_NAME": "warm-fork", "UNROLLED_WARM": "numpy,torch"}

if __name__ == "__main__":
    students = int((sys.argv[1:] or ["20"])[0])
    folder = Path(tempfile.mkdtemp(prefix="bench-kernels-", dir=Path.home()))  # the sandbox hides /tmp
    try:
        course = make_course(folder / "course")
        with_torch(course)
        as_it_comes(course)
        names = make_class(course, students)
        other = copy_course(course, folder / "other")
        command = ("-m", "nbgrader", "autograde", CHAPTER)
        print(HEAD.format(students, os.getloadavg()[0]))
        stock = cost(course, names, *command, many=False)
        print(stock.line("nbgrader autograde", students))
        os.environ.update(WARM)
        warm = cost(other, names, *command, many=False)
        print(warm.line("the same, warm-fork", students))
        for n in (students, CLASS):
            less = stock.a_submission(n) / warm.a_submission(n)
            print(f"{less:.1f} times less processor time in a class of {n}, start-up included")
        print("every row of the gradebook is the same" if rows(course) == rows(other) else "THE ROWS DIFFER")
    finally:
        shutil.rmtree(folder)
