"""From the page to the mark: an assignment's page on which its tasks can be answered, and the file to hand in.

An assignment's page is its released notebook.  Before it is parsed, each answer cell becomes a live exercise, each
written one a {written-answer}, the test cells go (the exercise shows what is checked), and a section *Hand in*
comes at the end.  The notebook that is downloaded stays as it was released: see ``downloads.py``.

    ```{submission} ch01_rnn
    ```

says how many tasks are filled in, and puts the answers into the released notebook: ``_theme/static/submission.js``.
A chapter with live exercises gets a short one after the last of them.
"""

import json
import re
from typing import Any

from docutils import nodes
from house import InlineTag, Tag, setup_house
from live_exercise import LiveExercise, course_tasks, disclosure
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
WELCOME = """**Here or in Jupyter.** Each task below has a box for your answer. It is kept in this browser, and *Hand in*, at
the end of the page, makes the notebook of it. What is said of cells and kernels is for those who work in Jupyter."""
TOOLS = """<p class="submission-sum" hidden></p>
<div class="submission-tools" hidden><button type="button" class="submission-save">Download my submission</button></div>
<p class="submission-said" role="status"></p>"""
UNSCRIPTED = (
    "<noscript><p>This needs scripts. Without them, take the notebook and work in Jupyter.</p></noscript>"
)


def assignment_of(docname: str) -> str | None:
    """``ch01_rnn`` for ``exercises/ch01_rnn/ch01_rnn``, None for any other page.

    >>> assignment_of("exercises/ch01_rnn/ch01_rnn"), assignment_of("book/ch01_rnn")
    ('ch01_rnn', None)
    """
    match = re.fullmatch(r"exercises/(ch\d\d_\w+)/\1", docname)
    return match[1] if match else None


# ------------------------------------------------------------------ the assignment's page


def answer_here(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put boxes for answers where the notebook has cells for them."""
    name = assignment_of(docname)
    if name:
        made = json.loads(source[0])
        cells = [new for cell in made["cells"] for new in _on_the_page(cell, name)]
        end = f"## Hand in\n\n```{{submission}} {name}\n```"
        title, _, text = "".join(made["cells"][0]["source"]).partition("\n")
        made["cells"] = [
            _markdown("title", f"{title}\n\n{WELCOME}\n{text}"),
            *cells[1:],
            _markdown("hand-in", end),
        ]
        source[0] = json.dumps(made)


def _on_the_page(cell: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """What a page shows in place of one cell of the notebook."""
    marks = cell["metadata"].get("nbgrader", {})
    if not marks.get("solution"):
        return [] if marks.get("grade") else [cell]
    kind = "live-exercise" if cell["cell_type"] == "code" else "written-answer"
    return [_markdown(marks["grade_id"], f"```{{{kind}}} {name}/{marks['grade_id']}\n:bare:\n```")]


def _markdown(key: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": key, "metadata": {}, "source": text}


class WrittenAnswer(LiveExercise):
    """```{written-answer} chNN_name/task-id```: a plain field for words that a person will read."""

    written = True

    def _box(self, chapter: str, task: Any) -> nodes.Element:
        key = nodes.make_id(f"live-{chapter}-{task.id}")
        box = Tag(
            tag="div", ids=[key], classes=["written-answer"], attrs={"data_task": f"{chapter}/{task.id}"}
        )
        box += nodes.raw("", _field(key, task.title), format="html")
        for n, hint in enumerate(self.hints(task), start=1):
            box += disclosure(f"Hint {n} of {len(task.hints)}", hint)
        return box


def _field(key: str, title: str) -> str:
    return f"""<label for="{key}-text" hidden>Your answer <span class="only-read">to {title}</span></label>
<textarea id="{key}-text" rows="6" aria-describedby="{key}-note" hidden></textarea>
<p class="written-note" id="{key}-note" hidden>A person reads this. Markdown and $formulas$ may be used.</p>
<noscript><p>Answer this one in the notebook.</p></noscript>"""


# ------------------------------------------------------------------ the panel


class panel(nodes.General, nodes.Element):
    """Where the submission of a chapter is offered; ``short`` beside a chapter's own exercises."""


class Submission(SphinxDirective):
    """```{submission} chNN_name```."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Leave a mark; where the notebook lies is known when all pages are."""
        name = self.arguments[0].strip()
        try:
            self.env.note_dependency(str(course_tasks().source_path(name)))
        except ValueError as wrong:
            logger.warning("submission: %s", wrong, location=self.get_location())
            return []
        return [panel(chapter=name, short=False)]


def offer_in_chapters(app: Sphinx, doctree: nodes.document) -> None:
    """A short panel after the last live exercise of a page that is no assignment."""
    boxes = [box for box in doctree.findall(Tag) if "live-exercise" in box["classes"]]
    if boxes and not assignment_of(app.env.docname):
        last = boxes[-1]
        at = last.parent.index(last)
        last.parent.insert(at + 1, panel(chapter=last["chapter"], short=True))


def fill_panels(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Each panel with its tasks; none where the site has no such assignment."""
    for mark in list(doctree.findall(panel)):
        page = f"exercises/{mark['chapter']}/{mark['chapter']}"
        if page in app.env.found_docs:
            uri = (
                app.builder.get_relative_uri(docname, page) if page != docname else f"{mark['chapter']}.html"
            )
            mark.replace_self(_panel(mark["chapter"], uri, mark["short"]))
        else:
            mark.parent.remove(mark)


def _panel(chapter: str, uri: str, short: bool) -> nodes.Element:
    tasks = course_tasks().read_tasks(chapter)
    box = Tag(tag="div", classes=["submission"])
    box += [_words(chapter, uri, short)] + ([] if short else [_list(chapter, tasks)])
    box += nodes.raw("", TOOLS + UNSCRIPTED, format="html")
    data = {
        "chapter": chapter,
        "notebook": re.sub(r"\.html$", ".ipynb", uri),
        "tasks": [{"id": t.id, "stub": t.stub, "written": t.written, "runs": t.in_page} for t in tasks],
    }
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    box += nodes.raw(
        "", f'<script type="application/json" class="submission-data">{text}</script>', format="html"
    )
    return box


def _words(chapter: str, uri: str, short: bool) -> nodes.paragraph:
    """What the button does, in the place where it stands."""
    if short:
        link = nodes.reference("", nodes.Text("the assignment"), refuri=uri, internal=True)
        return nodes.paragraph(
            "", "What you write here is a part of ", link, nodes.Text(", and already there.")
        )
    return nodes.paragraph(
        "", "", nodes.Text("This puts what you wrote here into the released notebook and saves it as "),
        nodes.literal("", f"{chapter}.ipynb"),
        nodes.Text(
            ": the file to hand in, graded like one that was solved in Jupyter. Empty tasks stay as released. "
            "Answers that you wrote in Jupyter are not in it."
        ),
    )  # fmt: skip


def _list(chapter: str, tasks: list[Any]) -> nodes.Element:
    rows = Tag(tag="ol", classes=["submission-list"])
    for task in tasks:
        anchor = f"#{nodes.make_id(f'live-{chapter}-{task.id}')}"
        link = nodes.inline("", "", nodes.reference("", task.title, refuri=anchor, internal=True))
        state = InlineTag(tag="span", classes=["submission-state"])
        rows += Tag("", link, nodes.Text(" "), state, tag="li", attrs={"data_task": task.id})
    return rows


def add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """The script, on pages that have a panel."""
    if doctree is not None and any("submission" in box["classes"] for box in doctree.findall(Tag)):
        app.add_js_file("submission.js", defer="defer", priority=602)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives and the passes."""
    app.setup_extension("live_exercise")
    app.add_directive("written-answer", WrittenAnswer)
    app.add_directive("submission", Submission)
    app.add_node(panel)
    app.connect("source-read", answer_here)
    app.connect("doctree-read", offer_in_chapters)
    app.connect("doctree-resolved", fill_panels)
    app.connect("html-page-context", add_script)
    return setup_house(app)
