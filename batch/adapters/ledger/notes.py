"""What the ledger remembers about itself: its account, pauses, pace, runs, and what the groups were called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from batch.adapters.ledger.bulk import in_list, insert_rows
from batch.adapters.ledger.forms import read_time, write_json, write_time
from batch.adapters.ledger.tables import account_groups, group_names, notes, pace, pauses, runs
from batch.model import PauseCause
from batch.model.errors import UsageError


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is submitted until somebody lifts it."""

    why: str
    who: str
    since: datetime
    cause: PauseCause = PauseCause.PERSON
    folder: str = ""
    """The watched folder in which the file named STOP lies; empty for any other cause."""


@dataclass(frozen=True, slots=True)
class Run:
    """The last time something ran to its end, for `doctor` and the digest."""

    kind: str
    at: datetime
    words: str


def bind_account(connection: Connection, account: str, host: str) -> None:
    """Tie the ledger to an account at a host; raises UsageError when it is tied to another."""
    bound = select_bound(connection)
    if bound is None:
        connection.execute(insert(notes), [{"name": "account", "value": account}, {"name": "host", "value": host}])
        return
    if bound != (account, host):
        raise UsageError(
            f'this ledger belongs to account "{bound[0]}" at {bound[1]}, not to "{account}" at {host}',
            "name another ledger with --ledger, or correct [provider] account and url",
        )


def select_bound(connection: Connection) -> tuple[str, str] | None:
    """Read which account at which host the ledger belongs to; None before its first submission."""
    found = dict(connection.execute(select(notes.c.name, notes.c.value)).all())
    return (found["account"], found["host"]) if "account" in found else None


def select_settings(connection: Connection, name: str) -> dict[str, Any]:
    """Read the settings that were kept under a name; empty when there are none."""
    found = connection.execute(select(notes.c.value).where(notes.c.name == name)).scalar()
    return dict(json.loads(found)) if found else {}


def write_settings(connection: Connection, name: str, values: Mapping[str, Any]) -> None:
    """Keep settings under a name in the place of the last."""
    value = write_json(values)
    if connection.execute(update(notes).where(notes.c.name == name).values(value=value)).rowcount == 0:
        connection.execute(insert(notes).values(name=name, value=value))


def insert_pause(connection: Connection, pause: Pause) -> bool:
    """Stop all submitting; False, and nothing is written, when one of its cause and folder stands already."""
    if any((one.cause, one.folder) == (pause.cause, pause.folder) for one in select_pauses(connection)):
        return False
    values = {"why": pause.why, "who": pause.who, "cause": pause.cause.value, "folder": pause.folder}
    connection.execute(insert(pauses).values(**values, since=write_time(pause.since)))
    return True


def lift_pauses(connection: Connection, who: str, now: datetime, cause: PauseCause | None, folder: str) -> bool:
    """Lift the pauses of one cause and folder, or all of them; False when there was none."""
    statement = update(pauses).where(pauses.c.lifted_at.is_(None)).values(lifted_by=who, lifted_at=write_time(now))
    if cause is not None:
        statement = statement.where(pauses.c.cause == cause.value, pauses.c.folder == folder)
    return connection.execute(statement).rowcount > 0


def select_pauses(connection: Connection) -> tuple[Pause, ...]:
    """Read the pauses that stand, the oldest first."""
    rows = connection.execute(select(pauses).where(pauses.c.lifted_at.is_(None)).order_by(pauses.c.id))
    return tuple(Pause(row.why, row.who, read_time(row.since), _cause(row.cause), row.folder) for row in rows)


def _cause(text: str) -> PauseCause:
    return PauseCause(text) if text else PauseCause.PERSON


def select_silence(connection: Connection) -> float:
    """Read until when the account is left alone (seconds since the epoch); 0 when it never was."""
    return float(connection.execute(select(pace.c.silent_until)).scalar() or 0.0)


def raise_silence(connection: Connection, until: float) -> None:
    """Leave the account alone until then; a silence that lasts longer stays."""
    found = connection.execute(select(pace.c.silent_until)).scalar()
    if found is None:
        connection.execute(insert(pace).values(id=1, silent_until=until))
        return
    connection.execute(update(pace).where(pace.c.silent_until < until).values(silent_until=until))


def insert_run(connection: Connection, kind: str, now: datetime, words: str) -> None:
    """Note that something ran."""
    connection.execute(insert(runs).values(kind=kind, at=write_time(now), words=words))


def select_last_run(connection: Connection, kind: str) -> Run | None:
    """Read when something ran last; None when never."""
    row = connection.execute(select(runs).where(runs.c.kind == kind).order_by(runs.c.id.desc()).limit(1)).first()
    return None if row is None else Run(row.kind, read_time(row.at), row.words)


def replace_groups(connection: Connection, pairs: Iterable[tuple[str, str]], now: datetime) -> None:
    """Remember which id each group's name means today."""
    seen = dict(pairs)
    known = group_names.c.name.in_(in_list(list(seen), connection.dialect))
    connection.execute(delete(group_names).where(known))
    at = write_time(now)
    rows = [(name, group_id, at) for name, group_id in seen.items()]
    insert_rows(connection, group_names, ("name", "group_id", "seen_at"), rows)


def select_groups(connection: Connection) -> dict[str, str]:
    """Read which id each group's name meant when it was last seen."""
    return dict(connection.execute(select(group_names.c.name, group_names.c.group_id)).all())


def insert_account_groups(connection: Connection, pairs: Iterable[tuple[str, str]], now: datetime) -> None:
    """Remember the groups that the account shows, id and name; what it showed before is never forgotten."""
    at = write_time(now)
    known = select_account_groups(connection)
    seen = {group: name for group, name in dict(pairs).items() if known.get(group) != name}
    gone = account_groups.c.group_id.in_(in_list(list(seen), connection.dialect))
    connection.execute(delete(account_groups).where(gone))
    rows = [(group, name, at) for group, name in seen.items()]
    insert_rows(connection, account_groups, ("group_id", "name", "seen_at"), rows)


def select_account_groups(connection: Connection) -> dict[str, str]:
    """Read every group that the account was ever seen to have: id to the name it had last."""
    return dict(connection.execute(select(account_groups.c.group_id, account_groups.c.name)).all())
