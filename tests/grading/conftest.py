"""One released course for all tests of grading; each test copies it."""

import shutil
import sys
from pathlib import Path

import pytest
from grading import classroom
from skips import skip_or_fail

HIDDEN = Path(sys.prefix).resolve().is_relative_to("/tmp")
SANDBOXED = ("test_sandbox.py", "test_hostile.py", "test_grade.py", "test_downloaded.py")


def pytest_collection_modifyitems(items):
    """Inside the sandbox /tmp is empty: a checkout that lies there cannot grade anything."""
    for item in items:
        if HIDDEN and item.path.parent == Path(__file__).parent and item.path.name in SANDBOXED:
            item.add_marker(
                pytest.mark.skip(
                    reason="this checkout lies under /tmp, which the sandbox hides: put it elsewhere"
                )
            )


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    pytest.importorskip("nbgrader")
    return classroom.make_course(tmp_path_factory.mktemp("released") / "course")


@pytest.fixture(scope="session")
def walls():
    """Skip, or fail in CI, where no sandbox works."""
    from unrolled.grading.sandbox import Refused, choose

    try:
        return choose()
    except Refused as reason:
        skip_or_fail(f"{reason}: allow user namespaces, or run as root")


@pytest.fixture
def course(released, tmp_path, walls):
    return classroom.copy_course(released, tmp_path / "course")


@pytest.fixture(scope="module")
def module_course(released, tmp_path_factory, walls):
    folder = tmp_path_factory.mktemp("course")
    shutil.rmtree(folder)
    return classroom.copy_course(released, folder)
