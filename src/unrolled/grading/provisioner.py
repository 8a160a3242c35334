"""``warm-fork``: warm, sandboxed kernels for stock nbgrader, and for whatever else starts kernels through Jupyter.

    export JUPYTER_DEFAULT_PROVISIONER_NAME=warm-fork
    export UNROLLED_WARM=numpy,torch,pandas            # what to import beforehand, USUAL if not set
    nbgrader autograde ps1                             # or: jupyter execute notebook.ipynb

A first kernel starts a fork server, which imports these modules once; every kernel is a fork of it.  Kernels run in the
walls of ``unrolled grade`` (no network, no files of yours, bounded memory, processes, disk and processor time), in a
folder of their own with copies of the files beside the notebook, other notebooks left out.  What they write goes with
them.  The process that asked for them takes all of them along when it ends.  Settings, in ``nbgrader_config.py`` for
example: ``c.WarmForkProvisioner.memory_mb = 8192``, and so for each trait below.

Stock nbgrader still scores what a notebook's outputs claim, and the notebook can write these: its kernel is safe for you,
its marks are not safe from the student.  That is what ``unrolled grade`` is for.
"""

import asyncio
import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Bool, Integer, List, Unicode, default

from unrolled.grading import sandbox as walls
from unrolled.grading import wire
from unrolled.grading.kernels import LINES
from unrolled.grading.pool import THREADS

USUAL = "numpy,torch,torch.optim,torch.testing"
"""imported where UNROLLED_WARM says nothing else; the last two take two seconds, at the first kernel or in each that uses them"""
START, ANSWER = 120.0, 60.0
"""seconds for the first imports, and for a fork"""
MOST_BYTES, LARGEST, MOST_FILES = 120_000_000, 64_000_000, 5_000
PASSED_ON = ("LANG", "LANGUAGE", "TZ", "PYTHONHASHSEED", "NBGRADER_EXECUTION", "NBGRADER_VALIDATING")


class KernelError(RuntimeError):
    """No kernel can be had; the message says why."""


class ServerGone(KernelError):  # noqa: N818
    """The fork server has ended; another one can be started."""


class Server:
    """A fork server, seen from outside."""

    def __init__(self, modules: list[str], hidden: list[str], trusted: bool):
        sandbox = walls.choose(hidden, trusted=trusted)
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp"}
        environment |= {name: "1" for name in THREADS} | {"PYTHONDONTWRITEBYTECODE": "1"}
        environment |= {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
        environment |= {k: v for k, v in os.environ.items() if k in ("PYTHONPATH", "LD_LIBRARY_PATH")}
        n = theirs.fileno()
        launch = f"import os; os.dup2({n}, 3); {n} == 3 or os.close({n}); from unrolled.grading.kernels import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", launch], pass_fds=(n,), env=environment, cwd="/", start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        theirs.close()
        orders = {"sandbox": sandbox.name, "hidden": hidden, "modules": modules}
        self._control.sendall(json.dumps(orders).encode())
        said = self._answer(START)[0]
        self.trouble = said["trouble"]
        if said["threads"] > 1:
            self.close()
            raise KernelError(f"the fork server has {said['threads']} threads; a fork of it could hang")

    def fork(self, order: dict[str, Any], handles: list[int]) -> int:
        """A kernel; returns a handle of its process."""
        with self._lock:
            try:
                socket.send_fds(self._control, [json.dumps(order).encode()], handles)
            except OSError as error:
                raise ServerGone(f"the fork server does not answer: {error}") from None
            said, tokens = self._answer(ANSWER)
        if "error" in said:
            raise KernelError(f"no process could be started: {said['error']}")
        return tokens[0]

    def _answer(self, seconds: float) -> tuple[dict[str, Any], list[int]]:
        self._control.settimeout(seconds)
        try:
            data, handles, _, _ = socket.recv_fds(self._control, 65_536, 1)
        except OSError as error:
            raise ServerGone(f"the fork server does not answer: {error}") from None
        if not data:
            raise ServerGone(f"the fork server ended with code {self.process.wait()}")
        return json.loads(data), list(handles)

    def close(self) -> None:
        """End it, and with it its kernels."""
        self._control.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


_servers: dict[tuple, Server] = {}
_starting = threading.Lock()


def find_server(modules: list[str], hidden: list[str], trusted: bool) -> Server:
    """The fork server of this process for these modules, started if there is none or it has died."""
    key = (os.getpid(), *modules, "", *hidden, trusted)
    with _starting:
        found = _servers.get(key)
        if found is None or found.process.poll() is not None:
            _servers[key] = found = Server(modules, hidden, trusted)
        return found


@atexit.register
def close_servers() -> None:
    """End every fork server of this process; those of the process that it was forked from stay."""
    for key in [key for key in _servers if key[0] == os.getpid()]:
        _servers.pop(key).close()


class WarmForkProvisioner(LocalProvisioner):
    """Kernels forked from a warm process, in a sandbox."""

    modules = List(Unicode(), help="What the fork server imports before it forks.").tag(config=True)
    memory_mb = Integer(4096, help="Memory of a kernel.").tag(config=True)
    cpu_s = Integer(1800, help="Seconds of processor time of a kernel.").tag(config=True)
    disk_mb = Integer(256, help="What a kernel may write, in all.").tag(config=True)
    files = Bool(True, help="Give a kernel copies of the files beside its notebook.").tag(config=True)
    no_sandbox_i_trust_these_notebooks = Bool(
        False, help="Run kernels with your own rights where no sandbox can be had."
    ).tag(config=True)

    _token: int | None = None
    _news: int | None = None
    _status: int | None = None
    _folder: str | None = None

    @default("modules")
    def _default_modules(self) -> list[str]:
        return [m for m in os.environ.get("UNROLLED_WARM", USUAL).replace(" ", "").split(",") if m]

    # start

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Lines in a folder that only this user can enter, instead of ports that everybody could."""
        if self._folder is None and self.parent is not None:
            self._folder = tempfile.mkdtemp(prefix="warm-")
            self.parent.transport = "ipc"
            self.parent.ip = f"{self._folder}/k"
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork a kernel; the first one waits for the imports."""
        _check_command(cmd)
        self._forget()
        folder = os.path.abspath(kwargs.get("cwd") or os.getcwd())
        environment = self._environment(kwargs.get("env") or {})
        await asyncio.get_running_loop().run_in_executor(None, self._launch, folder, environment)
        self.cwd = folder
        return self.connection_info

    def _environment(self, host: dict[str, str]) -> dict[str, str]:
        """What the kernelspec sets and a few names that mean something to notebooks; nothing else of the host's."""
        own = {k: host[k] for k in self.kernel_spec.env or {} if k in host}
        kept = {k: v for k, v in host.items() if k in PASSED_ON or k.startswith("LC_")}
        given = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm-color"}
        given |= {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
        return given | {name: "1" for name in THREADS} | kept | own

    def _launch(self, folder: str, environment: dict[str, str]) -> None:
        names, contents = collect(folder) if self.files else ([], [])
        lines = [self._listen(name) for name in LINES]
        ours, theirs = socket.socketpair()
        self._news, news = os.pipe2(os.O_CLOEXEC)
        order = {"connection": self._connection(), "environment": environment, "limits": self._limits()}
        handles = [*(line.fileno() for line in lines), theirs.fileno(), news]
        try:
            self._token = self._fork(order, handles)
            theirs.close()
            ours.settimeout(ANSWER)
            wire.send(ours, names, contents)
            said = wire.receive(ours)[0]
        except (wire.Gone, TimeoutError) as error:
            raise KernelError(f"the kernel ended at its start: {error}") from None
        else:
            if "broken" in said:
                raise KernelError(f"the kernel could not start: {said['broken']}")
        finally:
            os.close(news)
            for line in (*lines, ours, theirs):
                line.close()

    def _fork(self, order: dict[str, Any], handles: list[int]) -> int:
        what = self.modules, hidden_here(), self.no_sandbox_i_trust_these_notebooks
        server = find_server(*what)
        try:
            return server.fork(order, handles)
        except ServerGone:  # killed, perhaps, for want of memory: once more, with a new one
            server.close()
            return find_server(*what).fork(order, handles)

    def _limits(self) -> dict[str, int]:
        given = {"memory_mb": self.memory_mb, "cpu_s": self.cpu_s, "disk_mb": self.disk_mb}
        return walls.Limits(processes=64)._replace(**given)._asdict()

    def _connection(self) -> dict[str, Any]:
        return {k: v.decode() if isinstance(v, bytes) else v for k, v in self.connection_info.items()}

    def _listen(self, name: str) -> socket.socket:
        facts = self._connection()
        path = f"{facts['ip']}-{facts[name]}"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        line = socket.socket(socket.AF_UNIX)
        line.bind(path)
        line.listen(100)
        return line

    # life

    @property
    def has_process(self) -> bool:
        """Whether a kernel was started and not yet buried."""
        return self._token is not None

    async def poll(self) -> int | None:
        """None while it lives, then its exit code."""
        if self._token is None:
            return 0
        if self._status is None and select.select([self._token], [], [], 0)[0]:
            self._status = await self._last_words()
        return self._status

    async def _last_words(self) -> int:
        """The exit code, which the fork server sends a moment after the end; or none, if it died too."""
        assert self._news is not None
        for _ in range(100):
            if select.select([self._news], [], [], 0)[0]:
                said = os.read(self._news, 100)
                return int(said) if said else -signal.SIGKILL
            await asyncio.sleep(0.005)
        return -signal.SIGKILL

    async def wait(self) -> int | None:
        """Until it has ended."""
        while (status := await self.poll()) is None:
            await asyncio.sleep(0.005)
        self._forget()
        return status

    async def send_signal(self, signum: int) -> None:
        """To the kernel; as process 1 of its tree it would not notice SIGTERM, so that becomes SIGKILL."""
        if self._token is not None:
            number = signal.SIGKILL if signum == signal.SIGTERM else signum
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._token, number)

    async def kill(self, restart: bool = False) -> None:
        """End it at once, and with it every process that it started."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """The same: it has nothing to put in order."""
        await self.send_signal(signal.SIGKILL)

    async def shutdown_requested(self, restart: bool = False) -> None:
        """The same again; what a graceful end would write is gone with its folder."""
        await self.send_signal(signal.SIGKILL)

    async def cleanup(self, restart: bool = False) -> None:
        """Take away the lines, unless a restart will use them again."""
        if not restart and self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        await super().cleanup(restart=restart)

    def _forget(self) -> None:
        for handle in (self._token, self._news):
            if handle is not None:
                os.close(handle)
        self._token = self._news = self._status = None


def _check_command(cmd: list[str]) -> None:
    """Only the Python that runs here can be forked."""
    program = shutil.which(cmd[0]) or cmd[0]
    ours = os.path.dirname(os.path.abspath(program)) == os.path.dirname(os.path.abspath(sys.executable))
    if not (ours or cmd[0] in ("python", "python3")) or "ipykernel_launcher" not in cmd:
        raise KernelError(
            f"warm-fork forks the Python at {sys.executable}; this kernel would start {' '.join(cmd[:3])}. "
            'Name another provisioner in its kernel.json: {"metadata": {"kernel_provisioner": {"provisioner_name": "local-provisioner"}}}'
        )


def hidden_here() -> list[str]:
    """In the folder of a course: what no submission may see, wherever it lies."""
    if not os.path.isfile("nbgrader_config.py"):
        return []
    try:
        from unrolled.grading.course import Course

        return Course(Path.cwd()).secrets()
    except ImportError:
        return []


def collect(folder: str) -> tuple[list[str], list[bytes]]:
    """The files of a folder, bounded; no links, no notebooks (a graded one holds the hidden tests), nothing hidden."""
    names, contents, total = [], [], 0
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__pycache__")))
        for name in sorted(f for f in files if not f.startswith(".") and not f.endswith(".ipynb")):
            path = os.path.join(base, name)
            if not stat.S_ISREG(os.lstat(path).st_mode):
                continue
            size = os.path.getsize(path)
            total += size
            if size > LARGEST or total > MOST_BYTES or len(names) >= MOST_FILES:
                raise KernelError(
                    f"{folder} is too large: a warm-fork kernel gets copies of {MOST_FILES} files at most, {MOST_BYTES / 1e6:.0f} MB "
                    f"in all and {LARGEST / 1e6:.0f} MB each. Put the notebook into a folder of its own, or set "
                    "c.WarmForkProvisioner.files = False"
                )
            with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
                contents.append(file.read())
            names.append(os.path.relpath(path, folder))
    return names, contents
