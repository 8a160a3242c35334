"""The fork server: one thread, everything imported once, two fresh processes for each submission.

    python -P -m unrolled.grading.zygote     (its commands come over the socket at file descriptor 3)

It never sees a cell: those go from the grader to the children over sockets of their own, so that no child can
find tests, or another's work, in the memory it was forked with.
"""

import ctypes
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from typing import Any

CONTROL = 3
SELDOM = 10_000
"""new containers before Python looks for garbage; its own 700 is once in every cell"""
HUGE, MADV_COLLAPSE = 1 << 21, 25


def main() -> None:
    """Serve until the grader hangs up."""
    from unrolled.grading.sandbox import KINDS, Nothing

    control = socket.socket(fileno=CONTROL)
    orders = json.loads(control.recv(1 << 20))
    sandbox = KINDS[orders["sandbox"]](orders["hidden"]) if orders["sandbox"] in KINDS else Nothing()
    sandbox.enter_house(sys.path)
    shell, trouble = warm(orders["modules"])
    control.sendall(json.dumps({"ready": True, "trouble": trouble, "threads": threads()}).encode() + b"\n")
    while True:
        select.select([control], [], [], 1.0)
        _reap()
        try:
            data, handles, _, _ = socket.recv_fds(control, 65_536, 4, socket.MSG_DONTWAIT)
        except BlockingIOError:
            continue
        except OSError:
            data, handles = b"", []
        if not data:
            _end_all()
            os._exit(0)  # and with it, as process 1, everybody in the house
        order = json.loads(data)
        if order["modules"] and not learn(order["modules"]):
            os._exit(1)
        pids = [_child(sandbox, shell, order, role, handles) for role in ("student", "tester")]
        for handle in handles:
            os.close(handle)
        tokens = [os.pidfd_open(pid) for pid in pids]
        socket.send_fds(control, [b"{}\n"], tokens)
        for token in tokens:
            os.close(token)


def warm(modules: list[str]) -> tuple[Any, list[str]]:
    """Import what the assignment imports; make the shell."""
    from unrolled.grading.shell import Shell

    sys.modules.setdefault("debugpy", None)  # type: ignore[arg-type] - a tenth of a second, for nobody
    trouble = []
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as error:
            trouble.append(f"{name}: {type(error).__name__}: {error}")
    warm_up(modules)
    with suppress(ImportError):
        importlib.import_module("unrolled.grading.student")
        importlib.import_module("unrolled.grading.tester")
    folder = os.environ["IPYTHONDIR"] = tempfile.mkdtemp(prefix="unrolled-grade-")
    shell = Shell()
    shell.warm()
    shutil.rmtree(folder)
    freeze()
    return shell, trouble


def learn(modules: list[str]) -> bool:
    """Import what tests imported late, so that the next ones find it; whether there is still one thread.

    torch, for one, imports half a thousand modules at the first ``assert_close``: a second of every submission.
    """
    for name in modules:
        with suppress(BaseException):
            importlib.import_module(name)
    freeze()
    return threads() <= 1


def freeze() -> None:
    """What is there now is no garbage: no child looks through it, nor often through the little that it makes itself."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(SELDOM, 10, 10)
    with suppress(OSError, ValueError):
        _join_pages()


def _join_pages() -> None:
    """Ask for huge pages, 2 MB each: a fork copies one entry of a table instead of 512.  Where there are none, none come."""
    libc = ctypes.CDLL(None)
    with open("/proc/self/maps", encoding="ascii", errors="replace") as file:
        parts = [line.split() for line in file]
    for span in (part[0] for part in parts if part[1] == "rw-p" and part[5:] in ([], ["[heap]"])):
        start, end = (int(address, 16) for address in span.split("-"))
        start, end = -(-start // HUGE) * HUGE, end // HUGE * HUGE
        if start < end:
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_COLLAPSE)


def warm_up(modules: list[str]) -> None:
    """One of each that NumPy and torch put off until it is first used, where they are here."""
    if "numpy" in sys.modules:
        _warm_numpy()
    if "torch" in sys.modules:
        _warm_torch(modules)


def _warm_numpy() -> None:
    import numpy as np

    np.testing.assert_allclose(np.zeros(2), 0)
    with suppress(AssertionError):
        np.testing.assert_allclose(np.ones(2), 0)
    repr(np.random.default_rng(0).normal(size=3))
    np.random.get_state()


def _warm_torch(modules: list[str]) -> None:
    """One of each; the first optimizer imports a compiler, the first comparison an algebra system: a second each."""
    import torch

    torch.set_num_threads(1)
    w = torch.zeros(3, requires_grad=True)
    if "torch.optim" in modules:
        torch.optim.SGD([w], lr=0.1)
    if "torch.testing" in modules:
        torch.testing.assert_close(torch.zeros(2), torch.zeros(2))
    (w * 2).sum().backward()
    repr(torch.randn(2, 3).softmax(-1))


def _child(sandbox: Any, shell: Any, order: dict[str, Any], role: str, handles: list[int]) -> int:
    pid = sandbox.fork()
    if pid:
        return pid
    try:
        _live(sandbox, shell, order, role, handles)
    except BaseException as error:
        with suppress(BaseException):
            from unrolled.grading import wire

            wire.send(
                socket.socket(fileno=handles[2]), {"broken": f"{role}: {type(error).__name__}: {error}"}
            )
    finally:
        os._exit(0)


def _live(sandbox: Any, shell: Any, order: dict[str, Any], role: str, handles: list[int]) -> None:
    from unrolled.grading import guard, randomness, wire
    from unrolled.grading import sandbox as walls
    from unrolled.grading.student import Student
    from unrolled.grading.tester import Tester

    _close_all_but({handles[0]} if role == "student" else {handles[1], handles[2]})
    link = socket.socket(fileno=handles[0 if role == "student" else 1])
    folder = sandbox.enter_room(order["slot"] * 2 + (role == "tester"), walls.Limits(**order["limits"]))
    os.chdir(folder)
    os.environ.update(
        HOME=folder, TMPDIR=os.path.dirname(folder), NBGRADER_EXECUTION="autograde", MPLBACKEND="Agg"
    )
    sys.path[:0] = [""]
    randomness.reseed()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if role == "student":
        wire.send(link, {"ready": True})
        lay_out(*wire.receive(link))
        Student(link, shell).serve()
    else:
        report = socket.socket(fileno=handles[2])
        job, files = wire.receive(report)
        wire.receive(
            link
        )  # or Gone: then the student's room could not be made, which is not the student's fault
        wire.send(link, job["files"], files)
        lay_out(job["files"], files)
        guard.watch(job["own"])
        Tester(report, link, shell, job).run()


def _close_all_but(kept: set[int]) -> None:
    """Leave a child its own lines: one to the fork server or to another submission would be a way out."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    start = 3
    for handle in sorted(kept):
        os.closerange(start, handle)
        start = handle + 1
    os.closerange(start, 4096)


def lay_out(names: list[str], contents: list[bytes]) -> None:
    """Put the files of a submission where its cells run."""
    for name, content in zip(names, contents, strict=True):
        if folder := os.path.dirname(name):
            os.makedirs(folder, exist_ok=True)
        with open(name, "wb") as file:
            file.write(content)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _end_all() -> None:
    """Where there is no house, nobody else would."""
    from unrolled.grading.bounds import tree

    for pid in tree(os.getpid()):
        if pid != os.getpid():
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def threads() -> int:
    """Of this process; 0 where that cannot be told."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 0


if __name__ == "__main__":
    main()
