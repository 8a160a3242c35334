"""What every check is made of: call the student's function, compare, and name the mistake.

A check holds a few worked examples and a list of *wrong* variants of the asked function, each with
the sentence that names what went wrong:

    check_outputs(student, examples=[Example(args, expected)], wrong=[(hint, variant), …])

Where the student's values differ from the expected ones, the first variant that gives the same values
on that example tells which mistake it was.  So a check needs no rules to recognise a mistake, only the
mistake itself.  ``expected`` is numbers, so no check needs the answer as code; and a student's function
that runs into this package, or into one of the functions a check calls ``borrowed``, earns nothing.

Every failure is one ``CheckFailed`` with an explanation, what was expected and what was got.
It carries no traceback into a notebook, so no test code is shown there.
"""

import sys
import textwrap
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np

RTOL, ATOL = 1e-4, 1e-5  # float32 and any order of operations pass
OTHER_VALUES = "the shape is right, the values are not."
WIDTH = 72  # `nbgrader validate` cuts lines at 87, an indent and our first words included

Variant = tuple[str, Callable[..., Any]]
"""The sentence that names a mistake, and the asked function with that mistake."""


class CheckFailed(AssertionError):  # noqa: N818 - a result, as pytest's Failed
    """A check did not pass; the message is for the student, wrapped to ``WIDTH``, and ``unwrapped`` for a page."""

    def __init__(self, message: str):
        self.unwrapped = message
        lines = message.split("\n")
        wrapped = [textwrap.fill(lines[0], WIDTH, break_long_words=False, break_on_hyphens=False)]
        super().__init__("\n".join([*wrapped, *lines[1:]]))

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback."""
        return ["Not yet. " + str(self)]


class Example(NamedTuple):
    """One call with small numbers: arguments by name, in order, and what must come out."""

    args: dict[str, Any]
    expected: Any
    about: str = ""
    """added to a failure of this example"""


class Trouble(NamedTuple):
    """The first thing that is wrong with an output; ``part`` is the entry of a dict or tuple it is in."""

    text: str
    expected: Any = None
    got: Any = None
    part: str = ""


def check_outputs(
    student: Callable[..., Any],
    examples: Sequence[Example],
    wrong: Sequence[Variant] = (),
    borrowed: Sequence[Callable[..., Any]] = (),
) -> None:
    """Raise CheckFailed unless ``student`` gives what every example expects and leaves its arguments alone.

    ``borrowed`` are the functions of ``unrolled`` that would be the answer itself.
    """
    name = name_of(student)
    for example in examples:
        args = _copied(example.args)
        got = call(student, args.values(), borrowed, example.about)
        trouble = find_trouble(got, example.expected)
        if trouble:
            reason = _diagnose(got, example, wrong) or f"{trouble.text}{_about(example)}"
            raise CheckFailed(f"{name}: {reason}{_evidence(trouble, example.args)}")
        for key, before in example.args.items():
            if _changed(args[key], before):
                raise CheckFailed(
                    f"{name}: it changes its argument {key}, which belongs to the caller. Work on a copy."
                    + _evidence(Trouble("", before, args[key]), {})
                )


def agree(
    student: Callable[..., Any],
    reference: Callable[..., Any],
    draw: Callable[[np.random.Generator], Sequence[Any]],
    seed: int,
    n: int = 20,
    borrowed: Sequence[Callable[..., Any]] = (),
) -> None:
    """For hidden tests: ``student`` must equal ``reference`` on ``n`` fresh inputs; a failure shows no values."""
    name = name_of(student)
    for k in range(n):
        args = draw(np.random.default_rng([seed, k]))
        expected = reference(*_copied(args))
        given = _copied(args)
        trouble = find_trouble(call(student, given, borrowed, quiet=True), expected)
        if trouble:
            shapes = ", ".join(str(tuple(a.shape)) for a in args if getattr(a, "shape", ()))
            fresh = f"but not on a fresh input{f' (shapes {shapes})' if shapes else ''}"
            raise CheckFailed(f"{name}: right on the examples above, {fresh}: {trouble.text}")
        if any(map(_changed, given, args)):
            raise CheckFailed(f"{name}: it changes an argument, which belongs to the caller. Work on a copy.")


def call(
    student: Callable[..., Any],
    args: Iterable[Any],
    borrowed: Sequence[Callable[..., Any]] = (),
    about: str = "",
    quiet: bool = False,
) -> Any:
    """The student's output; whatever the student's code raises becomes a CheckFailed that says where.

    ``quiet`` leaves out the words of the exception, which may quote a hidden input.
    """
    name = name_of(student)
    if not callable(student):
        raise CheckFailed(f"{name}: expected a function, got {type(student).__name__}.")
    if str(getattr(student, "__module__", "")).partition(".")[0] == "unrolled":
        raise CheckFailed(f"{name}: this is the course's own function, not yours; it earns no points.")
    used: list[str] = []
    before = sys.getprofile()
    sys.setprofile(_watch(borrowed, used))
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # stock nbgrader gives no points to a cell that warns
            out, error = student(*args), None
    except Exception as caught:
        out, error = None, caught
    finally:
        sys.setprofile(before)
    if used:
        raise CheckFailed(
            f"{name}: it calls {used[0]} of unrolled, which is the answer itself, so it earns no points. "
            "Write the steps yourself; other helpers are yours to use."
        )
    if isinstance(error, NotImplementedError):
        raise CheckFailed(
            f"{name}: nothing is written there yet. Put your answer in place of the line that raises "
            "NotImplementedError, and run it."
        )
    if error is not None:
        words = type(error).__name__ if quiet else f"{type(error).__name__}: {error}"
        raise CheckFailed(f"{name}: it stopped with {words}{_where(error, student)}. {about}".rstrip())
    return out


def find_trouble(got: Any, expected: Any, part: str = "") -> Trouble | None:
    """What is wrong with ``got``, or None: its type, its shape, NaN in it, or its values."""
    where = f"in {part}, " if part else ""
    if got is None:
        return Trouble(f"{where}it returns None: is there a `return` at the end?")
    if isinstance(expected, dict):
        return _dict_trouble(got, expected, where)
    if isinstance(expected, tuple):
        return _tuple_trouble(got, expected, where)
    if isinstance(expected, list) and any(isinstance(e, np.ndarray | tuple | dict) for e in expected):
        return _items_trouble(got, expected, where)
    if isinstance(expected, str | list):
        got = got.tolist() if isinstance(got, np.ndarray) else got
        same = (
            list(got) == expected
            if isinstance(expected, list) and not isinstance(got, str | dict)
            else got == expected
        )
        return None if same else Trouble(f"{where}it gives another answer.", expected, got)
    return _array_trouble(got, np.asarray(_detached(expected)), where)


def read_arrays(name: str, answer: Any, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """A dict of finite arrays of these shapes, whatever their values; CheckFailed says which one is off."""
    if not isinstance(answer, dict) or any(key not in answer for key in shapes):
        trouble = find_trouble(answer, dict.fromkeys(shapes, 0.0))
        raise CheckFailed(f"{name}: {trouble.text if trouble else ''}")
    for key, shape in shapes.items():
        trouble = _array_trouble(answer[key], np.zeros(shape), f"in {key}, ")
        if trouble and trouble.text != f"in {key}, {OTHER_VALUES}":
            raise CheckFailed(f"{name}: {trouble.text}")
    return {key: np.asarray(answer[key], dtype=float) for key in shapes}


def name_of(student: Any) -> str:
    """How to call the function in a message."""
    return getattr(student, "__name__", type(student).__name__)


def show(value: Any) -> str:
    """A small value, on few lines; a tensor as the array it holds."""
    value = np.asarray(_detached(value)) if hasattr(value, "detach") else value
    if isinstance(value, np.ndarray | np.generic):
        return np.array2string(
            np.asarray(value),
            precision=4,
            suppress_small=True,
            separator=", ",
            threshold=40,
            floatmode="maxprec_equal",
        )
    if isinstance(value, dict):
        return "\n".join(f"{k}: {_indent(v, len(str(k)) + 2)}" for k, v in value.items())
    return repr(value)


def _detached(value: Any) -> Any:
    """A tensor without its history, which NumPy refuses to read; anything else as it is."""
    return value.detach() if getattr(value, "requires_grad", False) else value


def _copied(value: Any) -> Any:
    """``deepcopy``; the short way for what most arguments are, since a test copies more than it computes."""
    kind = type(value)
    if kind is np.ndarray and not value.dtype.hasobject:
        return value.copy(order="K")
    if kind in (tuple, list):
        return kind(map(_copied, value))
    if kind is dict:
        return {key: _copied(entry) for key, entry in value.items()}
    return value if kind in (int, float, bool, str) else deepcopy(value)


def _changed(after: Any, before: Any) -> bool:
    """Whether a call left another value than it was given."""
    kind = type(before)
    if type(after) is kind:
        if kind is np.ndarray and after.dtype == before.dtype and after.shape == before.shape:
            return after.tobytes() != before.tobytes() and find_trouble(after, before) is not None
        if kind in (tuple, list):
            return len(after) != len(before) or any(map(_changed, after, before))
        if kind is dict:
            return after.keys() != before.keys() or any(_changed(after[key], before[key]) for key in before)
        if kind in (int, float, bool, str):
            return after is not before and after != before
    return find_trouble(after, before) is not None


def _array_trouble(got: Any, expected: np.ndarray, where: str) -> Trouble | None:
    if type(got) is np.ndarray and got.shape == expected.shape and _near(got, expected):
        return None
    try:
        array = np.asarray(_detached(got))
    except (TypeError, ValueError, RuntimeError):
        return Trouble(f"{where}it returns a {type(got).__name__} that is no regular array of numbers.")
    if array.dtype.kind not in "fiub":
        return Trouble(f"{where}expected an array of numbers, got {type(got).__name__} ({array.dtype}).")
    if array.shape != expected.shape:
        text = f"{where}the shape is off: expected {expected.shape}, got {array.shape}."
        return Trouble(text, expected, array)
    if not np.isfinite(array).all():
        return Trouble(f"{where}it gives NaN or infinite numbers.", expected, array)
    if not np.allclose(array, expected, rtol=RTOL, atol=ATOL):
        return Trouble(f"{where}{OTHER_VALUES}", expected, array)
    return None


def _near(got: np.ndarray, expected: np.ndarray) -> bool:
    """Whether finite floats agree: ``np.allclose`` takes longer than most checked functions.

    No number that is not finite passes: it makes the left side NaN.
    """
    if not got.dtype.kind == expected.dtype.kind == "f":
        return False
    with np.errstate(all="ignore"):
        return bool((np.abs(got - expected) - RTOL * np.abs(expected) <= ATOL).all())


def _dict_trouble(got: Any, expected: dict, where: str) -> Trouble | None:
    if not isinstance(got, dict):
        return Trouble(
            f"{where}expected a dict with {', '.join(map(str, expected))}, got {type(got).__name__}."
        )
    missing = [str(key) for key in expected if key not in got]
    if missing:
        return Trouble(
            f"{where}the dict lacks {', '.join(missing)}; it has {', '.join(map(str, got)) or 'nothing'}."
        )
    return next((t for key in expected if (t := _part_trouble(got[key], expected[key], str(key)))), None)


def _tuple_trouble(got: Any, expected: tuple, where: str) -> Trouble | None:
    if not isinstance(got, tuple | list) or len(got) != len(expected):
        size = f" of {len(got)}" if isinstance(got, tuple | list) else ""
        return Trouble(f"{where}expected {len(expected)} values, got {type(got).__name__}{size}.")
    named = ("the first value", "the second value", "the third value", "the fourth value")
    parts = [*named[: len(expected)], *(f"value {n}" for n in range(5, len(expected) + 1))]
    return next(
        (t for p, g, e in zip(parts, got, expected, strict=True) if (t := _part_trouble(g, e, p))), None
    )


def _items_trouble(got: Any, expected: list, where: str) -> Trouble | None:
    if not isinstance(got, tuple | list) or len(got) != len(expected):
        size = f" of {len(got)}" if isinstance(got, tuple | list) else ""
        return Trouble(f"{where}expected a list of {len(expected)}, got {type(got).__name__}{size}.")
    pairs = enumerate(zip(got, expected, strict=True), start=1)
    return next((t for n, (g, e) in pairs if (t := _part_trouble(g, e, f"item {n}"))), None)


def _part_trouble(got: Any, expected: Any, part: str) -> Trouble | None:
    trouble = find_trouble(got, expected, part)
    return trouble and trouble._replace(part=part)


def _diagnose(got: Any, example: Example, wrong: Sequence[Variant]) -> str | None:
    """The hint of the first variant that makes the same mistake on this example."""
    for hint, variant in wrong:
        with np.errstate(all="ignore"):
            try:
                made = variant(*_copied(example.args).values())
            except Exception:
                continue  # this mistake cannot be made here
        if _same(got, made):
            return hint
    return None


def _same(got: Any, made: Any) -> bool:
    if isinstance(made, dict):
        return isinstance(got, dict) and all(k in got and _same(got[k], made[k]) for k in made)
    if isinstance(made, tuple):
        return isinstance(got, tuple | list) and len(got) == len(made) and all(map(_same, got, made))
    try:
        a, b = np.asarray(_detached(got)), np.asarray(_detached(made))
        if a.dtype.kind not in "fiub":
            return a.shape == b.shape and bool(np.all(a == b))
        return a.shape == b.shape and bool(np.allclose(a, b, rtol=RTOL, atol=ATOL, equal_nan=True))
    except (TypeError, ValueError, RuntimeError):
        return False


def _watch(borrowed: Sequence[Callable[..., Any]], used: list[str]) -> Callable[..., None]:
    """A profile function that notes calls of borrowed functions, however the student reached them."""
    codes = {id(f.__code__) for f in borrowed}  # a code object works its hash out anew each time

    def watch(frame: Any, event: str, _arg: Any) -> None:
        if event == "call" and (id(frame.f_code) in codes or _is_check(frame.f_globals.get("__name__"))):
            used.append(frame.f_code.co_name)

    return watch


def _is_check(module: Any) -> bool:
    return str(module).startswith("unrolled.checks.") and module != "unrolled.checks.gradcheck"


def _where(error: Exception, student: Callable[..., Any]) -> str:
    """The student's own line, if the way to the error passes one."""
    own = getattr(getattr(student, "__code__", None), "co_filename", None)
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
    if not lines:
        return ""
    return f", at line {lines[-1].lineno} of your cell" + (f": `{lines[-1].line}`" if lines[-1].line else "")


def _about(example: Example) -> str:
    return f" {example.about}" if example.about else ""


def _evidence(trouble: Trouble, args: dict[str, Any]) -> str:
    rows = [("expected", trouble.expected), ("got", trouble.got)] if trouble.expected is not None else []
    text = f"\n{trouble.part}:" if rows and trouble.part else ""
    text += "".join(f"\n  {f'{key}:':9} {_indent(value, 12)}" for key, value in rows)
    if args:
        text += "\nfor" + "".join(
            f"\n  {key} = {_indent(value, 5 + len(key))}" for key, value in args.items()
        )
    return text


def _indent(value: Any, by: int) -> str:
    return show(value).replace("\n", "\n" + " " * by)
