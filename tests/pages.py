"""Build a few pages with the book's own extensions, in a folder of the test's, and look at their HTML."""

import importlib
import io
import re
import sys
import warnings
from pathlib import Path

from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

EXT = Path(__file__).parents[1] / "book" / "_ext"
sys.path.insert(0, str(EXT))


def load(name):
    """One of the book's extensions, as a module."""
    return importlib.import_module(name)


class Pages:
    """A small site: ``write`` pages, ``build`` it (again), read ``html`` and ``warnings``."""

    def __init__(self, folder, *extensions, **config):
        self.folder, self.source, self.out = folder, folder / "source", folder / "out"
        self.source.mkdir()
        self.config = {
            "extensions": ["myst_nb", *extensions],
            "nb_execution_mode": "off",
            "myst_enable_extensions": ["dollarmath", "amsmath"],
            "unrolled_root": str(folder),
            "html_theme": "basic",
            "suppress_warnings": ["toc.not_included", "toc.not_readable"],
            "numfig": True,
            **config,
        }

    def write(self, **pages):
        for name, text in pages.items():
            path = self.source / f"{name}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self

    def build(self):
        index = self.source / "index.md"
        if not index.exists():
            names = "\n".join(sorted(p.stem for p in self.source.glob("*.md")))
            index.write_text(f"# Index\n\n```{{toctree}}\n{names}\n```\n")
        heard = io.StringIO()
        with warnings.catch_warnings(), patch_docutils(), docutils_namespace():
            warnings.simplefilter("ignore")
            app = Sphinx(
                str(self.source), None, str(self.out), str(self.folder / "trees"), "html",
                confoverrides=self.config, status=None, warning=heard,
            )  # fmt: skip
            app.build()
        self.app = app
        self.warnings = re.sub(r"\x1b\[[\d;]*m", "", heard.getvalue())
        return self

    def text(self, name):
        return (self.out / f"{name}.html").read_text(encoding="utf-8")

    def html(self, name):
        return BeautifulSoup(self.text(name), "html.parser")
