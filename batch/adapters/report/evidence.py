"""Write the page that accounts for one campaign: its text, groups, times, people and the provider's answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from batch.adapters.report.page import embed_logo, render_page, write_page
from batch.adapters.report.rows import attempt_cells, change_cells, status_words
from batch.core.sentences import sentence
from batch.core.standing import standing_of
from batch.model import (
    NOT_SHOWN,
    REJECTED,
    WAITS,
    Attempt,
    Batch,
    Change,
    ChangeKind,
    DeliveryCount,
    Entry,
    Level,
    Status,
)
from batch.model.plurals import plural
from batch.model.times import local_time
from batch.model.wording import TONES, cell_of, delivery_word, named_groups

RECIPIENTS = {0: "single opt-in contacts", 1: "double opt-in contacts"}
_TONES = {Level.ERROR: "bad", Level.HOLD: "look", Level.WARNING: "wait"}
_CANCEL_WORDS = {ChangeKind.CANCEL_ASKED: "Asked to cancel", ChangeKind.CANCEL_TAKEN_BACK: "Taken back"}
_STILL_WAIT = frozenset({Status.PLANNED, Status.HELD, Status.WAITING})
_EVERY_YEAR = 0
"""Handed to `local_time` as the year that need not be written: here each one is."""


def write_evidence(
    entry: Entry,
    attempts: Sequence[Attempt],
    history: Sequence[Change],
    path: Path,
    *,
    made_at: datetime,
    zone: str,
    provider_zone: str,
    delivery: Sequence[DeliveryCount] = (),
    checks: Sequence[str] = (),
    batch: Batch | None = None,
    templates: Sequence[Path] = (),
    team: str = "",
    logo: Path | None = None,
    second: str = "",
    account: str = "",
) -> Path:
    """Write one page about one campaign, to be printed and filed.

    `checks` are the checks that it passed, in words; `second` says how the second person is known.
    """
    standing = standing_of(entry, made_at, zone)
    page = render_page(
        "evidence.html.j2",
        templates,
        entry=entry,
        word=standing.word,
        status=status_words(entry, {}, standing),
        causes=[cause.words for cause in standing.causes] if standing.needs_attention else (),
        tones=TONES,
        team=team,
        logo=embed_logo(logo),
        made_at=local_time(made_at, zone, _EVERY_YEAR),
        sentence=sentence(entry, standing, zone, delivery, made_at),
        next=standing.next,
        differences=_differences(entry),
        held="What was sent" if entry.status is Status.SENT else "What the provider holds",
        times=_times(entry, zone, provider_zone),
        groups=named_groups(entry),
        facts=_facts(entry, batch),
        people=_people(entry, batch, history, zone, second),
        issues=[(TONES[_TONES[issue.level]], cell_of(issue), issue.message) for issue in entry.issues],
        checks=checks,
        attempts=[attempt_cells(attempt, zone, _EVERY_YEAR) for attempt in attempts],
        hashes=[(attempt.number, attempt.payload_hash) for attempt in attempts],
        history=[change_cells(change, zone, _EVERY_YEAR) for change in history],
        delivery=[(*delivery_word(item), item.contacts) for item in delivery],
    )
    return write_page(page, path, account)


def _differences(entry: Entry) -> dict[str, tuple[str, str]]:
    """Give what the provider held otherwise: the sheet's and the provider's version of each field.

    Also what a person knows of: the page tells what went out, whoever was told of it since.
    """
    known = {field: theirs for code, field, theirs in entry.acknowledged if code == _DIFFERS and field}
    found = {one.field: one for one in entry.findings if one.code == _DIFFERS and one.field}
    told = {field: ("", theirs) for field, theirs in known.items()}
    told |= {field: (one.ours, one.theirs) for field, one in found.items()}
    if "Message" in told:
        told["Message"] = entry.message, told["Message"][1]
    return told


_DIFFERS = "drifted"


def _times(entry: Entry, zone: str, provider_zone: str) -> list[tuple[str, str]]:
    moment = entry.send_at
    if moment is None:
        return [("Goes out", "no time that could be read")]
    return [
        ("By the row's clock", local_time(moment, entry.zone or zone, _EVERY_YEAR)),
        ("As sent to the provider", f"{entry.send_at_provider or 'not sent'} ({entry.provider_zone or provider_zone})"),
        ("UTC", moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")),
    ]


def _facts(entry: Entry, batch: Batch | None) -> list[tuple[str, str]]:
    told = [
        ("Campaign", entry.campaign_name),
        ("Name at the provider", entry.provider_name),
        ("Id at the provider", entry.provider_id),
        ("The provider says", entry.provider_status),
        ("Contacts by the provider", "" if entry.contacts_count is None else f"{entry.contacts_count:,}"),
        ("Contacts expected", "" if entry.expected_contacts is None else f"{entry.expected_contacts:,}"),
        ("Recipients", RECIPIENTS.get(entry.type_recipients, str(entry.type_recipients))),
        ("Purpose", entry.purpose),
        ("Length", f"{plural(len(entry.message), 'character')}, {plural(entry.parts, 'part')}, {entry.encoding}"),
        ("MMS template", str(entry.mms_template_id or "")),
        ("Subject", entry.subject),
        ("Reference", entry.reference),
        ("Where it stood", _place(entry)),
        ("Hash of the file", batch.file_hash if batch else ""),
        ("Hash of what was approved", entry.bound_payload),
        ("Entry in the ledger", str(entry.id)),
        ("Fingerprint", entry.fingerprint),
        ("Cancelled because" if entry.status is Status.CANCELLED else "To be cancelled", entry.cancel_why),
        ("Note on the batch", batch.note if batch else ""),
    ]
    return [(label, text) for label, text in told if text]


def _place(entry: Entry) -> str:
    sheet = f"sheet {entry.sheet}" if entry.sheet else ""
    return ", ".join(part for part in (entry.file, sheet, f"row {entry.row}", f"batch {entry.batch}") if part)


def _people(
    entry: Entry, batch: Batch | None, history: Sequence[Change], zone: str, second: str
) -> list[tuple[str, str]]:
    machine = f" on {entry.machine}" if entry.machine else ""
    taken = ""
    if batch is not None:
        taken = f"{batch.submitted_by} on {batch.machine}, {local_time(batch.taken_in_at, zone, _EVERY_YEAR)}"
    told = [
        ("Prepared", entry.owner),
        ("Taken in", taken),
        ("Submitted", f"{entry.submitted_by}{machine}" if entry.submitted_by else ""),
        ("Approved", _approval(entry, batch)),
        ("The second person is known", second),
    ]
    told += [
        (word, f"{change.who}, {local_time(change.at, zone, _EVERY_YEAR)}")
        for change in history
        for word in (_cancel_word(change),)
        if word
    ]
    return [(label, text) for label, text in told if text]


def _approval(entry: Entry, batch: Batch | None) -> str:
    """Say who approved it, or that it still waits for that."""
    if batch is not None and batch.state in {NOT_SHOWN, WAITS} and entry.status in _STILL_WAIT:
        return "not yet: it waits for a second person"
    if entry.approved_by:
        return entry.approved_by
    if batch is not None and batch.state == REJECTED:
        return "no: a second person said no"
    if batch is not None and batch.approved_by:
        return batch.approved_by
    return "nobody said yes to it" if batch is not None and batch.preview_mark else "no second person was asked"


def _cancel_word(change: Change) -> str:
    """Name what a line of history has to do with a cancellation; empty when nothing."""
    if change.new is Status.CANCELLED:
        return "Seen to be gone" if change.old is Status.ACCEPTED else "Cancelled"
    return _CANCEL_WORDS.get(change.kind, "")
