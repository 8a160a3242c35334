"""The context explorer in Chromium: prediction, swapping, typing, keyboard, themes, hosts, phones, two views."""

from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import expect
from widget_models import WORDS, network
from widget_page import button, put, trait, violations

from unrolled.scratch.birnn import bidirectional
from unrolled.scratch.cells import CELLS
from unrolled.widgets import context_explorer
from unrolled.widgets._model import pack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]
KNOWN = {"words": WORDS, "tags": ["DET", "ADJ", "NOUN", "VERB"]}
TEXT = "the green witch arrived"


def live(text=TEXT, place=3, swap="arrived", word=2, revealed=True, H=6):
    one, both = (network(c, H=H, K=4, seed=k) for k, c in enumerate((CELLS["lstm"], bidirectional(CELLS["lstm"]))))  # fmt: skip
    return context_explorer(text, place, swap, word, pack(one, KNOWN), pack(both, KNOWN), revealed)


def table(page):
    rows = page.locator("table.data tbody tr").evaluate_all("rows => rows.map((r) => [...r.children].slice(2).map((c) => c.textContent))")  # fmt: skip
    return np.array(rows, float)


def test_what_the_page_computes_is_what_python_computes(show):
    w = live()
    page = show(w)
    button(page, "Table").click()
    a, b, c, d = w.states
    expected = np.stack([np.linalg.norm(x - y, axis=1) for x, y in ((a, c), (b, d))], axis=1) / np.sqrt(6)
    np.testing.assert_allclose(table(page), expected, atol=6e-4)
    assert page.locator("svg.draw .none").all_text_contents()[:3] == ["same", "same", f"{expected[2, 0]:.2f}"]
    expect(page.locator(".tags .told").first).to_have_text("Not one number changes.")
    before, after = w.tags["both"]
    shown = dict(zip(page.locator(".lanes").nth(1).locator("span:nth-child(3n + 1)").all_inner_texts(), page.locator(".lanes").nth(1).locator(".p").all_inner_texts(), strict=True))  # fmt: skip
    for tag, text in shown.items():
        got = [float(part.strip(" %<")) for part in text.split("→")]
        np.testing.assert_allclose(got, [100 * before[tag], 100 * after[tag]], atol=0.6)


@pytest.mark.parametrize(
    ("place", "word", "answer"),
    [(3, 2, "the two-way one"), (1, 3, "both"), (2, 2, "both")],
    ids=["later", "earlier", "itself"],
)
def test_predict_then_reveal(show, place, word, answer):
    page = show(live(place=place, swap="zebra", word=word, revealed=False))
    assert set(page.locator("svg.draw .none").all_text_contents()) == {"?"}
    assert "hidden until you predict" in page.locator(".summary").inner_text()
    page.locator(".predict").get_by_role("button", name=answer, exact=True).click()
    expect(page.locator(".predict .good")).to_contain_text("Yes.")
    assert "?" not in page.locator("svg.draw .none").all_text_contents()
    button(page, "Another prediction").click()
    assert trait(page, "revealed") is False and trait(page, "text") != TEXT
    page.locator(".predict").get_by_role("button", name="neither", exact=True).click()
    expect(page.locator(".predict .bad")).to_contain_text("Not so.")


def test_swap_swap_back_type_and_reset(show):
    page = show(live())
    page.get_by_role("textbox", name="becomes").fill("zebra")
    assert trait(page, "swap") == "zebra"
    expect(page.locator(".note")).to_contain_text("read as <unk>: zebra")
    button(page, "Swap back").click()
    assert set(page.locator("svg.draw .none").all_text_contents()) == {"same"}
    page.get_by_label("Word to change").select_option("1")
    assert (trait(page, "place"), trait(page, "swap")) == (1, "")
    field = page.get_by_role("textbox", name="Your sentence")
    field.fill("<b>witch</b>")
    assert page.locator(".toks button").all_inner_texts() == ["<", "b", ">", "witch", "<", "/", "b", ">"]
    for text, said in (("", "Type at least one word."), ("a " * 61, "At most 60 words; this has 61.")):
        field.fill(text)
        expect(page.locator(".note.warn")).to_have_text(said)
    assert trait(page, "text") == "<b>witch</b>"
    page.get_by_label("Presets").select_option(index=2)
    assert trait(page, "text") == "she left before noon" and trait(page, "revealed") is False
    button(page, "Reset").click()
    assert [trait(page, name) for name in ("text", "place", "swap", "word")] == [TEXT, 3, "arrived", 2]


def test_keyboard_alone_and_the_drawing_is_pressed(show):
    page = show(live())
    page.locator(".toks button").nth(1).focus()
    for key, word in (("ArrowRight", 3), ("End", 4), ("ArrowRight", 4), ("Home", 1)):
        page.keyboard.press(key)
        assert trait(page, "word") == word
    page.get_by_role("textbox", name="becomes").focus()
    page.keyboard.press("ArrowRight")
    assert trait(page, "word") == 1, "in a field the arrows are the field's"
    reached = set()
    for _ in range(10):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("() => { let a = document.activeElement; while (a.shadowRoot) a = a.shadowRoot.activeElement; return a.textContent.slice(0, 20); }"))  # fmt: skip
    assert {"Swap back", "Another prediction", "Table"} <= reached
    page.locator("svg.draw").click(position={"x": 54 + 64 * 2 + 20, "y": 80})
    assert trait(page, "word") == 3


def test_two_views_show_one_model(show):
    page = show(live(), views=2)
    page.get_by_role("textbox", name="becomes").first.fill("green")
    expect(page.get_by_role("textbox", name="becomes").nth(1)).to_have_value("green")
    assert page.locator("svg.draw .word.new").all_text_contents() == ["green", "green"]


@pytest.mark.parametrize("text", [TEXT, "witch " * 60], ids=["short", "long"])
def test_on_a_phone(show, text):
    page = show(live(text), width=360)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    sizes = page.locator(".ur *").evaluate_all(
        "n => n.filter((e) => [...e.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim()) && !e.closest('sub, sup')).map((e) => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 12


@pytest.mark.parametrize(("revealed", "dark"), [(False, True), (True, False), (True, True)])
def test_axe_and_theme(show, revealed, dark):
    page = show(live(revealed=revealed), dark=dark)
    button(page, "Table").click()
    page.wait_for_timeout(200)
    assert violations(page) == []
    if revealed:
        expect(page.locator("svg.draw .full").first).to_have_css("fill", "rgb(242, 168, 115)" if dark else "rgb(168, 72, 12)")  # fmt: skip


def test_a_rude_page_and_a_host_that_can_do_half(show):
    page = show(live(), broken=True)
    button(page, "Swap back").click()
    expect(page.locator(".summary")).to_contain_text("No word is changed.")
    expect(button(page, "Table")).to_have_css("text-transform", "none")
    page.evaluate("window.ends.forEach((end) => end())")
    put(page, swap="zebra")
    expect(page.locator(".summary")).to_contain_text("No word is changed.")


def test_export(show, tmp_path):
    page = show(live())
    with page.expect_download() as got:
        button(page, "Save the drawing as SVG").click()
    got.value.save_as(tmp_path / "d.svg")
    text = (tmp_path / "d.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert "var(" not in text and "rgb(168, 72, 12)" in text and "→h" in text
    with page.expect_download() as got:
        button(page, "Save the drawing as PNG").click()
    got.value.save_as(tmp_path / "d.png")
    data = (tmp_path / "d.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(data[16:20], "big") == 2 * round(float(root.get("width")))  # fmt: skip
