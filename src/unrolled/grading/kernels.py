"""The fork server of ``warm-fork`` kernels (see ``provisioner``): one thread, everything imported once.

Each child is an IPython kernel in a room of its own.  It opens no socket: the five lines that it listens on
were made outside and handed to it, and its walls allow it to answer there and nowhere else.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import sys
from typing import Any

from unrolled.grading import randomness, wire, zygote
from unrolled.grading import sandbox as walls

CONTROL = 3
LINES = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
FIRST_SLOT = 600
"""user ids beyond those of ``unrolled grade``"""
LATE = (
    "IPython.core.completer", "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.magics",
    "IPython.core.oinspect", "IPython.core.pylabtools", "IPython.core.ultratb", "IPython.extensions.storemagic",
    "comm", "encodings.idna", "ipykernel.heartbeat", "ipykernel.iostream", "ipykernel.ipkernel",
    "ipykernel.kernelapp", "pdb", "pydoc", "sqlite3", "stringprep", "tornado.gen",
    "tornado.locks", "tornado.platform.asyncio", "tornado.queues", "zmq",
)  # fmt: skip
"""what a kernel imports after its start"""


def main() -> None:
    """Serve until the provisioner's process hangs up, or is no more."""
    control = socket.socket(fileno=CONTROL)
    orders = json.loads(control.recv(1 << 20))
    kind = walls.KINDS.get(orders["sandbox"])
    sandbox = kind(orders["hidden"]) if kind else walls.Nothing()
    sandbox.enter_house(sys.path)
    trouble = warm(orders["modules"])
    control.sendall(json.dumps({"ready": True, "trouble": trouble, "threads": zygote.threads()}).encode())
    Server(control, sandbox).serve()


def warm(modules: list[str]) -> list[str]:
    """Import what kernels and notebooks import; returns what could not be."""
    trouble = []
    sys.modules.setdefault("debugpy", None)  # type: ignore[arg-type] - a tenth of a second, for nobody
    for name in (*LATE, *modules):
        try:
            importlib.import_module(name)
        except Exception as error:
            if name in modules:
                trouble.append(f"{name}: {type(error).__name__}: {error}")
    zygote.warm_up(modules)
    _warm_traceback()
    zygote.freeze()
    return trouble


def _warm_traceback() -> None:
    from IPython.core.ultratb import AutoFormattedTB

    try:
        raise ValueError
    except ValueError as error:
        AutoFormattedTB(mode="Context").structured_traceback(ValueError, error, error.__traceback__)


class Server:
    """Forks kernels, tells of their ends, ends with its provisioner."""

    def __init__(self, control: socket.socket, sandbox: Any):
        self.control, self.sandbox = control, sandbox
        self.kernels: dict[int, tuple[int, int]] = {}
        """slot and the line for news, by process"""

    def serve(self) -> None:
        """Orders from outside, ends from below."""
        bell, ringer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(ringer, warn_on_full_buffer=False)
        while True:
            ready, _, _ = select.select([self.control, bell], [], [], 5.0)
            if bell in ready:
                os.read(bell, 4096)
            self._reap()
            if self.control in ready:
                self._obey()

    def _obey(self) -> None:
        try:
            data, handles, _, _ = socket.recv_fds(self.control, 65_536, len(LINES) + 2)
        except OSError:
            data, handles = b"", []
        if not data:
            self._end()
        order = json.loads(data)
        try:
            pid = self._fork(order, handles)
        except OSError as error:
            self.control.sendall(json.dumps({"error": str(error)}).encode())
        else:
            token = os.pidfd_open(pid)
            socket.send_fds(self.control, [json.dumps({"pid": pid}).encode()], [token])
            os.close(token)
        for handle in handles[:-1]:
            os.close(handle)

    def _fork(self, order: dict[str, Any], handles: list[int]) -> int:
        slot = min(set(range(len(self.kernels) + 1)) - {slot for slot, _ in self.kernels.values()})
        pid = self.sandbox.fork()
        if not pid:
            _live(self.sandbox, FIRST_SLOT + slot, order, handles[:-1])
        self.kernels[pid] = slot, handles[-1]
        return pid

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] in self.kernels:
                    _, news = self.kernels.pop(found[0])
                    with contextlib.suppress(OSError):
                        os.write(news, str(os.waitstatus_to_exitcode(found[1])).encode())
                    os.close(news)

    def _end(self) -> None:
        """Nobody is left who could want these kernels; in a house of its own the kernel ends them anyway."""
        for pid in self.kernels:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        os._exit(0)


def _live(sandbox: Any, slot: int, order: dict[str, Any], handles: list[int]) -> None:
    """In the child: become a kernel, or say why not."""
    link = socket.socket(fileno=handles[-1])
    try:
        app = _settle(sandbox, slot, order, handles, link)
        wire.send(link, {"ready": True})
        link.close()
        app.start()
    except BaseException as error:
        with contextlib.suppress(BaseException):
            wire.send(link, {"broken": f"{type(error).__name__}: {error}"})
    finally:
        os._exit(0)


def _settle(sandbox: Any, slot: int, order: dict[str, Any], handles: list[int], link: socket.socket) -> Any:
    """Walls, folder, files, then the kernel itself."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    zygote._close_all_but(set(handles))
    folder = sandbox.enter_room(slot, walls.Limits(**order["limits"]), accept=True)
    walls._prctl(walls.PR_SET_PDEATHSIG, signal.SIGKILL)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update({**order["environment"], "HOME": folder, "TMPDIR": os.path.dirname(folder)})
    zygote.lay_out(*wire.receive(link))
    randomness.reseed()
    return _make_kernel(order["connection"], dict(zip(LINES, handles, strict=False)))


def _make_kernel(connection: dict[str, Any], lines: dict[str, int]) -> Any:
    """An ordinary IPython kernel, but for where its lines come from."""
    import zmq
    from ipykernel import heartbeat, iostream, kernelapp

    handles = {connection[name]: handle for name, handle in lines.items()}

    def bind(line: Any, port: int) -> int:
        line.setsockopt(zmq.USE_FD, handles[port])
        line.bind(f"ipc://{connection['ip']}-{port}")
        return port

    class Beat(heartbeat.Heartbeat):
        def _try_bind_socket(self) -> None:
            bind(self.socket, self.port)

    class Out(iostream.IOPubThread):
        def __init__(self, line: Any, pipe: bool = False, session: Any = False):
            # its pipe, for what forked children print, is a port, and ports there are none
            super().__init__(line, pipe=False, session=session)

    class Kernel(kernelapp.IPKernelApp):
        def _try_bind_socket(self, s: Any, port: int) -> int:
            return bind(s, port)

        def init_control(self, context: Any) -> None:
            super().init_control(context)
            self.debug_shell_socket.disconnect(self.debug_shell_socket.last_endpoint)  # no debugger in here

    kernelapp.Heartbeat = Beat  # pyright: ignore[reportPrivateImportUsage]
    kernelapp.IOPubThread = Out  # pyright: ignore[reportPrivateImportUsage]
    path = os.path.abspath(".kernel.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(connection, file)
    app = Kernel.instance()
    app.initialize(["-f", path, "--HistoryManager.enabled=False", "--IPKernelApp.parent_handle=0"])
    os.unlink(path)
    shell: Any = app.shell
    shell.system = shell.system_raw  # for `!ls`: there is no terminal to be had here
    return app


if __name__ == "__main__":
    main()
