"""The gradient explorer in Chromium: prediction, dials, curves and chain, keyboard, themes, hosts, phones, two views."""

from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import expect
from widget_page import button, put, trait, violations

from unrolled.widgets import gradient_explorer, gradient_flow

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]
WIDTHS = "paths => paths.map((p) => Number(p.getAttribute('stroke-width')))"


def widths(page, lane=0):
    """How wide the arrows of a lane of the chain are drawn, step 1 first."""
    return page.locator(".lane").nth(lane).locator(".back").evaluate_all(WIDTHS)[::-1]


def table(page):
    """The table's numbers, read back from the text of the page; one row a step."""
    raised = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    rows = page.locator("table.data tbody tr").evaluate_all(
        "rows => rows.map((r) => [...r.children].slice(1).map((c) => c.textContent))"
    )
    return np.array([[float(c.translate(raised).replace("·10", "e")) for c in row] for row in rows])


def test_predict_then_reveal(show):
    page = show(gradient_explorer())
    expect(page.locator("text.unknown")).to_have_text("?")
    assert len(widths(page)) == 4, "only the arrows nearest to the loss show"
    put(page, step=3)
    expect(page.locator(".summary")).to_contain_text("hidden until you predict")
    expect(page.locator(".factors tbody td").nth(2)).to_have_text("?")
    button(page, "in between").click()
    assert (trait(page, "revealed"), trait(page, "step"), trait(page, "guess")) == (True, 1, "stays")
    expect(page.locator(".predict")).to_contain_text(
        "Not yet. It shrank: from 1.00 at step 30 to 8.0·10⁻⁷ at step 1."
    )
    assert len(widths(page)) == 29
    button(page, "Another network to predict").click()
    assert (trait(page, "g"), trait(page, "rho"), trait(page, "revealed")) == ("linear", 1.3, False)
    button(page, "a hundred times or more").click()
    expect(page.locator(".predict .good")).to_contain_text("Yes. It grew")
    button(page, "Another network to predict").click()
    page.get_by_role("slider", name="spectral radius of U").press("ArrowRight")
    assert (trait(page, "revealed"), trait(page, "rho")) == (True, 1.05)
    expect(page.locator("text.unknown")).to_have_count(0)


def test_dials_cells_presets_and_reset(show):
    page = show(gradient_explorer(revealed=True, step=20))
    expect(page.get_by_role("slider", name="forget-gate bias")).to_be_hidden()
    button(page, "LSTM").click()
    expect(page.get_by_label("Activation of the RNN")).to_be_hidden()
    expect(page.locator(".lane")).to_have_count(2)
    expect(page.locator(".legend li")).to_have_count(3)
    page.get_by_role("slider", name="forget-gate bias").press("End")
    button(page, "GRU").click()
    page.get_by_role("slider", name="update-gate bias").press("ArrowLeft")
    assert (trait(page, "cell"), trait(page, "forget_bias")) == ("gru", 7.5)
    page.get_by_role("slider", name="steps", exact=True).press("Home")
    assert (trait(page, "T"), trait(page, "step")) == (1, 1)
    expect(page.locator(".predict button:visible")).to_have_count(0)
    page.get_by_label("Presets").select_option(label="LSTM, forget bias 5")
    assert (trait(page, "cell"), trait(page, "forget_bias"), trait(page, "T")) == ("lstm", 5, 30)
    first = page.locator("svg.chart .curve.strong path").first
    before = first.get_attribute("d")
    button(page, "New weights (1)").click()
    assert trait(page, "seed") == 2 and first.get_attribute("d") != before
    button(page, "Reset").click()
    assert (trait(page, "cell"), trait(page, "seed"), trait(page, "step")) == ("rnn", 1, 20)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_what_the_page_computes_is_what_python_computes(show, cell):
    w = gradient_explorer(cell, T=12, H=8, revealed=True, step=5)
    page = show(w)
    button(page, "Table").click()
    shown, flow = table(page), w.flow
    for column, norms in enumerate([flow.direct] + [a for a in (flow.cell, flow.path) if a is not None]):
        np.testing.assert_allclose(shown[:, column], norms, rtol=0.06)
    button(page, "all losses").click()
    np.testing.assert_allclose(table(page)[:, 0], flow.total, rtol=0.06)
    expect(page.locator(".losses circle")).to_have_count(12)


def test_clipping_scales_every_step_by_one_factor(show):
    w = gradient_explorer(g="linear", rho=1.3, T=20, revealed=True)
    page = show(w)
    slider = page.get_by_role("slider", name="the weights' gradient at")
    expect(slider).to_have_attribute("aria-valuetext", "off")
    slider.press("Home")
    for _ in range(5):
        slider.press("ArrowRight")
    assert trait(page, "clip") == 1
    w.clip = 1.0
    expect(page.locator(".legend")).to_contain_text("the same, clipped")
    expect(page.locator(".key").nth(1)).to_contain_text(
        "more than 1: clipping multiplies it, and so all that is drawn, by "
    )
    button(page, "Table").click()
    shown = table(page)
    np.testing.assert_allclose(shown[:, 1] / shown[:, 0], w.clipped, rtol=0.12)
    put(page, rho=0.5, clip=10)
    expect(page.locator(".key").nth(1)).to_contain_text("not more than 10: clipping leaves it alone")
    expect(page.locator(".legend")).not_to_contain_text("clipped")
    page.get_by_label("Presets").select_option(label="Clipped: linear RNN, ρ = 1.3")
    assert (trait(page, "clip"), trait(page, "T")) == (1, 30)
    page.get_by_label("Presets").select_option(label="LSTM, forget bias 5")
    assert trait(page, "clip") == 0


def test_the_chain_shows_what_the_curve_shows(show):
    page = show(gradient_explorer(revealed=True))
    found = widths(page)
    assert all(np.diff(found[::3]) > 0) and found[0] < 4 < found[-1], "an RNN's arrows thin out with distance"
    put(page, cell="lstm", rho=0.6, forget_bias=5.0)
    page.wait_for_function(
        "document.querySelector('.view').firstChild.shadowRoot.querySelectorAll('.lane').length === 2"
    )
    assert min(widths(page, 1)) > 10, "the cell's stay wide"
    expect(page.locator(".factors tbody tr")).to_have_count(3)


@pytest.mark.parametrize("views", [1, 2])
def test_play_walks_back_and_two_views_show_one_model(show, views):
    page = show(gradient_explorer(T=4), views=views, clock=True)
    button(page, "Play").click()
    assert trait(page, "step") == 4
    for step in (3, 2):
        page.clock.run_for(410)
        assert (trait(page, "step"), trait(page, "playing")) == (step, True)
        expect(page.locator(".where").last).to_have_text(f"step {step} of 4")
    page.clock.run_for(410)
    assert (trait(page, "step"), trait(page, "playing")) == (1, False)
    button(page, "GRU", views - 1).click()
    expect(button(page, "GRU")).to_have_attribute("aria-pressed", "true")


def test_mouse_and_keyboard(show):
    page = show(gradient_explorer(revealed=True, step=10))
    box = page.locator("rect.touch").bounding_box()
    at = lambda t: (box["x"] + box["width"] * (t - 0.5) / 30, box["y"] + 60)  # noqa: E731
    page.mouse.move(*at(25))
    assert (trait(page, "over"), trait(page, "step")) == (25, 10)
    expect(page.locator(".worked caption")).to_have_text("Step 25, 5 before the last loss")
    page.mouse.down()
    page.mouse.move(*at(7), steps=3)
    page.mouse.up()
    assert trait(page, "step") == 7
    page.mouse.move(2, 2)
    assert trait(page, "over") == 0
    page.locator("svg.chart").locator("..").focus()
    for key, step in (("ArrowLeft", 6), ("End", 30), ("ArrowRight", 30), ("Home", 1)):
        page.keyboard.press(key)
        assert trait(page, "step") == step
    page.keyboard.press("Space")
    assert trait(page, "playing") is True
    page.keyboard.press("Space")
    reached = []
    page.get_by_role("button", name="RNN").focus()
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("() => { let a = document.activeElement; while (a.shadowRoot) a = a.shadowRoot.activeElement; return a.textContent.slice(0, 12) || a.ariaLabel; }"))  # fmt: skip
    assert {
        "GRU",
        "LSTM",
        "Reset",
        "spectral radius of U",
        "New weights ",
        "all losses",
        "Play",
        "Step",
    } <= set(reached)


def test_anybodys_arrays(show):
    t = np.arange(40)
    words = [f"word{i}" for i in t]
    page = show(
        gradient_flow({"mine": 0.5 ** t[::-1], "<b>yours</b>": np.r_[0.0, np.full(39, 2.0)]}, words=words)
    )
    expect(page.locator(".legend button")).to_have_text(["mine", "<b>yours</b>"])
    expect(page.locator(".worked caption")).to_have_text("Step 1 “word0”, 39 before the last")
    expect(page.locator(".factors tbody tr").first).to_contain_text("× 0.500× 0.500")
    expect(page.locator(".dials")).to_have_count(0)
    assert trait(page, "revealed") is True
    expect(button(page, "Predict")).to_be_visible()
    thin = widths(page)
    page.get_by_role("button", name="<b>yours</b>").click()
    assert trait(page, "follow") == 1 and max(thin[:3]) < 1 and widths(page) == [0.0] + [12.0] * 38, (
        "no arrow where nothing flows"
    )
    expect(page.locator(".factors tbody tr").nth(1)).to_contain_text("= 0")


def test_anybodys_arrays_ask_for_a_prediction_and_have_views(show):
    back = np.arange(20)[::-1]
    page = show(gradient_flow({"mine": 0.5**back, "yours": np.r_[3.0, np.ones(19)]}, revealed=False))
    expect(page.locator("text.unknown")).to_have_text("?")
    expect(page.locator(".predict")).to_contain_text("is left in “mine”?")
    put(page, step=3)
    expect(page.locator(".factors tbody td").nth(2)).to_have_text("?")
    expect(page.locator(".summary")).to_contain_text("hidden until you predict")
    button(page, "a hundredth or less").click()
    expect(page.locator(".predict .good")).to_contain_text("Yes. It shrank: from 1.00 at step 20 to 1.9·10⁻⁶ at step 1.")  # fmt: skip
    button(page, "Another curve to predict").click()
    assert (trait(page, "follow"), trait(page, "revealed"), trait(page, "step")) == (1, False, 17)
    button(page, "a hundred times or more").click()
    expect(page.locator(".predict .bad")).to_contain_text("It stayed within a factor of 100")
    page.get_by_label("Presets").select_option(label="Where mine is largest")
    assert (trait(page, "follow"), trait(page, "step"), trait(page, "guess")) == (0, 20, "")
    button(page, "Reset").click()
    assert (trait(page, "follow"), trait(page, "step"), trait(page, "revealed")) == (0, 17, False)


def test_where_there_is_nothing_to_predict_nothing_hides(show):
    page = show(gradient_flow(np.r_[np.ones(9), 0.0], revealed=False))
    expect(page.locator("text.unknown")).to_have_count(0)
    expect(page.locator(".predict")).to_be_hidden()


@pytest.mark.parametrize("n", [1, 2, 400])
def test_as_many_steps_as_there_are(show, n):
    page = show(gradient_flow(np.linspace(0.1, 1, n), step=n), width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator(".where")).to_have_text(f"step {n} of {n}")
    if n == 400:
        page.wait_for_timeout(600)
        assert page.locator("svg.chart").locator("..").evaluate("s => s.scrollLeft") > 1000, (
            "it goes to the step"
        )
        assert page.locator(".yaxis").bounding_box()["x"] > 0, "and the scale stays in sight"
    ticks = page.locator("text.tick").evaluate_all(
        "n => n.map((t) => t.getBoundingClientRect()).map((b) => [b.left, b.right])"
    )
    assert all(a[1] < b[0] for a, b in pairwise(ticks)), "ticks do not overlap"


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_on_a_phone(show, cell):
    page = show(gradient_explorer(cell, revealed=True, step=9, T=60), width=360)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    sizes = page.locator(".ur *").evaluate_all(
        "n => n.filter((e) => [...e.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim()) && !e.closest('sub, sup')).map((e) => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 12


@pytest.mark.parametrize(
    ("make", "dark"),
    [
        (lambda: gradient_explorer(), True),
        (lambda: gradient_explorer("lstm", revealed=True, step=4, T=12), False),
        (lambda: gradient_flow({"a": np.ones(9), "b": np.ones(9)}), True),
        (lambda: gradient_flow(np.ones(9), revealed=False), False),
    ],
    ids=["hidden", "lstm", "flow", "flow-hidden"],
)
def test_axe_and_theme(show, dark, make):
    page = show(make(), dark=dark)
    button(page, "Table").click()
    page.wait_for_timeout(200)
    expect(page.locator(".lane.r-hidden .box").first).to_have_css(
        "stroke", "rgb(242, 168, 115)" if dark else "rgb(168, 72, 12)"
    )
    assert violations(page) == []


def test_a_rude_page_and_a_host_that_can_do_half(show):
    page = show(gradient_explorer(T=10, step=10), broken=True)
    button(page, "in between").click()
    button(page, "LSTM").click()
    page.get_by_role("slider", name="Step", exact=True).press("ArrowRight")
    expect(page.locator(".where")).to_have_text("step 2 of 10")
    expect(button(page, "Play")).to_have_css("text-transform", "none")
    page.evaluate("window.ends.forEach((end) => end())")
    put(page, step=5)
    expect(page.locator(".where")).to_have_text("step 2 of 10")


def test_export(show, tmp_path):
    page = show(gradient_explorer("lstm", T=12, revealed=True))
    with page.expect_download() as got:
        button(page, "Save the drawing as SVG").click()
    got.value.save_as(tmp_path / "drawing.svg")
    text = (tmp_path / "drawing.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert got.value.suggested_filename == "gradient-lstm.svg"
    assert "var(" not in text and "rgb(128, 97, 10)" in text and "step t" in text
    with page.expect_download() as got:
        button(page, "Save the drawing as PNG").click()
    got.value.save_as(tmp_path / "drawing.png")
    data = (tmp_path / "drawing.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(data[16:20], "big") == 2 * round(
        float(root.get("width"))
    )
