"""Where the course's repository is, and what follows from it: the cell that installs the package, Colab, Binder.

The address is `repository: url` in _config.yml.  While it is empty there are no such links, and the cell says
in one line what is missing.  The links open the branch ``notebooks``, which the deployment fills: the repository
as it is, and beside each page the notebook that was built from it.
"""

import re
from typing import Any, NamedTuple
from urllib.parse import quote

import nbformat
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

BRANCH = "notebooks"
ADDRESS = re.compile(r"https://([\w.-]+(?::\d+)?)/([\w~-][\w./~-]*)")
MISSING = 'getattr(importlib.util.find_spec("unrolled"), "origin", None) is None'  # a folder of that name has no origin
SAY = f"""\
# Run this cell first. Where the course's package is missing, it says how to install it.
import importlib.util

if {MISSING}:
    raise ModuleNotFoundError("Run `python -m pip install -e .` in your copy of the course's repository, then restart the kernel.")
"""
INSTALL = f"""\
# Run this cell first. It installs the course's package where it is missing, as on Colab; elsewhere it does nothing.
import importlib.util
import subprocess
import sys

if {MISSING}:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "unrolled @ git+URL"]
    pip = subprocess.run(command, capture_output=True, text=True)
    if pip.returncode:
        raise ModuleNotFoundError(f"pip could not install the course's package:\\n{{pip.stderr}}")
    importlib.invalidate_caches()
"""


class Link(NamedTuple):
    """A place where a notebook runs without being downloaded."""

    name: str
    address: str


def cleaned(url: str | None) -> str:
    """The address without an ending; "" while it is unset; ConfigError if it can't be one.

    >>> cleaned("https://github.com/ann/unrolled.git/")
    'https://github.com/ann/unrolled'
    """
    url = (url or "").strip().rstrip("/").removesuffix(".git")
    if url and not ADDRESS.fullmatch(url):
        raise ConfigError(f"repository: url in _config.yml: expected https://host/owner/name, got {url!r}")
    return url


def install_cell(url: str) -> nbformat.NotebookNode:
    """The first cell of each downloaded notebook; it has no grade_id, so grading takes it for a cell of the student's."""
    source = INSTALL.replace("URL", url) if url else SAY
    cell = nbformat.v4.new_code_cell(source.rstrip("\n"), metadata={"tags": ["install"]})
    cell["id"] = "install"
    return cell


def links(url: str, notebook: str) -> list[Link]:
    """Where ``notebook``, by its path from the root, runs: Colab reads GitHub only, Binder any host.

    >>> [link.name for link in links("https://gitlab.com/ann/unrolled", "book/ch01_rnn.ipynb")]
    ['Binder']
    """
    match = ADDRESS.fullmatch(url)
    if not match:
        return []
    host, path = match.groups()
    providers = {"github.com": f"gh/{path}", "gitlab.com": f"gl/{quote(path, safe='')}"}
    place = providers.get(host, f"git/{quote(url, safe='')}")
    binder = f"https://mybinder.org/v2/{place}/{BRANCH}?urlpath={quote(f'lab/tree/{notebook}', safe='')}"
    colab = f"https://colab.research.google.com/github/{path}/blob/{BRANCH}/{quote(notebook)}"
    return [*([Link("Colab", colab)] if host == "github.com" else []), Link("Binder", binder)]


def read(app: Sphinx, config: Config) -> None:
    """A wrong address stops the build before it begins."""
    config.repository_url = cleaned(config.repository_url)


def offer(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Tell the template where else the page's notebook runs."""
    notebook = context.get("notebook")
    context["launch"] = links(app.config.repository_url, notebook) if notebook else []


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the address and the links."""
    app.add_config_value("repository_url", "", "env", (str, type(None)))
    app.connect("config-inited", read)
    app.connect(
        "html-page-context", offer, priority=600
    )  # after downloads has said whether there is a notebook
    return {"parallel_read_safe": True, "parallel_write_safe": True}
