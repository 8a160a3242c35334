"""IPython without a kernel: run a cell, keep what it shows, in a process that was forked from a warm one."""

import io
import re
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from unrolled.grading import commands

MOST_OUTPUT = 1_000_000
"""characters that one cell may show"""
NOT_PLAIN = re.compile(
    r"\A\s|\A[^\n]*\Z|\?|=\s*[%!]|^\s*(?:[%!,;/]|>>>|\.\.\.|In \[|\[(?:ins|nav)\])", re.MULTILINE
)
"""what a cell that IPython has to translate has somewhere: a command of one line, a magic, a call for help, a prompt;
it may stand in plain Python too, in a string for one"""


class Ran(NamedTuple):
    """One cell, run."""

    outputs: list[dict[str, Any]]
    error: BaseException | None


class Outputs:
    """Collects outputs as nbformat has them, up to a bound."""

    def __init__(self):
        self.items: list[dict[str, Any]] = []
        self.room = MOST_OUTPUT

    def text(self, name: str, text: str) -> None:
        """A piece of stdout or stderr."""
        if self.room <= 0 or not text:
            return
        text = text if len(text) <= self.room else text[: self.room] + "\n... Output truncated ...\n"
        self.room -= len(text)
        last = self.items[-1] if self.items else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self.items.append({"output_type": "stream", "name": name, "text": text})

    def add(self, output: dict[str, Any]) -> None:
        """A result, a display or an error."""
        size = len(repr(output))
        if output["output_type"] == "error" or size <= self.room:
            self.room -= size
            self.items.append(output)
        elif self.room > 0:
            self.text("stdout", "... Output truncated ...\n")


class _Stream(io.TextIOBase):
    encoding = "utf-8"  # pyright: ignore[reportAssignmentType]
    errors = "replace"  # pyright: ignore[reportAssignmentType]

    def __init__(self, name: str, shell: "Shell"):
        self._name, self._shell = name, shell

    def write(self, text: str) -> int:
        self._shell.outputs.text(self._name, str(text))
        return len(text)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False


class Shell:
    """One InteractiveShell, made once in the fork server and used once in each child."""

    def __init__(self):
        self.outputs = Outputs()
        self.shell = _make(self)

    def take_streams(self) -> None:
        """From now on Python's stdout and stderr are outputs of the cell that runs."""
        sys.stdout, sys.stderr = _Stream("stdout", self), _Stream("stderr", self)

    def run(self, source: str) -> Ran:
        """Run a cell."""
        self.outputs = Outputs()
        result = self.shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        if error is not None and not any(o["output_type"] == "error" for o in self.outputs.items):
            name = type(error).__name__
            self.outputs.add(
                {"output_type": "error", "ename": name, "evalue": str(error), "traceback": [name]}
            )
        return Ran(self.outputs.items, error)

    @property
    def names(self) -> dict[str, Any]:
        """The variables."""
        return self.shell.user_ns

    def warm(self) -> None:
        """Run what every cell will need once, then forget it."""
        streams = sys.stdout, sys.stderr
        self.take_streams()
        for source in (
            "def f(x):\n    return 1 / x\nassert f(1) == 2, 'x'",
            "print(1)\n1.5",
            "def g(:",
            "f(0)",
        ):
            self.run(source)
        sys.stdout, sys.stderr = streams
        self.shell.reset(new_session=True)
        self.shell.execution_count = 1
        self.outputs = Outputs()


def _make(owner: Shell) -> Any:
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Hook(DisplayHook):
        def write_output_prompt(self) -> None:
            pass

        def write_format_data(self, format_dict: dict, md_dict: dict | None = None) -> None:
            owner.outputs.add(
                {
                    "output_type": "execute_result",
                    "data": _plain(format_dict),
                    "metadata": {},
                    "execution_count": None,
                }
            )

        def finish_displayhook(self) -> None:
            pass

    class Publisher(DisplayPublisher):
        def publish(self, data: dict, metadata: dict | None = None, **_: Any) -> None:
            owner.outputs.add({"output_type": "display_data", "data": _plain(data), "metadata": {}})

        def clear_output(self, wait: bool = False) -> None:
            owner.outputs.items.clear()

    class Quiet(InteractiveShell):
        def system(self, cmd: str) -> None:
            """For `!cmd`; as in a notebook, the exit code is a variable and no error."""
            self.user_ns["_exit_code"] = commands.run(self.var_expand(cmd, depth=1), sys.stdout.write)

        def enable_gui(self, gui: str | None = None) -> None:
            """No windows here; `%matplotlib` asks for it all the same."""

        def transform_cell(self, raw_cell: str) -> str:
            """IPython reads a cell token by token, in Python: not where it would change nothing."""
            if NOT_PLAIN.search(raw_cell) or self._transformers() != usual:
                return super().transform_cell(raw_cell)
            return raw_cell if raw_cell.endswith("\n") else f"{raw_cell}\n"

        def _transformers(self) -> list[list]:
            manager = self.input_transformer_manager
            early, late = manager.cleanup_transforms, self.input_transformers_post
            return [[*early], [*manager.line_transforms], [*manager.token_transformers], [*late]]

        def should_run_async(self, raw_cell: str, **options: Any) -> bool:
            """Compiling a cell tells for certain; one without the word is none."""
            return ("await" in raw_cell or "async" in raw_cell) and super().should_run_async(
                raw_cell, **options
            )

        def _format_exception_for_storage(self, exception: BaseException, *_: Any, **__: Any) -> None:
            """Nobody looks a cell's error up in the history."""

        def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
            owner.outputs.add(
                {
                    "output_type": "error",
                    "ename": etype.__name__,
                    "evalue": str(evalue)[:20_000],
                    "traceback": stb,
                }
            )

        def init_sys_modules(self) -> None:
            self._main_mod_cache: dict = {}
            super().init_sys_modules()

    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "NoColor"
    config.InteractiveShell.xmode = "Plain"  # Python's own: the others read and colour every file on the way
    shell = Quiet(config=config, displayhook_class=Hook, display_pub_class=Publisher)
    usual = shell._transformers()
    InteractiveShell._instance = shell  # pyright: ignore[reportAttributeAccessIssue]
    return shell


SHOWN = re.compile(r"text/plain|text/latex|image/png|image/jpeg")


def _plain(data: dict[str, Any]) -> dict[str, str]:
    """What can be shown anywhere: no HTML, no SVG and no script of a student reaches an instructor's browser."""
    return {kind: str(value) for kind, value in data.items() if SHOWN.fullmatch(kind)}


def clean(outputs: Any, most: int = MOST_OUTPUT) -> list[dict[str, Any]]:
    """Outputs from a process that is not trusted, rebuilt field by field."""
    kept = Outputs()
    kept.room = most
    for output in outputs if isinstance(outputs, list) else []:
        if not isinstance(output, dict):
            continue
        kind = output.get("output_type")
        if kind == "stream":
            kept.text("stderr" if output.get("name") == "stderr" else "stdout", str(output.get("text", "")))
        elif kind == "error":
            lines = output.get("traceback")
            shown = [str(line)[:20_000] for line in lines[:200]] if isinstance(lines, list) else []
            kept.add(
                {"output_type": "error", "ename": str(output.get("ename"))[:200],
                 "evalue": str(output.get("evalue"))[:20_000], "traceback": shown}
            )  # fmt: skip
        elif kind in ("display_data", "execute_result") and isinstance(output.get("data"), dict):
            made = {"output_type": kind, "data": _plain(output["data"]), "metadata": {}}
            kept.add({**made, "execution_count": None} if kind == "execute_result" else made)
    return kept.items


def note_error(name: str, words: str) -> dict[str, Any]:
    """An error output of the grader itself."""
    return {"output_type": "error", "ename": name, "evalue": words, "traceback": [f"{name}: {words}"]}


Runner = Callable[[str], Ran]
