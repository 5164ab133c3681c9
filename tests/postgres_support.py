"""A PostgreSQL of the tests' own: started as an ordinary user in a temporary folder, reached through a socket in it."""

from __future__ import annotations

import atexit
import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from functools import cache
from itertools import count
from pathlib import Path

import pytest

_QUICK = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c listen_addresses="
"""Durability is PostgreSQL's own affair: what is killed in tests is our process, never the server."""
_numbers = count(1)


class Cluster:
    """One running server; each database in it is made empty."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self.folder = folder
        self.user = "postgres"
        self._system_user = _ordinary_user()

    def start(self) -> None:
        """Make the cluster and start it; its socket is for every user, as a server on a network is."""
        self.folder.chmod(0o711)
        if self._system_user is not None:
            shutil.chown(self.folder, self._system_user)
        self._run(
            "initdb", "-D", "data", "-U", self.user, "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"
        )
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", f"{_QUICK} -k {self.folder}", "start")

    def stop(self) -> None:
        """End it at once."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-D", "data", "-m", "immediate", "stop")

    def restart(self) -> None:
        """Cut every connection, as an upgrade of the server does."""
        self._run("pg_ctl", "-D", "data", "-m", "fast", "-w", "-l", "log", "restart")

    def make_database(self, name: str = "") -> str:
        """Give the URL of a new, empty database."""
        name = name or f"ledger_{next(_numbers)}_{time.monotonic_ns()}"
        self.query(f'CREATE DATABASE "{name}"')
        return f"postgresql+psycopg://{self.user}@/{name}?host={self.folder}"

    def copy_database(self, url: str) -> str:
        """Copy a database; give the URL of the copy."""
        copy = self.make_database()
        self.replace_database(copy, url)
        return copy

    def replace_database(self, url: str, by: str) -> None:
        """Put a copy of one database in the place of another."""
        self.query(f'DROP DATABASE "{_name(url)}" WITH (FORCE)')
        self.query(f'CREATE DATABASE "{_name(url)}" TEMPLATE "{_name(by)}"')

    def query(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Ask the server as its administrator, in a database by its name or URL."""
        import psycopg

        where = f"host={self.folder} user={self.user} dbname={_name(database)}"
        with psycopg.connect(where, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *words: str) -> None:
        who = {} if self._system_user is None else {"user": self._system_user, "group": self._system_user}
        subprocess.run(
            [self._programs / program, *words], cwd=self.folder, check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            extra_groups=[] if who else None, **who,
        )  # fmt: skip


@cache
def cluster() -> Cluster:
    """Start a server for as long as the tests run; without its programs they are skipped here, and fail on CI."""
    found = find_programs()
    if found is None:
        words = "PostgreSQL is not installed"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    folder = Path(tempfile.mkdtemp(prefix="campaign-batch-pg-", dir="/tmp"))
    running = Cluster(found, folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(running.stop)
    running.start()
    return running


def cut_off(url: str) -> None:
    """End every connection to a database, as an administrator or a dead network does."""
    cluster().query(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_name(url)}'")


def _name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0] or url


def find_programs() -> Path | None:
    """Find the folder of `initdb`: on the path, or where Debian keeps the newest version."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _ordinary_user() -> int | None:
    """PostgreSQL refuses to run as root: give the number of a user who may, or None to stay who we are."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    return None
