"""What book/grading.md says can be done: its commands exist, its settings are settings, its programs are Python."""

import ast
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from unrolled.__main__ import build_parser

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "book" / "grading.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.M | re.S)
LINES = [line.partition("#")[0].strip() for kind, text in BLOCKS if not kind for line in text.splitlines()]
SETTINGS = re.findall(r"\bc\.(\w+)\.(\w+) = ", PAGE)
PLUGINS = sorted(set(re.findall(r"(?:--collector=|--exporter=|plugin = \")(unrolled[\w.]+)", PAGE)))


def commands(program):
    found = [shlex.split(line)[1:] for line in LINES if line.startswith(program + " ")]
    inside = [
        shlex.split(line.rpartition("unrolled-grader ")[2])[1:]
        for line in LINES
        if " unrolled-grader unrolled " in line
    ]
    return found + (inside if program == "unrolled" else [])


@pytest.mark.parametrize("words", commands("unrolled"), ids=" ".join)
def test_our_commands_are_understood(words):
    arguments = build_parser().parse_args(words)
    assert callable(arguments.run) and arguments.assignment == "ps1"


def test_the_commands_are_there():
    assert len(commands("unrolled")) >= 4 and len(commands("nbgrader")) >= 6
    options = set(re.findall(r"`(--[\w-]+)", PAGE)) - {"--force"}
    source = (ROOT / "src" / "unrolled" / "__main__.py").read_text(encoding="utf-8")
    ours = {option for option in options if f'"{option}"' in source}
    theirs = {
        option for option in options if option in ("--assignment", "--MoodleExporter", "--security-opt")
    }
    assert options == ours | theirs, "every option that the page names is one"


@pytest.mark.parametrize("name", PLUGINS)
def test_plugins_and_their_settings_are_there(name):
    pytest.importorskip("nbgrader")
    import importlib

    module, _, kind = name.rpartition(".")
    traits = getattr(importlib.import_module(module), kind).class_traits(config=True)
    named = {trait for owner, trait in SETTINGS if owner == kind}
    named |= set(re.findall(rf"--{kind}\.(\w+)=", PAGE))
    assert named <= set(traits) and (named or kind == "CanvasCollector")


def test_settings_of_nbgrader_are_there():
    pytest.importorskip("nbgrader")
    from nbgrader.apps.zipcollectapp import ZipCollectApp

    named = {trait for owner, trait in SETTINGS if owner == "ZipCollectApp"}
    assert named == {"collector_plugin", "downloaded_directory"} and named <= set(
        ZipCollectApp.class_traits()
    )


def test_nbgraders_commands_are_there():
    pytest.importorskip("nbgrader")
    from nbgrader.apps.nbgraderapp import NbGraderApp

    assert {words[0] for words in commands("nbgrader")} <= set(NbGraderApp.subcommands) | {"zip_collect"}


@pytest.mark.parametrize(
    "program", [text for kind, text in BLOCKS if kind == "python"], ids=lambda t: t.split()[0]
)
def test_programs_are_python(program):
    ast.parse(program)


def test_exit_codes_are_those_of_the_command():
    told = subprocess.run(
        [sys.executable, "-m", "unrolled", "grade", "--help"], capture_output=True, text=True, check=True
    ).stdout
    codes = set(re.findall(r"\b(\d+) (?:all|something|wrong|stopped)", " ".join(told.split())))
    assert codes == {"0", "1", "2", "3", "130"}
    text = PAGE[PAGE.index("The exit code says") :]
    assert all(re.search(rf"\b{code}\b", text[:300]) for code in codes)


def test_the_container_has_what_it_copies():
    recipe = (ROOT / "containers" / "Containerfile").read_text(encoding="utf-8")
    copied = [name for line in re.findall(r"^COPY (.+) \S+$", recipe, flags=re.M) for name in line.split()]
    assert copied and all((ROOT / name).exists() for name in copied)
    pin = re.search(r"^torch==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), flags=re.M)
    assert pin and "s/^torch==//p" in recipe
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", "_nbgrader"} <= set(ignored), "no submissions in an image"


def test_json_options_are_json():
    for text in re.findall(r"--assignment='([^']*)'", PAGE):
        assert json.loads(text) == ["ps1"]


def test_the_estimate_on_paper_is_arithmetic():
    each = float(re.search(r"one submission took ([\d.]+) s", PAGE)[1])
    seconds = {"s": 1, "min": 60, "h": 3600}
    rows = re.findall(r"^\| ([\d,]+) \| ([^|]+) \| ([^|]+) \| ([^|]*) \|$", PAGE, flags=re.M)
    assert len(rows) == 3
    for n, *cells in rows:
        for cores, cell in zip((1, 2, 100), cells, strict=True):
            if cell.strip() != "–":
                number, unit = cell.split()
                told = float(number) * seconds[unit]
                assert told == pytest.approx(int(n.replace(",", "")) * each / cores, rel=0.03), (
                    n,
                    cores,
                    cell,
                )


def test_the_feedback_setting_is_this_courses_own():
    setting = re.search(r"^c\.GenerateFeedback\.preprocessors = \[.*?^\]", PAGE, flags=re.M | re.S)
    assert setting and setting[0] in (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
