"""Cells of a page that a reader may edit and run: which they are, and what has to run before each.

``runnable`` decides from the code alone.  Pages get a list of the statements that such cells build on and, once, the
box of an exercise to copy; ``cells.js`` does the rest with the editor and the Python of ``live.js``.  A cell whose code
the page does not show, or that shows a plot or a widget, is not offered; nor is any where scripts are off.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from docutils import nodes
from house import REPOSITORY, setup_house
from live_assets import course_modules
from live_exercise import controls
from myst_nb.core.read import read_myst_markdown_notebook
from runnable import Cell, Statement, runnable
from sphinx.application import Sphinx

PACKAGE = REPOSITORY / "src" / "unrolled"
LIBRARIES = ("numpy", "jaxtyping")


def browser_has(name: str) -> bool:
    """Whether the browser's Python can import this: a module, or what one of its modules defines.

    >>> browser_has("numpy.linalg"), browser_has("unrolled.scratch.lstm"), browser_has("unrolled.scratch.lstm.lstm_step")
    (True, True, True)
    >>> browser_has("unrolled.viz"), browser_has("unrolled.experiments.ledger"), browser_has("torch")
    (False, False, False)
    """
    return name.split(".")[0] in LIBRARIES or name in _course() or (_defines(name) and "." in name)


def _defines(name: str) -> bool:
    """Whether it is no module at all, of ours or of others, but a name in a module that the browser has."""
    module, _, _ = name.rpartition(".")
    path = PACKAGE.parent / name.replace(".", "/")
    return module in _course() and not path.is_dir() and not path.with_suffix(".py").is_file()


@lru_cache(maxsize=1)
def _course() -> frozenset[str]:
    paths = (path.relative_to(PACKAGE.parent).with_suffix("") for path in course_modules(PACKAGE))
    return frozenset(".".join(path.parts).removesuffix(".__init__") for path in paths)


def cells_of(page: Path) -> tuple[list[Statement], dict[int, Cell]]:
    """The page's statements that can run in the browser, and the cells that can, by their place among all cells."""
    cells = enumerate(read_myst_markdown_notebook(page.read_text(encoding="utf-8")).cells)
    code = [(place, cell.source) for place, cell in cells if cell.cell_type == "code"]
    statements, found = runnable([source for _, source in code], browser_has)
    return statements, {code[cell.number][0]: cell for cell in found}


def offer_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Mark the cells that can be run, and give the page what their script needs."""
    shown = [node for node in doctree.findall(nodes.container) if node.get("nb_element") == "cell_code"]
    page = Path(app.env.doc2path(app.env.docname))
    if not shown or page.suffix != ".md" or app.env.docname.startswith("exercises/"):
        return
    statements, found = cells_of(page)
    offered = [node for node in shown if node["cell_index"] in found and can_be_shown(node)]
    for node in offered:
        node["classes"].append("cell-runs")
    if offered:
        cells = [found[node["cell_index"]] for node in offered]
        app.env.metadata[app.env.docname] |= {"unrolled-live": "yes", "unrolled-cells": "yes"}
        doctree.append(nodes.raw("", page_data(statements, cells), format="html"))


def can_be_shown(node: nodes.Element) -> bool:
    """Whether its code is on the page, and nothing but text comes out of it."""
    parts = {child.get("nb_element"): child for child in node.findall(nodes.container)}
    output = parts.get("cell_code_output")
    drawn = output is not None and any(output.findall(lambda n: isinstance(n, nodes.image | nodes.raw)))
    return "cell_code_source" in parts and not drawn


def page_data(statements: list[Statement], cells: list[Cell]) -> str:
    """The box that a cell becomes, and which statements come before which cell; cells in the page's order."""
    data = {
        "statements": [[s.cell, s.text, sorted(s.touches), s.before] for s in statements],
        "cells": [[c.number, c.before] for c in cells],
    }
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    bar = controls("live-cell", True).replace("Run and check", "Run")
    return f"""<template id="live-cell"><section class="live-exercise live-cell" data-status="idle">
<div class="live-code"><pre></pre></div><span class="live-solved" hidden></span>{bar}</section></template>
<script type="application/json" id="live-cells">{text}</script>"""


def add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """The script and the style sheet, on pages with such cells; after those of the exercises."""
    if app.env.metadata.get(page, {}).get("unrolled-cells"):
        app.add_css_file("cells.css")
        app.add_js_file("cells.js", defer="defer", priority=602)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the two passes; the exercises' extension brings the editor and Python."""
    app.setup_extension("live_exercise")
    app.connect("doctree-read", offer_cells)
    app.connect("html-page-context", add_script)
    return setup_house(app)
