"""Hostile submissions.  Each is one code cell in place of the first answer; no other task is answered.

An attack that gets at something it must not see prints ``LEAK``; one that gets out prints ``ESCAPED`` or
touches a file named canary.  It must earn nothing, and harm nobody.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
"""The checkout, which attackers look for by its real path; they write it @ROOT@."""
ATTACKS: dict[str, str] = {}


def attack(name: str, source: str) -> None:
    assert name not in ATTACKS
    ATTACKS[name] = source.replace("@ROOT@", str(ROOT))


def attempts(name: str, *lines: str, function: str = "raise ValueError") -> None:
    """Each line is tried for itself; then comes a function that answers nothing."""
    body = "".join(
        f"try:\n    {line}\nexcept BaseException as error:\n    print(type(error).__name__)\n"
        for line in lines
    )
    attack(
        name, f"import os, sys, socket, subprocess, ctypes\n{body}\ndef leaky_step(*args):\n    {function}\n"
    )


# forged points: the test machinery

attack(
    "transformer blanks later cells",
    """
import ast
class Blank(ast.NodeTransformer):
    def visit_Module(self, node):
        node.body = []
        return node
get_ipython().ast_transformers.append(Blank())
""",
)
attack(
    "input transformer blanks later cells",
    "get_ipython().input_transformers_cleanup.append(lambda lines: [])",
)
attack(
    "shows a number, then raises",
    """
def leaky_step(*args):
    get_ipython().displayhook(2.0)
    raise ValueError
""",
)
attack(
    "asserts are patched",
    """
import numpy as np
np.testing.assert_allclose = np.testing.assert_array_equal = np.testing.assert_equal = lambda *a, **k: None
np.allclose = np.array_equal = np.isclose = lambda *a, **k: True
def leaky_step(*args):
    return np.zeros(2)
""",
)
attack(
    "always equal object",
    """
class Any(float):
    def __eq__(self, other): return True
    def __array__(self, *a, **k): return np.zeros(2)
    __ne__ = lambda self, other: False
    __hash__ = float.__hash__
def leaky_step(*args):
    return Any()
""",
)
attack(
    "always equal array",
    """
class A(np.ndarray):
    def __array_function__(self, *a): return True
    def __array_ufunc__(self, *a, **k): return True
def leaky_step(*args):
    return np.zeros(2).view(A)
""",
)
attack(
    "checks replaced",
    """
import sys
for name, module in list(sys.modules.items()):
    if name.startswith("unrolled.checks"):
        for key in list(vars(module)):
            if callable(getattr(module, key)) and not key.startswith("__"):
                setattr(module, key, lambda *a, **k: None)
for key in list(globals()):
    if key.startswith("check_"):
        globals()[key] = lambda *a, **k: None
""",
)
attack(
    "checks shadowed",
    "\n".join(
        f"def {name}(*a, **k):\n    pass"
        for name in ("check_leaky_step", "check_all_states", "check_tag_words", "agree")
    ),
)
attack(
    "builtins replaced",
    "import builtins\nbuiltins.AssertionError = Warning\nbuiltins.__import__ = lambda *a, **k: None",
)
attack(
    "numpy name is a mock", "from unittest.mock import MagicMock\nnp = MagicMock()\nleaky_step = MagicMock()"
)
attack(
    "a mock for everything",
    """
from unittest.mock import MagicMock
leaky_step = all_states = final_states = predict_changes = tag_words = parity_weights = MagicMock()
leaky_step_backward = leaky_step
""",
)
attack(
    "tests are run by a friend",
    """
shell = get_ipython()
shell.run_cell = shell.run_code = shell.run_ast_nodes = lambda *a, **k: None
""",
)
attack(
    "exceptions are hidden",
    """
get_ipython().showtraceback = lambda *a, **k: None
get_ipython()._showtraceback = lambda *a, **k: None
get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)
""",
)
attack(
    "post run hook",
    """
get_ipython().events.register("post_run_cell", lambda result: setattr(result, "error_in_exec", None))
""",
)
attack(
    "forged reply on the line",
    """
import os, json, struct
text = json.dumps([{"cell": 4, "count": 4, "outputs": []}, []]).encode()
text2 = json.dumps([{"end": True}, []]).encode()
for fd in range(3, 64):
    try:
        os.write(fd, struct.pack("<I", len(text)) + text + struct.pack("<I", len(text2)) + text2)
    except OSError:
        pass
""",
)
attack(
    "forged reply in a call",
    """
import os, json, struct
def leaky_step(*args):
    text = json.dumps([{"value": None, "calls": [], "stderr": 0}, []]).encode()
    for fd in range(3, 64):
        try:
            os.write(fd, struct.pack("<I", len(text)) + text)
        except OSError:
            pass
""",
)
attack("line closed", "import os\nos.closerange(0, 256)")
attack(
    "line flooded",
    """
import os
for fd in range(3, 64):
    try:
        os.set_blocking(fd, False)
        os.write(fd, b"\\xff" * 65536)
    except OSError:
        pass
""",
)
attack(
    "raises the boundary's own exception",
    """
def leaky_step(*args):
    from unrolled.grading.wire import CannotCross
    raise CannotCross("no")
""",
)
attack(
    "returns what cannot cross",
    """
def leaky_step(*args):
    return (x for x in [1])
""",
)
attack(
    "in-process forgery after a crossing failure",
    """
class Stone:
    pass
def leaky_step(*args):
    return Stone()
import ast
class Blank(ast.NodeTransformer):
    def visit_Module(self, node):
        node.body = []
        return node
get_ipython().ast_transformers.append(Blank())
""",
)
attack("exits with success", "import sys\ndef leaky_step(*args):\n    sys.exit(0)")
attack(
    "exception with an evil class",
    """
class E(AssertionError):
    def __str__(self): raise SystemExit
    args = property(lambda self: 1 / 0)
def leaky_step(*args):
    raise E()
""",
)
attack(
    "attributes that lie",
    """
class F:
    __name__ = property(lambda self: "x" * 10**7)
    __module__ = "builtins"
    def __call__(self, *args): return None
    def __getattr__(self, name): return self
leaky_step = F()
""",
)
attack(
    "sets the grade in the notebook's variables",
    """
points = 3
grade = score = max_points = 3
__score__ = 3.0
3.0
""",
)

# hidden tests

attack(
    "looks for the tests in memory",
    """
import gc, sys
def search():
    word = "leaky" + "_by_rows"
    for thing in gc.get_objects():
        if isinstance(thing, dict) and any(isinstance(k, str) and k == word for k in thing):
            print("LEAK dict")
    frame = sys._getframe()
    while frame:
        if word in str(frame.f_code.co_names) + str(frame.f_locals)[:10**6].replace("'leaky' + '_by_rows'", ""):
            if frame.f_code.co_name not in ("search", "<module>", "leaky_step"):
                print("LEAK frame", frame.f_code.co_name)
        frame = frame.f_back
    if any(word in text for text in In[:-1]):
        print("LEAK In")
search()
def leaky_step(*args):
    search()
""",
)
attack(
    "reads its own memory",
    """
word = b"def leaky" + b"_by_rows("
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        span, mode = line.split()[:2]
        a, b = (int(x, 16) for x in span.split("-"))
        if "r" in mode and b - a < 1 << 28:
            try:
                memory.seek(a)
                if word in memory.read(b - a):
                    print("LEAK memory")
            except (OSError, ValueError):
                pass
""",
)
attempts("reads the other process", "print('LEAK', [p for p in os.listdir('/proc') if p.isdigit() and p != str(os.getpid())][0])",
         "print('LEAK', open('/proc/2/mem', 'rb').read(10))")  # fmt: skip
attempts("looks for the source", "[print('LEAK', p) for p in ('@ROOT@/solutions', '../../../source', '../../source') if os.path.exists(p)]",
         "[print('LEAK', os.path.join(b, n)) for b, _, names in os.walk('/') for n in names if n in ('ch01_rnn.md', 'gradebook.db')"
         " and not b.startswith('/proc') and 'site-packages' not in b and os.path.getsize(os.path.join(b, n))]")  # fmt: skip

# the host

attempts("reads files of the host", *(f"print('LEAK', open({p!r}).read()[:10])" for p in (
    "/etc/shadow", "/etc/hostname", "/root/.bashrc", "/proc/1/environ/..", "/proc/kcore", "/dev/mem", "/var/log/dpkg.log")))  # fmt: skip
attempts("reads the environment", "print('LEAK', [k for k in os.environ if 'CANARY' in k][0])",
         "print('LEAK', [1 for e in (b'CANARY',) if e in open('/proc/self/environ', 'rb').read()][0])")  # fmt: skip
attempts("writes outside", *(f"open({p!r}, 'w').write('x'), print('ESCAPED')" for p in (
    "/canary", "/usr/canary", "/etc/passwd", "/root/canary", "/dev/canary", "/proc/sys/kernel/hostname", "../../../canary")))  # fmt: skip
attempts("writes into Python", "import numpy; open(os.path.join(os.path.dirname(numpy.__file__), 'canary'), 'w'), print('ESCAPED')",
         "import unrolled; open(unrolled.__file__, 'a'), print('ESCAPED')",
         "os.chmod(os.__file__, 0o777), print('ESCAPED')")  # fmt: skip
attempts("connects", *(f"s = socket.socket({f}); s.settimeout(1); s.connect({a}); print('ESCAPED')" for f, a in (
    ("", "('127.0.0.1', PORT)"), ("", "('1.1.1.1', 53)"), ("socket.AF_INET6", "('::1', PORT)"),
    ("socket.AF_UNIX", "chr(0) + 'abstract'"), ("socket.AF_UNIX, socket.SOCK_DGRAM", "'/dev/log'"))))  # fmt: skip
attempts("listens", "s = socket.socket(); s.bind(('', 0)); s.listen(); print('ESCAPED')",
         "socket.socket(socket.AF_UNIX).bind(chr(0) + 'canary'); print('ESCAPED')")  # fmt: skip
attempts("resolves a name", "socket.getaddrinfo('example.org', 80); print('ESCAPED')")
attempts("asks the kernel for more", *(f"print('ESCAPED') if ctypes.CDLL(None).syscall({n}) >= 0 else None" for n in (
    "272, 0x10000000", "165, b'none', b'/tmp', b'tmpfs', 0, 0", "101, 0, 0, 0, 0", "161, b'/tmp'", "425, 1, 0",
    "321, 0, 0, 0", "323, 0", "250, 0, 0, 0", "298, 0, 0, 0, 0, 0", "175, 0, 0, 0", "155, b'/', b'/'", "103, 3, 0, 0",
    "308, 3, 0", "435, 0, 0", "56, 0x10000011, 0, 0, 0, 0", "310, 1, 0, 0, 0, 0, 0")))  # fmt: skip
attempts("becomes root", "os.setuid(0); print('ESCAPED')", "os.setgid(0); print('ESCAPED')",
         "os.setgroups([0]); print('ESCAPED')", "print('ESCAPED') if os.geteuid() == 0 else None",
         "subprocess.run(['su', '-c', 'true'], check=True, stdin=subprocess.DEVNULL), print('ESCAPED')")  # fmt: skip
attempts("lifts its limits", "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1)); print('ESCAPED')",
         "import resource; resource.setrlimit(resource.RLIMIT_NPROC, (10**6, 10**6)); print('ESCAPED')",
         "os.nice(-5); print('ESCAPED')")  # fmt: skip
attempts("makes device files", "os.mknod('disk', 0o060666, os.makedev(254, 0)); open('disk', 'rb').read(1); print('ESCAPED')",
         "os.mknod('null', 0o020666, os.makedev(1, 1)); open('null', 'rb').read(1); print('ESCAPED')")  # fmt: skip
attempts("follows links out", "os.symlink('/proc/1/root/../..', 'up'); print('LEAK', os.listdir('up@ROOT@/solutions'))",
         "print('LEAK', os.listdir('/proc/self/root@ROOT@/solutions'))",
         "print('LEAK', os.listdir('/proc/self/cwd/../../..@ROOT@/tests'))")  # fmt: skip

# processes and signals

attempts(
    "kills everybody",
    "os.kill(os.getppid(), 9)",
    "os.kill(0, 15)",
    "os.kill(-1, 9)",
    "os.killpg(0, 15)",
    "os.kill(1, 9)",
)
attack(
    "detached processes",
    """
import os, sys, time
for n in range(10):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(1000)
        os._exit(0)
""",
)
attack("fork bomb", "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass")
attack(
    "threads without end",
    """
import threading, time
while True:
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
""",
)
attack("leaves at once", "import os\nos._exit(0)")
attack("exits the shell", "exit()")
attack("quits by an exception", "raise SystemExit(0)")
attack("crashes", "import ctypes\nctypes.string_at(0)")
attack("aborts", "import os\nos.abort()")
attack(
    "stops itself",
    "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nsignal.raise_signal(signal.SIGSTOP)",
)
attack(
    "ignores every signal",
    """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
""",
)

# time, memory, disk, output

attack("loops", "while True:\n    pass")
attack("loops in a call", "def leaky_step(*args):\n    while True:\n        pass")
attack(
    "swallows the interrupt",
    "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
)
attack(
    "swallows the interrupt in a call",
    """
def leaky_step(*args):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
""",
)
attack("sleeps in C", "import time\ntime.sleep(1000)")
attack("big number", "x = 7 ** (10 ** 9)")
attack("eats memory", "x = []\nwhile True:\n    x.append(bytearray(1 << 28))")
attack(
    "eats memory in many processes",
    """
import os
for n in range(8):
    if os.fork() == 0:
        x = []
        while True:
            x.append(bytearray(1 << 26))
""",
)
attack(
    "eats memory in twenty detached processes",
    """
import os, time
for n in range(20):
    if os.fork() == 0:
        os.setsid()
        x = []
        while True:
            x.append(b"x" * (1 << 25))
time.sleep(20)
""",
)
attempts("memory that no process holds", "import mmap; mmap.mmap(-1, 1 << 20); print('ESCAPED')",
         "os.memfd_create('x'); print('ESCAPED')", "open('/dev/zero', 'r+b'); print('ESCAPED')",
         *(f"print('ESCAPED') if ctypes.CDLL(None).syscall({n}) >= 0 else None" for n in (
             "29, 0, 1 << 20, 0o1600", "64, 0, 1, 0o1600", "68, 0, 0o1600", "447, 0", "9, 0, 1 << 20, 3, 0x23, -1, 0")))  # fmt: skip
attack(
    "fills the disk",
    """
n = 0
try:
    while True:
        with open(f"file{n}", "wb") as file:
            for _ in range(60):
                file.write(bytes(1 << 20))
        n += 1
        if n > 50:
            print("ESCAPED")
            break
except OSError as error:
    print(error)
""",
)
attack(
    "many small files",
    "n = 0\nwhile n < 10**6:\n    open(f'f{n}', 'w').close()\n    n += 1\nprint('ESCAPED')",
)
attack("300 MB of output", "for n in range(300):\n    print('x' * 10**6)")
attack("output without end", "while True:\n    print('line')")
attack(
    "output to the descriptors",
    "import os\nfor n in range(2000):\n    os.write(1, b'x' * 10**5)\n    os.write(2, b'x' * 10**5)",
)
attack("a huge value", "def leaky_step(*args):\n    return np.zeros(400_000_000, dtype=np.uint8)")
attack(
    "a deep value",
    """
def leaky_step(*args):
    x = []
    for _ in range(100_000):
        x = [x]
    return x
""",
)
attack("a value that contains itself", "def leaky_step(*args):\n    x = []\n    x.append(x)\n    return x")
attack(
    "recursion",
    "import sys\nsys.setrecursionlimit(10**9)\ndef leaky_step(*args):\n    return leaky_step(*args)",
)
attack("waits for input", "input('your grade? ')")

# the reader of the feedback

attack(
    "shows HTML",
    """
from IPython.display import HTML, SVG, Javascript, display
display(HTML("<script>alert('ESCAPED')</script>"), Javascript("alert('ESCAPED')"))
""",
)
