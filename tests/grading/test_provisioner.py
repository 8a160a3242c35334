"""``warm-fork`` kernels under real nbclient and stock ``nbgrader autograde``: same results, inside of walls, no orphans."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
import psutil
import pytest
from grading.classroom import (
    CHAPTER,
    CODE,
    copy_course,
    fill,
    make_class,
    points,
    release,
    rows,
    run,
    solutions,
    submit,
)

pytest.importorskip("nbgrader")
from jupyter_client.manager import AsyncKernelManager, start_new_async_kernel
from nbclient import NotebookClient

from unrolled.grading import provisioner

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group(__name__),
    pytest.mark.filterwarnings(
        "ignore::DeprecationWarning", "ignore::ResourceWarning"
    ),  # of nbclient and zmq
]
ALL = sum(task.points for task in CODE)
SWITCH = {"JUPYTER_DEFAULT_PROVISIONER_NAME": "warm-fork", "UNROLLED_WARM": "numpy"}


@pytest.fixture(scope="module", autouse=True)
def switched(walls):
    """Turned on as a user does it, for the whole process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SWITCH.items():
            patch.setenv(name, value)
        from jupyter_client.provisioning import KernelProvisionerFactory

        KernelProvisionerFactory.clear_instance()
        yield
        provisioner.close_servers()
        KernelProvisionerFactory.clear_instance()


def in_a_loop(coroutine):
    """Its result, from a thread: a browser of another test may have a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def execute(folder, *sources, **options):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=60, allow_errors=True, resources=resources, **options)
    client.execute()
    return [
        [o.get("text") or o.get("data") or o.get("ename") for o in cell.outputs] for cell in cells
    ], client


def test_a_notebook_runs_as_in_any_kernel(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1,2")
    (tmp_path / "graded.ipynb").write_text("hidden tests")
    shown, _ = execute(
        tmp_path, "import numpy as np\nnp.ones(2)", "print(open('data/a.csv').read())", "1 / 0", "!echo $((6*7))",
        "import glob\nglob.glob('*')", "from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>'))",
        "import matplotlib.pyplot as plt\nplt.plot([1]);", "open('mine', 'w').write('x')",
    )  # fmt: skip
    assert shown[0] == [{"text/plain": "array([1., 1.])"}] and shown[1] == ["1,2\n"]
    assert shown[2] == ["ZeroDivisionError"] and "".join(shown[3]).strip() == "42"
    assert shown[4] == [{"text/plain": "['data']"}], "files come along, notebooks do not"
    assert shown[5][0]["text/html"] == "<b>x</b>" and "image/png" in shown[6][0]
    assert not (tmp_path / "mine").exists()


TRIES = {
    "import socket; socket.socket()": "PermissionError",
    "import socket; socket.socket(socket.AF_UNIX)": "PermissionError",
    "open('/etc/shadow').read()": ("FileNotFoundError", "PermissionError"),
    "open('/usr/canary', 'w')": ("OSError", "PermissionError"),
    "b = bytearray(6 << 30)": "MemoryError",
    "import os\nos.setuid(0)": ("PermissionError", "OSError"),
    "open('big', 'wb').write(bytes(100 << 20))": "OSError",
    "import ctypes\nif ctypes.CDLL(None).unshare(0x10000000): raise PermissionError": "PermissionError",
}


def test_its_walls_are_those_of_grading(tmp_path, monkeypatch):
    monkeypatch.setenv("CANARY_SECRET", "s3cret")
    look = "import os\nprint(os.environ.get('CANARY_SECRET'), os.getpid(), os.path.exists({!r}), len(os.listdir('/proc/self/fd')) < 60)"
    shown, _ = execute(tmp_path, *TRIES, look.format(str(tmp_path)))
    for (line, expected), outcome in zip(TRIES.items(), shown[:-1], strict=True):
        assert outcome and outcome[-1] in ((expected,) if isinstance(expected, str) else expected), (
            line,
            outcome,
        )
    assert shown[-1][0].split()[0] == "None" and shown[-1][0].split()[2:] == ["False", "True"]


def test_interrupt_restart_shutdown(tmp_path):
    async def live():
        manager, client = await start_new_async_kernel(kernel_name="python3", cwd=str(tmp_path))
        try:
            reply = await client.execute_interactive("x = 1\nimport time\nprint(x)", timeout=30)
            assert reply["content"]["status"] == "ok"
            client.execute("time.sleep(60)")
            await asyncio.sleep(1)
            began = time.monotonic()
            await manager.interrupt_kernel()
            while (reply := await client.get_shell_msg(timeout=30))["content"].get(
                "ename"
            ) != "KeyboardInterrupt":
                pass
            assert time.monotonic() - began < 20
            await manager.restart_kernel(now=True)
            await client.wait_for_ready(timeout=60)
            reply = await client.execute_interactive("x", timeout=30)
            assert reply["content"]["ename"] == "NameError", "a new kernel at the same lines"
            assert await manager.is_alive()
            client.execute("import os; os._exit(7)")
            while await manager.is_alive():
                await asyncio.sleep(0.05)
            assert await manager.provisioner.poll() == 7
            folder = manager.provisioner._folder
        finally:
            client.stop_channels()
            await manager.shutdown_kernel(now=True)
        assert not os.path.exists(folder) and not manager.has_kernel

    in_a_loop(live())


def test_several_at_once_are_strangers_and_share_one_server(tmp_path):
    async def live():
        managers = [AsyncKernelManager(kernel_name="python3") for _ in range(4)]
        await asyncio.gather(*(m.start_kernel(cwd=str(tmp_path)) for m in managers))
        clients = [m.client() for m in managers]
        said = []
        for client in clients:
            client.start_channels()
            await client.wait_for_ready(timeout=60)
            code = "import os, random, numpy as np\nprint(os.getuid(), random.random(), np.random.rand(), len([p for p in os.listdir('/proc') if p.isdigit()]))"
            await client.execute_interactive(
                code, timeout=30, output_hook=lambda m: said.append(m["content"].get("text"))
            )
            client.stop_channels()
        await asyncio.gather(*(m.shutdown_kernel(now=True) for m in managers))
        return [text.split() for text in said if text]

    said = in_a_loop(live())
    assert len(provisioner._servers) == 1
    for column in (1, 2) if os.getuid() else (0, 1, 2):
        assert len({words[column] for words in said}) == 4, said
    assert {words[3] for words in said} == {"1"}, "each sees its own processes only"


def test_a_dead_fork_server_is_replaced(tmp_path):
    execute(tmp_path, "1")
    (server,) = provisioner._servers.values()
    for process in psutil.Process(server.process.pid).children(recursive=True):
        process.kill()
    server.process.kill()
    assert execute(tmp_path, "1 + 1")[0] == [[{"text/plain": "2"}]]


def test_nobody_is_left_when_the_parent_is_killed(tmp_path):
    code = (
        "from jupyter_client.manager import start_new_kernel\n"
        f"manager, client = start_new_kernel(kernel_name='python3', cwd={str(tmp_path)!r})\n"
        'client.execute(\'import subprocess, time\\nsubprocess.Popen(["/usr/bin/sleep", "500"])\\ntime.sleep(500)\')\n'
        "import time; time.sleep(1)\nprint('up', flush=True)\ntime.sleep(500)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    with parent:
        assert parent.stdout.readline() == "up\n"
        tree = psutil.Process(parent.pid).children(recursive=True)
        assert any("sleep" in p.name() for p in tree) and len(tree) > 3
        parent.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(tree, timeout=15)
    assert alive == []


def test_what_it_cannot_do_is_said(tmp_path):
    with pytest.raises(provisioner.KernelError, match="this kernel would start /opt/R/bin/R"):
        provisioner._check_command(["/opt/R/bin/R", "--slave", "-e", "IRkernel::main()"])
    for n in range(3):
        with open(tmp_path / f"{n}.bin", "wb") as file:
            file.truncate(50_000_000)
    with pytest.raises(
        provisioner.KernelError, match=r"is too large: .* c\.WarmForkProvisioner\.files = False"
    ):
        provisioner.collect(str(tmp_path))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "link").symlink_to("/etc/passwd")
    assert provisioner.collect(str(tmp_path / "other")) == ([], []), "a link is no file of the notebook's"


def autograde(course, *options, **more):
    return run(course, "-m", "nbgrader", "autograde", CHAPTER, *options, **more)


def test_stock_autograde_gives_the_same_rows(course, tmp_path, monkeypatch):
    make_class(course, 4)
    stock = copy_course(course, tmp_path / "stock")
    done = autograde(course)
    assert done.returncode == 0, done.stderr
    assert "nbgrader" in done.stderr
    for name in SWITCH:
        monkeypatch.delenv(name)
    done = autograde(stock)
    assert done.returncode == 0, done.stderr
    assert rows(course) == rows(stock) and len(rows(course)) > 50


def test_stock_autograde_is_walled_in(course):
    source = course / "_nbgrader" / "gradebook.db"
    steal = (
        "import os, glob, signal, subprocess\n"
        f"seen = len(glob.glob({str(course)!r} + '/*') + glob.glob('*.ipynb') + glob.glob('../*.db'))\n"
        "try:\n    subprocess.Popen(['/usr/bin/sleep', '500'], start_new_session=True)\nexcept OSError:\n    pass\n"
        "def leaky_step(*args):\n    raise RuntimeError(f'saw:{seen}')"
    )
    submit(course, "eve", fill(release(course), {**solutions(), "leaky-step": steal}))
    submit(course, "ben", fill(release(course), solutions()))
    before = source.stat().st_size
    done = autograde(course)
    assert done.returncode == 0, done.stderr
    assert points(course)["ben"] == ALL and points(course)["eve"] < ALL and source.stat().st_size >= before
    text = (course / "_nbgrader" / "autograded" / "eve" / CHAPTER / f"{CHAPTER}.ipynb").read_text()
    assert "saw:0" in text
    # kernels of other tests may be at work beside this one, and a process takes a moment to die
    sleepers = [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["/usr/bin/sleep", "500"]]
    assert psutil.wait_procs(sleepers, timeout=20)[1] == []
