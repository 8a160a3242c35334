"""The house of CONTRIBUTING.md: one name for one concept everywhere, and who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "unrolled"

# A chapter's modules, where they are not simply the chapter's own name.
MODULES = {
    "ch05_tasks": ["labeling", "classification", "generation"],
    "ch06_stacked_birnn": ["stacked", "birnn"],
}
CHAPTERS = sorted(p.stem for p in (ROOT / "book").glob("ch*_*.md") if p.stem != "ch10_summary")

NUMPY = {"numpy", "jaxtyping"}
ALLOWED = {  # room -> (packages from outside, rooms of ours)
    "axes": (NUMPY, set()),
    "scratch": (NUMPY, {"axes", "scratch"}),
    "checks": (NUMPY, {"axes", "scratch", "checks"}),
    "nn": (NUMPY | {"torch"}, {"axes", "scratch", "nn"}),
    "widgets": (
        NUMPY | {"anywidget", "ipywidgets", "traitlets"},
        {"axes", "scratch", "widgets", "checkpoints", "data"},
    ),
}


def modules(room):
    return [SRC / f"{room}.py"] if (SRC / f"{room}.py").exists() else sorted((SRC / room).rglob("*.py"))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            yield from (
                [f"unrolled.{n.name}" for n in node.names] if node.module == "unrolled" else [node.module]
            )


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_it_may(room):
    outside, rooms = ALLOWED[room]
    allowed = outside | set(sys.stdlib_module_names)
    for path in modules(room):
        for name in imported(path):
            top, _, rest = name.partition(".")
            fits = rest.partition(".")[0] in rooms if top == "unrolled" else top in allowed
            assert fits, (
                f"{path.relative_to(ROOT)} imports {name}; {room} may import {sorted(outside)} and {sorted(rooms)}"
            )


def test_grading_stands_alone():
    for path in sorted(SRC.rglob("*.py")):
        inside = path.is_relative_to(SRC / "grading")
        ours = [name for name in imported(path) if name.startswith("unrolled.")]
        crossing = [name for name in ours if name.startswith("unrolled.grading") != inside]
        if inside or path.name == "__main__.py":
            crossing = [name for name in crossing if inside]
        else:
            crossing = [name for name in crossing if name.startswith("unrolled.grading")]
        assert not crossing, f"{path.relative_to(ROOT)} imports {crossing}"


@pytest.mark.parametrize(
    "package", ["unrolled", "unrolled.scratch.cells", "unrolled.checks", "unrolled.data"]
)
def test_importing_is_light(package):
    code = f"import sys, {package}; print(*({{'torch', 'matplotlib'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_has_one_name_everywhere(chapter):
    names = MODULES.get(chapter, [chapter.split("_", 1)[1]])
    wanted = [f"solutions/{chapter}/{chapter}.md", f"exercises/{chapter}/{chapter}.ipynb"]
    wanted.append(f"tests/exercises/misconceptions/{chapter}.py")
    for name in names:
        wanted += [f"src/unrolled/{room}/{name}.py" for room in ("scratch", "nn", "checks")]
        wanted += [f"tests/scratch/test_{name}.py", f"tests/parity/test_{name}.py"]
    missing = [path for path in wanted if not (ROOT / path).exists()]
    assert not missing


def test_every_torch_module_is_the_twin_of_one_in_scratch():
    of_their_own = {"__init__.py", "weights.py", "kernel.py"}
    twins = {p.name for p in (SRC / "nn").glob("*.py")} - of_their_own
    assert twins <= {p.name for p in (SRC / "scratch").glob("*.py")}


def test_scratch_modules_stay_small():
    for path in modules("scratch"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 260, f"{path.name}: {lines} lines; a module of scratch has one idea"
