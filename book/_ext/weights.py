"""Trained weights and modules of widgets, once a site and not in its pages.

A saved widget holds its whole model: {"hash", "arrays", …} (``unrolled.widgets._model.pack``), at any depth of any trait.
On the website that moves into ``_static/weights/<hash>.model.js``, and the page keeps {"hash", "url"}; ``widget-host.js``
loads it when a widget that needs it comes near, once for all that share it.  So does its module, the long text ``_esm``:
the page keeps {"hash", "url"} of ``_static/weights/<hash>.module.js``.  Both are scripts that put a JSON value under their
own name, since a browser lets a page that was opened from a folder run its neighbours but not read them.
"""

import hashlib
import json
import re
from pathlib import Path
from posixpath import relpath
from typing import Any

from sphinx.application import Sphinx

FOLDER = "_static/weights"
LONG = 10_000
"""Letters from which a module is worth a file: a short one comes with its page."""
STATE = "application/vnd.jupyter.widget-state+json"


def move(value: Any, store: dict[str, str], root: str) -> Any:
    """``value`` with each model and long module in it replaced by its name and address; what the files hold is put into ``store``.

    >>> store = {}
    >>> move({"a": [{"hash": "12ab", "arrays": {}, "config": {}}]}, store, "..")
    {'a': [{'hash': '12ab', 'url': '../_static/weights/12ab.model.js'}]}
    >>> store
    {'12ab.model.js': 'unrolledFiles["12ab.model.js"]={"hash":"12ab","arrays":{},"config":{}}'}
    """
    if isinstance(value, list):
        return [move(each, store, root) for each in value]
    if not isinstance(value, dict):
        return value
    if {"hash", "arrays"} <= value.keys() and re.fullmatch(r"[0-9a-f]+", str(value["hash"])):
        return put(value, value["hash"], "model", store, root)
    return {
        key: put_module(each, store, root) if key == "_esm" else move(each, store, root)
        for key, each in value.items()
    }


def put(value: Any, found: str, kind: str, store: dict[str, str], root: str) -> dict[str, str]:
    """The name and address of ``value``, which is put into ``store`` as a script."""
    name = f"{found}.{kind}.js"
    store[name] = f'unrolledFiles["{name}"]=' + json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return {"hash": found, "url": f"{root}/{FOLDER}/{name}"}


def put_module(module: Any, store: dict[str, str], root: str) -> Any:
    """``put`` for a long module; anything else as it is."""
    if not isinstance(module, str) or len(module) < LONG:
        return module
    return put(module, hashlib.sha256(module.encode()).hexdigest()[:16], "module", store, root)


def lighten(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Take weights and modules out of this page's saved state."""
    for script in context.get("script_files", []):
        attributes = getattr(script, "attributes", {})
        if attributes.get("type") != STATE or not re.search(r'"(arrays|_esm)"', attributes.get("body", "")):
            continue
        store: dict[str, str] = {}
        root = relpath(".", Path(pagename).parent.as_posix())
        light = move(json.loads(attributes["body"]), store, root)
        attributes["body"] = json.dumps(light).replace("</", r"<\/")
        folder = Path(app.outdir) / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in store.items():
            (folder / name).write_text(text, encoding="utf-8")


def prune(app: Sphinx, error: Exception | None) -> None:
    """Remove the files that no page names any more."""
    folder = Path(app.outdir) / FOLDER
    if error or not folder.is_dir():
        return
    pages = (path.read_text(encoding="utf-8") for path in Path(app.outdir).rglob("*.html"))
    used = {
        name for page in pages for name in re.findall(rf"{FOLDER}/([0-9a-f]+\.(?:model|module)\.js)", page)
    }
    for path in folder.iterdir():
        if path.name not in used:
            path.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """After the page's state is known (MyST-NB, 500), before the template is filled."""
    app.connect("html-page-context", lighten, priority=800)
    app.connect("build-finished", prune)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
