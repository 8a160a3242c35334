"""The next-word explorer in a real JupyterLab: the weights travel, typing is heard, Python's changes are drawn."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group(__name__)]
CELLS = [
    "from unrolled.widgets import next_word_explorer\nw = next_word_explorer(revealed=True)\nw",
    "print('python sees', w.reading.words, len(w.sampled), w.step, round(float(w.reading.log_probs.sum()), 2))",
    "w.text, w.sampled, w.temperature = 'where is the', [], 0.5\nw.step = 4\nprint('told the page')",
]


def test_in_step_with_python(notebook):
    page = notebook
    page.run(0)
    where = page.locator(".ur .where")
    expect(where).to_have_text("step 4 of 4", timeout=60000)

    page.get_by_label("Type the beginning of a sentence").fill("")
    page.keyboard.type("add the llamas")  # a, d d and l are keys of Lab's own
    page.get_by_role("button", name="Take the likeliest").click()
    expect(where).to_have_text("step 5 of 5")
    expect(page.locator(".jp-CodeCell")).to_have_count(3)
    page.run(1)
    output = page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output")
    expect(output).to_contain_text("python sees ['add', 'the', 'llamas',")
    said = output.text_content().split()[-1]
    expect(page.locator(".tally")).to_contain_text(f"= {said.replace('-', '−')}")

    page.run(2)
    expect(where).to_have_text("step 4 of 4")
    expect(page.get_by_role("slider", name="temperature")).to_have_attribute("aria-valuetext", "0.5")
