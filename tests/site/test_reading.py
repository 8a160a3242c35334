"""Anybody can read: the search knows every word of the glossary, scripts are a comfort, and the keyboard reaches all."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]
ROOT = Path(__file__).parents[2]
CHAPTERS = sorted(p.stem for p in (ROOT / "book").glob("ch[0-9][0-9]_*.md"))
HEAVIEST = "ch09_attention"


@pytest.fixture(scope="module")
def terms(built):
    """Every term of the glossary, as the page shows it, with its anchor."""
    page = BeautifulSoup((built / "book" / "glossary.html").read_text(encoding="utf-8"), "lxml")
    found = {dt.get_text().rstrip("#¶").strip(): dt["id"] for dt in page.select("dl.glossary dt")}
    assert len(found) > 50
    return found


# ---------------------------------------------------------------- search

FIND = """(terms) => Object.fromEntries(terms.map((term) => {
    const [query, words, without, marked, objects] = Search._parseQuery(term);
    return [term, Search._performSearch(query, words, without, marked, objects).reverse().map(([page, , anchor]) => page + anchor)];
}))"""


def test_search_finds_every_term_of_the_glossary(open_page, terms):
    page, seen = open_page("search.html")
    page.wait_for_function("typeof Search !== 'undefined' && Search.hasIndex()")
    found = page.evaluate(FIND, list(terms))
    assert page.evaluate(FIND, ["zzyzx"]) == {"zzyzx": []}, "a search that finds everything finds nothing"
    missing = [term for term in terms if not any(hit.startswith("book/glossary") for hit in found[term])]
    assert missing == []
    # and among the first, not below a page of other things
    places = {
        term: next(n for n, hit in enumerate(found[term]) if hit.startswith("book/glossary"))
        for term in terms
    }
    assert {term: place for term, place in places.items() if place >= 10} == {}
    assert (seen.failed, seen.console) == ([], [])


# ---------------------------------------------------------------- without scripts


@pytest.mark.slow
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_without_scripts_a_chapter_can_be_read_and_its_quizzes_answer(open_page, built, chapter):
    page, seen = open_page(f"book/{chapter}.html", java_script_enabled=False, reduced_motion="reduce")
    soup = BeautifulSoup((built / "book" / f"{chapter}.html").read_text(encoding="utf-8"), "lxml")
    article = page.locator("article")
    assert len(article.inner_text().split()) > 1000
    for selector in ("article p", ".katex-html", "figure svg", ".highlight pre"):
        wanted = len(soup.select(f"article {selector.removeprefix('article ')}"))
        shown = page.locator(f"article {selector.removeprefix('article ')} >> visible=true").count()
        assert shown >= min(wanted, 1), selector
    for number, equation in enumerate(page.locator("div.math:has(.eqno)").all()):
        assert equation.is_visible(), f"equation {number}"
    for figure in page.locator("figure.drawing").all():
        assert figure.locator("svg").first.is_visible()
    quizzes = page.locator("fieldset.quiz").all()
    for quiz in quizzes:
        assert quiz.locator(".quiz-why >> visible=true").count() == 0, (
            "an answer is told before it is asked for"
        )
        for choice in quiz.locator(".quiz-choice").all():
            choice.locator("input").check()
            why = choice.locator(".quiz-why")
            assert why.is_visible() and len(why.inner_text()) > 15
    assert quizzes or chapter == CHAPTERS[-1]
    assert seen.failed == [] and seen.foreign == []


def test_on_paper_every_answer_is_told(open_page):
    page, _ = open_page(f"book/{CHAPTERS[0]}.html", java_script_enabled=False)
    page.emulate_media(media="print")
    answers = page.locator(".quiz-why")
    assert answers.count() > 5 and all(answer.is_visible() for answer in answers.all())


# ---------------------------------------------------------------- keyboard only

TABBABLE = """() => {
  const wanted = 'a[href], button, input, select, textarea, summary, [tabindex], [contenteditable="true"], iframe';
  const groups = new Set(), stops = (window.stops ??= []);
  const inside = (root) => [...root.querySelectorAll("*")].flatMap((el) => [...(el.matches(wanted) ? [el] : []), ...(el.shadowRoot ? inside(el.shadowRoot) : [])]);
  return inside(document).filter((el) => {
    if (el.tabIndex < 0 || el.disabled || el.closest("[inert]") || !el.checkVisibility({ visibilityProperty: true })) return false;
    if (el.type === "radio") { // one stop for a group; the arrows reach the rest
      const group = (el.form?.id ?? "") + el.name;
      if (groups.has(group)) return false;
      groups.add(group);
    }
    return true;
  }).map((el) => { el.dataset.stop ??= `${stops.push(el) - 1}`; return el.type === "radio" ? `radio ${el.name}` : el.dataset.stop; });
}"""
STOP = """() => {
  let el = document.activeElement;
  while (el?.shadowRoot?.activeElement) el = el.shadowRoot.activeElement; // a widget's own room
  if (!el || el === document.body) return null;
  const style = (e) => { const s = getComputedStyle(e); return { outline: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1, shadow: s.boxShadow !== "none" }; };
  const seen = [el, el.parentElement, el.parentElement?.parentElement, el.closest("svg, figure, .cm-editor")].filter(Boolean)
    .some((e) => style(e).outline || style(e).shadow) || (el.nextElementSibling && style(el.nextElementSibling).outline);
  const box = el.getBoundingClientRect();
  return { key: el.type === "radio" ? `radio ${el.name}` : el.dataset.stop ?? null, seen: Boolean(seen),
           there: box.bottom > 0 && box.top < innerHeight && box.width > 0, what: el.outerHTML.slice(0, 140) };
}"""


@pytest.mark.slow
@pytest.mark.parametrize("name", [f"book/{HEAVIEST}.html", "book/intro.html", "book/api/tools.html"])
def test_the_keyboard_alone_reaches_everything_and_leaves_it_again(open_page, name):
    page, _ = open_page(name, reduced_motion="reduce")
    for _ in range(page.evaluate("Math.ceil(document.body.scrollHeight / 700)")):
        page.mouse.wheel(0, 700)  # widgets start when they come near
        page.wait_for_timeout(60)
    places = page.locator(".widget-place")
    for place in places.all():
        place.scroll_into_view_if_needed()
    if places.count():
        page.wait_for_function(
            "[...document.querySelectorAll('.widget-place')].every((p) => p.dataset.state !== 'waiting')"
        )
        page.wait_for_timeout(500)
    page.evaluate("window.scrollTo(0, 0)")
    wanted = set(page.evaluate(TABBABLE))
    assert len(wanted) > 30
    reached, unseen, hidden = set(), [], []
    for _ in range(len(wanted) + 60):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None:  # past the end: nothing held the focus
            break
        reached.add(stop["key"])
        unseen += [] if stop["seen"] else [stop["what"]]
        hidden += [] if stop["there"] else [stop["what"]]
    else:
        pytest.fail(f"after {len(wanted) + 60} tabs the page still has the focus: {stop}")
    wanted &= set(page.evaluate(TABBABLE))  # what went away in the meantime can't be reached
    lost = [
        page.evaluate("(stop) => window.stops[stop].outerHTML.slice(0, 140)", key)
        for key in sorted(wanted - reached) if not key.startswith("radio")
    ]  # fmt: skip
    assert lost == [] and not [key for key in wanted - reached if key.startswith("radio")]
    assert unseen == []
    assert hidden == []


def test_a_focus_that_does_not_show_is_noticed(open_page):
    page, _ = open_page("book/api/tools.html")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(STOP)["seen"]
    page.add_style_tag(content=":focus-visible { outline: none !important }")
    assert not page.evaluate(STOP)["seen"]


# ---------------------------------------------------------------- an equation at its link


def first_reference(page):
    link = page.locator('article p:not(.implements) a.reference[href*="#equation-eq-"]').first
    link.scroll_into_view_if_needed()
    return link


def test_a_hovered_reference_shows_its_equation_and_the_mouse_may_enter_it(open_page):
    page, seen = open_page("book/ch03_language_model.html")
    link, card = first_reference(page), page.locator("#equation-card")
    assert not any("equations.js" in url for url in seen.fetched), "fetched before anybody asked"
    link.hover()
    card.locator(".katex-html").wait_for()
    number = link.inner_text()
    assert card.locator("p").inner_text().startswith(number)
    assert link.get_attribute("aria-describedby") == "equation-card"
    card.hover()
    page.wait_for_timeout(500)
    assert card.is_visible()
    page.mouse.move(2, 2)
    card.wait_for(state="hidden")
    assert link.get_attribute("aria-describedby") is None
    link.hover()
    card.wait_for()
    page.keyboard.press("Escape")
    assert not card.is_visible()
    assert (seen.foreign, seen.failed, seen.console) == ([], [], [])


def test_a_focused_reference_to_another_page_shows_its_equation_and_stays_in_the_window(open_page):
    page, _ = open_page("book/ch03_language_model.html", viewport={"width": 390, "height": 700})
    page.goto(page.url.replace("ch03_language_model", "ch06_stacked_birnn"))
    link = page.locator('article p a.reference[href^="ch01_rnn.html#equation-eq-13-1"]').first
    link.scroll_into_view_if_needed()
    page.keyboard.press("Tab")  # from now on the focus shows
    link.focus()
    card = page.locator("#equation-card")
    card.locator(".katex-html").wait_for()
    assert "(13.1) · chapter 1" in card.inner_text()
    box = card.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Tab")
    assert not card.is_visible()


def test_a_touch_follows_the_reference(open_page):
    page, _ = open_page(
        "book/ch03_language_model.html", has_touch=True, viewport={"width": 390, "height": 700}
    )
    link = first_reference(page)
    anchor = link.get_attribute("href").partition("#")[2]
    link.tap()
    page.wait_for_url(re.compile(f"#{re.escape(anchor)}$"))
    page.wait_for_timeout(400)
    assert not page.locator("#equation-card").is_visible()


def test_an_equation_shows_from_a_folder_too(chromium, built, watch_page):
    context = chromium.new_context()
    page = context.new_page()
    seen = watch_page(page, "file:///")
    page.goto((built / "book" / "ch03_language_model.html").as_uri())
    first_reference(page).hover()
    page.locator("#equation-card .katex-html").wait_for()
    assert (seen.foreign, seen.failed, seen.console) == ([], [], [])
    context.close()


def test_code_in_the_chapters_says_what_it_implements(built):
    for chapter in CHAPTERS[:-1]:
        page = BeautifulSoup((built / "book" / f"{chapter}.html").read_text(encoding="utf-8"), "lxml")
        named = [
            block
            for block in page.select("article .highlight")
            if re.search(r"#.*\(13\.\d+\)", block.get_text())
        ]
        lines = page.select("p.implements")
        assert lines or not named, chapter
        assert all(line.select("a[href*='#equation-eq-']") for line in lines), chapter
