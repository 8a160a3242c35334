"""What a machine may lack.  A missing tool is skipped with one line here and fails in CI; a missing corpus is skipped."""

import os

import pytest

from unrolled.data.registry import find, lookup


def skip_or_fail(reason: str) -> None:
    """Call where a tool is missing: ``skip_or_fail("chromium is missing: apt-get install chromium")``."""
    if os.environ.get("UNROLLED_NO_SKIPS") == "1":
        pytest.fail(f"{reason} (UNROLLED_NO_SKIPS=1 allows no skip)", pytrace=False)
    pytest.skip(reason)


def need_corpus(name: str) -> None:
    """Skip, in CI too, unless every file of the corpus is here."""
    if any(find(file) is None for file in lookup(name).files):
        pytest.skip(f"corpus {name} is not here: unrolled data fetch {name}")
