"""The other widgets in one notebook of a real JupyterLab: typing, a slider, keys and two views of one model, in step with Python."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group(__name__)]
CELLS = [
    "from unrolled.widgets import *\ng = gate_explorer(revealed=True)\ng",
    "g",
    "a = attention_explorer('the green witch arrived', revealed=True)\na",
    "from IPython.display import display\n"
    "others = [context_explorer(), pooling_viewer(), tying_viewer(), decoder_stepper(), bottleneck_of_checkpoints()]\n"
    "display(*others)",
    "print('python sees', repr(g.text), g.step, a.text, a.step, round(a.temperature, 1))",
    "a.step = 2",
]


def test_all_others_open_and_are_in_step(notebook):
    page, wrong = notebook, []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: m.type == "error" and "widget" in m.text.lower() and wrong.append(m.text))
    cells = page.locator(".jp-CodeCell")
    for n in range(4):
        page.run(n)
        expect(cells.nth(n).locator(".ur")).to_have_count(5 if n == 3 else 1, timeout=60000)

    # two views of one model: typed in one, drawn in both; keys of Lab's own stay letters
    cells.nth(0).get_by_label("Your sentence").fill("")
    page.keyboard.type("add the dd")
    for n in (0, 1):
        expect(cells.nth(n).locator(".toks li")).to_have_text(["<s>", "add", "the", "dd"])
    cells.nth(1).get_by_role("slider", name="Step").press("Home")
    expect(cells.nth(0).locator(".where")).to_have_text("step 1 of 4")

    # a slider dragged, then the keyboard alone
    slider = cells.nth(2).get_by_role("slider", name="softmax temperature")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    cells.nth(2).locator(".heatbox").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(cells.nth(2).locator(".where")).to_have_text(re.compile(r"^step 3 of \d$"))

    expect(cells).to_have_count(len(CELLS))
    page.run(4)
    told = cells.nth(4).locator(".jp-OutputArea-output")
    expect(told).to_contain_text("python sees 'add the dd' 1 the green witch arrived 3 4.0")
    page.run(5)
    expect(cells.nth(2).locator(".where")).to_have_text(re.compile(r"^step 2 of \d$"))
    assert wrong == []
