"""Make the workbook to begin with from the settings, the templates, and the account when it is asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from batch.adapters.messages import ENDINGS
from batch.adapters.sheet import KNOWN
from batch.adapters.sheet.headers import EXAMPLE
from batch.adapters.starter import write_starter
from batch.core.validate import find_other_week
from batch.model import Account
from batch.model.codes import ALL_CODES
from batch.system.resources import templates_folder
from batch.workflows.context import World, look_at_account

if TYPE_CHECKING:
    from batch.adapters.config import Settings

_APPROVED = 3
_DAYS_AHEAD = 7
"""How far ahead the example lies."""
_NAMED_AHEAD = 180
"""How far ahead the week that a file is named for may lie: further on, last week's is meant."""


def write_starter_of(path: Path, settings: Settings, world: World, *, online: bool) -> Path:
    """Write the starter workbook; UsageError when there is a file of that name."""
    if path.exists():
        online = False  # the refusal needs no request
    account = look_at_account(settings, world) if online else Account()
    choices = {
        "Template": _list_templates(settings),
        "GroupIds": [group.name or group.id for group in account.groups or ()],
        "Account": list(settings.accounts),
        "MmsTemplateId": [one.name or str(one.id) for one in account.templates or () if one.status_id == _APPROVED],
    }
    return write_starter(path, _example(path.name, settings, world, account), choices, aliases=KNOWN, codes=ALL_CODES)


def _example(file: str, settings: Settings, world: World, account: Account) -> dict[str, object]:
    zone = settings.team_zone
    day = _choose_day(file, world.now().astimezone(ZoneInfo(zone)), settings.checks.week_start)
    brand = settings.checks.brand or "Maple & Main"
    group = next((one for one in account.groups or () if one.contacts), None)
    return {
        "CampaignName": f"{EXAMPLE}: weekend offer",
        "Message": f"{brand}: {{{{ Offer }}}} at all our stores. Reply STOP to opt out",
        "GroupIds": (group.name or group.id) if group else "100",
        "DateTime": day.replace(hour=10, minute=30, second=0, microsecond=0, tzinfo=None),
        "TimeZone": zone,
        "Offer": "20% off",
    }


def _choose_day(file: str, now: datetime, week_start: str) -> datetime:
    """Take the day a week ahead; for a file that is named for another week that is to come, its first day from then."""
    days = (now + timedelta(days=ahead) for ahead in (_DAYS_AHEAD, *range(1, _NAMED_AHEAD)))
    fitting = (day for day in days if not find_other_week(file, [day.date()], week_start))
    return next(fitting, now + timedelta(days=_DAYS_AHEAD))


def _list_templates(settings: Settings) -> list[str]:
    found = []
    for folder in (Path(settings.templates.folder), templates_folder() / "messages"):
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        names = (path.name for path in files if path.is_file() and path.name.casefold().endswith(ENDINGS))
        found += [name.removesuffix(".j2").removesuffix(".txt") for name in names]
    return list(dict.fromkeys(found))
