"""Follow a row to the entry that it speaks of by its RowId, or that a fixed version of it made under another key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from batch.core.identity import make_row_id, split_row_id
from batch.model import Checked, Entry, Issue, Level
from batch.model.records import dataclass

if TYPE_CHECKING:
    from batch.adapters.ledger import Ledger

FIELD = "RowId"
UNKNOWN = "row-id-unknown"


@dataclass(frozen=True, slots=True)
class RowIdMatches:
    """What the RowIds of one file come to."""

    entries: Mapping[int, int]
    """Row to the entry that it speaks of, or was, or to the one that has taken that one's place since."""
    keys: frozenset[str]
    """The keys of those entries."""
    unknown: frozenset[int]
    """The rows whose RowId this ledger never gave."""


def follow_row_ids(ledger: Ledger, rows: Sequence[Checked]) -> RowIdMatches:
    """Find the entries that the rows' RowIds speak of, and those that took the place of rows without one."""
    texts = {row.row.number: text for row in rows if FIELD in row.row.header.columns and (text := row.row.text(FIELD))}
    numbers = {row: split_row_id(text) for row, text in texts.items()}
    entries = _read(ledger, {number for number in numbers.values() if number is not None})
    found = {}
    for row, number in numbers.items():
        entry = entries.get(number) if number is not None else None
        if entry is not None and _is_of(entry, texts[row]):
            found[row] = _follow(entry, entries)
    unknown = frozenset(texts.keys() - found.keys())
    found |= _find_fixed(ledger, [row for row in rows if row.row.number not in texts])
    keys = frozenset(entry.key for entry in found.values())
    return RowIdMatches({row: entry.id for row, entry in found.items()}, keys, unknown)


def _find_fixed(ledger: Ledger, rows: Sequence[Checked]) -> dict[int, Entry]:
    """Find what took the place of rows under another key, by row number.

    A sheet as it was, dropped once more after its rows were fixed, would be new otherwise, and go beside them.
    """
    replaced = ledger.known.replaced(row.key for row in rows) if rows else {}
    entries = _read(ledger, set(replaced.values()))
    fixed = {key: _follow(entries[number], entries) for key, number in replaced.items()}
    return {row.row.number: fixed[row.key] for row in rows if row.key in fixed and fixed[row.key].key != row.key}


def warn_of_unknown(rows: Iterable[Checked], unknown: frozenset[int]) -> list[Checked]:
    """Say of the rows whose RowId means nothing here that it was not used."""
    return [replace(row, issues=(*row.issues, _unknown(row))) if row.row.number in unknown else row for row in rows]


def _read(ledger: Ledger, wanted: set[int]) -> dict[int, Entry]:
    """Read entries, and those that took their place, and so on."""
    entries: dict[int, Entry] = {}
    while wanted:
        read = {entry.id: entry for entry in ledger.entries.select(ids=wanted)}
        entries |= read
        wanted = {entry.replaced_by for entry in read.values() if entry.replaced_by is not None} - entries.keys()
    return entries


def _is_of(entry: Entry, text: str) -> bool:
    """Whether a RowId was given by this ledger; a bare number was typed by somebody who read it in a report."""
    plain = text.strip().casefold()
    return not plain.startswith("e") or plain == make_row_id(entry.id, entry.key)


def _follow(entry: Entry, entries: Mapping[int, Entry]) -> Entry:
    seen = {entry.id}
    while entry.replaced_by is not None and entry.replaced_by not in seen and entry.replaced_by in entries:
        entry = entries[entry.replaced_by]
        seen.add(entry.id)
    return entry


def _unknown(row: Checked) -> Issue:
    text = row.row.text(FIELD)
    words = f'the RowId "{text[:40]}" is not in this ledger, so the row is treated as new: leave the cell as it was'
    return Issue(row.row.number, row.row.header.letter(FIELD), FIELD, UNKNOWN, words, Level.WARNING, text[:200])
