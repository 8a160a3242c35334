"""The gate explorer in Chromium: typing, prediction, switching off, maps, keyboard, themes, hosts, phones, two views."""

from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import expect
from widget_models import WORDS, network
from widget_page import button, put, trait, violations

from unrolled.scratch import lstm
from unrolled.scratch.cells import CELLS
from unrolled.widgets import gate_explorer, lstm_gates
from unrolled.widgets._model import pack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]
TEXT = "the green witch arrived"


def live(text=TEXT, cell="lstm", H=8, **options):
    model = pack(network(CELLS[cell], H=H, seed=3), WORDS)
    return gate_explorer(text, model, **{"watch": ["witch", "arrived"], "revealed": True, **options})


def own(T=6, H=4, **options):
    rng = np.random.default_rng(0)
    found = lstm.trace(rng.normal(size=(T, 3)), lstm.init_lstm(rng, 3, H))
    return lstm_gates([f"word{t}" for t in range(T)], found, **options)


def table(page):
    rows = page.locator("table.data tbody tr").evaluate_all(
        "rows => rows.map((r) => [...r.children].slice(1).map((c) => c.textContent.replace('−', '-')))"
    )
    return np.array(rows, float)


def chances(page):
    """What the panel says of each word, in percent."""
    words, shown = (page.locator(f".next .{part}").all_inner_texts() for part in ("word", "p"))
    return dict(zip(words, shown, strict=True))


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_what_the_page_computes_is_what_python_computes(show, cell):
    w = live(cell=cell, unit=5)
    page = show(w)
    button(page, "Table").click()
    letters = {"lstm": "ifogch", "gru": "rznh", "rnn": "h"}[cell]
    np.testing.assert_allclose(table(page), np.stack([w.trace[x][:, 5] for x in letters], axis=1), atol=6e-4)
    p = w.next_word[w.step - 1, WORDS.index("arrived")]
    assert float(chances(page)["arrived"].split()[0]) == pytest.approx(100 * p, abs=0.6)
    page.get_by_label("Your sentence").fill("the witch")
    expect(page.locator(".where")).to_have_text("step 3 of 3")
    w.text = "the witch"
    np.testing.assert_allclose(table(page), np.stack([w.trace[x][:, 5] for x in letters], axis=1), atol=6e-4)


def test_predict_then_reveal_then_find_the_unit_and_switch_it_off(show):
    w = live(step=4, revealed=False)
    page = show(w)
    expect(page.locator(".predict")).to_contain_text("after “witch”, which will it find likelier?")
    expect(page.locator(".next")).to_be_hidden()
    assert "%" not in page.locator(".summary").inner_text(), "the summary keeps the secret too"
    likelier = max(("witch", "arrived"), key=lambda x: w.next_word[3, WORDS.index(x)])
    page.locator(".predict").get_by_role("button", name=likelier, exact=True).click()
    expect(page.locator(".predict .good")).to_contain_text("Yes.")
    assert (trait(page, "guess"), trait(page, "revealed")) == (likelier, True)
    button(page, "Find the unit with the largest effect").click()
    odds = lambda: np.diff(np.log(w.next_word[3, [WORDS.index(x) for x in w.watch]]))[0]  # noqa: E731
    base, effects = odds(), []
    for u in range(8):
        w.off = [u]
        effects.append(abs(odds() - base))
    assert trait(page, "unit") == int(np.argmax(effects)) and trait(page, "sort") == "effect"
    button(page, f"Switch unit {trait(page, 'unit')} off").click()
    w.off = trait(page, "off")
    after = w.next_word[3, WORDS.index("witch")]
    assert float(chances(page)["witch"].split("→")[1].split()[0]) == pytest.approx(100 * after, abs=0.6)
    button(page, "Switch all on").click()
    assert trait(page, "off") == [] and "→" not in chances(page)["witch"]
    button(page, "Reset").click()
    assert (trait(page, "revealed"), trait(page, "sort"), trait(page, "guess")) == (False, "number", "")


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_arrays_hide_their_memory_until_the_reader_predicts_it_from_the_gates(show, kind):
    """Gates and memory by hand: from 0 to 0.5, to 0.25, and the same again."""
    memory = np.array([[0.0], [0.5], [0.25], [0.25]])
    if kind == "lstm":
        f, i = np.array([[1.0], [0.5], [0.5], [1.0]]), np.array([[0.0], [1.0], [0.0], [0.0]])
        g, o = np.full((4, 1), 0.5), np.ones((4, 1))
        given = {"i": i, "f": f, "o": o, "g": g, "c": memory, "h": o * np.tanh(memory)}
    else:
        z, n = np.array([[1.0], [0.0], [0.5], [1.0]]), np.array([[0.0], [0.5], [0.0], [0.0]])
        given = {"r": np.ones((4, 1)), "z": z, "n": n, "h": memory}
    page = show(lstm_gates(["a", "b", "c", "d"], given, step=2, revealed=False))
    hidden = 2 if kind == "lstm" else 1
    expect(page.locator(".heat:visible")).to_have_count(len(given) - hidden)
    expect(page.locator("table.sums")).to_be_hidden()
    expect(page.locator(".summary")).to_contain_text("from ? to ?")
    button(page, "Table").click()
    expect(page.locator("table.data thead th")).to_have_count(1 + len(given) - hidden)
    button(page, "rises").click()
    expect(page.locator(".predict .good")).to_contain_text("Yes. It goes from 0.00 to 0.50.")
    expect(page.locator(".heat:visible")).to_have_count(len(given))
    put(page, step=3)
    expect(page.locator(".predict .good")).to_have_text("")
    for step, way in ((3, "stays within 0.1"), (4, "falls")):
        put(page, step=step)
        button(page, "Predict").click()
        assert (trait(page, "revealed"), trait(page, "guess")) == (False, "")
        button(page, way).click()
        expect(page.locator(".predict .bad")).to_contain_text("Not yet. It goes from ")
    button(page, "Predict").click()
    button(page, "Just show me").click()
    assert (trait(page, "revealed"), trait(page, "guess")) == (True, "")
    button(page, "Reset").click()
    assert (trait(page, "revealed"), trait(page, "step")) == (False, 2)


def test_arrays_have_views(show):
    w = own(H=5)
    page = show(w)
    for preset in w.presets:
        page.get_by_label("Presets").select_option(label=preset["name"])
        assert all(trait(page, key) == value for key, value in preset.items() if key != "name")
        if "sort" in preset:
            assert trait(page, "revealed") is True
    button(page, "Reset").click()
    assert (trait(page, "step"), trait(page, "unit"), trait(page, "sort")) == (1, 0, "number")


def test_unknown_words_are_marked_and_a_bad_text_is_told(show):
    page = show(live())
    field = page.get_by_label("Your sentence")
    field.fill("the zebra <b>arrived</b>")
    expect(page.locator(".hint").first).to_contain_text("read as <unk>: zebra, <, b")
    assert page.locator(".toks [data-unknown]").first.inner_text() == "zebra"
    for text, said in (("", "Type at least one word."), ("a " * 500, "At most 400 words; this has 501.")):
        field.fill(text)
        expect(page.locator(".hint.bad")).to_have_text(said)
        expect(field).to_have_attribute("aria-invalid", "true")
    assert trait(page, "text") == "the zebra <b>arrived</b>", "what does not fit is not sent"


def test_a_map_is_picked_with_the_mouse_and_read_without_a_click(show):
    page = show(own(T=6, H=4))
    box = page.locator(".sheet canvas").nth(1).bounding_box()
    at = lambda t, u: (box["x"] + box["width"] * (t - 0.5) / 6, box["y"] + box["height"] * (u + 0.5) / 4)  # noqa: E731
    page.mouse.move(*at(5, 2))
    expect(page.locator(".read")).to_contain_text("word4, unit 2: f = 0.")
    assert (trait(page, "step"), trait(page, "unit")) == (1, 0)
    page.mouse.down()
    assert (trait(page, "step"), trait(page, "unit")) == (5, 2)
    page.mouse.move(*at(2, 3), steps=4)
    page.mouse.up()
    assert (trait(page, "step"), trait(page, "unit")) == (2, 3)
    expect(page.locator(".sums caption")).to_have_text("Unit 3 at step 2, “word1”")
    page.mouse.move(2, 2)
    expect(page.locator(".read")).to_have_text("")


def test_the_order_of_the_rows_is_the_order_asked_for(show):
    w = own(T=6, H=4)
    page = show(w)
    page.get_by_label("Order of the units").select_option("longest memory first")
    order = np.argsort(-w.trace["f"].mean(axis=0))
    page.locator(".sheet").first.click(position={"x": 10, "y": 5})
    assert trait(page, "unit") == order[0]
    for k in (1, 2, 3, 3):
        page.keyboard.press("ArrowDown")
        assert trait(page, "unit") == order[k]


def test_keyboard_alone(show):
    page = show(live(step=2))
    page.get_by_label("Your sentence").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("(() => { let a = document.activeElement; while (a.shadowRoot) a = a.shadowRoot.activeElement; return a.textContent; })()") == "Play":  # fmt: skip
            break
    else:
        pytest.fail("Tab does not reach Play")
    for key, name, value in (
        ("ArrowRight", "step", 3),
        ("End", "step", 5),
        ("Home", "step", 1),
        ("ArrowDown", "unit", 1),
        ("ArrowUp", "unit", 0),
        ("ArrowUp", "unit", 0),
        ("Space", "playing", True),
        ("Space", "playing", False),
    ):
        page.keyboard.press(key)
        assert trait(page, name) == value, key
    page.get_by_role("spinbutton", name="Unit").fill("6")
    page.keyboard.press("Enter")
    assert trait(page, "unit") == 6
    reached = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("() => { let a = document.activeElement; while (a.shadowRoot) a = a.shadowRoot.activeElement; return a.textContent; }"))  # fmt: skip
    assert {"Switch unit 6 off", "Table"} <= reached


def test_two_views_show_one_model(show):
    page = show(live(), views=2)
    page.get_by_label("Your sentence").first.fill("witch arrived")
    expect(page.get_by_label("Your sentence").nth(1)).to_have_value("witch arrived")
    expect(page.locator(".where").nth(1)).to_have_text("step 3 of 3")


@pytest.mark.parametrize("make", [live, lambda: own(T=400, H=512, step=300)], ids=["live", "large"])
def test_on_a_phone(show, make):
    page = show(make(), width=360)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    sizes = page.locator(".ur *").evaluate_all(
        "n => n.filter((e) => [...e.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim()) && !e.closest('sub, sup')).map((e) => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 12


def test_a_long_text_goes_to_its_step_in_every_map(show):
    page = show(own(T=400, H=3, step=300), width=800)
    page.wait_for_timeout(500)
    for box in page.locator(".heat .scroll").all():
        left, width = box.evaluate("b => [b.scrollLeft, b.clientWidth]")
        assert left < 300 * 8 < left + width + 16
    words = page.locator(".heat .heads").first.locator("span").evaluate_all(
        "n => n.map((s) => s.getBoundingClientRect()).map((b) => [b.left, b.right]).sort((a, b) => a[0] - b[0])"
    )  # fmt: skip
    assert all(a[1] <= b[0] + 1 for a, b in pairwise(words)), "words do not overlap"


@pytest.mark.parametrize(
    ("make", "dark"),
    [(lambda: live(revealed=False), True), (lambda: live(unit=2), False), (lambda: own(T=60), True)],
    ids=["hidden", "live", "own"],
)
def test_axe_and_theme(show, make, dark):
    page = show(make(), dark=dark)
    button(page, "Table").click()
    page.wait_for_timeout(200)
    assert violations(page) == []
    paper = page.locator(".sheet canvas").nth(4).evaluate(
        "c => { const g = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let s = 0; for (let i = 0; i < g.length; i += 4) s += g[i]; return s / (g.length / 4); }"
    )  # fmt: skip
    assert paper < 140 if dark else paper > 140, "the maps are drawn again when the theme turns"


def test_a_rude_page_and_a_host_that_can_do_half(show):
    page = show(live(), broken=True)
    button(page, "Switch unit 0 off").click()
    page.get_by_role("slider", name="Step", exact=True).press("Home")
    expect(page.locator(".where")).to_have_text("step 1 of 5")
    expect(button(page, "Play")).to_have_css("text-transform", "none")
    page.evaluate("window.ends.forEach((end) => end())")
    put(page, step=3)
    expect(page.locator(".where")).to_have_text("step 1 of 5")


def test_export(show, tmp_path):
    page = show(live())
    with page.expect_download() as got:
        button(page, "Save the drawing as SVG").click()
    got.value.save_as(tmp_path / "d.svg")
    text = (tmp_path / "d.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert text.count("data:image/png") == 6 and "var(" not in text and "forget gate" in text
    with page.expect_download() as got:
        button(page, "Save the drawing as PNG").click()
    got.value.save_as(tmp_path / "d.png")
    data = (tmp_path / "d.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(data[16:20], "big") == 2 * round(float(root.get("width")))  # fmt: skip
