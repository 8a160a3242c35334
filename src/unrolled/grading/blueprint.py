"""What an assignment is, for the grader: the cells of the instructor, as the gradebook (or a release) has them.

Everything that decides about points comes from here and never from a submission.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

SCHEMA_VERSION = 3
HIDDEN = re.compile(
    r"^[^\n]*BEGIN (HIDDEN TESTS|MARK SCHEME).*?(?:END \1[^\n]*$|\Z)\n?", re.MULTILINE | re.DOTALL
)


class SourceCell(NamedTuple):
    """One cell of the instructor that nbgrader knows."""

    name: str
    cell_type: str
    source: str
    locked: bool = False
    grade: bool = False
    solution: bool = False
    task: bool = False
    points: float = 0.0
    checksum: str = ""
    extras: Mapping[str, Any] = {}
    """metadata of the release's own cell beside nbgrader's, such as tags"""
    cell_id: str = ""
    given: str | None = None
    """the released source, where there is a release"""

    @property
    def is_test(self) -> bool:
        """A code cell that is graded by running it."""
        return self.grade and not self.solution and self.cell_type == "code"

    @property
    def restored(self) -> bool:
        """Its source is the instructor's, whatever a submission says."""
        return not self.solution and (self.locked or self.grade or self.task)

    @property
    def released(self) -> str:
        """What students were given: the source without hidden tests and mark schemes."""
        return (HIDDEN.sub("", self.source) if self.given is None else self.given).strip()

    def metadata(self) -> dict[str, Any]:
        """The whole metadata of the cell in a rebuilt notebook."""
        facts: dict[str, Any] = {
            "grade": self.grade, "grade_id": self.name, "locked": self.locked, "schema_version": SCHEMA_VERSION,
            "solution": self.solution, "task": self.task, "cell_type": self.cell_type, "checksum": self.checksum,
        }  # fmt: skip
        if self.grade or self.task:
            facts["points"] = self.points
        return {**self.extras, "nbgrader": facts}


class Blueprint(NamedTuple):
    """One notebook of an assignment: its nbgrader cells in order, its kernel."""

    name: str
    cells: tuple[SourceCell, ...]
    kernelspec: Mapping[str, Any] | None = None

    def cell(self, name: str) -> SourceCell:
        """The cell of this grade_id."""
        return next(cell for cell in self.cells if cell.name == name)

    @property
    def names(self) -> set[str]:
        """Every grade_id."""
        return {cell.name for cell in self.cells}


def from_notebook(name: str, notebook: Mapping[str, Any]) -> Blueprint:
    """The blueprint that a release notebook is by itself, for a course without a gradebook."""
    cells = []
    for cell in notebook["cells"]:
        facts = cell["metadata"].get("nbgrader")
        if facts and facts.get("grade_id"):
            cells.append(_from_cell(cell, facts))
    return Blueprint(name, tuple(cells), notebook["metadata"].get("kernelspec"))


def with_release(blueprint: Blueprint, notebook: Mapping[str, Any]) -> Blueprint:
    """The blueprint with what only the released notebook says: cell ids, tags, the order of the cells."""
    released = {cell.name: cell for cell in from_notebook(blueprint.name, notebook).cells}
    order = {name: n for n, name in enumerate(released)}
    cells = [
        cell._replace(extras=found.extras, cell_id=found.cell_id, given=found.source)
        if (found := released.get(cell.name))
        else cell
        for cell in blueprint.cells
    ]
    if all(cell.name in order for cell in cells):
        cells.sort(key=lambda cell: order[cell.name])
    return blueprint._replace(cells=tuple(cells))


def fingerprint(blueprints: Iterable[Blueprint]) -> str:
    """A hash of everything that decides about points."""
    return hashlib.sha256(repr(sorted(b._replace(kernelspec=None) for b in blueprints)).encode()).hexdigest()


def _from_cell(cell: Mapping[str, Any], facts: Mapping[str, Any]) -> SourceCell:
    extras = {key: value for key, value in cell["metadata"].items() if key != "nbgrader"}
    flags = {key: bool(facts.get(key, False)) for key in ("locked", "grade", "solution", "task")}
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    return SourceCell(
        name=facts["grade_id"], cell_type=cell["cell_type"], source=source, **flags,
        points=float(facts.get("points", 0)), checksum=facts.get("checksum", ""),
        extras=extras, cell_id=cell.get("id", ""), given=source,
    )  # fmt: skip
