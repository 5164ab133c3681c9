"""The first weeks of somebody who never saw a manual, typed at a terminal: every screen is kept, and read."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from people_support import become, reachable_code
from terminal_support import answer_at_terminal
from torture_support import TOKEN

from batch.adapters.sandbox import Sandbox
from batch.model import Group

SCREENS = Path(__file__).with_name("newcomer.txt")
DANA, ROBIN, TEAM = 40_001, 40_002, 100
"""Two users, and the group `users` that both are in."""
GROUPS = [Group("101", "Dallas stores", 412), Group("102", "Plano stores", 388), Group("103", "Austin stores", 905)]
PROGRAM = """
import os, time
from datetime import UTC, datetime
from batch.cli import main
from batch.cli.session import session
began = float(os.environ["BEGAN"]) - time.monotonic()
session.clock = lambda: datetime.fromtimestamp(began + time.monotonic(), UTC)
main()
"""
HEADER = ("CampaignName", "Message", "GroupIds", "DateTime", "Offer")


def render(shown: str) -> str:
    """Draw what came to the terminal, as it stands there at the end: lines that were drawn over are gone."""
    lines, row = [""], 0
    for part in re.split(r"(\x1b\[[0-9;?]*[A-Za-z]|\r|\n)", shown):
        up = re.fullmatch(r"\x1b\[(\d*)A", part)
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif up:
            row = max(0, row - int(up[1] or 1))
        elif part in {"\x1b[2K", "\r"}:
            lines[row] = "" if part == "\x1b[2K" else lines[row]
        elif not part.startswith("\x1b"):
            lines[row] += part
    return "\n".join(line.rstrip() for line in lines)


@dataclass
class Newcomer:
    """Dana at her terminal, Robin at another, and the clock on the wall."""

    folder: Path
    sandbox: Sandbox
    began: float = 0.0
    """The time of day in seconds since the epoch, less the machine's own clock."""
    screens: list[str] = field(default_factory=list)

    def at(self, local: str) -> None:
        """Let it be that time in Dallas, in winter."""
        self.began = datetime.fromisoformat(f"{local}-06:00").timestamp() - time.monotonic()

    def clock(self) -> float:
        return self.began + time.monotonic()

    def type(self, words: str, *answers: tuple[str, str], uid: int = DANA) -> int:
        """Type a command, answer what it asks, and keep the screen."""
        program = [sys.executable, "-c", PROGRAM]
        code, shown = answer_at_terminal(
            words.split("|") if "|" in words else words.split(),
            answers,
            self.folder,
            [*become(uid, TEAM), *program],
            BEGAN=str(self.clock()),
            HOME=str(self.folder),
            COLUMNS="110",
            CAMPAIGN_BATCH_PROVIDER__URL=self.sandbox.url,
            CAMPAIGN_BATCH_WATCH__GRACE_MINUTES="0",
            CAMPAIGN_BATCH_WATCH__STABLE_SECONDS="0.2",
        )
        who = "" if uid == DANA else "(Robin) "
        self.screens.append(f"{who}$ campaign-batch {words.replace('|', ' ')}\n{self._plain(shown)}[exit {code}]\n")
        return code

    def _plain(self, shown: str) -> str:
        """Take out what differs from run to run: the folder, colors, progress that was drawn over, tags."""
        text = render(shown).replace(str(self.folder), "/home/dana/texts")
        text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", text)
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ ", "[the time] ", text)
        text = re.sub(r"(reconciliation-2026-11-30)-\d{6}", r"\1-TIME", text)
        text = re.sub(r"\b9:0\d AM CST", "9:00 AM CST", text)
        text = re.sub(r"whole, [\d.]+ MB", "whole, 0.2 MB", text)
        text = re.sub(r"[\d.]+ GB are free", "72.1 GB are free", text)
        text = re.sub(r"15:0\d:\d\d UTC, \d seconds? (?:behind|ahead of)", "15:00:00 UTC, 0 seconds behind", text)
        return re.sub(r"-[0-9a-f]{16}\.html", "-TAG.html", text)

    def note_of(self, where: str) -> None:
        """Keep the notes that lie in a folder of the watch as screens, too."""
        for path in sorted((self.folder / "inbox" / where).glob("*what happened.txt")):
            self.screens.append(f"[{path.name}]\n{self._plain(path.read_text(encoding='utf-8'))}")

    def settle(self, changes: dict[str, str]) -> None:
        """Change lines of the settings, as the words of the tool tell to."""
        settings = self.folder / "campaign-batch.toml"
        text = settings.read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        settings.write_text(text, encoding="utf-8")

    def fill(self, name: str, rows: Sequence[Sequence[object]]) -> None:
        """Fill the workbook in, as somebody does in Excel."""
        book = openpyxl.load_workbook(self.folder / name)
        sheet = book["Campaigns"]
        places = {cell.value: cell.column for cell in sheet[1]}
        for number, row in enumerate(rows, start=3):
            for column, value in zip(HEADER, row, strict=True):
                sheet.cell(number, places[column], value)
        book.save(self.folder / name)


@pytest.fixture
def dana() -> Iterator[Newcomer]:
    """Give Dana an empty folder and an account with three groups."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "texts"
        folder.mkdir()
        Path(made).chmod(0o777)
        folder.chmod(0o777)
        person = Newcomer(folder, None)  # type: ignore[arg-type]
        person.at("2026-11-23T09:00:00")
        with Sandbox(limit=0, token=TOKEN, clock=person.clock, groups=GROUPS) as sandbox:
            person.sandbox = sandbox
            yield person


def on(*when: int) -> datetime:
    """Give a date as Excel keeps it: cells know no zone."""
    return datetime(*when)  # type: ignore[arg-type]  # noqa: DTZ001


TEXT = "Maple & Main: {{ Offer }} this week. Reply STOP to opt out"
SLIPS = (
    ("Dallas coats", TEXT, "Dallas stores", on(2026, 11, 25, 11), "20% off coats"),
    ("Plano coats", TEXT.replace("Offer", "Ofer"), "Plano stores", on(2026, 11, 25, 11, 30), "20% off coats"),
    ("Austin coats", TEXT, "Austn stores", on(2026, 11, 25, 12), "20% off coats"),
    ("Dallas boots", TEXT, "Dallas stores", "tomorrow noon", "boots from $40"),
    ("Plano boots", "Maple & Main: <<Offer>>. Reply STOP to opt out", "102", "11/27/2026 1:00 PM", "boots from $40"),
    ("Austin boots", TEXT, "103", "11/27/2026 9:30 PM", "boots from $40"),
)
FIXED = (
    SLIPS[0],
    ("Plano coats", TEXT, "Plano stores", on(2026, 11, 25, 11, 30), "20% off coats"),
    ("Austin coats", TEXT, "Austin stores", on(2026, 11, 25, 12), "20% off coats"),
    SLIPS[3],
    ("Plano boots", TEXT, "102", "11/27/2026 1:00 PM", "boots from $40"),
    SLIPS[5],
)
NEXT = (
    ("Dallas toys", TEXT, "Dallas stores", on(2026, 12, 2, 11), "toys 2 for 1"),
    ("Austin toys", TEXT, "Austin stores", on(2026, 12, 2, 12), "toys 2 for 1"),
)


def live_the_weeks(dana: Newcomer) -> None:
    """Do what a newcomer does, in order."""
    zone, token = "In which time zone", "access token"
    asked = [(zone, "Springfield"), (zone, "Dallas"), (zone, ""), ("write dates", ""), ("watched", ""), ("reports", "")]
    dana.type("check week-48.xlsx")
    dana.type("init", *asked, (token, TOKEN))
    dana.settle({'# group = ""': 'group = "users"'})
    dana.type("new week-48.xlsx")
    dana.type("check week-48.xlsx")
    dana.fill("week-48.xlsx", SLIPS)
    dana.type("check week-48.xlsx --online")
    dana.fill("week-48.xlsx", FIXED)
    dana.type("submit week-48.xlsx", ("[y/N]", "n"))
    dana.type("submit week-48.xlsx", ("[y/N]", "y"))
    dana.type("submit week-48.xlsx")
    dana.type("find Plano")
    dana.type("find Houston")
    dana.settle({"# required = false": "required = true"})
    dana.at("2026-11-30T09:00:00")
    dana.type("watch --once")
    dana.type("new week-49.xlsx")
    dana.fill("week-49.xlsx", NEXT)
    shutil.copy(dana.folder / "week-49.xlsx", dana.folder / "inbox")
    os.chown(dana.folder / "inbox" / "week-49.xlsx", DANA, -1)
    dana.type("watch --once")
    dana.note_of("done")
    dana.type("approve 3")
    dana.type("approve 3", uid=ROBIN)
    dana.type("find toys")
    dana.type("cancel Austin")
    dana.type("cancel 8")
    dana.type("cancel|8|--why|the store is closed")
    dana.type("reconcile")
    dana.sandbox.delete(dana.sandbox.campaigns[-1].id)
    dana.type("reconcile")
    dana.type("find Austin")
    dana.type("report --week 48")
    dana.type("report")
    dana.type("doctor")


@pytest.fixture(scope="module")
def open_to_all() -> Iterator[None]:
    """Let every user start what is installed here."""
    with reachable_code():
        yield


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may type as two users")
def test_every_screen_of_the_first_weeks_is_as_it_was_read(dana: Newcomer, open_to_all: None) -> None:
    """Run with CAMPAIGN_KEEP_SCREENS=1 to keep new screens, then read them as somebody who never saw this tool."""
    live_the_weeks(dana)
    shown = "\n".join(dana.screens)
    if os.environ.get("CAMPAIGN_KEEP_SCREENS"):
        SCREENS.write_text(shown, encoding="utf-8")
    assert shown.splitlines() == SCREENS.read_text(encoding="utf-8").splitlines()
    assert TOKEN not in shown
