"""What every widget needs on the Python side: one self-contained module, and arrays that travel well.

A notebook carries a widget's source in its saved state, so the module may import nothing: ``module``
puts the shared parts, the style sheets and the widget itself into one text.
"""

import base64
import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from unrolled.axes import Array, expect_finite
from unrolled.widgets._squeeze import tighten, tighten_css

STATIC = Path(__file__).parent / "static"
LIMIT = 60_000
"""The most bytes a module may weigh, since each saved notebook carries it."""
IMPORT = re.compile(r'^import \{[^}]*\} from "\./(_\w+)\.mjs";\n', re.MULTILINE)
"""How a widget, or a shared part, asks for a shared part: ``_kit`` for all, ``_chart`` for axes and lines."""


class SizeError(ValueError, traitlets.TraitError):
    """A value that does not fit its network: a ValueError that also lets traitlets take the change back."""


def in_range(ranges: Mapping[str, tuple[float, float]]) -> Any:
    """A validator: each trait of ``ranges`` keeps to its least and its most, both allowed, or SizeError."""

    @traitlets.validate(*ranges)
    def check(_: traitlets.HasTraits, proposal: Any) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        least, most = ranges[name]
        if not least <= value <= most:
            raise SizeError(f"{name}: expected {least} to {most}, got {value}")
        return value

    return check


def module(name: str) -> str:
    """The source of widget ``name``: the shared parts that it imports, styles and itself, without an import."""
    *parts, _ = needed = _needed(name)
    css = "".join(tighten_css(_read(f"{part}.css")) for part in needed if (STATIC / f"{part}.css").exists())
    widget, shared = _read(f"{name}.mjs"), "".join(_read(f"{part}.mjs") for part in parts)
    shared = shared.replace('const CSS = "";', f"const CSS = {json.dumps(css)};", 1)
    shared = _used(_squeeze_js(IMPORT.sub("", shared)), widget)
    shared = re.sub(r"^export (?=const|function|async|class)", "", shared, flags=re.MULTILINE)
    return tighten(shared + _squeeze_js(IMPORT.sub("", widget)))


def _needed(name: str) -> list[str]:
    """A widget's shared parts, and theirs, each once and after those that it needs itself; the widget last."""
    found: list[str] = []
    for part in IMPORT.findall(_read(f"{name}.mjs")):
        found += [other for other in _needed(part) if other not in found]
    return [*found, name]


PART = re.compile(r"^(?=(?:export )?(?:const|let|class|(?:async )?function\*?) )", re.MULTILINE)
NAME = re.compile(r"(?:export )?(?:const|let|class|(?:async )?function\*?) (\w+)")


def _used(shared: str, widget: str) -> str:
    """The shared parts' declarations, those left out that neither the widget nor what it uses names."""
    parts = PART.split(shared)
    while True:
        words = Counter(word for part in [*parts, widget] for word in set(re.findall(r"\w+", part)))
        kept = [p for p in parts if not NAME.match(p) or any(words[name] > 1 for name in _names(p))]
        if len(kept) == len(parts):
            return "".join(parts)
        parts = kept


def _names(part: str) -> list[str]:
    """What a declaration names, and perhaps more: ``const a = 1, b = 2;`` names two."""
    return NAME.findall(part)[:1] + re.findall(r", (\w+) = ", part.split("\n", 1)[0])


class Numbers(traitlets.TraitType):
    """A vector or matrix of finite numbers: takes anything array-like, keeps nested lists (JSON)."""

    def __init__(self, ndim: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.ndim = ndim

    def validate(self, obj: Any, value: ArrayLike) -> list:
        """Return nested lists of floats, or raise with what was expected."""
        return numbers(self.name or "array", value, self.ndim)


def numbers(name: str, value: ArrayLike, ndim: int) -> list:
    """``value`` as nested lists of floats, or SizeError if it is ragged, not finite, or has other axes."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise SizeError(f"{name}: expected numbers in {ndim} regular axes, got {value!r:.80}") from None
    if array.ndim != ndim:
        raise SizeError(f"{name}: expected {ndim} axes, got shape {array.shape}")
    try:
        return expect_finite(name, array).tolist()
    except ValueError as error:
        raise SizeError(str(error)) from None


def to_base64(array: ArrayLike) -> str:
    """Little-endian float16 in base64, row by row: how arrays travel to ``decodeF16`` of the kit."""
    with np.errstate(over="ignore"):
        return base64.b64encode(np.asarray(array, dtype="<f2").tobytes()).decode("ascii")


def from_base64(text: str, shape: tuple[int, ...]) -> Array:
    """The array that ``to_base64`` wrote, as float64."""
    return np.frombuffer(base64.b64decode(text), dtype="<f2").reshape(shape).astype(float)


def _read(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def _squeeze_js(text: str) -> str:
    """Without comment lines; our modules have no text that spans lines."""
    text = re.sub(r"^\s*/\*\*.*?\*/\n", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^\s*//.*\n", "", text, flags=re.MULTILINE)
