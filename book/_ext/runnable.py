"""Which of a page's cells can run in the browser, and what has to run before each: read from the code, nothing is run.

A cell can run there if it uses NumPy, the standard library, the course's modules that the browser has, and names that
such code has made.  The unit is the statement, not the cell: ``import numpy as np`` may stand beside ``import torch``,
and half of a cell may need what the other half has not got.  So a cell that is offered brings along, silently, only the
statements of earlier cells that it depends on, in their order; not whole cells, some of which train for a minute.

What a statement may change is judged with caution.  A function, a class or a module stays what it is.  Any other value
may be changed where it is assigned into, where a method of it is called, and where it is handed to a function that is
not NumPy's or Python's own; whoever needs it later depends on that statement too, and where that statement cannot run
in the browser, the value is not to be had from there on.  Two names of one value are not seen through: a test runs
every cell that the book offers.
"""

import ast
import builtins
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

ELSEWHERE = {
    "ctypes", "curses", "dbm", "fcntl", "http", "multiprocessing", "pathlib", "pty", "readline", "select", "signal", "smtplib", "socket",
    "socketserver", "sqlite3", "ssl", "subprocess", "tempfile", "termios", "threading", "time", "tkinter", "turtle", "urllib",
    "webbrowser", "xmlrpc",
}  # fmt: skip
"""Of the standard library: what a browser lacks, and what speaks of the machine at hand."""
STANDARD = set(sys.stdlib_module_names) - ELSEWHERE
GIVEN = set(dir(builtins)) - {"input", "open", "breakpoint", "exit", "quit", "help"}


@dataclass(frozen=True)
class Cell:
    """A cell that can run in the browser: which one of the page, and the statements to run before it, by number."""

    number: int
    before: tuple[int, ...]


@dataclass
class Value:
    """A name, as the page goes on: the statements behind its present value, and the names that it reads when called."""

    behind: frozenset[int]
    fixed: bool = False
    reads: frozenset[str] = frozenset()
    at_hand: bool = True


@dataclass(frozen=True)
class Statement:
    """One that can run in the browser: its cell, its text, the names that it makes or may change, the statements before it."""

    cell: int
    text: str
    touches: frozenset[str]
    before: tuple[int, ...]


def runnable(cells: list[str], has: Callable[[str], bool]) -> tuple[list[Statement], list[Cell]]:
    """All statements that can run in the browser, and the cells that can; ``has("unrolled.axes")`` says what it has.

    >>> statements, offered = runnable(["import numpy as np, torch", "x = np.ones(2)", "torch.ones(2)", "print(x)"], {"numpy"}.__contains__)
    >>> [statement.text for statement in statements], offered
    (['import numpy as np', 'x = np.ones(2)', 'print(x)'], [Cell(number=1, before=(0,)), Cell(number=3, before=(0, 1))])
    """
    page, offered = Page(has), []
    for number, code in enumerate(cells):
        ours = [page.follow(node, number) for node in split(code)]
        if ours and None not in ours:
            before = {m for n in ours if n is not None for m in page.statements[n].before} - {*ours}
            offered.append(Cell(number, tuple(sorted(before))))
    return page.statements, offered


def split(code: str) -> Iterator[ast.stmt]:
    """The statements of a cell, each import by itself; a cell that is no plain Python is one that cannot run."""
    try:
        body = ast.parse(code).body
    except SyntaxError:
        body = [ast.parse("import IPython").body[0]]
    for node in body:
        if isinstance(node, ast.Import):
            yield from (ast.Import([alias]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (ast.ImportFrom(node.module, [alias], node.level) for alias in node.names)
        else:
            yield node


class Page:
    """The names of a page, statement after statement."""

    def __init__(self, has: Callable[[str], bool]) -> None:
        self.has = has
        self.statements: list[Statement] = []
        self.values: dict[str, Value] = {}

    def follow(self, node: ast.stmt, cell: int) -> int | None:
        """Take the next statement, of this cell; its number, or None if the browser cannot run it."""
        made, fixed = (
            binds(node),
            isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef),
        )
        named = self.reached(reads(node) - (made - self.values.keys()))
        changed = (
            set() if fixed else {n for n in self.reached(may_change(node, self.harmless)) if self.may_vary(n)}
        )
        if not self.can_run(node, named):
            for name in made | changed:
                self.values[name] = Value(frozenset(), at_hand=False)
            return None
        number = len(self.statements)
        needed = named | (
            made if isinstance(node, ast.For | ast.While | ast.If | ast.Try | ast.With) else set()
        )
        behind = frozenset({number}).union(*(self.values[n].behind for n in needed if n in self.values))
        before = tuple(sorted(behind - {number}))
        self.statements.append(Statement(cell, ast.unparse(node), frozenset(made | changed), before))
        for name in changed - made:
            self.values[name].behind |= behind
        for name in made:
            self.values[name] = Value(behind, fixed, reads(node) - made if fixed else frozenset())
        return number

    def can_run(self, node: ast.stmt, named: set[str]) -> bool:
        """Whether its imports, its names and what they reach are to be had in the browser."""
        if isinstance(node, ast.Import | ast.ImportFrom):
            return all(self.has(m) or m.split(".")[0] in STANDARD for m in modules(node))
        inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom | ast.Await)]
        known = {name for name, value in self.values.items() if value.at_hand} | GIVEN
        if isinstance(node, ast.FunctionDef | ast.ClassDef):  # what it calls may be defined below it
            named = named & (self.values.keys() | set(dir(builtins)))
        return not inner and named <= known

    def reached(self, names: set[str]) -> set[str]:
        """These names and all that the functions among them read when they are called; builtins only by name."""
        found, todo = set(), list(names)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += self.values[name].reads if name in self.values else ()
        return found

    def may_vary(self, name: str) -> bool:
        """Whether it is a value of the page, and no function, class or module."""
        return name in self.values and not self.values[name].fixed

    def harmless(self, call: ast.Call) -> bool:
        """Whether a call leaves its arguments alone: Python's own functions, and NumPy's."""
        root = call.func
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name):
            return False
        return root.id in GIVEN - self.values.keys() or root.id == "np"


def modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The module that each name of an import comes from, or is."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module}.{alias.name}" for alias in node.names]


def binds(node: ast.stmt) -> set[str]:
    """The names that a statement makes at the top of the page."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    found = {n.id for n in outer(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store | ast.Del)}
    if isinstance(node, ast.Import | ast.ImportFrom):
        found |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return found | {n.name for n in outer(node) if isinstance(n, ast.FunctionDef | ast.ClassDef)}


def outer(node: ast.AST) -> Iterator[ast.AST]:
    """The node and what is in it, without the insides of functions, classes and comprehensions."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield child
        elif not isinstance(child, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            yield from outer(child)


def reads(node: ast.AST) -> set[str]:
    """The names that a statement needs from outside itself, the insides of its functions included."""
    loaded = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    loaded |= {
        n.target.id for n in ast.walk(node) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
    }
    return loaded - inside(node)


def inside(node: ast.AST) -> set[str]:
    """The names that belong to the functions and comprehensions within a statement."""
    found = set()
    for scope in ast.walk(node):
        if isinstance(scope, ast.FunctionDef | ast.Lambda):
            found |= {a.arg for a in ast.walk(scope.args) if isinstance(a, ast.arg)}
        if isinstance(scope, ast.FunctionDef | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            found |= {
                n.id for n in ast.walk(scope) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            found |= {
                n.name
                for n in ast.walk(scope)
                if n is not node and isinstance(n, ast.FunctionDef | ast.ClassDef)
            }
    return found


def may_change(node: ast.AST, harmless: Callable[[ast.Call], bool]) -> set[str]:
    """The names whose values a statement may change in place."""
    found: set[str] = set()
    for n in ast.walk(node):
        if isinstance(n, ast.Subscript | ast.Attribute) and isinstance(n.ctx, ast.Store | ast.Del):
            found |= roots(n)
        elif isinstance(n, ast.AugAssign):
            found |= roots(n.target)
        elif isinstance(n, ast.Call) and not harmless(n):
            handed = chain(n.args, (word.value for word in n.keywords))
            found |= roots(n.func) | {name for value in handed for name in roots(value)}
    return found


def roots(node: ast.AST) -> set[str]:
    """The names at the bottom of ``x[0].y``; all names of a display such as ``[x, y]``."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
