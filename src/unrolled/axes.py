"""The dimension key, and the one check of shapes that every module calls.

    B  sequences in a batch       T  steps of a sequence (target length)   S  source length
    D  size of an input vector    H  size of a hidden state                K  classes, or outputs

``"*B"`` stands for any leading axes, none included: a cell takes one vector ``(D,)``, a batch
``(B, D)`` or anything else that ends in ``D``.
"""

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike

__all__ = [
    "Array",
    "Bool",
    "Float",
    "Int",
    "Sizes",
    "expect_finite",
    "expect_ids",
    "expect_mask",
    "expect_shape",
]

Array = np.ndarray
Sizes = dict[str, tuple[int | tuple[int, ...], str]]
"""What each axis letter stands for so far: its size, and the name of the array that fixed it."""


def expect_shape(
    name: str, array: ArrayLike, axes: tuple[str | int, ...], sizes: Sizes | None = None
) -> Array:
    """Return ``array`` as a NumPy array, or raise ``ValueError`` with the shape expected and got.

    ``axes`` names each axis by letter; a letter that ``sizes`` knows already must have that size,
    a new one is noted there.  An ``int`` fixes a size.

    >>> sizes = {}
    >>> x = expect_shape("x_t", [1.0, 2.0], ("*B", "D"), sizes)
    >>> expect_shape("W", np.zeros((4, 3)), ("H", "D"), sizes)
    Traceback (most recent call last):
        ...
    ValueError: W: expected shape (H, D=2), got (4, 3); D = 2 comes from x_t
    """
    array = np.asarray(array)
    sizes = {} if sizes is None else sizes
    got = _split_leading(array.shape, axes)
    known = [(axis, got_size) for axis, got_size in zip(axes, got or (), strict=False)]
    wrong = [axis for axis, size in known if _known_size(axis, sizes) not in (None, size)]
    if got is None or wrong:
        sources = "".join(
            f"; {a} = {_show(sizes[a][0])} comes from {sizes[a][1]}" for a in wrong if a in sizes
        )
        raise ValueError(f"{name}: expected shape {_describe(axes, sizes)}, got {array.shape}{sources}")
    for axis, size in known:
        if isinstance(axis, str):
            sizes.setdefault(axis, (size, name))
    return array


def expect_finite(name: str, array: Array) -> Array:
    """Return ``array`` unless it holds NaN or infinity: then say how many and where the first is."""
    bad = ~np.isfinite(array)
    if bad.any():
        first = tuple(int(n) for n in np.argwhere(bad)[0])
        raise ValueError(
            f"{name}: expected finite numbers, got {int(bad.sum())} NaN or infinite, first at {first}"
        )
    return array


def expect_ids(name: str, ids: ArrayLike, n_vocab: int) -> Array:
    """Return token ids as an integer array, or say which id is not in ``0 … n_vocab - 1``."""
    ids = np.asarray(ids)
    if not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(f"{name}: expected integer token ids, got dtype {ids.dtype}")
    wrong = ids[(ids < 0) | (ids >= n_vocab)]
    if wrong.size:
        raise ValueError(f"{name}: expected ids from 0 to {n_vocab - 1}, got {int(wrong[0])}")
    return ids


def expect_mask(name: str, mask: ArrayLike, sizes: Sizes) -> Array:
    """Return a boolean ``(*B, T)`` mask, True at real tokens; no sequence of it may be empty."""
    mask = expect_shape(name, mask, ("*B", "T"), sizes)
    if mask.dtype != bool:
        raise ValueError(f"{name}: expected booleans, True at real tokens, got dtype {mask.dtype}")
    empty = np.argwhere(~mask.any(axis=-1))
    if empty.size:
        where = tuple(int(n) for n in empty[0])
        raise ValueError(
            f"{name}: expected at least one real token in each sequence, got none in sequence {where}"
        )
    return mask


def _split_leading(shape: tuple[int, ...], axes: tuple[str | int, ...]) -> list[int | tuple[int, ...]] | None:
    """Sizes by axis, the leading ones gathered under ``"*…"``; None where the rank cannot fit."""
    leading = bool(axes) and isinstance(axes[0], str) and axes[0].startswith("*")
    fixed = len(axes) - leading
    if len(shape) < fixed or (not leading and len(shape) != fixed):
        return None
    cut = len(shape) - fixed
    return [shape[:cut], *shape[cut:]] if leading else list(shape)


def _known_size(axis: str | int, sizes: Sizes) -> int | tuple[int, ...] | None:
    return axis if isinstance(axis, int) else sizes.get(axis, (None, ""))[0]


def _describe(axes: tuple[str | int, ...], sizes: Sizes) -> str:
    words = [
        str(a) if _known_size(a, sizes) in (None, a) else f"{a}={_show(_known_size(a, sizes))}" for a in axes
    ]
    return f"({', '.join(words)}{',' if len(words) == 1 else ''})"


def _show(size: int | tuple[int, ...] | None) -> str:
    return str(size)
