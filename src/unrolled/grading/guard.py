"""A tester has the files of a submission, for tests that read them; no code among them runs there.

A test that imports, reads or starts such a file, or unpickles, gets ``CannotCross``: then that one cell runs in the
student's process, and its outcome is marked as not verified.
"""

import os
import sys
from collections.abc import Iterable
from importlib.machinery import all_suffixes
from typing import Any

from unrolled.grading.wire import CannotCross

STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn")
"""what a test does to start a program, which could run a file of the submission"""


def watch(own: Iterable[str]) -> None:
    """From now on, in this process; ``own`` are the student's files beside the notebook, by their names in this folder."""
    files = {os.path.abspath(name) for name in own}
    if not files:
        return
    code = {name for name in files if name.endswith((*all_suffixes(), ".sh"))}

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "pickle.find_class":
            raise CannotCross("a test unpickles, and the submission has files of its own")
        if not code:
            return
        if event in ("open", "import") and _path(args[event == "import"]) in code:
            raise CannotCross("a test reads code in a file of the submission")
        if event in STARTS:
            raise CannotCross("a test starts a program, and the submission has files of its own with code")

    sys.addaudithook(hook)


def _path(name: Any) -> str | None:
    return os.path.abspath(os.fsdecode(name)) if isinstance(name, str | bytes | os.PathLike) else None
