"""Drawings are named, numbered by chapter, legible on a phone, and do not share ids."""

import pages
import pytest

SVG = """<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 200" width="600" height="200">
<defs><marker id="head"/><path id="head-2"/></defs><path marker-end="url(#head)"/><use href="#head-2"/><text font-size="16">h</text></svg>"""
FIGURE = '```{{drawing}} figures/a.svg\n:alt: A "loop"\n:name: {}\n\nThe *caption*.\n```\n'


@pytest.fixture
def site(tmp_path):
    site = pages.Pages(tmp_path, "drawing")
    (site.source / "figures").mkdir()
    (site.source / "figures" / "a.svg").write_text(SVG)
    return site


def test_a_drawing_is_inline_named_and_numbered_by_chapter(site):
    text = "# T\n\n" + FIGURE.format("fig-{c}-one") + "\n" + FIGURE.format("fig-{c}-two")
    text += "\nSee {{numref}}`fig-{c}-two` and {{ref}}`fig-{c}-one`.\n"
    site.write(
        **{f"ch0{n}_x": text.replace("{c}", str(n)).replace("{{", "{").replace("}}", "}") for n in (1, 2)}
    ).build()
    assert site.warnings == ""
    for n in (1, 2):
        page = site.html(f"ch0{n}_x")
        assert [c.text.strip() for c in page.select(".caption-number")] == [f"Figure {n}.1", f"Figure {n}.2"]
        assert [a.text for a in page.select("p a.reference")][:2] == [f"Figure {n}.2", "The caption."]
        svg = page.select("figure svg")[0]
        assert (svg["role"], svg["aria-label"]) == ("img", 'A "loop"')
        assert "width" not in svg.attrs and svg["style"] == "width:100%;max-width:600px;min-width:450px"


def test_ids_are_unique_on_the_page(site):
    site.write(ch01_x="# T\n\n" + FIGURE.format("fig-one") + "\n" + FIGURE.format("fig-two")).build()
    ids = [e["id"] for e in site.html("ch01_x").select("figure [id]")]
    assert len(ids) == len(set(ids)) >= 4
    text = site.text("ch01_x")
    assert "url(#fig-one-head)" in text and 'href="#fig-two-head-2"' in text and "url(#head)" not in text


def test_a_second_build_rewrites_nothing_and_keeps_the_numbers(site):
    site.write(
        ch01_x="# T\n\n" + FIGURE.format("fig-one"), ch02_x="# U\n\n" + FIGURE.format("fig-two")
    ).build()
    before = (site.out / "ch02_x.html").stat().st_mtime_ns
    site.build()
    assert (site.out / "ch02_x.html").stat().st_mtime_ns == before
    site.write(ch02_x="# V\n\n" + FIGURE.format("fig-two")).build()
    assert "Figure 2.1" in site.html("ch02_x").text


def test_a_drawing_without_words_or_file_is_a_warning(site):
    site.write(
        ch01_x="# T\n\n```{drawing} figures/a.svg\n```\n\n```{drawing} figures/b.svg\n:alt: B\n```\n"
    ).build()
    assert "figures/a.svg has no :alt:" in site.warnings
    assert "figures/b.svg does not exist" in site.warnings
