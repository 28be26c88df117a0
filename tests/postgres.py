"""A real PostgreSQL for tests: a cluster of its own in a temporary directory, on a free port, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

MISSING = "NOT RUN: PostgreSQL is needed (Debian and Ubuntu: apt-get install postgresql-15)"
PATIENCE = 60
"""Seconds after which a server that does not answer, or a command, counts as hanging."""
UNPRIVILEGED = "nobody"
"""Whom the server runs as when the tests are root's: initdb refuses root."""
OWNER = "postgres"
"""The superuser of the cluster; it needs no password."""
SWIFT = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB")


@dataclass(frozen=True)
class Server:
    """A cluster that runs; `process` may be killed by a test."""

    port: int
    data: Path
    process: subprocess.Popen[bytes]

    def url(self, database: str = "postgres", user: str = OWNER) -> str:
        """Return where a database is; it is made when it is not there."""
        connection = psycopg2.connect(self._url("postgres", OWNER))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("select 1 from pg_database where datname = %s", (database,))
                if cursor.fetchone() is None:
                    cursor.execute(f'create database "{database}"')
        finally:
            connection.close()
        return self._url(database, user)

    def _url(self, database: str, user: str) -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"


def binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest one's; Debian has them beside the PATH."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    newest = sorted(found, key=lambda folder: int(folder.parent.name.partition(".")[0]))
    return newest[-1] if newest else Path(on_path).parent if on_path else None


@contextmanager
def server() -> Iterator[Server]:
    """Run a cluster. Without PostgreSQL the test is named as not run, and fails in CI."""
    programs = binaries()
    if programs is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    # Not pytest's folder: it is the tests' user's alone, and the server may be another.
    root = Path(tempfile.mkdtemp(prefix="ac-pipeline-postgres-"))
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    if user:
        shutil.chown(root, user)
    try:
        made = ["-D", root / "data", "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        _execute([programs / "initdb", *made, "--no-sync", "--no-instructions"], user, root)
        port = _free_port()
        settings = ["listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=", *SWIFT]
        command = [programs / "postgres", "-D", root / "data", *(part for one in settings for part in ("-c", one))]
        with (root / "log").open("wb") as log:
            process = subprocess.Popen(command, user=user, cwd=root, stdout=log, stderr=log, extra_groups=_groups(user))
        try:
            _wait(process, port, root / "log")
            yield Server(port, root / "data", process)
        finally:
            _stop(process)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _execute(command: list[str | Path], user: str | None, folder: Path) -> None:
    done = subprocess.run(
        command, user=user, cwd=folder, extra_groups=_groups(user), capture_output=True, text=True, timeout=PATIENCE,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def _groups(user: str | None) -> list[int] | None:
    """Root's groups are not handed on."""
    return [] if user else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with suppress(psycopg2.OperationalError):
            psycopg2.connect(f"postgresql://{OWNER}@127.0.0.1:{port}/postgres").close()
            return
        time.sleep(0.05)
    raise AssertionError(f"PostgreSQL did not start: {log.read_text(encoding='utf-8', errors='replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask for a fast shutdown, which ends whoever is connected; end it if it does not."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
