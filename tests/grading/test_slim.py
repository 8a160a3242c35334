"""The grader starts without what it seldom needs; what was left out comes when it is asked for."""

import subprocess
import sys

import pytest

pytest.importorskip("nbgrader")

ABSENT = ["requests", "setuptools", "jupyter_server.serverapp", "isoduration", "rfc3987_syntax"]


def python(code, **options):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_what_is_seldom_needed_is_not_imported():
    code = f"""
from unrolled.grading import slim
slim.import_nbgrader()
import sys
print(*(name for name in {ABSENT} if name in sys.modules))
"""
    assert python(code) == []


def test_and_comes_when_it_is_called(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    code = """
from unrolled.grading import slim
slim.import_nbgrader()
import shutil, nbgrader.utils, requests
shutil.make_archive("packed", "zip", ".", "a.txt")
nbgrader.utils.unzip("packed.zip", ".", create_own_folder=True)
print(open("packed/a.txt").read(), requests.Session.__name__)
"""
    assert python(code, cwd=tmp_path) == ["a", "Session"]


def test_a_preprocessor_comes_alone():
    code = """
from unrolled.grading import slim
slim.import_nbgrader()
kind = slim.import_preprocessor("limitoutput", "LimitOutput")
import sys
print(kind.__module__, *(n for n in ("nbconvert", "nbgrader.preprocessors", "bs4", "jinja2", "nbclient") if n in sys.modules))
"""
    assert python(code) == ["nbgrader.preprocessors.limitoutput"]


@pytest.mark.parametrize("first", ["alone", "all"])
def test_and_is_the_class_that_others_get(first):
    both = {
        "alone": 'kind = slim.import_preprocessor("latesubmissions", "AssignLatePenalties")',
        "all": "from nbgrader import preprocessors; from nbconvert.preprocessors import Preprocessor",
    }
    code = f"""
from unrolled.grading import slim
slim.import_nbgrader()
{both[first]}
{both["all" if first == "alone" else "alone"]}
import nbconvert
print(kind is preprocessors.AssignLatePenalties, issubclass(kind, Preprocessor), len(preprocessors.__all__) > 10,
      nbconvert.HTMLExporter.__name__)
"""
    assert python(code) == ["True", "True", "True", "HTMLExporter"]


def test_the_environment_is_named_by_its_packages(tmp_path, monkeypatch):
    from unrolled.grading.course import environment

    before = environment()
    assert environment() == before
    monkeypatch.syspath_prepend(str(tmp_path))
    assert environment() == before
    (tmp_path / "one-1.0.dist-info").mkdir()
    (tmp_path / "two.egg-info").mkdir()
    facts = tmp_path / "two.egg-info" / "PKG-INFO"
    facts.write_text("Metadata-Version: 2.1\nName: two\nVersion: 1\n")
    with_both = environment()
    facts.write_text("Metadata-Version: 2.1\nName: two\nVersion: 2\n")
    assert len({before, with_both, environment()}) == 3
