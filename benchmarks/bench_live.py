"""From the click on "Run and check" to the first output, in headless Chromium: cold cache, warm cache, and the next run.

    UNROLLED_ASSETS=../shared/assets python benchmarks/bench_live.py [--rounds 5] [--site _build/html]

Chapter 1's first exercise as `make book` left it, with the live files built afresh.  The server is on this machine, gzips what a
server would (not archives) and answers with ETag and max-age.  "Cold" is a new browser profile, "warm" the same profile in a
new browser.  Beside it, by turns, Pyodide as npm and its CDN hand it out: ``loadPyodide``, ``loadPackage("numpy")``,
``import numpy``, and not a line of the course.  Processor time is of all of the browser's processes, from click to output.
"""

import argparse
import gzip
import shutil
import statistics
import sys
import tempfile
import threading
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import psutil
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import live_assets  # noqa: E402

PAGE = "book/ch01_rnn.html"
BARS = {"cold": 8000, "warm": 5000, "next run": 200}
GZIPPED = {".html", ".js", ".mjs", ".wasm", ".css", ".json", ".svg"}
OURS = """async () => {
  const box = document.querySelector(".live-exercise"), from = performance.now();
  box.querySelector(".live-run").click();
  await new Promise((done) => new MutationObserver(() => ["idle", "running"].includes(box.dataset.status) || done())
    .observe(box, { attributes: true }));
  if (box.dataset.status === "broken") throw new Error(box.innerText);
  return performance.now() - from; }"""
STOCK = """async () => {
  const from = performance.now(), worker = new Worker("worker.js", { type: "module" });
  await new Promise((done, fail) => { worker.onmessage = done; worker.onerror = fail; });
  return performance.now() - from; }"""
STOCK_WORKER = """import { loadPyodide } from "./pyodide.mjs";
const python = await loadPyodide({ packages: ["numpy"] });
python.runPython("import numpy");
postMessage("ready");"""


class Turn(NamedTuple):
    """One start of Python: milliseconds from the click, seconds of processor time, milliseconds of the run after it."""

    wall: float
    cpu: float
    following: float = 0.0


class Server(SimpleHTTPRequestHandler):
    """A static host as they are: gzip, ETag, max-age, kept connections."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """One file, whole."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        body = content(path)
        etag = f'"{path.stat().st_mtime_ns:x}"'
        known = self.headers.get("If-None-Match") == etag
        self.send_response(304 if known else 200)
        headers = {"Content-Type": self.guess_type(str(path)), "ETag": etag, "Cache-Control": "max-age=600"}
        headers |= {"Content-Encoding": "gzip"} if path.suffix in GZIPPED else {}
        for name, value in {**headers, "Content-Length": str(0 if known else len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if not known:
            self.wfile.write(body)

    def log_message(self, format, *args):
        """A benchmark prints its own table."""


Server.extensions_map = {**Server.extensions_map, ".mjs": "text/javascript", ".wasm": "application/wasm"}


@cache
def content(path):
    return gzip.compress(path.read_bytes(), 6) if path.suffix in GZIPPED else path.read_bytes()


def prepare(folder, built):
    """The built site with live files of today, and Pyodide as it comes."""
    site, stock, pyodide = folder / "site", folder / "stock", ROOT / "node_modules" / "pyodide"
    if 'class="live-run"' not in (page := built / PAGE).read_text(encoding="utf-8"):
        sys.exit(f"{page} has no exercise: make book")
    shutil.copytree(built, site, ignore=shutil.ignore_patterns("live"))
    if not live_assets.build_live(ROOT, site / "_static" / "live"):
        sys.exit("NumPy for the browser is missing: UNROLLED_ASSETS names the folder that has it.")
    stock.mkdir()
    names = (*live_assets.CORE, "python_stdlib.zip", "pyodide-lock.json")
    for path in [*(pyodide / name for name in names), live_assets.find_wheel(pyodide)]:
        shutil.copy2(path, stock)
    (stock / "worker.js").write_text(STOCK_WORKER)
    (stock / "index.html").write_text("<!doctype html><title>stock</title>")
    for path in folder.rglob("*"):
        if (path.suffix in GZIPPED and "live" in path.parts) or path.parent == stock:
            content(path)  # gzipped before the clock starts


def processor_seconds():
    """Of every process that this one has started."""
    total = 0.0
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.Error:  # it has just ended
            continue
        total += times.user + times.system
    return total


def measure(playwright, profile, url, script, again):
    """Open the page in this profile and click; ``again`` clicks three times more, for the runs that follow."""
    browser = playwright.chromium.launch_persistent_context(
        profile, executable_path=shutil.which("chromium"), args=["--no-sandbox"]
    )
    page = browser.new_page()
    answer = page.goto(url, wait_until="load")
    if answer is None or not answer.ok or (again and not page.locator(".live-run").count()):
        sys.exit(f"{url}: {answer and answer.status}, {page.title()!r}, {len(page.content())} characters")
    page.wait_for_timeout(1000)
    before = processor_seconds()
    wall = page.evaluate(script)
    turn = Turn(wall, processor_seconds() - before)
    if again:
        turn = turn._replace(following=statistics.median(page.evaluate(script) for _ in range(3)))
    browser.close()
    return turn


def rounds(playwright, address, number):
    """All turns, by name and cache; ours and stock alternate, so that whatever else the machine does falls on both."""
    pages = {"ours": (f"site/{PAGE}", OURS), "stock": ("stock/index.html", STOCK)}
    found = {(name, kind): [] for name in pages for kind in ("cold", "warm")}
    for _ in range(number):
        for name, (path, script) in pages.items():
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
                for kind in ("cold", "warm"):
                    turn = measure(playwright, profile, f"{address}/{path}", script, name == "ours")
                    found[name, kind].append(turn)
                    print(f"{name} {kind}: {turn.wall:.0f} ms, {turn.cpu:.2f} s", file=sys.stderr)
    return found


def report(found, load):
    """The table; a figure above its bar is marked."""
    print(f"medians of {len(found['ours', 'cold'])}; load average {load[0]:.1f} before, {load[1]:.1f} after")
    print(
        f"{'':10}{'ours ms':>9}{'bar':>7}{'stock ms':>10}{'ours cpu s':>12}{'stock cpu s':>13}{'cpu ratio':>11}"
    )
    for kind in ("cold", "warm"):
        ours, stock = found["ours", kind], found["stock", kind]
        wall, theirs = (statistics.median(t.wall for t in turns) for turns in (ours, stock))
        cpu, their_cpu = (statistics.median(t.cpu for t in turns) for turns in (ours, stock))
        ratio = statistics.median(a.cpu / b.cpu for a, b in zip(ours, stock, strict=True))
        print(
            f"{kind:10}{wall:9.0f}{BARS[kind]:7}{theirs:10.0f}{cpu:12.2f}{their_cpu:13.2f}{ratio:11.2f}"
            + " MISSED" * (wall > BARS[kind])
        )
    following = statistics.median(t.following for kind in ("cold", "warm") for t in found["ours", kind])
    print(f"{'next run':10}{following:9.0f}{BARS['next run']:7}" + " MISSED" * (following > BARS["next run"]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        prepare(Path(name), options.site)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=name))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        before = psutil.getloadavg()[0]
        found = rounds(playwright, f"http://127.0.0.1:{server.server_port}", options.rounds)
        report(found, (before, psutil.getloadavg()[0]))
        server.shutdown()
