"""The unrolled stepper in Chromium: mouse, keyboard, typing, themes, hosts, phones, two views."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import widget_page
from playwright.sync_api import expect
from widget_page import button, need, put, trait, violations

from unrolled.widgets import unrolled_stepper

ROOT = Path(__file__).parents[2]
HOST = ROOT / "book" / "_theme" / "static" / "widget-host.js"
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]


def test_prev_next_scrub_and_words(show):
    page = show(unrolled_stepper(step=1))
    button(page, "Next ›").click()
    assert trait(page, "step") == 2
    button(page, "‹ Prev").click(click_count=3)
    assert trait(page, "step") == 1
    bar = page.get_by_role("slider", name="Step").bounding_box()
    page.mouse.move(bar["x"] + 10, bar["y"] + bar["height"] / 2)
    page.mouse.down()
    page.mouse.move(bar["x"] + bar["width"] - 8, bar["y"] + bar["height"] / 2, steps=5)
    page.mouse.up()
    assert trait(page, "step") == 4
    button(page, "green").click()
    assert trait(page, "step") == 2
    expect(page.locator(".copy.now .word")).to_have_text("green")
    page.locator(".copy").nth(2).locator(".word").click()
    expect(page.get_by_role("status").last).to_contain_text("Step 3, “witch”. State: recent −0.13 (was 0.84)")


def test_the_future_is_not_drawn(show):
    page = show(unrolled_stepper(step=2))
    heights = (
        page.locator(".copy")
        .nth(2)
        .locator(".vec.hidden .bar, .vec.output .bar")
        .evaluate_all("b => b.map((r) => Number(r.getAttribute('height')))")
    )
    assert heights == [0, 0, 0, 0]
    assert (
        len(
            set(
                page.locator(".copy")
                .nth(1)
                .locator(".vec.hidden .bar")
                .evaluate_all("b => b.map((r) => r.getAttribute('height'))")
            )
        )
        == 2
    )


def test_keyboard_alone(show):
    page = show(unrolled_stepper(step=1))
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert trait(page, "step") == 3
    focused = "() => { let a = document.activeElement; while (a.shadowRoot) a = a.shadowRoot.activeElement; return a; }"
    assert page.evaluate(f"({focused})().textContent") == "witch"
    page.keyboard.press("End")
    assert trait(page, "step") == 4
    page.keyboard.press("Home")
    assert trait(page, "step") == 1
    seen, outlined = [], []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                f"(() => {{ const a = ({focused})(); return a.getAttribute('aria-label') || a.textContent || a.tagName; }})()"
            )
        )
        outlined.append(page.evaluate(f"getComputedStyle(({focused})()).outlineStyle"))
        if seen[-1] == "Save the drawing as PNG":
            break
    for name in (
        "Next ›",
        "Play",
        "Step",
        "Edit words",
        "U, named, from recent",
        "Reset",
        "Preset weights",
        "Table",
        "↑ up",
    ):
        assert name in seen
    assert set(outlined) <= {"solid", "auto"}
    page.locator(".graph").focus()
    page.keyboard.press("ArrowRight")
    assert trait(page, "step") == 2
    page.keyboard.press("Space")
    assert trait(page, "playing") is True
    page.keyboard.press("Space")
    assert trait(page, "playing") is False


@pytest.mark.parametrize("views", [1, 2])
def test_play_walks_one_word_a_beat_and_stops_at_the_end(show, views):
    page = show(unrolled_stepper(step=4), views=views, clock=True)
    button(page, "Play").click()
    for step in (2, 3):
        page.clock.run_for(1150)
        assert (trait(page, "step"), trait(page, "playing")) == (step, True)
        expect(page.locator(".summary").first).to_have_attribute("aria-live", "off")
    page.clock.run_for(1150)
    assert (trait(page, "step"), trait(page, "playing")) == (4, False)
    expect(page.locator(".summary").first).to_have_attribute("aria-live", "polite")
    page.clock.run_for(5000)
    assert trait(page, "step") == 4


def test_two_views_show_one_model(show):
    page = show(unrolled_stepper(), views=2)
    button(page, "Next ›").click()
    expect(page.locator(".where").nth(1)).to_have_text("step 4 of 4")
    page.get_by_label("b, named", exact=True).nth(1).fill("1")
    expect(page.get_by_label("b, named", exact=True).first).to_have_value("1.00")
    button(page, "Fold the network into one cell with a loop", 1).click()
    expect(page.locator(".loop")).to_have_count(2)


def test_typing_words(show):
    page = show(unrolled_stepper())

    def typed(text):
        button(page, "Edit words").click()
        page.get_by_label("Sentence, 1 to 60 words").fill(text)
        page.keyboard.press("Enter")

    typed("The zebra slept 👩‍👩‍👧")
    assert trait(page, "text") == "The zebra slept 👩‍👩‍👧"
    expect(page.locator(".toks [data-unknown]")).to_have_text(["zebra", "👩‍👩‍👧"])
    assert "not in the vocabulary" in page.locator(".toks [data-unknown]").first.get_attribute("title")
    expect(page.locator(".copy .word.unknown")).to_have_count(2)
    typed("   ")
    expect(page.locator(".hint")).to_have_text("The network needs at least one word to read.")
    page.keyboard.press("Escape")
    assert trait(page, "text") == "The zebra slept 👩‍👩‍👧"
    typed("witch " * 70)
    assert len(trait(page, "text").split()) == 60
    expect(page.locator(".summary")).to_contain_text("60 words at most: the last 10 of yours are left out")
    typed("x" * 300)
    expect(page.locator(".where")).to_have_text("step 1 of 1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000
    typed("<img src=x onerror=alert(1)>")
    expect(page.locator(".toks")).to_contain_text("onerror=alert")


def test_swapping_two_words_leaves_another_state(show):
    page = show(unrolled_stepper(step=2))
    button(page, "Swap green ↔ witch").click()
    assert trait(page, "text") == "the witch green arrived"
    w = unrolled_stepper("the witch green arrived")
    last = ", ".join(f"{v:.2f}".replace("-", "−") for v in w.trace.h[-1])
    expect(page.locator(".summary")).to_contain_text(
        f"Same words, another order: h_4 was (−0.64, 0.91), now it is ({last})"
    )


def test_weights_in_place(show):
    page = show(unrolled_stepper(step=3))
    field = page.get_by_label("U, named, from named", exact=True)
    field.fill("0")
    assert trait(page, "U") == [[0.5, -0.3], [0.0, 0.0]]
    expect(page.locator(".line .cell.hidden[data-t=h]").nth(1)).to_have_text("0.99")
    field.press("ArrowUp")
    field.press("PageDown")
    assert trait(page, "U")[1][1] == pytest.approx(-0.9)
    for bad in ("abc", "", "11", "1e999", "--"):
        field.fill(bad)
        expect(field).to_have_attribute("aria-invalid", "true")
        field.press("Enter")
        expect(page.locator(".summary")).to_contain_text(
            "is not a number between −10 and 10: U, named, from named stays −0.90"
        )
        expect(field).to_have_value("−0.90")
    field.fill("0,25")
    assert trait(page, "U")[1][1] == 0.25
    page.get_by_label("Number of units").select_option("4")
    assert [len(trait(page, n)) for n in ("W", "U", "b", "h_0", "units")] == [4] * 5 and len(
        trait(page, "V")[0]
    ) == 4
    page.get_by_label("Number of units").select_option("2")
    page.get_by_label("Preset weights").select_option(label="Sees order (3 units)")
    assert trait(page, "units") == ["quality", "named", "both"]
    page.get_by_label("Activation g").select_option("relu")
    expect(page.locator(".line .op").filter(has_text="relu").first).to_be_visible()
    button(page, "Reset").click()
    assert trait(page, "U") == [[0.5, -0.3], [0.0, 1.8]] and trait(page, "g") == "tanh"


def test_what_the_page_computes_is_what_python_computes(show):
    w = unrolled_stepper(step=3)
    page = show(w)
    expect(page.locator(".line .cell.hidden[data-t=h]")).to_have_text(
        [f"{v:.2f}".replace("-", "−") for v in w.trace.h[2]]
    )
    expect(page.locator(".line .cell[data-t=Uh]").first).to_have_text("0.50·0.84 − 0.30·(−0.50)")
    expect(page.locator(".line .cell[data-t=Wx]").nth(1)).to_have_text("3.00·1 + 0.00·0 + 0.00·0")
    expect(page.locator(".line .cell.output:not([data-t])")).to_have_text([f"{v:.2f}" for v in w.trace.y[2]])


@pytest.mark.parametrize("term", ["Uh", "Wx", "b", "h", "Vh"])
def test_a_term_lights_its_arrow_and_its_numbers(show, term):
    page = show(unrolled_stepper())
    source = page.locator(f"button.term[data-t={term}]")
    for point, leave in ((source.hover, lambda: page.mouse.move(5, 5)), (source.focus, source.blur)):
        point()
        assert trait(page, "term") == term
        lit = page.locator(".lit")
        assert set(lit.evaluate_all("n => n.map((x) => x.dataset.t)")) == {term}
        expect(page.locator(f".line .cell.lit[data-t={term}]")).to_have_count(2)
        if term in ("Uh", "Wx", "Vh"):
            expect(page.locator(f".copy .arrow.lit[data-t={term}]")).to_have_count(4)
            page.wait_for_timeout(200)
            width = page.locator(f".arrow.lit[data-t={term}] .shaft").evaluate_all(
                "n => n.map((x) => parseFloat(getComputedStyle(x).strokeWidth))"
            )
            assert width[2] == max(width) > width[0], "the current step's copy is the thickest"
        if term != "h":
            expect(page.locator(f".matrix.lit[data-t={term}]")).to_have_count(1)
        leave()
        expect(lit).to_have_count(0)
    if term in ("Uh", "Wx", "Vh"):
        page.locator(f".copy.now .arrow[data-t={term}] .sym").hover()
        assert trait(page, "term") == term


def test_predict_then_reveal(show):
    page = show(unrolled_stepper(step=2))
    button(page, "↓ down").click()
    assert trait(page, "step") == 3 and trait(page, "guess") == {"way": "down", "unit": 1, "step": 3}
    expect(page.locator(".predict")).to_contain_text("Not yet. “named” went up: −0.50 → 0.96.")
    button(page, "recent").click()
    button(page, "↓ down").click()
    expect(page.locator(".predict")).to_contain_text("Yes. “recent” went down: −0.13 → −0.64.")
    button(page, "‹ Prev").click()
    expect(page.locator(".predict")).not_to_contain_text("went")


def test_folding(show):
    page = show(unrolled_stepper(step=3, folded=True))
    expect(page.locator(".loop .shaft")).to_have_css("stroke-dasharray", "5px, 4px")
    expect(page.locator(".copy")).to_have_count(1)
    canvas = page.locator("canvas")
    ink = "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }"
    assert canvas.evaluate(ink) > 1000
    box = canvas.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 8, box["y"] + 10)
    assert trait(page, "step") == 1
    page.get_by_role("button", name="Unfold").click()
    expect(page.locator(".copy")).to_have_count(4)


def test_table(show):
    page = show(unrolled_stepper(step=3))
    button(page, "Table").click()
    rows = page.locator("table.data tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(2)).to_have_text("3. witch100−0.130.960.980.02")


def test_theme_follows_the_page(show):
    page = show(unrolled_stepper())
    box = page.locator(".copy.now .vec.hidden .box")
    expect(box).to_have_css("stroke", "rgb(168, 72, 12)")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    expect(box).to_have_css("stroke", "rgb(242, 168, 115)")
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    expect(box).to_have_css("stroke", "rgb(168, 72, 12)")


@pytest.mark.parametrize(
    ("dark", "light"),
    [
        ("document.body.dataset.jpThemeLight = 'false'", "document.body.dataset.jpThemeLight = 'true'"),
        ("document.body.dataset.vscodeThemeKind = 'vscode-dark'", "document.body.dataset.vscodeThemeKind = 'vscode-light'"),
        ("document.documentElement.className = 'dark'", "document.documentElement.className = 'light'"),
    ],
)  # fmt: skip
def test_theme_of_other_hosts_with_built_in_colours(show, dark, light):
    page = show(unrolled_stepper(folded=True), tokens=False)
    page.evaluate("delete document.documentElement.dataset.theme")
    root = page.locator(".ur")
    colour = "c => [...c.getContext('2d').getImageData(c.width * 5 / 8 | 0, c.height * 3 / 4 | 0, 1, 1).data].slice(0, 3)"
    for act, paper, rust in (
        (dark, "rgb(22, 24, 28)", [242, 168, 115]),
        (light, "rgb(253, 252, 249)", [168, 72, 12]),
        (dark, "rgb(22, 24, 28)", [242, 168, 115]),
    ):
        page.evaluate(act)
        expect(root).to_have_css("background-color", paper)
        assert page.locator("canvas").evaluate(colour) == pytest.approx(rust, abs=3)


def test_a_rude_page_and_a_host_that_can_do_half(show):
    """Shadow root; save_changes, off and send throw; the page styles every table and button."""
    page = show(unrolled_stepper(step=1), broken=True)
    button(page, "Next ›").click()
    page.locator("button.term[data-t=Wx]").hover()
    page.get_by_label("b, named", exact=True).fill("0.5")
    page.locator(".graph").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".where")).to_have_text("step 3 of 4")
    assert trait(page, "b") == [0.1, 0.5]
    expect(button(page, "Next ›")).to_have_css("text-transform", "none")
    page.evaluate("window.ends.forEach((end) => end())")
    put(page, step=1)
    expect(page.locator(".where")).to_have_text("step 3 of 4")


def test_python_side_changes_show(show):
    page = show(unrolled_stepper())
    put(page, text="witch", step=1)
    expect(page.locator(".where")).to_have_text("step 1 of 1")
    put(page, text="the old dog slept", step=4, folded=True, term="Uh", unit=0)
    expect(page.locator(".loop.lit")).to_have_count(1)
    expect(button(page, "recent")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize(
    "text", ["the green witch arrived", "zebra supercalifragilisticexpialidocious " * 30]
)
def test_on_a_phone_it_scrolls_inside_itself(show, folded, text):
    page = show(unrolled_stepper(text, folded=folded), width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sizes = page.locator(".ur *").evaluate_all(
        "n => n.filter((e) => [...e.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim()) && e.tagName !== 'SUB').map((e) => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 12
    button(page, "Next ›").click()
    page.wait_for_timeout(700)
    now = page.locator(".copy.now").last.bounding_box()
    assert -130 < now["x"] < 390


def test_reduced_motion(show):
    page = show(unrolled_stepper(), reduced="reduce")
    expect(page.locator(".shaft").first).to_have_css("transition-duration", "0s")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("folded", [False, True])
def test_axe(show, dark, folded):
    page = show(unrolled_stepper("the zebra slept", step=2, folded=folded), dark=dark)
    button(page, "Table").click()
    button(page, "↑ up").click()
    page.locator("button.term[data-t=Wx]").focus()
    page.wait_for_timeout(250)
    assert violations(page) == []


@pytest.mark.parametrize("folded", [False, True])
def test_export(show, folded, tmp_path):
    page = show(unrolled_stepper(folded=folded))
    with page.expect_download() as got:
        button(page, "Save the drawing as SVG").click()
    got.value.save_as(tmp_path / "drawing.svg")
    text = (tmp_path / "drawing.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert "var(" not in text and float(root.get("width")) > 200
    assert "rgb(168, 72, 12)" in text and "witch" in text
    with page.expect_download() as got:
        button(page, "Save the drawing as PNG").click()
    got.value.save_as(tmp_path / "drawing.png")
    data = (tmp_path / "drawing.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(data[16:20], "big") == 2 * round(
        float(root.get("width"))
    )


def test_our_static_host_shows_it(show):
    need(HOST.exists(), "widget-host.js", "book/_theme/static")
    w = unrolled_stepper()
    models = {
        w.model_id: {"model_name": "AnyModel", "state": {**widget_page.state_of(w), "_esm": str(w._esm)}}
    }
    state = json.dumps({"version_major": 2, "version_minor": 0, "state": models}).replace("</", "<\\/")
    view = f'<script type="application/vnd.jupyter.widget-view+json">{json.dumps({"model_id": w.model_id})}</script>'
    html = f"""<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8"><title>Site</title><style>{widget_page.TOKENS}</style>
<body><main>{view}{view}</main><script type="application/vnd.jupyter.widget-state+json">{state}</script>
<script>{HOST.read_text(encoding="utf-8")}</script></body></html>"""
    page = show(w, html=html)
    button(page, "Next ›").click()
    expect(page.locator(".where")).to_have_text(["step 4 of 4"] * 2)
    assert re.search("widget-place", page.content())
