"""The rows of a sheet are checked block by block, and nobody can tell from what comes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from batch.adapters.messages import load_message
from batch.core.validate import Rules
from batch.model import Header
from batch.workflows.check_blocks import BlockChecker, Found

NAMES = ("CampaignName", "Message", "GroupIds", "DateTime")
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
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


def make_checker(*, keep: bool = False) -> BlockChecker:
    header = Header(1, NAMES, {name: place for place, name in enumerate(NAMES)})
    writing = {"load": partial(load_message, [])}
    return BlockChecker(header, Rules(levels={}, groups={}), NOW, writing, keep=keep)


def check_rows(*, keep: bool = False) -> tuple[Found, BlockChecker]:
    """Check all rows."""
    checker, whole = make_checker(keep=keep), Found()
    for found in checker.check_all(make_blocks()):
        whole.add(found)
    return whole, checker


def test_rows_that_nobody_keeps_bring_up_the_same() -> None:
    """Errors, warnings, totals, send times, and rows that repeat one of an earlier block, without any campaign."""
    (kept, by_kept), (whole, checker) = check_rows(keep=True), check_rows()
    assert len(kept.kept) == whole.rows == SIZE * BLOCKS
    assert replace(kept, kept=[]) == whole
    assert checker.late_issues() == by_kept.late_issues()
    assert {issue.row for issue in whole.errors if issue.code == "row-repeated"} == {200, 333}
    assert checker.late_issues()[300].code == "same-key-twice"


def test_a_repeated_row_is_found_within_a_block_too() -> None:
    """Also where only blanks tell the two apart."""
    (first, *_), (number, cells, _), *_ = block = next(make_blocks())
    block.append((99, (cells[0], cells[1].replace(" ", "  "), *cells[2:]), None))
    found = make_checker().check(block)
    [issue] = [issue for issue in found.errors if issue.code == "row-repeated"]
    assert first != number
    assert (issue.row, found.rows) == (99, SIZE + 1)
    assert f"row {number}" in issue.message


def test_kept_rows_hold_a_text_of_a_column_once() -> None:
    """A third of the memory of 100,000 rows was cells that another row has, too."""
    rows = check_rows(keep=True)[0].kept  # their texts are made anew each, as those are that a process hands over
    [times] = {(row.row.texts[3], id(row.row.texts[3])) for row in rows if row.row.number in {20, 40, 60}}
    assert times[0] == "2026-01-6 14:30"
