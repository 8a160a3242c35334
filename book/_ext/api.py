"""The reference of the package, read from its source: nothing is imported, so torch need not start for a page of names.

    ```{api} unrolled.scratch
    ```

writes a section a public module of that package: its docstring, functions, classes with their methods, and what else
has a docstring.  A name with a leading underscore, and what a module only imports, is left out.  Signatures are the
source's own (``Float[Array, "*B T D"]``); each links to its line.  In docstrings ``code``, lists, examples and indented
tables keep their form, every other character stands for itself, and an equation's number links to it.

Sphinx's autodoc took 33 s of one core for the same pages (it imports, and parses each file twice more); this takes 4.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from equations import number_of
from house import InlineTag, root, setup_house
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from ties import source_page

logger = logging.getLogger(__name__)
INLINE = re.compile(r"``(.+?)``|`([^`\s]+)`|\((13\.\d+)\)|(?<!\w)\*([A-Za-z][^*]*\w)\*(?!\w)")
LINE = 92  # letters of a signature that stand in one line
SHORT = 60  # letters of a value that is shown


class Name(NamedTuple):
    """A documented name: what it is, how it is used, what its docstring says, its line, and the names inside."""

    name: str
    kind: str  # function, class, method, property, data or attribute
    usage: str
    doc: str
    line: int
    inside: tuple["Name", ...] = ()


# ------------------------------------------------------------------ reading the source


def public_modules(source: Path, package: str) -> dict[str, Path]:
    """Dotted name → file of a package and its public modules, in order; of a module that is no package, itself.

    Raises LookupError where there is neither.
    """
    path = source / package.replace(".", "/")
    if path.with_suffix(".py").is_file():
        return {package: path.with_suffix(".py")}
    if not (path / "__init__.py").is_file():
        raise LookupError(f"there is no package {package!r}")
    inside = {f"{package}.{p.stem}": p for p in sorted(path.glob("[!_]*.py"))}
    return {package: path / "__init__.py", **inside}


def read_names(body: list[ast.stmt], inside: str = "") -> Iterator[Name]:
    """The public names of a module's or a class's body that say what they are; of overloads, the last."""
    found: dict[str, Name] = {}
    for statement, after in zip(body, [*body[1:], None], strict=True):
        name = _read_name(statement, after, inside)
        if name and not name.name.startswith("_"):
            found[name.name] = name
    yield from found.values()


def _read_name(statement: ast.stmt, after: ast.stmt | None, inside: str) -> Name | None:
    if isinstance(statement, ast.ClassDef):
        usage = f"({_made_from(statement)})" if _made_from(statement) else ""
        names = tuple(read_names(statement.body, statement.name))
        return Name(statement.name, "class", usage, _doc(statement), statement.lineno, names)
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        decorated = {ast.unparse(d).rpartition(".")[2] for d in statement.decorator_list}
        is_property = bool(decorated & {"property", "cached_property"})
        kind = "property" if is_property else "method" if inside else "function"
        given = "" if is_property else f"({_arguments(statement, bool(inside))})"
        gives = f" -> {ast.unparse(statement.returns)}" if statement.returns else ""
        return Name(statement.name, kind, quoted(given + gives), _doc(statement), statement.lineno)
    if isinstance(statement, ast.Assign | ast.AnnAssign) and (doc := _doc_after(after)):
        return _constant(statement, doc, "attribute" if inside else "data")
    return None


def _doc(definition: Any) -> str:
    return ast.get_docstring(definition) or ""


def _doc_after(after: ast.stmt | None) -> str:
    """The string under an assignment, which says what the name is."""
    if (
        isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    ):
        return inspect.cleandoc(after.value.value)
    return ""


def _constant(statement: ast.Assign | ast.AnnAssign, doc: str, kind: str) -> Name:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    value = ast.unparse(statement.value) if statement.value else ""
    typed = f": {ast.unparse(statement.annotation)}" if isinstance(statement, ast.AnnAssign) else ""
    shown = f" = {value}" if 0 < len(value) <= SHORT else ""
    return Name(ast.unparse(target), kind, quoted(typed + shown), doc, statement.lineno)


def _made_from(found: ast.ClassDef) -> str:
    """What a class is called with: the arguments of its ``__init__``, or the fields of a tuple or data class."""
    for statement in found.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            return quoted(_arguments(statement, bound=True))
    kinds = " ".join(ast.unparse(base) for base in [*found.bases, *found.decorator_list])
    if "NamedTuple" not in kinds and "dataclass" not in kinds:
        return ""
    fields = [
        n for n in found.body if isinstance(n, ast.AnnAssign) and "ClassVar" not in ast.unparse(n.annotation)
    ]
    return quoted(", ".join(ast.unparse(field) for field in fields))


def _arguments(made: ast.FunctionDef | ast.AsyncFunctionDef, bound: bool) -> str:
    """Everything between the brackets; ``self`` and ``cls`` go without saying."""
    text = ast.unparse(made.args)
    return re.sub(r"^(self|cls)(, |$)", "", text) if bound else text


def quoted(text: str) -> str:
    """Strings in the quotes that the course writes.

    >>> quoted("x: Float[Array, '*B D']")
    'x: Float[Array, "*B D"]'
    """
    return re.sub(r"'([^'\"\\]*)'", r'"\1"', text)


def wrapped(name: str, usage: str) -> str:
    """A signature in one line, or an argument a line where that is too long."""
    if len(name) + len(usage) <= LINE or not usage.startswith("("):
        return usage
    call = ast.parse(f"def f{usage}: ...").body[0]
    assert isinstance(call, ast.FunctionDef)
    inner = ast.unparse(call.args)
    tail = usage[len(f"({inner})") :]
    return "(\n" + "".join(f"    {part},\n" for part in _split(quoted(inner))) + ")" + tail


def _split(arguments: str) -> list[str]:
    """The arguments one by one: commas inside of brackets and strings are theirs."""
    parts, depth, string = [""], 0, ""
    for letter in arguments:
        string = "" if letter == string else string or (letter if letter in "\"'" else "")
        depth += 0 if string else (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth and not string:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


# ------------------------------------------------------------------ docstrings


def read_doc(text: str) -> list[tuple[str, list[str]]]:
    r"""The blocks of a docstring, in order: (kind, lines) with kind text, list (a line an item), example or block.

    >>> read_doc("One\ntwo.\n\n- a\n  b\n- c\n\n    W  (H, D)\n\n>>> 1 + 1\n2")
    [('text', ['One', 'two.']), ('list', ['a b', 'c']), ('block', ['W  (H, D)']), ('example', ['>>> 1 + 1', '2'])]
    """
    blocks: list[tuple[str, list[str]]] = []
    kind = ""
    for line in text.splitlines():
        before, kind = kind, _kind_of(line, kind)
        if kind == "gap":
            blocks[-1][1].append("")
        elif kind == "list" and before == "list" and not _is_item(line):
            blocks[-1][1][-1] += f" {line.strip()}"
        elif kind and (kind == before or (kind == "block" and before == "gap")):
            blocks[-1][1].append(_bare(line, kind))
        elif kind:
            blocks.append((kind, [_bare(line, kind)]))
    return [(name, _dedented(lines) if name == "block" else lines) for name, lines in blocks]


def _kind_of(line: str, before: str) -> str:
    if not line.strip():
        return "gap" if before in ("block", "gap") else ""
    if line.startswith(">>>") or before == "example":
        return "example"
    if _is_item(line) or (before == "list" and line.startswith("  ")):
        return "list"
    return "block" if line.startswith("  ") else "text"


def _is_item(line: str) -> bool:
    return line.startswith("- ")


def _bare(line: str, kind: str) -> str:
    return line[2:].strip() if kind == "list" else line


def _dedented(lines: list[str]) -> list[str]:
    return inspect.cleandoc("\n" + "\n".join(lines)).splitlines()


def show_doc(text: str, docname: str) -> list[nodes.Node]:
    """The docstring as nodes of a page."""
    made: list[nodes.Node] = []
    for kind, lines in read_doc(text):
        if kind == "text":
            made.append(nodes.paragraph("", "", *show_line(" ".join(lines), docname)))
        elif kind == "list":
            items = [
                nodes.list_item("", nodes.paragraph("", "", *show_line(line, docname))) for line in lines
            ]
            made.append(nodes.bullet_list("", *items))
        else:
            code = "\n".join(lines)
            made.append(nodes.literal_block(code, code, language="pycon" if kind == "example" else "none"))
    return made


def show_line(text: str, docname: str) -> Iterator[nodes.Node]:
    """Words, *stress*, ``code`` and equation numbers; a number that no page has stays text."""
    at = 0
    for found in INLINE.finditer(text):
        yield nodes.Text(text[at : found.start()])
        at = found.end()
        if code := found[1] or found[2]:
            yield nodes.literal("", code)
        elif found[4]:
            yield nodes.emphasis("", found[4])
        elif number_of(label := f"eq-{found[3].replace('.', '-')}"):
            reference = addnodes.pending_xref(
                "",
                nodes.inline("", found[0]),
                refdomain="math",
                reftype="eq",
                reftarget=label,
                refdoc=docname,
            )
            yield reference
        else:
            yield nodes.Text(found[0])
    yield nodes.Text(text[at:])


# ------------------------------------------------------------------ the page


class Api(SphinxDirective):
    """```{api} package```: a section a module."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The sections, or a warning and nothing."""
        package, source = self.arguments[0], root(self.env.app) / "src"
        try:
            modules = public_modules(source, package)
        except LookupError as wrong:
            logger.warning("api: %s", wrong, location=self.get_location())
            return []
        self.env.note_dependency(
            str(source / package.replace(".", "/"))
        )  # a folder changes with a new module
        return [self._section(module, path, package) for module, path in modules.items()]

    def _section(self, module: str, path: Path, package: str) -> nodes.Element:
        self.env.note_dependency(str(path))
        tree = ast.parse(path.read_text(encoding="utf-8"))
        self.page = source_page(root(self.env.app), path)
        short, names = module.removeprefix(f"{package}."), list(read_names(tree.body))
        title = nodes.title("", "", nodes.literal("", short))
        whole = nodes.container(
            ids=[f"module-{module}"]
        )  # a package without names of its own needs no heading
        section = nodes.section("", title, ids=whole["ids"]) if names or len(module) > len(package) else whole
        self._note(module, "module", f"module-{module}")
        section += [*show_doc(_doc(tree), self.env.docname), *self._list(names, module)]
        return section

    def _list(self, names: list[Name], prefix: str) -> list[nodes.Node]:
        entries = [self._entry(name, f"{prefix}.{name.name}") for name in names]
        return [nodes.definition_list("", *entries, classes=["api"])] if entries else []

    def _entry(self, name: Name, full: str) -> nodes.definition_list_item:
        self._note(full, name.kind, full)
        usage = InlineTag("", tag="code", classes=["signature"], support_smartquotes=False)
        given = wrapped(name.name, name.usage)
        usage["classes"] += ["lines"] if "\n" in given else []
        usage += [nodes.Text("class ")] if name.kind == "class" else []
        usage += [InlineTag("", nodes.Text(name.name), tag="b"), nodes.Text(given)]
        uri = self.env.app.builder.get_relative_uri(self.env.docname, self.page)
        link = nodes.reference(
            "", "source", refuri=f"{uri}#L-{name.line}", internal=True, classes=["of-source"]
        )
        link["reftitle"] = f"The source of {name.name}"
        term = nodes.term("", "", usage, nodes.Text(" "), link, ids=[full])
        said = nodes.definition("", *show_doc(name.doc, self.env.docname))
        said += self._list(list(name.inside), full)
        return nodes.definition_list_item("", term, said)

    def _note(self, name: str, kind: str, anchor: str) -> None:
        """The search knows it by name, and pages can refer to it: {py:func}`unrolled.scratch.lstm.lstm_step`."""
        self.env.get_domain("py").note_object(name, kind, anchor, location=self.get_location())  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("api", Api)
    app.add_css_file("api.css")
    return setup_house(app)
