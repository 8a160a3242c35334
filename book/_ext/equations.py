"""The lecture's equation numbers, and what each equation is tied to.

A label says the number: ``$$ … $$ (eq-13-7)`` shows (13.7); our own ``(eq-ch01-a)`` shows (1a); both
are referenced with {eq}`eq-13-7`.  Any other label, or a number outside 13.1 to 13.38, is a warning.

Every equation of the lecture that is on a page must be tied to code or to a test.  The ties are found, not listed:

- code: a line of ``src/unrolled/scratch`` with ``(13.7)`` in a comment, or a docstring there (not a module's);
- test: a test file that names ``(13.7)``, else the files ``tests/*/test_<module>.py`` of its code;
- exercise: the nearest ``grade_id`` at or after ``(13.7)`` in ``solutions/*/*.md``; widget: a module of
  ``src/unrolled/widgets`` that names it.

``unrolled_equations_untied`` (in _config.yml) maps a number to the reason why it has neither.
```` ```{equation-index} ```` draws the whole table.  Code on a page that carries ``# (13.7)`` gets a
line under it that links to the equation.
"""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from house import chapter, root, setup_house, table
from sphinx.application import Sphinx
from sphinx.domains.math import MathDomain
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode
from ties import Place, Ties, find_ties

logger = logging.getLogger(__name__)
LAST = 38
IN_COMMENT = re.compile(r"#.*?\((13\.\d+)\)")
UNTIED = {"13.19": "an example sentence, nothing to compute"}


def number_of(label: str) -> str | None:
    """What a label shows: eq-13-7 → 13.7, eq-ch01-a → 1a; None if it is not a label of ours."""
    if match := re.fullmatch(r"eq-13-([1-9]\d?)", label):
        return f"13.{match[1]}" if int(match[1]) <= LAST else None
    if match := re.fullmatch(r"eq-ch(\d\d)-([a-z])", label):
        return f"{int(match[1])}{match[2]}"
    return None


class LectureMath(MathDomain):
    """Sphinx's domain of equations, numbered by their labels."""

    def note_equation(self, docname: str, labelid: str, location: Any = None) -> None:
        """Number an equation by its label, or say what is wrong with the label."""
        number = number_of(labelid)
        if number is None:
            logger.warning(
                "equation label %r: expected eq-13-1 … eq-13-%d, or eq-ch01-a for one of our own",
                labelid, LAST, location=location or docname,
            )  # fmt: skip
        if labelid in self.equations:
            other = self.equations[labelid][0]
            logger.warning(
                "duplicate label of equation %s, other instance in %s",
                labelid,
                other,
                location=location or docname,
            )
        self.equations[labelid] = (docname, number or labelid)

    def taught(self) -> dict[str, tuple[str, str]]:
        """The lecture's equations that are on a page: number → (page, anchor), in order."""
        found = {
            number: (docname, make_id_of(label))
            for label, (docname, number) in self.equations.items()
            if str(number).startswith("13.")
        }
        return dict(sorted(found.items(), key=lambda item: int(item[0][3:])))


def make_id_of(label: str) -> str:
    """The anchor that Sphinx gives a labelled equation."""
    return nodes.make_id(f"equation-{label}")


class index_node(nodes.General, nodes.Element):
    """Where the index goes, once every page has been read."""


class EquationIndex(SphinxDirective):
    """```{equation-index}```: one row an equation."""

    def run(self) -> list[nodes.Node]:
        """Leave a mark; ``fill_index`` writes the table."""
        self.env.unrolled_equation_index = self.env.docname  # type: ignore[attr-defined]
        return [index_node()]


def domain_of(env: BuildEnvironment) -> LectureMath:
    """The domain, with the type it has here."""
    domain = env.get_domain("math")
    assert isinstance(domain, LectureMath)
    return domain


def check_ties(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of each equation on a page that no code line and no test is tied to."""
    ties, reasons = find_ties(root(app)), app.config.unrolled_equations_untied
    for number, (docname, _) in domain_of(env).taught().items():
        if not ties.code[number] and not ties.tests[number] and number not in reasons:
            logger.warning(
                "equation (%s) is tied to nothing: no line of src/unrolled/scratch and no test carries '(%s)'; "
                "add it there, or a reason to unrolled_equations_untied in _config.yml",
                number, number, location=docname,
            )  # fmt: skip


def pages_to_rewrite(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The index is written anew in each build: it depends on every page and on the code."""
    docname = getattr(env, "unrolled_equation_index", None)
    return [docname] if docname in env.found_docs else []


def fill_index(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the table where the index stands."""
    for mark in list(doctree.findall(index_node)):
        ties = find_ties(root(app))
        rows = [
            _index_row(app, docname, number, page, anchor, ties)
            for number, (page, anchor) in domain_of(app.env).taught().items()
        ]
        headers = ["equation", "taught in", "code", "test", "exercise", "widget"]
        empty = nodes.paragraph("", "No equation of the lecture is on a page yet.")
        made = table(headers, rows) if rows else empty
        made["classes"] += ["equation-index"]
        mark.replace_self(made)


def _index_row(app: Sphinx, here: str, number: str, page: str, anchor: str, ties: Ties) -> list:
    link = make_refnode(app.builder, here, page, anchor, nodes.Text(f"({number})"))
    number_of_page = chapter(page)
    title = f"chapter {number_of_page}" if number_of_page else app.env.titles[page].astext()
    taught = make_refnode(app.builder, here, page, "", nodes.Text(title))
    code = _links(app, here, ties.code[number]) or nodes.emphasis(
        "", app.config.unrolled_equations_untied.get(number, "–")
    )
    rest = [_links(app, here, found[number]) or "–" for found in (ties.tests, ties.exercises, ties.widgets)]
    return [link, taught, code, *rest]


def _links(app: Sphinx, here: str, places: list[Place]) -> nodes.inline | None:
    line = nodes.inline()
    for n, place in enumerate(places):
        if n:
            line += nodes.Text(", ")
        line += _link(app, here, place)
    return line if places else None


def _link(app: Sphinx, here: str, place: Place) -> nodes.Node:
    text = nodes.literal("", place.text) if place.page.startswith("code/") else nodes.Text(place.text)
    if not place.page.startswith("code/") and place.page not in app.env.found_docs:
        return text
    uri = app.builder.get_relative_uri(here, place.page) + (f"#{place.anchor}" if place.anchor else "")
    return nodes.reference("", "", text, refuri=uri, internal=True)


def name_in_code(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Under each block of code that carries ``# (13.7)``: which equations it implements."""
    taught = domain_of(app.env).taught()
    for block in list(doctree.findall(nodes.literal_block)):
        numbers = list(dict.fromkeys(IN_COMMENT.findall(block.astext())))
        output = any("cell_output" in p.get("classes", ()) for p in _parents(block))
        if numbers and not output:
            line = nodes.paragraph(classes=["implements"])
            line += nodes.Text("implements ")
            for n, number in enumerate(numbers):
                line += [nodes.Text(", ")] if n else []
                page, anchor = taught.get(number, (None, ""))
                text = nodes.Text(f"({number})")
                line += make_refnode(app.builder, docname, page, anchor, text) if page else text
            block.parent.insert(block.parent.index(block) + 1, line)


def _parents(node: nodes.Node) -> Iterator[nodes.Element]:
    while node.parent is not None:
        node = node.parent
        yield node


def settle_numbers(app: Sphinx, config: Any) -> None:
    """The label is the number, so Sphinx must not count equations itself."""
    config.math_numfig = False


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the domain, the index and the three passes over finished pages."""
    app.add_config_value("unrolled_equations_untied", UNTIED, "env")
    app.add_domain(LectureMath, override=True)
    app.add_directive("equation-index", EquationIndex)
    app.add_node(index_node)
    app.add_css_file("equations.css")
    app.connect("config-inited", settle_numbers)
    app.connect("env-check-consistency", check_ties)
    app.connect("env-updated", pages_to_rewrite)
    app.connect("doctree-resolved", fill_index)
    app.connect("doctree-resolved", name_in_code)
    return setup_house(app)
