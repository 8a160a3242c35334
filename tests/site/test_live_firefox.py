"""The live exercises and cells in Firefox: click, run, error, Stop, and what is kept after a reload."""

import json
import shutil
import time

import pytest
from firefox import firefox
from live_site import live_site
from skips import skip_or_fail

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group(__name__)]
EXERCISE = "# T\n\n```{live-exercise} ch01_test/double\n```\n"
CELL = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# T

```{code-cell} ipython3
import numpy as np
```

```{code-cell} ipython3
np.linalg.norm(np.random.default_rng(0).normal(size=2)).round(3)
```
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    if path is None:
        skip_or_fail("Firefox is missing: apt-get install firefox-esr")
    with firefox(path, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with live_site(tmp_path_factory.mktemp("firefox"), "live_cells", a=EXERCISE, b=CELL) as site:
        yield site


@pytest.fixture
def page(browser, site):
    browser.goto(f"{site.address}/a.html")
    browser.value("localStorage.clear()")
    browser.goto(f"{site.address}/a.html")
    return browser


def write(page, text):
    page.click(".cm-content" if page.value("!!document.querySelector('.cm-content')") else ".live-code")
    page.wait("document.activeElement.classList.contains('cm-content')")
    page.press("Control", "a")
    page.insert(text)
    assert page.text(".cm-content").rstrip() == text.rstrip()


def outcome(page, status):
    page.wait(f"document.querySelector('.live-exercise').dataset.status === {json.dumps(status)}")
    return page.text(".live-status")


def test_nothing_heavy_comes_before_the_click(page):
    time.sleep(0.5)
    asked = page.value("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert any("live.js" in url for url in asked)
    assert not [u for u in asked if any(word in u for word in ("editor.js", "worker.js", "pyodide", ".zip"))]


def test_a_wrong_then_a_right_answer_and_the_mark_stays(page):
    write(page, "def double(x):\n    print('shape', x.shape)\n    return 3 * x")
    page.press("Control", "Enter")
    assert outcome(page, "not-yet") == "Not yet. double gives 3 for 1, expected 2."
    assert page.text(".live-output").strip() == "shape (2,)"
    write(page, "def double(x):\n    return 2 * x")
    page.click(".live-run")
    assert outcome(page, "passed") == "Yes. All visible checks pass."
    page.reload()
    assert page.value("!document.querySelector('.live-solved').hidden")
    assert "return 2 * x" in page.text(".live-code")


def test_an_error_shows_the_student_s_lines_only(page):
    write(page, "def double(x):\n    return rnn_step(x, x, np.eye(3), np.eye(2))")
    page.click(".live-run")
    assert outcome(page, "error").startswith(
        "Python stopped. ValueError: U: expected shape (H=3, H=3), got (2, 2)"
    )
    assert page.text(".live-trace") == "line 2, in double\n    return rnn_step(x, x, np.eye(3), np.eye(2))"


def test_stop_ends_an_endless_loop_and_the_next_run_works(page):
    write(page, "def double(x):\n    while True:\n        pass")
    page.click(".live-run")
    page.wait("document.querySelector('.live-status').innerText.startsWith('Still running')")
    page.click(".live-stop")
    assert outcome(page, "stopped").startswith("Stopped. You stopped the run.")
    write(page, "def double(x):\n    return 2 * x")
    page.click(".live-run")
    assert outcome(page, "passed").startswith("Yes.")


def test_tab_indents_and_escape_then_tab_leaves(page):
    write(page, "x")
    page.press("Control", "a")
    page.press("Tab")
    assert page.text(".cm-content").rstrip("\n") == "    x"
    page.press_in_turn("Escape", "Tab")  # Esc counts for two seconds
    assert page.value("document.activeElement.className") == "live-run"


def test_a_cell_of_a_page_runs(page, site):
    page.goto(f"{site.address}/b.html")
    page.click(".cell-runs:nth-of-type(2) .cell-edit")
    assert outcome(page, "ran") == "Done."
    assert page.text(".live-output").strip() == "np.float64(0.182)"
