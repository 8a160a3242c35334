"""The map of the lecture: complete, each entry a link that leads somewhere, or a chapter that is still to come."""

import re
from pathlib import Path

import pages
import pytest
import yaml

ROOT = Path(__file__).parents[2]
lecture_map = pages.load("lecture_map")
ENTRIES = lecture_map.read_map(ROOT / "book" / "lecture_map.yml")
EQUATION = "$$\nh_t = g(h_{t-1})\n$$ (eq-13-1)\n"
DRAWING = "```{drawing} a.svg\n:alt: A loop\n:name: fig-ch01-loop\n\nCaption.\n```\n"
MAP = "# Map\n\n```{lecture-map} idea\n```\n\n```{lecture-map} equation\n```\n"


@pytest.fixture
def site(tmp_path):
    scratch = tmp_path / "src" / "unrolled" / "scratch"
    scratch.mkdir(parents=True)
    (scratch / "rnn.py").write_text("x = 1  # (13.1)\n")
    site = pages.Pages(
        tmp_path, "lecture_map", "drawing", "source_pages",
        unrolled_lecture_map="lecture_map.yml", unrolled_equations_chain=["code"],
    )  # fmt: skip
    (site.source / "a.svg").write_text('<svg viewBox="0 0 9 9" width="9" height="9"></svg>')
    return site.write(ch01_rnn=f"# One\n\n## A loop\n\n{EQUATION}\n{DRAWING}", map=MAP)


def entries(site, *given):
    text = yaml.safe_dump([{"kind": "idea", "number": "13", "what": "a *loop*", **entry} for entry in given])
    (site.source / "lecture_map.yml").write_text(text)
    return site.build()


def links(site):
    return [(a.text, a["href"]) for a in site.html("map").select("table.lecture-map a")]


def test_each_kind_of_target_is_a_link(site):
    entries(
        site,
        {"to": ["ch01_rnn", "ch01_rnn / A loop", "fig-ch01-loop"]},
        {"kind": "equation", "number": "13.1", "in": "ch01_rnn"},
    )
    assert site.warnings == ""
    assert links(site) == [
        ("chapter 1", "ch01_rnn.html"),
        ("chapter 1, A loop", "ch01_rnn.html#a-loop"),
        ("chapter 1, figure 1.1", "ch01_rnn.html#fig-ch01-loop"),
        ("chapter 1, (13.1)", "ch01_rnn.html#equation-eq-13-1"),
    ]
    for _, href in links(site):
        page, _, anchor = href.partition("#")
        assert not anchor or site.html(page.removesuffix(".html")).find(id=anchor), href
    assert site.html("map").select("td em")[0].text == "loop", "what an entry says is markup"


def test_a_chapter_to_come_is_plain_words(site):
    entries(
        site,
        {"to": ["ch07_lstm / Gates", "fig-ch09-step"]},
        {"kind": "equation", "number": "13.20", "in": "ch07_lstm"},
    )
    assert site.warnings == "" and links(site) == []
    cells = [row.select("td")[2].text for row in site.html("map").select("table.lecture-map tbody tr")]
    assert cells == ["chapter 7; chapter 9", "chapter 7"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"to": "ch01_rnn / A lop"}, "ch01_rnn has no heading 'A lop'; there are: A loop"),
        ({"to": "fig-ch01-lop"}, "ch01_rnn has no drawing named 'fig-ch01-lop'; there are: fig-ch01-loop"),
        ({"to": "nowhere"}, "no page is called 'nowhere'"),
        ({"kind": "equation", "number": "13.2", "in": "ch01_rnn"}, "equation (13.2) is not on ch01_rnn"),
    ],
)
def test_a_dead_end_is_a_warning_that_names_what_there_is(site, entry, said):
    entries(site, entry)
    assert said in site.warnings
    assert site.warnings.count("WARNING") == 1
    assert "nowhere yet" in site.html("map").text


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"to": "ch01_rnn", "too": 1}, "entry 1: expected kind, number, what, and to or in; got"),
        ({"kind": "poem", "to": "ch01_rnn"}, "entry 1: expected a kind of section, equation"),
        ({}, "entry 1: expected kind, number, what, and to or in; got"),
    ],
)
def test_an_entry_that_is_wrong_is_a_warning(tmp_path, entry, said):
    path = tmp_path / "map.yml"
    path.write_text(yaml.safe_dump([{"kind": "idea", "number": "13", "what": "x", **entry}]))
    with pytest.raises(ValueError, match=re.escape(said)):
        lecture_map.read_map(path)


def test_the_map_follows_a_page_that_changes(site):
    entries(site, {"to": "ch01_rnn / A loop"})
    site.write(ch01_rnn=f"# One\n\n## No loop\n\n{EQUATION}\n{DRAWING}").build()
    assert "ch01_rnn has no heading 'A loop'" in site.warnings


def of_kind(kind):
    return [str(entry["number"]) for entry in ENTRIES if entry["kind"] == kind]


@pytest.mark.parametrize(("kind", "last"), [("equation", 38), ("figure", 22)])
def test_every_number_is_there_once_and_in_order(kind, last):
    assert of_kind(kind) == [f"13.{n}" for n in range(1, last + 1)]


def test_every_section_is_there_once_and_in_order():
    subsections = {1: 2, 2: 3, 3: 3, 4: 2, 5: 1, 7: 1}
    wanted = ["13"]
    for n in range(1, 10):
        wanted += [f"13.{n}", *(f"13.{n}.{m}" for m in range(1, subsections.get(n, 0) + 1))]
    assert of_kind("section") == [*wanted, "notes"]
    assert set(of_kind("idea")) - {"lecture"} <= set(wanted)


def test_the_algorithms_and_examples_are_there():
    said = " ".join(entry["what"] for entry in ENTRIES if entry["kind"] == "example")
    for words in (
        "Thanks for all",
        "Teddy bears",
        "Teddy Roosevelt",
        "flights the airline",
        "green witch",
        "Janet",
    ):
        assert words in said
    assert {"FORWARDRNN", "two-pass training"} <= set(of_kind("algorithm"))


def test_the_page_shows_every_kind():
    text = (ROOT / "book" / "lecture_map.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\{lecture-map\} (\w+)", text)) == set(lecture_map.KINDS)
    assert {entry["kind"] for entry in ENTRIES} == set(lecture_map.KINDS)
