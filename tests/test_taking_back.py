"""What a person takes back stays back, whatever runs beside it."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest
from torture_support import Bench, bench, write_sheet

from batch.errors import LedgerError
from batch.model import Status
from batch.pipeline.stopping import cancel_entries


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench(late_seconds=200) as found:
        yield found


def cancel(desk: Bench, entry: int) -> str:
    return "\n".join(cancel_entries(desk.settings, desk.world, [entry], "wrong price"))


def test_a_row_that_is_cancelled_while_a_plan_waits_for_its_yes_is_not_sent(desk: Bench) -> None:
    """The plan was made before: it is refused whole, and the next one holds the row."""
    path = desk.sheet(2)
    desk.submit(path, limit=1)

    def say_yes(_words: str) -> bool:
        assert "was never submitted and is dropped" in cancel(desk, 2)
        return True

    desk.confirm = say_yes
    with pytest.raises(LedgerError, match="entry 2 changed while the plan was made"):
        desk.submit(path)
    assert [entry.status for entry in desk.entries()] == [Status.ACCEPTED, Status.CANCELLED]
    assert len(desk.sandbox.posts) == 1


def leave_a_doubt(desk: Bench) -> dict[str, str]:
    """Submit one row that ends in doubt and never arrived."""
    row = desk.row(0)
    desk.sandbox.faults.add("close-beforex1")
    desk.stops = lambda: len(desk.sandbox.posts) >= 1
    desk.submit(desk.sheet([row]))
    desk.stops = lambda: False
    return row


def test_a_doubt_that_is_cancelled_is_not_sent_when_its_file_comes_again(desk: Bench) -> None:
    """Another file's run settled it in the meantime: it did not arrive, and it is not to."""
    row = leave_a_doubt(desk)
    assert "it is not sent again" in cancel(desk, 1)
    desk.submit(desk.sheet([desk.row(5)], "other.csv"))
    assert desk.entry("R-0").status is Status.PLANNED
    assert desk.submit(write_sheet(desk.folder / "week.csv", [row])).counts == {"skipped": 1}
    assert desk.entry("R-0").status is Status.CANCELLED
    assert [campaign.group_ids for campaign in desk.sandbox.campaigns] == [("5005",)]


def test_a_mark_that_is_taken_away_again_lets_a_doubt_go(desk: Bench) -> None:
    """The sheet asked for it, and the sheet takes it back."""
    row = leave_a_doubt(desk)
    with (desk.folder / "week.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*row, "Cancel"])
        writer.writeheader()
        writer.writerow(row | {"Cancel": "x"})
    desk.stops = lambda: True
    desk.submit(desk.folder / "week.csv")
    desk.stops = lambda: False
    assert desk.entry("R-0").cancel_why.startswith("marked Cancel")
    desk.submit(desk.sheet([desk.row(5)], "other.csv"))
    assert desk.submit(write_sheet(desk.folder / "week.csv", [row])).counts == {"accepted": 1}
