"""A widget's place in a page, as high from the first paint as the widget will be: nothing below it moves when it starts.

``book/_theme/widget_heights.json`` holds the height of each widget, by page, in the order of the page, at the widths of a
window in ``WIDTHS``; `make widget-heights` measures them.  Between two widths a place is as high as a line between them says.
A widget that was not measured gets the room of a middling one, until it is alive.  Without scripts a place is as high as
the line that says what would be here.
"""

import json
import re
from itertools import pairwise
from typing import Any

import house
from sphinx.application import Sphinx

HEIGHTS = house.REPOSITORY / "book" / "_theme" / "widget_heights.json"
WIDTHS = (320, 360, 390, 430, 520, 639, 640, 768, 1023, 1024, 1150, 1279, 1280)
"""Where heights are measured, in pixels: phones, and either side of each width at which the theme changes its layout."""
VIEW = re.compile(r'<script type="application/vnd\.jupyter\.widget-view\+json">.*?</script>', re.DOTALL)
UNSCRIPTED = (
    '<noscript><p class="unscripted">With scripts on, there is a drawing here to play with.</p></noscript>'
)


def places(body: str, heights: list[list[int]]) -> str:
    """Each widget of a page in its place; ``heights`` holds a list for each, one height in pixels for each of ``WIDTHS``.

    >>> view = '<script type="application/vnd.jupyter.widget-view+json">{}</script>'
    >>> places(view, [])[:26]
    '<div class="widget-place">'
    >>> places(view, [[500] * len(WIDTHS)])[:46]
    '<div class="widget-place" style="--w320: 500; '
    """
    rest = iter(heights)

    def place(view: re.Match[str]) -> str:
        known = zip(WIDTHS, next(rest, []), strict=False)
        style = "; ".join(f"--w{width}: {height}" for width, height in known)
        opening = f'<div class="widget-place" style="{style}">' if style else '<div class="widget-place">'
        return f"{opening}{view[0]}{UNSCRIPTED}</div>"

    return VIEW.sub(place, body)


def rules() -> str:
    """The style sheet that makes a height of a place's numbers, at any width."""
    height = "calc(1px * var(--low) + (var(--high) - var(--low)) * var(--part))"
    text = f"@media screen {{ .js .widget-place[style] {{ min-height: {height}; }} }}\n"
    spans = [*pairwise(WIDTHS), (WIDTHS[-1], None)]
    for low, high in spans:
        where = f"(min-width: {low if low > WIDTHS[0] else 0}px)"
        part = f"(100vw - {low}px) / {high - low}" if high else "0px"
        text += f"@media {where} {{ .widget-place {{ --low: var(--w{low}); --high: var(--w{high or low}); --part: calc({part}); }} }}\n"
    return text


def known() -> dict[str, list[list[int]]]:
    """Page → the heights of its widgets; nothing that was measured at other widths."""
    kept = json.loads(HEIGHTS.read_text(encoding="utf-8")) if HEIGHTS.exists() else {}
    return kept["pages"] if kept.get("widths") == list(WIDTHS) else {}


def give_room(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Put each widget of the page into its place."""
    if "body" in context:
        context["body"] = places(context["body"], known().get(pagename, []))


def setup(app: Sphinx) -> dict[str, bool]:
    """After MyST-NB has put the widgets into the page."""
    app.connect("html-page-context", give_room, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
