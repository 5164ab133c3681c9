"""One submitter a ledger: a lock beside the file or in the database, and a note of who holds it since when."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from batch.adapters.ledger import postgres
from batch.adapters.ledger.forms import read_time, write_time
from batch.adapters.ledger.moving import refuse_moved
from batch.adapters.ledger.transactions import Transactions
from batch.adapters.ledger.troubles import explained
from batch.model.errors import LedgerBusyError
from batch.model.records import dataclass
from batch.system.disk import mode_within, write_whole


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
    """Lets one process submit on a ledger, and one send its mail; a ledger in memory has no others."""

    def __init__(self, transactions: Transactions, path: Path | None) -> None:
        self._transactions = transactions
        self._path = path
        self._held = False

    @contextmanager
    def hold(self, who: str, now: datetime) -> Iterator[None]:
        """Hold the ledger as its one submitter; LedgerBusyError says at once who holds it since when.

        Raises LedgerError where it was moved meanwhile, as from under a watch that has it open.
        """
        if self._path is not None:
            with hold_lock(self._path, who, now):
                self._refuse_moved()
                yield
            return
        if self._held:
            raise busy(None)
        self._held = True
        try:
            with self._hold_in_database(who, now):
                self._refuse_moved()
                yield
        finally:
            self._held = False

    def is_held(self) -> bool:
        """Say whether somebody submits just now, without being in the way of who begins to.

        In a database a run that was killed counts until its lease is over.
        """
        if self._path is None:
            return self._held or self._transactions.has_turn()
        # Its note goes with a run unless that was killed: only then is the lock itself tried.
        with suppress(OSError):
            return read_owner(self._path) is not None and _is_locked(self._path)
        return False

    def _refuse_moved(self) -> None:
        with self._transactions.read() as connection:
            refuse_moved(connection, self._transactions.name)

    @contextmanager
    def hold_mail(self) -> Iterator[bool]:
        """Hold the sending of mail; False when another process is at it: two would send the same mail.

        Raises LedgerError where the ledger was moved: its mails wait in the new place.
        """
        self._refuse_moved()
        if self._path is None:
            with self._try_in_database(postgres.MAILER) as ours:
                yield ours
            return
        with _try_beside(self._path, ".mail.lock") as ours:
            yield ours

    @contextmanager
    def _hold_in_database(self, who: str, now: datetime) -> Iterator[None]:
        """Hold PostgreSQL's lock, which ends with its connection, or overtake who holds it and is stopped.

        From then on the turn says who submits.
        """
        with self._try_in_database(postgres.SUBMITTER) as ours:
            note = _write_note(Owner(who, os.getpid(), platform.node(), now))
            with self._transactions.take_turn(note, free=ours) as taken:
                if not taken:
                    raise busy(_read_note(self._transactions.turn_of()))
                yield

    @contextmanager
    def _try_in_database(self, place: int) -> Iterator[bool]:
        engine = self._transactions.engine
        if engine.dialect.name != postgres.DIALECT:
            yield True
            return
        with explained(self._transactions.name), postgres.hold_lock_of(engine, place) as ours:
            yield ours


@contextmanager
def hold_lock(ledger: Path, who: str, now: datetime) -> Iterator[Owner]:
    """Hold the submitter's lock of a ledger file; the system frees it when its owner dies.

    Raises LedgerBusyError, which names the owner, at once when it is held.
    """
    owner = Owner(who, os.getpid(), platform.node(), now)
    with _try_beside(ledger, ".lock") as ours:
        if not ours:
            raise busy(read_owner(ledger))
        try:
            _write_owner(ledger, owner)
            yield owner
        finally:
            with suppress(OSError):
                _beside(ledger, ".owner").unlink(missing_ok=True)


@contextmanager
def _try_beside(ledger: Path, ending: str) -> Iterator[bool]:
    """Hold a lock of the operating system beside a ledger file; False, at once, when another process has it."""
    lock = FileLock(_beside(ledger, ending), thread_local=False, mode=mode_within(ledger.resolve().parent))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _is_locked(ledger: Path) -> bool:
    with _try_beside(ledger, ".lock") as ours:
        return not ours


def busy(owner: Owner | None) -> LedgerBusyError:
    """Make the error for a ledger on which somebody else is at work."""
    holder = str(owner) if owner is not None else "another process"
    return LedgerBusyError(f"the ledger is in use: {holder} is submitting", "wait until it is done, then try again")


def read_owner(ledger: Path) -> Owner | None:
    """Read who last took the lock; None when there is no note, or none that can be read."""
    try:
        return _read_note(_beside(ledger, ".owner").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write_owner(ledger: Path, owner: Owner) -> None:
    """Leave the note; one that cannot be written costs a name in a message, nothing else."""
    with suppress(OSError):
        write_whole(_beside(ledger, ".owner"), _write_note(owner).encode())


def _write_note(owner: Owner) -> str:
    return json.dumps({"who": owner.who, "pid": owner.pid, "machine": owner.machine, "since": write_time(owner.since)})


def _read_note(written: str) -> Owner | None:
    try:
        note = json.loads(written)
        return Owner(note["who"], note["pid"], note["machine"], read_time(note["since"]))
    except (ValueError, KeyError, TypeError):
        return None


def _beside(ledger: Path, ending: str) -> Path:
    ledger = ledger.resolve()  # whatever links lead to it, one file has one lock
    return ledger.with_name(ledger.name + ending)
