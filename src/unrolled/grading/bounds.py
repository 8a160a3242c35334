"""Bounds that the kernel's own limits do not hold: those of a submission's processes together.

The kernel bounds the memory of each process, and each file.  Twenty processes may take twenty times as much, and
outside of namespaces a thousand files a thousand times.  So the grader looks ten times a second at what a submission uses, and
ends it when it is too much.  Between two looks a process can go on taking: the bound of each process is the kernel's,
the sum is ours, a tenth of a second late.
"""

import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from unrolled.grading.sandbox import FIRST_UID, Limits

PAUSE = 0.1
"""seconds between two looks"""
MOST_FILES = 20_000
"""in a submission's folder"""
SLOTS = 300
"""submissions that run at a time on one host as root, each with two users of its own; the users beyond are for trials"""
STALE = 60.0
"""seconds after which a folder that nobody holds may be swept"""
HELD = re.compile(r"^(?:RssAnon|VmSwap):\s+(\d+) kB$", re.MULTILINE)


class Watch:
    """What one submission uses, looked at now and then."""

    def __init__(self, token: int, limits: Limits, rooms: "Rooms | None", slot: int):
        self.pid, self.limits, self.rooms, self.slot = _pid(token), limits, rooms, slot
        self.next = time.monotonic() + PAUSE

    def look(self) -> str | None:
        """What is too much, in words; None if nothing is, or if it is too early to look again."""
        if time.monotonic() < self.next:
            return None
        found = self._memory() or self._disk()
        self.next = time.monotonic() + PAUSE
        return found

    def _memory(self) -> str | None:
        if sum(map(_held, tree(self.pid))) > self.limits.memory_mb << 20:
            return f"its processes together held more than {self.limits.memory_mb} MB of memory"
        return None

    def _disk(self) -> str | None:
        if self.rooms is None:
            return None
        size, files = self.rooms.used(self.slot)
        if size > self.limits.disk_mb << 20:
            return f"its files took more than {self.limits.disk_mb} MB"
        return f"it made more than {MOST_FILES} files" if files > MOST_FILES else None


def _pid(token: int) -> int:
    """The process of a handle, as it is called here; 0 if it has ended."""
    with suppress(OSError):
        found = re.search(r"^Pid:\s+(-?\d+)$", Path(f"/proc/self/fdinfo/{token}").read_text(), re.MULTILINE)
        return max(0, int(found[1])) if found else 0
    return 0


def tree(pid: int) -> Iterator[int]:
    """A process and all that come from it.  In a tree of its own orphans fall to its first process, so none gets away."""
    waiting, seen = [pid] if pid else [], set()
    while waiting:
        seen.add(pid := waiting.pop())
        yield pid
        with suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):
                children = Path(f"/proc/{pid}/task/{task}/children").read_text().split()
                waiting += [child for child in map(int, children) if child not in seen]


def _held(pid: int) -> int:
    """Bytes that would come free if the process ended, those that it still shares with its parent included."""
    with suppress(OSError):
        return sum(int(n) << 10 for n in HELD.findall(Path(f"/proc/{pid}/status").read_text()))
    return 0


class Rooms:
    """The folders of submissions, where the sandbox has no file system of its own to give them.

    They lie in one folder that this process holds a lock on.  It goes with ``close``; after a kill -9 the next grader sweeps it.
    """

    PREFIX = "unrolled-rooms-"

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix=self.PREFIX))
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        os.chmod(self.path, 0o711)  # users of the sandbox pass through it, and see nothing
        self._sweep()

    def of(self, slot: int) -> list[Path]:
        """The folders of the two processes of a slot."""
        return [path for role in (0, 1) for path in self.path.glob(f"room-{2 * slot + role}-*")]

    def used(self, slot: int) -> tuple[int, int]:
        """Bytes and number of the files of a slot; it stops counting at too many."""
        size = files = 0
        for path in self.of(slot):
            for base, folders, names in os.walk(path):
                files += len(folders) + len(names)
                if files > MOST_FILES:
                    return size, files
                for name in names:
                    with suppress(OSError):
                        size += os.lstat(os.path.join(base, name)).st_blocks * 512
        return size, files

    def clear(self, slot: int) -> None:
        """Remove what a submission left; its processes have ended."""
        for path in self.of(slot):
            remove(path)

    def close(self) -> None:
        """Remove all."""
        remove(self.path)
        os.close(self._lock)

    def _sweep(self) -> None:
        """Remove the folders of graders that were killed: old ones of ours that nobody holds."""
        for path in self.path.parent.glob(f"{self.PREFIX}*"):
            with suppress(OSError):
                handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
                try:
                    facts = os.fstat(handle)
                    if facts.st_uid == os.getuid() and time.time() - facts.st_mtime > STALE:
                        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        remove(path)
                finally:
                    os.close(handle)


def remove(path: Path) -> None:
    """A folder and all in it, although its owner may have taken the right away."""
    with suppress(OSError):
        os.chmod(path, 0o700)
        for base, folders, _ in os.walk(path):
            for folder in (os.path.join(base, name) for name in folders):
                if not os.path.islink(folder):
                    os.chmod(folder, 0o700)
    shutil.rmtree(path, ignore_errors=True)


class Slots:
    """Numbers for submissions that run at a time; as root they decide about users, and no other grader here has the same.

    Two graders that shared a user would share its count of processes, and their submissions could signal each other where
    nothing else stands between them.  A lock on a file holds a number; the kernel lets go of it when the process ends.
    """

    FOLDER = Path("/run/unrolled-grade")

    def __init__(self, wanted: int):
        self._held: list[int] = []
        self.numbers = self._claim(wanted) if os.getuid() == 0 else list(range(wanted))

    def _claim(self, wanted: int) -> list[int]:
        try:
            self.FOLDER.mkdir(mode=0o700, exist_ok=True)
            numbers = [n for n in range(SLOTS) if len(self._held) < wanted and self._take(n)]
        except OSError:
            numbers = []  # no /run to write in: a container, which is one grader's own
        return numbers if len(numbers) == wanted else list(range(wanted))

    def _take(self, number: int) -> bool:
        handle = os.open(
            self.FOLDER / str(FIRST_UID + 2 * number), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._held.append(handle)
        return True

    def close(self) -> None:
        """Let go of the numbers."""
        while self._held:
            os.close(self._held.pop())
