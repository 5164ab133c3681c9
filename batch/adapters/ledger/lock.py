"""One submitter a ledger: a lock of the operating system beside the file, and a note of who holds it since when."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Engine, text

from batch.adapters.ledger.forms import read_time, write_time
from batch.model.errors import LedgerBusyError
from batch.system.disk import mode_within, write_whole

_SUBMITTER = 0x7375626D6974  # "submit": PostgreSQL's advisory lock of the one submitter


@dataclass(frozen=True, slots=True)
class Owner:
    """Who submits on a ledger just now."""

    who: str
    pid: int
    machine: str
    since: datetime

    def __str__(self) -> str:
        return f"{self.who} on {self.machine} (process {self.pid}) since {self.since:%Y-%m-%d %H:%M} UTC"


class SubmitterLock:
    """Lets one process submit on a ledger; a ledger in memory has no other."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self._engine = engine
        self._path = path
        self._held = False

    @contextmanager
    def hold(self, who: str, now: datetime) -> Iterator[None]:
        """Hold the ledger as its one submitter; LedgerBusyError says at once who holds it since when."""
        if self._path is not None:
            with hold_lock(self._path, who, now):
                yield
            return
        if self._held:
            raise busy(None)
        self._held = True
        try:
            with _hold_advisory_lock(self._engine):
                yield
        finally:
            self._held = False


@contextmanager
def hold_lock(ledger: Path, who: str, now: datetime) -> Iterator[Owner]:
    """Hold the submitter's lock of a ledger file; the system frees it when its owner dies.

    Raises LedgerBusyError, which names the owner, at once when it is held.
    """
    owner = Owner(who, os.getpid(), platform.node(), now)
    lock = FileLock(_beside(ledger, ".lock"), thread_local=False, mode=mode_within(ledger.resolve().parent))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise busy(read_owner(ledger)) from None
    try:
        _write_owner(ledger, owner)
        yield owner
    finally:
        with suppress(OSError):
            _beside(ledger, ".owner").unlink(missing_ok=True)
        lock.release()


def busy(owner: Owner | None) -> LedgerBusyError:
    """Make the error for a ledger on which somebody else is at work."""
    holder = str(owner) if owner is not None else "another process"
    return LedgerBusyError(f"the ledger is in use: {holder} is submitting", "wait until it is done, then try again")


def read_owner(ledger: Path) -> Owner | None:
    """Read who last took the lock; None when there is no note, or none that can be read."""
    try:
        note = json.loads(_beside(ledger, ".owner").read_text(encoding="utf-8"))
        return Owner(note["who"], note["pid"], note["machine"], read_time(note["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_owner(ledger: Path, owner: Owner) -> None:
    """Leave the note; one that cannot be written costs a name in a message, nothing else."""
    note = {"who": owner.who, "pid": owner.pid, "machine": owner.machine, "since": write_time(owner.since)}
    place = _beside(ledger, ".owner")
    with suppress(OSError):
        write_whole(place, json.dumps(note).encode())


def _beside(ledger: Path, ending: str) -> Path:
    ledger = ledger.resolve()  # whatever links lead to it, one file has one lock
    return ledger.with_name(ledger.name + ending)


@contextmanager
def _hold_advisory_lock(engine: Engine) -> Iterator[None]:
    """Hold PostgreSQL's own lock, which ends with its connection; a ledger in memory has no other submitter."""
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect() as connection:
        if not connection.execute(text("SELECT pg_try_advisory_lock(:place)"), {"place": _SUBMITTER}).scalar():
            raise busy(None)
        yield
