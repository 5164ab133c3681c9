"""Hold a row that another account scheduled before: it was moved from there, and would go out twice."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from batch.core.identity import fold
from batch.core.ledger_urls import sqlite_path
from batch.model import Checked, Issue, KnownEntry, Level, Status
from batch.model.errors import BatchError, NewerLedgerError
from batch.model.records import dataclass
from batch.workflows.context import Context
from batch.workflows.row_ids import FIELD, follow_row_ids

if TYPE_CHECKING:
    from collections.abc import Callable

    from batch.adapters.config import Settings

CODE = "other-account"
_SCHEDULED = frozenset({Status.SUBMITTING, Status.IN_DOUBT, Status.ACCEPTED, Status.SENT, Status.MISSING})
_MAY_GO = frozenset({Status.PLANNED, Status.HELD, Status.WAITING})


@dataclass(frozen=True, slots=True)
class _There:
    """What another account's ledger knows of some rows."""

    by_key: Mapping[str, KnownEntry]
    by_row: Mapping[int, KnownEntry]


def hold_moved(
    context: Context,
    rows: Sequence[Checked],
    known: Iterable[KnownEntry],
    also: Callable[[str], frozenset[str]],
    unchanged: Container[Checked],
) -> list[Checked]:
    """Hold the new rows that the ledger of another account knows, unless the file has them for that account, too.

    Of a row that names no account it is only told: the same sheet may be meant for two accounts. `also` gives the keys
    of the file's rows for an account. A row is not new once it is planned or at the provider here; a held one is. The
    `unchanged` ones are at the provider, though not among the known.
    """
    if context.rehearsal or not context.settings.others:
        return list(rows)
    mine = {entry.key for entry in known if entry.status in _SCHEDULED | {Status.PLANNED}}
    new = [row for row in rows if row.campaign is not None and row.key not in mine and row not in unchanged]
    held: dict[int, Issue] = {}
    for name, settings in context.settings.others.items() if new else ():
        for row, entry in _find(context, name, settings, new):
            level = _level_of(row, entry)
            if level is not None and entry.key not in also(name):
                held.setdefault(row.row.number, _issue(row, name, entry, level))
    return [replace(row, issues=(*row.issues, held[row.row.number])) if row.row.number in held else row for row in rows]


def _level_of(row: Checked, entry: KnownEntry) -> Level | None:
    """Give the level of a row that another account has: a row that says its account was moved, one that does not
    was dropped there as well, which may be meant; then only the very same campaign is worth a word.
    """
    if _column(row) or row.row.text(FIELD):
        return Level.HOLD
    same = row.campaign is not None and row.campaign.fingerprint == entry.fingerprint
    return Level.WARNING if same else None


def _column(row: Checked) -> str:
    """Give the name of the column that says the account; empty where the sheet has none."""
    names = (name for name in row.row.header.columns if fold(name).rpartition(".")[2] == "account")
    return next(names, "")


def _find(context: Context, name: str, settings: Settings, rows: Sequence[Checked]) -> list[tuple[Checked, KnownEntry]]:
    """Find the rows that another account's ledger knows; one that cannot be read is told, and holds nothing.

    Raises NewerLedgerError: somebody upgrades just now, and a newer campaign-batch can look.
    """
    try:
        there = _look(context, settings, rows)
    except NewerLedgerError:
        raise
    except BatchError as trouble:
        words = f"the ledger of account {name} cannot be read, so rows that moved from there are not noticed: {trouble}"
        context.note(words, loud=True)
        return []
    found = ((row, there.by_row.get(row.row.number) or there.by_key.get(row.key)) for row in rows)
    return [(row, entry) for row, entry in found if entry is not None]


def _look(context: Context, settings: Settings, rows: Sequence[Checked]) -> _There:
    from batch.adapters.ledger import open_ledger

    path = sqlite_path(settings.ledger.url)
    if path is not None and not path.exists():
        return _There({}, {})
    with open_ledger(settings.ledger.url, now=context.world.now(), create=False, look=True) as ledger:
        # A bare number is an entry of any ledger; only a whole RowId says whose.
        ours = [row for row in rows if row.row.text(FIELD).casefold().startswith("e")]
        named = follow_row_ids(ledger, ours)
        known = ledger.known.with_keys({row.key for row in rows} | named.keys)
    counting = [entry for entry in known if entry.status in _SCHEDULED | _MAY_GO]
    by_number = {entry.id: entry for entry in counting}
    by_row = {row: by_number[entry] for row, entry in named.entries.items() if entry in by_number}
    return _There({entry.key: entry for entry in counting}, by_row)


def _issue(row: Checked, name: str, entry: KnownEntry, level: Level) -> Issue:
    at = _column(row)
    there = "was scheduled in" if entry.status in _SCHEDULED else "may still go from"
    place = f"entry {entry.id}" + (f", Id {entry.provider_id}" if entry.provider_id else "")
    words = f'this row {there} account {name} before ({place}, "{entry.file}")'
    remedy = f"cancel it there (campaign-batch cancel {entry.id} --account {name}), or send it from both"
    letter = row.row.header.letter(at)
    return Issue(row.row.number, letter, at, CODE, f"{words}: {remedy}", level, row.row.text(at)[:200])
