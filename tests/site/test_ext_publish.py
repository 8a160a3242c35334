"""With the site's address: canonical links, a sitemap, robots.txt and a card a page. Without it: none of them."""

import xml.etree.ElementTree as Tree

import pages
import pytest
from PIL import Image
from sphinx.errors import ConfigError

URL = "https://ann.example.org/some/path/"
HEAD = '---\nmyst: {html_meta: {description: "Said & \\"quoted\\"."}}\nunrolled: {eyebrow: Chapter 1}\n---\n'
PAGE = "{%- if pageurl %}<link rel='canonical' href='{{ pageurl|e }}'>{% endif %}{{ shared }}{{ body }}"
SHARED = {"og:type", "og:site_name", "og:title", "og:description"}


def site(folder, url):
    templates = folder / "templates"
    templates.mkdir()
    (templates / "page.html").write_text(PAGE)
    made = pages.Pages(
        folder, "publish", html_baseurl=url, html_title="Small", templates_path=[str(templates)]
    )
    made.write(**{"one": HEAD + "# One *&* all\n\nWords.\n", "deep/two": "# Two\n\nWords only.\n"})
    return made.build()


@pytest.fixture(scope="module")
def unset(tmp_path_factory):
    return site(tmp_path_factory.mktemp("unset"), "")


@pytest.fixture
def known(tmp_path):
    return site(tmp_path, URL.rstrip("/"))


def facts(made, name):
    tags = made.html(name).select("meta[property], meta[name^=twitter]")
    return {tag.get("property") or tag["name"]: tag["content"] for tag in tags}


def test_without_an_address_nothing_absolute_is_said(unset):
    assert facts(unset, "one").keys() == SHARED
    assert not unset.html("one").select("link[rel=canonical]")
    assert not [n for n in ("sitemap.xml", "robots.txt", "_static/cards") if (unset.out / n).exists()]


def test_a_shared_link_says_the_pages_title_and_description(unset):
    said = facts(unset, "one")
    assert (said["og:title"], said["og:description"]) == ("One & all", 'Said & "quoted".')
    assert (facts(unset, "index")["og:type"], said["og:type"]) == ("website", "article")


def test_with_an_address_each_page_has_its_own_and_a_card(known):
    said = facts(known, "deep/two")
    assert known.html("deep/two").select_one("link[rel=canonical]")["href"] == f"{URL}deep/two.html"
    assert said["og:url"] == f"{URL}deep/two.html"
    assert said["og:image"] == f"{URL}_static/cards/deep-two.png"
    with Image.open(known.out / "_static/cards/deep-two.png") as card:
        assert card.size == (1200, 630) == (int(said["og:image:width"]), int(said["og:image:height"]))


def test_the_sitemap_lists_every_page_once_and_robots_names_it(known):
    names = [e.text for e in Tree.parse(known.out / "sitemap.xml").iter() if e.tag.endswith("}loc")]
    assert sorted(names) == [f"{URL}{name}.html" for name in ("deep/two", "index", "one")]
    assert f"Sitemap: {URL}sitemap.xml\n" in (known.out / "robots.txt").read_text()


def test_what_an_earlier_build_left_goes_with_its_page_and_with_the_address(known):
    (known.source / "one.md").unlink()
    known.build()
    assert {p.name for p in (known.out / "_static/cards").iterdir()} == {"index.png", "deep-two.png"}
    known.config["html_baseurl"] = ""
    known.build()
    assert not [*(known.out / "_static/cards").iterdir(), *known.out.glob("*.xml"), *known.out.glob("*.txt")]


@pytest.mark.parametrize(
    "url", ["ann.example.org", "https://ann.example.org/a b", 'https://a.org/"><script>']
)
def test_an_address_that_can_t_be_one_stops_the_build(url):
    with pytest.raises(ConfigError, match="expected https://host/path/, got"):
        pages.load("publish").cleaned(url)


# ---------------------------------------------------------------- cards


def card(**changes):
    cards = pages.load("cards")
    return cards.Card("A title", "A description.", "Chapter 1", "Small")._replace(**changes)


def test_a_card_is_drawn_once_and_anew_when_it_says_something_else_or_was_cut_off(tmp_path):
    draw, path = pages.load("cards").draw, tmp_path / "cards" / "x.png"
    assert draw(card(), path) and not draw(card(), path)
    assert draw(card(title="Other"), path)
    path.write_bytes(path.read_bytes()[:999])
    assert draw(card(title="Other"), path) and not draw(card(title="Other"), path)


def test_a_title_stays_within_the_card_however_long():
    cards = pages.load("cards")
    for title in ("LSTM", "A network that carries its past", "A very long title that says much " * 5):
        size, lines = cards.fitted(title)
        letters = cards.font("source-serif-4", 600, size)
        assert 1 <= len(lines) <= 2
        assert all(letters.getlength(line) <= cards.SIZE[0] - 2 * cards.MARGIN for line in lines)


def test_the_words_of_a_card_never_reach_its_network():
    cards = pages.load("cards")
    drawn = cards.picture(card(title="A long title " * 9, description="Many words of a description. " * 40))
    foot = (0, cards.SIZE[1] - 170, *cards.SIZE)
    assert drawn.crop(foot).tobytes() == cards.network().tobytes()
    assert drawn.crop((0, foot[1] - 20, cards.SIZE[0], foot[1])).getcolors() == [
        (24000, cards.colour("paper"))
    ]
