"""The walls, each kind for itself, and what crosses between the processes."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from skips import skip_or_fail

from unrolled.grading import sandbox, wire
from unrolled.grading.pool import Job, Pool
from unrolled.grading.sandbox import Limits, Refused, choose

pytestmark = pytest.mark.xdist_group(__name__)  # a test beside it counts the processes that survive

SRC = Path(sandbox.__file__).parents[2]
PLAIN = "/usr/bin/python3"
PROBE = f"""
import importlib.util, os, sys
spec = importlib.util.spec_from_file_location("walls", {sandbox.__file__!r})
walls = importlib.util.module_from_spec(spec)
sys.modules["walls"] = walls
spec.loader.exec_module(walls)
kind = sys.argv[1]
if kind == "choose":
    print(walls.choose().name)
    sys.exit()
box = walls.KINDS[kind]()
box.enter_house()
pid = box.fork()
if pid:
    os.waitpid(pid, 0)
    os._exit(0)
folder = box.enter_room(900, walls.Limits(memory_mb=512))
os.chdir(folder)
for line in sys.argv[2:]:
    try:
        exec(line)
    except BaseException as error:
        print(type(error).__name__, flush=True)
os._exit(0)
"""
TRIES = {
    "open('mine', 'w').write('x'); print('ok', flush=True)": "ok",
    "import socket; socket.socket()": "PermissionError",
    "open('/etc/shadow').read()": ("FileNotFoundError", "PermissionError"),
    "open('/var/canary', 'w')": ("FileNotFoundError", "PermissionError", "OSError"),
    "os.kill(os.getppid(), 0) if os.getppid() else os.kill(99999, 0)": (
        "ProcessLookupError",
        "PermissionError",
    ),
    "bytearray(1 << 30)": "MemoryError",
    "os.setuid(0)": ("PermissionError", "OSError"),
}


def probe(kind, user, *lines):
    """Run lines inside a sandbox, under the system's own Python, which any user may read."""
    if not Path(PLAIN).exists():
        skip_or_fail(f"{PLAIN} is missing: apt-get install python3")
    options = {"user": user, "group": user, "extra_groups": []} if os.getuid() == 0 else {}
    code = Path(sandbox.__file__).read_text(encoding="utf-8")
    text = PROBE.replace(
        "spec.loader.exec_module(walls)", f"exec(compile({code!r}, 'sandbox.py', 'exec'), walls.__dict__)"
    ).replace(
        f"spec = importlib.util.spec_from_file_location(\"walls\", {sandbox.__file__!r})", "import types"
    ).replace("walls = importlib.util.module_from_spec(spec)", "walls = types.ModuleType('walls')")  # fmt: skip
    return subprocess.run(
        [PLAIN, "-c", text, kind, *lines], cwd="/tmp", capture_output=True, text=True, timeout=60, **options
    )


@pytest.mark.parametrize("kind", list(sandbox.KINDS))
@pytest.mark.parametrize("user", [0, 65_534], ids=["root", "ordinary"])
def test_each_kind_holds_for_root_and_for_an_ordinary_user(kind, user):
    done = probe(kind, user, *TRIES)
    assert done.returncode == 0, done.stderr
    got = done.stdout.split()
    for (line, expected), outcome in zip(TRIES.items(), got, strict=True):
        assert outcome in ((expected,) if isinstance(expected, str) else expected), (line, outcome)


def test_landlock_starts_no_process_but_threads():
    lines = [
        "os.fork()",
        "import threading; t = threading.Thread(target=print, args=('thread',)); t.start(); t.join()",
    ]
    assert probe("landlock", 65_534, *lines).stdout.split() == ["PermissionError", "thread"]


def test_the_strongest_is_taken():
    assert probe("choose", 65_534).stdout.strip() in sandbox.KINDS


def test_where_nothing_works_it_refuses_in_words(monkeypatch):
    monkeypatch.setattr(sandbox, "MACHINES", {})
    with pytest.raises(Refused, match="No sandbox works on this machine"):
        choose()
    assert choose(trusted=True).name == "none"


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -(2**200), 1.5, 2j, "ü\ud800", b"x", [1, [2]], (1, (2,)), {"a": {1: 2}}, {1, 2}, frozenset([3]),
     range(1, 9, 2), slice(1, None), ..., np.float32(2), np.int8(-3), np.array(["é", "bc"]), np.zeros((0, 3)),
     np.arange(6.0).reshape(2, 3).T, np.array([1 + 2j]), np.array(True), np.dtype("float32")],
    ids=repr,
)  # fmt: skip
def test_data_comes_back_as_it_was(value):
    buffers = []
    back = wire.decode(wire.encode(value, buffers), buffers)
    assert type(back) is type(value)
    assert np.array_equal(back, value) if isinstance(value, np.ndarray) else back == value


def test_tensors_come_back_as_they_were():
    torch = pytest.importorskip("torch")
    for value in (torch.arange(6.0).reshape(2, 3).T, torch.tensor(3), torch.ones(2, dtype=torch.bfloat16),
                  torch.zeros(2, requires_grad=True)):  # fmt: skip
        buffers = []
        back = wire.decode(wire.encode(value, buffers), buffers)
        assert (
            torch.equal(back, value)
            and back.dtype == value.dtype
            and back.requires_grad == value.requires_grad
        )


class Sly(float):
    """Claims to be equal to anything."""

    def __eq__(self, other):
        return True

    __hash__ = float.__hash__


class Array(np.ndarray):
    """A subclass may answer anything."""


@pytest.mark.parametrize(
    "value", [Sly(1), np.zeros(2).view(Array), object(), lambda: 1, [Sly(1)], np.array([object()])]
)
def test_what_only_looks_like_data_does_not_cross(value):
    with pytest.raises(wire.CannotCross):
        wire.encode(value, [])


@pytest.mark.parametrize(
    "coded",
    [{}, {"t": "array"}, {"t": "array", "d": "O", "s": [1], "b": 0}, {"t": "array", "d": "<f8", "s": [9], "b": 0},
     {"t": "const", "v": "exit"}, {"t": "torch.dtype", "v": "load"}, {"t": "int", "v": "x"}, {"t": "dict", "v": [[[], 1]]},
     {"t": "handle", "ref": 1}, [], {"t": "tensor", "d": "object", "s": [1], "b": 0}],
    ids=repr,
)  # fmt: skip
def test_what_is_no_message_is_said(coded):
    with pytest.raises(wire.BadMessage):
        wire.decode(coded, [b"12345678"])


CELLS = [
    ("shared", "import random\nimport numpy as np\nvalues = [1, 2]"),
    ("own", "def draw(n):\n    return random.random() if n else float(np.random.rand())\n"
            "def add(x, to):\n    to.append(x)\n"
            "class Net:\n    def __init__(self, n):\n        self.n = n\n    def twice(self, x):\n        return 2 * x * self.n\n"
            "class Mine(ValueError):\n    pass\n"
            "def fails():\n    raise Mine('so')\n"
            "values = 'theirs'"),
    ("test", "np.random.seed(3)\nrandom.seed(4)\na = draw(0), draw(1)\nnp.random.seed(3)\nrandom.seed(4)\n"
             "assert a == (np.random.rand(), random.random())"),
    ("test", "found = [1]\nadd(5, found)\nassert found == [1, 5]"),
    ("test", "net = Net(3)\nassert net.twice(np.ones(2)).tolist() == [6, 6] and net.n == 3"),
    ("test", "try:\n    fails()\nexcept Mine as error:\n    assert str(error) == 'so'\nelse:\n    assert False"),
    ("test", "import inspect\nassert draw.__name__ == 'draw' and list(inspect.signature(add).parameters) == ['x', 'to']"),
    ("test", "assert values == [1, 2]"),
    ("test", "assert callable(globals()['draw'])"),
    ("test", "0.5"),
    ("test", "assert False, 'wrong'"),
    ("test", "assert Net(1) == Net(1)"),
]  # fmt: skip


def test_tests_are_lent_what_they_need(walls):
    cells = [{"index": n, "kind": kind, "source": source} for n, (kind, source) in enumerate(CELLS)]
    with Pool(jobs=1, modules=["numpy"], limits=Limits(memory_mb=2000)) as pool:
        outcome = pool.submit_job(
            Job(cells, {"data/a.txt": b"x"}, ["draw", "add", "Net", "Mine", "fails"])
        ).result()
    assert outcome.trouble is None
    shown = {
        n: [o.get("ename") or o.get("data") for o in cell["outputs"]] for n, cell in outcome.cells.items()
    }
    failed = {n: found for n, found in shown.items() if n < 9 and found}
    assert failed == {}
    assert shown[9] == [{"text/plain": "0.5"}] and shown[10] == ["AssertionError"]
    assert "unverified" in outcome.cells[11] and not any("unverified" in outcome.cells[n] for n in range(11))


def test_children_do_not_draw_the_same(walls):
    job = Job(
        [{"index": 0, "kind": "own", "source": "import random\nrandom.random(), float(np.random.rand())"}],
        {},
        [],
    )
    job = job._replace(cells=[{"index": 9, "kind": "shared", "source": "import numpy as np"}, *job.cells])
    with Pool(jobs=2, modules=["numpy"]) as pool:
        drawn = [
            f.result().cells[0]["outputs"][0]["data"]["text/plain"]
            for f in [pool.submit_job(job) for _ in range(4)]
        ]
    assert len(set(drawn)) == 4
