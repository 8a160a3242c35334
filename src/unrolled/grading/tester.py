"""The process that decides: the instructor's test cells, unchanged, run here, and no code of a submission ever does.

What the tests need from a submission is lent by the other process (``student.py``): data by value, all else
as a ``Remote``, which can be called and whose attributes can be read.  A Remote stands in for a function so
well that a test that looks at its name, its module, its signature or its file sees the student's, and that a profile
function (``sys.setprofile``) of a test sees the calls that the student's function makes.

What cannot be lent raises ``CannotCross``; then that one cell runs in the student's process, and its outcome is
marked as not verified.
"""

import ast
import builtins
import functools
import itertools
import linecache
import re
import signal
import socket
import sys
import time
import types
from collections.abc import Iterable
from typing import Any

from unrolled.grading import wire
from unrolled.grading.intake import bound_names
from unrolled.grading.randomness import Randomness
from unrolled.grading.shell import NOT_PLAIN, Shell, clean, note_error

GRACE = 2.0
"""seconds between the interrupt of a cell and the end of its process"""
MOST_LATE = 600
"""modules that one submission may teach the fork server"""
FUNCTIONS = (
    "function",
    "builtin_function_or_method",
    "method",
    "partial",
    "_lru_cache_wrapper",
    "ufunc",
    "vectorize",
)


class StudentError(Exception):
    """An exception of a class that this process does not have."""


class Overtime(BaseException):
    """A cell took longer than it may."""


class Side:
    """The connection to the student's process, with a clock."""

    def __init__(self, link: socket.socket, report: socket.socket, timeout: float):
        self.link, self.report, self.timeout = link, report, timeout
        self.random = Randomness()
        self.gone: str | None = None
        self.deadline = 0.0
        self.stderr = 0
        self.ignore = ""
        self.unsynced: set[int] = set()

    def start_clock(self) -> None:
        """A cell begins."""
        self.deadline, self.stderr = time.monotonic() + self.timeout, 0

    def ask(
        self, request: dict[str, Any], buffers: list[bytes] | None = None
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Request and reply; Overtime after the deadline, Gone if the process has ended."""
        if self.gone:
            raise wire.Gone(self.gone)
        try:
            self.link.settimeout(max(0.01, self.deadline - time.monotonic()))
            wire.send(self.link, request, buffers)
            reply = wire.receive(self.link)
        except TimeoutError:
            self._interrupt()
            raise Overtime from None
        except (wire.Gone, wire.BadMessage) as error:
            self._end(
                "its process has ended" if isinstance(error, wire.Gone) else f"it broke the protocol: {error}"
            )
            raise wire.Gone(self.gone) from None
        if not isinstance(reply[0], dict):
            self._end("it broke the protocol")
            raise wire.Gone(self.gone)
        if "cannot" in reply[0]:
            raise wire.CannotCross(str(reply[0]["cannot"])[:300])
        return reply

    def _interrupt(self) -> None:
        """As Jupyter does: interrupt, and go on if that helps; else the process has to go."""
        wire.send(self.report, {"interrupt": True})
        try:
            self.link.settimeout(GRACE)
            wire.receive(self.link)
        except (TimeoutError, wire.Gone, wire.BadMessage):
            self._end("it did not stop when its time was over")

    def _end(self, why: str) -> None:
        self.gone = why
        wire.send(self.report, {"kill": True})


class Remote:
    """Something that lives in the student's process."""

    __slots__ = ("__dict__", "_facts", "_side")

    def __init__(self, side: Side, facts: dict[str, Any]):
        object.__setattr__(self, "_side", side)
        object.__setattr__(self, "_facts", facts)
        for name in ("__name__", "__qualname__", "__doc__"):
            if isinstance(text := facts.get(name), str):
                self.__dict__[name] = text
        module = facts.get("__module__")
        self.__dict__["__module__"] = module if isinstance(module, str) else "__main__"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it where it lives."""
        return call(self._side, self._facts["ref"], args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        reply, buffers = self._side.ask({"op": "attribute", "ref": self._facts["ref"], "name": name})
        return _value(self._side, reply, buffers)

    def __repr__(self) -> str:
        return f"<{str(self._facts.get('type'))[:100]} of the submission>"

    __hash__ = None  # type: ignore[assignment]


def _refuse(name: str) -> Any:
    def method(self: Any, *_: Any, **__: Any) -> Any:
        raise wire.CannotCross(f"a test uses {name} of an object of the submission")

    return method


for _name in (
    "eq ne lt le gt ge add radd sub rsub mul rmul truediv rtruediv floordiv mod pow rpow neg pos abs matmul rmatmul "
    "len iter next getitem setitem delitem contains bool int float index complex str bytes array array_function "
    "array_ufunc torch_function enter exit instancecheck subclasscheck setattr and or xor invert round hash format"
).split():
    setattr(Remote, f"__{_name}__", _refuse(f"__{_name}__"))


def stub(side: Side, facts: dict[str, Any]) -> Any:
    """A function that calls the student's; name, module, file and parameters are the student's."""
    ref, name = facts["ref"], _identifier(facts.get("__name__")) or "function"

    def function(*args: Any, **kwargs: Any) -> Any:
        return call(side, ref, args, kwargs)

    file = facts.get("file")
    function.__code__ = function.__code__.replace(
        co_name=name, co_filename=file if isinstance(file, str) else "<submission>"
    )
    function.__name__, function.__qualname__ = name, name
    module, text = facts.get("__module__"), facts.get("__doc__")
    function.__module__ = module if isinstance(module, str) else "__main__"
    function.__doc__ = text if isinstance(text, str) else None
    if (signature := _signature(facts.get("signature"))) is not None:
        function.__signature__ = signature  # type: ignore[attr-defined]
    function.__remote__ = facts  # type: ignore[attr-defined]
    return function


def _identifier(text: Any) -> str | None:
    return (
        text
        if isinstance(text, str) and len(text) < 200 and (text.isidentifier() or text == "<lambda>")
        else None
    )


def _signature(parameters: Any) -> Any:
    import inspect

    try:
        made = [
            inspect.Parameter(
                n, inspect._ParameterKind(kind), default=None if has else inspect.Parameter.empty
            )
            for n, kind, has in parameters
        ]
        return inspect.Signature(made)
    except (TypeError, ValueError):
        return None


def call(side: Side, ref: int, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A call in the student's process, as if it were here: values, mutations, random numbers, exceptions, calls."""
    watcher = sys.getprofile()
    sys.setprofile(None)
    try:
        buffers: list[bytes] = []
        coded = [wire.encode(a, buffers, _send_back) for a in args]
        named = {k: wire.encode(v, buffers, _send_back) for k, v in kwargs.items()}
        request = {"op": "call", "ref": ref, "args": coded, "kwargs": named, "watch": watcher is not None}
        request["random"], request["ignore"] = side.random.changed(buffers), side.ignore
        reply, back = side.ask(request, buffers)
        _replay(reply.get("calls"), watcher)
        side.random.take(_a_dict(reply.get("random")), back)
        if type(n := reply.get("stderr")) is int and n > 0:
            side.stderr += n
        if "args" in reply:
            _write_back([list(args), kwargs], _decode(side, reply["args"], back))
        if "error" in reply:
            raise _exception(side, reply)
        return _value(side, reply, back)
    except wire.BadMessage as error:
        raise StudentError(f"what it returned could not be read: {error}") from None
    finally:
        sys.setprofile(watcher)


def _a_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _send_back(value: Any) -> dict[str, Any] | None:
    """A thing of the student's goes home as what it is."""
    facts = getattr(value, "_facts", None) if type(value) is Remote else getattr(value, "__remote__", None)
    return {"t": "handle", "ref": facts["ref"]} if isinstance(facts, dict) else None


def _value(side: Side, reply: dict[str, Any], buffers: list[bytes]) -> Any:
    if "error" in reply:
        raise _exception(side, reply)
    return _decode(side, reply.get("value"), buffers)


def _decode(side: Side, coded: Any, buffers: list[bytes]) -> Any:
    return wire.decode(coded, buffers, lambda facts: _lend(side, facts))


def _lend(side: Side, facts: dict[str, Any]) -> Any:
    if type(facts.get("ref")) is not int:
        raise wire.BadMessage("no handle")
    if isinstance(facts.get("bases"), list):
        return _exception_class(_identifier(facts.get("__name__")) or "Error", facts["bases"])
    if facts.get("call") is True and facts.get("type") in FUNCTIONS:
        return stub(side, facts)
    return Remote(side, facts)


_classes: dict[str, type] = {}


def _exception_class(name: str, bases: Iterable[Any]) -> type:
    """A class of this process for one that the student defined; one a name."""
    found = (getattr(builtins, b, None) for b in bases if isinstance(b, str))
    parent = next((b for b in found if isinstance(b, type) and issubclass(b, Exception)), Exception)
    key = f"{name}/{parent.__name__}"
    return _classes.setdefault(key, type(name, (parent,), {}))


def _exception(side: Side, reply: dict[str, Any]) -> BaseException:
    name, module, words = str(reply["error"]), str(reply.get("module")), str(reply.get("words"))
    kind: Any = getattr(sys.modules.get(module), name, None) if module != "__main__" else None
    if not (isinstance(kind, type) and issubclass(kind, BaseException)) or issubclass(kind, wire.CannotCross):
        bases = reply.get("bases")
        kind = _exception_class(_identifier(name) or "StudentError", bases if isinstance(bases, list) else [])
    if kind in (KeyboardInterrupt, GeneratorExit):
        kind = StudentError
    error = None
    try:
        args = wire.decode(reply.get("args_"), []) if reply.get("args_") is not None else [words]
        error = kind(*args)
    except BaseException:
        error = None
    error = error if isinstance(error, BaseException) else StudentError(f"{name}: {words}")
    return error.with_traceback(_traceback(reply.get("frames")))


def _traceback(frames: Any) -> types.TracebackType | None:
    """The student's own lines, as frames of a traceback."""
    made = None
    for frame in reversed(frames if isinstance(frames, list) else []):
        try:
            file, line, name, text = frame
            if not (
                isinstance(file, str)
                and type(line) is int
                and 0 < line < 100_000
                and _identifier(name.strip("<>"))
            ):
                continue
            _remember_line(file, line, str(text)[:500])
            code = (
                compile("def f():\n    yield", file, "exec")
                .co_consts[0]
                .replace(co_name=name, co_firstlineno=line)
            )
            made = types.TracebackType(made, types.FunctionType(code, {})().gi_frame, 0, line)
        except (TypeError, ValueError, AttributeError):
            continue
    return made


def _remember_line(file: str, line: int, text: str) -> None:
    lines = list(linecache.cache[file][2]) if len(linecache.cache.get(file, ())) == 4 else []  # type: ignore[index]
    lines += ["\n"] * (line - len(lines))
    lines[line - 1] = f"{text}\n"
    linecache.cache[file] = (sum(map(len, lines)), None, lines, file)


class _Code:
    """A code object that is not in this process, by name."""

    def __init__(self, name: str, line: int):
        self.co_name, self.co_firstlineno, self.co_filename = name, line, "<submission>"


def _replay(calls: Any, watcher: Any) -> None:
    """Show a test's profile function the functions that were called over there."""
    if watcher is None or not isinstance(calls, list):
        return
    for entry in calls:
        try:
            module, name, line = entry
            space, code = _known(str(module), str(name), int(line))
        except (TypeError, ValueError):
            continue
        watcher(
            types.SimpleNamespace(f_code=code, f_globals=space, f_back=None, f_lineno=line, f_locals={}),
            "call",
            None,
        )


@functools.lru_cache(10_000)
def _known(module: str, name: str, line: int) -> tuple[dict[str, Any], Any]:
    """The variables of a module, and the code of one of its functions."""
    space = vars(sys.modules[module]) if module in sys.modules else {"__name__": module}
    return space, _find_code(space, name, line) or _Code(name, line)


def _find_code(space: dict[str, Any], name: str, line: int) -> types.CodeType | None:
    owners = [space, *(vars(v) for v in list(space.values()) if isinstance(v, type))]
    for owner in owners:
        value = owner.get(name)
        value = getattr(value, "__wrapped__", value)
        code = getattr(value, "__code__", None)
        if code is not None and code.co_firstlineno == line:
            return code
    return None


def _write_back(old: Any, new: Any) -> None:
    """What a call did to its arguments, done to ours, in place."""
    if type(old) is not type(new):
        return
    if isinstance(old, list):
        for n, value in enumerate(new):
            if n < len(old) and _in_place(old[n], value):
                _write_back(old[n], value)
                new[n] = old[n]
        old[:] = new
    elif isinstance(old, dict):
        for key, value in new.items():
            if key in old and _in_place(old[key], value):
                _write_back(old[key], value)
                new[key] = old[key]
        old.clear()
        old.update(new)
    elif isinstance(old, tuple):
        for a, b in zip(old, new, strict=False):
            _write_back(a, b)
    elif isinstance(old, set):
        old.clear()
        old.update(new)
    elif type(old).__name__ == "ndarray":
        if old.flags.writeable:
            old[...] = new
    elif type(old).__name__ == "Tensor":
        old.detach().copy_(new)


def _in_place(old: Any, new: Any) -> bool:
    if type(old) is not type(new) or (
        type(old) not in (list, dict, set, tuple) and type(old).__name__ not in ("ndarray", "Tensor")
    ):
        return False
    if type(old) is tuple:
        return len(old) == len(new)
    return not hasattr(old, "shape") or (old.shape == new.shape and old.dtype == new.dtype)


# the cells


class Tester:
    """Runs a notebook, cell by cell, and reports each."""

    def __init__(self, report: socket.socket, link: socket.socket, shell: Shell, job: dict[str, Any]):
        self.report, self.shell, self.job = report, shell, job
        self.side = Side(link, report, job["timeout"])
        self.side.ignore = job["ignore"]
        self.asked_of_students = set(job["solution_names"])
        self.foreign: dict[str, Any] = {}
        self.count = 0
        self.early = len(sys.modules)

    def run(self) -> None:
        """Every cell in order; one message for each, then the end."""
        signal.signal(signal.SIGALRM, _overtime)
        self.shell.take_streams()
        for cell in self.job["cells"]:
            self.count += 1
            self.side.start_clock()
            began = time.monotonic()
            found = {"own": self._own, "shared": self._shared, "test": self._test}[cell["kind"]](
                cell["source"], cell["reads"]
            )
            seconds = round(time.monotonic() - began, 3)
            wire.send(self.report, {"cell": cell["index"], "count": self.count, "seconds": seconds, **found})
        wire.send(self.report, {"end": True, "late": self._late()})

    def _late(self) -> list[str]:
        """Modules that tests imported, or what they called, and that belong to packages which were there before."""
        found = list(itertools.islice(sys.modules, self.early, self.early + MOST_LATE))
        new = {name for name in found if "." not in name}
        return [name for name in found if name.partition(".")[0] not in new]

    def _own(self, source: str, _: Any = None) -> dict[str, Any]:
        """A cell of the student's."""
        try:
            reply, _ = self.side.ask({"op": "run", "source": source, "count": self.count})
        except Overtime:
            return {"outputs": [note_error("CellTimeoutError", self._too_long())]}
        except wire.Gone:
            return {
                "outputs": [note_error("DeadKernelError", f"This cell could not be run: {self.side.gone}.")]
            }
        except wire.CannotCross as error:
            return {"outputs": [note_error("OutputLimitError", str(error))]}
        return {"outputs": clean(reply.get("outputs"))}

    def _shared(self, source: str, reads: list[str] | None) -> dict[str, Any]:
        """A locked cell that is no test: both sides need what it defines."""
        outcome = self._own(source)
        self.side.start_clock()
        self._lend_names(source, reads)
        self._timed(source)
        return outcome

    def _test(self, source: str, reads: list[str] | None) -> dict[str, Any]:
        """A test cell."""
        try:
            self._lend_names(source, reads)
            outputs, error = self._timed(source)
        except Overtime as late:
            outputs, error = [], late
        except wire.CannotCross as crossing:
            outputs, error = [], crossing
        except wire.Gone:
            return {"outputs": [note_error("DeadKernelError", f"No answers could be had: {self.side.gone}.")]}
        if isinstance(error, wire.CannotCross):
            return {**self._own(source), "unverified": str(error)}
        if isinstance(error, Overtime):
            return {"outputs": [note_error("CellTimeoutError", self._too_long())]}
        if self.side.stderr:
            text = f"({self.side.stderr} characters were written to stderr while this test ran)\n"
            outputs.append({"output_type": "stream", "name": "stderr", "text": text})
        return {"outputs": outputs}

    def _too_long(self) -> str:
        return f"No end after {self.side.timeout:g} seconds."

    def _timed(self, source: str) -> Any:
        signal.setitimer(signal.ITIMER_REAL, self.side.timeout + 2 * GRACE)
        try:
            self.shell.shell.execution_count = self.count
            return self.shell.run(source)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _lend_names(self, source: str, reads: list[str] | None) -> None:
        """Bind what a cell reads and only the submission has, for this cell alone.

        A name that the cell bound itself stays: a shared cell may import NumPy and use it in a function.
        """
        space = self.shell.names
        for name, lent in self.foreign.items():
            if space.get(name) is lent:
                space.pop(name, None)
        reads = _names_read(self.shell.shell.transform_cell(source)) if reads is None else reads
        wanted = [n for n in reads if self._is_theirs(n, space)]
        self.foreign = {}
        if not wanted:
            return
        reply, buffers = self.side.ask({"op": "describe", "names": wanted})
        for name in wanted:
            if isinstance(facts := reply.get(name), dict):
                space[name] = self.foreign[name] = self._bind(name, facts, buffers)

    def _is_theirs(self, name: str, space: dict[str, Any]) -> bool:
        if name in self.asked_of_students:
            return True
        return name not in space and not hasattr(builtins, name)

    def _bind(self, name: str, facts: dict[str, Any], buffers: list[bytes]) -> Any:
        if "cannot" in facts:
            return Remote(self.side, {"ref": -1, "type": name})
        try:
            return _decode(self.side, facts.get("value"), buffers)
        except wire.BadMessage as error:
            raise wire.Gone(str(error)) from None


def _overtime(*_: object) -> None:
    raise Overtime


@functools.lru_cache(1000)
def reads(source: str) -> list[str] | None:
    """The names that a cell of plain Python may read; None where IPython has to translate the cell first."""
    return None if NOT_PLAIN.search(source) else _names_read(source)


def _names_read(source: str) -> list[str]:
    """Names that a cell may read, those inside of its strings included (``globals()["f"]``, ``eval("f(3)")``)."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    names: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names[node.id] = None
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.update(dict.fromkeys(re.findall(r"[^\W\d]\w*", node.value[:2000])))
    return [n for n in names if not n.startswith("__")]


def solution_names(sources: Iterable[str]) -> list[str]:
    """What the released solution cells bind: the names that students are asked to define."""
    names: set[str] = set()
    for source in sources:
        try:
            names |= bound_names(ast.parse(source))
        except (SyntaxError, ValueError):
            names |= set(re.findall(r"^(?:def|class)\s+(\w+)", source, re.MULTILINE))
    return sorted(names)
