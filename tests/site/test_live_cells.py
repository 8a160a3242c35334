"""Cells that a reader may run: the right ones are offered, each runs with what the browser has and prints what the page shows.

In Chromium: nothing is loaded before the click; edit, error, an earlier cell that was changed, Reset.
"""

import json
import re
import subprocess
import sys
import zipfile
from io import BytesIO

import pages
import pytest
from bs4 import BeautifulSoup
from live_site import ROOT, live_assets, live_site

live_cells = pages.load("live_cells")
runnable = pages.load("runnable")
CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("ch*_*.md"))
FENCE = "```{code-cell} ipython3\n"


def offered(*cells):
    return [cell.number for cell in runnable.runnable(list(cells), {"numpy"}.__contains__)[1]]


def before(*cells):
    """The statements that run before the last of these cells."""
    statements, found = runnable.runnable(list(cells), {"numpy"}.__contains__)
    assert found[-1].number == len(cells) - 1
    return [statements[n].text for n in found[-1].before]


def test_half_a_cell_of_imports_is_enough():
    assert before("import numpy as np\nimport torch", "x = np.ones(2)") == ["import numpy as np"]
    assert offered("import numpy as np\nimport torch", "torch.ones(2)") == []


def test_what_cannot_run_takes_what_needs_it_along():
    assert offered("import torch", "n = torch.ones(2)", "k = n + 1", "k = 1\nk") == [3]


def test_only_what_is_needed_runs_before():
    cells = "a = 1\nb = 2", "print(a)", "def f(x):\n    return x + b", "f(3)"
    assert before(*cells) == ["b = 2", "def f(x):\n    return x + b"]


def test_a_function_reads_names_when_it_is_called():
    assert before("def f():\n    return p\n\np = 1\nf()", "p = 2", "f()")[-1] == "p = 2"


def test_a_draw_from_a_generator_counts():
    start = "import numpy as np\nrng = np.random.default_rng(0)"
    assert before(start, "a = rng.normal()", "rng.normal()")[-1] == "a = rng.normal()"
    assert offered(start, "import torch\nb = torch.tensor(rng.normal())", "rng.normal()") == [0]


@pytest.mark.parametrize("change", ["x.append(2)", "x[0] = 5", "x += [2]", "grow(x)", "del x[0]"])
def test_a_change_in_place_counts(change):
    cells = "def grow(a):\n    a.append(1)\n\nx = [1]", change, "print(x)"
    assert change in before(*cells)
    assert offered(*cells[:1], f"import torch\nif torch.ones(1):\n    {change}", "print(x)") == [0]


def test_looking_at_a_value_is_no_change():
    assert before("x = [1]", "print(len(x))\ny = sum(x)", "print(x)") == ["x = [1]"]


@pytest.mark.parametrize(
    "cell", ["%timeit 1", "open('x')", "import os, subprocess", "input()", "from pathlib import Path"]
)
def test_what_a_browser_lacks_is_not_offered(cell):
    assert offered(cell) == []


def test_loops_and_comprehensions_bring_names_of_their_own():
    assert offered("for n in range(3):\n    m = n\nprint(m, [k for k in range(2)], (lambda a: a)(1))") == [0]


# ---- the book's own cells ------------------------------------------------------------------------

HERE_ONLY = """
import sys, json
from importlib.abc import MetaPathFinder
class Nothing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        ours = top in ("numpy", "unrolled", "jaxtyping", "unrolled_runner") or top.startswith("_sysconfigdata")
        if not ours and top not in sys.stdlib_module_names:
            raise ModuleNotFoundError(f"No module named {name!r} in the browser", name=name)
sys.meta_path.insert(0, Nothing())
sys.path.insert(0, sys.argv[1])
import unrolled_runner, unrolled
assert unrolled.__file__.startswith(sys.argv[1]), unrolled.__file__
print(json.dumps([unrolled_runner.run(*job, "") for job in json.load(sys.stdin)]))
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The course as the browser has it."""
    folder = tmp_path_factory.mktemp("bundle")
    zipfile.ZipFile(BytesIO(live_assets.course_zip(ROOT / "src" / "unrolled"))).extractall(folder)
    return folder


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_cell_that_is_offered_runs_and_prints_what_the_page_shows(chapter, bundle, built):
    page = BeautifulSoup((built / "book" / f"{chapter}.html").read_text(encoding="utf-8"), "html.parser")
    boxes, data = page.select(".cell-runs"), json.loads(page.select_one("#live-cells").string)
    assert len(boxes) == len(data["cells"]) > 0
    jobs = [
        ["\n".join(data["statements"][n][1] for n in before), box.select_one(".cell_input pre").text]
        for box, (_, before) in zip(boxes, data["cells"], strict=True)
    ]
    done = subprocess.run(
        [sys.executable, "-c", HERE_ONLY, str(bundle)],
        input=json.dumps(jobs), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for box, answer, (_, code) in zip(boxes, json.loads(done.stdout), jobs, strict=True):
        assert answer["status"] == "ran", f"{answer['message']}\n{answer['trace']}\n{code}"
        shown = "\n".join(block.text for block in box.select(".cell_output pre"))
        assert answer["output"].split() == shown.split(), code


def test_the_book_offers_cells_in_every_chapter_and_none_where_it_cannot(built):
    for chapter in CHAPTERS:
        page = (built / "book" / f"{chapter}.html").read_text(encoding="utf-8")
        assert page.count("cell-runs") >= 2, chapter
        for cell in BeautifulSoup(page, "html.parser").select(".cell-runs"):
            assert not re.search(r"\b(torch|viz|checkpoints|ledger)\.", cell.select_one(".cell_input").text)
            assert not cell.select("svg, img, .widget, script[type*=widget]")


# ---- in Chromium ---------------------------------------------------------------------------------

PAGE = f"""---
jupytext: {{text_representation: {{extension: .md, format_name: myst}}}}
kernelspec: {{display_name: Python 3, language: python, name: python3}}
---

# T

{FENCE}import numpy as np
import torch
```

{FENCE}three = {{"n": 3}}
```

{FENCE}def double(x):
    print("double is called")
    return 2 * x
```

{FENCE}y = double(np.arange(3))
y
```

{FENCE}torch.ones(2)
```
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with live_site(tmp_path_factory.mktemp("cells"), "live_cells", a=PAGE) as site:
        yield site


@pytest.fixture(scope="module")
def page(site, chromium):
    context = chromium.new_context()
    page = context.new_page()
    page.asked, page.errors = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(f"{site.address}/a.html", wait_until="networkidle")
    yield page
    assert page.errors == []
    context.close()


def outcome(box, status):
    box.page.locator(f"#{box.get_attribute('id')}[data-status={status}]").wait_for(timeout=120_000)
    return box.locator(".live-status").inner_text()


def write(box, text):
    box.locator(".cm-content").click()
    box.page.keyboard.press("ControlOrMeta+a")
    box.page.keyboard.insert_text(text)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.xdist_group(__name__)
def test_a_cell_is_edited_and_run_in_chromium(page):
    buttons = page.get_by_role("button", name="Edit and run")
    assert buttons.count() == 3  # not the imports, not torch
    heavy = ("editor.js", "worker.js", "pyodide", ".zip", ".whl")
    assert not [url for url in page.asked if any(word in url for word in heavy)]

    buttons.nth(2).click()
    second = page.locator("#live-cell-3")
    assert outcome(second, "ran") == "Done."
    assert second.locator(".live-output").inner_text() == "double is called\narray([0, 2, 4])\n"

    write(second, "def mine(x):\n    return three[x]\n\nmine(7)")
    page.keyboard.press("Control+Enter")  # a name of an earlier cell that the book's own code did not need
    assert outcome(second, "error") == "Python stopped. KeyError: 7"
    assert second.locator(".live-trace").inner_text() == (
        "line 4, in <module>\n    mine(7)\nline 2, in mine\n    return three[x]"
    )

    buttons.nth(1).click()
    first = page.locator("#live-cell-2")
    assert outcome(first, "ran") == "Done. It prints nothing."
    write(first, "def double(x):\n    return 20 * x")

    second.locator(".live-reset").click()
    second.locator(".live-run").click()
    assert outcome(second, "ran") == "Done."
    output = second.locator(".live-output").inner_text()
    assert output.strip() == "array([ 0, 20, 40])"  # with the reader's own double

    write(first, "def double(x:")
    second.locator(".live-run").click()
    assert "An earlier cell that this one needs stops: SyntaxError" in outcome(second, "error")
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.includes('/task/'))") == []


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.xdist_group(__name__)
def test_stop_ends_an_endless_cell(page):
    page.reload(wait_until="networkidle")
    page.get_by_role("button", name="Edit and run").first.click()
    box = page.locator("#live-cell-1")
    outcome(box, "ran")
    write(box, "while True:\n    pass")
    page.keyboard.press("Control+Enter")
    box.locator(".live-stop").click()
    assert outcome(box, "stopped").startswith("Stopped.")
    box.locator(".live-reset").click()
    box.locator(".live-run").click()
    assert outcome(box, "ran") == "Done. It prints nothing."


def test_without_scripts_there_is_no_button(site):
    assert "Edit and run" not in site.text("a")
    assert [cell.number for cell in live_cells.cells_of(site.source / "a.md")[1].values()] == [1, 2, 3]
