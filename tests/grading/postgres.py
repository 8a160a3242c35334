"""A PostgreSQL server of a test's own: a cluster in a temporary folder, run by an ordinary user, gone afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from skips import skip_or_fail


def _tool(name: str) -> str:
    """Debian keeps the server's programs off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")) or [shutil.which(name)]
    if not found[-1]:
        skip_or_fail("PostgreSQL's server is missing: apt-get install postgresql")
    return str(found[-1])


def _nobody() -> dict:
    """initdb refuses to run as root."""
    if os.getuid():
        return {}
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@contextmanager
def server():
    """Start it; gives a function of a database's name that makes the database and returns its URL."""
    initdb, pg_ctl = _tool("initdb"), _tool("pg_ctl")
    folder, options = Path(tempfile.mkdtemp(prefix="pg-")), {"cwd": "/", **_nobody()}
    if "user" in options:
        os.chown(folder, options["user"], options["group"])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def run(*command):
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, **options
        )
        assert done.returncode == 0, done.stdout

    password = folder.with_suffix(".password")
    password.write_text("s3cret")
    password.chmod(0o644)
    try:
        run(initdb, "-D", f"{folder}/data", "-U", "teacher", "-A", "scram-sha-256", "--pwfile", str(password),
            "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        listen = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        run(pg_ctl, "-D", f"{folder}/data", "-l", f"{folder}/log", "-o", listen, "-w", "start")
        try:
            yield lambda name: _make_database(f"postgresql://teacher:s3cret@127.0.0.1:{port}", name)
        finally:
            run(pg_ctl, "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
    finally:
        password.unlink()
        shutil.rmtree(folder)


def _make_database(url: str, name: str) -> str:
    import psycopg

    with psycopg.connect(f"{url}/postgres", autocommit=True) as base:
        base.execute(f'create database "{name}"')
    return f"{url}/{name}"
