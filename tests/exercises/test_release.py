"""What a student gets follows from the source, is the same each time, and gives nothing away."""

import json
import re
import shutil
import subprocess
import sys
from functools import cache

import nbformat
import pytest
import submissions
from submissions import ROOT

CHAPTERS = submissions.chapters()
SITE = ROOT / "_build" / "html"
MARKER = "BEGIN" + "HIDDENTESTS"  # in two parts, since the site shows this file as well


def course(folder):
    """A course of its own in ``folder``: the sources and the configuration, nothing else."""
    shutil.copytree(ROOT / "solutions", folder / "solutions", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    return folder


def build(folder, *options):
    command = [sys.executable, str(folder / "solutions" / "build.py"), *options]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    folder = course(tmp_path_factory.mktemp("course"))
    done = build(folder)
    assert done.returncode == 0, done.stderr
    return folder


def released(folder):
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted((folder / "exercises").rglob("*"))
        if p.is_file()
    }


def test_the_release_is_current(fresh):
    """exercises/ is what the sources make now: `make exercises`."""
    committed = {n: t for n, t in released(ROOT).items() if ".ipynb_checkpoints" not in n}
    assert committed == released(fresh)
    assert set(committed) == {f"exercises/{c}/{c}.ipynb" for c in CHAPTERS}


def test_a_second_build_is_the_same_byte_for_byte(fresh):
    before = released(fresh)
    (fresh / "_nbgrader" / "source" / CHAPTERS[0] / "stray.txt").write_text("notes of the instructor")
    assert build(fresh).returncode == 0
    assert released(fresh) == before


def test_an_unknown_assignment_is_one_clear_line(fresh):
    done = build(fresh, "ch99_none")
    assert done.returncode == 1
    assert done.stderr.strip().startswith("assignment: expected one of ch01_rnn")
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_notebook_is_the_tasks(fresh, chapter):
    notebook = nbformat.read(fresh / "exercises" / chapter / f"{chapter}.ipynb", as_version=4)
    cells = {cell.id: cell for cell in notebook.cells}
    assert len(cells) == len(notebook.cells)
    for task in submissions.read_tasks(chapter):
        assert cells[task.id].source == task.stub, "the page and the notebook start from the same stub"
        if not task.written:
            assert cells[f"{task.id}-test"].source.strip() == task.visible_checks
    marked = [c for c in notebook.cells if "nbgrader" in c.metadata]
    assert all(cell.id == cell.metadata.nbgrader.grade_id for cell in marked)
    assert not any("unrolled" in cell.metadata for cell in notebook.cells)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    points = sum(cell.metadata.nbgrader.get("points", 0) for cell in marked)
    assert points == sum(task.points for task in submissions.read_tasks(chapter))
    assert notebook.cells[0].source.startswith("# Assignment")


def squeeze(text):
    return re.sub(r"\s+", "", text)


@cache
def public():
    """Everything that a student may read anyway: the library's code and the chapters."""
    files = [*(ROOT / "src" / "unrolled").rglob("*.py"), *(ROOT / "book").glob("*.md")]
    return squeeze("\n".join(path.read_text(encoding="utf-8") for path in files))


def secrets(chapter, practice=True):
    """Lines of the answers and of the hidden tests that are long enough to be theirs alone."""
    for task in submissions.read_tasks(chapter):
        given = squeeze(task.stub + task.visible_checks + task.setup + task.prompt)
        hidden = task.hidden_tests.splitlines()
        answer = task.solution.splitlines() if practice or not task.practice else []
        for line in [*hidden, *answer]:
            if line.lstrip().startswith(("from ", "import ")):
                continue  # what is imported is on every page
            if len(squeeze(line)) >= 24 and squeeze(line) not in given and squeeze(line) not in public():
                yield squeeze(line)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_release_gives_nothing_away(chapter):
    lines = set(secrets(chapter))
    assert len(lines) > 30, "the search has something to look for"
    notebook = nbformat.read(ROOT / "exercises" / chapter / f"{chapter}.ipynb", as_version=4)
    text = squeeze("\n".join(cell.source for cell in notebook.cells) + json.dumps(notebook.metadata))
    assert not [line for line in lines if line in text]
    assert "HIDDENTESTS" not in text and "BEGINSOLUTION" not in text and "seed=" not in text


GRADER = SITE / "code" / "unrolled" / "grading"
"""The grader's own source names the marker that it looks for."""


@pytest.mark.skipif(not SITE.exists(), reason="the site is not built: make book")
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_site_gives_nothing_away(chapter):
    """The solution of a practice task may be on a page, folded; other answers, and hidden tests, may not."""
    lines = set(secrets(chapter, practice=False))
    for path in SITE.rglob("*"):
        if path.suffix in (".html", ".ipynb", ".json", ".js", ".mjs", ".md", ".py", ".txt"):
            text = squeeze(plain(path.read_text(encoding="utf-8", errors="replace")))
            assert not [line for line in lines if line in text], path.relative_to(SITE)
            assert MARKER not in text or GRADER in path.parents, path.relative_to(SITE)


def plain(text):
    """Without tags, entities and the escapes of JSON, so that a highlighted line is found too."""
    text = re.sub(r"<[^<>]{0,300}>", "", text)
    for entity, sign in {
        "&lt;": "<",
        "&gt;": ">",
        "&quot;": '"',
        "&#39;": "'",
        "&#x27;": "'",
        "&amp;": "&",
    }.items():
        text = text.replace(entity, sign)
    return text.replace('\\"', '"').replace("\\n", "\n")


def test_the_search_sees_through_highlighting():
    line = 'h_t = np.where(has_word, x["a"], h_t)  # &'
    marked = '<span class="n">h_t</span> <span>=</span> np.where(has_word, x[&quot;a&quot;], h_t)  # &amp;'
    assert squeeze(line) in squeeze(plain(marked))
    assert squeeze(line) in squeeze(plain(json.dumps({"source": line})))


def test_reading_a_task_that_is_not_there_names_those_that_are():
    with pytest.raises(ValueError, match="expected one of leaky-step, all-states"):
        submissions.read_task("ch01_rnn", "leaky")
    with pytest.raises(ValueError, match="expected one of ch01_rnn"):
        submissions.read_task("ch1", "leaky-step")
