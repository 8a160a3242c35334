"""Small weights that we trained, with what made them; they load with NumPy alone and no network.

    checkpoint = load("word_lm")                       # names() lists what there is
    logits, state, _ = lm_forward(ids, checkpoint.params, CELLS[checkpoint.config["cell"]])

A recipe is a module beside this file, named as its checkpoint, with three functions (torch is imported there, never here):
``train() -> Checkpoint``, ``measure(checkpoint, sample) -> float`` (the figure on any sample of one form, so on the whole test
split too) and ``both(checkpoint, sample) -> (ours, theirs)`` (the outputs of ``scratch`` and of the nn model in float64, which
a test compares).  ``train`` ends with ``Checkpoint(name, params, config, vocabularies, about("tatoeba"), seed).measured(measure,
"perplexity", test, sample)``, where a sample is plain data: {"ids": [[2, 7, 3], …], …}, 50 to 100 sentences of the test split.
``python -m unrolled.checkpoints [names]`` runs recipes and writes ``<name>.npz`` beside them.
"""

import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from unrolled.axes import Array

__all__ = ["FOLDER", "MAX_BYTES", "Checkpoint", "load", "names", "read", "save"]

FOLDER = Path(__file__).parent
MAX_BYTES = 1_000_000
_ABOUT = "about.json"
_TOLD = (
    "name", "config", "vocabularies", "data", "seed",
    "metric", "sample", "sample_figure", "seconds", "versions",
)  # fmt: skip


@dataclass(frozen=True)
class Checkpoint:
    """Weights and all that belongs to them.  ``params`` are rounded to float16 when it is made, before anything is measured.

    Raises ValueError where a parameter is not finite in float16.
    """

    name: str
    params: dict[str, Array]
    """float64 arrays under the letters of ``scratch``, of numbers that float16 can hold"""
    config: dict[str, Any]
    """what it takes to build the model: cell, D, H, …"""
    vocabularies: dict[str, list[str]]
    """the words by id, <pad> <unk> <s> </s> first: {"words": […]}, {"source": …, "target": …}, {"words": …, "tags": …}"""
    data: dict[str, Any]
    """corpus, title, licence, attribution, sha256 of each file, and whatever else says what was read"""
    seed: int
    metric: dict[str, float] = field(default_factory=dict)
    """figures on the whole test split; the first is ``measure``'s"""
    sample: dict[str, Any] = field(default_factory=dict)
    """a few examples of the test split as ids, in the form ``measure`` takes; the licence in ``data`` holds for them"""
    sample_figure: float = float("nan")
    """what ``measure`` says of the sample"""
    seconds: float = 0.0
    """of one thread, to train and measure it"""
    versions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        object.__setattr__(self, "params", {name: _rounded(name, p) for name, p in self.params.items()})

    @property
    def command(self) -> str:
        """What makes it again."""
        return f"python -m unrolled.checkpoints {self.name}"

    def measured(
        self,
        measure: Callable[["Checkpoint", Any], float],
        figure: str,
        test: Mapping[str, Any],
        sample: Mapping[str, Any],
        **others: float,
    ) -> "Checkpoint":
        """The same with ``metric`` {figure: measure on ``test``, **others}, the sample and its figure."""
        metric = {figure: float(measure(self, test)), **others}
        return replace(
            self, metric=metric, sample=dict(sample), sample_figure=float(measure(self, dict(sample)))
        )

    def __repr__(self) -> str:
        size = sum(p.size for p in self.params.values())
        figures = ", ".join(f"{name} {value:.4g}" for name, value in self.metric.items())
        return f"Checkpoint({self.name!r}: {size:,} numbers, {figures}; {self.data.get('title', 'no data')})"


def names() -> list[str]:
    """The checkpoints that are here."""
    return sorted(path.stem for path in FOLDER.glob("*.npz"))


def load(name: str) -> Checkpoint:
    """The checkpoint of that name; ValueError lists the names, or says that its file is damaged."""
    if name not in names():
        raise ValueError(f"checkpoint: expected one of {', '.join(names()) or 'none yet'}, got {name!r}")
    return read(FOLDER / f"{name}.npz")


def read(path: str | os.PathLike) -> Checkpoint:
    """Read what `save` wrote; ValueError if the file is something else or damaged."""
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            about = json.loads(archive.read(_ABOUT))
            params = {
                entry.removesuffix(".npy"): np.lib.format.read_array(
                    io.BytesIO(archive.read(entry)), allow_pickle=False
                )
                for entry in archive.namelist()
                if entry != _ABOUT
            }
        return Checkpoint(params=params, **about)
    except FileNotFoundError:
        raise ValueError(f"{path}: expected a checkpoint, got no file") from None
    except Exception as error:  # zip, zlib, JSON and NumPy each have their own ways to say it
        raise ValueError(
            f"{path}: expected a checkpoint as save() writes it, got a damaged file or another one ({error})"
        ) from None


def save(checkpoint: Checkpoint, path: str | os.PathLike) -> None:
    """Write float16 arrays and one JSON text as .npz, the same bytes for the same checkpoint, at once or not at all.

    Raises ValueError where the file would be larger than 1 MB, or has not been measured.
    """
    if (
        not checkpoint.metric
        or not np.isfinite([*checkpoint.metric.values(), checkpoint.sample_figure]).all()
    ):
        raise ValueError(f"metric: expected finite figures of {checkpoint.name}, got {checkpoint.metric}")
    about = json.dumps({part: getattr(checkpoint, part) for part in _TOLD}, ensure_ascii=False, indent=0)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, p in checkpoint.params.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, p.astype(np.float16), version=(1, 0), allow_pickle=False)
            archive.writestr(_entry(f"{name}.npy"), content.getvalue(), compresslevel=9)
        archive.writestr(_entry(_ABOUT), about.encode(), compresslevel=9)
    size = len(file.getvalue())
    if size > MAX_BYTES:
        raise ValueError(f"{checkpoint.name}: expected at most {MAX_BYTES:,} bytes, got {size:,}")
    path = Path(path)
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(file.getvalue())
    os.replace(beside, path)


def _entry(name: str) -> zipfile.ZipInfo:
    """An entry of the archive without the time and the machine in it."""
    entry = zipfile.ZipInfo(name)  # 1980-01-01
    entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
    return entry


def _rounded(name: str, p: Array) -> Array:
    with np.errstate(over="ignore"):
        rounded = np.asarray(p).astype(np.float16).astype(np.float64)
    if not np.isfinite(rounded).all():
        raise ValueError(f"{name}: expected numbers that float16 can hold, got one that is not")
    return rounded
