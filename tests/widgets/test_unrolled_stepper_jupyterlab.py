"""The unrolled stepper in a real JupyterLab: in step with Python both ways, typing that Lab leaves alone."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group(__name__)]
CELLS = [
    "from unrolled.widgets import unrolled_stepper\nseen = []\nw = unrolled_stepper(step=3)\n"
    "w.observe(lambda c: seen.append(c['name']))\nw",
    "print('python sees', w.step, w.text, w.U[1][1], sorted(set(seen)))",
    "w.text = 'the old dog slept'\nw.step = 2\nprint('told the page')",
]


def test_in_step_with_python(notebook, tmp_path):
    page = notebook
    page.run(0)
    where = page.locator(".ur .where")
    expect(where).to_have_text("step 3 of 4", timeout=60000)

    page.get_by_role("button", name="Next ›").click()
    page.get_by_label("U, named, from named", exact=True).fill("0.5")
    page.get_by_role("button", name="Edit words").click()
    page.keyboard.type("the dog ddslept")  # d d would delete the cell, l show line numbers
    page.keyboard.press("Enter")
    expect(where).to_have_text("step 3 of 3")
    expect(page.locator(".jp-CodeCell")).to_have_count(3)
    page.locator(".graph").focus()
    page.keyboard.press("ArrowLeft")
    expect(where).to_have_text("step 2 of 3")
    page.run(1)
    output = page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output")
    expect(output).to_contain_text("python sees 2 the dog ddslept 0.5")
    for name in ("U", "step", "text"):
        expect(output).to_contain_text(f"'{name}'")

    page.run(2)
    expect(where).to_have_text("step 2 of 4")
    expect(page.locator(".toks [aria-current=step]")).to_have_text("old")

    expect(page.locator(".ur")).to_have_css("background-color", "rgb(253, 252, 249)")
    page.evaluate("window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
    expect(page.locator(".ur")).to_have_css("background-color", "rgb(22, 24, 28)")
    page.wait_for_timeout(500)
    page.screenshot(path=tmp_path / "lab.png")
