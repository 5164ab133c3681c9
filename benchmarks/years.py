"""Fill a ledger with the years of an agency, straight into its tables: `python -m benchmarks.years URL ENTRIES FOLDER`.

The last thousand entries are alike in every ledger, 300 a week up to the next one: only the past before them differs.
Its sheets have up to 300 rows each. In the folder lie the state of the sandbox that holds what is still to come, and
the file of the coming week once more, with one new row.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from batch.adapters.ledger import open_ledger
from batch.core.identity import make_fingerprint, make_key, make_tag
from batch.core.payload import to_provider_time
from benchmarks.past import Week, fill_week, indexes_made_after
from benchmarks.sizes import A_WEEK, COMING, RECENT, SHEET, STATE, ZONE

WEEKS = 156
_HEADER = ("CampaignName", "Message", "GroupIds", "DateTime")
_FIRST_ID = 1_000_000
_SHOPS = ("Dallas", "Plano", "Miami", "Austin", "Denver", "Boston", "Reno", "Tulsa", "Omaha", "Tampa")
_OFFERS = (
    "20% off today",
    "two for one on Friday",
    "new arrivals are here",
    "doors open at nine",
    "last day of the sale",
)
_UNREAD = 20
"""The newest sent campaigns, of which no delivery was read yet."""

COLUMNS = {
    "batches": (
        "id", "file", "sheet", "file_hash", "taken_in_at", "rows", "submitted_by", "machine", "state", "header",
        "changed_at",
    ),
    "entries": (
        "id", "batch", "row", "account", "key", "fingerprint", "tag", "campaign_name", "provider_name", "message",
        "group_ids", "group_names", "send_at", "send_at_provider", "zone", "cells", "parts", "encoding", "status",
        "provider_id", "contacts_count", "provider_status_id", "provider_status", "observed", "attempts", "changed_at",
        "provider_zone", "issues", "codes", "replaced_by",
        "delivery_read",
    ),
    "batch_rows": ("batch", "row", "entry", "what", "why"),
    "history": ("entry", "at", "old", "new", "why", "who", "kind"),
    "attempts": (
        "entry", "number", "started_at", "ended_at", "tag", "outcome", "http_status", "answer", "counts",
        "provider_zone",
    ),
    "observations": ("entry", "at", "place", "listed"),
    "deliveries": ("entry", "page", "status_id", "status", "contacts"),
    "delivery_readings": ("entry", "page", "final", "at"),
}  # fmt: skip
"""What is filled in, in an order that keeps every reference."""

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(slots=True)
class Filling:
    """The rows of one week, table by table, and what the provider still holds of them."""

    rows: Rows = field(default_factory=lambda: {name: [] for name in COLUMNS})
    held: list[dict[str, Any]] = field(default_factory=list)


def fill(url: str, size: int, now: datetime, state: Path | None = None) -> None:
    """Make a ledger of so many entries that ends a week after `now`; `state` is where the sandbox's own goes."""
    now = now.replace(minute=0, second=0, microsecond=0)
    held: list[dict[str, Any]] = []
    with open_ledger(url, now=now) as ledger:
        engine = ledger._transactions.engine
        with closing(engine.raw_connection()) as connection:
            cursor = connection.cursor()
            if engine.dialect.name == "sqlite":
                cursor.execute("BEGIN")  # else each row would go to disk alone
                for week in _weeks(size, now):
                    held += _insert(cursor, _rows_of(week, size, now))
            else:
                held += _fill_server(cursor, size, now)
            connection.commit()
        ledger.journal.note_run("reconcile", now)
    if state is not None:
        state.write_text("".join(f"{json.dumps(['campaign', one])}\n" for one in held), encoding="utf-8")


def _fill_server(cursor: Any, size: int, now: datetime) -> list[dict[str, Any]]:
    """Let the server write what is over, and hand in only the weeks that every ledger has."""
    held: list[dict[str, Any]] = []
    with indexes_made_after(cursor):
        for week in _weeks(size, now):
            if week.numbers.stop <= size - RECENT + 1:
                fill_week(cursor, week, shops=_SHOPS, offers=_OFFERS)
            else:
                held += _copy_in(cursor, _rows_of(week, size, now))
    _go_on_numbering(cursor)
    return held


def _weeks(size: int, now: datetime) -> Iterator[Week]:
    """Give the weeks of the ledger, the oldest first."""
    sizes = _sizes(size)
    first, batch = 1, 1
    for back, number in zip(range(len(sizes) - 2, -2, -1), sizes, strict=True):
        yield Week(now - timedelta(weeks=back + 1), range(first, first + number), batch)
        first, batch = first + number, batch - (-number // A_WEEK)


def _rows_of(week: Week, size: int, now: datetime) -> Filling:
    made, numbers = Filling(), week.numbers
    for place, start in enumerate(range(numbers.start, numbers.stop, A_WEEK)):
        sheet = range(start, min(start + A_WEEK, numbers.stop))
        _fill_sheet(made, week.batch + place, sheet, week.begins, now, unread=size - COMING - _UNREAD)
    return made


def _sizes(size: int) -> list[int]:
    """Say how many entries each week has, the coming one last."""
    past = size - RECENT
    recent = [RECENT - COMING - 2 * A_WEEK, A_WEEK, A_WEEK, COMING]
    weeks = WEEKS - len(recent)
    spread = [past * (place + 1) // weeks - past * place // weeks for place in range(weeks)] if past > 0 else []
    return [*(number for number in spread if number), *recent]


def _fill_sheet(week: Filling, batch: int, numbers: range, begins: datetime, now: datetime, *, unread: int) -> None:
    at = begins - timedelta(days=2)
    moment = at.isoformat()
    header = json.dumps(["CampaignName", "Message", "GroupIds", "DateTime", "Owner"])
    week.rows["batches"].append(
        (batch, f"sheet-{batch:05d}.xlsx", "Campaigns", f"{batch:064x}", moment, len(numbers), "dana", "desk", "done",
         header, moment)
    )  # fmt: skip
    for place, number in enumerate(numbers):
        send_at = begins + timedelta(minutes=(place + 1) * 7 * 24 * 60 // (len(numbers) + 1))
        _fill_entry(week, number, batch, place + 2, at, send_at, now, unread=unread)


def _status(number: int, *, coming: bool) -> str:
    if coming:
        return "accepted"
    return {7: "invalid", 27: "cancelled", 47: "expired"}.get(number % 100, "sent")


def _fill_entry(  # noqa: PLR0917 - one row with all that hangs on it
    week: Filling, number: int, batch: int, row: int, at: datetime, send_at: datetime, now: datetime, *, unread: int
) -> None:
    status = _status(number, coming=send_at > now)
    shop, group = _SHOPS[number % 10], str(100 + number % 25)
    name, message = f"{shop} offer {number}", f"{shop}: {_OFFERS[number % 5]}, code {number}. Reply STOP to opt out"
    key = make_key("", name, send_at)
    print_ = make_fingerprint(message=message, group_ids=(group,), send_at=send_at, type_recipients=0)
    tag = make_tag("main", key, print_)
    there = status in {"accepted", "sent"}
    posted, shown = f"{name} #{tag}", to_provider_time(send_at, ZONE)
    provider_id = str(_FIRST_ID + number) if there else ""
    moment, went = at.isoformat(), send_at.isoformat()
    trouble = {"row": row, "column": "", "field": "GroupIds", "code": "group-unknown", "message": "no such group"}
    issues = json.dumps([{**trouble, "level": "error", "value": ""}])
    wrong = status == "invalid"
    week.rows["entries"].append((
        number, batch, row, "main", key, print_, tag, name, posted, message, json.dumps([group], separators=(",", ":")),
        json.dumps([f"Store {group}"], separators=(",", ":")), went, shown, ZONE,
        "\x1f".join((name, message, group, shown, "dana")), 1, "GSM-7", status, provider_id, 100 if there else None,
        3 if there else None, "Approved and Scheduled" if there else "", "seen" if there else "", int(there),
        went if status == "sent" else moment, ZONE, issues if wrong else "[]", "group-unknown" if wrong else "", None,
        int(status == "sent" and number <= unread),
    ))  # fmt: skip
    week.rows["batch_rows"].append((batch, row, number, "invalid" if wrong else "planned", ""))
    _fill_history(week, number, status, moment, went)
    if there:
        week.rows["attempts"].append(
            (number, 1, moment, moment, tag, "accepted", 200, f'{{"Id": {provider_id}}}', 1, ZONE)
        )
        listed = json.dumps({"id": provider_id, "name": posted, "message": message, "send_at": shown})
        week.rows["observations"].append((number, moment, "scheduled", listed))
    if status == "accepted":
        week.held.append(_held(number, posted, message, group, send_at, at))
    if status == "sent":
        week.rows["observations"].append((number, went, "sent", listed))
        _fill_delivery(week, number, went, read=number <= unread)


def _fill_history(week: Filling, number: int, status: str, at: str, went: str) -> None:
    course = ["invalid"] if status == "invalid" else ["planned"]
    course += {"sent": ["submitting", "accepted", "sent"], "accepted": ["submitting", "accepted"]}.get(status, [])
    course += [status] if status in {"cancelled", "expired"} else []
    for place, new in enumerate(course):
        old = course[place - 1] if place else None
        week.rows["history"].append((number, went if new == "sent" else at, old, new, "", "dana", ""))


def _fill_delivery(week: Filling, number: int, at: str, *, read: bool) -> None:
    if read:
        counts = ((2, "Delivered", 94), (3, "Failed", 5), (9, "Optedout", 1))
        week.rows["deliveries"] += [(number, 1, status, word, contacts) for status, word, contacts in counts]
        week.rows["delivery_readings"].append((number, 1, 1, at))


def _held(  # noqa: PLR0917
    number: int, name: str, message: str, group: str, send_at: datetime, at: datetime
) -> dict[str, Any]:
    return {
        "id": _FIRST_ID + number, "name": name, "message": message, "send_at": send_at.timestamp(),
        "group_ids": [group], "type_recipients": 0, "contacts_count": 100, "created_at": at.timestamp(), "status_id": 3,
    }  # fmt: skip


def _insert(cursor: Any, made: Filling) -> list[dict[str, Any]]:
    for table, names in COLUMNS.items():
        marks = ", ".join("?" * len(names))
        statement = f"INSERT INTO {table} ({', '.join(_quoted(names))}) VALUES ({marks})"
        cursor.executemany(statement, made.rows[table])
    return made.held


def _copy_in(cursor: Any, made: Filling) -> list[dict[str, Any]]:
    for table, names in COLUMNS.items():
        with cursor.copy(f"COPY {table} ({', '.join(_quoted(names))}) FROM STDIN") as copy:
            for row in made.rows[table]:
                copy.write_row(row)
    return made.held


def _go_on_numbering(cursor: Any) -> None:
    """Let PostgreSQL's own counters know which numbers are taken, and its planner what there is."""
    for table in ("batches", "entries"):
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    cursor.execute("ANALYZE")


def _quoted(names: Sequence[str]) -> Iterable[str]:
    return (f'"{name}"' for name in names)


def write_sheet(url: str, path: Path) -> None:
    """Write the file of the coming week again, with one new row."""
    with open_ledger(url, now=datetime.now(UTC), create=False) as ledger:
        entries = sorted(ledger.entries.select(due_from=datetime.now(UTC)), key=lambda one: -one.id)[: COMING - 1]
    with path.open("w", newline="", encoding="utf-8") as sheet:
        lines = csv.writer(sheet)
        lines.writerow(_HEADER)
        for one in entries:
            lines.writerow((one.campaign_name, one.message, *one.group_ids, _local(one.send_at)))
        lines.writerow((f"New {one.campaign_name}", f"New: {one.message}", "102", _local(one.send_at)))


def _local(send_at: datetime | None) -> str:
    assert send_at is not None
    return f"{send_at.astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M}"


def main() -> None:
    """Fill one ledger, and lay beside it what its commands need."""
    url, size, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    fill(url, size, datetime.now(UTC), folder / STATE)
    write_sheet(url, folder / SHEET)


if __name__ == "__main__":
    main()
