"""Read, render and check one file, a row at a time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from batch.adapters.glance import glance_at_pause, glance_at_settings, glance_at_zones
from batch.adapters.messages import load_message
from batch.adapters.sheet import open_sheet
from batch.core.bounds import beyond
from batch.core.identity import fold
from batch.core.validate import GroupRule, Rules, find_other_week
from batch.model import Account, Issue, Level
from batch.model.errors import SheetError
from batch.model.records import dataclass
from batch.system.resources import templates_folder
from batch.workflows.account_checks import check_account_alone
from batch.workflows.changed_settings import describe_changed
from batch.workflows.check_blocks import BlockChecker, Found
from batch.workflows.context import (
    World,
    describe_pause,
    look_at_account,
    need_zone,
)
from batch.workflows.events import Checking, Note, Tell, say_nothing
from batch.workflows.snapshots import Snapshot, take_snapshot
from batch.workflows.template_fields import find_misnamed, find_near_misses, sort_fields

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.sheet import Sheet
    from batch.adapters.sheet.child import Child


_SHOWN = 3
"""Rows of which a refusal for too many rows with errors tells a problem."""
_LOOKED_AT = 200
"""Errors among which those rows are looked for."""


@dataclass(slots=True)
class Check(Found):
    """What checking one file brought up; warnings about the whole file stand first."""

    file: str = ""
    sheet: str = ""
    tabs: tuple[str, ...] = ()
    """Every sheet of the file."""
    blank: int = 0
    left_out: int = 0
    seconds: float = 0.0
    """What reading and checking it took, all stages together."""
    snapshot: Snapshot | None = None
    """The bytes that were read, and their hash."""
    fields: tuple[str, ...] = ()
    """The fields that the texts use, in the order of the sheet."""
    unused: tuple[str, ...] = ()
    """The columns that are not known ones, and that no text uses."""
    asked: bool = False
    """Whether the account's groups are known."""

    @property
    def file_hash(self) -> str:
        """The hash of the very bytes that were read."""
        return self.snapshot.hash if self.snapshot is not None else ""

    @property
    def credits(self) -> int | None:
        """The estimate by the account's groups; None when the account was not asked."""
        return self.estimate if self.asked else None

    @property
    def held(self) -> int:
        """Rows without an error about which a person must decide."""
        with_errors = {issue.row for issue in self.errors}
        return len({issue.row for issue in self.warnings if issue.row and issue.level is Level.HOLD} - with_errors)

    @property
    def valid(self) -> int:
        """Rows without an error."""
        return self.rows - self.invalid


def check_file(
    path: Path,
    settings: Settings,
    world: World,
    *,
    online: bool = False,
    sheet: str = "",
    keep: bool = False,
    reader: Child | None = None,
    opened: Sheet | None = None,
) -> tuple[Check, Account | None]:
    """Check one file, against the account too when `online`; raise SheetError when it is not a sheet of campaigns.

    `reader` is the process that reads it, when one is ready; `opened` is the account's part of it, when it is open.
    """
    if pause := glance_at_pause(settings.ledger.url):
        world.tell(Note(f"everything is paused {describe_pause(pause, settings)}: nothing is submitted", loud=True))
    for words in describe_changed(settings, *glance_at_settings(settings.ledger.url)):
        world.tell(Note(words, loud=True))
    opened = opened or open_file(path, settings, sheet=sheet, reader=reader)
    account = look_at_account(settings, world) if online else None
    zone = need_zone(settings, for_real=False)
    keeps = keep or account is not None
    check = check_sheet(opened, settings, zone=zone, now=world.now(), account=account, keep=keeps, tell=world.tell)
    if account is not None:
        _check_account(check, settings, account)
    check.kept = check.kept if keep else []
    return check, account


def _check_account(check: Check, settings: Settings, account: Account) -> None:
    """Add what the account alone can tell: what a row would wait for, and people texted too often by this file."""
    before, check.kept = check.kept, check_account_alone(check.kept, settings, account)
    with_errors = {issue.row for issue in check.errors}
    for old, new in zip(before, check.kept, strict=True):
        for issue in (*new.issues[len(old.issues) :], *(new.campaign.waits if new.campaign is not None else ())):
            (check.errors if issue.level is Level.ERROR else check.warnings).append(issue)
    check.invalid += len({issue.row for issue in check.errors} - with_errors)
    check.errors.sort(key=lambda issue: issue.row)
    check.warnings.sort(key=lambda issue: issue.row)


def open_file(path: Path, settings: Settings, *, sheet: str = "", reader: Child | None = None) -> Sheet:
    """Open a file as a sheet of campaigns; raise SheetError when it is none.

    What is read is a copy that lives as long as the sheet and its check: the file itself may change meanwhile.
    """
    wanted = settings.sheet
    snapshot = take_snapshot(path, wanted.limits.file_bytes)
    opened = open_sheet(
        snapshot.path if snapshot is not None else path,
        name=sheet or wanted.name,
        encoding=wanted.encoding,
        limits=wanted.limits,
        date_order=wanted.date_order,
        child=reader,
    )
    opened.kept = snapshot
    return opened


def check_sheet(
    opened: Sheet,
    settings: Settings,
    *,
    zone: str,
    now: datetime,
    account: Account | None = None,
    keep: bool = False,
    taking: bool = False,
    tell: Tell = say_nothing,
) -> Check:
    """Render and check every row of an open sheet; the rows themselves are kept only with `keep`.

    With `taking` more rows, or rows with errors, than the limits are refused: all would be planned and written down.
    """
    check = Check(file=opened.file, sheet=opened.name, asked=account is not None and bool(account.groups))
    rules, writing = make_rules(settings, zone), how_to_render(settings)
    checker = BlockChecker(opened.header, rules, now, writing, account, keep=keep)
    begun = time.process_time()
    for found in checker.check_all(opened.blocks()):
        check.add(found)
        check.seconds = time.process_time() - begun + opened.waited
        _judge(check, settings, taking=taking)
        tell(Checking(check.rows))
    _add_late(check, checker.late_issues())
    _judge(check, settings, taking=taking)
    check.fields, unused = sort_fields(opened.header, check.used)
    check.unused = tuple(name for name in unused if not (settings.accounts and fold(name) == "account"))
    near = () if check.without_text else find_near_misses(check.fields, check.unused)
    misnamed = find_misnamed(opened.header, check.unused)
    check.warnings[:0] = (*opened.issues, *_name_other_week(check, settings), *near, *misnamed)
    check.blank, check.left_out = opened.blank, opened.left_out
    check.snapshot, check.tabs = opened.kept, opened.tabs
    return check


def _judge(check: Check, settings: Settings, *, taking: bool) -> None:
    """Refuse a file that takes too long, or brings up more than anybody reads: each issue takes memory."""
    limits = settings.sheet.limits
    name = "seconds" if check.seconds > limits.seconds else ""
    if len(check.errors) + len(check.warnings) > limits.issues:
        name = "issues"
    if name:
        raise _refuse(check, beyond(name, limits))
    if taking and check.invalid > limits.bad_rows:
        raise _refuse(check, beyond("bad_rows", limits, _first_bad_rows(check), found=check.invalid))
    if taking and check.rows > limits.taken_rows:
        raise _refuse(check, beyond("taken_rows", limits))


def _refuse(check: Check, refusal: SheetError) -> SheetError:
    return SheetError(f'"{check.file}": {refusal.words}', refusal.remedy, file=check.file, bare=refusal.words)


def _first_bad_rows(check: Check) -> str:
    """Show what is wrong with the first rows that have errors, a problem each."""
    first: dict[int, str] = {}
    for issue in check.errors[:_LOOKED_AT]:
        first.setdefault(issue.row, f"row {issue.row}: {issue.message}")
    return "; ".join(list(first.values())[:_SHOWN])


def seconds_left(check: Check, settings: Settings) -> float:
    """Give the seconds for what is still to be done with a file: they are counted for all stages together."""
    return max(2.0, settings.sheet.max_seconds - check.seconds)


def _name_other_week(check: Check, settings: Settings) -> tuple[Issue, ...]:
    """Point out a file that is named for another week than its dates, at the level of `[rules]`."""
    wish = settings.rules.get("file-other-week", Level.WARNING.value)
    if wish == "off":
        return ()
    days = {send_at.astimezone(ZoneInfo(zone)).date() for send_at, zone in check.zones.items()}
    return find_other_week(check.file, days, settings.checks.week_start)


def _add_late(check: Check, late: Mapping[int, Issue]) -> None:
    """Add what only the end of the file shows: the earlier row of a pair that shares a key."""
    if not late:
        return
    with_errors = {issue.row for issue in check.errors}
    check.errors += late.values()
    check.errors.sort(key=lambda issue: issue.row)
    check.invalid += len(late.keys() - with_errors)
    check.kept = [
        replace(one, campaign=None, issues=(*one.issues, late[one.row.number])) if one.row.number in late else one
        for one in check.kept
    ]


def how_to_render(settings: Settings) -> dict[str, Any]:
    """Give what the renderer is made with; templates come from the team's folder, else from the one that travels."""
    folders = [Path(settings.templates.folder), templates_folder() / "messages"]
    checks = settings.checks
    return {
        "load": partial(load_message, folders),
        "plain": checks.plain_characters,
        "prefix": checks.prefix,
        "footer": checks.footer,
        "date_order": settings.sheet.date_order,
    }


def _zones_in_use(settings: Settings) -> tuple[str, ...]:
    guarded = (zone for rule in settings.groups.values() for zone in rule.timezones)
    return tuple(dict.fromkeys((*guarded, *glance_at_zones(settings.ledger.url))))


def make_rules(settings: Settings, zone: str) -> Rules:
    """Make the checks' rules of the settings."""
    checks = settings.checks
    return Rules(
        zone=zone,
        used_zones=_zones_in_use(settings),
        provider_zone=settings.provider.timezone,
        date_order=settings.sheet.date_order,
        type_recipients=settings.sheet.type_recipients,
        lead_minutes=checks.lead_minutes,
        horizon_days=checks.horizon_days,
        quiet_hours=checks.quiet_hours,
        max_characters=checks.max_characters,
        max_parts=checks.max_parts,
        contacts_tolerance=checks.contacts_tolerance,
        brand=checks.brand,
        levels=dict(settings.rules),
        groups={name: GroupRule(**rule.model_dump()) for name, rule in settings.groups.items()},
        blackout=tuple(checks.blackout),
        holiday_country=checks.country,
        holiday_state=checks.state,
        words=tuple(checks.word_list),
        week_start=checks.week_start,
    )
