"""A notebook downloaded from the website begins with the cell that installs the package; the marks are the same."""

import pages  # puts book/_ext on the path
import pytest
from grading.classroom import CHAPTER, CODE, fill, points, release, run, solutions, submit

# isort: split
import repository

assert pages
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group(__name__)]


def test_the_cell_that_installs_costs_and_gives_nothing(course):
    right = fill(release(course), solutions())
    for student, url in {"ana": "", "boris": "https://github.com/ann/unrolled"}.items():
        cell = dict(repository.install_cell(url))
        submit(course, student, {**right, "cells": [cell, *right["cells"]]})
    submit(course, "chen", right)
    done = run(course, "-m", "unrolled", "grade", CHAPTER)
    assert done.returncode == 0, done.stdout + done.stderr
    assert points(course) == dict.fromkeys(("ana", "boris", "chen"), sum(task.points for task in CODE))
