"""Nothing jumps while a page loads and is scrolled through, and the heights that are kept for widgets are still theirs."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))
import heights  # noqa: E402
from heights import places  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]
BAR = 0.05  # what Lighthouse calls good is 0.1
STALE = 24
"""A line of text: a widget whose height has changed by more is measured again."""
WATCH = """() => { window.jumps = []; new PerformanceObserver((list) => { for (const shift of list.getEntries()) if (!shift.hadRecentInput)
  window.jumps.push([shift.value, ...shift.sources.map(({ node }) => node?.className || node?.nodeName || "gone")]); })
  .observe({ type: "layout-shift", buffered: true }); }"""
SETTLED = """() => [...document.querySelectorAll(".widget-place")].every((place) => {
  const { top, bottom } = place.getBoundingClientRect();
  return place.dataset.state || bottom < 0 || top > innerHeight; })"""
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.mark.parametrize("name", ["book/intro.html", "book/ch02_bptt.html", "book/ch09_attention.html"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_does_not_jump_while_it_loads_and_is_scrolled_through(
    chromium, address, watch_page, name, width
):
    context = chromium.new_context(viewport={"width": width, "height": 844}, reduced_motion="reduce")
    page = context.new_page()
    seen = watch_page(page, address)
    page.add_init_script(f"({WATCH})()")
    page.goto(address + name, wait_until="load")
    top, step = 0, 350
    while top < page.evaluate("document.body.scrollHeight"):
        page.evaluate(f"window.scrollTo(0, {top})")
        page.wait_for_function(SETTLED)
        page.evaluate(DRAWN)
        top += step
    seen.settle(page)
    jumps = page.evaluate("window.jumps")
    context.close()
    assert sum(value for value, *_ in jumps) < BAR, jumps


def test_the_heights_kept_for_widgets_are_still_theirs(chromium, built):
    """If it fails: make widget-heights."""
    kept, wrong = places.known(), []
    assert set(kept) == set(heights.pages())
    for name in ("book/intro", "book/ch02_bptt", "book/ch07_lstm"):
        now = heights.heights(chromium, (built / f"{name}.html").as_uri(), (390, 1280))
        for n, pair in enumerate(now):
            old = [kept[name][n][places.WIDTHS.index(width)] for width in (390, 1280)]
            if max(abs(a - b) for a, b in zip(old, pair, strict=True)) > STALE:
                wrong.append((name, n, old, pair))
        assert len(now) == len(kept[name]), name
    assert wrong == [], "make widget-heights"
