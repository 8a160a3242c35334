"""The gradebook in PostgreSQL: the rows of SQLite, a second run, and errors in words."""

import json

import pytest
from grading import postgres
from grading.classroom import CHAPTER, copy_course, make_class, points, rows, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group(__name__)]


@pytest.fixture(scope="module")
def server():
    pytest.importorskip("psycopg")
    with postgres.server() as make_database:
        yield make_database


def grade(course, *options):
    done = run(course, "-m", "unrolled", "grade", CHAPTER, "--json", *options)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def plain(found):
    """SQLite keeps a time as text with a fraction, PostgreSQL as a time."""
    return {
        key: tuple(str(v).removesuffix(".000000") if n == 0 and key[0] == "submission" else v for n, v in enumerate(row))
        for key, row in found.items()
    }  # fmt: skip


@pytest.fixture(scope="module")
def both(module_course, server, tmp_path_factory):
    """One class graded into two gradebooks; the course itself is released into each."""
    students = make_class(module_course, 10)
    other = copy_course(module_course, tmp_path_factory.mktemp("other") / "course")
    url = server("course")
    with open(other / "nbgrader_config.py", "a", encoding="utf-8") as file:
        file.write(f"c.CourseDirectory.db_url = {url.replace('postgresql:', 'postgresql+psycopg:')!r}\n")
    done = run(other, str(other / "solutions" / "build.py"), "--gradebook", CHAPTER)
    assert done.returncode == 0, done.stderr
    assert len(grade(module_course)["graded"]) == len(grade(other, "--db", url)["graded"]) == len(students)
    return module_course, other, url, students


def test_the_rows_are_those_of_sqlite(both):
    import psycopg

    course, other, url, students = both
    with psycopg.connect(url) as base:
        found = rows(other, base)
    assert plain(found) == plain(rows(course)) and len(found) > 15 * len(students)


def test_stock_nbgrader_goes_on_with_it(both):
    _, other, _, students = both
    done = run(other, "-m", "nbgrader", "generate_feedback", CHAPTER, "--student", students[1])
    assert done.returncode == 0, done.stderr
    done = run(other, "-m", "nbgrader", "export", "--to", str(other / "grades.csv"))
    assert done.returncode == 0 and len((other / "grades.csv").read_text().splitlines()) == len(students) + 1


def test_each_gradebook_gets_every_row_though_nothing_runs_twice(both, server):
    """The journal says where a result was entered: another gradebook still lacks it."""
    course, other, url, students = both
    assert sorted(grade(other, "--db", url)["unchanged"]) == sorted(students)
    assert not any(points(other).values()), "its SQLite gradebook was not written to"
    again = grade(other, "--db", f"sqlite:///{other / '_nbgrader' / 'gradebook.db'}")
    assert sorted(again["graded"]) == sorted(students) and again["seconds"] < 60
    assert plain(rows(other)) == plain(rows(course))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://teacher:s3cret@127.0.0.1:1/course", "cannot be opened: "),
        ("oracle://scott:s3cret@host/course", "pip install"),
        ("gradebook.db", "--db expects a URL such as"),
    ],
)
def test_a_gradebook_that_cannot_be_opened_is_said(course, url, words):
    (course / "_nbgrader" / "submitted" / "ana" / CHAPTER).mkdir(parents=True)
    done = run(course, "-m", "unrolled", "grade", CHAPTER, "--db", url)
    assert done.returncode == 2 and words in done.stderr, done.stderr
    assert "s3cret" not in done.stderr and "Traceback" not in done.stderr
