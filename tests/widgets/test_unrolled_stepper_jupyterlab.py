"""The unrolled stepper in a real JupyterLab: in step with Python both ways, typing that Lab leaves alone."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from playwright.sync_api import expect
from widget_page import need

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
CELLS = [
    "from unrolled.widgets import unrolled_stepper\nseen = []\nw = unrolled_stepper(step=3)\n"
    "w.observe(lambda c: seen.append(c['name']))\nw",
    "print('python sees', w.step, w.text, w.U[1][1], sorted(set(seen)))",
    "w.text = 'the old dog slept'\nw.step = 2\nprint('told the page')",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    need(importlib.util.find_spec("jupyterlab"), "JupyterLab", "pip install jupyterlab")
    folder = tmp_path_factory.mktemp("lab")
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    (folder / "work").mkdir()
    nbformat.write(notebook, folder / "work" / "stepper.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser", f"--port={port}"]  # fmt: skip
    command += [
        "--IdentityProvider.token=",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder / 'work'}",
    ]
    environment = {**os.environ, "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(folder / "spaces")}  # fmt: skip
    environment |= {"JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTER_RUNTIME_DIR": str(folder / "run")}
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api", timeout=1)
                break
            except OSError:
                assert server.poll() is None, (folder / "log").read_text()[-2000:]
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_in_step_with_python(lab, chromium, tmp_path):
    context = chromium.new_context(viewport={"width": 1200, "height": 1500})
    page = context.new_page()
    page.set_default_timeout(60000)
    foreign = []
    page.on(
        "request", lambda r: r.url.startswith("http") and not r.url.startswith(lab) and foreign.append(r.url)
    )
    page.goto(f"{lab}/lab/tree/stepper.ipynb")
    page.locator(".jp-CodeCell").first.wait_for()
    page.wait_for_function("document.querySelector('[data-status=idle]') || window.jupyterapp")
    page.wait_for_function(
        "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
    )
    run = "window.jupyterapp.commands.execute('notebook:run-cell-and-select-next')"
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.evaluate(run)
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
    page.locator(".jp-CodeCell .cm-content").nth(1).click()
    page.evaluate(run)
    output = page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output")
    expect(output).to_contain_text("python sees 2 the dog ddslept 0.5")
    for name in ("U", "step", "text"):
        expect(output).to_contain_text(f"'{name}'")

    page.locator(".jp-CodeCell .cm-content").nth(2).click()
    page.evaluate(run)
    expect(where).to_have_text("step 2 of 4")
    expect(page.locator(".toks [aria-current=step]")).to_have_text("old")

    expect(page.locator(".ur")).to_have_css("background-color", "rgb(253, 252, 249)")
    page.evaluate("window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
    expect(page.locator(".ur")).to_have_css("background-color", "rgb(22, 24, 28)")
    page.wait_for_timeout(500)
    page.screenshot(path=tmp_path / "lab.png")
    assert foreign == []
    context.close()
