"""Build the website into ``_build/html``, doing only what a change asks for; or serve it.

    python book/build.py                 build
    python book/build.py --serve 8000    serve what was built on this machine

What has changed since the last build decides (``plan``):

- nothing → nothing;
- the prose of some pages → those pages; the package or its tests → the pages that run what has changed;
- anything else (titles, labels, contents, theme, extensions, figures, ledger, packages, …) → every page.

Code is run when its outputs may have changed (``stale``): a page's own cells, any file of the package that they
import, directly or through others, or the installed packages.  The rest comes from jupyter-cache, whose own
key is the cells alone.  State is written only after a build without a warning, so that one that was stopped or
failed is never trusted.
"""

import argparse
import ast
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pooch

ROOT = Path(__file__).resolve().parents[1]
INPUTS = (
    "_config.yml", "_toc.yml", "package-lock.json", "constraints.txt", "requirements.txt", "pyproject.toml", "CHANGELOG.md",
    "book/**/*", "src/**/*", "exercises/**/*", "solutions/**/*", "tests/*/test_*.py",
)  # fmt: skip
NOT_INPUTS = re.compile(
    r"(^|/)(__pycache__|\.ipynb_checkpoints|[^/]*\.egg-info)(/|$)|\.(pyc|tmp|new|swp)$|~$|^tests/site/"
)
PRINTED = "the PDF of the book"  # its line there; `make pdf` prints it from a built site
WHEEL = "NumPy for the browser"  # its line in the state; a build may download it
VERSION = 1  # of the state's form
FENCE = re.compile(r"^ *(`{3,}|:{3,}|~{3,}) *(\{[\w:+-]+\})?(.*)$")
ANSI = re.compile(r"\x1b\[[\d;]*[A-Za-z]")


# ------------------------------------------------------------------ what there is


@dataclass
class State:
    """What a build was made from."""

    files: dict[str, str] = field(default_factory=dict)  # path → hash
    skeletons: dict[str, str] = field(default_factory=dict)  # page → hash of what other pages may depend on
    installed: str = ""
    version: int = VERSION


def look(root: Path) -> State:
    """The state of the inputs now."""
    files = {path: hash_of((root / path).read_bytes()) for path in inputs(root)}
    pages = [path for path in files if re.fullmatch(r"book/\w+\.md", path)]
    skeletons = {
        page: hash_of(skeleton((root / page).read_text(encoding="utf-8")).encode()) for page in pages
    }
    printed = root / "_build" / "unrolled.pdf"
    seen = {WHEEL: wheel_at_hand(), PRINTED: hash_of(printed.read_bytes()) if printed.is_file() else ""}
    return State(files | seen, skeletons, installed())


def wheel_at_hand() -> str:
    """The browser's NumPy wheels that lie on this machine: with one, the pages' exercises run."""
    named, cache = os.environ.get("UNROLLED_ASSETS"), pooch.os_cache("unrolled")
    found = {p.name for folder in filter(None, (named, cache)) for p in Path(folder).glob("numpy-*.whl")}
    return hash_of("\n".join(sorted(found)).encode())


def inputs(root: Path) -> list[str]:
    """Every file that the site may depend on, by its path from the root."""
    found = {p.relative_to(root).as_posix() for pattern in INPUTS for p in root.glob(pattern) if p.is_file()}
    return sorted(path for path in found if not NOT_INPUTS.search(path))


def hash_of(data: bytes) -> str:
    """Sixteen hexadecimal digits of SHA-256."""
    return hashlib.sha256(data).hexdigest()[:16]


def installed() -> str:
    """A hash of Python's version and of the names and versions of what is installed beside it."""
    names = {
        p.name
        for folder in sys.path
        if folder.endswith("site-packages")
        for p in Path(folder).glob("*.dist-info")
    }
    return hash_of("\n".join([sys.version, *sorted(names)]).encode())


def skeleton(text: str) -> str:
    r"""The lines of a page that other pages may show or link to: front matter, titles, labels, openings of directives.

    >>> skeleton("# Title\n\nWords.\n\n```python\n# no title\n```\n(here)=\n")
    '# Title\n(here)='
    """
    if "{glossary}" in text or "{bibliography}" in text:
        return text
    front = re.match(r"---\n.*?\n---\n", text, re.S)
    kept, code = [front[0]] if front else [], ""
    for line in text[front.end() if front else 0 :].splitlines():
        fence = FENCE.match(line)
        if code:
            code = "" if fence and fence[1].startswith(code) and not (fence[2] or fence[3].strip()) else code
        elif fence and (
            fence[2] in ("{code-cell}", "{code-block}") or (fence[1][0] != ":" and not fence[2] and fence[3])
        ):
            code = fence[1]
        elif fence and fence[2] not in (None, "{lede}", "{meta}", "{predict}", "{quiz}"):
            kept.append(line)
        elif re.match(r"#{1,6} |\([\w-]+\)=|.*\$\$ *\([\w-]+\)|:(name|label|alt):", line.strip()):
            kept.append(line)
    return "\n".join(kept)


# ------------------------------------------------------------------ what to do


@dataclass
class Plan:
    """kind: nothing, pages (read these again) or all; why: for the reader."""

    kind: str
    pages: list[str] = field(default_factory=list)
    why: str = ""


def plan(before: State | None, now: State) -> Plan:
    """What a change of the inputs asks for."""
    if before is None or before.version != now.version:
        return Plan("all", why="no earlier build to start from")
    if before.installed != now.installed:
        return Plan("all", why="installed packages changed")
    changed = sorted(
        p for p in before.files.keys() | now.files.keys() if before.files.get(p) != now.files.get(p)
    )
    if not changed:
        return Plan("nothing")
    for path in changed:
        if path == PRINTED:
            continue  # seen by the start page (_ext/printed.py)
        if path.startswith(("src/", "tests/")):
            continue  # seen by the pages that run it (`stale`) and by the pages that are written each time (code/, the index)
        if path not in before.skeletons or before.skeletons[path] != now.skeletons.get(path):
            more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            return Plan("all", why=f"{path}{more} changed")
    shown = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
    return Plan("pages", [path for path in changed if path in now.skeletons], why=f"{shown} changed")


def stale(root: Path, pages: Iterable[str], ran: dict[str, str], environment: str) -> dict[str, str]:
    """The pages whose code has to run again, each with the key of what it will run under."""
    keys = {page: execution_key(root, page, environment) for page in pages}
    return {page: key for page, key in keys.items() if ran.get(page) != key}


def execution_key(root: Path, page: str, environment: str) -> str:
    """A hash of all that a page's outputs depend on beside its own cells."""
    used = sorted(files_used(root, page))
    return hash_of(
        "\n".join([environment, *(f"{p} {hash_of((root / p).read_bytes())}" for p in used)]).encode()
    )


def files_used(root: Path, page: str) -> set[str]:
    """Files of the package that a page's code reaches, and files beside the page that it names."""
    code = cells(root / page)
    modules = [p for p in inputs(root) if p.startswith("src/")]
    named = {
        path.relative_to(root).as_posix()
        for name in re.findall(r"""["']([\w./-]+\.\w+)["']""", code)
        if (path := ((root / page).parent / name).resolve()).is_file() and path.is_relative_to(root)
    }
    try:
        start = imports(code, "")
    except SyntaxError:  # a cell magic, say: suppose that it uses everything
        return {*modules, *named}
    reached = reach(root, start, {p for p in modules if p.endswith(".py")})
    folders = {str(Path(p).parent) for p in reached}
    data = {p for p in modules if not p.endswith(".py") and _package_of(root, p) in folders}
    return reached | data | named


def _package_of(root: Path, path: str) -> str:
    """The nearest folder with modules in it: what a data file belongs to."""
    folder = Path(path).parent
    while not (root / folder / "__init__.py").is_file() and len(folder.parts) > 2:
        folder = folder.parent
    return str(folder)


def cells(page: Path) -> str:
    """The Python of a page's cells."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        code = ["".join(c["source"]) for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
    else:
        code = re.findall(r"^```\{code-cell\}[^\n]*\n(.*?)^```\s*$", text, re.S | re.M)
    lines = "\n".join(code).splitlines()
    return "\n".join("" if re.match(r":[\w-]+:|%\w", line) else line for line in lines)


def imports(source: str, package: str) -> set[str]:
    """Dotted names that this source may import; "*" stands for a name that is made at run time."""
    found = {"*"} if re.search(r"\b(import_module|__import__)\b", source) else set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def reach(root: Path, start: set[str], modules: set[str]) -> set[str]:
    """The modules that these names lead to, through each other."""
    todo, seen = list(start), set()
    while todo:
        name = todo.pop()
        if name == "*":
            return set(modules)
        parts = name.split(".")
        stems = ["src/" + "/".join(parts[:n]) for n in range(1, len(parts) + 1)]
        for path in (p for stem in stems for p in (f"{stem}.py", f"{stem}/__init__.py")):
            if path in modules and path not in seen:
                seen.add(path)
                package = ".".join(Path(path).parts[1:-1])
                todo += imports((root / path).read_text(encoding="utf-8"), package)
    return seen


# ------------------------------------------------------------------ doing it


class FailedError(Exception):
    """A build that did not succeed; the message is for whoever wrote the page."""


def build(root: Path = ROOT) -> None:
    """Bring ``_build/html`` up to date."""
    out = root / "_build"
    site, state_file, ran_file = out / "html", out / "state.json", out / "ran.json"
    began = time.monotonic()
    out.mkdir(exist_ok=True)
    with alone(out / ".lock"):
        now, before = look(root), read_state(state_file)
        todo = plan(before if (site / "index.html").is_file() else None, now)
        if todo.kind == "nothing":
            return tell(root, site, "The site is up to date.")
        print(
            f"Building {'every page' if todo.kind == 'all' else 'what depends on it'}: {todo.why}", flush=True
        )
        state_file.unlink(missing_ok=True)  # until this build has succeeded, nothing is trusted
        read = [*todo.pages, *forget_stale(root, ran_file, now.installed)]
        if todo.kind == "all":
            shutil.rmtree(out / ".doctrees", ignore_errors=True)
        run_sphinx(root, out, everything=todo.kind == "all", read=sorted({p.rsplit(".", 1)[0] for p in read}))
        now.files[WHEEL] = wheel_at_hand()
        write_json(state_file, vars(now))
        tell(root, site, f"Built in {time.monotonic() - began:.1f} s.")


def forget_stale(root: Path, ran_file: Path, environment: str) -> list[str]:
    """Take from jupyter-cache what ran under other sources; say which pages, and note what the cache is for from here on."""
    ran = read_json(ran_file) or {}
    pages = [p for p in inputs(root) if re.fullmatch(r"book/\w+\.(md|ipynb)", p)]
    again = stale(root, pages, ran, environment)
    gone = [page for page in ran if page not in pages]
    if again or gone:
        forget(root, [*again, *gone])
    # noted before anything runs: whatever comes into the cache from now on ran under these keys
    write_json(ran_file, {**{p: k for p, k in ran.items() if p in pages}, **again})
    return list(again)


def forget(root: Path, pages: list[str]) -> None:
    """Drop these pages' outputs from the cache."""
    folder = root / "_build" / ".jupyter_cache"
    if not folder.is_dir():
        return
    from jupyter_cache import get_cache

    cache = get_cache(folder)
    for record in cache.list_cache_records():
        if any(Path(record.uri) == root / page for page in pages):
            cache.remove_cache(record.pk)


def run_sphinx(root: Path, out: Path, everything: bool, read: list[str]) -> None:
    """One build in this process: any warning fails it, with all of them said at the end."""
    import warnings

    warnings.simplefilter("ignore")  # of the tools among themselves; Sphinx's own come through `heard`
    os.environ["TQDM_DISABLE"] = "1"  # a bar is for somebody who waits, not for a page
    os.environ["IPYTHONDIR"] = str(quiet_profile(out))
    from jupyter_book.config import get_final_config
    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    config, _ = get_final_config(
        user_yaml=root / "_config.yml", sourcedir=root, cli_config={"latex_individualpages": False}
    )
    heard = Heard()
    with patch_docutils(str(root)), docutils_namespace():
        app = None
        try:
            app = Sphinx(
                str(root), None, str(out / "html"), str(out / ".doctrees"), "html",
                confoverrides=config, status=None, warning=heard, freshenv=everything, keep_going=True,
            )  # fmt: skip
            app.connect("env-get-outdated", lambda *_: [page for page in read if page in app.env.found_docs])
            app.connect("source-read", lambda _, docname, __: print(f"  {docname}", flush=True))
            app.build(force_all=everything)
        except SphinxError as error:
            raise FailedError(f"{heard.text()}\n{error}".strip()) from error
        tracebacks = failed_cells(app.env)
    if tracebacks or heard.text():
        failures = [explain(root, page, text) for page, text in tracebacks.items()]
        rest = [
            line
            for line in heard.warnings()
            if "[mystnb.exec]" not in line and "Notebook exception traceback" not in line
        ]
        raise FailedError("\n\n".join(failures + [tidy(root, line) for line in rest]))
    prune(out / "html", set(app.env.found_docs))


def quiet_profile(out: Path) -> Path:
    """An IPython folder of the build's own: a page must not depend on what its author's IPython does at start."""
    profile = out / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(
        "c.IPKernelApp.log_level = 40\n"
    )  # it warns of local sockets
    return profile.parent


class Heard(list):
    """Where Sphinx writes its warnings."""

    def write(self, text: str) -> int:
        """Keep it."""
        self.append(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def text(self) -> str:
        """All, without colours."""
        return ANSI.sub("", "".join(self)).strip()

    def warnings(self) -> list[str]:
        """One a warning: a warning may have several lines, and each begins with a place or a level."""
        return [
            w.strip()
            for w in re.split(r"\n(?=\S*?(?::\d+)?:? ?(?:WARNING|ERROR|SEVERE|CRITICAL)\b)", self.text())
            if w.strip()
        ]


def failed_cells(env: Any) -> dict[str, str]:
    """Page → traceback, of each page whose code failed."""
    found = {}
    for page, data in getattr(env, "nb_metadata", {}).items():
        traceback = (data.get("exec_data") or {}).get("traceback")
        if traceback:
            found[page] = traceback
    return found


def explain(root: Path, page: str, traceback: str) -> str:
    """A failing cell for the eyes of its author: where, which cell, the last of the traceback."""
    source = next(p for p in (root / f"{page}.md", root / f"{page}.ipynb") if p.is_file())
    parts = re.split(r"^-{18,}\n", ANSI.sub("", traceback), flags=re.M)
    cell = parts[1].strip("\n") if len(parts) > 1 else ""
    text = source.read_text(encoding="utf-8")
    at = text.find(cell) if cell and source.suffix == ".md" else -1
    place = source.relative_to(root).as_posix() + (
        f", line {text.count(chr(10), 0, at) + 1}" if at >= 0 else ""
    )
    lines = cell.splitlines()
    shown = lines[:8] + [f"… {len(lines) - 8} more lines"] if len(lines) > 9 else lines
    last = (
        "\n".join(parts[2:]).strip().splitlines()[-18:]
        if len(parts) > 2
        else traceback.strip().splitlines()[-18:]
    )
    if "CellTimeoutError" in traceback or "Cell execution timed out" in traceback:
        last = ["The cell did not end in time (execute: timeout in _config.yml)."]
    return "\n".join(
        [f"A cell of {place} failed:", "", *(f"    {s}" for s in shown), "", *(f"  | {s}" for s in last)]
    )


def tidy(root: Path, warning: str) -> str:
    """Paths from the root; no package's own prefix."""
    return warning.replace(f"{root}{os.sep}", "")


def prune(site: Path, pages: set[str]) -> None:
    """Remove what earlier builds left of pages that are gone, and what no page asks for."""
    keep = {f"{page}.html" for page in pages} | {"index.html", "search.html", "genindex.html"}
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        if name not in keep and not name.startswith(("code/", "_static/")):
            path.unlink()
    for name in (
        "_static/basic.css",
        "_static/pygments.css",
        "_static/file.png",
        "_static/minus.png",
        "_static/plus.png",
        "objects.inv",
        ".buildinfo.bak",
    ):
        (site / name).unlink(missing_ok=True)
    for folder in ("reports", "_sphinx_design_static", "_sources"):
        shutil.rmtree(site / folder, ignore_errors=True)
    for css in (site / "_static").glob("mystnb*.css"):
        css.unlink()


# ------------------------------------------------------------------ files and words


def read_state(path: Path) -> State | None:
    """The state of the last build that succeeded."""
    data = read_json(path)
    try:
        return State(**data) if data else None
    except TypeError:
        return None


def read_json(path: Path) -> Any:
    """None where there is no such file, or not a whole one."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_json(path: Path, data: Any) -> None:
    """All of it or nothing."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(data, indent=0, sort_keys=True), encoding="utf-8")
    os.replace(new, path)


@contextmanager
def alone(lock: Path):
    """One build at a time; where the system has no such lock, take care yourself."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another build is running; waiting for it …", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def tell(root: Path, site: Path, first: str) -> None:
    """Where the site is, and how to look at it."""
    index = site / "index.html"
    print(f"{first}\n  {index.relative_to(root)}   open it in a browser, or: make serve")


# ------------------------------------------------------------------ serving


TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm", ".woff2": "font/woff2"}
"""What some systems' own lists do not know."""


def serve(port: int, root: Path = ROOT) -> None:
    """Serve the built site to this machine until Ctrl-C."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        extensions_map = {**SimpleHTTPRequestHandler.extensions_map, **TYPES}  # noqa: RUF012

        def log_message(self, format: str, *args: Any) -> None:
            """A reader of pages is not a reader of logs."""

    site = root / "_build" / "html"
    if not (site / "index.html").is_file():
        raise FailedError("There is no site yet: make book")
    ThreadingHTTPServer.allow_reuse_address = sys.platform != "win32"
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(Quiet, directory=str(site)))
    except (OSError, OverflowError) as error:
        raise FailedError(
            f"Port {port} can't be used ({getattr(error, 'strerror', None) or error}); another: make serve PORT={port + 1 if port < 65535 else 8000}"
        ) from None
    with server:
        print(f"Unrolled is at http://127.0.0.1:{server.server_port}/   (Ctrl-C ends)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def main(arguments: list[str] | None = None) -> int:
    """Return 0 if the site stands, 1 if not, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(description="Build the website into _build/html, or serve it.")
    parser.add_argument("--serve", type=int, metavar="PORT", help="serve what was built on 127.0.0.1")
    options = parser.parse_args(arguments)
    try:
        serve(options.serve) if options.serve is not None else build()
    except FailedError as failure:
        print(f"\n{failure}\n", file=sys.stderr)
        if options.serve is None:
            print("The site was not built.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What is half-built is not trusted; the next build starts over.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    sys.exit(main())
