"""A small site with live exercises or cells: built into a folder of the test's, served to the browser that a test brings."""

import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import assignment
import pages
import pytest

live_assets = pages.load("live_assets")
course_tasks = pages.load("live_exercise").course_tasks
ROOT = pages.EXT.parents[1]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


Quiet.extensions_map = {
    **SimpleHTTPRequestHandler.extensions_map,
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
}


def need_numpy():
    """Skip, in CI too, where NumPy for the browser is missing; one that is there and broken fails."""
    try:
        live_assets.find_wheel(ROOT / "node_modules" / "pyodide")
    except live_assets.NoWheelError as why:
        assert "differs" not in str(why), f"the wheel is there and broken: {why}"
        pytest.skip(f"NumPy for the browser is missing: {why}")


@contextmanager
def served(site):
    """The built site on a server of its own; ``site.address`` has no slash at its end."""
    assert site.warnings == ""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site.out)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site.address = f"http://127.0.0.1:{server.server_port}"
    yield site
    server.shutdown()
    server.server_close()


@contextmanager
def live_site(folder, *extensions, **written):
    """Build these pages, with the task ``ch01_test/double`` at hand, and serve them."""
    need_numpy()
    (folder / "solutions" / "ch01_test").mkdir(parents=True)
    source = assignment.SOURCE.replace("$", "`")  # no maths
    (folder / "solutions" / "ch01_test" / "ch01_test.md").write_text(source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(course_tasks(), "ROOT", folder / "solutions")
        site = pages.Pages(
            folder,
            *extensions,
            html_static_path=[str(ROOT / "book/_theme/static")],
            html_css_files=["tokens.css"],
            html_favicon=str(ROOT / "book/_theme/static/favicon.svg"),
        )
        site.write(**written).build()
    with served(site):
        yield site


@contextmanager
def page_at(chromium, address, patience=10_000):
    """A page of a browser's own, which may download and must not throw; patience in ms."""
    context = chromium.new_context(accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(patience)
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(address)
    yield page
    assert wrong == []
    context.close()
