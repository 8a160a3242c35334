"""``!command`` in a student's cell: output, exit code and variables as in a notebook, and no wait without end."""

import pytest

from unrolled.grading.pool import Job, Pool

pytestmark = pytest.mark.xdist_group(__name__)

CELLS = {
    "!echo hello; echo error >&2; exit 3": ["hello\nerror\n"],
    "print(_exit_code)": ["3\n"],
    "x = 'w'\n!echo {x} $x": ["w w\n"],
    "lines = !printf 'one\\ntwo\\n'\nprint(list(lines), _exit_code)": ["['one', 'two'] 0\n"],
    "!kill -9 $$\nprint(_exit_code)": ["-9\n"],
    "!read line; echo got:$line": ["got:\n"],
    "!printf 'é%.0s' 1 2 3": ["ééé"],
    "!no-such-command-anywhere 2> /dev/null\nprint(_exit_code)": ["127\n"],
    "!(sleep 1000 &); echo at once": ["at once\n"],
    "!sleep 1000 &": ["Background processes not supported."],
    "!sleep 1000": ["No end after 10 seconds."],
    "%%bash\necho inside": ["inside\n"],
    "print('after')": ["after\n"],
}


@pytest.fixture(scope="module")
def outcome(walls):
    cells = [{"index": n, "kind": "own", "source": source} for n, source in enumerate(CELLS)]
    with Pool(jobs=1, only="namespaces") as pool:
        return pool.run(Job(cells, {}, [], timeout=10.0))


@pytest.mark.parametrize("n", range(len(CELLS)), ids=list(CELLS))
def test_a_command_says_what_it_says_in_a_notebook(outcome, n):
    said = [o.get("text") or o.get("evalue") for o in outcome.cells[n]["outputs"]]
    assert said == list(CELLS.values())[n]


def test_no_command_keeps_the_notebook_waiting(outcome):
    assert outcome.trouble is None and outcome.seconds < 120
