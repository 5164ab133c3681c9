"""What a ledger of years costs beside one of weeks: each command on both, in turn."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.stopwatch import PROGRAM, Took, run, run_job, run_module
from benchmarks.table import Figure, Section, compare, seconds

ZONE = "America/New_York"
RECENT, A_WEEK, COMING = 1_000, 300, 300
"""Entries that every ledger has, how many of them a week has, and how many of them are to come."""
SMALL, LARGE, QUICK = 1_000, 500_000, 5_000
MOST = 1.5
_HEADER = ("CampaignName", "Message", "GroupIds", "DateTime")

Provider = Callable[..., AbstractContextManager[tuple[str, str]]]
Run = Callable[[], Took]


class World:
    """One ledger of a size, the folder of its own, and how commands meet it."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder / f"years-{size}"
        self.size = size
        self.ledger = self.folder / "ledger.sqlite3"
        self.state = self.ledger.with_suffix(".state")
        if not self.ledger.exists():
            self.folder.mkdir()
            run_module("years", self.ledger, str(size), folder=self.folder)
        self.sheet = self._write_sheet()
        self._environment = {
            "CAMPAIGN_BATCH_LEDGER__URL": f"sqlite:///{self.ledger.as_posix()}",
            "CAMPAIGN_BATCH_SHEET__TIMEZONE": ZONE,
            "CAMPAIGN_BATCH_REPORTS__FOLDER": str(self.folder / "reports"),
        }

    def meet(self, url: str, token: str) -> None:
        """Know the provider that holds what is still to come."""
        self._environment |= {
            "CAMPAIGN_BATCH_PROVIDER__URL": url, "CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN": token
        }  # fmt: skip

    def run(self, *words: str) -> Took:
        """Run a command; what it finds to look at is no failure here."""
        return run([PROGRAM, *words], self.folder, self._environment, fine=(0, 1))

    def job(self, name: str) -> Took:
        """Run one of our jobs on the ledger."""
        return run_job(name, self.ledger, folder=self.folder)

    def _write_sheet(self) -> Path:
        """Write the file of the coming week again, with one new row."""
        path = self.folder / "again.csv"
        asked = "SELECT campaign_name, message, group_ids, send_at FROM entries ORDER BY id DESC LIMIT ?"
        with closing(sqlite3.connect(self.ledger)) as file:
            rows = file.execute(asked, (COMING - 1,)).fetchall()
        with path.open("w", newline="", encoding="utf-8") as sheet:
            lines = csv.writer(sheet)
            lines.writerow(_HEADER)
            for name, message, groups, send_at in rows:
                lines.writerow((name, message, groups.strip('[]"'), _local(send_at)))
            lines.writerow((f"New {name}", f"New: {message}", "102", _local(send_at)))
        return path


def _local(send_at: str) -> str:
    return f"{datetime.fromisoformat(send_at).astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M}"


def cases_of(world: World) -> dict[str, Run]:
    """Give what is measured on one ledger."""
    newest = str(world.size)
    return {
        "start: `ledger show` of one entry": partial(world.run, "ledger", "show", newest),
        "`submit --dry-run` of 300 rows, one of them new": partial(world.run, "submit", str(world.sheet), "--dry-run"),
        "`find` of one campaign by its name": partial(world.run, "find", f"offer {newest}"),
        "`report` of the week, HTML": partial(world.run, "report", "--format", "html"),
        "the status page": partial(world.job, "status"),
        "`doctor`": partial(world.run, "doctor"),
        "what the nightly reading of delivery asks": partial(world.job, "undelivered"),
        "`ledger list`": partial(world.run, "ledger", "list"),
    }


@contextmanager
def _with_provider(world: World, sandbox: Provider) -> Iterator[World]:
    with sandbox("--limit", "0", "--state-file", str(world.state)) as (url, token):
        world.meet(url, token)
        yield world


def measure(folder: Path, sandbox: Provider, rounds: int, *, quick: bool) -> Section:
    """Compare every command on a large ledger with the same on a small one."""
    small, large = World(folder, SMALL), World(folder, QUICK if quick else LARGE)
    indexed = [world.job("words") for world in (large, small)]
    what = f"the night's index of words, made anew for {large.size:,} entries"
    figures = [Figure(what, seconds(indexed[0].seconds))]
    with _with_provider(small, sandbox), _with_provider(large, sandbox):
        pairs = zip(cases_of(large).items(), cases_of(small).values(), strict=True)
        for (what, on_large), on_small in pairs:
            on_large(), on_small()  # the first time, files are read from the disk
            ours, other = _medians([(on_large(), on_small()) for _ in range(rounds)])
            figures.append(compare(what, ours, f"with {SMALL:,} entries", other, MOST))
    size = large.ledger.stat().st_size / 2**20
    note = (
        f"A ledger of {large.size:,} entries over three years ({size:,.0f} MB) beside one of {SMALL:,}; "
        f"the last {SMALL:,} entries are alike in both."
    )
    return Section("i", "A ledger of years", tuple(figures), note)


def _medians(pairs: list[tuple[Took, Took]]) -> tuple[float, float]:
    def middle(side: int) -> float:
        return sorted(pair[side].seconds for pair in pairs)[len(pairs) // 2]

    return middle(0), middle(1)
