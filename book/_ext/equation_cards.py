"""A link to an equation shows it: hovered or focused, in a card beside the link.

All numbered equations go into one script, ``_static/equations.js``, as the HTML that KaTeX made of them while the book
was built.  A page fetches it at the first hover, as a script, since a page opened from a folder may not fetch anything
else.  Only pages with such links load ``equation-cards.js``, and the style sheet of equations even without one of their own.
"""

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from equations import domain_of, make_id_of
from house import chapter, setup_house
from katex_math import render
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

LINK = "#equation-eq-"


def note_tex(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the TeX of each labelled equation, by its label."""
    known = texts(app.env)
    for block in doctree.findall(nodes.math_block):
        if label := block.get("label"):
            known[label] = (app.env.docname, block.astext())


def texts(env: BuildEnvironment) -> dict[str, tuple[str, str]]:
    """Label → (page, TeX)."""
    if not hasattr(env, "unrolled_equation_texts"):
        env.unrolled_equation_texts = {}  # type: ignore[attr-defined]
    return env.unrolled_equation_texts  # type: ignore[attr-defined]


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """A page that is read anew says anew what it has."""
    for label in [label for label, (page, _) in texts(env).items() if page == docname]:
        del texts(env)[label]


def cards(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """Anchor → {"html": the equation, "where": its number and what page has it}."""
    found, known = {}, texts(env)
    for label, (page, number) in domain_of(env).equations.items():
        html, error = render(known[label][1], True) if label in known else ("", "unknown")
        if not error:
            n = chapter(page)
            title = env.titles[page].astext()
            found[make_id_of(label)] = {
                "html": html,
                "where": f"({number}) · {f'chapter {n}: ' if n else ''}{title}",
            }
    return found


def write_cards(app: Sphinx, error: Exception | None) -> None:
    """The script with every equation; the same bytes for the same equations."""
    if error or app.builder.format != "html":
        return
    data = json.dumps(cards(app.env), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    path = Path(app.outdir) / "_static" / "equations.js"
    path.write_text(f"window.unrolledEquations = {data};\n", encoding="utf-8")


def dress(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """What a page with links to equations needs besides."""
    if LINK in context.get("body", "").replace(
        '<a href="#equation-eq-', ""
    ):  # an equation's own number is no reference
        app.add_js_file("equation-cards.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the passes; the script is written before node ends (``katex_math``)."""
    app.connect("doctree-read", note_tex)
    app.connect("env-purge-doc", forget)
    app.connect("html-page-context", dress, priority=950)
    app.connect("build-finished", write_cards, priority=400)
    return {**setup_house(app), "parallel_read_safe": False}
