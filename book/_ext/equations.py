"""The lecture's equation numbers, and what each equation is tied to.

A label says the number: ``$$ … $$ (eq-13-7)`` shows (13.7); our own ``(eq-ch01-a)`` shows (1a); both
are referenced with {eq}`eq-13-7`.  Any other label, or a number outside 13.1 to 13.38, is a warning.

Every equation of the lecture that is on a page must be tied to a line of code, a test, a task, a widget and a claim.
The ties are found, not listed (``ties``); a dead end is a warning, which stops the build:

- code: a line of ``src/unrolled/scratch`` with ``(13.7)`` in a comment, or a docstring there (not a module's);
- test, exercise, widget, claim: what names the number, else what comes to that code by its calls.

``UNTIED`` maps a number to the reason why it has none, or to a reason for each kind that it lacks; a reason that is no
longer needed is a warning too.  ```` ```{equation-index} ```` draws the whole table.  Code on a page that names equations
in its comments or docstrings, the lecture's or ours, gets a line under it that links to them.
"""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from house import chapter, root, setup_house, table
from reaches import docstrings, numbers_in
from sphinx.application import Sphinx
from sphinx.domains.math import MathDomain
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode
from ties import Place, Ties, find_ties

logger = logging.getLogger(__name__)
LAST = 38
KINDS = {"code": "code", "test": "tests", "exercise": "exercises", "widget": "widgets", "claim": "claims"}
OURS = re.compile(r"\((\d[a-z])\)")
UNTIED: dict[str, str | dict[str, str]] = {
    "13.2": {"claim": "measured as (13.3)"},
    "13.10": {"claim": "for one right word, (13.11)"},
    "13.19": "an example sentence, nothing to compute",
    "13.28": dict.fromkeys(("exercise", "widget", "claim"), "(13.8), written out"),
    "13.29": {"claim": "any cell: (13.1), (13.27)"},
    "13.30": dict.fromkeys(("exercise", "claim"), "(13.3) without V"),
    "13.31": dict.fromkeys(("exercise", "claim"), "(13.8), given the source"),
}


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


def reason(app: Sphinx, number: str, kind: str) -> str:
    """Why an equation has no tie of this kind, or an empty string."""
    given = app.config.unrolled_equations_untied.get(number, "")
    return given if isinstance(given, str) else given.get(kind, "")


def check_ties(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of each equation on a page that lacks a link of the chain, and of each excuse for a link that is there."""
    ties, chain = find_ties(root(app)), app.config.unrolled_equations_chain
    for number, (docname, _) in domain_of(env).taught().items():
        there = {kind: bool(getattr(ties, field)[number]) for kind, field in KINDS.items()}
        lost = [kind for kind in chain if not there[kind] and not reason(app, number, kind)]
        if lost:
            logger.warning(
                "equation (%s) comes to a dead end: no %s carries '(%s)' or calls what does; "
                "name it there, or give a reason in UNTIED of book/_ext/equations.py",
                number, ", no ".join(lost), number, location=docname,
            )  # fmt: skip
        needless = [kind for kind in chain if there[kind] and reason(app, number, kind)]
        if needless:
            logger.warning(
                "equation (%s) has a %s after all: take its reason out of UNTIED",
                number,
                needless[0],
                location=docname,
            )


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
        empty = nodes.paragraph("", "No equation of the lecture is on a page yet.")
        made = table(["equation", *KINDS], rows) if rows else empty
        made["classes"] += ["equation-index"]
        mark.replace_self(made)


def _index_row(app: Sphinx, here: str, number: str, page: str, anchor: str, ties: Ties) -> list:
    link = make_refnode(app.builder, here, page, anchor, nodes.Text(f"({number})"))
    number_of_page = chapter(page)
    title = f"chapter {number_of_page}" if number_of_page else app.env.titles[page].astext()
    link = nodes.inline("", "", link, nodes.inline("", title, classes=["taught-in"]))
    found = {kind: _links(app, here, getattr(ties, field)[number]) for kind, field in KINDS.items()}
    if not any(found.values()):  # nothing at all: say why once
        found["code"] = nodes.emphasis("", reason(app, number, "code") or "–")
        return [link, *(cell or "–" for cell in found.values())]
    return [link, *(cell or _excuse(reason(app, number, kind)) for kind, cell in found.items())]


def _excuse(text: str) -> nodes.Node:
    return nodes.emphasis("", text) if text else nodes.Text("–")


def _links(app: Sphinx, here: str, places: list[Place]) -> nodes.inline | None:
    line = nodes.inline()
    for n, place in enumerate(places):
        if n:
            line += nodes.Text(", ")
        line += _link(app, here, place)
    return line if places else None


def _link(app: Sphinx, here: str, place: Place) -> nodes.Node:
    shown = re.sub(r"([/_])", "\\1\u200b", place.text)  # a long name may break there
    text = nodes.literal("", shown) if place.page.startswith("code/") else nodes.Text(shown)
    if not place.page.startswith("code/") and place.page not in app.env.found_docs:
        return text
    uri = app.builder.get_relative_uri(here, place.page) + (f"#{place.anchor}" if place.anchor else "")
    return nodes.reference("", "", text, refuri=uri, internal=True)


def name_in_code(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Under each block of code that names equations: which ones it implements."""
    known = {
        str(number): (page, make_id_of(label))
        for label, (page, number) in domain_of(app.env).equations.items()
    }
    for block in list(doctree.findall(nodes.literal_block)):
        numbers = [n for n in named_in(block.astext()) if n in known or n.startswith("13.")]
        if not numbers or any(_not_shown_code(parent) for parent in _parents(block)):
            continue
        line = nodes.paragraph(classes=["implements"])
        line += nodes.Text("implements ")
        for n, number in enumerate(numbers):
            line += [nodes.Text(", ")] if n else []
            text = nodes.Text(f"({number})")
            line += make_refnode(app.builder, docname, *known[number], text) if number in known else text
        block.parent.insert(block.parent.index(block) + 1, line)


def _not_shown_code(parent: nodes.Element) -> bool:
    """What a cell prints, and docstrings of the reference, which link their numbers themselves."""
    return bool({"cell_output", "api"} & set(parent.get("classes", ())))


def named_in(code: str) -> list[str]:
    r"""The equations that code names in its comments and docstrings, the lecture's and ours.

    >>> named_in("def f(x):\n    'As (13.2).'\n    return x  # (13.1), (2a)\n")
    ['13.2', '13.1', '2a']
    """
    try:
        said = [number for number, _ in docstrings(code)]
    except SyntaxError:  # a session, a cell magic, another language
        said = []
    for comment in re.findall(r"#.*", code):
        said += [*numbers_in(comment), *OURS.findall(comment)]
    return list(dict.fromkeys(said))


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
    app.add_config_value("unrolled_equations_chain", list(KINDS), "env")
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
