"""What a ledger remembers about itself: its account, its settings, its runs, and until when it is silent."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text, update

from batch.adapters.ledger.bulk import ask_one
from batch.adapters.ledger.forms import read_time, write_json, write_time
from batch.adapters.ledger.postgres import CLOCK, DIALECT
from batch.adapters.ledger.tables import notes, pace, runs
from batch.adapters.ledger.transactions import Transactions
from batch.model.errors import UsageError
from batch.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """The last time something ran to its end, for `doctor` and the digest."""

    kind: str
    at: datetime
    words: str


class RunJournal:
    """The account, the settings, the runs and the silence of one ledger."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._ahead = 0.0
        self._looked_again = 0.0

    def bind(self, account: str, host: str) -> None:
        """Tie the ledger to an account at a host at its first call; UsageError when it belongs to another."""
        if self.bound() == (account, host):
            return
        with self._transactions.write() as connection:
            bound = select_bound(connection)
            if bound is None:
                both = [{"name": "account", "value": account}, {"name": "host", "value": host}]
                connection.execute(insert(notes), both)
            elif bound != (account, host):
                raise _bound_to_another(bound, account, host)

    def bound(self) -> tuple[str, str] | None:
        """Tell which account at which host it belongs to."""
        with self._transactions.read() as connection:
            return select_bound(connection)

    def settings(self, of: int | str | None = None) -> dict[str, Any]:
        """Give the settings with which a batch was read, or those of the last run; empty when nobody kept them."""
        asked = select(notes.c.value).where(notes.c.name == settings_of(of))
        with self._transactions.read() as connection:
            found = connection.execute(asked).scalar()
        return dict(json.loads(found)) if found else {}

    def keep_settings(self, values: Mapping[str, Any], of: str | None = None) -> None:
        """Keep the settings of this run, or under a name of their own."""
        with self._transactions.write() as connection:
            write_settings(connection, settings_of(of), values)

    def note_run(self, kind: str, now: datetime, words: str = "") -> None:
        """Note that something ran: `submit`, `reconcile`, `watch`, `file` or any other word."""
        with self._transactions.write() as connection:
            connection.execute(insert(runs).values(kind=kind, at=write_time(now), words=words))

    def last_run(self, kind: str) -> Run | None:
        """Tell when something ran last; None when never."""
        asked = select(runs).where(runs.c.kind == kind).order_by(runs.c.id.desc()).limit(1)
        with self._transactions.read() as connection:
            row = connection.execute(asked).first()
        return None if row is None else Run(kind=row.kind, at=read_time(row.at), words=row.words)

    def silent_until(self) -> float:
        """Tell until when the account is left alone, in seconds since the epoch by our clock; 0 when it never was."""
        with self._transactions.read() as connection:
            found = ask_one(connection, _SILENT, {})
            until = float(found[0]) if found else 0.0
            return until - self._how_far_ahead(connection) if until else 0.0

    def set_silent_until(self, until: float) -> None:
        """Leave the account alone until then, for every process of this ledger; a longer silence stays."""
        with self._transactions.write() as connection:
            until += self._how_far_ahead(connection)
            if connection.execute(_SILENT).scalar() is None:
                connection.execute(insert(pace).values(id=1, silent_until=until))
            else:
                connection.execute(update(pace).where(pace.c.silent_until < until).values(silent_until=until))

    def _how_far_ahead(self, connection: Connection) -> float:
        """Say how many seconds the clock that all machines share is ahead of ours: the silence is kept by that one."""
        if connection.dialect.name == DIALECT and time.monotonic() >= self._looked_again:
            before = time.time()
            shared = float(connection.execute(select(text(CLOCK))).scalar_one())
            ahead = shared - (before + time.time()) / 2
            self._ahead = ahead if abs(ahead) > _SAME else 0.0
            self._looked_again = time.monotonic() + _LOOK_AGAIN
        return self._ahead


_SILENT = select(pace.c.silent_until)
_SAME = 0.5
"""Seconds: what is less is the way to the database, not the clocks."""
_LOOK_AGAIN = 60.0
"""Seconds after which the clocks are compared again."""


def select_bound(connection: Connection) -> tuple[str, str] | None:
    """Read which account at which host a ledger belongs to; None before its first submission."""
    rows = connection.execute(select(notes.c.name, notes.c.value).where(notes.c.name.in_(("account", "host"))))
    found = {row.name: row.value for row in rows}
    return (found["account"], found["host"]) if "account" in found else None


def settings_of(what: int | str | None) -> str:
    """Name the settings with which a batch was read, or those of the last run."""
    return "settings" if what is None else f"settings:{what}"


def write_settings(connection: Connection, name: str, values: Mapping[str, Any]) -> None:
    """Keep settings under a name in the place of the last."""
    value = write_json(values)
    if connection.execute(update(notes).where(notes.c.name == name).values(value=value)).rowcount == 0:
        connection.execute(insert(notes).values(name=name, value=value))


def _bound_to_another(bound: tuple[str, str], account: str, host: str) -> UsageError:
    return UsageError(
        f'this ledger belongs to account "{bound[0]}" at {bound[1]}, not to "{account}" at {host}',
        "name another ledger with --ledger, or correct [provider] account and url",
    )
