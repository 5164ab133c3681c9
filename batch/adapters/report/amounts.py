"""Add up texts, parts, credits and money row by row, by cause and by owner: the sums are the report's totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from batch.adapters.report.contents import Report, Skipped
from batch.adapters.report.figures import credits_of, parts_of, worst
from batch.adapters.report.tasks import CONCERN_ORDER, meaning_of
from batch.core.standing import Standing
from batch.model import Entry
from batch.model.records import dataclass
from batch.model.wording import DELIVERED, FAILED, OPTED_OUT, ORDER, TONES, WORDS, counted

AMOUNTS = ("Contacts", "Texts", "Parts", "Credits", "Cost", "Delivered", "Failed", "Opted out")
"""What is added up, in the order of every table that shows it."""
NOBODY = "(no owner)"
_DIGITS = 6
"""A price of a credit has up to six decimals; more is only the noise of binary fractions."""

Key = tuple[Any, ...]
"""What a group is sorted by, then its labels."""
Amounts = tuple[float | None, ...]
"""One number for each of `AMOUNTS`; None while it is not known, and for what the totals leave out."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows with something in common, and what they add up to."""

    labels: tuple[str, ...]
    first: int
    """The place of its first row in the report's order, from 0."""
    rows: int
    needs: int
    """Rows that need attention."""
    amounts: tuple[float, ...]


class CountedRow(NamedTuple):
    """A row of the report, how it stands, and what it adds to the totals."""

    entry: Entry
    standing: Standing
    amounts: Amounts


def count_rows(report: Report) -> list[CountedRow]:
    """Count each row by itself, in the report's own order."""
    return [CountedRow(entry, standing, amounts_of(entry, standing, report)) for entry, standing in report.stands()]


def amounts_of(entry: Entry, standing: Standing, report: Report) -> Amounts:
    """Give what a row adds to the totals: what is not at the provider has contacts and no texts, and costs nothing."""
    contacts = entry.expected_contacts if entry.contacts_count is None else entry.contacts_count
    delivery = report.deliveries.get(entry.id)
    arrived: Amounts = (None, None, None)
    if delivery is not None:
        arrived = tuple(counted(delivery, ids) for ids in (DELIVERED, FAILED, OPTED_OUT))
    if not standing.word.fate.is_there:
        return (contacts, None, None, None, None, *arrived)
    credits = credits_of(entry)
    return (contacts, entry.contacts_count or 0, parts_of(entry), credits, cost_of(credits, report), *arrived)


def cost_of(credits: float, report: Report) -> float | None:
    """Give the money for some credits; None without a price."""
    return None if report.credit_price is None else round(credits * report.credit_price, _DIGITS)


def by_cause(report: Report, ordered: Sequence[CountedRow]) -> list[RowGroup]:
    """Add up the rows by how they stand and why, each in the worst tone of its rows: what needs attention first."""
    tones: dict[tuple[str, str], str] = {}
    for _, standing, _ in ordered:
        kind = standing.word.text, _cause(standing)
        tones[kind] = worst(tones.get(kind, standing.word.tone), standing.word.tone)

    def key(row: CountedRow) -> Key:
        standing = row.standing
        text, cause = standing.word.text, _cause(standing)
        place = CONCERN_ORDER[standing.concern], ORDER[standing.word.standing]
        return (*place, f"{TONES[tones[text, cause]].sign} {text}", cause, meaning_of(cause, standing))

    word = WORDS["skipped"]
    skipped = (len(CONCERN_ORDER), 0, f"{word.sign} {word.text}", "", word.meaning)
    return _groups(ordered, report.skipped, key, skipped, labels=3)


def _cause(standing: Standing) -> str:
    return standing.cause if standing.needs_attention else ""


def by_owner(report: Report, ordered: Sequence[CountedRow]) -> list[RowGroup]:
    """Add up the rows by who owns them, those without an owner last."""

    def key(row: CountedRow) -> Key:
        return (not row.entry.owner, row.entry.owner or NOBODY)

    return _groups(ordered, report.skipped, key, (True, NOBODY), labels=1)


def add_up(amounts: Iterable[Amounts]) -> tuple[float, ...]:
    """Add up amounts, what is not known as nothing."""
    columns = zip(*amounts, strict=True)
    return tuple(round(sum(filter(None, column)), _DIGITS) for column in columns) or (0,) * len(AMOUNTS)


def _groups(
    ordered: Sequence[CountedRow],
    skipped: Sequence[Skipped],
    key: Callable[[CountedRow], Key],
    skipped_key: Key,
    *,
    labels: int,
) -> list[RowGroup]:
    """Group the report's rows; those that were already taken in have one key and stand at the end."""
    found: dict[Key, list[tuple[int, CountedRow | Skipped]]] = {}
    for place, row in enumerate(ordered):
        found.setdefault(key(row), []).append((place, row))
    for place, left in enumerate(skipped, len(ordered)):
        found.setdefault(skipped_key, []).append((place, left))
    return [_group(found[one], tuple(map(str, one[-labels:]))) for one in sorted(found)]


def _group(members: Sequence[tuple[int, CountedRow | Skipped]], labels: tuple[str, ...]) -> RowGroup:
    rows = [member for _, member in members if isinstance(member, CountedRow)]
    needs = sum(row.standing.needs_attention for row in rows)
    return RowGroup(labels, members[0][0], len(members), needs, add_up(row.amounts for row in rows))
