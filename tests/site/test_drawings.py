"""The drawings that are committed are the ones their modules make, and follow the page's colours."""

import importlib.util
import re
from pathlib import Path

import pytest

FIGURES = Path(__file__).parents[2] / "book" / "figures"
SPEC = importlib.util.spec_from_file_location("draw", FIGURES / "draw.py")
draw = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(draw)
DRAWN = draw.all_drawings()


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_committed_drawing_is_current(name):
    assert (FIGURES / name).read_text(encoding="utf-8") == DRAWN[name], "run: python book/figures/draw.py"


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_every_colour_is_a_token_and_no_text_is_small(name):
    without_fallbacks = re.sub(r"var\(--[a-z0-9-]+, [^)]*\)", "", DRAWN[name])
    assert not re.findall(r"#[0-9a-f]{3,6}\b", without_fallbacks)
    assert min(float(size) for size in re.findall(r'font-size="([\d.]+)"', DRAWN[name])) >= 12


def test_nothing_else_lies_among_the_drawings():
    assert {p.name for p in FIGURES.glob("*.svg")} == set(DRAWN)
