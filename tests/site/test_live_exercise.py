"""In Chromium: edit, run, check, stop, reset, leave by keyboard, come back; nothing heavy before the first touch.

Needs Debian's chromium and NumPy's wheel for the browser (``UNROLLED_ASSETS`` names the folder that has it).
"""

import pytest
from live_site import live_site

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group(__name__),
]
RIGHT = "def double(x):\n    return 2 * x\n"
ENDLESS = "def double(x):\n    while True:\n        pass\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    page = "# T\n\n```{live-exercise} ch01_test/double\n```\n"
    with live_site(tmp_path_factory.mktemp("live"), "live_exercise", a=page) as site:
        yield site


@pytest.fixture
def page(site, chromium):
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.asked, page.wrong = [], []
    page.on("request", lambda r: page.asked.append(r.url))
    page.on("pageerror", lambda e: page.wrong.append(str(e)))
    page.on("console", lambda m: page.wrong.append(m.text) if m.type == "error" else None)
    page.on("requestfailed", lambda r: page.wrong.append(r.url))
    page.goto(f"{site.address}/a.html")
    yield page
    assert page.wrong == []
    assert not [url for url in page.asked if not url.startswith((site.address, "blob:", "data:"))]
    context.close()


def write(page, code):
    page.locator(".live-code").click()
    page.locator(".cm-content").wait_for()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)


def outcome(page, status, timeout=60_000):
    page.locator(f".live-exercise[data-status={status}]").wait_for(timeout=timeout)
    return page.locator(".live-status").inner_text()


def test_nothing_heavy_before_the_first_touch(page):
    page.wait_for_load_state("networkidle")
    assert not [
        url
        for url in page.asked
        if any(word in url for word in ("editor.js", "worker.js", "pyodide", ".zip", ".whl"))
    ]
    assert "raise NotImplementedError" in page.locator(".live-code pre").inner_text()


def test_a_wrong_then_a_right_answer_and_what_is_kept(page, site):
    write(page, "def double(x):\n    print('shape', x.shape)\n    return 3 * x\n")
    page.keyboard.press("Control+Enter")
    page.locator(".live-progress").wait_for()
    assert outcome(page, "not-yet") == "Not yet. double gives 3 for 1, expected 2."
    assert page.locator(".live-output").inner_text().strip() == "shape (2,)"
    assert page.evaluate("document.activeElement.className").startswith("cm-content")
    write(page, RIGHT)
    page.locator(".live-run").click()
    assert outcome(page, "passed") == "Yes. All visible checks pass."
    assert int(page.locator(".live-exercise").get_attribute("data-ms")) < 1000  # 200 on a quiet machine
    page.reload()
    assert page.locator(".live-solved").is_visible()
    assert "return 2 * x" in page.locator(".live-code").inner_text()
    page.locator(".live-reset").click()
    assert "raise NotImplementedError" in page.locator(".live-code").inner_text()


def test_an_error_shows_the_student_s_lines_only(page):
    write(page, "def double(x):\n    return rnn_step(x, x, np.eye(3), np.eye(2))\n")
    page.locator(".live-run").click()
    assert outcome(page, "error").startswith(
        "Python stopped. ValueError: U: expected shape (H=3, H=3), got (2, 2)"
    )
    trace = page.locator(".live-trace").inner_text()
    assert trace == "line 2, in double\n    return rnn_step(x, x, np.eye(3), np.eye(2))"


def test_stop_ends_an_endless_loop_and_the_next_run_works(page):
    write(page, ENDLESS)
    page.locator(".live-run").click()
    page.get_by_text("Still running").wait_for(timeout=60_000)
    page.locator(".live-stop").click()
    assert outcome(page, "stopped").startswith("Stopped. You stopped the run.")
    assert not page.locator(".live-stop").is_visible()
    write(page, RIGHT)
    page.locator(".live-run").click()
    assert outcome(page, "passed").startswith("Yes.")


def test_tab_indents_and_escape_then_tab_leaves(page):
    write(page, "x")
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    assert page.locator(".cm-content").inner_text() == "    x"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "live-run"


def test_the_keyboard_alone_reaches_the_editor(page):
    page.locator(".live-code").focus()
    page.keyboard.press("Enter")
    page.locator(".cm-content").wait_for()
    page.wait_for_function("document.activeElement.classList.contains('cm-content')")


def test_hints_come_one_by_one_and_the_solution_last(page):
    hints = page.locator(".live-hints summary")
    for n in range(4):
        assert [s.is_visible() for s in hints.all()] == [m <= n for m in range(4)]
        hints.nth(n).click()
        page.wait_for_function(
            f"document.querySelectorAll('.live-hints details:not([hidden])').length >= {min(n + 2, 4)}"
        )
    assert hints.nth(3).inner_text() == "The solution"
    assert page.get_by_text("the secret answer").is_visible()


def test_without_scripts_everything_can_be_read(site, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.address}/a.html")
    assert page.locator(".live-code pre").is_visible()
    assert page.locator(".live-help summary").count() == 5
    assert all(s.is_visible() for s in page.locator(".live-help summary").all())
    assert not page.locator(".live-run").is_visible()
    context.close()
