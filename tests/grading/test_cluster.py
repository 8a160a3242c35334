"""Grading by the workers of a Dask cluster: a real scheduler and real workers, each a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import psutil
import pytest
from grading.classroom import (
    CHAPTER,
    CODE,
    copy_course,
    fill,
    make_class,
    points,
    release,
    rows,
    run,
    solutions,
    submit,
)

pytest.importorskip("distributed")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group(__name__)]
ALL = sum(task.points for task in CODE)


def dask(folder, name, *arguments):
    """A scheduler or a worker; what it says goes to a file."""
    environment = {**os.environ, "HOME": str(folder), "OMP_NUM_THREADS": "1"}
    with open(folder / f"{name}.log", "w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments], cwd=folder, env=environment,
            stdout=subprocess.DEVNULL, stderr=log, start_new_session=True,
        )  # fmt: skip


def wait_for(process, log, pattern):
    """What it says when it is ready."""
    until = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < until:
        if match := re.search(pattern, log.read_text()):
            return match[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


@contextmanager
def cluster(folder, workers=2, options=()):
    """A scheduler with so many workers of one thread, without the nanny that would replace a dead one."""
    processes = [
        dask(folder, "scheduler", "scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard")
    ]
    try:
        address = wait_for(processes[0], folder / "scheduler.log", r"tcp://127\.0\.0\.1:\d+")
        for n in range(workers):
            what = ("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", *options)
            processes.append(dask(folder, f"worker{n}", *what))
        for n, worker in enumerate(processes[1:]):
            wait_for(worker, folder / f"worker{n}.log", "Registered to")
        yield address, processes[0], processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait(30)


def grading(course, address):
    """The command, on its way."""
    return subprocess.Popen(
        [sys.executable, "-m", "unrolled", "grade", CHAPTER, "--scheduler", address, "--json"], cwd=course,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "HOME": str(course)},
    )  # fmt: skip


def graded(course):
    """Students whose result is in the journal."""
    return {p.stem for p in (course / "_nbgrader" / ".grading" / CHAPTER).glob("*.json")}


def test_a_worker_is_killed_and_the_class_is_graded_each_once(course, tmp_path):
    make_class(course, 40)
    local = copy_course(course, tmp_path / "local")
    with cluster(tmp_path) as (address, _, workers):
        command = grading(course, address)
        while len(graded(course)) < 6:
            assert command.poll() is None, command.stderr.read()
            time.sleep(0.05)
        victim = psutil.Process(workers[0].pid)
        house = victim.children(recursive=True)
        assert house, "it was at work, with a fork server of its own"
        workers[0].send_signal(signal.SIGKILL)
        before = graded(course)
        out, err = command.communicate(timeout=300)
        assert command.returncode == 0, err + out
        summary = json.loads(out)
        assert len(before) < 40, "it was killed in the middle"
        assert len(summary["graded"]) == len(set(summary["graded"])) == 40 and not summary["failed"]
        assert "namespaces" in summary["sandbox"] or "Landlock" in summary["sandbox"]
        assert "on 2 Dask workers" in summary["sandbox"]
        _, alive = psutil.wait_procs(house, timeout=10)
        assert alive == [], "a dead worker leaves nobody behind"
        again = run(course, "-m", "unrolled", "grade", CHAPTER, "--scheduler", address, "--json")
        assert len(json.loads(again.stdout)["unchanged"]) == 40, "nothing is graded twice"
    done = run(local, "-m", "unrolled", "grade", CHAPTER)
    assert done.returncode == 0, done.stderr
    assert rows(course) == rows(local)


def test_attacks_on_a_worker_are_walled_in(course, tmp_path):
    steal = (
        f"import os\nfound = os.path.exists({str(tmp_path)!r})\n"
        "def leaky_step(*args):\n    raise RuntimeError(f'saw:{found}:{os.environ.get(\"CANARY_SECRET\")}')"
    )
    submit(course, "eve", fill(release(course), {**solutions(), "leaky-step": steal}))
    submit(
        course,
        "dead",
        fill(release(course), {"leaky-step": "import os\nos.kill(os.getppid() or 1, 9)\nos._exit(3)"}),
    )
    submit(course, "ben", fill(release(course), solutions()))
    os.environ["CANARY_SECRET"] = "s3cret"
    try:
        with cluster(tmp_path, workers=1) as (address, *_):
            done = run(course, "-m", "unrolled", "grade", CHAPTER, "--scheduler", address)
    finally:
        del os.environ["CANARY_SECRET"]
    assert done.returncode == 0, done.stdout + done.stderr
    assert points(course)["ben"] == ALL and points(course)["eve"] < ALL and points(course)["dead"] == 0
    text = (course / "_nbgrader" / "autograded" / "eve" / CHAPTER / f"{CHAPTER}.ipynb").read_text()
    assert "saw:False:None" in text, "neither files nor environment of the worker"


def test_a_killed_grader_leaves_no_fork_server_on_a_worker(course, tmp_path):
    (tmp_path / "sooner.py").write_text("from unrolled.grading import cluster\ncluster.IDLE = 2.0\n")
    make_class(course, 20)
    with cluster(tmp_path, workers=1, options=("--preload", str(tmp_path / "sooner.py"))) as (
        address,
        _,
        workers,
    ):
        command, worker = grading(course, address), psutil.Process(workers[0].pid)
        while len(graded(course)) < 2:
            assert command.poll() is None, command.stderr.read()
            time.sleep(0.05)
        house = worker.children(recursive=True)
        assert house
        command.kill()
        command.communicate()
        _, alive = psutil.wait_procs(house, timeout=60)
        assert alive == [] and worker.children(recursive=True) == []
        done = run(course, "-m", "unrolled", "grade", CHAPTER, "--scheduler", address, "--json")
        summary = json.loads(done.stdout)
        assert len(summary["graded"]) + len(summary["unchanged"]) == 20, "and the worker serves the next"


def test_the_scheduler_goes_and_the_same_command_goes_on(course, tmp_path):
    make_class(course, 30)
    with cluster(tmp_path) as (address, scheduler, _):
        command = grading(course, address)
        while len(graded(course)) < 3:
            assert command.poll() is None, command.stderr.read()
            time.sleep(0.05)
        scheduler.send_signal(signal.SIGKILL)
        _, err = command.communicate(timeout=120)
    assert command.returncode == 2 and "has gone. What was graded is kept" in err, err
    assert "Traceback" not in err
    kept = graded(course)
    done = json.loads(run(course, "-m", "unrolled", "grade", CHAPTER, "--json").stdout)
    assert len(done["graded"]) + len(done["unchanged"]) == 30 and kept
    assert len({key[1] for key in rows(course) if key[0] == "submission"}) == 30


def test_what_is_wrong_with_a_cluster_is_said(course, tmp_path):
    submit(course, "ben", fill(release(course), solutions()))

    def said(address, **changes):
        code = f"from unrolled.grading import cluster\n{changes.get('code', '')}\n"
        code += f"from unrolled.__main__ import main\nraise SystemExit(main(['grade', {CHAPTER!r}, '--scheduler', {address!r}]))"
        done = run(course, "-c", code)
        assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
        return done.stderr

    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in said(
        "tcp://127.0.0.1:1", code="cluster.CONNECT = 2"
    )
    assert "no Dask scheduler answers at nonsense" in said("nonsense://here", code="cluster.CONNECT = 2")
    missing = "import sys\nsys.modules['distributed'] = None"
    assert "pip install 'unrolled[grading,scale]'" in said("tcp://127.0.0.1:1", code=missing)
    with cluster(tmp_path, workers=0) as (address, *_):
        assert f"start one in this environment: dask worker {address}" in said(
            address, code="cluster.JOIN = 2"
        )
    with cluster(tmp_path, workers=1) as (address, *_):
        newer = "real = cluster.versions\ncluster.versions = lambda names: {**real(names), 'numpy': '99.1'}"
        words = said(address, code=newer)
        assert re.search(
            r"worker tcp://\S+ cannot grade: the worker's environment is another one: numpy \d\S+ \(here 99.1\)",
            words,
        ), words
