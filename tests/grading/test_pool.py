"""What the pool does when its fork server is gone: the notebooks are nobody's to lose."""

import os
import signal
import time

import pytest

from unrolled.grading.pool import Job, Pool

pytestmark = pytest.mark.xdist_group("nbgrader")


def job(source):
    return Job([{"index": 0, "kind": "own", "source": source}], {}, [])


def answer(outcome):
    assert outcome.trouble is None
    return outcome.cells[0]["outputs"][0]["text"]


def test_a_dead_fork_server_is_replaced_and_its_notebooks_run_again(walls):
    with Pool(jobs=2) as pool:
        assert answer(pool.submit_job(job("x = 1\nprint(x)")).result()) == "1\n"
        running = pool.submit_job(job("import time\ntime.sleep(2)\nprint('slept')"))
        time.sleep(1)
        first = pool._process.pid
        os.kill(first, signal.SIGKILL)
        assert answer(running.result()) == "slept\n"
        assert answer(pool.submit_job(job("x = 2\nprint(x)")).result()) == "2\n"
        assert pool._process.pid != first


def test_a_notebook_that_ends_itself_is_no_fault_of_the_fork_server(walls):
    with Pool(jobs=1) as pool:
        outcome = pool.submit_job(job("import os\nos._exit(1)")).result()
        first = pool._process.pid
        assert "process has ended" in outcome.cells[0]["outputs"][0]["evalue"]
        assert answer(pool.submit_job(job("x = 3\nprint(x)")).result()) == "3\n"
        assert pool._process.pid == first
