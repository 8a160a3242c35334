"""``--scheduler ADDRESS``: the workers of a Dask cluster run what the local pool would run.

    dask scheduler                                      on one machine
    dask worker tcp://HOST:8786 --nthreads 4            on each of the others, in the same environment
    unrolled grade ps1 --scheduler tcp://HOST:8786      in the folder of the course

A unit of work is one notebook: its cells and files go out, what became of each cell comes back.  Reading,
scoring, the journal and the gradebook stay here, with one writer, so workers need no shared disk and no
database, and a worker that dies loses nothing: its notebooks go to another.  On each worker a ``Pool`` of its own
sandboxes them as it does locally.  Whoever reaches the scheduler can run code on its workers: keep it in a
closed network, or use ``tls://`` with Dask's own settings.
"""

import importlib.metadata
import logging
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from unrolled.grading import sandbox as walls
from unrolled.grading.pool import Job, Outcome, Pool, PoolError

CONNECT, JOIN, ALONE = 10.0, 30.0, 60.0
"""seconds for the scheduler to answer, for a first worker to be there, and without any worker before we stop"""
LOOK = 5.0
"""seconds between looks at the cluster while a notebook runs"""
IDLE = 60.0
"""seconds after which a worker ends a pool that nobody uses: its grader may have been killed.  The next notebook, if one
comes after all, starts a new one."""
MOST = 1024
"""notebooks in flight, however many workers there are"""


class ClusterError(PoolError):
    """The cluster cannot be used, or no longer: the run stops, and the message says why."""


class Setup(NamedTuple):
    """What a worker needs to make its pool."""

    modules: tuple[str, ...]
    limits: walls.Limits
    hidden: tuple[str, ...]
    only: str | None
    trusted: bool
    versions: dict[str, str]


# on a worker


class _Held:
    """A pool of this worker, and how many notebooks it runs now."""

    def __init__(self, setup: Setup, jobs: int):
        differing = differences(setup.versions, versions(setup.versions))
        if differing:
            raise ClusterError(f"the worker's environment is another one: {differing}")
        self.pool = Pool(jobs, setup.modules, setup.limits, setup.hidden, setup.only, setup.trusted)
        self.users, self.used = 0, time.monotonic()


_held: dict[str, _Held] = {}
_lock = threading.Lock()


def prepare(setup: Setup, dask_worker: Any) -> str:
    """Start a worker's pool, so that it imports while the first notebooks are read; returns what its sandbox is."""
    with _lock:
        return _hold(setup, dask_worker).pool.sandbox.about


def run_job(setup: Setup, job: tuple) -> tuple:
    """One notebook, on a worker."""
    from distributed import get_worker

    with _lock:
        held = _hold(setup, get_worker())
        held.users += 1
    try:
        return tuple(held.pool.run(Job(*job)))
    finally:
        with _lock:
            held.users, held.used = held.users - 1, time.monotonic()


def forget(setup: Setup) -> list[str]:
    """End a worker's pool if nobody uses it; returns what could not be imported beforehand."""
    with _lock:
        held = _held.get(repr(setup))
        if held is None or held.users:
            return []
        del _held[repr(setup)]
        held.pool.shutdown()
        return held.pool.trouble


def _hold(setup: Setup, worker: Any) -> _Held:
    """The pool for this setup; those of others, who have gone, make room."""
    if repr(setup) not in _held:
        for key in [key for key, held in _held.items() if not held.users]:
            _held.pop(key).pool.shutdown()
        if not _held:
            threading.Thread(target=_end_idle, daemon=True, name="idle-pools").start()
        _held[repr(setup)] = _Held(setup, worker.state.nthreads)
    return _held[repr(setup)]


def _end_idle() -> None:
    """End the pools that nobody has used for a while, then end, with the last of them."""
    while True:
        time.sleep(IDLE / 4)
        with _lock:
            now = time.monotonic()
            for key in [k for k, held in _held.items() if not held.users and now - held.used > IDLE]:
                _held.pop(key).pool.shutdown()
            if not _held:
                return


# the same everywhere


def versions(names: Iterable[str]) -> dict[str, str]:
    """The versions of Python and of these packages, here."""
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    for name in names:
        if name != "python":
            try:
                found[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                found[name] = "not installed"
    return found


def differences(ours: dict[str, str], theirs: dict[str, str]) -> str:
    """In words; nothing if there is none."""
    return ", ".join(
        f"{name} {theirs.get(name, 'not installed')} (here {version})"
        for name, version in ours.items()
        if theirs.get(name) != version
    )


def _packages(modules: Iterable[str]) -> list[str]:
    """The packages that an outcome depends on: ours, Dask, IPython and what the assignment imports."""
    owners = importlib.metadata.packages_distributions()
    imported = {owner for module in modules for owner in owners.get(module.split(".")[0], [])}
    return ["unrolled", "dask", "distributed", "ipython", *sorted(imported - {"unrolled"})]


# here


class Cluster(Executor):
    """The pool's interface over a Dask scheduler."""

    def __init__(
        self,
        address: str,
        modules: Iterable[str] = (),
        limits: walls.Limits | None = None,
        hidden: Iterable[str] = (),
        only: str | None = None,
        trusted: bool = False,
    ):
        modules, hidden = tuple(modules), tuple(os.path.abspath(path) for path in hidden)
        here = versions(_packages(modules))
        self.address, self.trouble = address, []
        self.setup = Setup(modules, limits or walls.Limits(), hidden, only, trusted, here)
        self._client = _connect(address)
        self._looking, self._looked, self._seen, self._width = threading.Lock(), 0.0, 0.0, 1
        try:
            self.sandbox = self._greet()
        except BaseException:
            self._client.close()
            raise
        self._threads = ThreadPoolExecutor(MOST, thread_name_prefix="cluster")

    def _greet(self) -> Any:
        """Wait for a worker, see that all are as we are; returns their sandbox."""
        try:
            self._client.wait_for_workers(1, timeout=JOIN)
        except TimeoutError:
            raise ClusterError(
                f"the scheduler at {self.address} has no worker (waited {JOIN:.0f} s); "
                f"start one in this environment: dask worker {self.address}"
            ) from None
        self._look()
        answers = self._client.run(prepare, self.setup, on_error="return")
        for worker, answer in answers.items():
            if isinstance(answer, BaseException):
                raise ClusterError(f"worker {worker} cannot grade: {_words(answer)}")
        kinds = sorted(set(answers.values()))
        return _Sandbox(f"{' / '.join(kinds)} (on {len(answers)} Dask workers)")

    @property
    def jobs(self) -> int:
        """Notebooks that the cluster runs at a time, as it is now."""
        self._look()
        return max(1, min(self._width, MOST // 3))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """``fn(run, *args)`` in a thread here, where ``run(job)`` gives the Outcome of a Job from a worker."""
        return self._threads.submit(fn, self.run, *args, **kwargs)

    def run(self, job: Job) -> Outcome:
        """Run a job on some worker; if that dies, Dask gives it to another."""
        from distributed import KilledWorker

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about large data files, which have to travel
            future = self._client.submit(run_job, self.setup, tuple(job), pure=False)
        while True:
            try:
                return Outcome(*future.result(timeout=LOOK))
            except TimeoutError:
                self._look()
            except KilledWorker:
                raise PoolError("every worker that ran it was lost; see the workers' logs") from None
            except CancelledError:
                raise ClusterError(self._gone()) from None

    def _look(self) -> None:
        """Look at the cluster now and then; ClusterError if there is none any more."""
        with self._looking:
            now = time.monotonic()
            if self._client.status != "running":
                raise ClusterError(self._gone())
            if now - self._looked < LOOK:
                return
            self._looked = now
            try:
                self._width = sum(self._client.nthreads().values())
            except (OSError, TimeoutError):
                raise ClusterError(self._gone()) from None
            self._seen = now if self._width else self._seen
            if now - self._seen > ALONE:
                raise ClusterError(
                    f"the scheduler at {self.address} has had no worker for {ALONE:.0f} s. What was graded is kept; "
                    "start a worker, then the same command goes on"
                )

    def _gone(self) -> str:
        return (
            f"the scheduler at {self.address} has gone. What was graded is kept; the same command goes on, "
            "with the scheduler back or without --scheduler on this machine alone"
        )

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads, then our pool on each worker; the cluster itself stays."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        if self._client.status == "running":
            said = self._client.run(forget, self.setup, on_error="ignore") or {}
            self.trouble = sorted({text for texts in said.values() for text in texts})
        self._client.close()


class _Sandbox(NamedTuple):
    about: str


def _connect(address: str) -> Any:
    try:
        from distributed import Client
        from distributed.comm.addressing import parse_address
        from distributed.comm.registry import get_backend
    except ModuleNotFoundError as error:
        raise ClusterError(
            f"--scheduler needs {error.name}; install it with: pip install 'unrolled[grading,scale]'"
        ) from None
    _hush()
    try:
        get_backend(parse_address(address)[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own table of versions; ours follows
            return Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address} ({_words(error)}); start one with `dask scheduler`, "
            "which prints its address"
        ) from None


def _hush() -> None:
    """What matters of Dask's log, we say ourselves."""
    for name in [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _words(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"it has no {error.name}; install there what is installed here"
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
