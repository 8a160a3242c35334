"""The gradient explorer in a real JupyterLab: every dial is heard in Python, Python's changes are drawn, Lab's keys stay its own."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group(__name__)]
CELLS = [
    "from unrolled.widgets import gradient_explorer\nseen = []\nw = gradient_explorer(T=20, revealed=True, step=10)\n"
    "w.observe(lambda c: seen.append(c['name']))\nw",
    "print('python sees', w.cell, w.clip, w.step, round(w.clipped, 3), sorted(set(seen)))",
    "w.T = 5\nw.rho = 1.3\nprint('told the page')",
]


def test_in_step_with_python(notebook):
    page = notebook
    page.run(0)
    where = page.locator(".ur .where")
    expect(where).to_have_text("step 10 of 20", timeout=60000)

    page.get_by_role("button", name="GRU", exact=True).click()
    slider = page.get_by_role("slider", name="the weights' gradient at")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    page.locator(".ur svg.chart").locator("..").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("d")
    page.keyboard.press("d")  # would delete the cell, if Lab heard it
    expect(where).to_have_text("step 9 of 20")
    expect(page.locator(".jp-CodeCell")).to_have_count(3)
    page.run(1)
    output = page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output")
    expect(output).to_contain_text("python sees gru 0.032 9 ")
    for name in ("cell", "clip", "step"):
        expect(output).to_contain_text(f"'{name}'")

    page.run(2)
    expect(where).to_have_text("step 5 of 5")
    expect(page.get_by_role("slider", name="spectral radius of U")).to_have_attribute(
        "aria-valuetext", "1.30"
    )

    page.evaluate("window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
    expect(page.locator(".ur")).to_have_css("background-color", "rgb(22, 24, 28)")
