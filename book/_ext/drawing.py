"""A drawing of ours, inlined so that it follows the page's colours.

    ```{drawing} figures/ch01_elman.svg
    :alt: what the drawing shows, in words (required)
    :name: fig-ch01-elman

    The caption.
    ```

It is numbered by chapter ("Figure 1.2") and referenced with {ref} or {numref}.  Ids inside the SVG are
made unique on the page.  Its width is the drawing's own at most; on a phone it scrolls inside itself
once its smallest text would fall under 12 pixels.
"""

import copy
import html
import re
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from house import chapter, parse_into, setup_house
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
SMALLEST = 12.0
PAGE_TEXT = 13.0  # what svg text is on our pages where the drawing does not say


class Drawing(SphinxDirective):
    """```{drawing} path.svg```, with :alt:, :name: and a caption."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar = {"alt": directives.unchanged, "name": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Inline the file, or warn and show its text alternative."""
        relative, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(relative)
        alt = " ".join(self.options.get("alt", "").split())
        if not alt:
            logger.warning("drawing %s has no :alt:", relative, location=self.get_location())
        if not Path(path).is_file():
            logger.warning("drawing %s does not exist", relative, location=self.get_location())
            return [nodes.paragraph("", alt)]
        figure = nodes.figure(classes=["drawing"])
        self.set_source_info(figure)
        if "name" in self.options:
            self.add_name(figure)
        else:
            figure["ids"].append(nodes.make_id(f"drawing-{Path(path).stem}"))
        markup = inline_svg(Path(path).read_text(encoding="utf-8"), alt, figure["ids"][0])
        figure += nodes.raw("", f'<div class="drawing-scroll" tabindex="0">{markup}</div>', format="html")
        if self.content:
            figure += parse_into(self, "\n".join(self.content), nodes.caption())
        return [figure]


def inline_svg(svg: str, alt: str, prefix: str) -> str:
    """The <svg> element as it goes into the page: named, sized, its ids under ``prefix``."""
    svg = re.sub(r"<\?xml.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>", "", svg, flags=re.S).strip()
    for name in sorted(set(re.findall(r'\bid="([^"]+)"', svg)), key=len, reverse=True):
        escaped = re.escape(name)
        svg = re.sub(rf'\bid="{escaped}"', f'id="{prefix}-{name}"', svg)
        svg = re.sub(rf"""(url\(['"]?|href=")#{escaped}(?=['")])""", rf"\g<1>#{prefix}-{name}", svg)
    opening, rest = re.match(r"(<svg\b[^>]*>)(.*)", svg, re.S).groups()  # type: ignore[union-attr]
    width = _width(opening)
    opening = re.sub(r'\s(width|height|role|aria-label|style)="[^"]*"', "", opening)
    least = round(min(width, width * SMALLEST / smallest_text(svg)))
    named = f'role="img" aria-label="{html.escape(alt)}" style="width:100%;max-width:{width:g}px;min-width:{least}px"'
    return f"{opening[:-1]} {named}>{rest}"


def smallest_text(svg: str) -> float:
    """The smallest font size that the drawing sets, in its own units."""
    sizes = [float(size) for size in re.findall(r'font-size(?:="|:\s*)([\d.]+)', svg)]
    return min(sizes, default=PAGE_TEXT)


def _width(opening: str) -> float:
    box = re.search(r'viewBox="[\d.-]+[ ,]+[\d.-]+[ ,]+([\d.]+)', opening)
    own = re.search(r'\swidth="([\d.]+)', opening)
    return float(box[1] if box else own[1] if own else 700)


def restore_counts(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Before Sphinx counts: give it back its own numbers, so that it sees what has changed."""
    env.toc_fignumbers = getattr(env, "unrolled_fignumbers", env.toc_fignumbers)
    return []


def count_by_chapter(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """After Sphinx has counted: the n-th figure of chapter c is c.n, whatever the table of contents numbers."""
    env.unrolled_fignumbers = copy.deepcopy(env.toc_fignumbers)  # type: ignore[attr-defined]
    for docname, kinds in env.toc_fignumbers.items():
        number = chapter(docname)
        for figures in kinds.values():
            for n, figure in enumerate(figures, start=1):
                if number is not None:
                    figures[figure] = (number, n)
    return []


def name_figures(app: Sphinx, config: Any) -> None:
    """Figure, in full."""
    config.numfig = True
    config.numfig_format = {**config.numfig_format, "figure": "Figure %s"}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and the numbering."""
    app.add_directive("drawing", Drawing)
    app.add_css_file("drawing.css")
    app.connect("config-inited", name_figures, priority=100)  # before Sphinx fills in its own formats
    app.connect("env-get-updated", restore_counts, priority=400)
    app.connect("env-get-updated", count_by_chapter, priority=600)
    return setup_house(app)
