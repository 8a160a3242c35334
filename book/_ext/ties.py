"""Which code, test, exercise and widget carries which equation: read from the files, never listed by hand."""

import ast
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import NamedTuple

NUMBER = re.compile(r"\((13\.\d+)\)")
IN_ASSIGNMENT = re.compile(r"(?:\(|\\tag\{)(13\.\d+)[)}]")


class Place(NamedTuple):
    """Something an equation is tied to: what to call it, and the page and anchor that show it."""

    text: str
    page: str
    anchor: str = ""


class Ties(NamedTuple):
    """The places of each equation, by its number."""

    code: dict[str, list[Place]]
    tests: dict[str, list[Place]]
    exercises: dict[str, list[Place]]
    widgets: dict[str, list[Place]]


def find_ties(root: Path) -> Ties:
    """Read the repository once for each state that its files are in."""
    files = tuple(sorted((str(p), p.stat().st_mtime_ns) for p in _files(root)))
    return _find_ties(root, files)


def source_files(root: Path) -> list[tuple[str, Path]]:
    """The files that the index links to, each with the name of its page."""
    return [(source_page(root, path), path) for path in _files(root) if path.suffix == ".py"]


def source_page(root: Path, path: Path) -> str:
    """``src/unrolled/scratch/rnn.py`` → ``code/unrolled/scratch/rnn``."""
    return "code/" + path.relative_to(root).with_suffix("").as_posix().removeprefix("src/")


def _files(root: Path) -> list[Path]:
    patterns = (
        "src/unrolled/scratch/*.py",
        "src/unrolled/widgets/*.py",
        "tests/*/test_*.py",
        "solutions/*/*.md",
    )
    ours = [p for pattern in patterns for p in sorted(root.glob(pattern))]
    return [p for p in ours if "tests/site" not in p.as_posix()]


@lru_cache(maxsize=4)
def _find_ties(root: Path, files: tuple[tuple[str, int], ...]) -> Ties:
    ties = Ties(*(defaultdict(list) for _ in range(4)))
    modules: dict[str, list[str]] = defaultdict(list)
    tests = [p for p in map(Path, next(zip(*files, strict=True), ())) if p.name.startswith("test_")]
    for path in map(Path, next(zip(*files, strict=True), ())):
        page = source_page(root, path) if path.suffix == ".py" else ""
        if path.parent.name == "scratch" and path not in tests:
            for number, line in mentions(path.read_text(encoding="utf-8")):
                ties.code[number].append(Place(f"{path.name}:{line}", page, f"L-{line}"))
                modules[number].append(path.stem)
        elif path.parent.name == "widgets":
            _note_once(ties.widgets, path, Place(path.stem, page))
        elif path.suffix == ".md":
            for number, task in tasks(path.read_text(encoding="utf-8")):
                place = Place(task, f"exercises/{path.parent.name}/{path.stem}")
                ties.exercises[number] += [place] if place not in ties.exercises[number] else []
    for path in tests:
        _note_once(
            ties.tests, path, Place(path.relative_to(root / "tests").as_posix(), source_page(root, path))
        )
    for number, names in modules.items():
        ties.tests[number] = ties.tests[number] or [
            Place(p.relative_to(root / "tests").as_posix(), source_page(root, p))
            for p in tests
            if p.stem.removeprefix("test_") in names
        ]
    return ties


def _note_once(found: dict[str, list[Place]], path: Path, place: Place) -> None:
    for number in sorted(set(NUMBER.findall(path.read_text(encoding="utf-8")))):
        found[number].append(place)


def mentions(source: str) -> list[tuple[str, int]]:
    r"""(number, line) for each equation that a comment or a docstring of this code names.

    >>> mentions("def f(x):\n    return x  # (13.1)\n")
    [('13.1', 2)]
    """
    found = list(_in_comments(source)) + list(_in_docstrings(source))
    return sorted(set(found), key=lambda item: item[1])


def _in_comments(source: str) -> Iterator[tuple[str, int]]:
    for token in tokenize.generate_tokens(StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield from ((number, token.start[0]) for number in NUMBER.findall(token.string))


def _in_docstrings(source: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            text = ast.get_docstring(node) or ""
            yield from ((number, node.lineno) for number in NUMBER.findall(text))


def tasks(text: str) -> list[tuple[str, str]]:
    """(number, task) for each equation named in an assignment, with the task whose prompt or answer it stands in."""
    ids = [(m.start(), m[1]) for m in re.finditer(r"grade_id\W+([\w-]+).*\bsolution\W+true", text)]
    found = []
    for match in IN_ASSIGNMENT.finditer(text):
        after = [task for at, task in ids if at > match.start()]
        if after:
            found.append((match[1], after[0]))
    return list(dict.fromkeys(found))
