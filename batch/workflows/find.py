"""Answer questions from the ledger: reports again, one entry, what went to whom, is it whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch.adapters.report import verdict, write_evidence
from batch.core.identity import fold
from batch.core.sentences import sentence
from batch.core.standing import DID_NOT, WILL_NOT, Concern, Standing, standing_of
from batch.model import Attempt, Batch, Change, DeliveryCount, Entry, Status
from batch.model.errors import UsageError
from batch.model.places import rows_of
from batch.model.plurals import plural
from batch.model.times import local_time
from batch.model.wording import TONES
from batch.workflows.archives import (
    examine_archives,
    fill_from,
    find_archived,
    keeper_of,
    left_out_of_backups,
    open_archives,
    with_texts,
)
from batch.workflows.context import World, open_ledger_of
from batch.workflows.events import Note
from batch.workflows.provider_times import as_they_go
from batch.workflows.report import (
    batch_scope,
    gather,
    report_templates,
    since_scope,
    week_of,
    week_scope,
    write,
    writing,
)
from batch.workflows.second_person import describe_way
from batch.workflows.tally import count_kind

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Bearers, Ledger


_PASSED = {
    "message-too-long": "the text is no longer than allowed",
    "brand-missing": "the text names the brand",
    "no-opt-out": "the text says how to opt out",
    "placeholder": "no placeholder was left in the text",
    "date-in-text": "weekdays and dates in the text fit the send date",
    "short-link": "no shared link shortener",
    "forbidden-subject": "no word from the subjects that carriers restrict",
    "word-listed": "no word from the team's own list",
    "quiet-hours": "outside the quiet hours of the row's zone",
    "quiet-hours-there": "within the groups' hours at the recipients' place",
    "day-not-allowed": "on a weekday that the groups agreed to",
    "purpose-not-agreed": "for a purpose that the groups opted in to",
    "blackout-day": "on none of the team's blackout days",
    "holiday": "on no public holiday",
    "close-to-another": "no other text to the same groups within the agreed hours",
    "same-text-same-groups-same-time": "no other row with this text, groups and time",
}
"""What it means, in words, that a code was not raised."""


def report_again(
    settings: Settings,
    world: World,
    *,
    batch: int | None = None,
    week: str = "",
    since: date | None = None,
    formats: Sequence[str] = ("html", "xlsx"),
    email: bool = False,
) -> list[Path]:
    """Write the report of a batch, of a week, or since a day; mail it when asked."""
    zone = settings.team_zone
    now = world.now()
    with open_ledger_of(settings, world, create=False) as ledger, open_archives(ledger, world) as archives:
        if batch is not None:
            scope = batch_scope(ledger, batch)
        elif since is not None:
            scope = since_scope(ledger, since, zone)
        else:
            scope = week_scope(ledger, _check_week(week) if week else week_of(now, zone), zone, now)
        report = gather(settings, ledger, scope, now=now, archives=archives)
        paths = write(report, settings, scope.stem, formats)
        said = verdict(report)
        world.tell(Note(f"{report.title}: {TONES[said.tone].sign} {said.words}", loud=said.tone == "bad"))
        for line in filter(None, (said.more, *said.next)):
            world.tell(Note(line))
        if email:
            from batch.workflows.mail import mail_report

            mail_report(settings, ledger, world, report)
        return paths


def _check_week(week: str) -> str:
    try:
        year, number = week.upper().split("-W")
        date.fromisocalendar(int(year), int(number), 1)
    except ValueError:
        raise UsageError(f'"{week}" is not a week', "write it as 2026-W48") from None
    return f"{int(year):04d}-W{int(number):02d}"


def write_evidence_of(settings: Settings, world: World, number: int) -> Path:
    """Write the page of one entry with all its evidence."""
    with open_ledger_of(settings, world, create=False) as ledger, open_archives(ledger, world) as archives:
        bare = ledger.entries.get(number)
        (entry,) = as_they_go(settings, ledger, with_texts(archives, [bare]))
        keeper = keeper_of(ledger, archives, bare)
        path = Path(settings.reports.folder) / f"evidence-{number}.html"
        with writing(path, settings):
            return write_evidence(
                entry,
                keeper.attempts.of(number),
                keeper.changes.of(number),
                path,
                made_at=world.now(),
                zone=settings.team_zone,
                provider_zone=settings.provider.timezone,
                delivery=ledger.deliveries.of_each([number]).get(number, ()),
                checks=checks_passed(settings, entry),
                batch=ledger.batches.get(entry.batch),
                second=describe_way(ledger.people.proof(entry.batch).way),
                templates=report_templates(settings),
                team=settings.reports.team,
                logo=Path(settings.reports.logo) if settings.reports.logo else None,
                account=settings.name,
            )


def checks_passed(settings: Settings, entry: Entry) -> tuple[str, ...]:
    """Say which checks a submitted campaign passed, by today's settings; empty for one that was kept back.

    A check that is switched off or has nothing to go by (no brand, no country) is not counted as passed.
    """
    if not entry.provider_id and entry.status is not Status.IN_DOUBT:
        return ()
    checks, remarked = settings.checks, {issue.code for issue in entry.issues}
    unset = {
        "brand-missing": not checks.brand,
        "blackout-day": not checks.blackout,
        "holiday": not checks.country,
        "word-listed": not checks.word_list,
        "quiet-hours": not checks.quiet_hours,
    } | dict.fromkeys(("quiet-hours-there", "purpose-not-agreed", "day-not-allowed"), not settings.groups)
    return tuple(
        words
        for code, words in _PASSED.items()
        if code not in remarked and not unset.get(code) and settings.rules.get(code) != "off"
    )


def list_batches(settings: Settings, world: World, last: int | None = None) -> Iterator[tuple[Batch, dict[str, int]]]:
    """Stream every batch, or the last so many, with the numbers of its rows by where they stand."""
    with open_ledger_of(settings, world, create=False) as ledger:
        for batch, kinds in ledger.batches.standings(last):
            counts: Counter[str] = Counter()
            for (what, status, left_out), number in kinds.items():
                name = count_kind(what, Status(status), left_out=left_out) if status else "skipped"
                counts[name] += number
            yield batch, dict(counts)


def show_entry(settings: Settings, world: World, number: int) -> dict[str, Any]:
    """Give one entry with its attempts and history."""
    with open_ledger_of(settings, world, create=False) as ledger, open_archives(ledger, world) as archives:
        bare = ledger.entries.get(number)
        (entry,) = as_they_go(settings, ledger, with_texts(archives, [bare]))
        keeper = keeper_of(ledger, archives, bare)
        standing = standing_of(entry, world.now(), settings.team_zone)
        return {
            "entry": entry.id,
            "status": entry.status.value,
            "standing": standing.word.text,
            "reason": standing.reason if standing.needs_attention else "",
            "next_step": standing.next,
            "campaign_name": entry.campaign_name,
            "provider_id": entry.provider_id,
            "provider_status": entry.provider_status,
            "contacts_count": entry.contacts_count,
            "message": entry.message,
            "groups": ", ".join(entry.group_names) if any(entry.group_names) else ", ".join(entry.group_ids),
            "send_at": entry.send_at.isoformat() if entry.send_at else "",
            "send_at_provider": entry.send_at_provider,
            "provider_zone": entry.provider_zone,
            "batch": entry.batch,
            "file": entry.file,
            **rows_of(entry.row),
            "key": entry.key,
            "tag": entry.tag,
            "submitted_by": entry.submitted_by,
            "machine": entry.machine,
            "approved_by": entry.approved_by,
            "owner": entry.owner,
            "to_be_cancelled": entry.cancel_why,
            "issues": [f"{issue.level}: {issue.message} [{issue.code}]" for issue in entry.issues],
            "attempts": [_tell_attempt(one) for one in keeper.attempts.of(number)],
            "history": [_tell_change(one) for one in keeper.changes.of(number)],
        }


def _tell_attempt(one: Attempt) -> str:
    status = str(one.http_status or "")
    words = (f"{one.number}: {one.started_at:%Y-%m-%d %H:%M:%S} UTC", one.outcome or "no answer yet", status, one.why)
    return " ".join(part for part in words if part)


def _tell_change(one: Change) -> str:
    why = one.why or ("" if one.old else "taken in")
    moved = f"{one.at:%Y-%m-%d %H:%M:%S} UTC {one.old or 'new'} > {one.new}"
    return f"{moved}{f': {why}' if why else ''}{f' ({one.who})' if one.who else ''}"


def export_ledger(settings: Settings, world: World) -> Iterator[dict[str, Any]]:
    """Stream every entry as machines read it."""
    with open_ledger_of(settings, world, create=False) as ledger, open_archives(ledger, world) as archives:
        fill_from(ledger, archives)
        yield from ledger.export()


def backup_ledger(settings: Settings, world: World) -> Path:
    """Write a whole copy of the ledger beside it."""
    with open_ledger_of(settings, world, create=False) as ledger:
        if words := left_out_of_backups(ledger):
            world.tell(Note(words))
        return ledger.upkeep.backup(world.now())


def verify_ledger(settings: Settings, world: World) -> tuple[str, ...]:
    """Look for damage and broken rules in the ledger."""
    with open_ledger_of(settings, world, create=False) as ledger:
        archives = examine_archives(ledger, world, whole=True)
        told = (f'the archive "{path}": {problem}' for path, problems in archives for problem in problems)
        return (*ledger.upkeep.verify(world.now()), *told)


def find_entries(settings: Settings, world: World, words: str) -> list[tuple[Entry, str]]:
    """Give the entries that speak of something, each with a sentence that says what went, goes or did not go.

    Where name, group, Reference or Id bear the words as they stand, only these are meant; else all words count,
    wherever they are. What is still to come stands first, the soonest on top, then the past, then versions that another
    row replaced. Of very many only the newest are given, and it is said how many more there are.
    """
    zone, now = settings.team_zone, world.now()
    with open_ledger_of(settings, world, create=False) as ledger, open_archives(ledger, world) as archives:
        closest = _search(ledger, archives, words)
        for told in _tell_rest(closest):
            world.tell(Note(told))
        found = as_they_go(settings, ledger, closest.entries)
        entries = sorted(found, key=lambda entry: _place(entry, now))
        deliveries = ledger.deliveries.of_each([entry.id for entry in entries])
        return [(entry, _tell(entry, zone, deliveries.get(entry.id, ()), now)) for entry in entries]


MOST = 1_000
"""Entries that a search shows."""


def sum_up(settings: Settings, world: World, words: str, entries: Sequence[Entry]) -> str:
    """Say in one sentence what became of all that was found: `Dallas: 2 did not go, 1 scheduled`; the worst first."""
    zone, now = settings.team_zone, world.now()
    standings = [standing_of(entry, now, zone) for entry in entries if entry.status is not Status.REPLACED]
    counts = Counter(one.outcome for one in standings)
    told = sorted(counts.items(), key=lambda pair: _FIRST.get(pair[0], 0))
    return f"{words}: {', '.join(f'{number:,} {text}' for text, number in told)}" if told else ""


_FIRST = {DID_NOT: -2, WILL_NOT: -1}


def list_to_do(settings: Settings, world: World, entries: Iterable[Entry]) -> list[str]:
    """Say what to do, for which entries, by whom and by when: a line a step, what is due first on top."""
    zone, now = settings.team_zone, world.now()
    steps: dict[str, list[tuple[Entry, Standing]]] = {}
    for entry in entries:
        standing = standing_of(entry, now, zone)
        if standing.needs_attention:
            steps.setdefault(standing.next, []).append((entry, standing))
    ordered = sorted(steps.items(), key=lambda step: min(_due(standing, now) for _, standing in step[1]))
    return [f"to do for {_whose(group, zone, now)}: {step}" for step, group in ordered]


def _due(standing: Standing, now: datetime) -> datetime:
    """Give until when it must be done: what is over is due now, what has no deadline comes last."""
    over = standing.concern is not Concern.OPEN
    return now if over else standing.by or datetime.max.replace(tzinfo=UTC)


def _whose(group: Sequence[tuple[Entry, Standing]], zone: str, now: datetime) -> str:
    numbers = ", ".join(str(entry.id) for entry, _ in group[:_NAMED])
    more = f" and {len(group) - _NAMED:,} more" if len(group) > _NAMED else ""
    owners = ", ".join(sorted({standing.who for _, standing in group} - {""}))
    first = min((standing.by for _, standing in group if standing.by), default=None)
    by = f"by {local_time(first, zone, now.year)}" if first else ""
    beside = ", ".join(filter(None, (owners, by)))
    return f"{'entry' if len(group) == 1 else 'entries'} {numbers}{more}" + (f" ({beside})" if beside else "")


_NAMED = 10
"""Entries of one step that are named."""


def _tell(entry: Entry, zone: str, delivery: Sequence[DeliveryCount], now: datetime) -> str:
    standing = standing_of(entry, now, zone)
    said = sentence(entry, standing, zone, delivery, now)
    drift = _tell_drift(entry, there=standing.word.fate.is_there)
    return said if drift.removeprefix("; it ") in said else said + drift


def _tell_drift(entry: Entry, *, there: bool) -> str:
    """Say at the end of a sentence that another time was meant."""
    drifts = [issue.message for issue in entry.issues if issue.code == "drifted" and issue.field == "DateTime"]
    return f"; it {drifts[-1]}" if drifts and there else ""


def _search(ledger: Ledger, archives: Sequence[Ledger], words: str) -> Bearers:
    """Give the entries that are meant, and what else there may be."""
    found = find_archived(ledger, archives, words, MOST)
    if found.left and " " in words:  # what is called so may be older than all of these
        phrase = find_archived(ledger, archives, (words,), MOST)
        if called := _called(phrase.entries, words):
            return phrase._replace(entries=called)
    return found._replace(entries=_called(found.entries, words) or found.entries)


def _tell_rest(found: Bearers) -> Iterator[str]:
    """Say what a search leaves out."""
    if found.left:
        more = plural(found.left, "more bears", "more bear")
        yield f"these are the newest {MOST:,}; at least {more} these words: add a word to see fewer"
    if found.unseen:
        oldest = plural(found.unseen, "campaign is", "campaigns are")
        yield f"the oldest {oldest} found only by a word of three letters or more"


def _called(entries: Sequence[Entry], words: str) -> tuple[Entry, ...]:
    """Give the entries that are called so, as whole words or at least as a phrase."""
    phrase = re.escape(fold(words))
    for pattern in (rf"(?<!\w){phrase}(?!\w)", phrase):
        if called := [entry for entry in entries if any(re.search(pattern, fold(name)) for name in _names(entry))]:
            return tuple(called)
    return ()


def _names(entry: Entry) -> tuple[str, ...]:
    """Give what an entry is called by: the sheet's cells, too, since a row that did not go may have no groups."""
    cells = (text for name, text in entry.fields.items() if name not in _PROSE)
    return (entry.campaign_name, *entry.group_names, *entry.group_ids, entry.reference, entry.provider_id, *cells)


_PROSE = frozenset({"Message", "Template", "Subject", "Notes", "Note"})
"""Columns in which a name is only spoken of."""


def _place(entry: Entry, now: datetime) -> tuple[bool, bool, float, int]:
    seconds = (entry.send_at - now).total_seconds() if entry.send_at else float("inf")
    return entry.status is Status.REPLACED, seconds < 0, abs(seconds), entry.id
