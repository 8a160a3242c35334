"""``unrolled feedback`` against stock ``nbgrader generate_feedback``; and what a page must not hold."""

import re

import nbformat
import pytest
from grading.classroom import CHAPTER, TASKS, fill, release, run, solutions, submit

pytest.importorskip("nbgrader")
from unrolled.grading.feedback import HideTests
from unrolled.grading.feedback_command import ALT, Skim

WRITTEN = next(task.id for task in TASKS if task.written)
EVIL = """<script>alert(1)</script> <img src=x onerror=alert(2)> $a<b$ [x](javascript:alert(3)) [y] [z](&#106;avascript:alert(8))
<IFRAME src="data:text/html,x"></IFRAME>
[p](https://example.org/p) ![q]( data:image/svg+xml,x "t")

[y]: JavaScript&colon;alert(9)

`\n\n<svg onload=alert(4)>\n\n`
"""
SHOWN = 'from IPython.display import HTML, display\ndisplay(HTML("<b onclick=alert(5)>x</b>"))\n'
PICTURE = """class Fake:
    def _repr_png_(self):
        return b"x"
    def _repr_mimebundle_(self, **_):
        return {"image/png": 'x" onerror="alert(6)', "text/latex": "<img src=x onerror=alert(7)>", "text/plain": "<s>"}

Fake()
"""


@pytest.fixture(scope="module")
def pages(module_course):
    """The same graded class, its feedback by stock and by us."""
    course, base = module_course, release(module_course)
    answers = solutions()
    submit(course, "ana", base)
    submit(course, "ben", fill(base, answers), timestamp="2026-01-15 12:00:00 UTC")
    submit(course, "eve", fill(base, {**answers, WRITTEN: EVIL, "leaky-step": SHOWN, "all-states": PICTURE}))
    done = run(course, "-m", "unrolled", "grade", CHAPTER)
    assert done.returncode in (0, 3), done.stderr
    found = []
    for command in (("nbgrader", "generate_feedback"), ("unrolled", "feedback")):
        done = run(course, "-m", *command, CHAPTER)
        assert done.returncode == 0, done.stderr
        folder = course / "_nbgrader" / "feedback"
        found.append(
            {str(p.relative_to(folder)): (p.read_bytes(), p.stat().st_mode) for p in folder.rglob("*.html")}
        )
        folder.rename(folder.with_name(command[0]))
    return course, *found


def tree(page):
    from bs4 import BeautifulSoup

    return str(BeautifulSoup(page.decode(), "html.parser"))


def test_pages_are_those_of_stock(pages):
    _, stock, ours = pages
    assert set(stock) == set(ours) and len(ours) == 3
    for name in stock:
        assert tree(stock[name][0]) == tree(ours[name][0]), name
        assert stock[name][1] == ours[name][1]


def test_no_html_of_a_student_is_html(pages):
    from bs4 import BeautifulSoup

    _, *both = pages
    for made in both:
        (page,) = (text.decode() for name, (text, _) in made.items() if name.startswith("eve"))
        body = BeautifulSoup(page, "html.parser").body
        assert "alert(1)" in body.get_text() and "alert(2)" in body.get_text()
        for element in body.find_all(True):
            assert element.name not in ("script", "iframe", "svg", "object", "embed")
            assert not [name for name in element.attrs if name.startswith("on")], element
            for target in (element.get("href") or "", element.get("src") or ""):
                assert "javascript" not in target.lower() and not target.startswith("data:text")
        assert body.find("a", href="https://example.org/p"), "a link to a page stays"


def test_again_does_nothing_without_force(pages):
    course = pages[0]
    assert (
        run(course, "-m", "unrolled", "feedback", CHAPTER, "--students", "ana", "--jobs", "1").returncode == 0
    )
    (page,) = (course / "_nbgrader" / "feedback" / "ana").rglob("*.html")
    page.write_text("mine", encoding="utf-8")
    for options, kept in ((), True), (("--force",), False):
        assert (
            run(course, "-m", "unrolled", "feedback", CHAPTER, "--students", "ana", *options).returncode == 0
        )
        assert (page.read_text(encoding="utf-8") == "mine") is kept


def test_nothing_to_write_is_said(pages):
    done = run(pages[0], "-m", "unrolled", "feedback", "ch99")
    assert (
        done.returncode == 2 and "No notebooks were matched" in done.stderr and "Traceback" not in done.stderr
    )


def test_a_course_without_the_preprocessor_hides_its_tests_all_the_same(pages):
    course = pages[0]
    config = course / "nbgrader_config.py"
    whole = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r"c\.GenerateFeedback\.preprocessors = \[.*?\]\n", "", whole, flags=re.DOTALL))
    done = run(course, "-m", "unrolled", "feedback", CHAPTER, "--students", "ben", "--force")
    config.write_text(whole, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    (page,) = (course / "_nbgrader" / "feedback" / "ben").rglob("*.html")
    text = page.read_text(encoding="utf-8")
    assert "HIDDEN TESTS" not in text and HideTests.note.default_value in text  # type: ignore[attr-defined]


def test_markdown_of_the_instructor_stays():
    cell = nbformat.v4.new_markdown_cell("<details>x</details>", metadata={"nbgrader": {"locked": True}})
    assert HideTests().preprocess_cell(cell, {}, 0)[0].source == "<details>x</details>"


def test_pictures_get_a_description():
    page = '<head><script>"<img>"</script></head><body><img src="a>b"/><img alt="x"><p>'
    skim = Skim(page, "html.parser")
    assert skim.select("img:not([alt])") == []
    assert (
        str(skim) == f'<head><script>"<img>"</script></head><body><img src="a>b" alt="{ALT}"><img alt="x"><p>'
    )


def test_a_template_with_more_to_change_is_read_whole():
    skim = Skim('<body class="jp-Notebook"><div class="jp-OutputArea-output">x</div>', "html.parser")
    assert len(skim.select(".jp-Notebook div.jp-OutputArea-output")) == 1
