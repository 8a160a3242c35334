"""A page of highlighted source for each file that the equation index links to, with an anchor a line (``#L-12``)."""

from collections.abc import Iterator
from typing import Any

from house import root, setup_house
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from sphinx.application import Sphinx
from ties import source_files


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Write the pages when HTML is built."""
    formatter = HtmlFormatter(
        lineanchors="L", linenos="inline", anchorlinenos=True, cssclass="highlight source-page"
    )
    for name, path in source_files(root(app)):
        title = path.relative_to(root(app)).as_posix()
        code = highlight(path.read_text(encoding="utf-8"), PythonLexer(), formatter)
        body = f"<h1><code>{title}</code></h1>\n{code}"
        yield name, {"title": title, "body": body, "parents": []}, "page.html"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the pages."""
    app.connect("html-collect-pages", pages)
    return setup_house(app)
