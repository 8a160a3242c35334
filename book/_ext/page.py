"""The theme, what a page needs besides its text, and the front page at the site's root.

- registers ``book/_theme`` as the theme ``unrolled`` (it inherits Sphinx's ``basic``, nothing else), and with it ``styles``,
  which makes the sheet and the fonts that its template asks for;
- tells the template whether a page has widgets, so that only such pages load their script;
- wraps tables so that they scroll inside themselves; gives a page without a description its first paragraph.
"""

import hashlib
import re
from functools import partial
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
THEME = ROOT / "book" / "_theme"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
START = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta name="description" content="{title}: an interactive course on sequence models for language.">
<meta http-equiv="refresh" content="0; url={page}">
<link rel="canonical" href="{canonical}">
<style>body {{ font: 1.2rem/1.6 Georgia, serif; margin: 20vh auto; max-width: 30rem; padding: 0 1.5rem; color-scheme: light dark; }}</style>
</head>
<body><main><h1>{title}</h1><p><a href="{page}">To the first page</a></p></main></body>
</html>
"""


def dress(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """What the template asks for: has_widgets, with_sections, fallback_description, theme_digest."""
    body = context.get("body", "")
    scripts = context.get("script_files", [])
    context["has_widgets"] = any(getattr(s, "attributes", {}).get("type") == WIDGET_STATE for s in scripts)
    context["with_sections"] = partial(with_sections, toc=context.get("toc", ""))
    context["theme_digest"] = f"?v={app.unrolled_theme_digest}"  # type: ignore[attr-defined]
    if body and not pagename.startswith("code/"):
        context["body"] = named_maths(plain_roles(scrolling_tables(body)))
    if 'name="description"' not in (context.get("metatags") or ""):
        context["fallback_description"] = description(doctree, context.get("title", ""))


def with_sections(contents: str, toc: str) -> str:
    """The course's contents with the page's own under its entry, where a reader looks for them; below all, if it has no entry.

    >>> with_sections('<li class="toctree-l1 current"><a href="#">One</a></li>', "<li><li><li>")
    '<li class="toctree-l1 current"><a href="#">One</a><div class="sections"><li><li><li></div></li>'
    """
    if toc.count("<li>") <= 2:  # the title and one section
        return contents
    sections = f'<div class="sections">{toc}</div>'
    here = re.search(r'<li class="toctree-l1 current"><a [^>]*>.*?</a>', contents)
    if here:
        return contents[: here.end()] + sections + contents[here.end() :]
    return f'{contents}<p class="caption">On this page</p>{sections}'


def scrolling_tables(body: str) -> str:
    """Each table in a box that scrolls sideways; a header cell without words is no header.

    >>> scrolling_tables("<table><tr></tr></table>")
    '<div class="table-scroll"><table><tr></tr></table></div>'
    """
    opened = re.sub(r"<table(?=[\s>])", '<div class="table-scroll"><table', body)
    named = re.sub(r"<th\b([^>]*)>(?:\s|<p>\s*</p>)*</th>", r"<td\1></td>", opened)
    return named.replace("</table>", "</table></div>")


def plain_roles(body: str) -> str:
    """Roles and labels that Sphinx and MyST-NB write and that screen readers no longer take: those they do.

    >>> plain_roles('<summary aria-label="Toggle hidden content">Show</summary>')
    '<summary>Show</summary>'
    """
    body = body.replace(' role="doc-biblioentry"', ' role="listitem"').replace(' role="doc-backlink"', "")
    return body.replace(' aria-label="Toggle hidden content"', "")


def named_maths(body: str) -> str:
    """A header cell that is an equation and nothing else gets its TeX, without commands, as words to read out."""

    def name(cell: re.Match[str]) -> str:
        words = re.sub(r"<(span|math)\b.*</\1>", "", cell[2], flags=re.S)
        tex = re.search(r'<annotation encoding="application/x-tex">(.*?)</annotation>', cell[2], re.S)
        if not tex or re.sub(r"<[^>]*>|\s", "", words):
            return cell[0]
        label = " ".join(re.sub(r"\\[a-z]{3}(?=\{)|[{}\\]", "", tex[1]).split())
        silent = cell[2].replace('class="katex-mathml"', 'class="katex-mathml" aria-hidden="true"')
        return f'<th{cell[1]}>{silent}<span class="only-read">{label}</span></th>'

    return re.sub(r"<th\b([^>]*)>(.*?)</th>", name, body, flags=re.S)


def description(doctree: nodes.document | None, title: str) -> str:
    """The page's first paragraph, cut at a word; its title where it has none."""
    paragraphs = doctree.findall(nodes.paragraph) if doctree else iter(())
    text = next((p.astext() for p in paragraphs if len(p.astext()) > 40), "")
    text = (
        " ".join(text.split()) or f"{re.sub('<.*?>', '', title)}, in Unrolled, a course on sequence models."
    )
    return text if len(text) <= 160 else text[:157].rsplit(" ", 1)[0] + " …"


def digest(app: Sphinx) -> None:
    """A short hash of the theme's files: a browser that has seen an older page asks for the new ones."""
    theme = hashlib.sha256()
    for path in sorted((THEME / "static").rglob("*")):
        if path.is_file():
            theme.update(path.read_bytes())
    app.unrolled_theme_digest = theme.hexdigest()[:8]  # type: ignore[attr-defined]


def write_start(app: Sphinx, error: Exception | None) -> None:
    """``index.html`` at the root leads to the first page, under any path and from a file."""
    if not error and app.builder.format == "html":
        page = app.builder.get_target_uri(app.config.root_doc)
        canonical = (app.config.html_baseurl or "") + page
        start = START.format(title=app.config.html_title, page=page, canonical=canonical)
        (Path(app.outdir) / "index.html").write_text(start, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the theme and the passes; ``comments_config`` is set by jupyter-book and read by nobody here."""
    app.add_html_theme("unrolled", str(THEME))
    app.setup_extension("styles")
    if "comments_config" not in app.config.values:
        app.add_config_value("comments_config", {}, "env")
    app.connect("builder-inited", digest)
    app.connect("html-page-context", dress, priority=900)
    app.connect("build-finished", write_start, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
