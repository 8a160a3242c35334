"""Stock ``nbgrader autograde`` with its own kernels and with ``warm-fork`` kernels: the same class, one after the other.

    python benchmarks/bench_kernels.py [STUDENTS]      (20)

Start-up and the first imports are included; what is compared is processor time a submission, of every process that took part.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from bench_grade import cost, with_torch
from grading.classroom import CHAPTER, copy_course, make_class, make_course, rows

WARM = {"JUPYTER_DEFAULT_PROVISIONER_NAME": "warm-fork", "UNROLLED_WARM": "numpy,torch"}

if __name__ == "__main__":
    students = int((sys.argv[1:] or ["20"])[0])
    folder = Path(tempfile.mkdtemp(prefix="bench-kernels-"))
    try:
        course = make_course(folder / "course")
        with_torch(course)
        make_class(course, students)
        other = copy_course(course, folder / "other")
        stock = cost(students, "-m", "nbgrader", "autograde", CHAPTER, course=course)
        os.environ.update(WARM)
        warm = cost(students, "-m", "nbgrader", "autograde", CHAPTER, course=other)
        print(f"{'':26}{'n':>6}{'wall s':>10}{'wall/sub':>10}{'CPU s/sub':>12}")
        print(stock.line("nbgrader autograde"))
        print(warm.line("the same, warm-fork"))
        ratios = stock.wall / warm.wall, stock.cpu / warm.cpu
        print(f"{ratios[0]:.1f} times faster by the clock, {ratios[1]:.1f} times less processor time")
        print("every row of the gradebook is the same" if rows(course) == rows(other) else "THE ROWS DIFFER")
    finally:
        shutil.rmtree(folder)
