"""What the pool does when its fork server is gone: the notebooks are nobody's to lose."""

import os
import signal
import subprocess
import sys
import time

import pytest

from unrolled.grading.pool import Job, Pool

pytestmark = pytest.mark.xdist_group(__name__)


def job(source):
    return Job([{"index": 0, "kind": "own", "source": source}], {}, [])


def checks(source):
    return Job([{"index": 0, "kind": "test", "source": source}], {}, [])


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


def passes(outcome):
    assert outcome.trouble is None
    return not any(output["output_type"] == "error" for output in outcome.cells[0]["outputs"])


def test_what_a_test_imports_late_the_next_one_finds(walls):
    asks = checks("import sys\nassert 'json.tool' in sys.modules")
    with Pool(jobs=1) as pool:
        assert not passes(pool.submit_job(asks).result())
        assert passes(pool.submit_job(checks("import json.tool\nx = 1")).result())
        assert passes(pool.submit_job(asks).result())


def test_what_a_submission_imports_nobody_else_finds(walls):
    with Pool(jobs=1) as pool:
        assert answer(pool.submit_job(job("import json.tool\nprint(1)")).result()) == "1\n"
        assert not passes(pool.submit_job(checks("import sys\nassert 'json.tool' in sys.modules")).result())


def test_a_new_fork_server_learns_nothing_more(walls):
    with Pool(jobs=1) as pool:
        assert answer(pool.submit_job(job("x = 1\nprint(x)")).result()) == "1\n"
        first = pool._process.pid
        pool._note_late(["grading_has_no_such_module", "concurrent.futures.thread"])
        assert answer(pool.submit_job(job("x = 2\nprint(x)")).result()) == "2\n"
        assert pool._process.pid == first
        os.kill(first, signal.SIGKILL)
        assert answer(pool.submit_job(job("x = 3\nprint(x)")).result()) == "3\n"
        pool._note_late(["json.tool"])
        assert not passes(pool.submit_job(checks("import sys\nassert 'json.tool' in sys.modules")).result())


def test_a_thread_is_noticed(tmp_path):
    (tmp_path / "starts_a_thread.py").write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    code = "from unrolled.grading.zygote import learn\nassert learn(['json.tool']) and not learn(['starts_a_thread'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("modules, there", [(["torch"], True), (["torch.nn"], True), ([], False)])
def test_a_word_of_a_submission_brings_what_its_library_imports_late(walls, modules, there):
    """Only modules of the grader's own list, and torch's compiler only where the course has torch."""
    pytest.importorskip("torch")
    mentions = job("print('an optimizer', 'torch._dynamo' in __import__('sys').modules)")
    with Pool(jobs=1, modules=modules) as pool:
        assert answer(pool.submit_job(mentions).result()) == f"an optimizer {there}\n"
