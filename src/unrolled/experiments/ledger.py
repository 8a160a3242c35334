"""The ledger ``book/claims.json``: what was measured, from which the prose reads every number.

An entry holds the figures of each seed and their summary, the criterion's words and source, the verdict that
follows, and what it takes to measure again: data with its hash, versions, commit, seconds.
"""

import inspect
import json
import math
import os
import platform
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from importlib.metadata import PackageNotFoundError, files, version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

try:
    import fcntl
except ImportError:  # Windows: one process at a time there
    fcntl = None

__all__ = [
    "LEDGER",
    "ROOT",
    "differences",
    "entry",
    "read",
    "record",
    "summarise",
    "t_quantile",
    "write_json",
]

ROOT = Path(__file__).parents[3]
"""The clone, where there is one."""


def _installed() -> Path | None:
    """The copy of the ledger that came with an installed package, which has no book beside it."""
    try:
        names = files("unrolled") or []
    except PackageNotFoundError:
        return None
    return next((Path(str(name.locate())) for name in names if name.name == "claims.json"), None)


LEDGER = ROOT / "book" / "claims.json"
if not LEDGER.parent.is_dir():
    LEDGER = _installed() or LEDGER

# Student's t, 97.5 %, for 1 … 30 degrees of freedom
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


def t_quantile(freedom: int) -> float:
    """The 97.5 % point of Student's t: 95 % lies between this and its negative; to three decimals up to 30, 0.003 beyond.

    >>> t_quantile(4)
    2.776
    """
    if freedom < 1:
        raise ValueError(f"freedom: expected at least 1, which takes two runs, got {freedom}")
    return _T[freedom - 1] if freedom <= len(_T) else 1.95996 + 2.3723 / freedom + 2.8225 / freedom**2


def summarise(runs: list[dict]) -> dict[str, dict[str, Any]]:
    """{figure: {mean, sd (n - 1), ci95 of the mean by Student's t, n}}; sd and ci95 are None for one run.

    Raises ValueError unless every run has the same figures.
    """
    names = list(runs[0]["figures"]) if runs else []
    for run in runs:
        if set(run["figures"]) != set(names):
            raise ValueError(
                f"figures: expected {sorted(names)} in seed {run['seed']}, got {sorted(run['figures'])}"
            )
    return {name: _summary([run["figures"][name] for run in runs]) for name in names}


def entry(claim: ModuleType, runs: list[dict]) -> dict[str, Any]:
    """What the ledger says of one claim, from its module and its runs."""
    runs = [
        {
            "seed": run["seed"],
            "seconds": round(run["seconds"], 1),
            "figures": {name: _round(value) for name, value in run["figures"].items()},
        }
        for run in sorted(runs, key=lambda run: run["seed"])
    ]
    summary = summarise(runs)
    return {
        "title": claim.TITLE,
        "chapter": claim.CHAPTER,
        "section": claim.SECTION,
        "statement": claim.STATEMENT,
        "criterion": " ".join((inspect.getdoc(claim.criterion) or "").split()),
        "criterion_source": inspect.getsource(claim.criterion),
        "verdict": claim.criterion(summary),
        "data": claim.data(),
        "versions": {name: version(name) for name in ("numpy", "torch")}
        | {"python": platform.python_version()},
        "commit": _commit(),
        "runs": runs,
        "summary": summary,
    }


def read(path: Path = LEDGER) -> dict[str, dict]:
    """The ledger; empty where nothing has been measured yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def record(name: str, found: dict[str, Any], path: Path = LEDGER) -> None:
    """Put one claim's entry in the ledger; the others stay as they are, claims in the order of their names.

    Two processes may record at once: the second waits for the first, so neither's entry is lost.
    """
    with _alone(path):
        write_json(path, dict(sorted({**read(path), name: found}.items())))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock of the file's folder, which leaves no file of its own behind and ends with the process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if fcntl is None:
        yield
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)  # and the lock with it


def write_json(path: Path, value: Any) -> None:
    """Write beside the file, then put it in its place at once; one figure a line, so that diffs are small."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(beside, path)


def differences(
    expected: dict[str, float], got: dict[str, float], tolerance: dict[str, float]
) -> Iterable[str]:
    """One line for each figure that is missing, new, or further off than its tolerance (first pattern that fits)."""
    for name in sorted({*expected, *got}):
        if name not in got or name not in expected:
            yield f"{name}: expected {expected.get(name, 'no such figure')}, got {got.get(name, 'no such figure')}"
            continue
        allowed = next((t for pattern, t in tolerance.items() if fnmatchcase(name, pattern)), 0.0)
        off = abs(got[name] - expected[name])
        if not off <= allowed + 1e-5 * abs(expected[name]):  # the ledger is rounded to six figures
            yield f"{name}: expected {expected[name]:g} ± {allowed:g}, got {got[name]:g}"


def _summary(values: list[float]) -> dict[str, Any]:
    mean, n = float(np.mean(values)), len(values)
    if n < 2:
        return {"mean": _round(mean), "sd": None, "ci95": None, "n": n}
    sd = float(np.std(values, ddof=1)) if len(set(values)) > 1 else 0.0  # not the rounding of its mean
    half = t_quantile(n - 1) * sd / math.sqrt(n)
    return {
        "mean": _round(mean),
        "sd": _round(sd),
        "ci95": [_round(mean - half), _round(mean + half)],
        "n": n,
    }


def _round(value: float) -> float:
    """Six significant figures, more than any seed is worth; not finite is an error, since JSON has no such number."""
    if not math.isfinite(value):
        raise ValueError(f"figures: expected finite numbers, got {value}")
    return float(f"{value:.6g}")


def _commit() -> str:
    """The commit that was measured; "+" where the package differs from it."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "--", "src") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
