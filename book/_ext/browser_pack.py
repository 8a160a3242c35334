"""Python's library and NumPy as the browser gets them: compiled already, and without what no page needs.

Runs inside Pyodide (``browser_pack.mjs``), whose compiled code differs from that of the Python that builds the book.
Pyodide hands out sources: each page that starts Python would compile a hundred modules before its first line.
"""

import re
import struct
import zipfile
from importlib.util import MAGIC_NUMBER
from marshal import dumps
from pathlib import Path

UNCHECKED = struct.pack("<LQ", 1, 0)  # by hash, and nobody looks the hash up: there is no source beside it
LIBRARY = re.compile(
    r"(aifc|cgi|cgitb|chunk|crypt|ftplib|imaplib|mailbox|mailcap|nntplib|poplib|pty|smtplib|sndhdr|sunau|telnetlib|uu|xdrlib)\.py"
    r"|(multiprocessing|wsgiref|xmlrpc)/"
)
"""Servers, mail, processes and old sound files: not to be had in a browser."""
NUMPY = re.compile(
    r".*(/tests/|/f2py/|/_pyinstaller/|/include/|/examples/|_(umath|rational|operand_flag|struct_ufunc)_tests\.cpython"
    r"|/_simd\.|/lapack_lite\.|\.(pyi|pxd|pyx|h|a|c|f|f90|in|ini|pc|typed)$|/RECORD$)"
)
"""Types, headers, NumPy's tests of itself, the Fortran compiler.  ``_multiarray_tests`` stays: NumPy imports it."""


def pack(source: Path, target: Path, dropped: re.Pattern[str]) -> None:
    """``target`` holds the files of ``source``, the Python ones compiled, less those that ``dropped`` matches; byte-stable."""
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w") as made:
        for name in sorted(given.namelist()):
            if name.endswith("/") or dropped.match(name):
                continue
            data = given.read(name)
            if name.endswith(".py"):
                name, data = name + "c", compiled(data, name)
            made.writestr(
                zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED, compresslevel=9
            )


def compiled(source: bytes, name: str) -> bytes:
    """The module as a ``.pyc`` that needs no source; a traceback names ``name``."""
    return MAGIC_NUMBER + UNCHECKED + dumps(compile(source, name, "exec", dont_inherit=True))


if __name__ == "__main__":
    folder = Path("/pack")
    pack(folder / "python_stdlib.zip", folder / "stdlib.zip", LIBRARY)
    pack(folder / "numpy.whl", folder / "numpy.zip", NUMPY)
