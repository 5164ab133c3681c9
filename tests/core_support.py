"""Plain records for the tests of the deciding context: rows, known entries, entries, listed campaigns, readings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from batch.core.identity import add_tag, make_fingerprint, make_key, make_tag
from batch.core.payload import to_provider_time
from batch.core.plan import PlanRules, make_plan
from batch.core.settle import Reading
from batch.core.trust import Coverage, Span
from batch.core.unchanged import Unchanged
from batch.model import (
    Brief,
    Campaign,
    Checked,
    Decision,
    Entry,
    Header,
    Issue,
    KnownEntry,
    Level,
    Listed,
    Listing,
    Plan,
    Row,
    Status,
)

NOW = datetime(2026, 2, 2, 15, 0, tzinfo=UTC)
"""A Monday, 10:00 in New York."""
SOON = NOW + timedelta(days=3)
PAST = NOW - timedelta(days=4)
ZONE = "America/New_York"
FAR = Coverage(oldest=1, newest=1_000_000)
"""How far a reading reaches that shows all that was accepted, older and newer than any doubt."""
SPAN = Span(10, 11)
"""When a doubt came to be, in lines of the history."""
HEADER = Header(1, ("CampaignName", "Message", "DateTime"), {"CampaignName": 0, "Message": 1, "DateTime": 2})
TIME_PAST = "time-past"


def make_issue(code: str, level: Level = Level.HOLD, row: int = 2) -> Issue:
    return Issue(row, "A", "CampaignName", code, f"words about {code}", level)


def make_row(
    name: str = "Spring sale",
    *,
    message: str = "20% off",
    groups: tuple[str, ...] = ("100",),
    at: datetime = SOON,
    number: int = 2,
    reference: str = "",
    issues: tuple[Issue, ...] = (),
    zone: str = ZONE,
    **more: Any,
) -> Checked:
    """Make a checked row as the checks would leave it; a time gone by is an error that keeps its campaign."""
    past = at <= NOW
    if past and not any(issue.code == TIME_PAST for issue in issues):
        issues = (*issues, make_issue(TIME_PAST, Level.ERROR, number))
    key = make_key(reference, name, at)
    fingerprint = make_fingerprint(message=message, group_ids=groups, send_at=at, subject=more.get("subject", ""))
    campaign = Campaign(
        number, name, message, groups, ("",) * len(groups), at, zone, 0, reference=reference, key=key,
        fingerprint=fingerprint, **more,
    )  # fmt: skip
    sheet_row = Row(number, HEADER, (name, message, f"{at:%Y-%m-%d %H:%M}"))
    return Checked(sheet_row, campaign, issues, name, reference, message, key, at, past)


def make_bad_row(name: str = "Spring sale", *, at: datetime = SOON, number: int = 2, reference: str = "") -> Checked:
    """Make a row with an error that leaves no campaign."""
    row = make_row(name, at=at, number=number, reference=reference)
    return replace(row, campaign=None, issues=(make_issue("groups-missing", Level.ERROR, number),), past=False)


def know(row: Checked, status: Status, number: int = 1, **changes: Any) -> KnownEntry:
    """Make the entry that the ledger has of a row."""
    campaign = row.campaign
    there = status in {Status.ACCEPTED, Status.SENT, Status.MISSING, Status.CANCELLED}
    entry = KnownEntry(
        id=number,
        batch=1,
        file="week.xlsx",
        row=row.row.number,
        key=row.key,
        fingerprint=campaign.fingerprint if campaign is not None else "",
        tag="",
        name=row.name,
        group_ids=campaign.group_ids if campaign is not None else (),
        send_at=row.send_at,
        status=status,
        provider_id=f"{9000 + number}" if there else "",
        message=row.message,
    )
    return entry._replace(**changes)


def plan(
    rows: list[Checked], known: list[KnownEntry] | None = None, listed: list[Listed] | None = None, **rules: Any
) -> Plan:
    """Plan rows of `week.xlsx` as of `NOW`."""
    wanted = PlanRules(**{"file": "week.xlsx", **rules})
    return plan_both_ways(rows, known or [], listed or [], {}, wanted)


def plan_both_ways(
    rows: list[Checked], known: list[KnownEntry], listed: list[Listed], named: dict[int, int], rules: PlanRules
) -> Plan:
    """Plan with all that is known, and without the entries of unchanged rows: the same comes of it."""
    whole = make_plan(rows, known, rules=rules, now=NOW, listed=listed, named=named)
    unchanged = Unchanged(rows, NOW, listed=listed, named=named)
    aside = unchanged.set_aside([in_brief(entry) for entry in known])
    keys, said = {row.key for row in rows}, set(unchanged.fingerprints())
    others = [
        entry
        for entry in known
        if entry.id not in aside
        and (entry.key in keys or entry.fingerprint in said or _is_coming(entry) or entry.id in named.values())
    ]
    assert make_plan(rows, others, rules=rules, now=NOW, listed=listed, named=named, unchanged=unchanged) == whole
    return whole


def in_brief(entry: KnownEntry) -> Brief:
    """Tell of an entry what a plan reads first."""
    return (
        entry.id, entry.batch, entry.key, entry.fingerprint, entry.tag, entry.status, _is_coming(entry),
        entry.provider_id, entry.message, entry.subject,
    )  # fmt: skip


def _is_coming(entry: KnownEntry) -> bool:
    return entry.send_at is not None and entry.send_at > NOW


def decide(row: Checked, *known: KnownEntry, **rules: Any) -> Decision:
    """Plan a single row and give its decision."""
    return plan([row], list(known), **rules).decisions[0]


def codes_of(decision: Decision, level: Level | None = None) -> list[str]:
    """Give the codes of a decision's issues, of one level or of all."""
    return [issue.code for issue in decision.issues if level in {None, issue.level}]


def make_entry(number: int = 1, *, name: str = "Spring sale", at: datetime = SOON, **changes: Any) -> Entry:
    """Make an accepted entry with the tag, name and time that the provider got."""
    message = changes.get("message", "20% off")
    groups = changes.get("group_ids", ("100", "101"))
    key = changes.get("key", make_key("", name, at))
    fingerprint = make_fingerprint(message=message, group_ids=groups, send_at=at)
    tag = changes.get("tag", make_tag("main", key, fingerprint))
    entry = Entry(
        id=number, batch=1, file="week.xlsx", sheet="Campaigns", row=number + 1, key=key, fingerprint=fingerprint,
        tag=tag, reference="", campaign_name=name, provider_name=add_tag(name, tag) if tag else name, message=message,
        group_ids=groups, group_names=("",) * len(groups), send_at=at, send_at_provider=to_provider_time(at, ZONE),
        zone=ZONE, type_recipients=0, status=Status.ACCEPTED, provider_id=f"{5000 + number}", contacts_count=100,
        provider_status_id=3, provider_status="Approved and Scheduled",
    )  # fmt: skip
    return replace(entry, **changes)


def list_entry(entry: Entry, **changes: Any) -> Listed:
    """Make the campaign that the provider's list shows for an entry, with nothing wrong."""
    listed = Listed(
        id=entry.provider_id,
        name=entry.provider_name,
        message=entry.message,
        send_at=entry.send_at_provider,
        group_ids=entry.group_ids,
        type_recipients=entry.type_recipients,
        contacts_count=entry.contacts_count,
        status_id=3,
        status="Approved and Scheduled",
        mms_template_id=entry.mms_template_id,
        subject=entry.subject,
    )
    return replace(listed, **changes)


def read(
    scheduled: list[Listed] | None = None, sent: list[Listed] | None = None, *, at: datetime = NOW, **changes: Any
) -> Reading:
    """Make one reading of both lists; it reaches from before every doubt to after it."""
    later = at + timedelta(seconds=1)
    return Reading(Listing(tuple(scheduled or ()), at, **changes), Listing(tuple(sent or ()), later), reach=FAR)
