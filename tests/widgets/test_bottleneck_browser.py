"""The bottleneck by length in Chromium: prediction, bands and their outputs, sizes, metrics, keyboard, themes, phones."""

from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect
from widget_page import button, put, trait, violations

from unrolled.widgets import bottleneck

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]
BANDS = ["3–4", "5–6", "7–8", "9–12"]
EXAMPLE = {"source": "a witch", "reference": "una bruja verde", "outputs": {"without attention": "una <b> verde", "with attention": "una bruja verde"}}  # fmt: skip


def made(**options):
    """Curves of two systems and two runs, two sizes and two metrics; made up, which the widget says."""
    curves = {
        ("without attention", 32): [[80, 60, 40, 10], [82, 60, 40, 10]],
        ("with attention", 32): [[80, 78, 77, 76], [80, 78, 77, 74]],
        ("without attention", 64): [90, 80, 60, 30],
        ("with attention", 64): [90, 89, 88, 88],
    }
    return bottleneck(
        BANDS,
        {
            "BLEU": curves,
            "exact": {"without attention": [50, 40, 30, 20], "with attention": [50, 41, 31, 20]},
        },
        examples={"9–12": [EXAMPLE]},
        measured="Made up, for a test.",
        **options,
    )


def test_predict_then_reveal(show):
    page = show(made())
    expect(page.locator(".legend")).to_contain_text("hidden until you predict")
    expect(page.locator(".summary")).to_contain_text("hidden until you predict")
    expect(page.locator(".sums tbody tr").nth(1).locator("td").first).to_have_text("?")
    expect(page.locator(".curve.r-attend")).to_have_count(1, timeout=2000)  # the key's
    button(page, "clearly less").click()
    expect(page.locator(".predict .good")).to_contain_text("With attention it falls by 2.0, without attention by 60.0.")  # fmt: skip
    assert page.locator(".curve.r-attend").count() > 1
    button(page, "Another prediction").click()
    assert (trait(page, "panel"), trait(page, "revealed")) == (1, False)
    button(page, "clearly more").click()
    expect(page.locator(".predict .bad")).to_contain_text("within 5 points of each other")


def test_presets(show):
    page = show(made())
    page.get_by_label("Presets").select_option(label="BLEU: the shortest sources")
    assert (trait(page, "step"), trait(page, "revealed")) == (1, False), "the answer stays hidden"
    page.get_by_label("Presets").select_option(label="exact: where attention gains most")
    assert [trait(page, name) for name in ("panel", "step", "revealed")] == [1, 2, True]
    button(page, "Reset").click()
    assert (trait(page, "panel"), trait(page, "step"), trait(page, "revealed")) == (0, 4, False)


def test_values_bands_sizes_and_metrics(show):
    page = show(made(revealed=True))
    rows = page.locator(".sums tbody tr")
    expect(rows.first).to_contain_text("without attention, H = 6430.0−60.01")
    button(page, "H = 32").click()
    expect(rows.nth(1)).to_contain_text("75.0 ± 1.4")
    expect(page.locator(".examples mark")).to_have_text("<b>")
    expect(page.locator(".examples")).to_contain_text("(1 missing)")
    expect(page.locator(".examples .ok")).to_have_text("✓ una bruja verde")
    expect(page.get_by_text("Made up, for a test.")).to_be_visible()
    box = page.locator("rect.touch").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 1.5 / 4, box["y"] + 40)
    assert trait(page, "step") == 2
    page.mouse.move(2, 2)
    expect(page.locator(".worked, .rule .title").first).to_contain_text("Sources of 5–6 words")
    expect(page.get_by_text("No outputs were kept for this band")).to_be_visible()
    button(page, "exact").click()
    expect(rows).to_have_count(2)
    button(page, "Table").click()
    expect(page.locator("table.data tbody tr")).to_have_count(4)
    button(page, "Reset").click()
    assert (trait(page, "panel"), trait(page, "step"), trait(page, "H")) == (0, 4, 64)


def test_keyboard(show):
    page = show(made(revealed=True))
    page.locator("svg.chart").locator("..").focus()
    for key, step in (("Home", 1), ("ArrowRight", 2), ("End", 4), ("ArrowRight", 4), ("ArrowLeft", 3)):
        page.keyboard.press(key)
        assert trait(page, "step") == step


@pytest.mark.parametrize("dark", [False, True])
def test_axe_theme_and_phone(show, dark):
    page = show(made(revealed=True), dark=dark, width=390)
    button(page, "Table").click()
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    colour = "rgb(243, 145, 181)" if dark else "rgb(176, 36, 95)"
    expect(page.locator(".curve.r-attend path").first).to_have_css("stroke", colour)
    assert violations(page) == []


@pytest.mark.parametrize("curves", [{"mine": [0.2]}, {f"system {i}": [0.1 * i, 0.5] for i in range(8)}])
def test_anybodys(show, curves):
    n = len(next(iter(curves.values())))
    page = show(bottleneck(BANDS[:n], curves, "accuracy"), width=390)
    expect(page.locator(".predict")).to_be_hidden()
    expect(page.locator(".legend li")).to_have_count(len(curves))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_export_two_views_and_half_a_host(show, tmp_path):
    page = show(made(revealed=True), views=2)
    with page.expect_download() as got:
        button(page, "Save the drawing as SVG").click()
    got.value.save_as(tmp_path / "drawing.svg")
    text = (tmp_path / "drawing.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    assert "var(" not in text and "9–12" in text
    button(page, "H = 32", 1).click()
    expect(button(page, "H = 32")).to_have_attribute("aria-pressed", "true")
    page = show(made(revealed=True), broken=True)
    put(page, step=2)
    expect(page.locator(".where")).to_have_text("step 2 of 4")
    page.evaluate("window.ends.forEach((end) => end())")
