"""Gather from the ledger what a report says, and have it written."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from batch.adapters.report import (
    Report,
    Skipped,
    WeekFigures,
    add_sent,
    count,
    count_entries,
    is_long,
    to_csv,
    to_json,
    write_html,
    write_status,
    write_xlsx,
)
from batch.adapters.store import put
from batch.core.file_names import plain_stem
from batch.core.guards import FRESH
from batch.core.hints import name_account
from batch.core.identity import is_test
from batch.core.standing import standing_of
from batch.model import Batch, Entry, Finding, Issue, Status
from batch.model.errors import ReportError
from batch.model.records import dataclass
from batch.model.times import date_words, week_words
from batch.model.wording import left_out_words
from batch.system.disk import copy_whole, make_folder, write_whole
from batch.workflows.archives import accounts_of, with_notes, with_texts
from batch.workflows.context import Context, describe_pause
from batch.workflows.provider_times import as_they_go
from batch.workflows.shared_reports import need_share

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger
    from batch.adapters.report import Figures, Kind

_STAY = frozenset({Status.INVALID, Status.CANCELLED})
"""Where the rows of one entry with the same errors are, until one of them is fixed."""
TREND_WEEKS = 12
STATUS_WEEKS = timedelta(weeks=8)
"""How far back the status page looks."""
STATUS_ROWS = 1_000
"""Campaigns on it, those nearest to now, and as many of what may need a look and of what was wrong lately."""
_LOOKED_AT = frozenset(Status) - {Status.REPLACED, Status.CANCELLED}
FORMATS = ("html", "xlsx", "csv", "json")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the ledger a report is about."""

    title: str
    stem: str
    """The file name without its ending."""
    kind: Kind
    entries: tuple[Entry, ...]
    batches: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()
    matched: int = 0
    week: str = ""
    """The ISO week, for the report of one."""


def write_batch_report(context: Context, batch: int, *, stopped: str = "") -> list[Path]:
    """Write the HTML and Excel report of one batch, and `latest.html`; give their paths."""
    scope = batch_scope(context.ledger, batch)
    report = gather(
        context.settings, context.ledger, scope, now=context.world.now(), stopped=stopped, rehearsal=context.rehearsal
    )
    stem = f"rehearsal-{scope.stem}" if context.rehearsal else scope.stem
    paths = write(report, context.settings, stem, ("html", "xlsx"), latest=not context.rehearsal)
    if not context.rehearsal:
        write_status_page(context.settings, context.ledger, context.world.now())
    return paths


def batch_scope(ledger: Ledger, batch: int) -> Scope:
    """Take one batch."""
    taken = ledger.batches.get(batch)
    lines = ledger.batches.rows(batch)
    ids = {line.entry for line in lines if line.entry is not None and line.what != "skipped"}
    entries = tuple(ledger.entries.select(ids=ids)) if ids else ()
    return Scope(f'Batch {batch}: "{taken.file}"', batch_stem(taken), "batch", entries, (batch,))


def batch_stem(batch: Batch) -> str:
    """Give what the names of a batch's files begin with."""
    return f"batch-{batch.id:04d}-{plain_stem(Path(batch.file).stem)}"


def week_scope(ledger: Ledger, week: str, zone: str, now: datetime) -> Scope:
    """Take what goes out or went out in one ISO week of the team's zone (`2026-W48`), and what its files left open.

    Each campaign counts once: in the week of its send time, as the version that stands.
    """
    start, end = week_bounds(week, zone)
    batches = tuple(one.id for one in ledger.batches.all(since=start, until=end))
    due = {entry.id: entry for entry in ledger.entries.select(due_from=start, due_until=end)}
    for batch in batches:
        open_ones = (one for one in batch_scope(ledger, batch).entries if standing_of(one, now).needs_attention)
        due.update({entry.id: entry for entry in open_ones})
    if start <= now < end:
        due.update({entry.id: entry for entry in _open_without_time(ledger, now)})
    return Scope(week_words(week), f"week-{week}", "week", _campaigns(due.values()), batches, week=week)


def _open_without_time(ledger: Ledger, now: datetime) -> Iterator[Entry]:
    """Give the open rows whose time cannot be read, whenever they were taken in: no week of their own tells them."""
    for entry in ledger.entries.select(statuses=FRESH, timeless=True):
        if standing_of(entry, now).needs_attention:
            yield entry


def since_scope(ledger: Ledger, since: date, zone: str) -> Scope:
    """Take what was taken in or is due from a day on."""
    start = datetime.combine(since, time(), ZoneInfo(zone)).astimezone(UTC)
    batches = tuple(one.id for one in ledger.batches.all(since=start))
    found = {entry.id: entry for entry in ledger.entries.select(due_from=start)}
    for batch in batches:
        found.update({entry.id: entry for entry in batch_scope(ledger, batch).entries})
    return Scope(f"Since {date_words(since)}", f"since-{since:%Y-%m-%d}", "week", _campaigns(found.values()), batches)


def week_bounds(week: str, zone: str) -> tuple[datetime, datetime]:
    """Give the first instant of an ISO week and of the next one, in UTC; ValueError when it is not a week."""
    year, _, number = week.upper().partition("-W")
    monday = date.fromisocalendar(int(year), int(number), 1)
    place = ZoneInfo(zone)
    start, end = (datetime.combine(monday + timedelta(days=days), time(), place) for days in (0, 7))
    return start.astimezone(UTC), end.astimezone(UTC)


def week_of(moment: datetime, zone: str) -> str:
    """Name the ISO week of a moment in the team's zone."""
    year, week, _ = moment.astimezone(ZoneInfo(zone)).isocalendar()
    return f"{year}-W{week:02d}"


def gather(
    settings: Settings,
    ledger: Ledger,
    scope: Scope,
    *,
    now: datetime,
    stopped: str = "",
    rehearsal: bool = False,
    archives: Sequence[Ledger] = (),
) -> Report:
    """Gather all that a report of this scope says, the weeks and the report before it too."""
    zone = settings.team_zone
    ids = [entry.id for entry in scope.entries]
    attempts, history = accounts_of(ledger, archives, scope.entries)
    scope = replace(scope, entries=with_texts(archives, scope.entries))
    batches = with_notes(archives, (ledger.batches.get(number) for number in scope.batches))
    left_out = sum(batch.left_out for batch in batches)
    pause = ledger.pauses.first()
    report = Report(
        title=scope.title,
        kind=scope.kind,
        made_at=now,
        zone=zone,
        provider_zone=settings.provider.timezone,
        batches=batches,
        entries=as_they_go(settings, ledger, tuple(each_row(ledger, scope.entries))),
        skipped=_skipped(ledger, scope),
        findings=scope.findings,
        matched=scope.matched,
        attempts=attempts,
        history=history,
        deliveries=ledger.deliveries.of_each(ids),
        trend=_trend(settings, ledger, now) if not rehearsal else (),
        before=_before(settings, ledger, scope, now) if not rehearsal else None,
        quiet_hours=settings.checks.quiet_hours,
        blank=sum(batch.blank for batch in batches),
        left_out=left_out,
        notes=(*left_out_words(left_out), *(issue.message for batch in batches for issue in batch.issues)),
        rehearsal=rehearsal,
        team=settings.reports.team,
        logo=Path(settings.reports.logo) if settings.reports.logo else None,
        credit_price=settings.reports.credit_price or None,
        currency=settings.reports.currency,
        account=settings.name,
        stopped=stopped,
        paused=describe_pause(pause, settings) if pause else "",
        compared_at=compared.at if (compared := ledger.journal.last_run("reconcile")) else None,
        to_cancel=as_they_go(settings, ledger, ledger.entries.cancellations()),
    )
    return replace(report, trend=_agreeing(report, scope.week))


def _agreeing(report: Report, week: str) -> tuple[WeekFigures, ...]:
    """Give the trend with the report's own totals for its own week: one number has one meaning."""
    return tuple(replace(one, figures=count(report)) if one.week == week else one for one in report.trend)


def each_row(ledger: Ledger, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Give an entry that stands for several rows of the same errors once for each of them, so that all are counted."""
    every = tuple(entries)
    rows: dict[tuple[int, int], list[int]] = {}
    stay = {(one.batch, one.id) for one in every if one.status in _STAY}
    for batch, row, number in ledger.batches.rows_with_errors(stay):
        rows.setdefault((batch, number), []).append(row)
    for entry in every:
        yield entry
        others = (row for row in rows.get((entry.batch, entry.id), ()) if row != entry.row)
        yield from (replace(entry, row=row, issues=in_row(entry.issues, row)) for row in others)


def in_row(issues: Iterable[Issue], row: int) -> tuple[Issue, ...]:
    """Give issues as those of another row."""
    return tuple(replace(issue, row=row) for issue in issues)


def _campaigns(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Leave out tests and versions that another row replaced, so that each campaign counts once; in order of time."""
    real = (entry for entry in entries if entry.status is not Status.REPLACED and not is_test(entry.key))
    return tuple(sorted(real, key=_by_time))


def _by_time(entry: Entry) -> tuple[datetime, int]:
    return entry.send_at or datetime.max.replace(tzinfo=UTC), entry.id


def _skipped(ledger: Ledger, scope: Scope) -> tuple[Skipped, ...]:
    """Take the rows that were already taken in: a batch's report tells of rows, all others count campaigns."""
    batches = scope.batches if scope.kind == "batch" else ()
    lines = [(batch, line) for batch in batches for line in ledger.batches.rows(batch, what="skipped")]
    ids = {line.entry for _, line in lines if line.entry is not None}
    entries = {entry.id: entry for entry in ledger.entries.select(ids=ids)} if ids else {}
    return tuple(_skip(batch, line.row, line.why, entries.get(line.entry or 0)) for batch, line in lines)


def _skip(batch: int, row: int, why: str, entry: Entry | None) -> Skipped:
    name = entry.campaign_name if entry is not None else ""
    return Skipped(batch, row, name, entry.id if entry else None, entry.provider_id if entry else "", why)


def _trend(settings: Settings, ledger: Ledger, now: datetime) -> tuple[WeekFigures, ...]:
    """Count the last twelve weeks by send date; empty weeks at the beginning are left out."""
    zone = settings.team_zone
    weeks = [week_of(now - timedelta(weeks=back), zone) for back in range(TREND_WEEKS - 1, -1, -1)]
    starts = [week_bounds(week, zone)[0] for week in weeks]
    bounds = [*starts, week_bounds(weeks[-1], zone)[1]]
    counts = _count_weeks(settings, ledger, bounds, now)
    figures = [WeekFigures(week, counted) for week, counted in zip(weeks, counts, strict=True)]
    first = next((place for place, week in enumerate(figures) if week.figures.rows), len(figures) - 1)
    return tuple(figures[first:])


def _count_weeks(settings: Settings, ledger: Ledger, bounds: Sequence[datetime], now: datetime) -> Iterator[Figures]:
    """Count from each bound to the next: what is plainly sent by the database, the rest as a report does."""
    price = settings.reports.credit_price or None
    sent = ledger.weeks.plainly_sent(bounds)
    rest: list[list[Entry]] = [[] for _ in sent]
    for entry in _campaigns(ledger.entries.select(due_from=bounds[0], due_until=bounds[-1], uncounted=True)):
        if entry.send_at is not None:
            rest[bisect_right(bounds, entry.send_at) - 1].append(entry)
    for entries, added_up in zip(rest, sent, strict=True):
        yield add_sent(_count(settings, ledger, entries, now), added_up, credit_price=price)


def _before(settings: Settings, ledger: Ledger, scope: Scope, now: datetime) -> Figures | None:
    """Count the report before this one: of a week that is over the week before, or the file's last batch."""
    earlier = None
    if scope.week:
        monday, end = week_bounds(scope.week, settings.team_zone)
        if now < end:
            return None  # half a week against a whole one says nothing
        earlier = week_scope(ledger, week_of(monday - timedelta(days=3), settings.team_zone), settings.team_zone, now)
        # A row of a file of the week before that still needs attention and is due now stands in this week's report.
        here = {entry.id for entry in scope.entries}
        earlier = replace(earlier, entries=tuple(entry for entry in earlier.entries if entry.id not in here))
    elif scope.kind == "batch" and scope.batches:
        this = ledger.batches.get(scope.batches[0])
        same = [
            one.id
            for one in ledger.batches.all(file=this.file)
            if one.id < this.id and (one.file, one.sheet) == (this.file, this.sheet)
        ]
        earlier = batch_scope(ledger, same[-1]) if same else None
    if earlier is None or not earlier.entries:
        return None
    return _count(settings, ledger, earlier.entries, now, skipped=len(_skipped(ledger, earlier)))


def _count(settings: Settings, ledger: Ledger, entries: Sequence[Entry], now: datetime, *, skipped: int = 0) -> Figures:
    deliveries = ledger.deliveries.of_each([entry.id for entry in entries])
    price = settings.reports.credit_price or None
    rows = as_they_go(settings, ledger, each_row(ledger, entries))
    stands = ((entry, standing_of(entry, now)) for entry in rows)
    return count_entries(stands, deliveries, skipped=skipped, credit_price=price)


def write(report: Report, settings: Settings, stem: str, formats: Sequence[str], *, latest: bool = False) -> list[Path]:
    """Write a report in the formats asked for into the reports folder; give the paths.

    Beside an Excel report that is too long to have all rows stands a CSV.
    """
    if "xlsx" in formats and "csv" not in formats and is_long(report):
        formats = (*formats, "csv")
    folder = Path(settings.reports.folder)
    paths = [folder / f"{stem}.{format}" for format in formats]
    for format, path in zip(formats, paths, strict=True):
        with writing(path, settings):
            if format == "html":
                write_html(report, path, templates=report_templates(settings))
            elif format == "xlsx":
                write_xlsx(report, path)
            else:
                text = to_csv(report) if format == "csv" else to_json(report)
                write_text(path, name_account(text, report.account))
    if latest and "html" in formats:
        with writing(folder / "latest.html", settings):
            copy_whole(folder / f"{stem}.html", folder / "latest.html")
    return paths


@contextmanager
def writing(path: Path, settings: Settings) -> Iterator[None]:
    """Make the folder of a report; what keeps it from being written becomes one line for a person.

    What is written into the reports folder goes into the object store of the settings, too, if there is one.
    """
    if path.is_relative_to(settings.reports.folder):
        need_share(settings)
    try:
        make_folder(path.parent)
        yield
    except OSError as trouble:
        raise ReportError(
            f'"{path}" cannot be written ({trouble.strerror or type(trouble).__name__})',
            "close it where it is open, look at the folder and the disk, and try again",
        ) from None
    folder = Path(settings.reports.folder)
    if settings.report_store and path.is_relative_to(folder):
        put(path, settings.report_store, path.relative_to(folder).as_posix())


def report_templates(settings: Settings) -> tuple[Path, ...]:
    """Give the folders in which a team may override the report's templates."""
    own = Path(settings.reports.templates)
    return (own,) if own.is_dir() else ()


def write_status_page(settings: Settings, ledger: Ledger, now: datetime) -> Path:
    """Write `status.html`: what went, goes and did not go, the same page for everyone."""
    zone = settings.team_zone
    entries = as_they_go(settings, ledger, _lately(ledger, now - STATUS_WEEKS, now))
    pause = ledger.pauses.first()
    path = Path(settings.reports.folder) / "status.html"
    with writing(path, settings):
        write_status(
            entries,
            path,
            made_at=now,
            zone=zone,
            total=ledger.entries.count(due_from=now - STATUS_WEEKS),
            deliveries=ledger.deliveries.of_each([entry.id for entry in entries]),
            paused=describe_pause(pause, settings) if pause else "",
            templates=report_templates(settings),
            provider_zone=settings.provider.timezone,
            team=settings.reports.team,
            logo=Path(settings.reports.logo) if settings.reports.logo else None,
            account=settings.name,
        )
    return path


def _lately(ledger: Ledger, since: datetime, now: datetime) -> tuple[Entry, ...]:
    """Take what is due next to now, what of all that is due since then needs a look, and what was wrong since then."""
    near = ledger.entries.select(ids=ledger.entries.nearest(now, STATUS_ROWS, due_from=since))
    found = {entry.id: entry for entry in near}
    uncounted = ledger.entries.nearest(now, STATUS_ROWS, due_from=since, statuses=_LOOKED_AT, uncounted=True)
    open_ones = ledger.entries.select(ids=uncounted)
    found |= {entry.id: entry for entry in open_ones if standing_of(entry, now).needs_attention}
    # Its time is missing, or long ago by a slip.
    broken = ledger.entries.select(ids=ledger.entries.turned_down(STATUS_ROWS, since=since))
    return tuple((found | {entry.id: entry for entry in broken}).values())


def write_text(path: Path, text: str) -> None:
    """Write a text, and the folder that it lies in; its line ends stay as they are."""
    make_folder(path.parent)
    write_whole(path, text.encode("utf-8", "backslashreplace"))
