"""``unrolled grade`` and ``unrolled feedback`` against stock nbgrader's, the same class, one after the other.

    python benchmarks/bench_grade.py [STUDENTS [STOCK]]

Two assignments: chapter 1, which imports torch and does not use it, and chapter 3, the first whose tasks and tests do.
What is compared is processor time, of every process that took part, since wall time falls with whatever else the machine
does.  Each command runs twice, for one student and for more: ours for all (100), stock's for STOCK of them (6), spread
over the class.  The difference is the cost of a submission, the rest is start-up; from both comes the cost of a
class of STUDENTS.  Stock grades with the settings of this course, which end a kernel without a goodbye, and with its own.
"""

import os
import random
import resource
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
os.environ["OMP_NUM_THREADS"] = "1"

import submissions  # noqa: E402
from grading.classroom import (  # noqa: E402
    CHAPTER,
    copy_course,
    fill,
    listed_answers,
    make_class,
    make_course,
    release,
    rows,
    run,
    submit,
)

TORCH = "ch03_language_model"

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
    """Let chapter 1 import torch, as most courses of this kind do, before it is released."""
    source = course / "solutions" / CHAPTER / f"{CHAPTER}.md"
    text = source.read_text(encoding="utf-8")
    source.write_text(
        text.replace("import numpy as np\n", "import numpy as np\nimport torch\n", 1), encoding="utf-8"
    )
    done = run(course, str(course / "solutions" / "build.py"), "--gradebook", CHAPTER)
    if done.returncode:
        raise SystemExit(done.stderr)


def mixtures(course: Path, chapter: str, n: int, seed: int = 0) -> list[str]:
    """``n`` students of a chapter: nothing written, all right, then mixtures of its listed wrong and right answers."""
    draw, listed, base = random.Random(seed), listed_answers(chapter), release(course, chapter)
    right = {task.id: task.solution for task in submissions.read_tasks(chapter)}
    classes = [{}, right]
    while len(classes) < n:
        picked = {task: draw.choice([*listed.get(task, []), answer]) for task, answer in right.items()}
        classes.append({task: text for task, text in picked.items() if draw.random() < 0.85})
    names = [f"s{k:04}" for k in range(n)]
    for name, answers in zip(names, classes, strict=False):
        submit(course, name, fill(base, answers), f"{chapter}.ipynb", chapter=chapter)
    return names


def as_it_comes(course: Path) -> None:
    """nbgrader's own way to end a kernel, in the place of this course's."""
    with open(course / "nbgrader_config.py", "a", encoding="utf-8") as file:
        file.write('c.Execute.shutdown_kernel = "graceful"\n')


def compare(step: str, theirs: dict[str, Cost], ours: Cost, n: int) -> None:
    """A row each and what they say."""
    for name, cost in theirs.items():
        print(cost.line(name, n))
    print(ours.line(f"unrolled {step}, 2 jobs", n))
    for name, cost in theirs.items():
        print(f"{cost.a_submission(n) / ours.a_submission(n):.1f} times less than {name}")
    print(f"{1 / ours.each:.1f} a second a core after start-up", flush=True)


def spread(names: list[str], few: int) -> list[str]:
    """``few`` names from all over the class."""
    return names[:: max(1, len(names) // few)][:few]


def measure(course: Path, chapter: str, names: list[str], few: int) -> None:
    """Grade and write feedback, both ways, and compare the gradebooks."""
    n, chosen = len(names), spread(names, few)
    stock = copy_course(course, course.with_name(f"stock-{chapter}"))
    for name in set(names) - set(chosen):
        shutil.rmtree(stock / "_nbgrader" / "submitted" / name)
    polite = copy_course(stock, course.with_name(f"polite-{chapter}"))
    as_it_comes(polite)
    print(f"\n{chapter}\n{HEAD.format(n, os.getloadavg()[0])}")
    autograde = ("-m", "nbgrader", "autograde", chapter)
    theirs = {
        "nbgrader, as it comes": cost(polite, chosen, *autograde, many=False),
        "nbgrader, our settings": cost(stock, chosen, *autograde, many=False),
    }
    compare("grade", theirs, cost(course, names, "-m", "unrolled", "grade", chapter), n)
    same = {k: v for k, v in rows(course).items() if k[1] in chosen} == rows(stock)
    print("every row of the gradebook is the same" if same else "THE ROWS DIFFER")
    pages = ("-m", "nbgrader", "generate_feedback", chapter)
    theirs = {"nbgrader generate_feedback": cost(stock, chosen, *pages, many=False)}
    compare("feedback", theirs, cost(course, names, "-m", "unrolled", "feedback", chapter), n)
    print(f"load {os.getloadavg()[0]:.0f}")


if __name__ == "__main__":
    students, few = (int(x) for x in (sys.argv[1:] + ["100", "6"][len(sys.argv) - 1 :])[:2])
    folder = Path(tempfile.mkdtemp(prefix="bench-grade-", dir=Path.home()))  # the sandbox hides /tmp
    try:
        course = make_course(folder / "first" / "course")
        with_torch(course)
        measure(course, CHAPTER, make_class(course, students), few)
        course = make_course(folder / "second" / "course", TORCH)
        measure(course, TORCH, mixtures(course, TORCH, students), few)
    finally:
        shutil.rmtree(folder)
