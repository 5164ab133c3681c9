"""Ask the ledger what its history teaches, and write the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from batch.adapters.report import credits_of, insights_html, insights_json, insights_xlsx
from batch.core.identity import is_test
from batch.core.insights import find_insights
from batch.core.standing import standing_of
from batch.model import Attempt, Batch, DeliveryCount, Entry, Insights, Level, Sending, Status
from batch.model.plurals import plural
from batch.model.times import zone_of
from batch.model.wording import DELIVERED, FAILED, OPTED_OUT, Fate, counted
from batch.system.disk import make_folder, write_whole
from batch.workflows.archives import open_archives, with_texts
from batch.workflows.context import World, open_ledger_of
from batch.workflows.provider_times import as_they_go
from batch.workflows.report import report_templates, writing

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger

FORMATS = ("html", "xlsx", "json")
DIGEST_WEEKS = 26
_FOR_DIGEST = ("opt-outs", "group-sizes", "cost")
"""What the weekly digest tells: where somebody may want to act."""
_THERE = frozenset({Status.SENT, Status.ACCEPTED})
_WENT = frozenset({Fate.WENT, Fate.GOES})
"""What reports count as sent, and as due and not yet seen as sent: what was never approved did not go."""


def learn(settings: Settings, world: World, *, weeks: int, formats: Sequence[str] = FORMATS[:2]) -> list[Path]:
    """Write the insights of the last weeks; give the paths."""
    with open_ledger_of(settings, world, create=False) as ledger, open_archives(ledger, world) as archives:
        insights = find_out(settings, ledger, world.now(), weeks, archives)
    return [_write(insights, settings, format) for format in formats]


def describe_insights(settings: Settings, ledger: Ledger, now: datetime) -> list[str]:
    """Give the few sentences of the weekly digest; none before anything was sent."""
    found = find_out(settings, ledger, now, DIGEST_WEEKS).found
    return [f"{one.title}: {one.sentence}" for one in found if one.name in _FOR_DIGEST]


def find_out(
    settings: Settings, ledger: Ledger, now: datetime, weeks: int, archives: Sequence[Ledger] = ()
) -> Insights:
    """Count what was sent in the last weeks, and what its sheets got wrong; archives say by which template."""
    since = now - timedelta(weeks=weeks)
    due = [one for one in ledger.entries.select(statuses=_THERE, due_from=since, due_until=now) if not is_test(one.key)]
    told = as_they_go(settings, ledger, with_texts(archives, due))
    went = [one for one in told if standing_of(one, now).word.fate in _WENT]
    deliveries = ledger.deliveries.of_each([one.id for one in went]) if went else {}
    approved = [one.id for one in went if one.approved_by]
    batches = {batch.id: batch for batch in ledger.batches.all(ids={one.batch for one in went})}
    attempts = ledger.attempts.of_each(approved) if approved else {}
    sendings = [
        _sending(
            one, deliveries.get(one.id, ()), _hours_waited(batches[one.batch], attempts.get(one.id, ())),
            settings.team_zone,
        )
        for one in went
    ]  # fmt: skip
    return find_insights(
        sendings,
        problems=list(_problems(ledger, since)),
        title=f"Insights: the last {'week' if weeks == 1 else plural(weeks, 'week')}",
        since=since,
        now=now,
        weekly_budget=settings.reports.weekly_budget,
    )


def _sending(entry: Entry, delivery: Sequence[DeliveryCount], waited: float | None, zone: str) -> Sending:
    assert entry.send_at is not None
    names = entry.group_names if any(entry.group_names) else ()
    return Sending(
        entry=entry.id,
        name=entry.campaign_name,
        groups=tuple(dict.fromkeys(names or entry.group_ids)),
        local=entry.send_at.astimezone(zone_of(entry.zone or zone)),
        template=_template(entry.fields),
        parts=entry.parts,
        mms=entry.mms_template_id is not None,
        contacts=entry.contacts_count or 0,
        credits=credits_of(entry),
        delivered=counted(delivery, DELIVERED),
        failed=counted(delivery, FAILED),
        opted_out=counted(delivery, OPTED_OUT),
        waited=waited,
    )


def _template(fields: Mapping[str, str]) -> str:
    return next((text.strip() for name, text in fields.items() if name.strip().casefold() == "template"), "")


def _hours_waited(batch: Batch, attempts: Sequence[Attempt]) -> float | None:
    """Say how long a second person took: from the file's arrival to the first attempt after the yes."""
    return (attempts[0].started_at - batch.taken_in_at).total_seconds() / 3600 if attempts else None


def _problems(ledger: Ledger, since: datetime) -> Iterable[tuple[str, str]]:
    for entry in ledger.entries.select(statuses={Status.INVALID, Status.REPLACED}, changed_since=since):
        codes = {one.code for one in entry.issues if one.level is Level.ERROR}
        yield from ((code, entry.submitted_by) for code in codes)


def _write(insights: Insights, settings: Settings, format: str) -> Path:
    path = Path(settings.reports.folder) / f"insights-{insights.made_at:%Y-%m-%d}.{format}"
    reports = settings.reports
    with writing(path, settings):
        make_folder(path.parent)
        if format == "xlsx":
            return write_whole(path, insights_xlsx(insights, team=reports.team))
        if format == "json":
            return write_whole(path, insights_json(insights).encode("utf-8", "replace"))
        page = insights_html(
            insights, zone=settings.team_zone, templates=report_templates(settings), team=reports.team,
            logo=Path(reports.logo) if reports.logo else None,
        )  # fmt: skip
        return write_whole(path, page.encode("utf-8", "replace"))
