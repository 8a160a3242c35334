"""The book's PDF, where `make pdf` has printed one: copied into the site and offered on the start page."""

import filecmp
import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

NAME = "unrolled.pdf"


def places(app: Sphinx) -> tuple[Path, Path]:
    """Where it is printed to, and where the site has it."""
    return Path(app.outdir).parent / NAME, Path(app.outdir) / NAME


def outdated(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    """The start page, when there is another PDF than at the last build, or none any more."""
    new, old = places(app)
    same = filecmp.cmp(new, old) if new.is_file() and old.is_file() else new.is_file() == old.is_file()
    return [] if same else [app.config.root_doc]


def offer(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Tell the start page's template where it lies and how large it is."""
    new, _ = places(app)
    if pagename == app.config.root_doc and new.is_file():
        context["printed"] = (NAME, f"{max(1, round(new.stat().st_size / 1e6))} MB")


def copy(app: Sphinx, error: Exception | None) -> None:
    """Into the site, or out of it."""
    if error or app.builder.format != "html":
        return
    new, old = places(app)
    if new.is_file():
        shutil.copyfile(new, old)
    else:
        old.unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the offer and the copy."""
    app.connect("env-get-outdated", outdated)
    app.connect("html-page-context", offer)
    app.connect("build-finished", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
