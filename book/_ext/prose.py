"""The small parts of a page's voice.

- ```{lede}``` the opening with its failing example; ```{meta}``` the line with time and prerequisites;
- ```{predict}``` a question before a widget (an argument replaces the title "Predict, then play");
- {inp} {hid} {out} {gat} {cel} {att} {grd} a word in the colour of its role: {hid}`hidden state`;
- {runtime}`ch01_rnn` how long that page's code took when it was last run, in words;
- the line above the title: front matter ``unrolled: {eyebrow: …}``, else "Chapter 1".
"""

from typing import Any

from docutils import nodes
from house import Tag, chapter, front_matter, parse_into, setup_house
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

ROLES = {
    "inp": "input", "hid": "hidden", "out": "output", "gat": "gate", "cel": "cell", "att": "attend", "grd": "grad",
}  # fmt: skip
NOT_RUN = "under a minute"
"""What {runtime} says of a page that this build did not run: a test holds every chapter to it."""


class Lede(SphinxDirective):
    """```{lede}```: paragraphs in the larger type."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Parse the content into a division."""
        box = Tag(tag="div", classes=["lede"])
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


class Meta(SphinxDirective):
    """```{meta}```: one line between hairlines."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Parse the content into a paragraph of its own class."""
        return [parse_into(self, "\n".join(self.content), Tag(tag="div", classes=["meta"]))]


class Predict(SphinxDirective):
    """```{predict} [title]```: a question to answer before playing."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """A titled aside."""
        title = self.arguments[0] if self.arguments else "Predict, then play"
        box = Tag(tag="div", classes=["note", "predict"])
        box += Tag("", nodes.Text(title), tag="b", classes=["note-title"])
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


class RoleWord(SphinxRole):
    """A word that names a role, in that role's colour."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Strong, so that it stands out without colour too."""
        return [nodes.strong("", self.text, classes=[f"role-{ROLES[self.name]}"])], []


class runtime_node(nodes.Inline, nodes.TextElement):
    """Where a page's time goes, once all pages have run."""


class Runtime(SphinxRole):
    """{runtime}`ch01_rnn`, a page by its name, or nothing but a dot for this one."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Leave a mark; ``fill_runtimes`` writes the words."""
        return [runtime_node("", page=self.text.strip())], []


def in_words(seconds: float) -> str:
    """21.3 → "21 s"; 75 → "1 min 15 s"."""
    whole = max(1, round(seconds))
    minutes, rest = divmod(whole, 60)
    return " ".join([f"{minutes} min"] * bool(minutes) + [f"{rest} s"] * bool(rest))


def fill_runtimes(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Read the times that myst-nb noted when it ran the pages, or took them from its cache."""
    data = getattr(app.env, "nb_metadata", {})
    for mark in list(doctree.findall(runtime_node)):
        name = docname if mark["page"] == "." else mark["page"]
        pages = [
            d for d in app.env.found_docs if d == name or d.endswith(f"/{name}")
        ]  # an assignment may share the name
        times = [(data.get(page, {}).get("exec_data") or {}).get("runtime") for page in sorted(pages)]
        seconds = next(filter(None, times), None)
        mark.replace_self(nodes.Text(in_words(seconds) if seconds else NOT_RUN))


def eyebrow(metadata: dict[str, Any], docname: str) -> str | None:
    """The line above a page's title: what its front matter says, else its chapter."""
    number = chapter(docname)
    kind = "Exercises · chapter" if docname.startswith("exercises/") else "Chapter"
    return front_matter(metadata).get("eyebrow") or (f"{kind} {number}" if number else None)


def add_eyebrow(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the line above the title, where there is one to put."""
    line = eyebrow(app.env.metadata.get(docname, {}), docname)
    section = next(doctree.findall(nodes.section), None)
    if line and section is not None:
        section.insert(0, Tag("", nodes.Text(line), tag="p", classes=["eyebrow"]))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives, the roles and the two passes."""
    app.add_directive("lede", Lede)
    app.add_directive("meta", Meta, override=True)
    app.add_directive("predict", Predict)
    for name in ROLES:
        app.add_role(name, RoleWord())
    app.add_role("runtime", Runtime())
    app.add_node(runtime_node)
    app.add_css_file("prose.css")
    app.connect("doctree-resolved", fill_runtimes)
    app.connect("doctree-resolved", add_eyebrow)
    return setup_house(app)
