"""Tasks in torch: checks hold NumPy arrays, as ever, and make tensors of them at the call.

A check may not import torch, which no browser has.  The notebook's setup cell does, and so torch is there when a check runs:

    examples = [Example(tensors({"logits": LOGITS, "ids": IDS}), expected)]     # expected stays NumPy or numbers
    check_outputs(student, examples, [(hint, in_numpy(variant)), …])            # variants stay NumPy, too

A task asks for a function of tensors, arrays and plain data that returns the same, never a module: only these cross
to the grader.  A result may carry its history; it is detached before it is compared.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.checks._report import CheckFailed


def tensors(value: Any) -> Any:
    """The same data with a tensor for every array: numbers in torch's own float32, ids int64, masks bool.

    Goes into dicts, lists and tuples.  Raises CheckFailed where nobody has imported torch.
    """
    if isinstance(value, dict):
        return {key: tensors(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(tensors(part) for part in value)
    if not isinstance(value, np.ndarray):
        return value
    torch = sys.modules.get("torch")
    if torch is None:
        raise CheckFailed("this task needs torch: run the first code cell of the notebook, which imports it.")
    return torch.tensor(value.astype(np.float32) if value.dtype.kind == "f" else value)


def arrays(value: Any) -> Any:
    """The way back: the same data with an array for every tensor, floats in float64."""
    if isinstance(value, dict):
        return {key: arrays(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(arrays(part) for part in value)
    if not hasattr(value, "detach"):
        return value
    array = np.asarray(value.detach()).copy()
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def in_numpy(variant: Callable[..., Any]) -> Callable[..., Any]:
    """A variant that is written in NumPy, as one that takes tensors."""
    return lambda *args: variant(*(arrays(arg) for arg in args))
