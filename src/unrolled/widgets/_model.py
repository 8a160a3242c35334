"""Trained weights on their way to the page, and the words they know.

    pack(model)        a checkpoint's name, a Checkpoint, or your own arrays → the dict that travels:
                       {"hash", "config", "vocabularies", "arrays": {name: {"shape", "data"}}}, data = base64 of float16
    unpack(packed)     → (params, vocabularies): float64 arrays as the page has them, rounded to float16
    Weights            a trait that packs whatever is assigned; in a widget: ``weights = Weights().tag(sync=True)``
    encode(packed, text)  → (tokens, ids, unknown): the words and ids that the page reads in ``text``
    params, config, vocabularies of ``unrolled.checkpoints.load(name)`` are used as they are; your own model is
    pack({"E": …, "W": …, "U": …, "V": …}, ["<unk>", …]): names and shapes of unrolled.scratch, E is (D, n_vocab).

In Jupyter the trait itself travels.  On the website ``book/_ext/weights.py`` moves what it holds into a file named by
its hash, once for all widgets; ``widget-host.js`` fetches that when the widget comes near, before ``render`` is called,
so the widget's own code sees the same dict in both places: ``openModel(model.get("weights"))`` of ``static/_model.mjs``.
At most 600 kB of base64 a widget.  Any dict with "hash" and "arrays" in any trait, at any depth, is moved so.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets

from unrolled.axes import Array, Int, expect_finite
from unrolled.data.tokens import tokenize
from unrolled.widgets._base import SizeError, from_base64, to_base64

MOST_BYTES = 600_000
"""The most characters of base64 that one model may have."""
LARGEST = float(np.finfo(np.float16).max)

Packed = dict[str, Any]


def pack(
    model: Any,
    words: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    config: Mapping[str, Any] | None = None,
) -> Packed:
    """What travels of a checkpoint (its name, or as loaded), or of your own arrays with their vocabulary.

    ``words`` is a list, or lists by name ({"source": …, "target": …}); ``config`` anything that JSON holds.
    Raises ValueError where an array is not finite, does not fit in float16 or has other axes than 1 or 2, where E has
    another number of columns than there are words, and where all is more than 600 kB.
    """
    if isinstance(model, Mapping) and {"hash", "arrays"} <= set(model):
        return dict(model)
    if isinstance(model, str):
        from unrolled import checkpoints  # only who asks for one needs the package

        model = checkpoints.load(model)
    params = getattr(model, "params", model)
    if params is not model:
        words = words or getattr(model, "vocabularies", None)
        config = config or getattr(model, "config", None)
    if not isinstance(params, Mapping) or not params:
        raise SizeError(f"model: expected a checkpoint or a dict of arrays, got {type(model).__name__}")
    vocabularies = _vocabularies(words)
    arrays = {name: _expect_array(name, array) for name, array in params.items()}
    _expect_words(arrays, vocabularies)
    return _travelling(arrays, vocabularies, dict(config or {}))


def unpack(packed: Packed) -> tuple[dict[str, Array], dict[str, list[str]]]:
    """The parameters as the page computes with them, and the vocabularies."""
    arrays = {name: from_base64(a["data"], tuple(a["shape"])) for name, a in packed["arrays"].items()}
    return arrays, packed["vocabularies"]


def encode(
    packed: Packed, text: str, vocabulary: str = "words"
) -> tuple[list[str], Int[Array, " T"], list[bool]]:
    """The tokens of a text, their ids, and which of them are unknown: as written, else in small letters, else <unk>."""
    at = {word: n for n, word in enumerate(packed["vocabularies"][vocabulary])}
    tokens, unk = tokenize(text), at.get("<unk>", -1)
    ids = [at.get(token, at.get(token.lower(), unk)) for token in tokens]
    return (
        tokens,
        np.array(ids, dtype=np.int64),
        [n == unk and t != "<unk>" for n, t in zip(ids, tokens, strict=True)],
    )


class Weights(traitlets.TraitType):
    """A model ready to travel: takes whatever ``pack`` takes alone; ``{}`` is none."""

    default_value = {}  # noqa: RUF012 (traitlets copies it)

    def validate(self, obj: Any, value: Any) -> Packed:
        """The dict that travels."""
        return {} if isinstance(value, Mapping) and not value else pack(value)


def cell_of(packed: Packed, prefix: str = "") -> str:
    """Which of rnn, gru and lstm the names below a prefix speak of; "" if of none."""
    names = packed["arrays"]
    return next(
        (kind for kind, key in (("lstm", "W_f"), ("gru", "W_r"), ("rnn", "W")) if prefix + key in names), ""
    )


def _vocabularies(words: Any) -> dict[str, list[str]]:
    named = words if isinstance(words, Mapping) else {} if words is None else {"words": words}
    found = {name: [str(word) for word in each] for name, each in named.items()}
    for name, each in found.items():
        if len(set(each)) != len(each):
            raise SizeError(f"{name}: expected each word once, got {max(each, key=each.count)!r} again")
    return found


def _expect_array(name: str, value: Any) -> Array:
    if not re.fullmatch(r"[\w.]+", str(name)):
        raise SizeError(f"params: expected names of letters, digits, dots and underscores, got {name!r}")
    try:
        array = expect_finite(name, np.asarray(value, dtype=float))
    except (TypeError, ValueError) as error:
        raise SizeError(
            str(error) if str(error).startswith(name) else f"{name}: expected numbers, got {value!r:.60}"
        ) from None
    if array.ndim not in (1, 2) or not array.size:
        raise SizeError(f"{name}: expected 1 or 2 axes and some numbers, got shape {array.shape}")
    if np.abs(array).max() > LARGEST:
        raise SizeError(
            f"{name}: expected numbers up to {LARGEST:g}, all that float16 holds, got {np.abs(array).max():g}"
        )
    return array


def _expect_words(arrays: dict[str, Array], vocabularies: dict[str, list[str]]) -> None:
    words, E = vocabularies.get("words"), arrays.get("E")
    if words is not None and E is not None and (E.ndim != 2 or E.shape[1] != len(words)):
        raise SizeError(
            f"E: expected shape (D, n_vocab={len(words)}), got {E.shape}; n_vocab comes from words"
        )
    if words is not None and "<unk>" not in words:
        raise SizeError('words: expected "<unk>" among them, for words the model does not know, got none')


def _travelling(
    arrays: dict[str, Array], vocabularies: dict[str, list[str]], config: dict[str, Any]
) -> Packed:
    content = {
        "config": config,
        "vocabularies": vocabularies,
        "arrays": {n: {"shape": list(a.shape), "data": to_base64(a)} for n, a in arrays.items()},
    }
    size = sum(len(a["data"]) for a in content["arrays"].values())
    if size > MOST_BYTES:
        raise SizeError(f"params: expected at most {MOST_BYTES:,} bytes as base64 of float16, got {size:,}")
    try:
        text = json.dumps(content, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise SizeError(f"config: expected what JSON can hold, got {error}") from None
    return {"hash": hashlib.sha256(text.encode()).hexdigest()[:16], **content}
