"""A PostgreSQL of the measurements' own, as an ordinary user in a folder, with the settings it is installed with."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.postgres_support import Cluster, find_programs


@contextmanager
def server() -> Iterator[Callable[[str], str]]:
    """Start it, and give what makes a database of a name and gives its URL; it ends with the measurement."""
    programs = find_programs()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed")
    # Its user must get at the folder, and the name of the socket in it must be short.
    with tempfile.TemporaryDirectory(prefix="campaign-batch-pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        running = Cluster(programs, Path(folder))
        try:
            running.start()
            yield running.make_database
        finally:
            running.stop()


def size_of(url: str) -> int:
    """Say how many bytes a database takes."""
    with create_engine(url).connect() as connection:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar() or 0)
