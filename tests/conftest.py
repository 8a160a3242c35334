"""The real corpora, where they lie beside the checkout (tests never download them); Hypothesis without a clock; one Chromium."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings
from skips import skip_or_fail

DATA = Path(__file__).parents[2] / "shared" / "data"

if not os.environ.get("UNROLLED_DATA") and DATA.is_dir():
    os.environ["UNROLLED_DATA"] = str(DATA)

settings.register_profile("unrolled", deadline=None)  # a busy machine is no failure
settings.load_profile("unrolled")


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium, headless: one for all tests of a worker, since Playwright starts once in a process."""
    path = shutil.which("chromium")
    if path is None:
        skip_or_fail("chromium is missing: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
