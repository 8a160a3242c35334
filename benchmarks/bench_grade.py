"""``unrolled grade`` against stock ``nbgrader autograde``, the same class, start-up included, one after the other.

    python benchmarks/bench_grade.py [STUDENTS [STOCK]]

Stock grades the first STOCK students (10), we grade all (100); what is compared is processor time a submission,
of every process that took part, since wall time falls with whatever else the machine does.
"""

import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
os.environ["OMP_NUM_THREADS"] = "1"

from grading.classroom import CHAPTER, copy_course, make_class, make_course, rows, run  # noqa: E402


class Cost(NamedTuple):
    """Of one command and all its children."""

    wall: float
    cpu: float
    n: int

    def line(self, name: str) -> str:
        """A row of the table."""
        return f"{name:26}{self.n:6}{self.wall:10.1f}{self.wall / self.n:10.3f}{self.cpu / self.n:12.3f}"


def cost(n: int, *command: str, course: Path) -> Cost:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = run(course, *command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 3):
        raise SystemExit(
            f"{command} ended with {done.returncode}:\n{done.stderr[-3000:]}{done.stdout[-3000:]}"
        )
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.perf_counter() - began, cpu, n)


def with_torch(course: Path) -> None:
    """Let the assignment import torch, as most courses of this kind do, before it is released."""
    source = course / "solutions" / CHAPTER / f"{CHAPTER}.md"
    text = source.read_text(encoding="utf-8")
    source.write_text(
        text.replace("import numpy as np\n", "import numpy as np\nimport torch\n", 1), encoding="utf-8"
    )
    done = run(course, str(course / "solutions" / "build.py"), "--gradebook", CHAPTER)
    if done.returncode:
        raise SystemExit(done.stderr)


if __name__ == "__main__":
    students, few = (int(x) for x in (sys.argv[1:] + ["100", "10"][len(sys.argv) - 1 :])[:2])
    folder = Path(tempfile.mkdtemp(prefix="bench-grade-"))
    try:
        course = make_course(folder / "course")
        with_torch(course)
        names = make_class(course, students)
        stock = copy_course(course, folder / "stock")
        for name in names[few:]:
            shutil.rmtree(stock / "_nbgrader" / "submitted" / name)
        theirs = cost(few, "-m", "nbgrader", "autograde", CHAPTER, course=stock)
        ours = cost(students, "-m", "unrolled", "grade", CHAPTER, course=course)
        print(f"{'':26}{'n':>6}{'wall s':>10}{'wall/sub':>10}{'CPU s/sub':>12}")
        print(theirs.line("nbgrader autograde"))
        print(ours.line("unrolled grade, 2 jobs"))
        print(f"processor time: {theirs.cpu / theirs.n / (ours.cpu / ours.n):.1f} times less a submission")
        same = {k: v for k, v in rows(course).items() if k[1] in names[:few]} == rows(stock)
        print("every row of the gradebook is the same" if same else "THE ROWS DIFFER")
    finally:
        shutil.rmtree(folder)
