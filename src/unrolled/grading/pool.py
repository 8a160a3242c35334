"""A ``concurrent.futures.Executor`` for submissions: warm, sandboxed, bounded in time and output.

    with Pool(jobs=2, modules=["numpy"]) as pool:
        outcome = pool.submit_job(job).result()

Each job gets two processes forked from a warm one (``zygote``).  This side only moves messages and holds the clocks.
"""

import json
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, NamedTuple

from unrolled.grading import bounds, wire
from unrolled.grading import sandbox as walls
from unrolled.grading.tester import reads

MENTIONED = {
    "matplotlib": ("matplotlib.pyplot", "matplotlib_inline.backend_inline"),  # and the fonts of this machine
    "optim": ("torch._dynamo",),  # which torch's first optimizer imports
}
"""what a submission with this word in it needs, where the course has the package: more than the rest of its work"""
START = 120.0
"""seconds for the first imports"""
ATTEMPTS = 3
"""at a notebook, where the fork server fails and not the notebook"""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class Job(NamedTuple):
    """One notebook to run.  ``cells``: dicts with index, kind (own, shared, test) and source."""

    cells: list[dict[str, Any]]
    files: dict[str, bytes]
    solution_names: list[str]
    timeout: float = 30.0
    """seconds a cell"""
    total: float = 600.0
    """seconds a notebook"""
    ignore: str = ""
    """a pattern; what is written to stderr in a call does not count if it matches (nbgrader's IgnorePattern)"""
    own: tuple[str, ...] = ()
    """names of the files that are the student's"""


class Outcome(NamedTuple):
    """What the tester reported: one dict a cell that ended, and why the rest did not."""

    cells: dict[int, dict[str, Any]]
    seconds: float
    trouble: str | None = None


class PoolError(RuntimeError):
    """The fork server could not be started, or died."""


class Pool(Executor):
    """``jobs`` submissions at a time over one fork server."""

    def __init__(
        self,
        jobs: int = 2,
        modules: Iterable[str] = (),
        limits: walls.Limits | None = None,
        hidden: Iterable[str] = (),
        only: str | None = None,
        trusted: bool = False,
    ):
        self.jobs, self.limits = jobs, limits or walls.Limits()
        self.hidden = [os.path.abspath(path) for path in hidden]
        self.sandbox = walls.choose(self.hidden, only, trusted)
        self.modules = list(modules)
        self.trouble: list[str] = []
        self._late: dict[str, None] | None = {}
        self._taught: set[str] = set()
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="grade")
        self._slots: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._claimed = bounds.Slots(jobs)
        for slot in self._claimed.numbers:
            self._slots.put(slot)
        self._rooms = None if self.sandbox.name == "namespaces" else bounds.Rooms()
        self._start()

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp/work"}
        environment |= {name: "1" for name in THREADS} | {"PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg"}
        environment |= {k: v for k, v in os.environ.items() if k in ("PYTHONPATH", "LD_LIBRARY_PATH")}
        environment |= {"TMPDIR": str(self._rooms.path)} if self._rooms else {}
        handle = theirs.fileno()
        launch = f"import os; os.dup2({handle}, 3); {handle} == 3 or os.close({handle}); from unrolled.grading.zygote import main; main()"
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", launch],
            pass_fds=(handle,),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment, cwd="/", start_new_session=True,
        )  # fmt: skip
        theirs.close()
        orders = {"sandbox": self.sandbox.name, "hidden": self.hidden, "modules": self.modules}
        self._control.sendall(json.dumps(orders).encode())
        self._ready = False

    def wait_ready(self) -> None:
        """Wait for the first imports; PoolError if they fail."""
        with self._lock:
            self._wait_ready()

    def _wait_ready(self) -> None:
        if self._ready:
            return
        self._control.settimeout(START)
        try:
            data = self._control.recv(65_536)
        except TimeoutError:
            raise PoolError(f"the fork server was not ready after {START:.0f} seconds") from None
        if not data:
            raise PoolError(f"the fork server ended at its start with code {self._process.wait()}")
        said = json.loads(data)
        self.trouble, self._ready = said["trouble"], True
        if said["threads"] > 1:
            raise PoolError(f"the fork server has {said['threads']} threads; a fork of it could hang")

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """``fn(run, *args)`` in a thread of the pool, where ``run(job)`` gives the Outcome of a Job."""
        return self._threads.submit(fn, self.run, *args, **kwargs)

    def submit_job(self, job: Job) -> "Future[Outcome]":
        """The Outcome of a Job, later."""
        return self._threads.submit(self.run, job)

    def run(self, job: Job) -> Outcome:
        """Run a job now; returns what was reached, whatever happened."""
        slot = self._slots.get()
        try:
            for _ in range(ATTEMPTS - 1):  # the machine may have been out of something
                try:
                    return self._once(slot, job)
                except PoolError:
                    continue
            return self._once(slot, job)
        finally:
            if self._rooms:
                self._rooms.clear(slot)
            self._slots.put(slot)

    def _once(self, slot: int, job: Job) -> Outcome:
        self._note_late(self._mentioned(job))
        line, tokens = self._fork(slot)
        watch = bounds.Watch(tokens[0], self.limits, self._rooms, slot)
        outcome = _follow(line, tokens, job, watch, self._note_late)
        if outcome.trouble and self._has_ended(0.3):
            raise PoolError(
                f"the fork server ended with code {self._process.returncode} while a notebook ran"
            )
        return outcome

    def _mentioned(self, job: Job) -> list[str]:
        """Modules of ``MENTIONED``; a compiler of torch's is nothing to a course without torch."""
        words = [word for word in MENTIONED if any(word in cell["source"] for cell in job.cells)]
        if not any(name.partition(".")[0] == "torch" for name in self.modules):
            words = [word for word in words if word != "optim"]
        return [name for word in words for name in MENTIONED[word]]

    def _has_ended(self, patience: float = 0.0) -> bool:
        """Whether the fork server is dead, and with it, not by any fault of theirs, whoever it started."""
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _note_late(self, modules: Iterable[str]) -> None:
        """Modules to be imported before the next fork, of ours or named by a tester, which runs no student's code."""
        with self._lock:
            if self._late is not None:
                self._late |= {name: None for name in modules if name not in self._taught}

    def _take_late(self) -> list[str]:
        """What the fork server shall import before the next fork: each module once; ``_lock`` is held."""
        news = list(self._late or ())
        if news:
            self._late = {}
            self._taught.update(news)
        return news

    def _replace(self) -> None:
        """A new fork server in the place of one that has ended or says nothing; ``_lock`` is held.

        It learns nothing more: that may have been what ended the other.
        """
        self._late = None
        self._control.close()
        if not self._has_ended():
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._start()

    def _fork(self, slot: int) -> tuple[socket.socket, list[int]]:
        """Ask for a student and a tester; returns the tester's line and handles of both processes."""
        student, tester = socket.socketpair()
        ours, theirs = socket.socketpair()
        order: dict[str, Any] = {"slot": slot, "limits": self.limits._asdict()}
        tokens: list[int] = []
        with self._lock, student, tester, theirs, ExitStack() as otherwise:
            otherwise.callback(ours.close)
            if self._ready and self._has_ended():
                self._replace()
            self._wait_ready()
            self._control.settimeout(60)
            order["modules"] = self._take_late()
            try:
                handles = [student.fileno(), tester.fileno(), theirs.fileno()]
                socket.send_fds(self._control, [json.dumps(order).encode()], handles)
                _, tokens, _, _ = socket.recv_fds(self._control, 4096, 2)
            except OSError as error:
                self._replace()
                raise PoolError(f"the fork server does not answer: {error}") from None
            if len(tokens) != 2:
                self._replace()
                raise PoolError("the fork server has ended")
            otherwise.pop_all()
        return ours, list(tokens)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads, then the fork server and everybody in its house."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        self._control.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._rooms:
            self._rooms.close()
        self._claimed.close()


def _follow(
    line: socket.socket,
    tokens: list[int],
    job: Job,
    watch: bounds.Watch,
    note_late: Callable[[Iterable[str]], None],
) -> Outcome:
    """Hand over the job, collect its reports, end both processes."""
    began, cells, trouble = time.monotonic(), {}, None
    try:
        line.settimeout(30)
        wire.send(line, _order(job), list(job.files.values()))
        trouble = _listen(line, tokens, cells, began + job.total, watch, note_late)
    except (wire.Gone, wire.BadMessage, wire.CannotCross, TimeoutError) as error:
        trouble = str(error) or "no answer"
    finally:
        line.close()
        for token in tokens:
            _kill(token)
            os.close(token)
    return Outcome(cells, time.monotonic() - began, trouble)


def _order(job: Job) -> dict[str, Any]:
    """What the tester gets; what the instructor's cells read is worked out here, once for a class."""
    cells = [
        {**cell, "reads": reads(cell["source"]) if cell["kind"] != "own" else None} for cell in job.cells
    ]
    return {**job._asdict(), "cells": cells, "files": list(job.files)}


def _listen(
    line: socket.socket,
    tokens: list[int],
    cells: dict[int, dict[str, Any]],
    deadline: float,
    watch: bounds.Watch,
    note_late: Callable[[Iterable[str]], None],
) -> str | None:
    excess = None
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return "the notebook took longer than it may"
        if excess is None and (excess := watch.look()):
            _signal(tokens[0], signal.SIGKILL)  # the tester goes on, and says what was not run
        if not select.select([line], [], [], min(left, bounds.PAUSE))[0]:
            continue
        message, _ = wire.receive(line)
        if "cell" in message:
            cells[message["cell"]] = message
        elif "interrupt" in message:
            _signal(tokens[0], signal.SIGINT)
        elif "kill" in message:
            _signal(tokens[0], signal.SIGKILL)
        elif "broken" in message:
            raise PoolError(message["broken"])
        elif "end" in message:
            note_late(message["late"])
            return excess


def _signal(token: int, number: int) -> None:
    try:
        signal.pidfd_send_signal(token, number)
    except (ProcessLookupError, PermissionError):
        pass


def _kill(token: int) -> None:
    """Process 1 of a tree ends, and with it its tree; wait until it has."""
    _signal(token, signal.SIGKILL)
    select.select([token], [], [], 5)
