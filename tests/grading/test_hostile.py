"""A class full of attackers, graded once: nobody earns, sees, breaks or outlives anything, and the honest get their points."""

import json
import os
import socket
import threading
import time
from pathlib import Path

import psutil
import pytest
from grading.classroom import CHAPTER, CODE, fill, points, release, rows, run, solutions, submit
from grading.hostile.attacks import ATTACKS

from unrolled.grading.sandbox import FIRST_UID

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group(__name__)]
ALL = sum(task.points for task in CODE)
EVERY = 10
"""one honest student among so many"""
HONEST = [f"{n:03}-honest" for n in range(0, len(ATTACKS), EVERY)]
CANARIES = [
    Path(p) for p in ("/canary", "/usr/canary", "/etc/canary", "/root/canary", "/dev/canary", "/tmp/canary")
]


def forged_metadata(notebook):
    """Tags, points and flags of a notebook are the student's to write; none of them counts."""
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = ["skip-execution", "nbgrader-skip", "raises-exception"]
        if facts := cell["metadata"].get("nbgrader"):
            facts.update(points=1000, solution=True, locked=False)
    return notebook


def rewritten_tests(notebook):
    for cell in notebook["cells"]:
        if cell["id"].endswith("-test"):
            cell["source"] = "1000"
            cell["outputs"] = [
                {
                    "output_type": "execute_result",
                    "data": {"text/plain": "1000"},
                    "metadata": {},
                    "execution_count": 1,
                }
            ]
    return notebook


def text_for_tests(notebook):
    for cell in notebook["cells"]:
        if cell["id"].endswith("-test"):
            cell.update(cell_type="markdown")
            del cell["outputs"], cell["execution_count"]
    return notebook


def doubled_tests(notebook):
    notebook["cells"] += [
        {**cell, "source": "3"} for cell in notebook["cells"] if cell["id"].endswith("-test")
    ]
    return notebook


def ids_exchanged(notebook):
    """The test that is passed by nothing gets the id of another."""
    for cell in notebook["cells"]:
        if cell["id"] == "setup":
            cell["metadata"]["nbgrader"]["grade_id"] = "leaky-step-test"
    return notebook


NOTEBOOKS = [forged_metadata, rewritten_tests, text_for_tests, doubled_tests, ids_exchanged]


@pytest.fixture(scope="module")
def graded(module_course):
    course, base = module_course, release(module_course)
    with socket.create_server(("127.0.0.1", 0)) as server:
        visits = []
        server.settimeout(0.2)
        watching = threading.Event()

        def watch():
            while not watching.is_set():
                try:
                    visits.append(server.accept()[1])
                except TimeoutError:
                    continue

        watcher = threading.Thread(target=watch)
        watcher.start()
        port = str(server.getsockname()[1])
        for n, (name, source) in enumerate(ATTACKS.items()):
            submit(
                course,
                f"{n:03}_{name.replace(' ', '_')}",
                fill(base, {"leaky-step": source.replace("PORT", port)}),
            )
        for change in NOTEBOOKS:
            submit(course, f"notebook_{change.__name__}", change(fill(base, {})))
        for student in HONEST:
            submit(course, student, fill(base, solutions()))
        link = submit(course, "a_link", b"")
        link.unlink()
        link.symlink_to(course / "_nbgrader" / "gradebook.db")
        beside = submit(course, "a_link_beside", fill(base, {})).parent
        (beside / "data.txt").symlink_to(course / "_nbgrader" / "gradebook.db")
        os.environ["CANARY_SECRET"] = "s3cret"
        began = time.monotonic()
        done = run(
            course,
            "-m",
            "unrolled",
            "grade",
            CHAPTER,
            "--timeout",
            "2",
            "--total",
            "40",
            "--memory",
            "1500",
            "--json",
        )
        seconds = time.monotonic() - began
        del os.environ["CANARY_SECRET"]
        watching.set()
        watcher.join()
    assert done.stdout, done.stderr
    return course, json.loads(done.stdout), done, visits, seconds


def test_there_are_enough_of_them():
    assert len(ATTACKS) + len(NOTEBOOKS) + 2 >= 60


def test_nobody_forges_a_point(graded):
    earned = {s: p for s, p in points(graded[0]).items() if s not in HONEST}
    assert {s: p for s, p in earned.items() if p} == {}
    assert len(earned) == len(ATTACKS) + len(NOTEBOOKS) + 2


def test_every_honest_student_gets_every_point(graded):
    earned = points(graded[0])
    assert {s: earned[s] for s in HONEST} == dict.fromkeys(HONEST, ALL)


def test_the_grader_comes_to_its_end(graded):
    _, summary, done, _, _ = graded
    assert summary["exit_code"] == done.returncode == 1, "the link is no submission"
    assert list(summary["failed"]) == ["a_link"] and "symbolic link" in summary["failed"]["a_link"][0]
    assert set(summary["trouble"]) <= {s for s in summary["graded"] if "honest" not in s}
    assert len(summary["graded"]) == len(ATTACKS) + len(NOTEBOOKS) + 1 + len(HONEST)
    assert not summary["notes"]


def outputs(course, student):
    path = course / "_nbgrader" / "autograded" / student / CHAPTER / f"{CHAPTER}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [(cell["id"], o) for cell in notebook["cells"] for o in cell.get("outputs", [])]


def shown(course, student):
    texts = [
        o.get("text", "") + json.dumps(o.get("data", "")) + o.get("evalue", "")
        for _, o in outputs(course, student)
    ]
    return "".join(texts)


@pytest.mark.parametrize("n", range(len(ATTACKS)), ids=list(ATTACKS))
def test_nothing_is_seen_and_nobody_gets_out(graded, n):
    student = f"{n:03}_{list(ATTACKS)[n].replace(' ', '_')}"
    text = shown(graded[0], student)
    assert "LEAK" not in text and "ESCAPED" not in text, text[:2000]


def test_nothing_is_written_outside(graded):
    assert [path for path in CANARIES if path.exists()] == []
    course = graded[0]
    assert not list(course.rglob("*canary*"))
    files = {p.name for p in (course / "_nbgrader" / "autograded" / "a_link_beside" / CHAPTER).iterdir()}
    assert files == {f"{CHAPTER}.ipynb"}


def test_nobody_connects(graded):
    assert graded[3] == []


def test_no_process_survives(graded):
    """Those that are there after the run must go; others, of a grader beside this one, come and go too."""
    left, patience = sandboxed(), time.monotonic() + 20
    while left and time.monotonic() < patience:
        time.sleep(0.2)
        left &= sandboxed()
    assert not left


def sandboxed():
    """(pid, moment of birth, name) of every process that runs under a uid of the sandbox."""
    found = set()
    for process in psutil.process_iter(["pid", "create_time", "name", "uids"]):
        uids = process.info["uids"]
        if uids and FIRST_UID <= uids.real < FIRST_UID + 1000:
            found.add((process.info["pid"], process.info["create_time"], process.info["name"]))
    return found


def test_output_is_bounded(graded):
    sizes = {
        p.parent.parent.name: p.stat().st_size
        for p in graded[0].glob(f"_nbgrader/autograded/*/{CHAPTER}/*.ipynb")
    }
    assert max(sizes.values()) < 3_000_000, max(sizes, key=sizes.get)


def test_time_is_bounded(graded):
    assert graded[4] < 600


def test_the_terminal_of_the_grader_stays_the_grader_s(graded):
    done = graded[2]
    assert len(done.stderr) < 5_000 and "xxx" not in done.stderr, done.stderr[:500]


def test_earlier_points_are_kept_when_a_process_dies(course):
    base, answers = release(course), solutions()
    answers["all-states"] = "import os\nos._exit(0)"
    submit(course, "dies", fill(base, answers))
    submit(course, "hangs", fill(base, {**answers, "all-states": "while True:\n    pass"}))
    done = run(course, "-m", "unrolled", "grade", CHAPTER, "--timeout", "2")
    assert done.returncode == 0, done.stderr
    got = {k[2]: v[0] for k, v in rows(course).items() if k[:2] == ("grade", "dies")}
    assert {name for name, score in got.items() if score} == {"leaky-step-test"}
    assert "its process has ended" in shown(course, "dies")
    got = {k[2]: v[0] for k, v in rows(course).items() if k[:2] == ("grade", "hangs")}
    assert {name for name, score in got.items() if score == 0} == {"all-states-test"}, (
        "it goes on after an interrupt"
    )
