"""How checkpoints are found that can be made, and what they say of their data."""

import importlib
import pkgutil
from types import ModuleType
from typing import Any

from unrolled import checkpoints
from unrolled.data.registry import lookup

PARTS = ("train", "measure", "both")


def recipes() -> list[str]:
    """The names of the checkpoints that can be made; none is imported for it."""
    return sorted(i.name for i in pkgutil.iter_modules(checkpoints.__path__) if not i.name.startswith("_"))


def recipe(name: str) -> ModuleType:
    """The module that makes a checkpoint; ValueError where there is none, or it lacks a part."""
    if name not in recipes():
        raise ValueError(f"checkpoint: expected one of {', '.join(recipes()) or 'none yet'}, got {name!r}")
    module = importlib.import_module(f"{checkpoints.__name__}.{name}")
    missing = [part for part in PARTS if not callable(getattr(module, part, None))]
    if missing:
        raise ValueError(
            f"checkpoints/{name}.py: expected {', '.join(PARTS)}, got none of {', '.join(missing)}"
        )
    return module


def about(corpus: str, **more: Any) -> dict[str, Any]:
    """What a checkpoint says of its data: corpus, title, licence, attribution, the hash of each file, and ``more``."""
    source = lookup(corpus)
    return {
        "corpus": source.name,
        "title": source.title,
        "licence": source.licence,
        "attribution": source.attribution,
        "sha256": {file.name: file.sha256 for file in source.files},
    } | more
