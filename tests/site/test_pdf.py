"""The book's PDF: pages in the order of the contents, bookmarks, numbers, and links that stay inside."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pages
import pytest
from pypdf import PdfReader

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("book_pdf", ROOT / "book" / "pdf.py")
pdf = importlib.util.module_from_spec(spec)
sys.modules["book_pdf"] = pdf
spec.loader.exec_module(pdf)

TOC = """
root: book/start
parts:
- {caption: Chapters, chapters: [{file: book/one}, {file: book/two}]}
- {caption: Assignments, chapters: [{file: exercises/one/one}]}
- {caption: Reference, chapters: [{file: book/claims}, {file: book/end}]}
"""
LONG = "A heading so long that no line of the paper holds it, whatever the size of its letters, and it breaks"
BODIES = {
    "book/start": '<h1>Start</h1><a href="two.html#deep">deep</a> <a href="one.html">one</a> <a href="https://example.org/">out</a>'
    '<a href="claims.html">claims</a> <a href="#here">here</a><p id="here">x</p>',
    "book/one": f"<h1>One</h1><h2>{LONG}<a class='headerlink' href='#x'>#</a></h2><details><summary>Answer</summary>forty-two</details>"
    "<h3>Third</h3><p style='break-before: page'>next</p>",
    "book/two": '<h1>Two</h1><a href="#deep">down</a><p style="break-before: page">p</p><h2 id="deep">Deep</h2>',
    "book/claims": "<h1>Claims</h1>",
    "book/end": '<h1>End</h1><h2 style="display: none">Hidden</h2><a href="#here">here</a><p id="here">y</p>',
}


def make_site(root, without=()):
    (root / "_toc.yml").write_text(TOC)
    for name, body in BODIES.items():
        path = root / "_build" / "html" / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        if name not in without:
            path.write_text(f"<!doctype html><meta charset=utf-8><title>{name}</title><body>{body}</body>")
    return root


@pytest.fixture(scope="module")
def book(tmp_path_factory, chromium):
    root = make_site(tmp_path_factory.mktemp("book"))
    # in a process of its own, as `make pdf` does it: this one has a Playwright running
    code = f"import runpy, pathlib; runpy.run_path({str(ROOT / 'book/pdf.py')!r})['make'](pathlib.Path({str(root)!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("_build/unrolled.pdf: 6 pages, ")
    return PdfReader(root / "_build" / "unrolled.pdf")


browser = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]


def links(book, page):
    return [a.get_object() for a in book.pages[page].get("/Annots", [])]


def target(book, link):
    return next(n for n, p in enumerate(book.pages) if p.indirect_reference == link["/Dest"][0])


class TestPrinted:
    pytestmark = browser

    def test_pages_follow_the_contents_and_are_numbered_through(self, book):
        texts = [page.extract_text() for page in book.pages]
        assert [t.split()[0] for t in texts] == ["Start", "One", "next", "Two", "p", "End"]
        assert [t.split()[-1] for t in texts] == ["1", "2", "3", "4", "5", "6"]

    def test_folded_answers_are_open_on_paper(self, book):
        assert "forty-two" in book.pages[1].extract_text()

    def test_bookmarks_are_the_headings_in_full_on_two_levels(self, book):
        found = [
            (x.title, book.get_destination_page_number(x)) if not isinstance(x, list)
            else [(y.title, book.get_destination_page_number(y)) for y in x]
            for x in book.outline
        ]  # fmt: skip
        assert found == [("Start", 0), ("One", 1), [(LONG, 1)], ("Two", 3), [("Deep", 4)], ("End", 5)]

    def test_links_stay_inside_where_they_can_and_lead_out_only_to_the_web(self, book):
        deep, one, out, here = links(book, 0)
        assert [target(book, link) for link in (deep, one, here)] == [4, 1, 0]
        assert out["/A"]["/URI"] == "https://example.org/"
        assert not any(
            link.get("/A", {}).get("/URI", "").startswith("file:")
            for n in range(6)
            for link in links(book, n)
        )

    def test_the_same_anchor_on_two_pages_is_two_places(self, book):
        (link,) = links(book, 5)
        assert target(book, link) == 5


def test_a_page_that_is_not_built_is_named(tmp_path):
    with pytest.raises(pdf.FailedError, match=r"book/two is not built: `make book` first"):
        pdf.make(make_site(tmp_path, without=["book/two"]))
    assert not (tmp_path / "_build/unrolled.pdf").exists()


def test_without_chromium_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(pdf, "BROWSERS", ("no-such-browser",))
    with pytest.raises(pdf.FailedError, match="apt-get install chromium"):
        pdf.browser()


def test_the_real_contents_have_the_chapters_and_no_assignment():
    names = pdf.pages(ROOT)
    assert names[0] == "book/intro" and "book/ch10_summary" in names and "book/references" in names
    assert not [name for name in names if name.startswith(("exercises/", "book/api"))]


# ---------------------------------------------------------------- on the site


def test_the_start_page_offers_it_as_long_as_it_is_there(tmp_path):
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "page.html").write_text(
        "{% if printed %}<a href='{{ printed[0] }}'>{{ printed[1] }}</a>{% endif %}"
    )
    site = pages.Pages(tmp_path, "printed", templates_path=[str(templates)])
    site.write(one="# One\n\nWords.\n").build()
    assert not site.html("index").select("a")
    (tmp_path / "unrolled.pdf").write_bytes(b"x" * 2_400_000)
    site.build()
    assert [(a["href"], a.text) for a in site.html("index").select("a")] == [("unrolled.pdf", "2 MB")]
    assert not site.html("one").select("a") and (site.out / "unrolled.pdf").is_file()
    (tmp_path / "unrolled.pdf").unlink()
    site.build()
    assert not site.html("index").select("a") and not (site.out / "unrolled.pdf").exists()
