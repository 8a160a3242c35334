"""What the extensions share: where the repository is, which chapter a page is, one node for any HTML element.

Not an extension itself.  ``setup_house(app)`` may be called by each extension; it acts once.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

REPOSITORY = Path(__file__).resolve().parents[2]
STATIC = REPOSITORY / "book" / "_theme" / "static"


class Tag(nodes.General, nodes.Element):
    """One HTML element: ``Tag(tag="p", classes=[...], attrs={...})`` with nodes inside."""


class InlineTag(nodes.Inline, nodes.Element):
    """The same within a line of text."""


def _visit(self, node: nodes.Element) -> None:
    attrs = {name.replace("_", "-"): value for name, value in node.get("attrs", {}).items()}
    self.body.append(self.starttag(node, node.get("tag", "div"), "", **attrs))


def _depart(self, node: nodes.Element) -> None:
    if node.get("tag") != "input":  # it has no end
        self.body.append(f"</{node.get('tag', 'div')}>")


def _nothing(self, node: nodes.Element) -> None:
    pass


def setup_house(app: Sphinx) -> dict[str, bool]:
    """Register the two nodes and ``unrolled_root``, whichever extension comes first."""
    if "unrolled_root" not in app.config.values:
        app.add_config_value("unrolled_root", str(REPOSITORY), "env")
        for node in (Tag, InlineTag):
            app.add_node(node, html=(_visit, _depart), latex=(_nothing, _nothing), text=(_nothing, _nothing))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def root(app: Sphinx) -> Path:
    """The repository that the pages speak of; a test points ``unrolled_root`` at its own."""
    return Path(app.config.unrolled_root)


def chapter(docname: str) -> int | None:
    """The chapter's number, from a page called ``…/ch07_lstm``; None elsewhere."""
    match = re.fullmatch(r"ch(\d\d)_\w+", docname.rsplit("/", 1)[-1])
    return int(match[1]) if match else None


def front_matter(metadata: dict[str, str]) -> dict[str, str]:
    """The page's own ``unrolled:`` block; Sphinx hands nested front matter over as JSON."""
    block = metadata.get("unrolled", {})
    return json.loads(block) if isinstance(block, str) else block


def parse_into(directive: SphinxDirective, text: str, node: nodes.Element, line: int = 0) -> nodes.Element:
    """Parse ``text`` as the page's own markup into ``node``; a lone paragraph loses its wrapper."""
    lines = StringList(text.splitlines(), directive.get_source_info()[0])
    directive.state.nested_parse(lines, directive.content_offset + line, node)
    if len(node) == 1 and isinstance(node[0], nodes.paragraph):
        paragraph = node[0]
        node.remove(paragraph)
        node += paragraph.children
    return node


def table(
    headers: list[str], rows: list[list[nodes.Node | str]], numeric: tuple[int, ...] = ()
) -> nodes.table:
    """A plain table; the columns in ``numeric`` get the class that aligns figures; no headers, no head."""
    columns = len(headers) or len(rows[0])
    group = nodes.tgroup(cols=columns)
    group += [nodes.colspec(colwidth=1) for _ in range(columns)]
    body = nodes.tbody()
    body += [_row(row, numeric) for row in rows]
    group += ([nodes.thead("", _row(list(headers), numeric))] if headers else []) + [body]
    return nodes.table("", group, classes=["unrolled-table"])


def _row(cells: list, numeric: tuple[int, ...]) -> nodes.row:
    row = nodes.row()
    for n, cell in enumerate(cells):
        content = nodes.Text(cell) if isinstance(cell, str) else cell
        classes = ["number"] if n in numeric else []
        row += nodes.entry("", nodes.paragraph("", "", content), classes=classes)
    return row
