"""Predictions: a student says at which steps something happens, and a run of the network decides.

Each case has the steps that a run found, and hints for the predictions that a known mistake leads to.
"""

from collections.abc import Callable, Mapping
from typing import Any

from unrolled.checks._report import CheckFailed, call, name_of

Hints = Mapping[str, list[tuple[list[int], str]]]
"""Case -> (a wrong prediction, what its author did not think of)."""


def check_steps(
    student: Callable[..., Any],
    found: Mapping[str, list[int]],
    hints: Hints,
    last: int,
    what: str,
    unit: str = "steps",
) -> None:
    """``student()`` must give a dict with the steps of each case, 1 … ``last``; ``what`` may happen at none, hence [].

    ``unit`` says what is counted, if not steps.
    """
    name, answer = name_of(student), call(student, [])
    if not isinstance(answer, dict):
        raise CheckFailed(f"{name}: expected a dict with a list of {unit} for each case, got {answer!r}.")
    missing = [case for case in found if case not in answer]
    if missing:
        raise CheckFailed(f"{name}: the dict lacks {', '.join(missing)}.")
    for case, steps in found.items():
        predicted = _read_steps(f"{name}, {case}", answer[case], last, what, unit)
        if predicted != steps:
            known = [hint for pattern, hint in hints[case] if pattern == predicted]
            reason = known[0] if known else f"a run of the network gives other {unit}. Try it, then say why."
            raise CheckFailed(f"{name}, {case}: {reason}\n  you predicted: {predicted}")


def _read_steps(name: str, steps: Any, last: int, what: str, unit: str) -> list[int]:
    """The predicted steps in order, whatever collection they came in."""
    if steps is None or steps is Ellipsis:
        raise CheckFailed(f"{name}: no prediction yet. Give a list of {unit}; [] if no {what}.")
    try:
        found = sorted({int(step) for step in steps})
        whole = all(int(step) == step for step in steps)
    except (TypeError, ValueError):
        raise CheckFailed(f"{name}: expected a list of {unit} such as [1, 2], got {steps!r}.") from None
    if 0 in found:
        first = f", as in h_1 … h_{last}; h_0 is the start." if unit == "steps" else f" to {last}."
        raise CheckFailed(f"{name}: count the {unit} from 1{first}")
    if not whole or any(not 1 <= step <= last for step in found):
        raise CheckFailed(f"{name}: expected whole numbers from 1 to {last}, got {steps!r}.")
    return found
