"""Run the command line inside the test's own process, and write sheets from plain data."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.main import get_command

from batch.cli.session import app, run_guarded, session

NEW_YORK = ZoneInfo("America/New_York")
TOKEN = "t0k/en+with=odd&chars%"


@dataclass(frozen=True)
class Ran:
    """How one command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Give the one object on standard output."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Give the objects on standard output, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@cache
def _commands() -> Any:
    """Give the commands as click has them; made anew for each run, they would take longer than most runs."""
    return get_command(app)


class Shell:
    """A shell in a folder of its own with an environment of its own."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.folder = folder
        self.ahead = timedelta()
        """How far the shell's clock is ahead of the system's."""
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def set(self, **values: object) -> None:
        """Set variables, `PROVIDER__URL="..."` for CAMPAIGN_BATCH_PROVIDER__URL."""
        for name, value in values.items():
            self._monkeypatch.setenv(f"CAMPAIGN_BATCH_{name}", str(value))

    def set_plain(self, **values: str) -> None:
        """Set variables under the names that they have."""
        for name, value in values.items():
            self._monkeypatch.setenv(name, value)

    @property
    def ledger_url(self) -> str:
        """Where its ledger is: what a test sets, else the file of its folder."""
        return (
            os.environ.get("CAMPAIGN_BATCH_LEDGER__URL") or f"sqlite:///{(self.folder / 'ledger.sqlite3').as_posix()}"
        )

    def run(self, *words: object) -> Ran:
        """Run one command to its end."""
        session.__init__()  # type: ignore[misc]
        session.environ = dict(os.environ)
        session.clock = lambda: datetime.now(UTC) + self.ahead
        self._capsys.readouterr()
        code = run_guarded(lambda: _commands()([str(word) for word in words]))
        captured = self._capsys.readouterr()
        return Ran(code, captured.out, captured.err)


def coming(days: int = 3, hour: int = 11, minute: int = 0, zone: str = "America/New_York") -> str:
    """Write a time some days ahead, as a sheet would."""
    day = datetime.now(ZoneInfo(zone)) + timedelta(days=days)
    return f"{day:%Y-%m-%d} {hour:02d}:{minute:02d}"


def write_csv(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """Write rows as a CSV; the header is every key that a row has."""
    rows = list(rows)
    header = list(dict.fromkeys(name for one in rows for name in one))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(rows)
    return path


def row(number: int = 1, **changes: object) -> dict[str, object]:
    """Make one good row; changes by column."""
    plain: dict[str, object] = {
        "CampaignName": f"Campaign {number}",
        "Message": f"Maple & Main: offer {number} for you. Reply STOP to opt out",
        "GroupIds": "100",
        "DateTime": coming(3 + number // 8, 9 + number % 8),
    }
    return {**plain, **changes}


@contextmanager
def narrowed(name: str, most: int) -> Iterator[None]:
    """Lower a limit of this very process for a while."""
    import resource

    what = getattr(resource, name)
    before = resource.getrlimit(what)
    resource.setrlimit(what, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)
