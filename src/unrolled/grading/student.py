"""The process that runs a submission's cells.  Nothing it says is believed; it only lends values.

It answers one request at a time: run a cell, tell what a name is, call a function, read an attribute.
What is no plain data stays here and crosses as a handle.
"""

import builtins
import re
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Any

from unrolled.grading import wire
from unrolled.grading.randomness import Randomness
from unrolled.grading.shell import Shell

NOT_THEIRS = ("__builtins__", "In", "Out", "get_ipython", "exit", "quit", "open")


class Student:
    """The side that executes."""

    def __init__(self, link: socket.socket, shell: Shell):
        self.link, self.shell = link, shell
        self.kept: list[Any] = []
        self.busy = False
        self.random = Randomness()

    def serve(self) -> None:
        """Answer until the other side hangs up."""
        signal.signal(signal.SIGINT, self._interrupt)
        self.shell.take_streams()
        while True:
            try:
                request, buffers = wire.receive(self.link)
            except wire.Gone:
                return
            out: list[bytes] = []
            self.busy = True
            try:
                reply = getattr(self, f"do_{request['op']}")(request, buffers, out)
            except BaseException as error:
                out.clear()
                reply = {"cannot": str(error)} if isinstance(error, wire.CannotCross) else self._error(error)
            self.busy = False
            try:
                wire.send(self.link, reply, out)
            except wire.CannotCross as error:
                wire.send(self.link, {"cannot": str(error)})

    def _interrupt(self, *_: object) -> None:
        if self.busy:
            raise KeyboardInterrupt

    # requests

    def do_run(self, request: dict, _: list, out: list[bytes]) -> dict:
        """Run a cell."""
        self.shell.shell.execution_count = request["count"]
        outputs, error = self.shell.run(request["source"])
        return {"outputs": outputs, "failed": error is not None}

    def do_describe(self, request: dict, _: list, out: list[bytes]) -> dict:
        """What each of these names is."""
        names = self.shell.names
        return {
            n: self._describe(names[n], out) for n in request["names"] if n in names and n not in NOT_THEIRS
        }

    def _describe(self, value: Any, out: list[bytes]) -> Any:
        size = len(out)
        try:
            return {"value": wire.encode(value, out, self._keep)}
        except wire.CannotCross as error:
            del out[size:]
            return {"cannot": str(error)}

    def do_call(self, request: dict, buffers: list[bytes], out: list[bytes]) -> dict:
        """Call something with data; also what the call did to its arguments, and to the random state."""
        function = self.kept[request["ref"]]
        self.random.take(request.get("random"), buffers)
        args = [wire.decode(a, buffers, self._fetch) for a in request["args"]]
        kwargs = {k: wire.decode(v, buffers, self._fetch) for k, v in request["kwargs"].items()}
        before = self._freeze((args, kwargs))
        self.shell.outputs.items.clear()
        calls: dict[tuple, None] = {}
        sys.setprofile(_note_calls(calls) if request.get("watch") else None)
        try:
            reply = {"value": wire.encode(function(*args, **kwargs), out, self._keep)}
        except BaseException as error:
            out.clear()
            if isinstance(error, wire.CannotCross):
                raise
            reply = self._error(error)
        finally:
            sys.setprofile(None)
        if self._freeze((args, kwargs)) != before:
            reply["args"] = wire.encode([args, kwargs], out, self._keep)
        reply["random"] = self.random.changed(out)
        said = "".join(o["text"] for o in self.shell.outputs.items if o.get("name") == "stderr")
        ignored = request.get("ignore") and re.search(request["ignore"], said)
        reply["stderr"] = 0 if ignored else len(said)
        reply["calls"] = list(calls)[:10_000]
        return reply

    def do_attribute(self, request: dict, _: list, out: list[bytes]) -> dict:
        """An attribute of something that was kept."""
        value = getattr(self.kept[request["ref"]], request["name"])
        return {"value": wire.encode(value, out, self._keep)}

    # values that stay here

    def _freeze(self, value: Any) -> Any:
        """The arguments as they stand, for comparison."""
        buffers: list[bytes] = []
        try:
            return wire.encode(list(value), buffers, lambda v: {"id": id(v)}), buffers
        except wire.CannotCross:
            return None

    def _keep(self, value: Any) -> dict[str, Any]:
        self.kept.append(value)
        facts = {"t": "handle", "ref": len(self.kept) - 1, "type": type(value).__name__}
        facts["call"] = callable(value)
        for name in ("__name__", "__module__", "__doc__", "__qualname__"):
            text = getattr(value, name, None)
            facts[name] = text[:20_000] if type(text) is str else None
        code = getattr(value, "__code__", None)
        if code is not None:
            facts["file"], facts["line"] = str(code.co_filename), int(code.co_firstlineno)
        if isinstance(value, type) and issubclass(value, BaseException):
            facts["bases"] = [c.__name__ for c in value.__mro__ if getattr(builtins, c.__name__, None) is c]
        facts["signature"] = _parameters(value)
        return facts

    def _fetch(self, coded: dict[str, Any]) -> Any:
        return self.kept[coded["ref"]]

    def _error(self, error: BaseException) -> dict[str, Any]:
        buffers: list[bytes] = []
        try:
            args = wire.encode(list(error.args), buffers)
            args = args if not buffers else None
        except wire.CannotCross:
            args = None
        try:
            words = str(error)[:20_000]
        except BaseException:
            words = ""
        mine = [
            f
            for f in traceback.extract_tb(error.__traceback__)
            if "<ipython-input-" in f.filename or "ipykernel" in f.filename
        ]
        frames = [[f.filename, f.lineno, f.name, f.line or ""] for f in mine[-20:]]
        kind = type(error)
        return {"error": kind.__name__, "module": kind.__module__, "words": words, "args_": args, "frames": frames,
                "bases": [c.__name__ for c in kind.__mro__ if getattr(builtins, c.__name__, None) is c]}  # fmt: skip


def _parameters(value: Any) -> list[list[Any]] | None:
    """The parameters of a function: name, kind, whether there is a default."""
    code = getattr(value, "__code__", None)
    if code is None:
        return None
    import inspect

    try:
        found = inspect.signature(value).parameters.values()
        return [[p.name, int(p.kind), p.default is not p.empty] for p in found]
    except (TypeError, ValueError):
        return None


def _note_calls(calls: dict[tuple, None]) -> Callable[..., None]:
    """A profile function that notes which functions of modules are called."""
    seen: set[int] = set()

    def note(frame: Any, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and id(code) not in seen:
            seen.add(id(code))
            module = frame.f_globals.get("__name__")
            if module != "__main__" and isinstance(module, str):
                calls[module, code.co_name, code.co_firstlineno] = None

    return note
