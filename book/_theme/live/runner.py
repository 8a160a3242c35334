"""Run a student's code and the visible checks, and say in words what happened.

Lives in the page's worker (Python 3.12 in the browser), and is tested in ordinary Python.  The answer
is plain data: ``status`` is one of passed, ran (where nothing is checked), not yet, error; ``message`` is for the student; ``trace``
shows their own lines only; ``output`` is what they printed, cut at 20,000 characters.
"""

import ast
import contextlib
import io
import linecache
import sys
import traceback
import warnings

YOURS = "your code"
LONGEST = 20_000


class Printed(io.TextIOBase):
    """What was printed, up to a length that a page can show."""

    def __init__(self):
        self.text, self.cut = "", False

    def write(self, text):
        """Keep what fits."""
        room = LONGEST - len(self.text)
        self.cut = self.cut or len(text) > room
        self.text += text[: max(room, 0)]
        return len(text)

    def shown(self):
        """The text, with a word where it was cut."""
        return self.text + ("\n… the rest of the output was cut" if self.cut else "")


def run(setup, code, checks):
    """Run setup, silently, then the student's code, then the checks if there are any, in a fresh namespace."""
    names = {"__name__": "__main__"}
    printed = Printed()
    linecache.cache[YOURS] = (len(code), None, code.splitlines(keepends=True), YOURS)
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = _print_warning
        try:
            prepare(setup, names)
            execute(code, names)
            exec(compile(checks, "the checks", "exec", dont_inherit=True), names)
            passed = {"status": "passed", "message": "All visible checks pass.", "trace": ""}
            quiet = "" if printed.text else "It prints nothing."
            answer = passed if checks else {"status": "ran", "message": quiet, "trace": ""}
        except BaseException as error:
            answer = explain(error)
    return {**answer, "output": printed.shown()}


def prepare(setup, names):
    """What comes before the student's code; where that is an earlier cell that they changed, it may stop too."""
    with contextlib.redirect_stdout(Printed()), contextlib.redirect_stderr(Printed()):
        try:
            exec(compile(setup, "the given code", "exec", dont_inherit=True), names)
        except Exception as error:
            raise EarlierCellError(f"{type(error).__name__}: {error}") from None


class EarlierCellError(Exception):
    """The code before the student's own did not run."""


def execute(code, names):
    """Run the code as a notebook does: the value of a last expression is shown."""
    tree = ast.parse(code, YOURS)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, YOURS, "exec", dont_inherit=True), names)
    if last is not None:
        value = eval(compile(ast.Expression(last.value), YOURS, "eval", dont_inherit=True), names)
        if value is not None:
            print(repr(value))


def explain(error):
    """One exception as an answer: a failed check speaks for itself, anything else shows the student's lines."""
    name = type(error).__name__
    if isinstance(error, EarlierCellError):
        return {
            "status": "error",
            "message": f"An earlier cell that this one needs stops: {error}",
            "trace": "",
        }
    if isinstance(error, SyntaxError) and error.filename == YOURS:
        line = (error.text or "").rstrip("\n")
        caret = " " * max((error.offset or 1) - 1, 0) + "^"
        trace = f"line {error.lineno}\n{line}\n{caret}" if line else f"line {error.lineno}"
        return {"status": "error", "message": f"{name}: {error.msg}", "trace": trace}
    if name == "CheckFailed" or (isinstance(error, AssertionError) and not own_lines(error)):
        said = getattr(error, "unwrapped", "") or str(error)  # a page wraps its own lines
        return {"status": "not yet", "message": said or "A check does not hold.", "trace": ""}
    if isinstance(error, NotImplementedError):
        return {"status": "not yet", "message": str(error) or "Nothing is written here yet.", "trace": ""}
    said = "".join(traceback.format_exception_only(type(error), error)).strip()
    return {"status": "error", "message": said, "trace": own_lines(error)}


def own_lines(error):
    """Where in the student's own code the error passed through, outermost first; nothing of anybody else's."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == YOURS]
    shown = frames if len(frames) <= 6 else [*frames[:3], None, *frames[-3:]]
    return "\n".join("…" if f is None else f"line {f.lineno}, in {f.name}\n    {f.line}" for f in shown)


def _print_warning(message, category, filename, lineno, file=None, line=None):
    where = f" (line {lineno})" if filename == YOURS else ""
    print(f"{category.__name__}: {message}{where}", file=sys.stderr)
