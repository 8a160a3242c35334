"""Which equations a function carries or comes to by what it calls: read from the package's source, nothing imported.

A definition carries the numbers in its comments and docstrings, and those of every definition of the package that it
names, through any number of modules.  Not an extension itself; ``ties`` asks it where nobody wrote a number down.
"""

import ast
import re
import tokenize
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

LIST = re.compile(r"\((13\.\d+(?:(?:, ?|[–-])(?:13\.)?\d+)*)\)(?:(?: to | ?[–-] ?)\((13\.\d+)\))?")
Key = tuple[str, str]  # (module, top-level name)


def numbers_in(text: str) -> list[str]:
    """Every equation that a text names, ranges filled in.

    >>> numbers_in("(13.2), (13.35, 13.38), (13.4–13.6) and (13.20) to (13.22)")
    ['13.2', '13.35', '13.38', '13.4', '13.5', '13.6', '13.20', '13.21', '13.22']
    """
    found: list[str] = []
    for match in LIST.finditer(text):
        for part in re.split(", ?", match[1]):
            first, _, last = re.sub("–", "-", part).partition("-")
            found += _between(first, (last if "." in last else f"13.{last}") if last else match[2] or first)
    return list(dict.fromkeys(found))


def _between(first: str, last: str) -> list[str]:
    return [f"13.{n}" for n in range(int(first[3:]), int(last[3:]) + 1)]


def comments(source: str) -> Iterator[tuple[str, int]]:
    """(number, line) for each comment that names an equation."""
    for token in tokenize.generate_tokens(StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield from ((number, token.start[0]) for number in numbers_in(token.string))


def docstrings(source: str) -> Iterator[tuple[str, int]]:
    """(number, line of the definition) for each docstring that names an equation; a module's own does not count."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield from ((number, node.lineno) for number in numbers_in(ast.get_docstring(node) or ""))


class Module:
    """What one file defines, where its other names come from, and what each definition says and uses."""

    def __init__(self, source: str):
        tree = ast.parse(source)
        self.imports = imported_names(tree)
        tops = [(name, node) for node in tree.body for name in defined_names(node)]
        self.spans = {name: (node.lineno, node.end_lineno or node.lineno) for name, node in tops}
        self.uses = {name: used_names(node) for name, node in tops}
        said = [*comments(source), *docstrings(source)]
        self.says = {
            name: {number for number, line in said if first <= line <= last}
            for name, (first, last) in self.spans.items()
        }


def defined_names(node: ast.stmt) -> list[str]:
    """What a statement of a module defines: a function, a class, or the names that it assigns (a table of functions, say)."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, ast.AnnAssign)
        else []
    )
    return [target.id for target in targets if isinstance(target, ast.Name)]


def imported_names(tree: ast.AST) -> dict[str, Key]:
    """Name here → where it is defined, for what is imported from ``unrolled``; ("module", "") for a whole module."""
    found: dict[str, Key] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unrolled"):
            found |= {a.asname or a.name: (node.module or "", a.name) for a in node.names}
    return found


def used_names(tree: ast.AST) -> set[str]:
    """Every name, and every ``name.attribute``, of a piece of code."""
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    dotted = {
        f"{n.value.id}.{n.attr}"
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)
    }
    return names | dotted


class Reaches:
    """The package as a graph of definitions."""

    def __init__(self, files: dict[str, Path]):
        self.modules = {name: Module(path.read_text(encoding="utf-8")) for name, path in files.items()}
        self.known: dict[Key, frozenset[str]] = {}

    def of(self, module: str, name: str) -> frozenset[str]:
        """The equations that a definition carries or comes to."""
        seen: set[Key] = set()
        todo, found = [(module, name)], set()
        while todo:
            key = todo.pop()
            if key in seen or key[0] not in self.modules:
                continue
            seen.add(key)
            home = self.modules[key[0]]
            found |= home.says.get(key[1], set())
            todo += self.named(key[0], home.uses.get(key[1], set()))
        return frozenset(found)

    def named(self, module: str, names: set[str]) -> list[Key]:
        """The definitions that these names stand for in this module."""
        return list(self._lookup(names, self.modules[module].imports, module))

    def _lookup(self, names: set[str], imports: dict[str, Key], module: str) -> Iterator[Key]:
        for name in names:
            head, _, attribute = name.partition(".")
            if head in imports:
                base, child = imports[head]
                whole = f"{base}.{child}"
                yield (whole, attribute) if whole in self.modules else (base, child)
            elif module and not attribute and name in self.modules[module].spans:
                yield (module, name)

    def of_module(self, module: str) -> frozenset[str]:
        """The equations of everything that a module defines."""
        return frozenset().union(*(self.of(module, name) for name in self.modules[module].spans))

    def of_code(self, code: str, imports: dict[str, Key]) -> frozenset[str]:
        """The equations that a piece of code outside of the package comes to; none if it is no Python."""
        try:
            names = used_names(ast.parse(code))
        except SyntaxError:
            return frozenset()
        return frozenset().union(*(self.of(*key) for key in self._lookup(names, imports, "")))
