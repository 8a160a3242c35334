"""Plots of the pages' code: SVG goes into the page and follows its theme; PNG gets its size, so nothing jumps.

A matplotlib figure in SVG whose colours are the tokens' light values (``unrolled.viz`` draws so) has them replaced
by the tokens themselves, so ``#a8480c`` becomes ``var(--hidden)`` and is right in the dark too.  The text of a
plot is said by the cell's tag ``mystnb: {image: {alt: …}}``; a plot without one is a warning.
"""

import html
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image, UnidentifiedImageError
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)
TOKENS = Path(__file__).resolve().parents[1] / "_theme" / "static" / "tokens.css"
WHITE = {
    "#ffffff": "--paper",
    "#fff": "--paper",
    "white": "--paper",
    "#000000": "--ink",
    "#000": "--ink",
    "black": "--ink",
}


@lru_cache(maxsize=1)
def token_colours() -> dict[str, str]:
    """Light value → token, the first token for each value; white and black are paper and ink."""
    light = TOKENS.read_text(encoding="utf-8").split("}")[0]
    found: dict[str, str] = {}
    for name, value in re.findall(r"(--[\w-]+):\s*(#[0-9a-f]{6})", light):
        found.setdefault(value, name)
    return {**WHITE, **found}


def themed(svg: str, alt: str, prefix: str) -> str:
    """A plot's <svg> as it goes into a page: named, its ids its own, its colours the page's."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    colours = token_colours()
    svg = re.sub(
        r"(?<=[:\"\s])(#[0-9a-fA-F]{6}|#[0-9a-fA-F]{3}|white|black)(?=[;\"\s])",
        lambda m: f"var({colours[m[1].lower()]}, {m[1]})" if m[1].lower() in colours else m[1],
        svg,
    )
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", svg)
    opening, rest = svg.split(">", 1)
    width = size_in_pixels(opening)
    opening = re.sub(r'\s(width|height|role|aria-label)="[^"]*"', "", opening)
    named = f'role="img" aria-label="{html.escape(alt)}" style="width:100%;max-width:{width:.0f}px;min-width:{min(width, 420):.0f}px"'
    return f"{opening} {named}>{rest}"


def size_in_pixels(opening: str) -> float:
    """The width that an <svg> asks for; matplotlib writes points."""
    match = re.search(r'\swidth="([\d.]+)(pt|px|)"', opening)
    return float(match[1]) * (4 / 3 if match[2] == "pt" else 1) if match else 640.0


def finish_plots(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Every image that a cell has drawn."""
    for number, image in enumerate(list(doctree.findall(nodes.image)), start=1):
        path = file_of(app, image)
        if path is None:
            continue
        if not image.get("alt"):
            logger.warning(
                "a plot has no text: give its cell  mystnb: {image: {alt: …}}", location=image, type="plots"
            )
        if path.suffix == ".svg" and "jupyter_execute" in path.parts:
            svg = themed(path.read_text(encoding="utf-8"), image.get("alt", ""), f"plot-{number}")
            image.replace_self(nodes.raw("", f'<div class="plot-scroll">{svg}</div>', format="html"))
        elif path.suffix in (".png", ".jpg", ".gif", ".webp") and "width" not in image:
            try:
                with Image.open(path) as opened:
                    image["width"], image["height"] = (str(side) for side in opened.size)
            except (OSError, UnidentifiedImageError):
                logger.warning("image %s can't be read", path.name, location=image, type="plots")


def file_of(app: Sphinx, image: Any) -> Path | None:
    """The image's file, wherever the reader of notebooks has put it."""
    uri = image.get("uri", "")
    if not uri or "://" in uri or uri.startswith("data:"):
        return None
    candidates = (
        Path(app.srcdir) / uri.lstrip("/"),
        Path(uri),
        Path(app.outdir).parent / "jupyter_execute" / Path(uri).name,
    )
    return next((path for path in candidates if path.is_file()), None)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the pass."""
    app.connect("doctree-resolved", finish_plots, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
