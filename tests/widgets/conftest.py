"""Pages for the widgets' tests, which may not reach any network, and a JupyterLab."""

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
import widget_page
from widget_page import need


@pytest.fixture
def show(chromium, tmp_path):
    """``show(widget, …)`` opens it on a bare page; the test fails on any error or request that page makes."""
    wrong, contexts = [], []

    def heard(message):
        ours = not message.text.startswith("Canvas2D: Multiple readback")  # the tests read pixels
        if ours and message.type in ("error", "warning"):
            wrong.append(message.text)

    def open_page(widget, width=1000, dark=False, clock=False, reduced="no-preference", html=None, **options):
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(html or widget_page.page_of(widget, **options), encoding="utf-8")
        context = chromium.new_context(viewport={"width": width, "height": 900}, reduced_motion=reduced)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("console", heard)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda r: r.url.startswith(("http:", "https:", "ws")) and wrong.append(r.url))
        if clock:
            page.clock.install(time=0)
        page.goto(path.as_uri())
        page.wait_for_function("window.ready === true || document.querySelector('[data-state=alive]')")
        if clock:
            page.clock.pause_at(3600)  # from here on it goes when the test says so, on a busy machine too
        if dark:
            page.evaluate("document.documentElement.dataset.theme = 'dark'")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A JupyterLab for all tests of a worker: its address and the folder of its notebooks."""
    need(importlib.util.find_spec("jupyterlab"), "JupyterLab", "pip install jupyterlab")
    folder = tmp_path_factory.mktemp("lab")
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    (folder / "work").mkdir()
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
        yield address, folder / "work"
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture
def notebook(lab, chromium, request):
    """A notebook of the CELLS of the test's module in Chromium, its kernel ready; ``run(n)`` runs cell n.  The test fails on a request to another host."""
    (address, folder), name = lab, f"{request.module.__name__}.ipynb"
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in request.module.CELLS]
    )
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, folder / name)
    chosen = folder.parent / "settings" / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
    chosen.unlink(missing_ok=True)  # the test before may have left the dark one
    context = chromium.new_context(viewport={"width": 1200, "height": 1500})
    page = context.new_page()
    page.set_default_timeout(60000)
    foreign = []
    page.on(
        "request",
        lambda r: r.url.startswith("http") and not r.url.startswith(address) and foreign.append(r.url),
    )
    page.goto(f"{address}/lab/tree/{name}?reset")
    page.locator(".jp-CodeCell").first.wait_for()
    page.wait_for_function("document.querySelector('[data-status=idle]') || window.jupyterapp")
    page.wait_for_function(
        "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
    )

    def run(n):
        page.locator(".jp-CodeCell .cm-content").nth(n).click()
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell-and-select-next')")

    page.run = run
    yield page
    page.evaluate("window.jupyterapp.shell.currentWidget?.sessionContext?.shutdown()")  # its kernel too
    context.close()
    assert foreign == []
