"""Every built page, under a sub-path, in headless Chromium: nothing foreign, nothing broken, reachable and light."""

import json
import os
import re
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from bs4 import BeautifulSoup

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]
ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
MOST_BYTES = 450_000
MOST_MODEL = 500_000
PHONE = {"width": 390, "height": 844}
EVERY_PAGE = os.environ.get("UNROLLED_EVERY_PAGE") == "1"  # so asks ``make site-report``


@pytest.fixture(scope="module")
def soups(built, page_names):
    return {name: BeautifulSoup((built / name).read_text(encoding="utf-8"), "lxml") for name in page_names}


def ours(names: list[str]) -> list[str]:
    """Written pages, and one page of source for them all."""
    source = [name for name in names if name.startswith("code/")]
    return [name for name in names if not name.startswith("code/") and name != "index.html"] + source[:1]


def looked_at(names: list[str]) -> list[str]:
    """``ours``, with two pages of the reference for all of it: one maker writes them."""
    if EVERY_PAGE:
        return ours(names)
    reference = [name for name in names if name.startswith("book/api/")]
    return [name for name in ours(names) if name not in reference] + reference[:2]


def is_redirect(soup) -> bool:
    return soup.find("meta", attrs={"http-equiv": "refresh"}) is not None


@pytest.mark.slow
def test_no_page_asks_a_foreign_host_or_fails_or_complains(chromium, address, page_names, watch_page):
    # a smooth scroll down a long page is a second that nobody watches
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    seen, wrong = watch_page(page, address), {}
    for name in page_names:
        if name == "index.html":  # leads on at once; it has a test of its own
            continue
        seen.clear()
        page.goto(address + name, wait_until="load")
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        page.wait_for_timeout(100)
        seen.settle(page)
        if seen.foreign or seen.failed or seen.console:
            wrong[name] = (list(seen.foreign), list(seen.failed), list(seen.console))
    context.close()
    assert wrong == {}
    assert len(page_names) > 5


def test_every_internal_link_leads_somewhere(built, soups):
    ids = {name: {tag["id"] for tag in soup.find_all(id=True)} | {""} for name, soup in soups.items()}
    broken = []
    for name, soup in soups.items():
        for tag in soup.find_all(["a", "link", "script", "img", "source", "iframe"]):
            url = tag.get("href") or tag.get("src")
            if not url or re.match(r"[a-z]+:", url):
                continue
            path, anchor = urldefrag(url)
            path = unquote(path.split("?")[0])
            target = (built / Path(name).parent / path).resolve() if path else built / name
            if not target.is_file() or not target.is_relative_to(built):
                broken.append((name, url))
            elif (key := target.relative_to(built).as_posix()) in ids and unquote(anchor) not in ids[key]:
                broken.append((name, url))
    assert broken == []


def test_each_page_has_one_title_a_description_and_words_for_its_pictures(soups):
    wrong = []
    for name, soup in soups.items():
        if is_redirect(soup):
            continue
        if len(soup.find_all("h1")) != 1:
            wrong.append((name, f"{len(soup.find_all('h1'))} h1"))
        described = soup.find("meta", attrs={"name": "description"})
        if not (described and described.get("content")) and name != "search.html":
            wrong.append((name, "no description"))
        wrong += [(name, str(tag)[:80]) for tag in soup.find_all("img") if not tag.get("alt")]
        wrong += [(name, str(tag)[:80]) for tag in soup.select("svg[role=img]") if not tag.get("aria-label")]
        wrong += [
            (name, str(tag)[:80])
            for tag in soup.find_all("img")
            if not (tag.get("width") and tag.get("height"))
        ]
        ids = [tag["id"] for tag in soup.find_all(id=True)]
        wrong += [(name, f"id {i} twice") for i in {i for i in ids if ids.count(i) > 1}]
    assert wrong == []


def test_every_equation_on_a_page_has_its_number_and_an_anchor(soups):
    numbered = [(name, tag) for name, soup in soups.items() for tag in soup.select("div.math:has(.eqno)")]
    assert numbered
    for name, tag in numbered:
        assert tag.get("id"), name
        assert re.fullmatch(r"\((13\.\d+|\d+[a-z])\)", tag.select_one(".eqno").get_text().strip()), name
    for soup in soups.values():
        assert not soup.select(".katex-error")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(chromium, address, page_names, scheme):
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    assert violations(context, address, looked_at(page_names)) == []


@pytest.mark.slow
def test_axe_finds_nothing_on_a_phone(chromium, address, page_names):
    context = chromium.new_context(viewport=PHONE, reduced_motion="reduce")
    names = looked_at(page_names) if EVERY_PAGE else ["book/ch01_rnn.html"]
    assert violations(context, address, names) == []


def violations(context, address: str, names: list[str]) -> list[tuple]:
    """What axe finds on the pages; closes the context."""
    script, page, wrong = AXE.read_text(encoding="utf-8"), context.new_page(), []
    for name in names:
        page.goto(address + name, wait_until="load")
        page.evaluate("document.fonts.ready.then(() => 0)")
        if page.query_selector(".widget-place"):
            page.wait_for_timeout(500)
        page.evaluate(script)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        wrong += [
            (name, v["id"], [n["target"] for n in v["nodes"]][:3], v["nodes"][0]["html"][:120]) for v in found
        ]
    context.close()
    return wrong


def test_a_page_with_a_widget_is_light(open_page, soups, weigh):
    with_widget = [name for name, soup in soups.items() if soup.find("script", src=re.compile("widget-host"))]
    assert with_widget
    for name in with_widget:
        page, seen = open_page(name, reduced_motion="reduce")
        page.locator(".widget-place").first.scroll_into_view_if_needed()
        page.wait_for_selector('.widget-place[data-state="alive"]', state="attached")
        page.evaluate("window.scrollTo(0, 0)")
        for _ in range(40):
            page.mouse.wheel(0, 900)
            page.wait_for_timeout(20)
        page.wait_for_timeout(300)
        weights = weigh(seen)
        models = {
            path: size
            for path, size in weights.items()
            if re.fullmatch(r"_static/weights/\w+\.model\.js", path)
        }
        assert all(size <= MOST_MODEL for size in models.values()), models  # base64 of float16, gzipped
        total = sum(weights.values()) - sum(models.values())  # they come late, and only to who plays
        assert total <= MOST_BYTES, (name, sorted(weights.items(), key=lambda item: -item[1])[:8])


def test_pages_fit_a_phone(chromium, address, page_names):
    context = chromium.new_context(viewport=PHONE)
    page = context.new_page()
    wide = []
    for name in ours(page_names):
        page.goto(address + name, wait_until="load")
        page.wait_for_timeout(150)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            wide.append((name, width))
    context.close()
    assert wide == []


def test_without_scripts_the_text_the_equations_and_the_contents_are_there(open_page):
    for options in ({}, {"viewport": PHONE}):
        page, seen = open_page("book/ch01_rnn.html", java_script_enabled=False, **options)
        for selector in (
            "h1",
            "article p",
            ".katex-html",
            "figure svg",
            ".unscripted",
            "#contents li a",
            ".highlight pre >> visible=true",
        ):
            assert page.locator(selector).first.is_visible(), (selector, options)
        assert not page.locator(".theme-switch").first.is_visible()
        assert seen.failed == []


def test_without_scripts_the_dark_follows_the_system(open_page):
    page, _ = open_page("book/intro.html", java_script_enabled=False, color_scheme="dark")
    # scripts are off for the page, so read a screenshot's corner
    import io

    from PIL import Image

    corner = Image.open(io.BytesIO(page.screenshot())).convert("RGB").getpixel((2, 2))
    assert corner == (0x16, 0x18, 0x1C)


def test_the_root_leads_to_the_first_page_from_a_server_and_from_a_file(
    open_page, built, chromium, watch_page
):
    page, _ = open_page("")
    page.wait_for_url("**/book/intro.html")
    context = chromium.new_context()
    page = context.new_page()
    seen = watch_page(page, "file:///")
    page.goto((built / "index.html").as_uri())
    page.wait_for_url("**/book/intro.html")
    page.wait_for_selector('.widget-place[data-state="alive"]')
    assert (seen.foreign, seen.failed, seen.console) == ([], [], [])
    context.close()


# ---------------------------------------------------------------- use


def test_the_theme_follows_the_system_until_it_is_chosen_and_the_choice_stays(open_page):
    page, _ = open_page("book/intro.html", color_scheme="dark")

    def theme():
        return page.evaluate("document.documentElement.dataset.theme")

    assert theme() == "dark"
    button = page.locator("#contents .theme-switch")
    button.click()
    assert theme() == "light" and "light" in button.inner_text()
    page.reload()
    assert theme() == "light"
    button.click()
    assert theme() == "dark"
    button.click()
    page.emulate_media(color_scheme="light")
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    assert "system" in button.inner_text()


def test_search_finds_a_word_and_its_key_is_the_slash(open_page):
    page, seen = open_page("book/intro.html")
    page.keyboard.press("/")
    page.keyboard.type("recurrent")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=recurrent*")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a").count() > 0
    page.wait_for_load_state("networkidle")  # the results' summaries
    seen.settle(page)
    page.locator("#search-results li a").first.click()
    page.wait_for_url(lambda url: "search.html" not in url)
    page.wait_for_load_state()
    assert (seen.foreign, seen.failed, seen.console) == ([], [], [])


def test_the_first_tab_skips_to_the_text(open_page):
    page, _ = open_page("book/ch01_rnn.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    assert page.locator(".skip-link").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_drawer_on_a_phone_opens_closes_and_gives_the_focus_back(open_page):
    page, _ = open_page("book/ch01_rnn.html", viewport=PHONE)
    contents, menu = page.locator("#contents"), page.locator(".menu")
    assert not contents.is_visible()
    menu.focus()
    page.keyboard.press("Enter")
    assert contents.is_visible() and menu.get_attribute("aria-expanded") == "true"
    assert page.evaluate("document.getElementById('main').inert")
    page.keyboard.press("Escape")
    assert not contents.is_visible()
    assert page.evaluate("document.activeElement.className") == "menu"
    menu.click()
    contents.get_by_role("link", name="Notation").click()
    page.wait_for_url("**/book/notation.html")


IN_VIEW = """(selector) => {
  const box = document.getElementById("contents").getBoundingClientRect(), link = document.querySelector(selector)?.getBoundingClientRect();
  return link && link.height > 0 && link.top >= box.top && link.bottom <= box.bottom; }"""


def test_the_contents_show_the_page_and_the_section_that_is_read(open_page):
    page, _ = open_page(
        "book/claims.html", reduced_motion="reduce"
    )  # far down in a list longer than the window
    page.wait_for_function(IN_VIEW, arg="#contents li.current > a")
    page.locator("section[id^=claim-]").last.scroll_into_view_if_needed()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_function(IN_VIEW, arg='#contents li.current .sections a[aria-current="true"]')


def test_what_is_wider_than_a_phone_fades_at_its_edge_until_it_is_scrolled_to(open_page):
    page, _ = open_page("book/ch01_rnn.html", viewport=PHONE)
    box = page.wait_for_selector("article pre.more:visible")
    assert "gradient" in box.evaluate("box => getComputedStyle(box).maskImage")
    box.evaluate("box => { box.scrollLeft = box.scrollWidth; }")
    page.wait_for_function("box => !box.classList.contains('more')", arg=box)
    box.evaluate("box => { box.scrollLeft = 0; }")
    page.wait_for_function("box => box.classList.contains('more')", arg=box)


def test_each_notebook_page_offers_its_notebook(soups, built):
    offered = {name: soup.select_one(".page-tools a[download]") for name, soup in soups.items()}
    assert offered["book/ch01_rnn.html"] and offered["exercises/ch01_rnn/ch01_rnn.html"]
    name = "exercises/ch01_rnn/ch01_rnn.ipynb"
    downloaded, released = (
        json.loads((folder / name).read_text(encoding="utf-8")) for folder in (built, ROOT)
    )
    assert downloaded["cells"].pop(0)["id"] == "install"
    assert downloaded == released


def test_the_tokens_without_scripts_are_those_of_the_dark_theme():
    css = (ROOT / "book/_theme/static/tokens.css").read_text(encoding="utf-8")
    blocks = re.findall(r'html(?:\[data-theme="dark"\]|:not\(\[data-theme\]\)) \{(.*?)\}', css, re.S)
    dark, unscripted = (" ".join(block.split()) for block in blocks)
    assert dark == unscripted
