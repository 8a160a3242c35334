"""Attention in Chromium: prediction, typing, forcing, temperature, gold, keyboard, themes, phones, export."""

from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import expect
from widget_page import button, put, trait, violations

from unrolled.widgets import attention, attention_explorer, trace_attention
from unrolled.widgets._translator import Translator

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]
TEXT = "the strange green frog helps the strange queen"
RNG = np.random.default_rng(0)


def rows(page):
    """The table's numbers, a row a target word."""
    if trait(page, "table") is not True:
        button(page, "Table").click()
    found = page.locator("table.data tbody tr").evaluate_all(
        "rows => rows.map((r) => [...r.children].slice(1).map((c) => c.textContent))"
    )
    return np.array([[float(cell.replace("−", "-")) for cell in row] for row in found])


def words(page):
    """The target words that the heatmap names."""
    return page.locator("[data-t-row]").all_text_contents()


def test_what_the_page_computes_is_what_python_computes(show):
    w = attention_explorer(TEXT, revealed=True)
    page, model = show(w), Translator(w.weights)
    for text in (TEXT, "the green witch arrived"):
        page.get_by_label("English sentence").fill(text)
        expected, alpha = model.greedy(text)
        assert page.locator("[data-w]").all_text_contents() == expected
        np.testing.assert_allclose(rows(page), alpha, atol=6e-4)
    assert trait(page, "text") == "the green witch arrived"


def test_predict_then_reveal(show):
    page = show(attention_explorer("the green witch arrived"))
    expect(page.locator(".predict")).to_contain_text("about to write “bruja”")
    expect(page.locator(".summary")).to_contain_text("hidden until you predict")
    assert words(page) == ["llegó", "la", "bruja", "…", "…"]
    expect(page.locator(".sums td.r-attend").first).to_have_text("?")
    button(page, "arrived").click()
    expect(page.locator(".predict .bad")).to_contain_text("“bruja” looks most at “witch” (word 3)")
    assert words(page) == ["llegó", "la", "bruja", "verde", "</s>"]
    button(page, "Another prediction").click()
    assert (trait(page, "revealed"), trait(page, "step")) == (False, 4)
    button(page, "green").click()
    expect(page.locator(".predict .good")).to_contain_text("Yes.")
    button(page, "Another prediction").click()
    button(page, "Just show me").click()
    assert trait(page, "revealed") is True and trait(page, "guess") == ""


def test_forcing_a_cell_changes_what_follows(show):
    page = show(attention_explorer(TEXT, revealed=True))
    before = words(page)
    page.get_by_role("button", name="Force all weight on the").first.click()
    assert trait(page, "forced") == {"1": 1}
    expect(page.locator(".heat .force")).to_have_count(1)
    expect(page.locator(".sums").last).to_contain_text("unforced")
    np.testing.assert_allclose(rows(page)[0], np.eye(8)[0])
    page.locator(".heat").scroll_into_view_if_needed()
    box = page.locator(".heat rect.touch").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.5 / 8, box["y"] + box["height"] * 3.5 / len(words(page)))
    assert trait(page, "forced") == {"1": 1, "4": 1} and trait(page, "step") == 4
    expect(page.locator(".summary")).to_contain_text("forced: all weight is on “the”")
    assert words(page) != before, "another sentence follows"
    button(page, "Let go of what is forced").click()
    assert trait(page, "forced") == {} and words(page) == before
    expect(button(page, "Let go of what is forced")).to_be_hidden()


def test_temperature_score_and_gold(show):
    page = show(attention_explorer("the green witch arrived", revealed=True))
    expect(page.locator(".heat .gold")).to_have_count(4)
    sharp = rows(page)[0]
    page.get_by_role("slider", name="softmax temperature").press("End")
    warm = rows(page)[0]
    assert trait(page, "temperature") == 4 and warm.max() < sharp.max() and abs(warm.sum() - 1) < 0.01
    page.get_by_role("slider", name="softmax temperature").press("Home")
    assert rows(page)[0].max() > 0.99
    put(page, temperature=1)
    button(page, "bilinear").click()
    np.testing.assert_allclose(rows(page)[0], sharp, atol=1e-3)
    expect(page.get_by_text("trained without W_s")).to_be_visible()
    button(page, "scaled").click()
    expect(page.locator(".note").nth(1)).to_contain_text("trained with dot scores")
    assert not np.allclose(rows(page), sharp)
    button(page, "Reset").click()
    assert (trait(page, "score"), trait(page, "temperature")) == ("dot", 1)


def test_unknown_empty_and_long_text(show):
    page = show(attention_explorer("the green witch arrived", revealed=True))
    field, note = page.get_by_label("English sentence"), page.locator(".note").first
    field.fill("the zyzzyva <b>arrived</b>")
    expect(note).to_contain_text("read as <unk>: zyzzyva")
    expect(page.locator(".heat text.unknown").first).to_have_text("zyzzyva")
    field.fill("   ")
    expect(note).to_have_text("Type at least one word to translate.")
    assert trait(page, "text") == "the zyzzyva <b>arrived</b>", "the last sentence stays"
    field.fill("the witch " * 20)
    expect(note).to_contain_text("first 30 words: 10 are left out")
    page.get_by_label("Presets").select_option(index=1)
    assert trait(page, "text") == "the green witch arrived"
    expect(field).to_have_value("the green witch arrived")


def test_sizes_that_no_dot_product_takes(show):
    h_d, h_e, W_s = RNG.normal(size=(3, 4)), RNG.normal(size=(2, 6)), RNG.normal(size=(4, 6))
    from unrolled.scratch.attention import attend

    w = trace_attention(lambda d, e: attend(d, e, "bilinear", W_s)[0], h_d, h_e, ["a", "b"], ["x", "y", "z"], "bilinear", W_s)  # fmt: skip
    page = show(w)
    np.testing.assert_allclose(rows(page), w.matrix, atol=6e-3)
    expect(page.get_by_text("H = 4 and E = 6")).to_be_visible()
    expect(button(page, "dot")).to_have_attribute("aria-disabled", "true")
    button(page, "dot").click(force=True)
    assert trait(page, "score") == "bilinear"
    expect(page.locator(".eq")).to_contain_text("(13.38)")


def test_anybodys_arrays(show):
    alpha = RNG.dirichlet(np.ones(3), size=2)
    page = show(attention(alpha, ["a", "<i>b</i>", "c"], ["x", "y"], gold=[(0, 0)], step=2))
    np.testing.assert_allclose(rows(page), alpha, atol=1e-3)
    expect(page.locator(".heat .gold")).to_have_count(1)
    expect(page.locator(".choice, .dial, .eq")).to_have_count(0)
    page.locator("[data-w]").first.click()
    assert trait(page, "step") == 1


def test_keyboard_alone(show):
    page = show(attention_explorer("the green witch arrived", revealed=True))
    page.locator(".heatbox").focus()
    for key, step in (("ArrowRight", 2), ("End", 5), ("ArrowRight", 5), ("ArrowLeft", 4), ("Home", 1)):
        page.keyboard.press(key)
        assert trait(page, "step") == step
    page.keyboard.press("Space")
    assert trait(page, "playing") is True
    page.keyboard.press("Space")
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate("() => { let a = document.activeElement; while (a.shadowRoot) a = a.shadowRoot.activeElement; return a.ariaLabel ?? ''; }")  # fmt: skip
        if name == "Force all weight on green":
            page.keyboard.press("Enter")
            break
    assert trait(page, "forced") == {"1": 2}
    page.keyboard.press("Escape")


@pytest.mark.parametrize("dark", [False, True])
def test_axe_and_theme(show, dark):
    page = show(attention_explorer(TEXT, revealed=True, step=4), dark=dark)
    put(page, forced={"4": 1})
    button(page, "Table").click()
    page.wait_for_timeout(300)
    colour = page.locator(".lines path").last.evaluate("p => getComputedStyle(p).stroke")
    assert colour == ("rgb(243, 145, 181)" if dark else "rgb(176, 36, 95)")
    assert violations(page) == []


@pytest.mark.parametrize("make", [
    lambda: attention_explorer("the photos that the beautiful white wizard was hiding were big and my white woman came", revealed=True, step=5),
    lambda: attention(np.eye(100), [f"s{i}" for i in range(100)], [f"t{i}" for i in range(100)], step=91),
], ids=["long", "big"])  # fmt: skip
def test_on_a_phone(show, make):
    page = show(make(), width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sizes = page.locator(".ur *").evaluate_all("n => n.filter((e) => [...e.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim()) && !e.closest('sub, sup')).map((e) => parseFloat(getComputedStyle(e).fontSize))")  # fmt: skip
    assert min(sizes) >= 12
    boxes = page.locator("[data-t-row]").evaluate_all("n => n.map((t) => t.getBoundingClientRect().top)")
    assert min(np.diff(sorted(boxes))) >= 13, "labels do not overlap"
    page.set_viewport_size({"width": 420, "height": 900})
    page.wait_for_timeout(300)
    now = page.locator("[data-t-row].now").text_content()
    assert now in page.locator(".summary").text_content(), "a new width keeps the row"


def test_two_views_and_a_host_that_can_do_half(show):
    page = show(attention_explorer("the green witch arrived", revealed=True), views=2)
    button(page, "Next ›", 1).click()
    expect(page.locator(".where").first).to_have_text("step 2 of 5")
    page = show(attention_explorer("the green witch arrived", revealed=True), broken=True)
    button(page, "Next ›").click()
    expect(page.locator(".where")).to_have_text("step 2 of 5")
    page.evaluate("window.ends.forEach((end) => end())")


def test_export(show, tmp_path):
    page = show(attention_explorer("the green witch arrived", revealed=True))
    with page.expect_download() as got:
        button(page, "Save the drawing as SVG").click()
    got.value.save_as(tmp_path / "drawing.svg")
    text = (tmp_path / "drawing.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    assert "var(" not in text and "bruja" in text and "rgb(176, 36, 95)" in text
    assert text.count("fill-opacity") > 4, "the cells are in it"
    with page.expect_download() as got:
        button(page, "Save the drawing as PNG").click()
    got.value.save_as(tmp_path / "drawing.png")
    assert (tmp_path / "drawing.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
