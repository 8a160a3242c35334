"""A page of highlighted source for each file of the package and each test, with an anchor a line (``#L-12``).

Highlighting takes seconds, so a page is written again only when its file has changed, or when the whole site is.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from house import root, setup_house
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from sphinx.application import Sphinx
from ties import source_files

NOTE = "source_pages.json"  # beside the doctrees, which go when every page is to be written


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Write the pages when HTML is built."""
    formatter = HtmlFormatter(
        lineanchors="L", linenos="inline", anchorlinenos=True, cssclass="highlight source-page"
    )
    note = Path(app.doctreedir) / NOTE
    written = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
    files = {name: (path, path.stat().st_mtime_ns) for name, path in source_files(root(app))}
    for name, (path, changed) in files.items():
        if written.get(name) == changed and Path(app.builder.get_outfilename(name)).is_file():  # type: ignore[attr-defined]
            continue
        title = path.relative_to(root(app)).as_posix()
        code = highlight(path.read_text(encoding="utf-8"), PythonLexer(), formatter)
        body = f"<h1><code>{title}</code></h1>\n{code}"
        yield name, {"title": title, "body": body, "parents": []}, "page.html"
    for name in written.keys() - files:
        Path(app.builder.get_outfilename(name)).unlink(missing_ok=True)  # type: ignore[attr-defined]
    note.write_text(json.dumps({name: changed for name, (_, changed) in files.items()}), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the pages."""
    app.connect("html-collect-pages", pages)
    return setup_house(app)
