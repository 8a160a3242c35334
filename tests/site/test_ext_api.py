"""The reference is read from the source, and has every public name of the package."""

import ast
from pathlib import Path

import pages
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
SOURCE = '''"""A module.

- one ``thing``
  that goes on
- another (13.1)

    W  (H, D)   input

"""

from typing import NamedTuple, overload

import numpy as np

Table = dict[str, int]
"""What stands for *what*."""
HIDDEN = 1


class Cache(NamedTuple):
    """Kept |values| of W_ and h_t, *Speech* of (*B, H) to (*B)."""

    h: Float[Array, "*B H"]

    @property
    def size(self) -> int:
        """How many (13.2)."""
        return 1

    def _own(self):
        pass


@overload
def step(x: int) -> int: ...
def step(x, *, how=(*"ab",)):
    """Take one.

    >>> step(1)
    1
    """


def long_one(first: Float[Array, "*B T D"], second: dict[str, Float[Array, "*B"]] = {"a": 1, "b": 2}, *rest: int) -> tuple[Array, Array]:
    """Raises ValueError."""


def _inner():
    """Nobody's."""
'''


@pytest.fixture
def site(tmp_path):
    package = tmp_path / "src" / "unrolled" / "room"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('"""A room."""\n')
    (package / "one.py").write_text(SOURCE)
    (package / "_two.py").write_text('"""Hidden."""\n')
    made = pages.Pages(tmp_path, "equations", "source_pages", "api", unrolled_equations_chain=[])
    return made.write(a="# A\n\n```{api} unrolled.room\n```\n", b="# B\n\n$$\nx\n$$ (eq-13-1)\n")


def test_a_module_s_names_are_there_with_their_signatures_and_lines(site):
    site.build()
    assert site.warnings == ""
    page = site.html("a")
    names = [dt["id"] for dt in page.select("dl.api dt")]
    assert names == [f"unrolled.room.one.{n}" for n in ("Table", "Cache", "Cache.size", "step", "long_one")]
    signatures = [code.text for code in page.select("code.signature")]
    assert signatures[:4] == [
        "Table = dict[str, int]", 'class Cache(h: Float[Array, "*B H"])', "size -> int", 'step(x, *, how=(*"ab",))',
    ]  # fmt: skip
    assert signatures[4].splitlines() == [
        "long_one(",
        '    first: Float[Array, "*B T D"],',
        '    second: dict[str, Float[Array, "*B"]]={"a": 1, "b": 2},',
        "    *rest: int,",
        ") -> tuple[Array, Array]",
    ]
    line = SOURCE.splitlines().index("class Cache(NamedTuple):") + 1
    assert page.find(id="unrolled.room.one.Cache").a["href"] == f"code/unrolled/room/one.html#L-{line}"
    assert site.html("code/unrolled/room/one").find(id=f"L-{line}")


def test_docstrings_keep_their_form_and_equations_are_links(site):
    page = site.build().html("a")
    section = page.find(id="module-unrolled.room.one")
    assert [li.get_text() for li in section.select("li")] == ["one thing that goes on", "another (13.1)"]
    assert section.select_one("li a")["href"] == "b.html#equation-eq-13-1"
    assert section.select_one(".highlight-none pre").get_text() == "W  (H, D)   input\n"
    assert "Kept |values| of W_ and h_t, Speech of (*B, H) to (*B)." in section.get_text()
    assert "How many (13.2)." in section.get_text(), "an equation that no page has stays text"
    assert section.select_one(".highlight-pycon pre").get_text() == ">>> step(1)\n1\n"


def test_the_page_follows_its_source_and_a_package_that_is_not_there_is_a_warning(site):
    site.build()
    path = site.folder / "src/unrolled/room/one.py"
    path.write_text(SOURCE.replace("long_one", "renamed"))
    assert site.build().html("a").find(id="unrolled.room.one.renamed")
    site.write(c="# C\n\n```{api} unrolled.nowhere\n```\n").build()
    assert "api: there is no package 'unrolled.nowhere'" in site.warnings


# ---------------------------------------------------------------- of the package itself


def public_names():
    """(dotted name, docstring) of every public function, class and method, and of the modules that have them."""
    for path in sorted(SRC.glob("unrolled/**/*.py")):
        if path.stem.startswith("_") and path.stem != "__init__":
            continue
        parts = path.relative_to(SRC).with_suffix("").parts
        module, tree = ".".join(parts).removesuffix(".__init__"), ast.parse(path.read_text(encoding="utf-8"))
        if module != "unrolled":
            yield module, ast.get_docstring(tree)
            yield from of_body(tree.body, module)


def of_body(body, prefix):
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
            if not any(ast.unparse(d).endswith("overload") for d in node.decorator_list):
                yield f"{prefix}.{node.name}", ast.get_docstring(node)
            if isinstance(node, ast.ClassDef):
                yield from of_body(node.body, f"{prefix}.{node.name}")


def test_every_public_name_says_what_it_is():
    said = dict(public_names())
    assert (
        len(said) > 500 and "unrolled.scratch.lstm.lstm_step" in said and "unrolled.nn.lstm.LSTM.step" in said
    )
    assert [name for name, doc in said.items() if not (doc and len(doc.split()) > 1)] == []


def test_every_public_name_is_in_the_reference(built):
    there = set()
    for page in sorted((built / "book" / "api").glob("*.html")):
        there |= {
            tag["id"] for tag in BeautifulSoup(page.read_text(encoding="utf-8"), "lxml").find_all(id=True)
        }
    missing = [name for name, _ in public_names() if name not in there and f"module-{name}" not in there]
    assert missing == []


def test_the_examples_in_docstrings_are_run():
    import tomllib

    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"][
        "ini_options"
    ]
    assert "src" in options["testpaths"] and "--doctest-modules" in options["addopts"].split()
