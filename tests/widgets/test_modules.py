"""What every widget's module has to be, since a saved notebook carries it: whole, its own, small and safe inside a page."""

import re

import pytest
from widget_page import node

from unrolled.widgets import _base

NAMES = sorted(path.stem for path in _base.STATIC.glob("[!_]*.mjs"))


@pytest.fixture(scope="module", params=NAMES)
def source(request):
    return _base.module(request.param)


def test_it_is_small_and_asks_for_nothing(source):
    assert len(source.encode()) <= _base.LIMIT
    assert not re.search(r"^\s*import\b|\bimport\s*\(|\brequire\(|\bfetch\(|XMLHttpRequest", source, re.M)
    urls = set(re.findall(r"https?://[^\s\"'`]+|//[a-z]+\.[a-z]+", source))
    assert urls == {"http://www.w3.org/2000/svg"}, "a name space is the only address"


def test_it_carries_its_style_and_can_stand_in_a_page(source):
    assert 'const CSS = "";' not in source and "_kit.mjs" not in source
    assert "</script" not in source


def test_it_is_javascript(source, tmp_path):
    path = tmp_path / "module.mjs"
    path.write_text(source, encoding="utf-8")
    done = node("--check", str(path))
    assert done.returncode == 0, done.stderr


def test_there_are_ten():
    assert len(NAMES) >= 10
