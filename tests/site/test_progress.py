"""The overview and the counts in the contents, and the file: written, read, merged, undone, and refused when it is damaged."""

import json

import pages
import pytest
from live_site import page_at, served
from playwright.sync_api import expect
from submissions import ROOT, chapters, read_tasks

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]
HERE = {chapter: [t.id for t in read_tasks(chapter) if t.in_page] for chapter in chapters()}
FIRST = "ch01_rnn"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
ENTRY = {"code": "x = 1", "changed": "2026-01-02T03:04:05.678Z", "solved": "2026-01-02T03:04:06.000Z"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = pages.Pages(
        tmp_path_factory.mktemp("site"),
        "page", "katex_math", "progress",
        html_math_renderer="katex",
        html_theme="unrolled",
        html_title="Unrolled",
        root_doc="book/intro",
    )  # fmt: skip
    start = "# Start\n\n```{progress}\n```\n\n```{toctree}\n" + "\n".join(HERE) + "\n```\n"
    nowhere = "---\norphan: true\n---\n# The theme leads from here to the start\n"
    pages_of = {f"book/{name}": f"# On {name}\n" for name in HERE}
    site.write(index=nowhere, **{"book/intro": start}, **pages_of).build()
    with served(site):
        site.start = f"{site.address}/book/intro.html"
        yield site


@pytest.fixture
def page(site, chromium):
    with page_at(chromium, site.start, patience=30_000) as page:
        yield page


def keep(page, **entries):
    """Entries of tasks, as the exercises would write them: ``keep(page, leaky_step={...})``."""
    written = {
        f"unrolled/task/{FIRST}/{task.replace('_', '-')}": json.dumps(e) for task, e in entries.items()
    }
    page.evaluate("(w) => Object.entries(w).forEach(([k, v]) => localStorage.setItem(k, v))", written)
    page.reload()
    # on a busy machine a page can be there before what the page before it wrote
    page.wait_for_function(
        "(w) => Object.entries(w).every(([k, v]) => localStorage.getItem(k) === v)", arg=written
    )


def kept(page):
    return page.evaluate("unrolled.store.all()")


def hand(page, content, name="progress.json"):
    text = content if isinstance(content, str) else json.dumps(content)
    page.locator(".progress-file").set_input_files({"name": name, "mimeType": "application/json", "buffer": text.encode()})  # fmt: skip


def a_file(**entries):
    tasks = {f"{FIRST}/{task.replace('_', '-')}": entry for task, entry in entries.items()}
    return {"form": "unrolled-progress", "version": 1, "saved": ENTRY["changed"], "tasks": tasks}


def said(page):
    return page.locator(".progress-said")


def test_totals_are_those_of_the_assignments_and_nothing_is_solved_yet(page):
    total = sum(map(len, HERE.values()))
    counts = page.locator(".progress-count").all_inner_texts()
    assert counts == [f"0 of {len(tasks)} solved" for tasks in HERE.values()]
    assert (
        page.locator(".progress-sum").inner_text().startswith(f"Nothing is solved yet. Of {total} exercises")
    )
    assert page.locator(".contents-mark").count() == 0
    assert page.get_by_role("button", name="Save my work").is_disabled()


def test_what_is_solved_is_counted_there_and_in_the_contents_of_every_page(page, site):
    keep(page, leaky_step=ENTRY, all_states={"code": "begun", "changed": ENTRY["changed"]})
    assert page.locator(".progress-count").first.inner_text() == f"1 of {len(HERE[FIRST])} solved"
    assert page.locator("[data-chapter=ch01_rnn] .is-solved").count() == 1
    page.goto(site.start.replace("intro.html", "ch02_bptt.html"))
    link = page.locator(".contents").get_by_role("link", name="On ch01_rnn")
    expect(link).to_have_accessible_name(f"On ch01_rnn 1/{len(HERE[FIRST])} exercises solved")
    assert page.locator(".contents-mark").count() == 1


def test_another_tab_is_heard(page):
    other = page.context.new_page()
    other.goto(page.url)
    keep(other, leaky_step=ENTRY)
    expect(page.locator(".progress-count").first).to_contain_text("1 of")
    hand(other, a_file(all_states=ENTRY))
    expect(page.get_by_role("button", name="Undo the reading")).to_be_visible()


def test_a_file_goes_to_another_browser_and_back(page, chromium):
    keep(page, leaky_step=ENTRY)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save my work").click()
    text = waiting.value.path().read_text(encoding="utf-8")
    assert waiting.value.suggested_filename.startswith("unrolled-progress-20")
    context = chromium.new_context()
    other = context.new_page()
    other.goto(page.url)
    hand(other, text)
    expect(said(other)).to_have_text("1 answer added.")
    assert kept(other) == kept(page)
    assert other.locator(".progress-count").first.inner_text().startswith("1 of")
    hand(other, text)
    expect(said(other)).to_have_text("1 was here already.")
    context.close()


def test_the_newer_answer_stays_and_both_cases_are_said(page):
    keep(
        page,
        leaky_step={**ENTRY, "code": "old here"},
        all_states={"code": "new here", "changed": "2026-09-01T00:00:00.000Z"},
    )
    hand(page, a_file(
        leaky_step={"code": "new there", "changed": "2026-08-01T00:00:00.000Z"},
        all_states={**ENTRY, "code": "old there"},
        tag_words=ENTRY,
    ))  # fmt: skip
    expect(said(page)).to_have_text(
        "1 answer added. Newer in the file, so taken from it: leaky-step (chapter 1). "
        "Newer here, so left as it is here: all-states (chapter 1); the other version is still in the file."
    )
    now = kept(page)
    assert now[f"{FIRST}/leaky-step"]["code"] == "new there"
    assert now[f"{FIRST}/leaky-step"]["solved"] == ENTRY["solved"], "a mark is never lost"
    assert now[f"{FIRST}/all-states"]["code"] == "new here"


def test_a_reading_can_be_undone_but_for_what_was_written_since(page):
    keep(page, leaky_step=ENTRY)
    before = kept(page)
    later = {"code": "there", "changed": "2026-08-01T00:00:00.000Z"}
    hand(page, a_file(leaky_step=later, all_states=later, tag_words=later))
    expect(said(page)).to_contain_text("2 answers added.")
    page.evaluate(f"unrolled.store.put('{FIRST}/tag-words', {{code: 'mine since'}})")
    page.reload()
    page.get_by_role("button", name="Undo the reading").click()
    expect(said(page)).to_contain_text("2 tasks are as before the file")
    now = kept(page)
    assert now.pop(f"{FIRST}/tag-words")["code"] == "mine since"
    assert now == before
    assert not page.get_by_role("button", name="Undo the reading").is_visible()


DAMAGED = {
    "no JSON": ("PK\x03\x04 or whatever", "it is no JSON"),
    "cut short": (json.dumps(a_file(leaky_step=ENTRY))[:-9], "it is no JSON, or it is damaged"),
    "a list": ([], "no progress file of this course"),
    "a notebook": ({"cells": [], "nbformat": 4}, "no progress file of this course"),
    "a newer version": (a_file() | {"version": 2}, "has version 2 and this page reads version 1"),
    "no tasks": (a_file() | {"tasks": None}, "lists no tasks"),
    "a number as code": (a_file(leaky_step={"code": 7}), "damaged at “ch01_rnn/leaky-step”"),
    "a time that is none": (a_file(leaky_step={"solved": "yesterday"}), "damaged at “ch01_rnn/leaky-step”"),
    "a key of its own": (a_file() | {"tasks": {"__proto__x": ENTRY}}, "damaged at “__proto__x”"),
    "too long": (a_file(leaky_step={"code": "x" * 200_001}), "damaged at “ch01_rnn/leaky-step”"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_a_wrong_file_gets_one_sentence_and_changes_nothing(page, name):
    content, words = DAMAGED[name]
    keep(page, leaky_step=ENTRY)
    before = kept(page)
    if isinstance(content, dict) and isinstance(content["tasks" if "tasks" in content else "cells"], dict):
        content = {
            **content,
            "tasks": {f"{FIRST}/all-states": ENTRY, **content["tasks"]},
        }  # a good one before it
    hand(page, content)
    expect(said(page)).to_contain_text(words)
    expect(said(page)).to_contain_text("Nothing here was changed.")
    assert kept(page) == before
    hand(page, a_file(tag_words=ENTRY))  # the next one is read
    expect(said(page)).to_have_text("1 answer added.")


def test_a_browser_without_room_says_so_and_stays_as_it_was(page):
    keep(page, leaky_step=ENTRY)
    before = kept(page)
    page.evaluate("""() => { const put = Storage.prototype.setItem; let left = 2;
        Storage.prototype.setItem = function (...of) { if (left-- <= 0) throw new DOMException("full", "QuotaExceededError"); put.apply(this, of); }; }""")
    hand(page, a_file(all_states=ENTRY, tag_words=ENTRY))
    expect(said(page)).to_have_text("This browser has no room for it, or keeps nothing (a private window?). Nothing was changed.")  # fmt: skip
    assert kept(page) == before


def test_a_browser_that_keeps_nothing_is_told(site, chromium):
    context = chromium.new_context()
    context.add_init_script(
        "delete window.localStorage; Object.defineProperty(window, 'localStorage', {get() { throw new Error('off'); }})"
    )
    page = context.new_page()
    page.goto(site.start)
    expect(page.locator(".progress-sum")).to_contain_text("This browser keeps nothing")
    page.evaluate(f"unrolled.store.put('{FIRST}/leaky-step', {{code: 'x', solved: '{ENTRY['solved']}'}})")
    expect(page.locator(".progress-count").first).to_contain_text("1 of")
    context.close()


def test_without_scripts_the_numbers_stand(site, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.start)
    assert page.locator(".progress-count").first.inner_text() == f"{len(HERE[FIRST])} exercises"
    assert page.locator(".progress-overview noscript p").is_visible()
    assert not page.locator(".progress-save").is_visible()
    context.close()


def test_the_keyboard_reaches_the_file_and_axe_finds_nothing(page):
    page.on("filechooser", lambda _: None)  # listened for from here on: the key must not come before the ear
    keep(page, leaky_step=ENTRY)
    page.locator("[data-chapter=ch10_summary]").scroll_into_view_if_needed()
    page.get_by_role("button", name="Save my work").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "progress-open"
    with page.expect_file_chooser():
        page.keyboard.press("Enter")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found] == []
