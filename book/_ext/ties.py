"""Which code, test, exercise, widget and claim carries which equation: read from the files, never listed by hand.

What names the number is a tie.  Where nothing of a kind names it, what comes to it by its calls is (``reaches``): a test,
task, widget or claim of the chapter that teaches the equation if there is one, else of any.
"""

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from reaches import Reaches, comments, docstrings, imported_names, numbers_in

TAG = re.compile(r"\\tag\{(13\.\d+)\}")
LABEL = re.compile(r"\(eq-13-(\d+)\)")
TASK = re.compile(r"grade_id\W+([\w-]+).*\bsolution\W+true")
OF_CODE = ("scratch", "parity")  # the tests that hold code to its equation
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(?:---\n.*?\n---\n)?(.*?)^```", re.S | re.M)


class Place(NamedTuple):
    """Something an equation is tied to: what to call it, and the page and anchor that show it."""

    text: str
    page: str
    anchor: str = ""


Found = dict[str, list[Place]]


class Ties(NamedTuple):
    """The places of each equation, by its number."""

    code: Found
    tests: Found
    exercises: Found
    widgets: Found
    claims: Found


def find_ties(root: Path) -> Ties:
    """Read the repository once for each state that its files are in."""
    files = tuple(sorted((str(p), p.stat().st_mtime_ns) for p in _files(root)))
    return _find_ties(root, files)


def source_files(root: Path) -> list[tuple[str, Path]]:
    """The files that have a page of source, each with the name of its page: the package and the tests."""
    found = [*sorted(root.glob("src/unrolled/**/*.py")), *_tests(root)]
    return [(source_page(root, path), path) for path in found]


def source_page(root: Path, path: Path) -> str:
    """``src/unrolled/scratch/rnn.py`` → ``code/unrolled/scratch/rnn``."""
    return "code/" + path.relative_to(root).with_suffix("").as_posix().removeprefix("src/")


def _tests(root: Path) -> list[Path]:
    return [p for p in sorted(root.glob("tests/*/test_*.py")) if p.parent.name != "site"]


def _files(root: Path) -> list[Path]:
    patterns = (
        "src/unrolled/**/*.py",
        "src/unrolled/widgets/static/*.mjs",
        "solutions/*/*.md",
        "book/ch*.md",
        "book/claims.json",
    )
    return [p for pattern in patterns for p in sorted(root.glob(pattern))] + _tests(root)


@lru_cache(maxsize=4)
def _find_ties(root: Path, files: tuple[tuple[str, int], ...]) -> Ties:
    source = root / "src"
    package = {_module(source, p): p for p in sorted(source.glob("unrolled/**/*.py"))}
    reaches, homes = Reaches(package), taught_in(root)
    code = code_places(root)
    return Ties(
        code,
        test_places(root, code),
        exercise_places(root, reaches, homes),
        widget_places(root, reaches),
        claim_places(root, reaches, homes),
    )


def _module(source: Path, path: Path) -> str:
    return ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")


def taught_in(root: Path) -> dict[str, str]:
    """Number → the chapter whose page has it, by the name of its file."""
    pages = {p.stem: p.read_text(encoding="utf-8") for p in sorted(root.glob("book/ch*.md"))}
    return {f"13.{n}": name for name, text in pages.items() for n in LABEL.findall(text)}


def code_places(root: Path) -> Found:
    """The lines of ``scratch`` that say which equation they are."""
    found: Found = defaultdict(list)
    for path in sorted(root.glob("src/unrolled/scratch/*.py")):
        page = source_page(root, path)
        for number, line in mentions(path.read_text(encoding="utf-8")):
            found[number].append(Place(f"{path.name}:{line}", page, f"L-{line}"))
    return found


def mentions(source: str) -> list[tuple[str, int]]:
    r"""(number, line) for each equation that this code names: the line with the comment, else the docstring's function.

    >>> mentions("def f(x):\n    return x  # (13.1)\n")
    [('13.1', 2)]
    """
    said = list(comments(source))
    named = {number for number, _ in said}
    said += [(number, line) for number, line in docstrings(source) if number not in named]
    return sorted(set(said), key=lambda item: item[1])


def test_places(root: Path, code: Found) -> Found:
    """The tests of the modules that carry an equation: those that name it if there are any, else all, and others that name it.

    A test of a page or a widget counts where there is no test of the code itself.
    """
    places = {p: Place(p.relative_to(root / "tests").as_posix(), source_page(root, p)) for p in _tests(root)}
    naming: dict[str, list[Path]] = defaultdict(list)
    for path in places:
        for number in numbers_in(path.read_text(encoding="utf-8")):
            naming[number].append(path)
    found: Found = defaultdict(list)
    for number in {*naming, *code}:
        modules = {line.text.partition(".py")[0] for line in code.get(number, [])}
        own = [p for p in places if p.stem.removeprefix("test_") in modules and p.parent.name in OF_CODE]
        best = [p for p in own if p in naming[number]]
        near = best or own + [p for p in naming[number] if p.parent.name in OF_CODE]
        found[number] = [places[p] for p in near or naming[number]]
    return found


def exercise_places(root: Path, reaches: Reaches, homes: dict[str, str]) -> Found:
    """The tasks that name an equation, else those whose code or checks come to it."""
    named: Found = defaultdict(list)
    reached: Found = defaultdict(list)
    for path in sorted(root.glob("solutions/*/*.md")):
        text, page = path.read_text(encoding="utf-8"), f"exercises/{path.parent.name}/{path.stem}"
        for number, task in tasks(text):
            named[number].append(Place(task, page))
        for task, numbers in tasks_reach(text, reaches):
            for number in numbers:
                reached[number].append(Place(task, page))
    return _or_else(named, reached, lambda number, place: place.page.endswith(homes.get(number, "/")))


def tasks(text: str) -> list[tuple[str, str]]:
    """(number, task) for each equation named in an assignment, with the task whose prompt or answer it stands in."""
    found = [
        (number, task) for task, part in _parts(text) for number in [*numbers_in(part), *TAG.findall(part)]
    ]
    return list(dict.fromkeys(found))


def _parts(text: str) -> list[tuple[str, str]]:
    """The assignment cut where each task's own cell begins: what stands before it belongs to it."""
    cuts = list(TASK.finditer(text))
    starts = [0, *(cut.start() for cut in cuts)]
    return [(cut[1], text[start : cut.start()]) for cut, start in zip(cuts, starts, strict=False)]


def tasks_reach(text: str, reaches: Reaches) -> list[tuple[str, frozenset[str]]]:
    """(task, the equations that its answer or its tests come to)."""
    imports, found, task = {}, [], ""
    for match in CELL.finditer(text):
        try:
            imports |= imported_names(ast.parse(match[1]))
        except SyntaxError:
            continue
        task = cell[1] if (cell := TASK.search(match[0])) else task
        if task:
            found.append((task, reaches.of_code(match[1], imports)))
    return found


def widget_places(root: Path, reaches: Reaches) -> Found:
    """The widgets whose class or script names an equation, else those that come to it."""
    named: Found = defaultdict(list)
    reached: Found = defaultdict(list)
    for path in sorted(root.glob("src/unrolled/widgets/[!_]*.py")):
        script = path.parent / "static" / f"{path.stem}.mjs"
        text = path.read_text(encoding="utf-8") + (
            script.read_text(encoding="utf-8") if script.is_file() else ""
        )
        place = Place(path.stem, source_page(root, path))
        for number in numbers_in(text):
            named[number].append(place)
        for number in reaches.of_module(f"unrolled.widgets.{path.stem}"):
            reached[number].append(place)
    return _or_else(named, reached)


def claim_places(root: Path, reaches: Reaches, homes: dict[str, str]) -> Found:
    """The claims whose experiment names an equation or comes to it, those of its own chapter first."""
    ledger = root / "book" / "claims.json"
    claims = json.loads(ledger.read_text(encoding="utf-8")) if ledger.is_file() else {}
    reached: Found = defaultdict(list)
    chapters = {name: claim.get("chapter", "") for name, claim in claims.items()}
    for name in claims:
        if f"unrolled.experiments.{name}" in reaches.modules:
            for number in sorted(reaches.of_module(f"unrolled.experiments.{name}")):
                reached[number].append(Place(name, "book/claims", f"claim-{name.replace('_', '-')}"))
    return _or_else({}, reached, lambda number, place: chapters[place.text] == homes.get(number))


def _or_else(named: Found, reached: Found, at_home=lambda number, place: False) -> Found:
    """What names the number; else what comes to it where it is taught; else what comes to it anywhere."""
    found: Found = defaultdict(list)
    for number in {*named, *reached}:
        near: Iterable[Place] = [p for p in reached.get(number, []) if at_home(number, p)]
        found[number] = list(dict.fromkeys(named.get(number) or near or reached[number]))
    return found
