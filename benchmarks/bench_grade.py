"""``unrolled grade`` and ``unrolled feedback`` against stock nbgrader's, the same class, one after the other.

    python benchmarks/bench_grade.py [STUDENTS [STOCK]]

What is compared is processor time, of every process that took part, since wall time falls with whatever else the machine
does.  Each command runs twice, for one student and for more: ours for all (100), stock's for the first STOCK (6).  The
difference is the cost of a submission, the rest is start-up; from both comes the cost of a class of STUDENTS.
"""

import os
import resource
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
os.environ["OMP_NUM_THREADS"] = "1"

from grading.classroom import CHAPTER, copy_course, make_class, make_course, rows, run  # noqa: E402

HEAD = f"{'':28}{'start, CPU s':>12}{'each, CPU s':>12}{'each of {}':>14}   load {{:.0f}}"


class Cost(NamedTuple):
    """Of one command: seconds of all its processes at its start, and for each submission."""

    start: float
    each: float

    def a_submission(self, n: int) -> float:
        """Start-up included, in a class of ``n``."""
        return self.start / n + self.each

    def line(self, name: str, n: int) -> str:
        """A row of the table."""
        return f"{name:28}{self.start:12.2f}{self.each:12.4f}{self.a_submission(n):14.4f}"


def cpu(course: Path, *command: str) -> float:
    """Processor seconds of a command and all its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run(course, *command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 3):
        raise SystemExit(
            f"{command} ended with {done.returncode}:\n{done.stderr[-3000:]}{done.stdout[-3000:]}"
        )
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cost(course: Path, students: list[str], *command: str, many: bool = True) -> Cost:
    """Of a command, from a run for the first student and a run for the others."""
    one, *rest = students
    option, names = ("--students", rest) if many else ("--student", ["*"])
    first = cpu(course, *command, option, one)
    others = cpu(course, *command, option, *names)
    each = (others - first) / (len(rest) - 1)
    return Cost(first - each, each)


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


def compare(step: str, theirs: Cost, ours: Cost, n: int) -> None:
    """Two rows and what they say."""
    print(theirs.line(f"nbgrader {step}", n))
    print(ours.line(f"unrolled {'grade' if step == 'autograde' else 'feedback'}, 2 jobs", n))
    ratio = theirs.a_submission(n) / ours.a_submission(n)
    print(f"{ratio:.1f} times less; {1 / ours.each:.1f} a second a core after start-up", flush=True)


def measure(course: Path, stock: Path, names: list[str], few: int) -> None:
    """Grade and write feedback, both ways, and compare the gradebooks."""
    n = len(names)
    for name in names[few:]:
        shutil.rmtree(stock / "_nbgrader" / "submitted" / name)
    print(HEAD.format(n, os.getloadavg()[0]))
    theirs = cost(stock, names[:few], "-m", "nbgrader", "autograde", CHAPTER, many=False)
    ours = cost(course, names, "-m", "unrolled", "grade", CHAPTER)
    compare("autograde", theirs, ours, n)
    same = {k: v for k, v in rows(course).items() if k[1] in names[:few]} == rows(stock)
    print("every row of the gradebook is the same" if same else "THE ROWS DIFFER")
    theirs = cost(stock, names[:few], "-m", "nbgrader", "generate_feedback", CHAPTER, many=False)
    ours = cost(course, names, "-m", "unrolled", "feedback", CHAPTER)
    compare("generate_feedback", theirs, ours, n)
    print(f"load {os.getloadavg()[0]:.0f}")


if __name__ == "__main__":
    students, few = (int(x) for x in (sys.argv[1:] + ["100", "6"][len(sys.argv) - 1 :])[:2])
    folder = Path(tempfile.mkdtemp(prefix="bench-grade-", dir=Path.home()))  # the sandbox hides /tmp
    try:
        course = make_course(folder / "course")
        with_torch(course)
        names = make_class(course, students)
        measure(course, copy_course(course, folder / "stock"), names, few)
    finally:
        shutil.rmtree(folder)
