"""Turn entries into the rows that a page shows, the same for the reader with and without a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from batch.adapters.report.contents import Report, Skipped
from batch.adapters.report.figures import credits_of, parts_of
from batch.adapters.report.tasks import task_of
from batch.core.sentences import sentence
from batch.core.standing import Standing
from batch.model import Attempt, Change, DeliveryCount, Entry, Status
from batch.model.records import dataclass
from batch.model.times import clock, day_words, local_time, zone_of
from batch.model.wording import TONES, WORDS, delivery_words, group_words

Cells = tuple[str, ...]


class ReportRow(NamedTuple):
    """One row of the big table, every value as people read it; a tuple, since a page has ten thousand of them."""

    standing: str
    tone: str
    status: str
    row: int
    file: str
    name: str
    at: int
    """The send time as minutes since 1970, to sort by; 0 when there is none."""
    when: str
    provider_when: str
    there: str
    """The provider's clock, without the day when that is the same."""
    groups: str
    contacts: int | None
    parts: int | None
    credits: int | None
    id: str
    says: str
    """The provider's own words for where it stands."""
    reason: str
    next: str
    owner: str
    cause: str
    """The code that rows with the same trouble have in common."""
    task: str
    """What the rows of one thing to do have in common, beside status and cause."""
    message: str
    delivery: str
    sentence: str
    fields: str
    """Every cell of the row, to be found by its store or city."""
    needs: int
    entry: int | None
    attempts: tuple[Cells, ...] = ()
    """Number, time, outcome, HTTP status, why, answer."""
    history: tuple[Cells, ...] = ()
    """Time, what changed, why, who."""

    @property
    def sign(self) -> str:
        """Give the sign of its tone."""
        return TONES[self.tone].sign


KEYS = ReportRow._fields
FACTS = (
    ("reason", "Why"),
    ("next", "Next step"),
    ("when", "Goes out"),
    ("provider_when", "The provider's clock"),
    ("groups", "Groups"),
    ("id", "Id at the provider"),
    ("says", "The provider says"),
    ("delivery", "Delivery"),
    ("owner", "Owner"),
    ("file", "File"),
    ("fields", "Cells of the row"),
)
"""What the detail of a row lists, beside its message, attempts and history."""
CSV_KEYS = (
    "status", "row", "file", "name", "when", "provider_when", "groups", "contacts", "parts", "credits", "id", "says",
    "reason", "next", "owner", "message",
)  # fmt: skip


def shown_rows(report: Report, *, only_needed: bool = False) -> list[ReportRow]:
    """Give the rows of a report by send time, those already taken in at the end."""
    places = {entry.id: entry for entry in report.entries}
    chosen = report.needed() if only_needed else report.stands()
    view = View(report.zone, report.provider_zone, report.made_at, places)
    rows = [
        show_entry(
            entry,
            view,
            standing,
            attempts=report.attempts.get(entry.id, ()),
            history=report.history.get(entry.id, ()),
            delivery=report.deliveries.get(entry.id, ()),
        )
        for entry, standing in sorted(chosen, key=lambda pair: by_time(pair[0]))
    ]
    return rows if only_needed else rows + [show_skipped(row, report) for row in report.skipped]


@dataclass(frozen=True, slots=True)
class View:
    """From where a row is looked at."""

    zone: str
    provider_zone: str
    now: datetime
    places: Mapping[int, Entry]
    """The entries of the same page, to name the row that took another one's place."""


def show_entry(
    entry: Entry,
    view: View,
    standing: Standing,
    *,
    attempts: Sequence[Attempt] = (),
    history: Sequence[Change] = (),
    delivery: Sequence[DeliveryCount] = (),
) -> ReportRow:
    """Put an entry into people's words."""
    year = view.now.astimezone(UTC).year
    moment = entry.send_at
    there = standing.word.fate.is_there
    return ReportRow(
        standing=standing.word.standing,
        tone=standing.word.tone,
        status=status_words(entry, view.places, standing),
        row=entry.row,
        file=entry.file,
        name=entry.campaign_name or "(no name)",
        at=int(moment.timestamp()) // 60 if moment else 0,
        when=local_time(moment, entry.zone or view.zone, year) if moment else "no readable time",
        provider_when=local_time(moment, view.provider_zone, year) if moment else "",
        there=_there(moment, entry.zone or view.zone, view.provider_zone) if moment else "",
        groups=group_words(entry),
        contacts=entry.contacts_count,
        parts=parts_of(entry) if there else None,
        credits=credits_of(entry) if there else None,
        id=entry.provider_id,
        says=entry.provider_status,
        reason=standing.reason if standing.needs_attention or not there else warnings_of(entry),
        next=standing.next,
        owner=entry.owner,
        cause=standing.cause if standing.needs_attention else "",
        task=task_of(entry, standing) if standing.needs_attention else "",
        message=entry.message,
        delivery=delivery_words(delivery),
        sentence=sentence(entry, standing, view.zone, delivery, view.now),
        fields=" · ".join(f"{name}: {text}" for name, text in entry.fields.items() if text),
        needs=int(standing.needs_attention),
        entry=entry.id,
        attempts=tuple(attempt_cells(attempt, view.zone, year) for attempt in attempts),
        history=tuple(change_cells(change, view.zone, year) for change in history),
    )


def show_skipped(row: Skipped, report: Report) -> ReportRow:
    """Put a row that was already taken in into people's words."""
    file = next((batch.file for batch in report.batches if batch.id == row.batch), "")
    return ReportRow(
        standing="skipped", tone=WORDS["skipped"].tone,
        status=WORDS["skipped"].text, row=row.row, file=file, name=row.name or "(no name)", at=0,
        when="", provider_when="", there="", groups="", contacts=None, parts=None, credits=None,
        id=row.provider_id, says="",
        reason=row.why, next="", owner="", cause="", task="", message="", delivery="", sentence=row.why, fields="",
        needs=0, entry=row.entry,
    )  # fmt: skip


@lru_cache(maxsize=16_384)
def _there(moment: datetime, zone: str, provider_zone: str) -> str:
    # In UTC only, as `local_time`.
    ours, theirs = moment.astimezone(zone_of(zone)), moment.astimezone(zone_of(provider_zone))
    return clock(theirs) if ours.date() == theirs.date() else f"{day_words(theirs)}, {clock(theirs)}"


def status_words(entry: Entry, places: Mapping[int, Entry], standing: Standing) -> str:
    """Give the words for an entry's standing; a replaced one names the row that took its place."""
    if entry.status is not Status.REPLACED or entry.replaced_by is None:
        return standing.word.text
    found = places.get(entry.replaced_by)
    return f"fixed in row {found.row} of batch {found.batch}" if found else f"fixed in entry {entry.replaced_by}"


def warnings_of(entry: Entry) -> str:
    """Give the remarks about a campaign that went anyway."""
    return "; ".join(issue.message for issue in entry.issues)


def by_time(entry: Entry) -> tuple[bool, float, int]:
    """Sort by send time, those without one last."""
    return (entry.send_at is None, entry.send_at.timestamp() if entry.send_at else 0.0, entry.row)


def attempt_cells(attempt: Attempt, zone: str, year: int) -> Cells:
    """Put an attempt into words, cell by cell."""
    return (
        str(attempt.number),
        local_time(attempt.started_at, zone, year),
        attempt.outcome.replace("_", " "),
        str(attempt.http_status or ""),
        attempt.why,
        attempt.answer,
    )


def change_cells(change: Change, zone: str, year: int) -> Cells:
    """Put a line of the history into words, cell by cell."""
    new = WORDS.get(change.new.value)
    return (
        local_time(change.at, zone, year),
        new.text if new else "taken by the provider",
        f"{change.why} ({change.evidence})" if change.evidence else change.why,
        change.who,
    )


def pack(rows: Iterable[ReportRow]) -> dict[str, object]:
    """Pack rows for the script: one list of names, then bare values."""
    return {
        "keys": KEYS,
        "facts": FACTS,
        "csv": CSV_KEYS,
        "signs": {name: tone.sign for name, tone in TONES.items()},
        "rows": list(rows),
    }
