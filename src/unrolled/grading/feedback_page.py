"""nbconvert's HTML exporter, which does once what is the same on the pages of a class.

Most cells are the instructor's, or like somebody else's.  What is remembered is bounded, and belongs to one process.
"""

import functools
import json
import re
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
from jinja2 import Template, pass_context
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter, html
from nbconvert.filters import Highlight2HTML
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbformat import reader

from unrolled.grading.feedback import HideTests
from unrolled.grading.feedback_grades import QuickGrades

KEPT, LONGEST = 500, 20_000
"""how many pieces of a page are remembered of each kind, and of how many characters one may be"""
STOCK = (
    Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates",
    Path(sys.prefix) / "share" / "jupyter" / "nbconvert" / "templates",
)
"""where nbgrader's and nbconvert's own templates lie, in which a cell is shown by what the cell holds"""
MAGIC = re.compile("[%!?]")
"""what IPython adds to Python has one of these; to look for it everywhere takes a third of the time of colouring"""
ALT = "No description has been provided for this image"
PICTURE = re.compile(r"<img\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")


class Read(nbformat.NotebookNode):
    """A notebook just read, which nobody else holds: nbconvert's three copies of it are itself."""

    def __deepcopy__(self, memo: dict) -> "Read":
        return self


class QuickHTML(HTMLExporter):
    """The pages of HTMLExporter."""

    known = frozenset({CSSHTMLHeaderPreprocessor, HideTests, QuickGrades})
    """preprocessors after which a notebook is as valid as before: it is validated once, not after each"""

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        html.BeautifulSoup = Skim  # type: ignore[assignment]
        self._plain = not self.filters and not self.enable_async and not self.embed_images
        self._known_colours = functools.lru_cache(KEPT)(self._coloured)
        self._known_texts = functools.lru_cache(KEPT)(functools.partial(super().markdown2html, {}))
        self._known_cells: dict[bytes, str] = {}
        if "highlight_code" not in self.filters:
            self.filters = {**dict(self.filters), "highlight_code": self._colour}

    def from_file(self, file_stream: Any, resources: Any = None, **options: Any) -> Any:
        """Read without a validation, which follows after the preprocessors."""
        notebook = nbformat.convert(reader.reads(file_stream.read()), 4)
        return self.from_notebook_node(Read(notebook), resources, **options)

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> Any:
        """The page; how its code is coloured is a fact of the notebook."""
        facts = nb.metadata.get("language_info", {})
        self._lexer = facts.get("pygments_lexer", facts.get("name", None))
        if {type(step) for step in self._preprocessors} <= self.known:
            self.optimistic_validation = True
        return super().from_notebook_node(nb, resources, **options)

    def _colour(self, source: str, language: str | None = None, metadata: Any = None) -> str:
        if (metadata and "magics_language" in metadata) or len(source) > LONGEST:
            return self._coloured(self._lexer, source, language, metadata)
        return self._known_colours(self._lexer, source, language)

    def _coloured(self, lexer: str | None, source: str, language: str | None, metadata: Any = None) -> str:
        colour = Highlight2HTML(pygments_lexer=lexer, parent=self)
        if (language or colour.pygments_lexer) != "ipython3" or metadata or colour.extra_formatter_options:
            return colour(source, language, metadata)
        if MAGIC.search(source):
            return colour(source, language)
        return colour(source, "python3").replace("hl-python3", "hl-ipython3", 1)

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        """Markdown as HTML; what has attachments, or pictures from files, is its own."""
        own = self.embed_images or context.get("cell", {}).get("attachments")
        if own or len(source) > LONGEST:
            return super().markdown2html(context, source)
        return self._known_texts(source)

    def _load_template(self) -> Template:
        template = super()._load_template()
        if self._plain and "any_cell" not in template.blocks:
            template.blocks["any_cell"] = self._cell
        return template

    def _cell(self, context: Context) -> Iterator[str]:
        """What the templates show of a cell, remembered where it can depend on nothing but the cell."""
        show, key = context.blocks["any_cell"][1], self._key(context)
        if key is None:
            yield from show(context)
            return
        shown = self._known_cells.pop(key, None)
        if shown is None:
            shown = "".join(show(context))
            if len(self._known_cells) == KEPT:
                self._known_cells.pop(next(iter(self._known_cells)))
        self._known_cells[key] = shown
        yield shown

    def _key(self, context: Context) -> bytes | None:
        cell = context["cell"]
        if any(output.output_type not in ("stream", "error") for output in cell.get("outputs", ())):
            return None  # what is shown of data can depend on the notebook
        if not self._stock(context):
            return None
        try:
            text = json.dumps([self._lexer, cell])
        except TypeError:  # a preprocessor has put something into the cell
            return None
        return None if len(text) > LONGEST else sha256(text.encode()).digest()

    def _stock(self, context: Context) -> bool:
        """Whether every block comes from a template of nbgrader or nbconvert."""
        if not hasattr(self, "_blocks_are_stock"):
            blocks = [
                block for name in context.blocks for block in context.blocks[name] if block != self._cell
            ]
            files = {Path(block.__code__.co_filename) for block in blocks}
            self._blocks_are_stock = all(any(f.is_relative_to(s) for s in STOCK) for f in files)
        return self._blocks_are_stock


class Skim:
    """What nbconvert does with BeautifulSoup after a page is made, without reading every element of it."""

    def __init__(self, text: str, features: str):
        self.text, self.tree = text, None
        if "jp-Notebook" in text:  # a template with more to be changed than pictures
            from bs4 import BeautifulSoup

            self.tree = BeautifulSoup(text, features=features)

    def select(self, selector: str) -> Any:
        """The elements to change: of the pictures those that were changed here."""
        if self.tree is not None:
            return self.tree.select(selector)
        if selector.startswith("img"):
            head, body, rest = self.text.partition("<body")
            self.text = head + body + PICTURE.sub(_describe, rest)
        return []

    def __str__(self) -> str:
        return self.text if self.tree is None else str(self.tree)


def _describe(match: re.Match[str]) -> str:
    tag = match[0]
    return tag if re.search(r"\salt\b", tag) else f'{tag[:-1].rstrip("/ ")} alt="{ALT}">'
