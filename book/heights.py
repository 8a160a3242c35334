"""``make widget-heights``: how high each widget of the built site is, into ``book/_theme/widget_heights.json``.

Each page with widgets is opened in Chromium as wide as each of ``places.WIDTHS``, with the course's fonts; every widget starts,
in a place that asks for no height of its own.  What was kept is only replaced when it is more than ``NEAR`` pixels off, so that
another machine's rounding changes nothing.
"""

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Route, sync_playwright
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "book" / "_ext"))
places: Any = importlib.import_module("places")

CHROMIUM = "/usr/bin/chromium"
NEAR = 4
READY = """() => [...document.querySelectorAll(".widget-place")].every((place) => ["alive", "failed"].includes(place.dataset.state))"""
MEASURE = """async () => {
  await document.fonts.ready;
  const now = () => [...document.querySelectorAll(".widget-place")].map((place) => place.offsetHeight);
  for (let same = 0, last = now(), left = 100; same < 6 && left; left -= 1) {
    await new Promise((done) => setTimeout(done, 50));
    same = now().every((height, n) => height === last[n]) ? same + 1 : 0;
    last = now();
  }
  return now();
}"""
BARE = "@media screen { .js .widget-place[style], .js .widget-place:not([data-state]) { min-height: 0 !important; } }"


def with_every_font(route: Route) -> None:
    """The style sheet, so that a font that comes late is drawn all the same, and a place asks for no height."""
    text = (SITE / "_static" / "site.css").read_text(encoding="utf-8")
    route.fulfill(
        body=text.replace("font-display: optional", "font-display: swap") + BARE, content_type="text/css"
    )


def heights(browser: Browser, address: str, widths: tuple[int, ...] = places.WIDTHS) -> list[list[int]]:
    """The heights of each widget of a page, in pixels, in a window as wide as each of ``widths``."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.route("**/site.css*", with_every_font)
    page.goto(address, wait_until="load")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")  # on paper every widget starts
    page.wait_for_function(READY, timeout=120_000)
    rows = []
    for width in reversed(widths):
        page.set_viewport_size({"width": width, "height": 900})
        rows.insert(0, page.evaluate(MEASURE))
    context.close()
    return [list(widget) for widget in zip(*rows, strict=True)]


def pages() -> list[str]:
    """The pages with widgets, by their names."""
    found = (p for part in ("book", "exercises") for p in (SITE / part).rglob("*.html"))
    return sorted(
        p.relative_to(SITE).with_suffix("").as_posix()
        for p in found
        if places.VIEW.search(p.read_text("utf-8"))
    )


def measured(names: list[str]) -> dict[str, list[list[int]]]:
    """Page → its widgets → a height for each of ``WIDTHS``."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        found = {
            name: heights(browser, (SITE / f"{name}.html").as_uri()) for name in tqdm(names, desc="pages")
        }
        browser.close()
    return found


def kept(before: list[list[int]] | None, now: list[list[int]]) -> list[list[int]]:
    """``before``, if it is near enough everywhere.

    >>> kept([[500, 400]], [[502, 399]]), kept([[500, 400]], [[520, 400]]), kept(None, [[1, 2]])
    ([[500, 400]], [[520, 400]], [[1, 2]])
    """
    if before is None or [len(row) for row in before] != [len(row) for row in now]:
        return now
    pairs = [
        (old, new)
        for row, other in zip(before, now, strict=True)
        for old, new in zip(row, other, strict=True)
    ]
    return before if all(abs(old - new) <= NEAR for old, new in pairs) else now


def written(found: dict[str, list[list[int]]]) -> str:
    """The file's text: a line for each widget, so that a change shows which one moved."""
    text = json.dumps({"widths": places.WIDTHS, "pages": found}, indent=1)
    return re.sub(r"\[\s+([\d,\s]+?)\s+\]", lambda row: "[" + " ".join(row[1].split()) + "]", text) + "\n"


def main() -> int:
    """Measure, and say what has changed."""
    before: dict[str, Any] = places.known()
    found = {name: kept(before.get(name), now) for name, now in measured(pages()).items()}
    places.HEIGHTS.write_text(written(found), encoding="utf-8")
    changed = [name for name in found.keys() | before.keys() if found.get(name) != before.get(name)]
    print("\n".join(f"  {name}: new heights" for name in sorted(changed)) or "No widget has another height.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
