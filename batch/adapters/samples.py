"""The sample workbooks, with dates that never grow stale."""

from __future__ import annotations

import csv
import io
import re
import shutil
import tempfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from batch.system.resources import samples_folder

WRITTEN_FOR = date(2026, 1, 5)
"""The Monday of the first send time in the committed files."""
WEEKLY, MMS, MISTAKES = "weekly_campaigns.xlsx", "mms_campaigns.csv", "common_mistakes.xlsx"

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})((?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?)")
_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})((?: [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?: ?[AP]M)?)?)")


def write_samples(folder: Path, now: datetime) -> tuple[Path, ...]:
    """Write the three samples into a folder: the weekly workbook, the MMS file and the one full of mistakes.

    All dates in them move by the same number of whole weeks, so that weekday and time of day stay and the first
    campaign goes out on the Monday after `now`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    move = timedelta(days=(_next_monday(now.date()) - WRITTEN_FOR).days)
    wanted = ((WEEKLY, _move_workbook), (MMS, _move_csv), (MISTAKES, _move_workbook))
    return tuple(_write(name, folder, change, move) for name, change in wanted)


def move_text(text: str, move: timedelta) -> str:
    """Move a text that is nothing but a date, ISO or month first, with or without a time; leave any other."""
    if found := _ISO.fullmatch(text):
        year, month, day, time = found.groups()
        moved = _moved(int(year), int(month), int(day), move)
        return f"{moved:%Y-%m-%d}{time}" if moved else text
    if found := _SLASHED.fullmatch(text):
        month, day, year, time = found.groups()
        moved = _moved(int(year), int(month), int(day), move)
        return f"{moved.month}/{moved.day}/{moved.year}{time}" if moved else text
    return text


def _next_monday(day: date) -> date:
    return day + timedelta(days=7 - day.weekday())


def _write(name: str, folder: Path, change: Callable[[Path, Path, timedelta], None], move: timedelta) -> Path:
    """Write beside the target, then rename: a half-written sample is never seen."""
    with tempfile.TemporaryDirectory(prefix=".sample-", dir=folder) as workshop:
        fresh = Path(workshop) / name
        change(samples_folder() / name, fresh, move)
        return Path(shutil.move(fresh, folder / name))


def _move_workbook(source: Path, target: Path, move: timedelta) -> None:
    from openpyxl import load_workbook

    workbook = load_workbook(source)
    for sheet in workbook.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, (date, datetime)):
                    cell.value = cell.value + move
                elif isinstance(cell.value, str) and cell.data_type == "s":
                    cell.value = move_text(cell.value, move)
    workbook.save(target)


def _move_csv(source: Path, target: Path, move: timedelta) -> None:
    rows = csv.reader(io.StringIO(source.read_text(encoding="utf-8"), newline=""))
    with target.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([move_text(cell, move) for cell in row] for row in rows)


def _moved(year: int, month: int, day: int, move: timedelta) -> date | None:
    try:
        return date(year, month, day) + move
    except (ValueError, OverflowError):
        return None  # a day that no calendar has is one of the mistakes on show
