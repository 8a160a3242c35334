"""Everything that the lecture and its textbook chapter teach, and the place where it is taught here.

    ```{lecture-map} figure
    ```

draws the table of one kind of entry (KINDS) of ``book/lecture_map.yml``.  An entry's targets, ``to``:

- nothing: for an equation, its own number, on whatever page has it; ``in`` names the chapter until then;
- ``ch01_rnn``: the page; ``ch01_rnn / The equations``: a heading of it, as it reads;
- ``fig-ch01-elman``: a label, such as a drawing's ``:name:``.

A page that is not in the table of contents shows as plain "chapter 1".  Once it is there, a target that it
does not have is a warning that says what it has.
"""

import re
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from docutils import nodes
from equations import domain_of
from house import chapter, parse_into, setup_house, table
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

logger = logging.getLogger(__name__)
KINDS = {
    "section": "section",
    "equation": "equation",
    "figure": "figure",
    "algorithm": "algorithm",
    "example": "example",
    "idea": "section",
    "history": "section",
}
FILE = "lecture_map.yml"


class Target(NamedTuple):
    """A place on a page, and what its link says."""

    page: str
    anchor: str
    text: str


class DeadEndError(ValueError):
    """A target that the page does not have."""


def read_map(path: Path) -> list[dict[str, Any]]:
    """The entries of the file, or ValueError that says which one is wrong, and how.

    Raises ValueError.
    """
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> list[dict[str, Any]]:
    entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    for n, entry in enumerate(entries, start=1):
        keys = set(entry) if isinstance(entry, dict) else set()
        if (
            not {"kind", "number", "what"} <= keys <= {"kind", "number", "what", "to", "in"}
            or not {"to", "in"} & keys
        ):
            raise ValueError(
                f"{path.name}, entry {n}: expected kind, number, what, and to or in; got {sorted(map(str, keys)) or entry!r}"
            )
        if entry["kind"] not in KINDS:
            raise ValueError(
                f"{path.name}, entry {n}: expected a kind of {', '.join(KINDS)}, got {entry['kind']!r}"
            )
    return entries


def targets(entry: dict[str, Any]) -> list[str]:
    """What an entry points to: a list, also where it names one thing or an equation's chapter."""
    to = entry.get("to", entry.get("in"))
    return [str(to)] if not isinstance(to, list) else [str(one) for one in to]


def page_of(target: str) -> str:
    """The chapter or page that a target lies in, by its short name: ``fig-ch01-elman`` → ``ch01``."""
    found = re.match(r"fig-(ch\d\d)-", target)
    return found[1] if found else target.partition(" / ")[0].strip()


def find_page(env: BuildEnvironment, name: str) -> str | None:
    """The page in the table of contents whose last part is ``name``, or begins with it if that is a bare ``ch01``."""
    for docname in sorted(env.found_docs):
        last = docname.rsplit("/", 1)[-1]
        if docname.startswith("exercises/"):
            continue
        if last == name or (re.fullmatch(r"ch\d\d", name) and last.startswith(f"{name}_")):
            return docname
    return None


def title_of(env: BuildEnvironment, docname: str) -> str:
    """How a link calls a page: "chapter 3", or the page's title."""
    number = chapter(docname)
    return f"chapter {number}" if number else env.titles[docname].astext()


def headings(env: BuildEnvironment, docname: str) -> dict[str, str]:
    """Every heading of a page, as it reads → its anchor, without #."""
    links = env.tocs[docname].findall(nodes.reference)
    return {link.astext().replace("’", "'"): link["anchorname"].removeprefix("#") for link in links}


def resolve(env: BuildEnvironment, entry: dict[str, Any], target: str) -> Target | str:
    """Where a target is; plain words while its page is not in the table of contents.

    Raises DeadEndError where the page is there and the target is not.
    """
    page = find_page(env, page_of(target))
    if page is None:
        number = re.match(r"ch(\d\d)", page_of(target))
        if number:
            return f"chapter {int(number[1])}"
        raise DeadEndError(f"no page is called {page_of(target)!r}")
    if entry["kind"] == "equation" and "to" not in entry:
        return _equation(env, str(entry["number"]), page)
    if target.startswith("fig-"):
        return _label(env, target, page)
    heading = target.partition(" / ")[2].strip()
    if not heading:
        return Target(page, "", title_of(env, page))
    found = headings(env, page)
    if heading not in found:
        raise DeadEndError(f"{page} has no heading {heading!r}; {_nearest(heading, found)}")
    return Target(page, found[heading], f"{title_of(env, page)}, {heading}")


def _equation(env: BuildEnvironment, number: str, page: str) -> Target:
    taught = domain_of(env).taught()
    if number not in taught:
        raise DeadEndError(f"equation ({number}) is not on {page}, nor on any other page")
    return Target(*taught[number], f"{title_of(env, taught[number][0])}, ({number})")


def _label(env: BuildEnvironment, label: str, page: str) -> Target:
    labels = env.get_domain("std").anonlabels  # type: ignore[attr-defined]
    if label not in labels:
        there = {name for name, (docname, _) in labels.items() if docname == page and name.startswith("fig-")}
        raise DeadEndError(f"{page} has no drawing named {label!r}; {_nearest(label, there)}")
    docname, anchor = labels[label]
    count = env.toc_fignumbers.get(docname, {}).get("figure", {}).get(anchor)
    named = f"figure {'.'.join(map(str, count))}" if count else "figure"
    return Target(docname, anchor, f"{title_of(env, docname)}, {named}")


def _nearest(wanted: str, there: Any) -> str:
    near = get_close_matches(wanted, list(there), n=3, cutoff=0.3) or sorted(there)
    return f"there are: {', '.join(near) or 'none'}"


class map_node(nodes.General, nodes.Element):
    """Where a table goes, once every page has been read; its children are what the entries say."""


class LectureMap(SphinxDirective):
    """```{lecture-map} figure```."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Parse the words of each entry now; ``fill_map`` adds the links."""
        kind, path = self.arguments[0], Path(self.env.srcdir, _file(self.env))
        self.env.note_dependency(str(path))
        try:
            entries = [entry for entry in read_map(path) if entry["kind"] == kind]
            if kind not in KINDS:
                raise ValueError(f"lecture-map: expected one of {', '.join(KINDS)}, got {kind!r}")
        except (ValueError, OSError, yaml.YAMLError) as wrong:
            logger.warning("%s", wrong, location=self.get_location())
            return [nodes.paragraph("", str(wrong))]
        pages = getattr(self.env, "unrolled_lecture_map", {})
        self.env.unrolled_lecture_map = {**pages, self.env.docname: True}  # type: ignore[attr-defined]
        mark = map_node(kind=kind, entries=entries)
        mark += [parse_into(self, str(entry["what"]), nodes.inline()) for entry in entries]
        return [mark]


def _file(env: BuildEnvironment) -> str:
    return env.config.unrolled_lecture_map


def check_map(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of each target that leads nowhere."""
    path = Path(env.srcdir, _file(env))
    if not getattr(env, "unrolled_lecture_map", None) or not path.is_file():
        return
    for entry in read_map(path):
        for target in targets(entry):
            try:
                resolve(env, entry, target)
            except DeadEndError as wrong:
                logger.warning("%s, %s %s: %s", path.name, entry["kind"], entry["number"], wrong)


def pages_to_rewrite(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The map depends on every page."""
    return [page for page in getattr(env, "unrolled_lecture_map", {}) if page in env.found_docs]


def fill_map(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put each table where its mark stands."""
    for mark in list(doctree.findall(map_node)):
        rows = [
            [str(entry["number"]), words, _links(app, docname, entry)]
            for entry, words in zip(mark["entries"], list(mark.children), strict=True)
        ]
        made = table([KINDS[mark["kind"]], "what it is", "where it is here"], rows)
        made["classes"] += ["lecture-map"]
        mark.replace_self(made)


def _links(app: Sphinx, here: str, entry: dict[str, Any]) -> nodes.inline:
    line = nodes.inline()
    for n, target in enumerate(targets(entry)):
        line += [nodes.Text("; ")] if n else []
        try:
            found = resolve(app.env, entry, target)
        except DeadEndError:
            found = "nowhere yet"  # check_map has warned
        if isinstance(found, Target):
            line += make_refnode(app.builder, here, found.page, found.anchor, nodes.Text(found.text))
        else:
            line += nodes.Text(found)
    return line


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive, its check and the passes over finished pages."""
    app.add_config_value("unrolled_lecture_map", f"book/{FILE}", "env")
    app.setup_extension("equations")
    app.add_directive("lecture-map", LectureMap)
    app.add_node(map_node)
    app.connect("env-check-consistency", check_map)
    app.connect("env-updated", pages_to_rewrite)
    app.connect("doctree-resolved", fill_map)
    return setup_house(app)
