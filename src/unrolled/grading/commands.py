"""``!command`` in a cell, without a terminal: there is none to be had in the sandbox, and IPython's own way needs one."""

import codecs
import os
import select
import signal
import subprocess
from collections.abc import Callable

PAUSE = 0.05
"""seconds that output may still come after a command has ended"""


def run(command: str, write: Callable[[str], object]) -> int:
    """Run a command of the shell, its two outputs as one, as they come; returns its exit code, -n after signal n.

    It reads nothing.  What it leaves in the background does not keep us; an interrupt ends it.
    """
    if command.rstrip().endswith("&"):
        raise OSError("Background processes not supported.")  # IPython's own words
    process = subprocess.Popen(
        ["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip
    try:
        _show(process, write)
        return process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    finally:
        process.stdout.close()  # type: ignore[union-attr]


def _show(process: subprocess.Popen, write: Callable[[str], object]) -> None:
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    line = process.stdout.fileno()  # type: ignore[union-attr]
    while True:
        ended = process.poll() is not None
        if select.select([line], [], [], PAUSE)[0]:
            if not (data := os.read(line, 65_536)):
                return
            write(decode(data))
        elif ended:
            return
