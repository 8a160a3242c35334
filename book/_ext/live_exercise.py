"""A task of an assignment, to solve on the page.

    ```{live-exercise} ch01_rnn/rnn-step
    ```

Everything comes from ``solutions/ch01_rnn/ch01_rnn.md`` by way of ``solutions/tasks.py``: title, prompt, the stub
as it is released, the visible checks, hints in three steps, then, of a task marked ``practice: true``, the solution.
Hidden tests never reach a page.
``unrolled_live_solutions: false`` in _config.yml leaves the solutions out, for a class whose marks depend on them.

Without scripts the code, what is checked, the hints and the solution can be read.  With them the exercise runs: see
``_theme/live/live.js``; what that loads, and when, is in ``live_assets.py``.  With ``:bare:`` the title and the text
are left to the page, as on that of the assignment itself.  A task in torch has the editor and no button to run it.
"""

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from house import REPOSITORY, InlineTag, Tag, parse_into, setup_house
from live_assets import build_live
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
STEPS = ("a nudge", "the idea", "a sketch")


def course_tasks() -> ModuleType:
    """``solutions/tasks.py``, the one reader of assignments."""
    folder = str(REPOSITORY / "solutions")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    import tasks

    return tasks


class LiveExercise(SphinxDirective):
    """```{live-exercise} chNN_name/task-id```."""

    required_arguments = 1
    option_spec = {"bare": directives.flag}  # noqa: RUF012
    written = False

    def run(self) -> list[nodes.Node]:
        """The exercise as a page shows it before, or without, its script."""
        chapter, _, name = self.arguments[0].strip().partition("/")
        reader = course_tasks()
        try:
            task = reader.read_task(chapter, name)
            if task.written != self.written:
                raise ValueError(f"{name} is {'a written task, nothing to run' if task.written else 'code'}")
        except ValueError as wrong:
            logger.warning("live-exercise: %s", wrong, location=self.get_location())
            return [nodes.paragraph("", f"This exercise is missing: {wrong}.")]
        self.env.note_dependency(str(reader.source_path(chapter)))
        self.env.metadata[self.env.docname]["unrolled-live"] = "yes"
        return [self._box(chapter, task)]

    def _box(self, chapter: str, task: Any) -> nodes.Element:
        key = nodes.make_id(f"live-{chapter}-{task.id}")
        box = Tag(tag="section", ids=[key], classes=["live-exercise"], attrs={"data_status": "idle"})
        box["chapter"], box["attrs"]["aria_labelledby"] = chapter, f"{key}-title"
        bare = "bare" in self.options
        words = "Your answer" if bare else f"Your turn: {task.title}"
        title = Tag("", nodes.Text(words), tag="p", ids=[f"{key}-title"], classes=["live-title"])
        if bare:  # a page has several, and they are to be told apart when they are read out
            title += InlineTag("", nodes.Text(f" to “{task.title}”"), tag="span", classes=["only-read"])
        title += nodes.Text(" ")
        title += InlineTag(
            "", nodes.Text("· solved"), tag="span", classes=["live-solved"], attrs={"hidden": "hidden"}
        )
        box += title
        if not bare:
            prompt = Tag(tag="div", classes=["live-prompt"])
            prompt += parse_into(self, task.prompt, Tag(tag="div")).children or [nodes.Text("")]
            box += prompt
        box += Tag("", _code(task.stub), tag="div", classes=["live-code"])
        box += nodes.raw("", controls(key, task.in_page), format="html")
        box += [_notebook(chapter, task.id), self._help(task), _data(chapter, task)]
        return box

    def hints(self, task: Any) -> list[nodes.Element]:
        """The hints of a task, parsed."""
        return [parse_into(self, str(hint), Tag(tag="div")) for hint in task.hints]

    def _help(self, task: Any) -> nodes.Element:
        """Hints one by one, the solution, and what the checks are: plain disclosures, made one-by-one by the script."""
        box = Tag(tag="div", classes=["live-help", "live-hints"])
        for n, body in enumerate(self.hints(task), start=1):
            step = STEPS[n - 1] if len(task.hints) == len(STEPS) else ""
            box += disclosure(f"Hint {n} of {len(task.hints)}" + f": {step}" * bool(step), body)
        if self.config.unrolled_live_solutions and task.practice:  # the others carry marks
            box += disclosure("The solution", _code(task.solution))
        rest = Tag(tag="div", classes=["live-help"])
        rest += disclosure("What is checked", _code(task.visible_checks))
        both = Tag(tag="div", classes=["live-more"])
        both += [box, rest]
        return both


def _code(text: str) -> nodes.literal_block:
    return nodes.literal_block(text, text, language="python", classes=["live-source"])


def disclosure(summary: str, body: nodes.Element) -> nodes.Element:
    """A summary that opens on its body."""
    return Tag("", Tag("", nodes.Text(summary), tag="summary"), body, tag="details")


def controls(key: str, runs: bool) -> str:
    """The bar, the progress of loading, the line of status and the place of results."""
    if not runs:
        return f"""<p class="live-elsewhere">This task is in torch, which does not run in a page. What you write here
goes into your submission and is graded there; to run it and its checks, use the notebook.</p>
<div class="live-bar" hidden><button type="button" class="live-reset">Reset</button>
<span class="live-keys" id="{key}-keys">In the editor Tab indents; Esc, then Tab, leaves it.</span></div>
<p class="live-status" role="status" aria-live="polite"></p>"""
    return f"""<div class="live-bar" hidden>
<button type="button" class="live-run">Run and check</button>
<button type="button" class="live-stop" hidden>Stop</button>
<button type="button" class="live-reset">Reset</button>
<span class="live-keys" id="{key}-keys">Ctrl-Enter runs. In the editor Tab indents; Esc, then Tab, leaves it.</span></div>
<div class="live-loading"><progress class="live-progress" hidden aria-label="Loading Python"></progress><span></span></div>
<p class="live-status" role="status" aria-live="polite"></p>
<div class="live-result"></div>
<noscript><p>With scripts on, this exercise runs here.</p></noscript>"""


class notebook_node(nodes.General, nodes.Element):
    """The way to the notebook, shown where Python is not to be had on the page."""


def _notebook(chapter: str, task: str) -> nodes.Element:
    return notebook_node(chapter=chapter, task=task)


def fill_notebooks(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link to the assignment's page, if the site has one; name its file otherwise."""
    for mark in list(doctree.findall(notebook_node)):
        page = f"exercises/{mark['chapter']}/{mark['chapter']}"
        line = nodes.paragraph()
        line += nodes.Text(
            "This copy of the site was built without Python for the browser, so nothing runs here. What you "
            "write is kept, and goes into your submission. To run it, use the "
        )
        if page in app.env.found_docs:
            here = f"{mark['chapter']}.ipynb"  # on the assignment's own page
            uri = here if page == docname else app.builder.get_relative_uri(docname, page)
            line += nodes.reference("", "notebook", refuri=uri, internal=True)
        else:
            line += [nodes.Text("notebook "), nodes.literal("", f"{page}.ipynb")]
        line += nodes.Text(".")
        mark.replace_self(Tag("", line, tag="div", classes=["live-notebook"], attrs={"hidden": "hidden"}))


def _data(chapter: str, task: Any) -> nodes.raw:
    """What the script needs and nothing more; ``<`` is escaped, so no text of a task can end the element."""
    data = {"id": f"{chapter}/{task.id}", "title": task.title, "setup": task.setup, "stub": task.stub}
    data |= {"checks": task.visible_checks, "runs": task.in_page}
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return nodes.raw("", f'<script type="application/json" class="live-data">{text}</script>', format="html")


def add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """What is kept, on every page; the script and the style sheet, on pages that have an exercise."""
    app.add_js_file("store.js", defer="defer", priority=600)
    if app.env.metadata.get(page, {}).get("unrolled-live"):
        app.add_css_file("live.css")
        app.add_js_file("live/live.js", defer="defer", priority=601)


def build_assets(app: Sphinx, failure: Exception | None) -> None:
    """Put what the exercises load beside the pages, if any page has one."""
    used = any(page.get("unrolled-live") for page in app.env.metadata.values())
    if failure is None and used and app.builder.format == "html":
        build_live(REPOSITORY, Path(app.outdir) / "_static" / "live")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and what it brings to a page."""
    app.add_config_value("unrolled_live_solutions", True, "env")
    app.add_directive("live-exercise", LiveExercise)
    app.add_node(notebook_node)
    app.connect("doctree-resolved", fill_notebooks)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", build_assets)
    return setup_house(app)
