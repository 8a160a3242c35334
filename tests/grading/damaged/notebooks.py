"""Damaged notebooks, each made by code from one good submission, with the mend that it must draw.

    @damage("duplicated", …)            the kinds of mends, exactly
    @damage(refused="0 bytes")          no notebook at all: the reason, in words

A damage takes the good notebook as a dict (its own copy) and returns a changed dict, or the bytes of a file.
``keeps`` says that every answer survives, so that the mended notebook earns what the good one does.
"""

import copy
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import submissions

CHAPTER = "ch01_rnn"
RELEASE = submissions.ROOT / "exercises" / CHAPTER / f"{CHAPTER}.ipynb"


class Damage(NamedTuple):
    name: str
    make: Callable[[dict[str, Any]], Any]
    kinds: tuple[str, ...]
    refused: str | None
    keeps: bool

    def data(self) -> bytes:
        made = self.make(good_notebook())
        return made if isinstance(made, bytes) else dump(made)


DAMAGES: list[Damage] = []


def damage(*kinds: str, refused: str | None = None, keeps: bool = True):
    def add(make):
        DAMAGES.append(Damage(make.__name__, make, kinds, refused, keeps and refused is None))
        return make

    return add


def good_notebook() -> dict[str, Any]:
    """The release with every answer of the solution, the written one too."""
    notebook = json.loads(RELEASE.read_text(encoding="utf-8"))
    answers = {task.id: task.solution for task in submissions.read_tasks(CHAPTER)}
    for cell in notebook["cells"]:
        cell["source"] = answers.get(cell["id"], "".join(cell["source"]))
    return notebook


def dump(notebook: Any, **options: Any) -> bytes:
    return json.dumps(notebook, ensure_ascii=False, indent=1, **options).encode("utf-8")


def at(notebook, name):
    return next(n for n, cell in enumerate(notebook["cells"]) if cell["id"] == name)


def cell(notebook, name):
    return notebook["cells"][at(notebook, name)]


def own(source, cell_type="code"):
    made = {"cell_type": cell_type, "metadata": {}, "source": source, "id": "mine"}
    return {**made, "outputs": [], "execution_count": 3} if cell_type == "code" else made


# nothing is wrong


@damage()
def untouched(notebook):
    return notebook


@damage()
def with_cells_of_its_own(notebook):
    notebook["cells"].insert(3, own("helper = 3"))
    notebook["cells"].append(own("A note of mine.", "markdown"))
    return notebook


@damage()
def with_outputs_tags_and_counts(notebook):
    for c in notebook["cells"]:
        c["metadata"]["tags"] = ["skip-execution", "raises-exception"]
        if c["cell_type"] == "code":
            c["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "fine\n"}]
            c["execution_count"] = 99
    return notebook


# cells


@damage("duplicated")
def test_cell_twice(notebook):
    n = at(notebook, "leaky-step-test")
    notebook["cells"].insert(n, copy.deepcopy(notebook["cells"][n]))
    return notebook


@damage("duplicated")
def solution_cell_twice(notebook):
    n = at(notebook, "leaky-step")
    notebook["cells"].insert(n, copy.deepcopy(notebook["cells"][n]))
    return notebook


@damage("duplicated")
def solution_cell_twice_the_first_untouched(notebook):
    n = at(notebook, "leaky-step")
    first = copy.deepcopy(notebook["cells"][n])
    release = json.loads(RELEASE.read_text(encoding="utf-8"))
    first["source"] = "".join(cell(release, "leaky-step")["source"])
    notebook["cells"].insert(n, first)
    return notebook


@damage("duplicated", "reordered")
def solution_cell_thrice_apart(notebook):
    one = copy.deepcopy(cell(notebook, "tag-words"))
    notebook["cells"] = [*notebook["cells"][:4], one, *notebook["cells"][4:], copy.deepcopy(one)]
    return notebook


@damage("duplicated", "duplicated", "duplicated", "duplicated", "duplicated", "duplicated", "duplicated",
        "duplicated", "duplicated", "duplicated", "duplicated", "duplicated", "duplicated", "duplicated",
        "duplicated", "duplicated", "duplicated")  # fmt: skip
def merged_from_two_students(notebook):
    other = copy.deepcopy(notebook["cells"])
    for c in other:
        c["source"] += "\n"
    notebook["cells"] += other
    return notebook


@damage("deleted")
def test_cell_deleted(notebook):
    del notebook["cells"][at(notebook, "leaky-step-test")]
    return notebook


@damage("deleted", keeps=False)
def solution_cell_deleted(notebook):
    del notebook["cells"][at(notebook, "leaky-step")]
    return notebook


@damage("deleted")
def setup_deleted(notebook):
    del notebook["cells"][at(notebook, "setup")]
    return notebook


@damage("deleted", "deleted")
def first_and_second_cells_deleted(notebook):
    del notebook["cells"][:2]
    return notebook


@damage(*["deleted"] * 7)
def every_test_deleted(notebook):
    notebook["cells"] = [c for c in notebook["cells"] if not c["id"].endswith("-test")]
    return notebook


@damage("deleted", keeps=False)
def written_answer_deleted(notebook):
    del notebook["cells"][at(notebook, "why-shared")]
    return notebook


@damage("renamed")
def solution_renamed(notebook):
    cell(notebook, "leaky-step")["metadata"]["nbgrader"]["grade_id"] = "my-step"
    return notebook


@damage("renamed")
def solution_renamed_and_its_cell_id_lost(notebook):
    c = cell(notebook, "leaky-step")
    c["metadata"]["nbgrader"]["grade_id"] = "my-step"
    c["id"] = "4f3a"
    return notebook


@damage("renamed")
def test_renamed(notebook):
    cell(notebook, "tag-words-test")["metadata"]["nbgrader"]["grade_id"] = "cell-1"
    return notebook


@damage("unknown id")
def an_id_from_another_assignment(notebook):
    extra = own("x = 1")
    extra["metadata"] = {"nbgrader": {"grade_id": "other", "grade": True, "points": 100, "solution": False}}
    notebook["cells"].append(extra)
    return notebook


@damage(*["metadata lost"] * 17)
def all_metadata_lost(notebook):
    for c in notebook["cells"]:
        c["metadata"] = {}
    return notebook


@damage(*["metadata lost"] * 16, "deleted", keeps=False)
def all_metadata_and_cell_ids_lost(notebook):
    for c in notebook["cells"]:
        c["metadata"] = {}
        del c["id"]
    return notebook  # the written answer can be told from other text by nothing


@damage("split")
def function_split_in_the_middle(notebook):
    n = at(notebook, "leaky-step")
    head, *tail = notebook["cells"][n]["source"].split("\n")
    rest = copy.deepcopy(notebook["cells"][n])
    notebook["cells"][n]["source"], rest["source"], rest["id"] = head, "\n".join(tail), "b"
    notebook["cells"].insert(n + 1, rest)
    return notebook


@damage("split")
def helper_and_answer_split(notebook):
    n = at(notebook, "all-states")
    first = copy.deepcopy(notebook["cells"][n])
    first["source"] = "def a_helper(x):\n    return x\n"
    notebook["cells"][n]["id"] = "second"
    notebook["cells"].insert(n, first)
    return notebook


@damage("split")
def written_answer_split(notebook):
    n = at(notebook, "why-shared")
    second = copy.deepcopy(notebook["cells"][n])
    second["source"], second["id"] = "And one thing more.", "c"
    notebook["cells"].insert(n + 1, second)
    return notebook


@damage("retyped")
def solution_turned_into_text(notebook):
    c = cell(notebook, "leaky-step")
    c["cell_type"] = "markdown"
    del c["outputs"], c["execution_count"]
    return notebook


@damage("retyped")
def test_turned_into_raw(notebook):
    cell(notebook, "leaky-step-test")["cell_type"] = "raw"
    return notebook


@damage("retyped")
def written_answer_turned_into_code(notebook):
    cell(notebook, "why-shared")["cell_type"] = "code"
    return notebook


@damage("edited")
def test_edited(notebook):
    cell(notebook, "leaky-step-test")["source"] = "pass"
    return notebook


@damage("edited")
def setup_edited(notebook):
    cell(notebook, "setup")["source"] = "check_leaky_step = print"
    return notebook


@damage()
def points_and_flags_forged(notebook):
    for c in notebook["cells"]:
        if facts := c["metadata"].get("nbgrader"):
            facts.update(points=1000, grade=not facts["grade"], solution=True, locked=False, schema_version=1)
    return notebook


@damage("reordered")
def two_tasks_swapped(notebook):
    a, b = at(notebook, "leaky-step"), at(notebook, "all-states")
    cells = notebook["cells"]
    cells[a : a + 2], cells[b : b + 2] = cells[b : b + 2], cells[a : a + 2]
    return notebook


@damage("reordered")
def back_to_front(notebook):
    notebook["cells"].reverse()
    return notebook


# the notebook


@damage("kernel")
def kernel_of_another_language(notebook):
    notebook["metadata"]["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    return notebook


@damage("kernel")
def kernel_of_their_own_environment(notebook):
    notebook["metadata"]["kernelspec"]["name"] = "anaconda-nlp"
    return notebook


@damage()
def no_notebook_metadata(notebook):
    notebook["metadata"] = None
    return notebook


@damage("old format")
def format_3(notebook):
    cells = []
    for c in notebook["cells"]:
        c = {k: v for k, v in c.items() if k != "id"}
        if c["cell_type"] == "code":
            c = {
                "cell_type": "code",
                "input": c["source"],
                "metadata": c["metadata"],
                "outputs": [],
                "language": "python",
            }
        cells.append(c)
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}


@damage()
def format_of_the_future(notebook):
    notebook["nbformat"], notebook["nbformat_minor"] = 5, 7
    return notebook


@damage()
def sources_as_lists(notebook):
    for c in notebook["cells"]:
        c["source"] = c["source"].splitlines(keepends=True)
    return notebook


@damage("broken cells")
def entries_that_are_no_cells(notebook):
    notebook["cells"] += [None, 7, "cell", {"cell_type": "banana"}]
    return notebook


@damage("huge output")
def huge_outputs(notebook):
    c = cell(notebook, "leaky-step")
    c["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 30_000_000}]
    return notebook


@damage("line ends")
def windows_line_ends(notebook):
    for c in notebook["cells"]:
        c["source"] = c["source"].replace("\n", "\r\n")
    return dump(notebook).replace(b"\n", b"\r\n")


@damage()
def lone_surrogate(notebook):
    cell(notebook, "leaky-step")["source"] += "\n# \udc80"
    return json.dumps(notebook).encode("ascii")


# the file


@damage("encoding")
def byte_order_mark(notebook):
    return b"\xef\xbb\xbf" + dump(notebook)


@damage("encoding")
def utf_16(notebook):
    return dump(notebook).decode().encode("utf-16")


@damage("encoding")
def utf_16_without_a_mark(notebook):
    return dump(notebook).decode().encode("utf-16-le")


@damage("encoding")
def utf_32(notebook):
    return dump(notebook).decode().encode("utf-32")


@damage("encoding")
def windows_1252(notebook):
    cell(notebook, "why-shared")["source"] = "Weil man Wörter überall gleich liest."
    text = dump(notebook).decode()
    return text.encode("cp1252", errors="replace")


@damage("surroundings")
def text_behind_the_end(notebook):
    return dump(notebook) + b"\n}\n"


@damage("surroundings")
def two_notebooks_in_one_file(notebook):
    return dump(notebook) * 2


@damage("surroundings")
def text_before_the_start(notebook):
    return b"# my homework\n" + dump(notebook)


@damage("wrapped")
def json_inside_json(notebook):
    return json.dumps(dump(notebook).decode()).encode()


@damage("control characters")
def raw_tabs_in_strings(notebook):
    cell(notebook, "leaky-step")["source"] += "\n#\tend"
    return dump(notebook).replace(rb"\n#\tend", b"\\n#\tend")


@damage("merge conflict")
def unresolved_merge(notebook):
    text = dump(notebook).decode()
    line = next(line for line in text.split("\n") if "leaky_step(x_t, h_prev" in line and '"source"' in line)
    both = f"<<<<<<< HEAD\n{line}\n=======\n{line.replace('leak', 'break')}\n>>>>>>> theirs"
    return text.replace(line, both).encode()


@damage("broken file", "deleted", "deleted", keeps=False)
def end_cut_off(notebook):
    data = dump(notebook)
    return data[: data.index(b'"id": "parity-weights-test"')]


@damage("broken file", "deleted", "deleted", "deleted", keeps=False)
def end_cut_off_in_the_middle_of_an_answer(notebook):
    data = dump(notebook)
    return data[: data.index(b"tent = np.array")]


@damage("broken file", "deleted")
def hole_in_the_middle(notebook):
    data = dump(notebook)
    n = data.index(b'"id": "leaky-step-test"')
    return data[: n + 10] + data[n + 30 :]


@damage(refused="0 bytes")
def no_bytes(notebook):
    return b""


@damage(refused="white space")
def white_space(notebook):
    return b" \n\n\t"


@damage(refused="white space")
def zeros(notebook):
    return b"\0" * 4096


@damage(refused="web page")
def a_login_page(notebook):
    return b"<!DOCTYPE html><html><title>Sign in</title></html>"


@damage(refused="ZIP")
def a_zip(notebook):
    return b"PK\x03\x04\x14\0"


@damage(refused="PDF")
def a_pdf(notebook):
    return b"%PDF-1.7\n"


@damage(refused="no notebook")
def a_script(notebook):
    return b"import numpy as np\n\ndef leaky_step():\n    pass\n"


@damage(refused="list where an object")
def a_list(notebook):
    return b"[1, 2]"


@damage(refused="no list of cells")
def another_json(notebook):
    return b'{"name": "config"}'


@damage(refused="no cells")
def a_notebook_without_cells(notebook):
    return {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@damage(refused="none of the assignment's cells")
def only_text_of_another_course(notebook):
    notebook["cells"] = [own("# Week 3", "markdown")]
    return notebook


@damage(refused="nested too deeply")
def nested_without_end(notebook):
    return b"[" * 200_000


@damage(refused="broken before its first cell")
def cut_off_at_once(notebook):
    return dump(notebook)[:40]


@damage(refused="more than 5000")
def a_million_cells(notebook):
    return b'{"cells": [' + b"{}," * 1_000_000 + b"{}]}"
