"""The two addresses of _config.yml, through the book's own theme: with them every link is there, without them none."""

import pages
import pytest
import submissions
import yaml

ROOT = submissions.ROOT
HEAD = "---\nkernelspec: {name: python3, display_name: Python 3, language: python}\njupytext: {text_representation: {extension: .md, format_name: myst}}\n---\n"


def site(folder, repository, base):
    made = pages.Pages(
        folder, "page", "katex_math", "downloads", "publish", "printed",
        html_theme="unrolled", html_math_renderer="katex", html_title="Small", root_doc="start",
        repository_url=repository, html_baseurl=base,
    )  # fmt: skip
    made.write(
        start="# Start\n\nWords.\n\n```{toctree}\none\n```\n", one=HEAD + "# One\n\n```{code-cell}\n1\n```\n"
    )
    (folder / "unrolled.pdf").write_bytes(b"x")
    made.build()
    return made


@pytest.fixture(scope="module")
def with_both(tmp_path_factory):
    return site(
        tmp_path_factory.mktemp("both"), "https://github.com/ann/unrolled", "https://ann.example.org/u"
    )


@pytest.fixture(scope="module")
def with_none(tmp_path_factory):
    return site(tmp_path_factory.mktemp("none"), "", "")


def tools(made, name):
    return [" ".join(a.text.split()) for a in made.html(name).select(".page-tools a")]


def test_the_book_names_its_addresses_where_the_extensions_read_them():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert config["repository"]["url"] == config["sphinx"]["config"]["repository_url"]
    assert "baseurl" in config["html"]


def test_with_both(with_both):
    page = with_both.html("one")
    assert tools(with_both, "one") == ["Download notebook", "Open in Colab", "Open in Binder"]
    assert page.select_one("head link[rel=canonical]")["href"] == "https://ann.example.org/u/one.html"
    assert page.select_one('head meta[property="og:image"]')["content"].startswith(
        "https://ann.example.org/u/"
    )
    root = with_both.html("index")
    assert root.select_one("link[rel=canonical]")["href"] == "https://ann.example.org/u/start.html"


def test_with_none(with_none):
    page = with_none.html("one")
    assert tools(with_none, "one") == ["Download notebook"]
    assert not page.select("link[rel=canonical]")
    text = with_none.text("one") + with_none.text("start")
    assert "og:title" in text
    assert not [word for word in ("colab", "mybinder", "og:image", "og:url") if word in text]


def test_the_pdf_is_offered_on_the_start_page_alone(with_none):
    assert tools(with_none, "start") == ["The book as PDF, 1 MB"]


def test_no_page_fetches_anything_for_its_links(with_both):
    """A button is a link: no image or script of the places that it leads to."""
    for tag in with_both.html("one").select("[src]"):
        assert not tag["src"].startswith(("http", "//"))
    assert (with_both.out / "_static/cards/one.png").stat().st_size < 60_000
