"""Right and wrong answers to the tasks of an assignment, and the two halves of each task's tests.

``tests/exercises/misconceptions/<chapter>.py`` lists the answers:

    TASKS = Answers()

    @TASKS.wrong("leaky-step", "λ and 1 − λ have changed places")
    def weights_swapped(x_t, h_prev, W, U, b, leak): ...

    @TASKS.right("leaky-step")
    def with_einsum(x_t, h_prev, W, U, b, leak): ...

The name of the function is the name of the mistake; the text is a part of the hint that it must draw.
"""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "exercises" / "misconceptions"
sys.path.insert(0, str(ROOT / "solutions"))

import tasks  # noqa: E402
from tasks import Task, read_task, read_tasks  # noqa: E402

from unrolled.checks._report import CheckFailed  # noqa: E402

__all__ = ["ROOT", "Answer", "Answers", "Outcome", "Task", "load", "read_task", "read_tasks", "run"]


class Answer(NamedTuple):
    """One answer to a task; ``hint`` is None for a right one."""

    chapter: str
    task: str
    function: Callable[..., Any]
    hint: str | None

    @property
    def title(self) -> str:
        return self.function.__name__.replace("_", " ")


class Answers(list):
    """Collects the answers of a chapter by decorators."""

    def wrong(self, task: str, hint: str):
        return lambda function: self._add(task, function, hint)

    def right(self, task: str):
        return lambda function: self._add(task, function, None)

    def _add(self, task, function, hint):
        self.append((task, function, hint))
        return function


class Outcome(NamedTuple):
    """What a student would see: None where the tests pass."""

    message: str | None
    expected: bool
    """the failure is one of ours, with an explanation"""


def load(chapter: str) -> list[Answer]:
    """The answers listed for a chapter."""
    spec = importlib.util.spec_from_file_location(f"misconceptions_{chapter}", FOLDER / f"{chapter}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [Answer(chapter, *entry) for entry in module.TASKS]


def chapters() -> list[str]:
    """Every chapter with an assignment."""
    return tasks.chapters()


def run(task: Task, function: Callable[..., Any], hidden: bool) -> Outcome:
    """Run the visible or the hidden tests of a task, as they stand in the notebook, on one answer."""
    namespace: dict[str, Any] = {}
    exec(task.setup, namespace)
    namespace[task.function] = function
    try:
        exec(task.hidden_tests if hidden else task.visible_checks, namespace)
    except CheckFailed as failure:
        return Outcome(" ".join(str(failure).split()), True)
    except Exception as error:
        return Outcome(f"{type(error).__name__}: {error}", False)
    return Outcome(None, True)


def solution(task: Task) -> Callable[..., Any]:
    """The function of the solution cell."""
    namespace: dict[str, Any] = {}
    exec(task.setup, namespace)
    exec(task.solution, namespace)
    return namespace[task.function]
