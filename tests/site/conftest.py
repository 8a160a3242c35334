"""What tests of the built site share: the pages, a server under a sub-path, Chromium, a page of which everything is noted."""

import gzip
import threading
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from skips import skip_or_fail

ROOT = Path(__file__).parents[2]
SUB_PATH = "/some/sub/path/"
PACKED = (".woff2", ".png", ".jpg", ".whl", ".zip")


@pytest.fixture(scope="session")
def built() -> Path:
    """``_build/html``, as `make book` left it."""
    site = ROOT / "_build" / "html"
    if not (site / "index.html").is_file() or not (ROOT / "_build" / "state.json").is_file():
        skip_or_fail("the site is not built: make book")
    return site


@pytest.fixture(scope="session")
def page_names(built) -> list[str]:
    """Every HTML page, by its path."""
    return sorted(p.relative_to(built).as_posix() for p in built.rglob("*.html") if "_static" not in p.parts)


class UnderSubPath(SimpleHTTPRequestHandler):
    """Serve a folder under SUB_PATH; whatever asks above it gets 404."""

    def translate_path(self, path: str) -> str:
        inside = urlsplit(path).path.startswith(SUB_PATH)
        return super().translate_path(path[len(SUB_PATH) - 1 :]) if inside else "/nowhere"

    def log_message(self, *_) -> None:
        """Tests speak for themselves."""


UnderSubPath.extensions_map = {
    **SimpleHTTPRequestHandler.extensions_map,
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
}


@pytest.fixture(scope="session")
def address(built):
    """Where the site is served, ending with a slash."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(UnderSubPath, directory=str(built)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{SUB_PATH}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def weigh(built, address):
    """``weigh(seen)``: path → bytes of all that was fetched, gzipped where a server would."""

    def weights(seen) -> dict[str, int]:
        paths = [url.removeprefix(address) for url in seen.fetched if url.startswith(address)]
        bodies = {
            path: (built / unquote(path)).read_bytes() for path in paths if (built / unquote(path)).is_file()
        }
        return {p: len(b if p.endswith(PACKED) else gzip.compress(b, 6)) for p, b in bodies.items()}

    return weights


@dataclass
class Watch:
    """What went wrong, and what was fetched, while a page was open."""

    foreign: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    fetched: set[str] = field(default_factory=set)
    open: set = field(default_factory=set)

    def settle(self, page, seconds: float = 5) -> None:
        """Wait for the requests under way: leaving the page would abort them."""
        for _ in range(int(seconds * 50)):
            if not self.open:
                return
            page.wait_for_timeout(20)

    def clear(self) -> None:
        for found in (self.foreign, self.failed, self.console, self.fetched, self.open):
            found.clear()


def watch(page, own: str) -> Watch:
    """Note everything that a page asks for.  Nothing is held back: that would cost the browser its cache, and each page its time."""
    seen = Watch()
    host = urlsplit(own).netloc

    def asked(request):
        url = urlsplit(request.url)
        if url.scheme.startswith("http"):
            seen.open.add(request)
        if url.scheme not in ("data", "blob", "file") and url.netloc != host:
            seen.foreign.append(request.url)

    def note(response):
        seen.fetched.add(response.url.split("?")[0])
        if response.status >= 400:
            seen.failed.append(f"{response.status} {response.url}")

    def lost(request):
        # "aborted" is what the page itself called off, by being left; whatever a server does wrong has another name
        if request.failure != "net::ERR_ABORTED":
            seen.failed.append(f"{request.failure} {request.url}")

    page.on("request", asked)
    for end in ("requestfinished", "requestfailed"):
        page.on(end, lambda request: seen.open.discard(request))
    page.on("response", note)
    page.on("requestfailed", lost)
    page.on("console", lambda m: seen.console.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: seen.console.append(str(error)))
    return seen


@pytest.fixture(scope="session")
def watch_page():
    """``seen = watch_page(page, address)`` for a page of a context of the test's own."""
    return watch


@pytest.fixture
def open_page(chromium, address):
    """``page, seen = open_page("book/intro.html", color_scheme="dark")``: options are those of a browser context."""
    contexts = []

    def opener(name: str = "", **options):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        seen = watch(page, address)
        page.goto(address + name, wait_until="load")
        return page, seen

    yield opener
    for context in contexts:
        context.close()
