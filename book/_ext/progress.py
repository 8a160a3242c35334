"""How far a reader has come, as their browser remembers it.

    ```{progress}
    ```

lists the chapters with the number of exercises that can be solved in the page, counted in ``solutions/``.  With
scripts it shows how many are solved, and writes and reads the file with one's work; without them, the numbers
stand.  Every page gets the count by each chapter of the contents: see ``_theme/static/store.js`` and ``progress.js``.
"""

import json
from typing import Any

from docutils import nodes
from house import InlineTag, Tag, chapter, setup_house
from live_exercise import course_tasks
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

TOOLS = """<p class="progress-sum"></p>
<div class="progress-tools" hidden>
<button type="button" class="progress-save">Save my work as a file</button>
<button type="button" class="progress-open">Read such a file</button>
<button type="button" class="progress-undo" hidden>Undo the reading</button>
<input type="file" class="progress-file" accept=".json,application/json" aria-label="Progress file" hidden></div>
<p class="progress-said" role="status"></p>
<noscript><p>With scripts on, this list shows which you have solved.</p></noscript>"""


def checked_tasks() -> dict[str, list[str]]:
    """Chapter → ids of the tasks that a page can run and check."""
    reader = course_tasks()
    return {name: [task.id for task in reader.read_tasks(name) if task.in_page] for name in reader.chapters()}


class chapter_link(nodes.Inline, nodes.Element):
    """A chapter by its title, once all titles are known."""


class Progress(SphinxDirective):
    """```{progress}```."""

    def run(self) -> list[nodes.Node]:
        """The list as it is without scripts."""
        reader = course_tasks()
        box = Tag(tag="div", classes=["progress-overview"])
        rows = Tag(tag="ol", classes=["progress-list"])
        for name, listed in checked_tasks().items():
            self.env.note_dependency(str(reader.source_path(name)))
            rows += self._row(name, len(listed))
        box += [rows, nodes.raw("", TOOLS, format="html")]
        return [box]

    @staticmethod
    def _row(name: str, total: int) -> nodes.Element:
        item = Tag(tag="li", attrs={"data_chapter": name, "value": str(chapter(name))})
        row = Tag(tag="div", classes=["progress-row"])
        dots = InlineTag(tag="span", classes=["progress-dots"], attrs={"aria_hidden": "true"})
        count = InlineTag("", nodes.Text(f"{total} exercises"), tag="span", classes=["progress-count"])
        row += [chapter_link(chapter=name), count, dots]
        item += row
        return item


def fill_links(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """The assignment's page under the chapter's title; the bare name where the site has neither."""
    for mark in list(doctree.findall(chapter_link)):
        name = mark["chapter"]
        title, page = app.env.titles.get(f"book/{name}"), f"exercises/{name}/{name}"
        text = title.astext() if title is not None else name
        if page not in app.env.found_docs:
            mark.replace_self(nodes.inline("", text))
            continue
        uri = app.builder.get_relative_uri(docname, page)
        mark.replace_self(nodes.inline("", "", nodes.reference("", text, refuri=uri, internal=True)))


def add_scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """What counts, and the two scripts, on every page."""
    tasks = json.dumps(checked_tasks(), separators=(",", ":"))
    app.add_js_file(None, body=tasks, type="application/json", id="course-tasks", priority=600)
    app.add_js_file("progress.js", defer="defer", priority=602)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and what it brings to each page."""
    app.setup_extension("live_exercise")
    app.add_directive("progress", Progress)
    app.add_node(chapter_link)
    app.add_css_file("progress.css")
    app.connect("doctree-resolved", fill_links)
    app.connect("html-page-context", add_scripts)
    return setup_house(app)
