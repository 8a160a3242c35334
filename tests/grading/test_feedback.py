"""``unrolled feedback`` against stock ``nbgrader generate_feedback``; and what a page must not hold."""

import re
import sqlite3
from typing import Any

import nbformat
import pytest
from grading.classroom import CHAPTER, TASKS, fill, release, run, solutions, submit

pytest.importorskip("nbgrader")
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters import html as nbconvert_html
from nbconvert.filters import Highlight2HTML

from unrolled.grading import feedback_page
from unrolled.grading.feedback import HideTests
from unrolled.grading.feedback_page import ALT, QuickHTML, Skim

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
    grade_by_hand(course)
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


def grade_by_hand(course):
    """Ben: late, with points, extra credit and words from a person."""
    base = sqlite3.connect(course / "_nbgrader" / "gradebook.db")
    mine = (
        "in (select n.id from submitted_notebook n join submitted_assignment s "
        "on s.id = n.assignment_id where s.student_id = 'ben')"
    )
    with base:
        base.execute(f"update grade set manual_score = 0.7, extra_credit = 0.1 where notebook_id {mine}")
        words = "See *this* & <b>that</b>, $a<b$"
        base.execute(f"update comment set manual_comment = ? where notebook_id {mine}", [words])
        base.execute(f"update submitted_notebook set late_submission_penalty = 0.3 where id {mine}")
    base.close()


def tree(page):
    return str(BeautifulSoup(page.decode(), "html.parser"))


def test_pages_are_those_of_stock(pages):
    _, stock, ours = pages
    assert set(stock) == set(ours) and len(ours) == 3
    for name in stock:
        assert tree(stock[name][0]) == tree(ours[name][0]), name
        assert stock[name][1] == ours[name][1]


def test_no_html_of_a_student_is_html(pages):
    _, *both = pages
    for made in both:
        (page,) = (text.decode() for name, (text, _) in made.items() if name.startswith("eve"))
        body: Any = BeautifulSoup(page, "html.parser").body
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


def feedback(course, *options, **settings):
    """The pages of all, made again by ``unrolled feedback`` with these settings of its converter."""
    lines = ["import sys", "from unrolled.__main__ import main", "from unrolled.grading import slim"]
    lines += ["slim.import_nbgrader()", "from unrolled.grading import feedback_converter"]
    lines += [f"feedback_converter.{name} = {value}" for name, value in settings.items()]
    lines += ["sys.exit(main(sys.argv[1:]))"]
    done = run(course, "-c", "\n".join(lines), "feedback", CHAPTER, "--force", *options)
    folder = course / "_nbgrader" / "feedback"
    return done, {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.html")}


@pytest.mark.parametrize("settings", [{"WORTH_IT": 1}, {"AT_ONCE": 1}, {"AT_ONCE": 2, "WORTH_IT": 1}])
def test_processes_and_turns_make_the_same_pages(pages, settings):
    course, _, ours = pages
    done, made = feedback(course, "--jobs", "2", **settings)
    assert done.returncode == 0, done.stderr
    assert made == {name: page for name, (page, _) in ours.items()}


def test_a_template_of_the_course_may_show_what_differs(pages):
    course, config = pages[0], pages[0] / "nbgrader_config.py"
    whole, folder = config.read_text(encoding="utf-8"), course / "templates" / "mine"
    folder.mkdir(parents=True)
    (folder / "conf.json").write_text('{"base_template": "classic", "mimetypes": {"text/html": true}}')
    (folder / "index.html.j2").write_text(
        "{%- extends 'nbconvert/templates/classic/index.html.j2' -%}"
        "{% block input %}<i>of {{ resources.nbgrader.student }}</i>{{ super() }}{% endblock %}"
    )
    mine = f"c.HTMLExporter.template_name = 'mine'\nc.HTMLExporter.extra_template_basedirs = [{str(folder.parent)!r}]\n"
    config.write_text(whole + mine, encoding="utf-8")
    done, made = feedback(course)
    config.write_text(whole, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    for name, page in made.items():
        assert set(re.findall(r"<i>of (\w+)</i>", page.decode())) == {name.split("/")[0]}


def test_who_is_not_in_the_gradebook_costs_nobody_else_a_page(pages):
    autograded = pages[0] / "_nbgrader" / "autograded"
    (autograded / "aaa").symlink_to(autograded / "ana")
    done, made = feedback(pages[0])
    (autograded / "aaa").unlink()
    assert done.returncode == 1 and f"no notebook '{CHAPTER}' of 'aaa'" in done.stderr
    assert sorted(name.split("/")[0] for name in made) == ["ana", "ben", "eve"]


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


SOURCES = ["", "x = 1", "a % b", "%time x", "!ls", "f?", "a != b", "'''%'''", 'f"{x:>3}"', "def f(:\n  <b>&"]


@pytest.mark.parametrize("lexer", ["ipython3", None, "python3", "r"])
def test_code_is_coloured_as_nbconvert_colours_it(lexer):
    quick = QuickHTML()
    quick._lexer = lexer
    for source in [*SOURCES, *(task.solution for task in TASKS), *(task.stub for task in TASKS)]:
        stock = Highlight2HTML(pygments_lexer=lexer)(source)
        assert quick._coloured(lexer, source, None) == stock == quick._colour(source)
    magic = {"magics_language": "bash"}
    stock = Highlight2HTML(pygments_lexer=lexer)("%%bash\nls | sort", metadata=magic)
    assert quick._colour("%%bash\nls | sort", metadata=magic) == stock


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=list(cells), metadata={"language_info": {"name": "python"}})


def test_what_is_remembered_of_cells_is_bounded_and_right(monkeypatch):
    monkeypatch.setattr(feedback_page, "KEPT", 3)
    quick, plain = QuickHTML(template_name="classic"), HTMLExporter(template_name="classic")
    monkeypatch.setattr(nbconvert_html, "BeautifulSoup", BeautifulSoup)
    shown = nbformat.v4.new_output("display_data", {"text/plain": "y"})
    for n in range(8):
        cells = [nbformat.v4.new_markdown_cell(f"*{n % k}*", id="a" * k) for k in (1, 3, 5)]
        cells.append(nbformat.v4.new_code_cell("x" * n, id="c", outputs=[shown]))
        made = quick.from_notebook_node(notebook(*cells))[0]
        assert made == plain.from_notebook_node(notebook(*cells))[0]
        assert len(quick._known_cells) == min(
            3, len({cell.source for cell in cells[:3]} | set(quick._known_cells))
        )


def test_attachments_are_not_confused():
    quick, pages = QuickHTML(template_name="classic"), []
    for picture in ("PICTUREA", "PICTUREB"):
        cell = nbformat.v4.new_markdown_cell("![x](attachment:x.png)", id="a")
        cell["attachments"] = {"x.png": {"image/png": picture}}
        pages.append(quick.from_notebook_node(notebook(cell))[0])
    assert [re.findall(r"PICTURE\w", page) for page in pages] == [["PICTUREA"], ["PICTUREB"]]


@pytest.mark.parametrize(
    "setting", [{"embed_images": True}, {"filters": {"indent": "nbconvert.filters.indent"}}, {}]
)
def test_settings_that_make_it_unsafe_turn_the_memory_of_cells_off(setting):
    quick = QuickHTML(template_name="classic", **setting)
    quick.from_notebook_node(notebook(nbformat.v4.new_markdown_cell("x")))
    assert bool(quick._known_cells) is (not setting)
