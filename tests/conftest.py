"""The real corpora, where they lie beside the checkout (tests never download them); Hypothesis without a clock; one Chromium, with a second try."""

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


def pytest_collection_modifyitems(config, items):
    """A browser on a machine that others keep busy can be late; its tests get a second try, and the summary names them."""
    if not config.pluginmanager.hasplugin(
        "rerunfailures"
    ):  # -p no:rerunfailures: to find out why one is late
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium, headless: one for all tests of a worker, since Playwright starts once in a process."""
    path = shutil.which("chromium")
    if path is None:
        skip_or_fail("chromium is missing: apt-get install chromium")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)  # a page that is right may be late
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
