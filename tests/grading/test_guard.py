"""Code among a submission's files never runs where the tests run; what the instructor put there does."""

import pickle

import pytest

from unrolled.grading.course import read_folder
from unrolled.grading.pool import Job, Pool

pytestmark = pytest.mark.xdist_group(__name__)
FORGED = b"print('FORGED')\nclass Anything:\n    def __eq__(self, other): return True\n"
SHIPPED = {"colorsys.py": FORGED, "mine.py": FORGED, "run.sh": b"echo FORGED\n"}
PICKLED = pickle.dumps(print)  # a name to be looked up, as any attack by pickle needs
ATTEMPTS = {
    "a module that shadows the library's": ("import colorsys", SHIPPED),
    "a module of its own": ("from mine import Anything", SHIPPED),
    "its text": ("exec(open('mine.py').read())", SHIPPED),
    "its text, by pathlib": ("import pathlib\nexec(pathlib.Path('mine.py').read_text())", SHIPPED),
    "by runpy": ("import runpy\nrunpy.run_path('mine.py')", SHIPPED),
    "by magic": ("%run mine.py", SHIPPED),
    "a program": ("import subprocess\nsubprocess.run(['sh', 'run.sh'])", SHIPPED),
    "a program, by os": ("import os\nos.system('sh run.sh')", SHIPPED),
    "a pickle": ("import pickle\npickle.loads(open('model.pkl', 'rb').read())('FORGED')", {"model.pkl": PICKLED}),
    "a compiled module": ("import mine", {"mine.pyc": b"no code, and never looked at"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def pool(walls):
    with Pool(jobs=1) as pool:
        yield pool


def run(pool, source, files, own):
    job = Job([{"index": 0, "kind": "test", "source": source}], files, [], own=tuple(own))
    outcome = pool.submit_job(job).result()
    assert outcome.trouble is None
    return outcome.cells[0]


@pytest.mark.parametrize("name", ATTEMPTS)
def test_what_runs_a_file_of_the_submission_is_not_verified(pool, name):
    source, files = ATTEMPTS[name]
    cell = run(pool, source, files, files)
    assert "submission" in cell["unverified"]


def test_the_instructor_s_files_run_with_the_tests(pool):
    files = {"helper.py": b"def two():\n    return 2\n", "notes.txt": b"mine", **SHIPPED}
    cell = run(pool, "from helper import two\nassert two() == 2", files, ["notes.txt", *SHIPPED])
    assert "unverified" not in cell and cell["outputs"] == []


def test_a_test_reads_the_data_of_a_submission(pool):
    cell = run(pool, "assert open('notes.txt').read() == 'mine'", {"notes.txt": b"mine"}, ["notes.txt"])
    assert "unverified" not in cell and cell["outputs"] == []


class Files:
    """A course whose folders are as they lie there."""

    def files(self, folder):
        return sorted(p for p in folder.rglob("*") if p.is_file())


def test_whose_file_it_is(tmp_path):
    theirs, ours = tmp_path / "submitted", tmp_path / "source"
    for folder, names in ((theirs, ("helper.py", "mine.py", "kept.py")), (ours, ("helper.py", "kept.py"))):
        folder.mkdir()
        for name in names:
            (folder / name).write_text(folder.name)
    folder = read_folder(Files(), theirs, ours, keep=["kept.py"])
    assert folder.own == ("kept.py", "mine.py")
    assert folder.files["helper.py"] == b"source" and folder.files["kept.py"] == b"submitted"
