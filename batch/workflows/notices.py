"""Notice what does not happen: when the last file came in, when the last run was, what waits, what has gone quiet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from batch.model import UNDER_WAY, WAITS, Batch, Status
from batch.model.days import weekday_number
from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.model.times import local_time

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger, Pause, Run

A_WEEK = timedelta(days=8)
"""Without a file for longer than this, a weekly one is missing: a week, and a day for whoever is late."""
COMPARED = timedelta(days=2)
"""The nightly comparison did not run for longer than this: something is off."""
SEEN = timedelta(hours=1)
"""A watch that is alive says so every quarter of an hour."""
_RUNS = ("submit", "resume", "reconcile", "watch")


@dataclass(frozen=True, slots=True)
class Health:
    """How the tool is, by its ledger alone."""

    now: datetime
    last_file: Batch | None
    last_runs: dict[str, Run]
    doubts: int
    to_approve: tuple[Batch, ...]
    under_way: tuple[Batch, ...]
    """What a run submits just now, or was cut off from."""
    unsent: int
    coming: int
    """Campaigns scheduled for the next seven days."""
    pauses: tuple[Pause, ...]

    @property
    def last_run(self) -> Run | None:
        """The last run of any kind that talked to the provider."""
        found = [run for kind, run in self.last_runs.items() if kind != "watch"]
        return max(found, key=lambda run: run.at, default=None)

    @property
    def file_is_late(self) -> bool:
        """Whether a weekly file is missing."""
        return self.last_file is not None and self.now - self.last_file.taken_in_at > A_WEEK

    @property
    def comparison_is_late(self) -> bool:
        """Whether campaigns are out there that nobody compared for days."""
        compared = self.last_runs.get("reconcile")
        since = compared.at if compared is not None else self.last_file.taken_in_at if self.last_file else self.now
        return self.now - since > COMPARED


def read_health(ledger: Ledger, now: datetime) -> Health:
    """Read from the ledger how the tool is."""
    batches = ledger.batches.ends()
    runs = {kind: run for kind in _RUNS if (run := ledger.journal.last_run(kind)) is not None}
    in_doubt = {Status.IN_DOUBT, Status.SUBMITTING}
    soon = ledger.entries.count({Status.ACCEPTED}, due_from=now, due_until=now + timedelta(days=7))
    return Health(
        now=now,
        last_file=batches[-1] if batches else None,
        last_runs=runs,
        doubts=ledger.entries.count(in_doubt),
        to_approve=ledger.batches.all(states=(WAITS,)),
        under_way=ledger.batches.all(states=UNDER_WAY),
        unsent=sum(mail.tries > 0 for mail in ledger.outbox.unsent()),
        coming=soon,
        pauses=ledger.pauses.all(),
    )


def alarm_lines(health: Health, settings: Settings) -> list[str]:
    """Write the lines of the digest that say what is off with the tool."""
    return [f"▲ {words}" for words in _alarms(health, settings)]


def _alarms(health: Health, settings: Settings) -> list[str]:
    told = []
    if health.file_is_late and health.last_file is not None:
        days = (health.now - health.last_file.taken_in_at).days
        told.append(f"no file has arrived for {plural(days, 'day')}: did somebody forget this week's sheet?")
    if health.comparison_is_late:
        told.append('the comparison with the provider did not run for days: type "campaign-batch doctor"')
    told += [f"everything is paused by {pause.who}: {pause.why}" for pause in health.pauses]
    told += [
        f'batch {one.id} "{one.file}" of {when(one.taken_in_at, settings)} waits for a second person'
        for one in health.to_approve
    ]
    if health.doubts:
        told.append(f"{plural(health.doubts, 'campaign')} may or may not have arrived at the provider")
    if health.unsent:
        told.append(f"{plural(health.unsent, 'mail')} could not be sent yet")
    return told


def fact_lines(health: Health, settings: Settings) -> list[str]:
    """Write the lines of the digest that say that the tool is alive, their days without the year."""

    def at(moment: datetime) -> str:
        return local_time(moment, settings.team_zone, health.now.year)

    file, run, compared = health.last_file, health.last_run, health.last_runs.get("reconcile")
    came = f'"{file.file}" (batch {file.id}), {at(file.taken_in_at)}' if file else "none has ever arrived"
    return [
        f"last file: {came}",
        f"last run: {at(run.at) if run else 'never'}",
        f"last comparison with the provider's lists: {at(compared.at) if compared else 'never'}",
        f"scheduled for the next seven days: {health.coming:,}",
    ]


def when(moment: datetime, settings: Settings) -> str:
    """Write a moment in the team's zone."""
    return local_time(moment, settings.team_zone, 0)


def last_digest_time(now: datetime, settings: Settings) -> datetime:
    """Give the last moment at which a digest was due, at or before now."""
    return last_time_of_day(now, settings, settings.email.digest_at, weekday_number(settings.email.digest_day))


def last_time_of_day(now: datetime, settings: Settings, clock: str, weekday: int | None = None) -> datetime:
    """Give the last moment at which the team's clocks showed this time (on this weekday, Monday is 0), in UTC."""
    zone = ZoneInfo(settings.team_zone)
    hour, _, minute = clock.partition(":")
    local = now.astimezone(zone)
    for back in range(9):
        day = local.date() - timedelta(days=back)
        moment = datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=zone).astimezone(UTC)
        if moment <= now and (weekday is None or day.weekday() == weekday):
            return moment
    raise AssertionError("nine days hold every weekday")
