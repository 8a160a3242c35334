"""From a rebuilt notebook to points: what runs where, and what the outcome is worth.

The outcome of a test is what the tester's process reported.  It is written into the notebook's outputs in
such a way that stock nbgrader, reading them, comes to the same points.
"""

import ast
import functools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from unrolled.grading.blueprint import Blueprint
from unrolled.grading.intake import Intake, Mend
from unrolled.grading.pool import Job, Outcome
from unrolled.grading.shell import note_error
from unrolled.grading.tester import solution_names

HELD = "in-process, unverified"
NOWHERE = -1
"""the index of what is run and is no cell of the notebook"""


class Scored(NamedTuple):
    """A graded notebook, ready for the gradebook."""

    name: str
    notebook: dict[str, Any]
    scores: dict[str, float | None]
    """points by grade_id; None waits for a person"""
    comments: dict[str, str | None]
    flags: dict[str, str]
    """cells whose outcome is not verified, with the reason"""
    mends: tuple[Mend, ...]
    trouble: str | None
    seconds: float

    def to_json(self) -> str:
        """Everything, for the journal."""
        return json.dumps({**self._asdict(), "mends": [list(m) for m in self.mends]})

    @classmethod
    def from_json(cls, text: str) -> "Scored":
        """What ``to_json`` wrote."""
        facts = json.loads(text)
        return cls(**{**facts, "mends": tuple(Mend(*m) for m in facts["mends"])})


def make_job(
    intake: Intake, blueprint: Blueprint, files: Mapping[str, bytes], timeout: float = 30, total: float = 600
) -> Job:
    """What is to be run: every code cell that says something, and where."""
    code = [(n, _kind(cell), cell) for n, cell in enumerate(intake.notebook["cells"]) if _runs(cell)]
    theirs = "\n".join(cell["source"] for _, kind, cell in code if kind != "test")
    cells = []
    for n, kind, cell in code:
        if kind == "test" and (lines := _borrowed(blueprint.cell(_name(cell)).released, theirs)):
            cells.append({"index": NOWHERE, "kind": "own", "source": lines})
        cells.append({"index": n, "kind": kind, "source": cell["source"]})
    names = solution_names(c.source for c in blueprint.cells if c.solution and c.cell_type == "code")
    return Job(cells, dict(files), names, timeout, total)


def _runs(cell: Mapping[str, Any]) -> bool:
    return cell["cell_type"] == "code" and bool(cell["source"].strip())


def _name(cell: Mapping[str, Any]) -> str:
    return cell["metadata"]["nbgrader"]["grade_id"]


def _borrowed(visible: str, theirs: str) -> str:
    """Imports that students see in a test and rely on without their own: in one process they would be there."""
    return "\n".join(
        line for name, line in _imports(visible) if line not in theirs and re.search(rf"\b{name}\b", theirs)
    )


@functools.lru_cache(1000)
def _imports(source: str) -> list[tuple[str, str]]:
    """The names that a cell imports at its top level, each with a line that imports it."""
    try:
        tree = ast.parse(source) if "import" in source else ast.Module([], [])
    except (SyntaxError, ValueError):
        return []
    nodes = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return [
        ((alias.asname or alias.name).split(".")[0], ast.unparse(_only(node, alias)))
        for node in nodes
        for alias in node.names
    ]


def _only(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    return (
        ast.Import([alias])
        if isinstance(node, ast.Import)
        else ast.ImportFrom(node.module, [alias], node.level)
    )


def _kind(cell: Mapping[str, Any]) -> str:
    facts = cell["metadata"].get("nbgrader")
    if facts and facts["grade"] and not facts["solution"]:
        return "test"
    return "shared" if facts and facts["locked"] and not facts["solution"] else "own"


def score(
    intake: Intake,
    blueprint: Blueprint,
    outcome: Outcome,
    trust_unverified: bool = False,
    tidy: Sequence[Any] = (),
) -> Scored:
    """Write the outcome into the notebook and say what each cell is worth; ``tidy`` are nbgrader preprocessors."""
    from nbformat import from_dict

    notebook, flags, count = json.loads(json.dumps(intake.notebook)), {}, 0
    for n, cell in enumerate(notebook["cells"]):
        if _runs(cell):
            count += 1
            _write(cell, outcome.cells.get(n), outcome.trouble, count)
            if reason := outcome.cells.get(n, {}).get("unverified"):
                flags[cell["metadata"]["nbgrader"]["grade_id"]] = reason
    node: Any = from_dict(notebook)
    for preprocessor in tidy:
        node, _ = preprocessor.preprocess(node, {})
    scores, comments = _judge(node)
    flags = {name: reason for name, reason in flags.items() if scores[name] != 0}  # nobody forges a failure
    if not trust_unverified:
        scores |= dict.fromkeys(flags, None)
    return Scored(
        blueprint.name, node, scores, comments, flags, intake.mends, outcome.trouble, outcome.seconds
    )


def _write(cell: dict[str, Any], report: Mapping[str, Any] | None, trouble: str | None, count: int) -> None:
    if report is None:
        words = f"This cell was not run: {trouble or 'the grader stopped'}."
        cell["outputs"] = [note_error("DeadKernelError", words)]
        return
    cell["execution_count"] = count
    for output in report["outputs"]:
        if output["output_type"] == "execute_result":
            output["execution_count"] = count
    cell["outputs"] = report["outputs"]


def _judge(notebook: Any) -> tuple[dict[str, float | None], dict[str, str | None]]:
    """Points and comments by nbgrader's own rules."""
    from nbgrader import utils

    scores: dict[str, float | None] = {}
    comments: dict[str, str | None] = {}
    for cell in notebook.cells:
        if "nbgrader" not in cell.metadata:
            continue
        name = cell.metadata.nbgrader.grade_id
        if utils.is_grade(cell):
            try:
                scores[name] = utils.determine_grade(cell)[0]
            except (ValueError, KeyError):
                scores[name] = None  # more points than there are, or a picture: a person must look
        if utils.is_solution(cell) or utils.is_task(cell):
            untouched = cell.metadata.nbgrader.checksum == utils.compute_checksum(cell)
            comments[name] = "No response." if untouched and not utils.is_task(cell) else None
    return scores, comments


def modules_of(blueprints: Sequence[Blueprint]) -> list[str]:
    """The modules that the instructor's cells import: what the fork server should have ready."""
    found: dict[str, None] = {}
    for cell in (cell for blueprint in blueprints for cell in blueprint.cells if cell.cell_type == "code"):
        lines = [line for line in cell.source.split("\n") if not line.lstrip().startswith(("%", "!"))]
        try:
            tree = ast.parse("\n".join(lines))
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found.update(dict.fromkeys(alias.name for alias in node.names))
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found[node.module] = None
    return list(found)


def note_for_student(scored: Scored) -> dict[str, Any] | None:
    """A cell at the top of the graded notebook that says what was mended, if something was."""
    if not scored.mends:
        return None
    lines = [f"- {mend.words}" for mend in scored.mends]
    text = "**Notes of the grader**\n\n" + "\n".join(line.replace("<", "&lt;") for line in lines)
    return {"cell_type": "markdown", "id": "notes-of-the-grader", "metadata": {}, "source": text}


def write_notebook(scored: Scored, path: Path) -> None:
    """The graded notebook as a file."""
    note = note_for_student(scored)
    notebook = {**scored.notebook, "cells": ([note] if note else []) + scored.notebook["cells"]}
    cells = ",\n".join(json.dumps(cell, ensure_ascii=False, sort_keys=True) for cell in notebook.pop("cells"))
    rest = json.dumps(notebook, ensure_ascii=False, sort_keys=True)
    text = f'{{"cells": [\n{cells}\n],\n{rest[1:]}\n'  # a cell a line: json indents ten times slower
    path.write_bytes(text.encode("utf-8", "replace"))
