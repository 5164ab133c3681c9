"""A long sheet is checked by two processes, and nobody can tell from what comes out."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from batch.adapters.messages import load_message
from batch.core.validate import Rules
from batch.model import Checked, Header
from batch.workflows.check_blocks import BlockChecker, CheckTask, Found, check_blocks

NAMES = ("CampaignName", "Message", "GroupIds", "DateTime")
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
TASK = CheckTask(
    Header(1, NAMES, {name: place for place, name in enumerate(NAMES)}),
    Rules(levels={}, groups={}),
    NOW,
    {"load": partial(load_message, [])},
)
SIZE, BLOCKS = 20, 30

Block = list[tuple[int, tuple[str, ...], None]]


def make_blocks() -> Iterator[Block]:
    """Give rows of which every seventh has no group, every ninth no opt-out, some a row of an earlier block."""
    for first in range(2, 2 + SIZE * BLOCKS, SIZE):
        yield [(number, make_row(number), None) for number in range(first, first + SIZE)]


def make_row(number: int) -> tuple[str, ...]:
    same = number - 150 if number in {200, 333, 450} else number
    text = f"Sale {same}." if same % 9 == 0 else f"Sale {same}. Reply STOP to opt out"
    if number == 450:
        text = f"Another text, {text}"
    return f"Campaign {same}", text, "" if same % 7 == 0 else str(100 + same % 5), f"2026-01-{6 + same % 20} 14:30"


def by_one() -> tuple[Found, BlockChecker]:
    """Check all rows in this process alone."""
    checker, whole = BlockChecker(TASK), Found()
    for block in make_blocks():
        whole.add(checker.check(block))
    return whole, checker


def test_two_processes_find_what_one_finds_in_the_same_order() -> None:
    """Errors, warnings, totals, send times, and rows that repeat one in a block that the other process checked."""
    expected, alone = by_one()
    checker, whole = BlockChecker(TASK), Found()
    for found in check_blocks(make_blocks(), TASK, checker, alone=3):
        whole.add(found)
    assert whole == expected
    assert checker.late_issues() == alone.late_issues()
    assert {issue.row for issue in whole.errors if issue.code == "row-repeated"} == {200, 333}
    assert checker.late_issues()[300].code == "same-key-twice"


def test_kept_rows_hold_a_text_of_a_column_once() -> None:
    """A third of the memory of 100,000 rows was cells that another row has, too."""
    kept = replace(TASK, keep=True)
    [times] = {(row.row.texts[3], id(row.row.texts[3])) for row in _keep(kept) if row.row.number in {20, 40, 60}}
    assert times[0] == "2026-01-6 14:30"


def _keep(task: CheckTask) -> list[Checked]:
    """Check rows whose texts are made anew each, as those are that a process hands over."""
    return [row for found in check_blocks(make_blocks(), task, BlockChecker(task)) for row in found.kept]


def test_a_second_process_that_dies_costs_no_row() -> None:
    """What it had in hand is checked here."""
    expected, _ = by_one()
    whole, killed = Found(), 0
    for found in check_blocks(make_blocks(), TASK, BlockChecker(TASK), alone=1):
        whole.add(found)
        for process in multiprocessing.active_children():
            process.kill()
            killed += 1
    assert killed
    assert whole == expected


def test_a_short_sheet_starts_no_second_process() -> None:
    """Its start would take longer than the sheet."""
    for _ in check_blocks(make_blocks(), TASK, BlockChecker(TASK), alone=BLOCKS):
        assert not multiprocessing.active_children()


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_no_process_is_left_over_when_the_first_is_killed(tmp_path: Path) -> None:
    """Nobody would ever end it."""
    sheet = tmp_path / "long.csv"
    rows = (f"Campaign {number},Sale. Reply STOP to opt out,100,2099-01-05 14:30\n" for number in range(60_000))
    sheet.write_text(",".join(NAMES) + "\n" + "".join(rows), encoding="utf-8")
    command = [sys.executable, "-m", "batch", "check", str(sheet)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        while not (others := children_of(first.pid)):
            assert first.poll() is None
            time.sleep(0.01)
        first.kill()
    while any(is_alive(other) for other in others):
        time.sleep(0.01)


def children_of(process: int) -> list[int]:
    """Give the processes of the pool that another one started; the tracker of multiprocessing is none of them."""
    try:
        found = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [int(one) for one in found if b"spawn_main" in said_by(int(one))]


def said_by(process: int) -> bytes:
    """Give the command line of a process; nothing when it is gone."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def is_alive(process: int) -> bool:
    """Say whether a process is still at work; one that nobody has buried yet is not."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except OSError:
        return False
