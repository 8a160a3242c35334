"""A large class in one run of ``unrolled grade``: rate, memory over time, size of the gradebook.

    python benchmarks/bench_load.py [STUDENTS [JOBS]]      (2000, 2)

Memory is what the whole tree of processes holds (proportional set size: shared pages counted once), looked at every second.
The slope is a straight line through the second half of it: what 1,000 more submissions would add.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
os.environ["OMP_NUM_THREADS"] = "1"

from grading.classroom import CHAPTER, make_class, make_course, rows  # noqa: E402


def memory(process: psutil.Process) -> float:
    """MB of a process and all below it; one that has just ended counts nothing."""
    total = 0
    for part in [process, *process.children(recursive=True)]:
        try:
            total += part.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 1e6


def watch(course: Path, jobs: int) -> tuple[np.ndarray, float]:
    """Grade; seconds, submissions done and MB at each look, and the processor time in all."""
    command = [sys.executable, "-m", "unrolled", "grade", CHAPTER, "--jobs", str(jobs)]
    notes = course / "_nbgrader" / ".grading" / CHAPTER
    began, found = time.monotonic(), []
    with open(course / "said", "w") as said:
        process = subprocess.Popen(command, cwd=course, stdout=said, stderr=said)
        while process.poll() is None:
            done = sum(name.endswith(".json") for name in os.listdir(notes)) if notes.is_dir() else 0
            found.append((time.monotonic() - began, done, memory(psutil.Process(process.pid))))
            time.sleep(1)
    if process.returncode not in (0, 3):
        raise SystemExit((course / "said").read_text()[-3000:])
    children = os.times()
    return np.array(found), children.children_user + children.children_system


if __name__ == "__main__":
    students, jobs = (int(x) for x in (sys.argv[1:] + ["2000", "2"][len(sys.argv) - 1 :])[:2])
    folder = Path(tempfile.mkdtemp(prefix="bench-load-"))
    try:
        course = make_course(folder / "course")
        names = make_class(course, students)
        base = course / "_nbgrader" / "gradebook.db"
        empty, before = base.stat().st_size, os.times()
        found, cpu = watch(course, jobs)
        cpu -= before.children_user + before.children_system
        seconds, done, held = found.T
        half = done > students / 2
        slope, _ = np.polyfit(done[half], held[half], 1)
        graded = {key[1] for key in rows(course) if key[0] == "submission"}
        assert graded == set(names), f"{len(graded)} of {students} are in the gradebook"
        warm = seconds[np.argmax(done > 0)]
        print(
            f"{students} submissions, {jobs} jobs: {seconds[-1]:.0f} s, {students / seconds[-1]:.1f} a second"
        )
        print(
            f"the first after {warm:.1f} s; {cpu / students:.3f} s of processor time a submission; load {os.getloadavg()[0]:.0f}"
        )
        for part in np.array_split(held, 5):
            print(f"  {part.mean():7.0f} MB on average, {part.max():.0f} at most")
        print(f"memory in the second half: {1000 * slope:+.1f} MB for 1,000 submissions")
        kilobytes = (base.stat().st_size - empty) / students / 1000
        files = sum(f.stat().st_size for f in (course / "_nbgrader" / "autograded").rglob("*") if f.is_file())
        notes = sum(f.stat().st_size for f in (course / "_nbgrader" / ".grading").rglob("*") if f.is_file())
        print(
            f"gradebook {kilobytes:.1f} kB a submission, graded notebooks {files / students / 1000:.0f} kB, journal {notes / students / 1000:.0f} kB"
        )
    finally:
        shutil.rmtree(folder)
