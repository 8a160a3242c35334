"""What a submission's processes use together: memory, disk, users; and that nothing of it stays."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from unrolled.grading import bounds, sandbox
from unrolled.grading.pool import Job, Pool
from unrolled.grading.sandbox import Limits

pytestmark = pytest.mark.xdist_group(__name__)
PLAIN = "/usr/bin/python3"

GREEDY = """
import os, time
for n in range(20):
    if os.fork() == 0:
        if n % 2:
            os.setsid()
            if os.fork():
                os._exit(0)
        kept = []
        while True:
            kept.append(b"x" * (1 << 24))
time.sleep(1000)
"""
EARLIER, LATER = "print('earlier')", "print('later')"
FILES = """
n = 0
while True:
    with open(f"file{n}", "wb") as file:
        for _ in range(15):
            file.write(bytes(1 << 20))
    n += 1
"""
SMALL = "import os\nn = 0\nwhile True:\n    os.makedirs(f'{n % 90}', exist_ok=True)\n    open(f'{n % 90}/{n}', 'w').close()\n    n += 1"
STAYS = "import os\nos.makedirs('a/b')\nopen('a/b/c', 'w').close()\nos.chmod('a/b', 0)\nos.chmod('a', 0)\nos.chmod('.', 0)"


def job(*sources):
    return Job(
        [{"index": n, "kind": "own", "source": source} for n, source in enumerate(sources)], {}, [], 60.0
    )


def said(outcome):
    return [[o.get("text") or o.get("evalue") for o in cell["outputs"]] for cell in outcome.cells.values()]


def test_memory_of_all_processes_together_is_bounded(walls):
    """Twenty children, half of them detached, each within its own limit."""
    with Pool(jobs=1, limits=Limits(memory_mb=800), only="namespaces") as pool:
        pool.submit_job(job("1")).result()
        peak, running = 0, pool.submit_job(job(EARLIER, GREEDY, LATER))
        while not running.done():
            peak = max(peak, sum(map(bounds._held, bounds.tree(pool._process.pid))))
            time.sleep(0.02)
        outcome = running.result()
        assert outcome.trouble == "its processes together held more than 800 MB of memory"
        assert said(outcome)[0] == ["earlier\n"] and "has ended" in said(outcome)[1][0]
        assert (800 << 20) < peak < (4000 << 20), f"seen from outside: {peak >> 20} MB"
        assert said(pool.submit_job(job("print('next')")).result()) == [["next\n"]]


def test_honest_processes_are_let_be(walls):
    work = "import multiprocessing as m\ndef f(x):\n    return x * x\nwith m.Pool(4) as p:\n    print(p.map(f, range(4)))"
    with Pool(jobs=1, modules=["numpy"], limits=Limits(memory_mb=1500), only="namespaces") as pool:
        outcome = pool.submit_job(job(work, "import time\ntime.sleep(0.4)")).result()
        assert said(outcome)[0] == ["[0, 1, 4, 9]\n"] and outcome.trouble is None


LANDLOCKED = """
import json, sys
from pathlib import Path
from grading.test_bounds import FILES, LATER, SMALL, STAYS, job, said
from unrolled.grading.pool import Pool
from unrolled.grading.sandbox import Limits
with Pool(jobs=1, limits=Limits(disk_mb=100, file_mb=16), only="landlock") as pool:
    told = {}
    for name, source in {"files": FILES, "small": SMALL, "stays": STAYS}.items():
        outcome = pool.submit_job(job(source, LATER)).result()
        told[name] = [outcome.trouble, said(outcome), [str(p) for p in pool._rooms.path.iterdir()]]
    folder = pool._rooms.path
print(json.dumps([told, folder.exists()]))
"""


def landlocked(*command, **options):
    """A command under Landlock, by an interpreter that a user without rights may read."""
    tests = Path(__file__).parents[1]
    path = [
        str(tests),
        str(Path(sandbox.__file__).parents[2]),
        *(p for p in sys.path if "site-packages" in p),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path), "OMP_NUM_THREADS": "1"}
    if closed := [p for p in tests.parents if not p.stat().st_mode & 0o001]:
        pytest.skip(f"users without rights cannot read this checkout: {closed[-1]} is closed to them")
    try:
        sandbox.choose(only="landlock")
        python = sys.executable
    except sandbox.Refused as reason:
        python = PLAIN
        version = subprocess.run([PLAIN, "-V"], capture_output=True, text=True).stdout if Path(PLAIN).exists() else ""  # fmt: skip
        if not version.startswith(f"Python {sys.version_info.major}.{sys.version_info.minor}."):
            pytest.skip(f"{reason}; and {PLAIN} is {version or 'not there'}")
    return subprocess.Popen(
        [python, *command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )  # fmt: skip


def test_disk_is_bounded_and_left_clean_where_there_are_no_namespaces():
    process = landlocked("-c", LANDLOCKED)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    told, still_there = json.loads(out)
    assert told["files"][0] == "its files took more than 100 MB"
    assert told["small"][0] == "it made more than 20000 files"
    assert told["stays"][0] is None and told["stays"][1][1] == ["later\n"]
    assert [rooms for _, _, rooms in told.values()] == [[], [], []], "each is removed before the next comes"
    assert not still_there


KILLED = """
from unrolled.grading.pool import Pool
from grading.test_bounds import job
pool = Pool(jobs=1, only="landlock")
hides = "import ctypes\\nctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\\n"  # asks to outlive its parent
running = pool.submit_job(job(hides + "open('left', 'w').close()\\nimport time\\ntime.sleep(1000)"))
import time
while not list(pool._rooms.path.glob("room-*/left")):
    if running.done():
        raise SystemExit(f"it ended by itself: {running.result()}")
    time.sleep(0.05)
print(pool._rooms.path, flush=True)
time.sleep(1000)
"""


def test_a_killed_grader_leaves_nobody_and_the_next_sweeps_what_it_left(monkeypatch):
    process = landlocked("-c", KILLED)
    path = Path(process.stdout.readline().strip())
    assert path.name.startswith(bounds.Rooms.PREFIX), process.stderr.read()
    monkeypatch.setattr(bounds, "STALE", -1)
    bounds.Rooms().close()
    assert path.exists(), "somebody holds it"
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 3, "fork server, student, tester"
    process.kill()
    process.communicate()
    assert psutil.wait_procs(family, timeout=20)[1] == [], "nobody stays"
    bounds.Rooms().close()
    assert not path.exists()


def test_graders_of_one_host_have_users_of_their_own():
    first, second = bounds.Slots(3), bounds.Slots(2)
    try:
        assert len(first.numbers) == 3 and len(second.numbers) == 2
        if os.getuid() == 0:
            assert not set(first.numbers) & set(second.numbers)
        freed = set(first.numbers)
        first.close()
        third = bounds.Slots(3)
        assert os.getuid() != 0 or not set(third.numbers) & set(second.numbers)
        assert freed, "they can be had again"
        third.close()
    finally:
        second.close()


def test_too_many_graders_still_grade(monkeypatch):
    monkeypatch.setattr(bounds, "SLOTS", 2)
    slots = bounds.Slots(5)
    assert slots.numbers == [0, 1, 2, 3, 4]
    slots.close()


def test_a_process_that_has_ended_holds_nothing():
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    token = os.pidfd_open(process.pid)
    process.wait()
    watch = bounds.Watch(token, Limits(memory_mb=0), None, 0)
    watch.next = 0
    assert watch.look() is None
    os.close(token)
    assert re.fullmatch(r"\d+", str(bounds._held(os.getpid()))) and bounds._held(os.getpid()) > 1 << 20
