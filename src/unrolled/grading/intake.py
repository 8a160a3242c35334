"""From any file whatever to a notebook that can be graded.

A submission contributes the *source* of its own cells, nothing more.  The cells of the instructor are put
back from the blueprint: metadata, type, points, locked source.  Tags, outputs, kernel and cell ids of a
submission are dropped.  Cells are matched by grade_id, then by cell id, then by what they say.

Every mend is a ``Mend``: a kind for the program, words for people.  What cannot be mended raises
``Unreadable`` with the reason in words.
"""

import ast
import difflib
import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from unrolled.grading.blueprint import Blueprint, SourceCell

LARGEST = 400_000_000
"""bytes of a file that is still read"""
MOST_CELLS = 5_000
CELL_TYPES = ("code", "markdown", "raw")


class Unreadable(ValueError):  # noqa: N818 - a verdict on a file, said in words
    """The file cannot be graded; the message says why."""


class Mend(NamedTuple):
    """Something of a submission that was put right."""

    kind: str
    words: str
    cell: str = ""
    """grade_id, where it concerns one cell"""


class Piece(NamedTuple):
    """A cell as submitted: what of it is used at all."""

    cell_type: str
    source: str
    grade_id: str = ""
    cell_id: str = ""


class Intake(NamedTuple):
    """A rebuilt notebook (nbformat 4 as plain dicts) and what was mended."""

    notebook: dict[str, Any]
    mends: tuple[Mend, ...]


def take_in(data: bytes, blueprint: Blueprint) -> Intake:
    """Rebuild a notebook from the bytes of a submission; ``Unreadable`` where there is nothing to grade."""
    mends: list[Mend] = []
    document = parse(data, mends)
    pieces = read_pieces(document, mends)
    _note_kernel(document, blueprint, mends)
    cells = rebuild(pieces, blueprint, mends)
    metadata = {"language_info": {"name": _language(blueprint)}}
    if blueprint.kernelspec:
        metadata["kernelspec"] = dict(blueprint.kernelspec)
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return Intake(notebook, tuple(mends))


# the file


def read_file(path: Path) -> bytes:
    """The bytes of a regular file; a link, a pipe or a folder is no submission."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Unreadable(_why_not_opened(path, error)) from None
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode):
        os.close(handle)
        raise Unreadable(f"{path.name} is a folder or a device, not a file.")
    with open(handle, "rb") as file:
        if facts.st_size > LARGEST:
            raise Unreadable(
                f"{path.name} has {facts.st_size / 1e6:.0f} MB; more than {LARGEST / 1e6:.0f} MB is not read."
            )
        return file.read(LARGEST + 1)


def choose_files(
    folder: Path, blueprints: Sequence[Blueprint]
) -> tuple[dict[str, Path], dict[str, list[Mend]]]:
    """For each notebook of the assignment the file that holds it, whatever it is called."""
    found = sorted(
        p for p in folder.iterdir() if p.suffix.lower() == ".ipynb" and not p.name.startswith("._")
    )
    chosen = {b.name: path for b in blueprints for path in found if path.name == f"{b.name}.ipynb"}
    mends: dict[str, list[Mend]] = {b.name: [] for b in blueprints}
    spare = [path for path in found if path not in chosen.values()]
    for blueprint in blueprints:
        if blueprint.name not in chosen and (path := _best_match(spare, blueprint)):
            chosen[blueprint.name] = path
            spare.remove(path)
            mends[blueprint.name].append(
                Mend("file name", f"The file is called {path.name!r}; {blueprint.name}.ipynb was expected.")
            )
    for path in spare:
        words = f"{path.name!r} is no notebook of this assignment and was left aside."
        mends[blueprints[0].name].append(Mend("extra notebook", words))
    return chosen, mends


def _best_match(paths: Sequence[Path], blueprint: Blueprint) -> Path | None:
    """The file with the most of the blueprint's grade_ids in it, else one whose name is very close."""

    def merit(path: Path) -> tuple[int, float]:
        try:
            text = _decode(read_file(path), [])
        except Unreadable:
            text = ""
        ids = sum(f'"{name}"' in text for name in blueprint.names)
        return ids, difflib.SequenceMatcher(None, path.stem.lower(), blueprint.name.lower()).ratio()

    ranked = sorted(((merit(path), path) for path in paths), reverse=True)
    good = [path for (ids, likeness), path in ranked if ids or likeness > 0.8]
    return good[0] if good else None


def _why_not_opened(path: Path, error: OSError) -> str:
    if path.is_symlink():
        return f"{path.name} is a symbolic link; a submission has to be the file itself."
    if path.is_dir():
        return f"{path.name} is a folder, not a file."
    return f"{path.name} cannot be opened: {error.strerror}."


# the document


def parse(data: bytes, mends: list[Mend]) -> dict[str, Any]:
    """The JSON document in these bytes, as well as it can be had."""
    if not data:
        raise Unreadable("The file is empty (0 bytes).")
    if reason := _other_format(data):
        raise Unreadable(reason)
    text = _decode(data, mends)
    if not text.strip("\x00 \t\r\n"):
        raise Unreadable("The file holds nothing but white space.")
    try:
        document = json.loads(text)
    except RecursionError:
        raise Unreadable("The file is nested too deeply to be a notebook.") from None
    except ValueError as error:
        document = _salvage(text, error, mends)
    if isinstance(document, str) and '"cells"' in document:
        mends.append(Mend("wrapped", "The notebook was stored as text inside text; it was unwrapped."))
        return parse(document.encode(), mends)
    if not isinstance(document, dict):
        raise Unreadable(
            f"The file is JSON, but no notebook: a {type(document).__name__} where an object was expected."
        )
    return document


def _other_format(data: bytes) -> str | None:
    kinds = {b"PK\x03\x04": "a ZIP archive or an office document", b"%PDF": "a PDF", b"\x89PNG": "a picture",
             b"\x1f\x8b": "a gzip archive", b"\xff\xd8\xff": "a picture"}  # fmt: skip
    for magic, kind in kinds.items():
        if data.startswith(magic):
            return f"The file is {kind}, not a notebook."
    start = data[:400].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html")):
        return "The file is a web page (HTML), not a notebook: perhaps a login page or a preview was saved."
    return None


def _decode(data: bytes, mends: list[Mend]) -> str:
    for mark, codec, name in (
        (b"\xef\xbb\xbf", "utf-8-sig", "BOM"), (b"\xff\xfe\x00\x00", "utf-32", "UTF-32"),
        (b"\xff\xfe", "utf-16", "UTF-16"), (b"\xfe\xff", "utf-16", "UTF-16"),
    ):  # fmt: skip
        if data.startswith(mark):
            mends.append(
                Mend(
                    "encoding",
                    f"The file began with a mark of its encoding ({name}); it was read as {codec}.",
                )
            )
            return data.decode(codec, errors="replace")
    head = data[:200]
    if head.count(0) > len(head) // 3:
        codec = "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
        mends.append(Mend("encoding", f"The file was not UTF-8; it was read as {codec}."))
        return data.decode(codec, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        mends.append(Mend("encoding", "The file was not UTF-8; it was read as Windows-1252."))
        return data.decode("cp1252", errors="replace")


CONFLICT = re.compile(
    r"^<<<<<<<[^\n]*\n(.*?)(?:^\|\|\|\|\|\|\|[^\n]*\n.*?)?^=======[^\n]*\n.*?^>>>>>>>[^\n]*\n?",
    re.MULTILINE | re.DOTALL,
)


def _salvage(text: str, error: ValueError, mends: list[Mend]) -> Any:
    """What can be had of JSON that is broken: merge conflicts, a tail too much, an end too little."""
    if CONFLICT.search(text):
        try:
            document = json.loads(CONFLICT.sub(r"\1", text))
        except ValueError:
            pass
        else:
            mends.append(
                Mend("merge conflict", "The file held an unresolved merge; its first side was taken.")
            )
            return document
    decoder = json.JSONDecoder(strict=False)
    start = text.find("{")
    try:
        document, end = decoder.raw_decode(text, max(start, 0))
    except (ValueError, RecursionError):
        return _salvage_cells(text, error, decoder, mends)
    if start > 0 or text[end:].strip("\x00 \t\r\n"):
        mends.append(
            Mend("surroundings", "There was text before or after the notebook in the file; it was ignored.")
        )
    else:
        mends.append(Mend("control characters", "The file held raw control characters; they were accepted."))
    return document


NEXT_CELL = re.compile(r"\s*,?\s*\{")
ANY_CELL = re.compile(r'\{(?=\s*"(?:cell_type|attachments)")')


def _salvage_cells(
    text: str, error: ValueError, decoder: json.JSONDecoder, mends: list[Mend]
) -> dict[str, Any]:
    """Every complete cell of a file that breaks off or is broken somewhere."""
    opening = re.search(r'"cells"\s*:\s*\[', text)
    if not opening:
        raise Unreadable(f"The file is no notebook: {_where(error)}.")
    cells, position, lost = [], opening.end(), 0
    following = NEXT_CELL.match(text, position)
    while following and len(cells) < MOST_CELLS:
        try:
            cell, position = decoder.raw_decode(text, following.end() - 1)
        except (ValueError, RecursionError):
            lost, position = lost + 1, following.end()
        else:
            cells += [cell] if "source" in cell else []
        following = NEXT_CELL.match(text, position) or ANY_CELL.search(text, position)
    if not cells:
        raise Unreadable(f"The file is broken before its first cell ends: {_where(error)}.")
    words = f"The file is broken ({_where(error)}); {len(cells)} whole cells were saved" + (
        f", {lost} lost." if lost else "."
    )
    mends.append(Mend("broken file", words))
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _where(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[0].lower()}{error.msg[1:]} at line {error.lineno}"
    return str(error)


# the cells as submitted


def read_pieces(document: dict[str, Any], mends: list[Mend]) -> list[Piece]:
    """The cells of any version of the format; whatever is no cell is left out and said."""
    cells = document.get("cells")
    if cells is None and isinstance(document.get("worksheets"), list):
        cells = [
            c
            for sheet in document["worksheets"]
            if isinstance(sheet, dict)
            for c in _list(sheet.get("cells"))
        ]
        mends.append(
            Mend(
                "old format",
                f"The notebook was in format {_show(document.get('nbformat'))}; it was lifted to 4.",
            )
        )
    if not isinstance(cells, list):
        raise Unreadable("The file is JSON, but no notebook: it has no list of cells.")
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"The notebook has {len(cells)} cells; more than {MOST_CELLS} are not read.")
    pieces = [_piece(cell) for cell in cells]
    if broken := pieces.count(None):
        mends.append(
            Mend("broken cells", f"{broken} entries of the notebook are no cells; they were left out.")
        )
    if not cells:
        raise Unreadable("The notebook has no cells.")
    if any(_size(cell) > 10_000_000 for cell in cells):
        mends.append(Mend("huge output", "The notebook was stored with huge outputs; outputs are made anew."))
    kept = [piece for piece in pieces if piece]
    if any("\r" in piece.source for piece in kept):
        mends.append(Mend("line ends", "Lines ended as on Windows or old Macs; they were made plain."))
        kept = [p._replace(source=p.source.replace("\r\n", "\n").replace("\r", "\n")) for p in kept]
    return kept


def _piece(cell: Any) -> Piece | None:
    if not isinstance(cell, dict):
        return None
    cell_type = cell.get("cell_type")
    source = cell.get("source", cell.get("input"))
    if cell_type in ("heading", "html"):
        cell_type, source = "markdown", source
    if cell_type not in CELL_TYPES:
        return None
    metadata = cell.get("metadata")
    facts = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = facts.get("grade_id") if isinstance(facts, dict) else None
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    source = source if isinstance(source, str) else ""
    source = source.encode("utf-8", "replace").decode("utf-8")  # lone surrogates could not be written
    return Piece(cell_type, source, _text(grade_id), _text(cell.get("id")))


def _size(cell: Any) -> int:
    """Roughly the characters of a cell's outputs, without copying them."""
    total, queue = 0, [cell.get("outputs")] if isinstance(cell, dict) else []
    while queue and total <= 10_000_000:
        value = queue.pop()
        if isinstance(value, str):
            total += len(value)
        elif isinstance(value, list):
            queue.extend(value)
        elif isinstance(value, dict):
            queue.extend(value.values())
    return total


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list:
    return value if isinstance(value, list) else []


def _show(value: Any) -> str:
    return repr(value)[:40]


# the notebook, rebuilt


def rebuild(pieces: list[Piece], blueprint: Blueprint, mends: list[Mend]) -> list[dict[str, Any]]:
    """The cells to grade: the instructor's from the blueprint, the student's own between them."""
    owners = _match(pieces, blueprint, mends)
    if not any(owners) and not any(piece.cell_type == "code" and piece.source.strip() for piece in pieces):
        raise Unreadable("The notebook holds none of the assignment's cells and no code.")
    pieces, owners = _settle_duplicates(pieces, owners, blueprint, mends)
    pieces, owners = _put_in_order(pieces, owners, blueprint, mends)
    cells: list[dict[str, Any]] = []
    present, taken_ids = set(owners), {cell.cell_id for cell in blueprint.cells}
    cells += _absent_before(None, present, blueprint, mends)
    for n, (piece, owner) in enumerate(zip(pieces, owners, strict=True)):
        if owner:
            cells.append(_own(piece, blueprint.cell(owner), mends))
            cells += _absent_before(owner, present, blueprint, mends)
        else:
            cells.append(_plain(piece, n, taken_ids))
    return cells


def _match(pieces: list[Piece], blueprint: Blueprint, mends: list[Mend]) -> list[str]:
    """For each piece the grade_id of the instructor's cell that it is, or ''."""
    owners = [piece.grade_id if piece.grade_id in blueprint.names else "" for piece in pieces]
    for cell in blueprint.cells:
        if cell.name in owners:
            continue
        n = _recognise(cell, pieces, owners)
        if n is not None:
            owners[n] = cell.name
            was = pieces[n].grade_id
            words = f"Cell {cell.name} was recognised by its content: " + (
                f"its id had been changed to {was[:80]!r}." if was else "its nbgrader metadata was gone."
            )
            mends.append(Mend("renamed" if was else "metadata lost", words, cell.name))
    for piece, owner in zip(pieces, owners, strict=True):
        if piece.grade_id and not owner:
            words = f"A cell calls itself {piece.grade_id[:80]!r}, which is no cell of this assignment; it is run as an own cell."
            mends.append(Mend("unknown id", words))
    return owners


def _recognise(cell: SourceCell, pieces: list[Piece], owners: list[str]) -> int | None:
    free = [n for n, owner in enumerate(owners) if not owner]
    same_id = [n for n in free if cell.cell_id and pieces[n].cell_id == cell.cell_id]
    same_text = [
        n for n in free if pieces[n].source.strip() in (cell.released, cell.source.strip()) and cell.released
    ]
    wanted = _defined(cell.source) if cell.solution and cell.cell_type == "code" else set()
    same_names = [
        n for n in free if wanted and pieces[n].cell_type == "code" and wanted <= _defined(pieces[n].source)
    ]
    ranked = same_id + same_text + same_names[::-1]
    return ranked[0] if ranked else None


def _settle_duplicates(
    pieces: list[Piece], owners: list[str], blueprint: Blueprint, mends: list[Mend]
) -> tuple[list[Piece], list[str]]:
    """One piece a grade_id: parts of a split cell are joined, copies run as own cells."""
    pieces, owners, drop = list(pieces), list(owners), set()
    for name, times in Counter(owner for owner in owners if owner).items():
        if times == 1:
            continue
        cell = blueprint.cell(name)
        places = [n for n, owner in enumerate(owners) if owner == name]
        if cell.restored:
            drop.update(places[:-1])
            words = f"Cell {name} was there {times} times; it is the instructor's, and once is enough."
            mends.append(Mend("duplicated", words, name))
        elif _is_split([pieces[n] for n in places], places):
            whole = "\n".join(pieces[n].source for n in places)
            pieces[places[0]] = pieces[places[0]]._replace(source=whole)
            drop.update(places[1:])
            mends.append(
                Mend("split", f"Cell {name} had been split into {times}; its parts were joined.", name)
            )
        else:
            changed = [n for n in places if pieces[n].source.strip() != cell.released]
            keep = (changed or places)[-1]
            for n in places:
                if n != keep:
                    owners[n] = ""
            drop.update(n for n in places if n != keep and n not in changed)
            words = (
                f"Cell {name} was there {times} times; the last one that was worked on counts, all are run."
            )
            mends.append(Mend("duplicated", words, name))
    kept = [n for n in range(len(pieces)) if n not in drop]
    return [pieces[n] for n in kept], [owners[n] for n in kept]


def _is_split(parts: list[Piece], places: list[int]) -> bool:
    """Neighbours that are one piece of Python (or of text) only together."""
    if places != list(range(places[0], places[0] + len(places))):
        return False
    if len({part.source.strip() for part in parts}) < len(parts):
        return False
    if any(part.cell_type != "code" for part in parts):
        return True
    if not _parses("\n".join(part.source for part in parts)):
        return False
    names = [_defined(part.source) for part in parts]
    disjoint = sum(map(len, names)) == len(set().union(*names))
    return disjoint or not all(_parses(part.source) for part in parts)


def _put_in_order(
    pieces: list[Piece], owners: list[str], blueprint: Blueprint, mends: list[Mend]
) -> tuple[list[Piece], list[str]]:
    """The instructor's cells in the instructor's order; own cells stay behind the cell they followed."""
    rank = {cell.name: n for n, cell in enumerate(blueprint.cells)}
    order = [rank[owner] for owner in owners if owner]
    if order == sorted(order):
        return pieces, owners
    mends.append(
        Mend("reordered", "Cells of the assignment had changed places; they were put back in order.")
    )
    keys, last = [], -1
    for owner in owners:
        last = rank[owner] if owner else last
        keys.append(last)
    places = sorted(range(len(pieces)), key=lambda n: keys[n])
    return [pieces[n] for n in places], [owners[n] for n in places]


def _absent_before(
    name: str | None, present: set[str], blueprint: Blueprint, mends: list[Mend]
) -> Iterable[dict[str, Any]]:
    """The missing cells that stand right behind cell ``name`` in the blueprint."""
    names = [cell.name for cell in blueprint.cells]
    start = 0 if name is None else names.index(name) + 1
    for cell in blueprint.cells[start:]:
        if cell.name in present:
            return
        words = f"Cell {cell.name} was missing; it was put back" + (
            " as it was given out, without an answer." if cell.solution else "."
        )
        mends.append(Mend("deleted", words, cell.name))
        yield _make(cell.cell_type, cell.source, cell.metadata(), cell.cell_id or _safe_id(cell.name))


def _own(piece: Piece, cell: SourceCell, mends: list[Mend]) -> dict[str, Any]:
    if piece.cell_type != cell.cell_type:
        words = f"Cell {cell.name} had been turned from {cell.cell_type} into {piece.cell_type}; it was turned back."
        mends.append(Mend("retyped", words, cell.name))
    if cell.restored and piece.source.strip() not in (cell.released, cell.source.strip()):
        mends.append(
            Mend(
                "edited",
                f"Cell {cell.name} is the instructor's and had been changed; it was restored.",
                cell.name,
            )
        )
    source = cell.source if cell.restored else piece.source
    return _make(cell.cell_type, source, cell.metadata(), cell.cell_id or _safe_id(cell.name))


def _plain(piece: Piece, n: int, taken: set[str]) -> dict[str, Any]:
    name = f"own-{n}"
    return _make(piece.cell_type, piece.source, {}, name if name not in taken else f"own-cell-{n}")


def _make(cell_type: str, source: str, metadata: dict[str, Any], cell_id: str) -> dict[str, Any]:
    cell = {"cell_type": cell_type, "id": cell_id, "metadata": metadata, "source": source}
    return {**cell, "execution_count": None, "outputs": []} if cell_type == "code" else cell


def _safe_id(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "-", name)[:64] or "cell"


def _note_kernel(document: dict[str, Any], blueprint: Blueprint, mends: list[Mend]) -> None:
    metadata = document.get("metadata")
    spec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    got = spec.get("name") if isinstance(spec, dict) else None
    wanted = (blueprint.kernelspec or {}).get("name")
    if got is not None and wanted and got != wanted:
        mends.append(Mend("kernel", f"The notebook asked for the kernel {_show(got)}; {wanted!r} was used."))


def _language(blueprint: Blueprint) -> str:
    return (blueprint.kernelspec or {}).get("language", "python")


def _tree(source: str) -> ast.Module | None:
    lines = [
        line if not re.match(r"\s*[%!?]", line) else re.sub(r"[%!?].*", "pass", line)
        for line in source.split("\n")
    ]
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _parses(source: str) -> bool:
    return _tree(source) is not None


def _defined(source: str) -> set[str]:
    """The names that code binds at its top level by def, class or assignment."""
    tree = _tree(source)
    if tree is None:
        return set(re.findall(r"^(?:async\s+)?(?:def|class)\s+(\w+)", source, re.MULTILINE))
    return bound_names(tree)


def bound_names(tree: ast.Module) -> set[str]:
    """Names that a module binds at its top level, imports left out."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    return names
