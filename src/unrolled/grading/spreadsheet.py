"""Tables for learning platforms: read with any delimiter, written so that no cell is a formula.

A spreadsheet runs a cell that starts with ``=``, ``+``, ``-`` or ``@``, and a student chooses his name.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?|-")


class TableError(ValueError):
    """A file that is not the table it should be; the message says what to do."""


def guard(cell: str) -> str:
    """The cell as text: an apostrophe before what a spreadsheet would run."""
    return f"'{cell}" if FORMULA.match(cell) and not NUMBER.fullmatch(cell) else cell


def number(points: float) -> str:
    """Points with two digits at most, as every platform reads them: 7.5, 10."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def write(path: str | Path, rows: Iterable[Sequence[str]]) -> None:
    """Write rows as CSV, UTF-8, every cell guarded."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([guard(cell) for cell in row] for row in rows)


def read(path: str | Path, column: str) -> list[list[str]]:
    """The rows of a CSV whose first line holds ``column``; commas, semicolons or tabs between the cells."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path} cannot be read as a CSV file in UTF-8: {error}") from None
    for delimiter in ",;\t":
        rows = [row for row in csv.reader(text.splitlines(keepends=True), delimiter=delimiter) if any(row)]
        if rows and column in rows[0]:
            width = len(rows[0])
            return [(row + [""] * width)[:width] for row in rows]
    first = text.partition("\n")[0][:200]
    raise TableError(f"{path} has no column {column!r}; its first line is: {first}")
