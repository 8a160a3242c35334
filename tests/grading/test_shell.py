"""The shell of the sandbox takes short cuts; each comes to where IPython's own long way leads."""

import subprocess
import sys

import pytest

pytest.importorskip("IPython")
from unrolled.grading.shell import NOT_PLAIN

CELLS = [
    "x = 1\ny = x % 2\nz = x != y",
    "def f(x):\n    '''Is it?\n    %no magic\n    '''\n    return x",
    "%matplotlib inline\nx = 1",
    "x = 1\n%time y = 2",
    "files = !ls\nprint(files)",
    "a = %pwd\na",
    "print\n?print",
    "print?\nx = 1",
    "x = 1\n!ls",
    ">>> x = 1\n>>> y = 2",
    "x = 1\n... y = 2",
    "In [1]: x = 1\n   ...: y = 2",
    "   x = 1\n   y = 2",
    "\n\nx = 1\ny = 2",
    "%%time\nx = 1\ny = 2",
    "x = (1\n, 2)\n",
    "/print 1\nx = 1",
    ",print a b\nx = 1",
    "exit",
    "ls",
    "for i in range(3):\n    %time i\n",
    "def g(:\n    pass",
    "a = \\\n!ls\nb = 1",
    "text = 'x\n",
    "x = 1  # what?\ny = 2",
]

WAYS = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from unrolled.grading.shell import Shell
shell = Shell().shell
told = []
for cell in json.loads(sys.argv[1]):
    ways = []
    for transform in (shell.transform_cell, lambda c: InteractiveShell.transform_cell(shell, c)):
        try:
            ways.append(transform(cell))
        except SyntaxError as error:
            ways.append(str(error))
    told.append(ways)
shell.input_transformers_cleanup.append(lambda lines: ["changed = 1\\n"])
told.append([shell.transform_cell("x = 1\\ny = 2"), "changed = 1\\n"])
asks = {cell: shell.should_run_async(cell, transformed_cell=cell) for cell in json.loads(sys.argv[2])}
print(json.dumps([told, asks]))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    import json

    asked = ["x = 1\ny = 2", "await f()", "async def f():\n    pass", "x = 'await'"]
    done = subprocess.run(
        [sys.executable, "-c", WAYS, json.dumps(CELLS), json.dumps(asked)],
        capture_output=True,
        text=True,
        cwd=tmp_path_factory.mktemp("shell"),
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_cell_becomes_what_ipython_makes_of_it(told):
    different = [pair for pair in told[0] if pair[0] != pair[1]]
    assert different == []


def test_what_is_plain_goes_the_short_way():
    assert not NOT_PLAIN.search(CELLS[0]) and NOT_PLAIN.search(CELLS[2])


def test_only_an_await_makes_a_cell_asynchronous(told):
    assert list(told[1].values()) == [False, True, False, False]
