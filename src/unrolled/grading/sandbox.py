"""The walls around code that nobody has read.

``Namespaces`` is the strongest: a root directory of its own with nothing but Python in it, no network, and for
each submission a process tree, a ``/tmp`` and a user of its own that all vanish with its first process.
``Landlock`` is for machines where namespaces are closed: files by Landlock, and a seccomp filter that lets
no process be started.  Where neither works, ``choose`` refuses.

Both end with the same limits (memory, processor time, file size, open files, processes) and the same
seccomp filter: no socket, no namespace, no mount, no tracing, no key ring, no kernel module.

A process enters in two steps.  The fork server enters the *house* once, before it imports anything of the
course; each of its children then enters a *room*.  All calls go straight to the kernel through ctypes.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

WORK = "/tmp/work"
"""where a submission's files lie and its cells run"""

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
NEW_ANY = NEWNS | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET | 0x02000000 | 0x80
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 24, 38

DEVICES = ("null", "random", "urandom")
"""not zero: a shared mapping of it is memory that belongs to no process"""

FIRST_UID = 61_000
"""as root, submissions run under uids from here on, one for each that runs at a time"""


class Refused(RuntimeError):  # noqa: N818 - an answer, said in words
    """No sandbox can be had here; the message says what was tried."""


class Limits(NamedTuple):
    """What one submission may use."""

    memory_mb: int = 4096
    cpu_s: int = 300
    processes: int = 32
    file_mb: int = 64
    disk_mb: int = 256
    """of /tmp, the submission's own files included"""
    open_files: int = 256


def readable_paths(imports: Iterable[str] = ()) -> list[str]:
    """What Python needs to run: the system's libraries, the interpreter, the folders ``imports`` that it imports from."""
    system = ["/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/alternatives",
              "/etc/localtime", "/etc/ssl/openssl.cnf", "/etc/fonts"]  # fmt: skip
    python = [sys.prefix, sys.base_prefix, sys.exec_prefix, sysconfig.get_path("stdlib"), *imports]
    return [
        path
        for path in dict.fromkeys([*system, *map(os.path.realpath, filter(None, python))])
        if os.path.lexists(path)
    ]


# calls to the kernel

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *args: object) -> None:
    if getattr(_libc, name)(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(
            number, f"{name}{tuple(a for a in args if isinstance(a, int | bytes))}: {os.strerror(number)}"
        )


def _unshare(flags: int) -> None:
    _call("unshare", ctypes.c_int(flags))


def _mount(
    source: str | None, target: str, kind: str | None = None, flags: int = 0, data: str | None = None
) -> None:
    raw = [os.fsencode(x) if x is not None else None for x in (source, target, kind, data)]
    _call("mount", raw[0], raw[1], raw[2], ctypes.c_ulong(flags), raw[3])


def _prctl(option: int, value: int = 0) -> None:
    _call("prctl", ctypes.c_int(option), ctypes.c_ulong(value), 0, 0, 0)


def _map_self() -> None:
    uid, gid = os.getuid(), os.getgid()
    _unshare(NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path(f"/proc/self/{name}").write_text(text)


# limits, for every kind of sandbox


def _limit(limits: Limits, processes: bool) -> None:
    megabyte = 1 << 20
    _rlimit(resource.RLIMIT_AS, limits.memory_mb * megabyte)
    _rlimit(resource.RLIMIT_CPU, limits.cpu_s)
    _rlimit(resource.RLIMIT_FSIZE, limits.file_mb * megabyte)
    _rlimit(resource.RLIMIT_NOFILE, limits.open_files)
    _rlimit(resource.RLIMIT_CORE, 0)
    _rlimit(resource.RLIMIT_MSGQUEUE, 0)
    _rlimit(resource.RLIMIT_MEMLOCK, 65_536)
    if processes:
        _rlimit(resource.RLIMIT_NPROC, limits.processes)


def _rlimit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def _drop_capabilities() -> None:
    for capability in range(64):
        if _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # past the last one, or none to drop
    _call("capset", ctypes.byref(_CapHeader(0x20080522, 0)), (ctypes.c_uint32 * 6)())


# seccomp: names that both machines number in their own way

SYSCALLS = {  # name: (x86_64, aarch64)
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202),
    "accept4": (288, 242), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kcmp": (312, 272), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171), "syslog": (103, 116),
    "quotactl": (179, 60), "acct": (163, 89), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "pidfd_getfd": (438, 438), "mount_setattr": (442, 442),
    # memory that no process holds and no limit counts
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186),
}  # fmt: skip
MMAP, SHARED, ANONYMOUS, PRCTL = (9, 222), 1, 32, (157, 167)
ACCEPT = ("accept", "accept4")
"""what a kernel does on the lines that it was given; it can open none of its own"""
CLONE, CLONE3, FORKS = (56, 220), (435, 435), ((57, 58), ())
CLONE_THREAD = 0x10000
EPERM, ENOSYS = 1, 38
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


def _filter(processes: bool, accept: bool = False) -> bytes:
    """The seccomp program: a list of jumps over (jump if true, jump if false) and verdicts."""
    column, arch = MACHINES[platform.machine()]
    load, equal, ge, has, verdict = 0x20, 0x15, 0x35, 0x45, 0x06
    program = [(load, 0, 0, 4), (equal, 1, 0, arch), (verdict, 0, 0, KILL), (load, 0, 0, 0)]
    if column == 0:
        program += [(ge, 0, 1, 0x40000000), (verdict, 0, 0, ERRNO | ENOSYS)]  # the x32 numbers
    for numbers in (n for name, n in SYSCALLS.items() if not (accept and name in ACCEPT)):
        program += [(equal, 0, 1, numbers[column]), (verdict, 0, 0, ERRNO | EPERM)]
    program += [(equal, 0, 5, MMAP[column]), (load, 0, 0, 40), (has, 0, 2, ANONYMOUS), (has, 0, 1, SHARED)]
    program += [(verdict, 0, 0, ERRNO | EPERM), (verdict, 0, 0, ALLOW)]
    program += [(equal, 0, 1, CLONE3[column]), (verdict, 0, 0, ERRNO | ENOSYS)]  # libc falls back to clone
    if not processes:
        for number in FORKS[column]:
            program += [(equal, 0, 1, number), (verdict, 0, 0, ERRNO | EPERM)]
        program += [(equal, 0, 3, PRCTL[column]), (load, 0, 0, 16), (equal, 0, 1, PR_SET_PDEATHSIG)]
        program += [(verdict, 0, 0, ERRNO), (load, 0, 0, 0)]  # says yes and does not: it ends with its parent
    program += [(equal, 1, 0, CLONE[column]), (verdict, 0, 0, ALLOW), (load, 0, 0, 16)]
    program += [(has, 0, 1, NEW_ANY & ~0x80), (verdict, 0, 0, ERRNO | EPERM)]
    if not processes:
        program += [(has, 1, 0, CLONE_THREAD), (verdict, 0, 0, ERRNO | EPERM)]
    program += [(verdict, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *step) for step in program)


def _seccomp(processes: bool, accept: bool = False) -> None:
    code = _filter(processes, accept)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    pointer = ctypes.create_string_buffer(program, len(program))
    _call("prctl", PR_SET_SECCOMP, ctypes.c_ulong(2), ctypes.c_ulong(ctypes.addressof(pointer)), 0, 0)


def _shut(limits: Limits, processes: bool, accept: bool = False) -> None:
    """The last steps into a room, in this order: each takes away what the next one no longer needs."""
    _limit(limits, processes)
    _drop_capabilities()
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _prctl(PR_SET_DUMPABLE, 0)
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user has cleared it
    _seccomp(processes, accept)


# the kinds of sandbox


class Nothing:
    """No walls at all; only on request, in words.  Limits hold nevertheless."""

    name = "none"
    about = "NO SANDBOX: the submissions ran with your rights"

    def enter_house(self, imports: Iterable[str] = ()) -> None:
        """Nothing to do."""

    def fork(self) -> int:
        """A plain fork."""
        return os.fork()

    def enter_room(self, slot: int, limits: Limits, accept: bool = False) -> str:
        """Set the limits; returns the folder to work in."""
        os.setsid()
        folder = tempfile.mkdtemp(prefix=f"room-{slot}-")
        _limit(limits, processes=False)
        return folder


class Namespaces:
    """Linux namespaces: files, processes, network and users of its own."""

    name = "namespaces"
    about = "namespaces, seccomp and limits: own files, processes and user, no network"

    def __init__(self, hidden: Iterable[str] = ()):
        self.hidden = [os.path.realpath(path) for path in hidden]
        self.root = os.getuid() == 0

    def enter_house(self, imports: Iterable[str] = ()) -> None:
        """Go on as process 1 of a new tree, in a root directory that holds Python and nothing of yours."""
        readable = readable_paths(imports)
        if not self.root:
            _map_self()
        _unshare(NEWNS | NEWPID | NEWNET | NEWIPC | NEWUTS)
        child = os.fork()
        if child:
            _wait_for(child)
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _mount(None, "/", None, REC | PRIVATE)
        self._build_root(readable)
        _call("sethostname", b"grader", 6)
        self._own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def _build_root(self, readable: list[str]) -> None:
        root = tempfile.gettempdir()  # covered by the new root, in this process's own view only
        _mount("tmpfs", root, "tmpfs", NOSUID | NODEV, "size=16m,mode=755")
        for name in ("proc", "dev", "tmp", "etc"):
            os.mkdir(f"{root}/{name}")
        for name in DEVICES:
            Path(f"{root}/dev/{name}").touch()
            _mount(f"/dev/{name}", f"{root}/dev/{name}", None, BIND)
        os.symlink("/proc/self/fd", f"{root}/dev/fd")
        os.symlink("/tmp/shm", f"{root}/dev/shm")
        Path(f"{root}/etc/passwd").write_text("student:x:61000:61000::/tmp/work:/bin/sh\n")
        _mount("tmpfs", f"{root}/tmp", "tmpfs", NOSUID | NODEV, "size=64m,mode=1777")
        for path in sorted(readable):
            if not path.startswith(f"{root}/"):
                self._show(path, root)
        for path in self.hidden:
            if os.path.isdir(f"{root}{path}"):
                _mount("tmpfs", f"{root}{path}", "tmpfs", NOSUID | NODEV | RDONLY, "size=4k,mode=755")
            elif os.path.exists(f"{root}{path}"):
                _mount("/dev/null", f"{root}{path}", None, BIND)
        _mount("proc", f"{root}/proc", "proc", NOSUID | NODEV | NOEXEC)
        os.chdir(root)
        _call("syscall", {"x86_64": 155, "aarch64": 41}[platform.machine()], b".", b".")  # pivot_root
        _call("umount2", b".", 2)
        os.chdir("/")
        _mount(None, "/", None, REMOUNT | BIND | RDONLY | NOSUID | NODEV)

    def _show(self, path: str, root: str) -> None:
        target = f"{root}{path}"
        if os.path.lexists(target) and os.path.realpath(target) != root:
            return  # inside something that is already shown
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.islink(path):
            os.symlink(os.readlink(path), target)
            return
        os.makedirs(target, exist_ok=True) if os.path.isdir(path) else Path(target).touch()
        _mount(path, target, None, BIND | REC)
        flags = os.statvfs(target).f_flag & (NOSUID | NODEV | NOEXEC)
        _mount(None, target, None, BIND | REMOUNT | RDONLY | NOSUID | flags)

    def fork(self) -> int:
        """The child is process 1 of a tree of its own: when it ends, the kernel ends the tree."""
        _unshare(NEWPID)
        child = -1
        try:
            child = os.fork()
        finally:
            if child:  # here, and where no process could be started
                _call("setns", self._own, NEWPID)
        return child

    def enter_room(self, slot: int, limits: Limits, accept: bool = False) -> str:
        """A /tmp of its own, a user of its own, then the doors are shut; returns the folder to work in."""
        os.setsid()
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _unshare(NEWNS | NEWIPC)
        _mount("tmpfs", "/tmp", "tmpfs", NOSUID | NODEV, f"size={limits.disk_mb}m,nr_inodes=20000,mode=1777")
        _mount("proc", "/proc", "proc", NOSUID | NODEV | NOEXEC)
        os.mkdir("/tmp/shm")
        os.chmod("/tmp/shm", 0o1777)  # multiprocessing's locks lie there
        os.mkdir(WORK, 0o777)
        if self.root:
            uid = FIRST_UID + slot
            os.chown(WORK, uid, uid)
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        else:
            _map_self()  # a count of processes of its own
        _shut(limits, processes=True, accept=accept)
        return WORK


def _wait_for(child: int) -> None:
    """Stay as the door keeper of the house: end when it ends."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.closerange(3, 4096)
    _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 255)


class Landlock:
    """Landlock for files, seccomp for the rest; a submission cannot start processes."""

    name = "landlock"
    about = "Landlock, seccomp and limits: own files, no network, no processes (namespaces are closed here)"
    READ = 0b1101  # execute, read_file, read_dir

    def __init__(self, hidden: Iterable[str] = ()):
        self.hidden = [os.path.realpath(path) for path in hidden]
        self.version = _libc.syscall(444, None, ctypes.c_size_t(0), 1)

    def enter_house(self, imports: Iterable[str] = ()) -> None:
        """Nothing to enter; note what Python needs, and refuse if that includes what must stay hidden."""
        if self.version < 1:
            raise OSError("this kernel has no Landlock")
        self.readable = [os.path.realpath(path) for path in readable_paths(imports)] + [
            f"/dev/{name}" for name in DEVICES
        ]
        for path in self.hidden:
            if any(path == shown or path.startswith(f"{shown}/") for shown in self.readable):
                raise OSError(f"{path} lies inside a folder that Python reads from")

    def fork(self) -> int:
        """A plain fork."""
        return os.fork()

    def enter_room(self, slot: int, limits: Limits, accept: bool = False) -> str:
        """A folder of its own, under a user of its own where we are root."""
        os.setsid()
        folder = tempfile.mkdtemp(prefix=f"room-{slot}-")
        if os.getuid() == 0:
            uid = FIRST_UID + slot
            os.chown(folder, uid, uid)
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        _prctl(PR_SET_NO_NEW_PRIVS, 1)
        self._restrict(folder)
        _shut(limits, processes=False, accept=accept)
        return folder

    def _restrict(self, folder: str) -> None:
        everything = (1 << (13 + (self.version >= 2) + (self.version >= 3) + (self.version >= 5))) - 1
        network = 3 if self.version >= 4 else 0
        scopes = 3 if self.version >= 6 else 0  # no abstract sockets, no signals to the outside
        attributes = struct.pack("=QQQ", everything, network, scopes)
        size = 24 if self.version >= 6 else 16 if self.version >= 4 else 8
        ruleset = _libc.syscall(444, attributes, ctypes.c_size_t(size), 0)
        if ruleset < 0:
            raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
        for path in [*self.readable, folder]:
            rights = everything if path == folder else self.READ if os.path.isdir(path) else 0b111
            handle = os.open(path, 0o10000000 | os.O_CLOEXEC)  # O_PATH
            rule = struct.pack("=Qi", rights & everything, handle)
            _call("syscall", 445, ruleset, 1, rule, 0)
            os.close(handle)
        _call("syscall", 446, ruleset, 0)
        os.close(ruleset)


KINDS = {"namespaces": Namespaces, "landlock": Landlock}


def choose(
    hidden: Iterable[str] = (), only: str | None = None, trusted: bool = False
) -> "Namespaces | Landlock | Nothing":
    """The strongest sandbox that works here, tried for real in a process of its own; ``Refused`` if none does."""
    if trusted:
        return Nothing()
    hidden, tried = list(hidden), []
    for name, kind in KINDS.items():
        if only in (None, name):
            sandbox = kind(hidden)
            reason = _try_out(sandbox)
            if reason is None:
                return sandbox
            tried.append(f"{name}: {reason}")
    raise Refused("No sandbox works on this machine. " + "; ".join(tried))


def _try_out(sandbox: "Namespaces | Landlock") -> str | None:
    """Why it does not work, or None."""
    if sys.platform != "linux" or platform.machine() not in MACHINES:
        return f"not made for {sys.platform} on {platform.machine()}"
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            sandbox.enter_house()
            inner = sandbox.fork()
            if inner == 0:
                sandbox.enter_room(999, Limits())
                os.write(theirs, b"ok")
                os._exit(0)
            os.waitpid(inner, 0)
        except BaseException as error:
            os.write(theirs, str(error).encode()[:500])
        os._exit(0)
    os.close(theirs)
    said = os.read(ours, 500).decode()
    os.close(ours)
    os.waitpid(child, 0)
    return None if said == "ok" else said or "it ended without a word"
