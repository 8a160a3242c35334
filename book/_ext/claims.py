"""Numbers of the prose, read from the ledger ``book/claims.json``; none is typed.

- {claim}`recall:rnn_d8` → 99.1 ± 0.3.  After a bar, hints: ``recall:rnn_d8|%`` (times 100, with a per cent
  sign), ``|.2f`` (Python's format), ``|mean``, ``|sd``, ``|ci``, ``|n`` (seeds); they combine: ``|mean|.1f|%``.
- {claim}`recall|verdict`, ``|statement``, ``|criterion``, ``|title``, ``|seconds``, ``|n``: of the claim itself.
- ```{claim-table} recall``` a table of its figures; ``:figures: rnn_d2 rnn_d8`` chooses, ``:format: .1f|%`` as above.
- ```{claims-page}``` every claim: statement, verdict, criterion, charts, figures, data, seconds.

An unknown claim or figure is a warning.  A page that uses the ledger is built again when the ledger changes.
"""

import json
import math
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from house import Tag, chapter, root, setup_house, table
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

logger = logging.getLogger(__name__)
LEDGER = Path("book") / "claims.json"
OF_CLAIM = ("verdict", "statement", "criterion", "title", "section", "chapter")

Claim = dict[str, Any]


class UnknownFigureError(LookupError):
    """A claim, a figure or a hint that does not exist; the message says which do."""


def note_ledger(app: Sphinx, env: BuildEnvironment) -> dict[str, Claim]:
    """The ledger, noted as something that the page at hand depends on."""
    path = root(app) / LEDGER
    env.note_dependency(str(path))
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def show(ledger: dict[str, Claim], text: str) -> str:
    """What {claim}`text` says; raises UnknownFigureError."""
    target, *hints = [part.strip() for part in text.split("|")]
    name, _, figure = target.partition(":")
    claim = _pick(ledger, name, "claim")
    if not figure:
        return _of_claim(claim, name, hints)
    return show_figure(_pick(claim["summary"], figure, f"figure of {name}"), hints)


def show_figure(summary: dict[str, Any], hints: list[str]) -> str:
    """A figure's mean ± sd, or the part that the hints ask for, in the format they ask for."""
    per_cent = "%" in hints
    formats = [h for h in hints if re.fullmatch(r",?(\.\d+)?[fegd]", h)]
    parts = [h for h in hints if h in ("mean", "sd", "ci", "n")]
    unknown = [h for h in hints if h not in ("%", *formats, *parts)]
    if unknown:
        raise UnknownFigureError(f"hint {unknown[0]!r}: expected %, mean, sd, ci, n or a format such as .2f")
    if "n" in parts:
        return str(summary["n"])
    scale = 100.0 if per_cent else 1.0
    mean, sd = scale * summary["mean"], scale * (summary.get("sd") or 0.0)
    how = formats[0] if formats else _format(mean, sd)
    sign = "\N{NARROW NO-BREAK SPACE}%" if per_cent else ""

    def number(value: float) -> str:
        return format(value, how).replace("-", "\N{MINUS SIGN}") + sign

    if "ci" in parts:
        return " to ".join(number(scale * end) for end in summary["ci95"])
    if "sd" in parts:
        return number(sd)
    if "mean" in parts or summary.get("n", 1) == 1:
        return number(mean)
    return f"{number(mean).removesuffix(sign)} ± {number(sd)}"


def _format(mean: float, sd: float) -> str:
    """As many decimals as the spread's first digit needs; three figures where there is no spread."""
    if sd > 0:
        return f".{min(6, max(0, -math.floor(math.log10(sd))))}f"
    return f".{max(0, 2 - math.floor(math.log10(abs(mean))))}f" if mean else ".0f"


def _of_claim(claim: Claim, name: str, hints: list[str]) -> str:
    if hints == ["n"]:
        return str(len(claim["runs"]))
    if hints == ["seconds"]:
        return f"{sum(run['seconds'] for run in claim['runs']):.0f}"
    if len(hints) == 1 and hints[0] in OF_CLAIM:
        return str(claim[hints[0]])
    raise UnknownFigureError(
        f"{name!r}: expected a figure ({name}:…), or one of |{' |'.join(OF_CLAIM)} |n |seconds"
    )


def _pick(found: dict[str, Any], name: str, kind: str) -> Any:
    if name not in found:
        known = ", ".join(sorted(found)) or "none yet"
        raise UnknownFigureError(f"unknown {kind} {name!r}; there are: {known}")
    return found[name]


class ClaimRole(SphinxRole):
    """{claim}`claim:figure|hints`."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """The number, with the claim's name for whoever hovers."""
        try:
            shown = show(note_ledger(self.env.app, self.env), self.text)
        except UnknownFigureError as wrong:
            logger.warning("claims.json: %s", wrong, location=self.get_location())
            return [nodes.problematic(self.rawtext, self.text)], []
        return [nodes.inline("", shown, classes=["claim"])], []


class ClaimTable(SphinxDirective):
    """```{claim-table} claim```."""

    required_arguments = 1
    option_spec: ClassVar = {"figures": directives.unchanged, "format": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """One row a figure."""
        ledger = note_ledger(self.env.app, self.env)
        try:
            claim = _pick(ledger, self.arguments[0], "claim")
            names = self.options.get("figures", "").replace(",", " ").split() or list(claim["summary"])
            picked = {name: _pick(claim["summary"], name, f"figure of {self.arguments[0]}") for name in names}
            hints = [h for h in self.options.get("format", "").split("|") if h]
            return [figures_table(picked, hints)]
        except UnknownFigureError as wrong:
            logger.warning("claims.json: %s", wrong, location=self.get_location())
            return [nodes.paragraph("", str(wrong))]


def figures_table(summary: dict[str, dict[str, Any]], hints: list[str]) -> nodes.table:
    """figure, mean ± sd, 95 % interval, seeds."""
    rows = [
        [
            name.replace("_", " "),
            show_figure(figure, hints),
            show_figure(figure, [*hints, "ci"]) if figure.get("ci95") else "–",
            str(figure["n"]),
        ]
        for name, figure in summary.items()
    ]
    return table(["figure", "mean ± sd", "95 % interval", "seeds"], rows, numeric=(1, 2, 3))


class ClaimsPage(SphinxDirective):
    """```{claims-page}```: the whole ledger."""

    def run(self) -> list[nodes.Node]:
        """The verdicts at a glance, then one section a claim, in the order of the chapters."""
        ledger = note_ledger(self.env.app, self.env)
        if not ledger:
            return [nodes.paragraph("", "Nothing has been measured yet. `make claims` measures.")]
        ordered = sorted(ledger.items(), key=lambda item: (str(item[1].get("chapter", "")), item[0]))
        return [verdicts(ordered), *(self._section(name, claim) for name, claim in ordered)]

    def _section(self, name: str, claim: Claim) -> nodes.section:
        section = nodes.section("", nodes.title("", claim["title"]), ids=[section_id(name)])
        self.state.document.note_explicit_target(section)
        section += nodes.paragraph("", claim["statement"])
        seconds = sum(run["seconds"] for run in claim["runs"])
        facts = {
            "verdict": claim["verdict"],
            "criterion": claim["criterion"],
            "from": f"section {claim['section']} of the textbook, chapter {number_of(claim)}",
            "data": _data(claim["data"]),
            "measured": f"{len(claim['runs'])} seeds, {seconds:.0f} s in all, at commit {str(claim['commit'])[:10]}",
        }
        section += table([], [[nodes.strong("", word), text] for word, text in facts.items()])
        section += charts(name, claim)
        figures = claim["summary"]
        opened_by = Tag("", nodes.Text(f"All {len(figures)} figures"), tag="summary")
        section += Tag("", opened_by, figures_table(figures, []), tag="details")
        return section


def verdicts(ordered: list[tuple[str, Claim]]) -> nodes.table:
    """chapter, claim (a link to its section), verdict."""
    rows: list[list[nodes.Node | str]] = []
    for name, claim in ordered:
        link = nodes.reference("", claim["title"], refid=section_id(name), internal=True)
        rows.append([number_of(claim), link, claim["verdict"]])
    return table(["chapter", "claim", "verdict"], rows)


def number_of(claim: Claim) -> str:
    """Of a claim's chapter; its name where it has no number."""
    return str(chapter(str(claim["chapter"])) or claim["chapter"])


def section_id(name: str) -> str:
    """A claim's anchor on the page of claims."""
    return f"claim-{nodes.make_id(name)}"


def charts(name: str, claim: Claim) -> list[nodes.Node]:
    """What ``unrolled.viz`` draws of the claim, as inline SVG; nothing where it has no chart, or not the figures for it."""
    from unrolled.viz import CHARTS  # late: matplotlib takes a second, and few pages draw

    drawn = []
    for chart in CHARTS.get(name, ()):
        with suppress(KeyError):
            drawn.append(nodes.raw("", chart(claim)._repr_html_(), format="html"))
    return drawn


def _data(data: Any) -> str:
    if isinstance(data, dict):
        known = {key.replace("_", " "): value for key, value in data.items()}
        known |= {key: str(value)[:10] for key, value in known.items() if key.startswith("sha256")}
        return ", ".join(f"{key} {value}" if key != "name" else str(value) for key, value in known.items())
    return str(data)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the role and the two directives."""
    app.add_role("claim", ClaimRole())
    app.add_directive("claim-table", ClaimTable)
    app.add_directive("claims-page", ClaimsPage)
    app.add_css_file("tables.css")
    return setup_house(app)
