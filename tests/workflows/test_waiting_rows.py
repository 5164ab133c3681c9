"""Rows that wait for the provider go by themselves later: what is planned meanwhile must reckon with them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from torture_support import Bench, bench, changed

from batch.model import Status
from batch.workflows.cancel import cancel_entries


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench() as found:
        yield found


def empty(desk: Bench, contacts: int = 0) -> None:
    """Give the group of row 0 so many contacts."""
    desk.sandbox.put_group(5000, "Group 0", contacts, range(contacts))


def test_a_waiting_row_that_was_moved_is_held_until_the_old_one_is_taken_back(desk: Bench) -> None:
    """Without a Reference it has a new key: both would go out once the group has contacts."""
    empty(desk)
    row = desk.row(0, Reference="")
    assert desk.submit(desk.sheet([row])).counts == {"waiting": 1}
    moved = changed(row, DateTime=row["DateTime"].replace("11:00", "15:00"))
    desk.submit(desk.sheet([moved]))
    assert [entry.status for entry in desk.entries()] == [Status.WAITING, Status.HELD]
    cancel_entries(desk.settings, desk.world, [1], "moved")
    desk.submit(desk.sheet([moved]))
    empty(desk, 3)
    desk.resume()
    assert [campaign.send_at for campaign in desk.sandbox.campaigns] == [desk.entries()[1].send_at.timestamp()]


def test_a_group_that_a_waiting_row_will_text_holds_another_row_close_to_it(desk: Bench) -> None:
    """It goes by itself, without anybody's word."""
    empty(desk)
    desk.submit(desk.sheet([desk.row(0)]))
    empty(desk, 3)
    desk.submit(desk.sheet([desk.row(1, GroupIds="5000")], "other.csv"))
    assert desk.entry("R-1").issues[-1].code == "close-to-another"


def test_a_row_waits_until_the_credits_reach_for_it() -> None:
    """Looked at again with every run; what is bought lets go as many rows as it pays for."""
    with bench(credits=0) as desk:
        assert desk.submit(desk.sheet(2)).counts == {"waiting": 2}
        assert desk.resume().counts == {"waiting": 2}
        desk.sandbox.account.credits = 3
        assert desk.resume().counts == {"accepted": 1, "waiting": 1}
        assert desk.entry("R-0").status is Status.ACCEPTED
        desk.sandbox.account.credits = 6
        assert desk.resume().counts == {"accepted": 1}


def test_what_a_row_waits_for_stands_in_its_entry_and_goes_with_it(desk: Bench) -> None:
    """The cause of today, not that of the first day; none is left when it goes."""
    empty(desk)
    desk.submit(desk.sheet([desk.row(0)]))
    assert [issue.code for issue in desk.entry("R-0").issues] == ["group-empty"]
    empty(desk, 3)
    desk.sandbox.account.credits = 0
    desk.resume()
    assert (desk.entry("R-0").status, desk.entry("R-0").issues[0].code) == (Status.WAITING, "credits-short")
    desk.sandbox.account.credits = 10
    desk.resume()
    assert (desk.entry("R-0").status, desk.entry("R-0").issues) == (Status.ACCEPTED, ())


def test_a_row_that_waits_for_a_group_that_is_deleted_asks_a_person(desk: Bench) -> None:
    """An id that does not exist is no cause to wait; the near ones are named."""
    empty(desk)
    desk.submit(desk.sheet([desk.row(0)]))
    desk.sandbox.remove_group(5000)
    desk.resume()
    entry = desk.entry("R-0")
    assert (entry.status, entry.issues[-1].code) == (Status.HELD, "group-missing")
    assert "is not in the account, did you mean 50" in entry.issues[-1].message


def test_an_unknown_id_is_an_error_of_the_row_and_a_known_row_stays_known(desk: Bench) -> None:
    """The good rows go; a row that went before its group was deleted is not complained about."""
    path = desk.sheet([desk.row(0), desk.row(1, GroupIds="5099")])
    assert desk.submit(path).counts == {"accepted": 1, "invalid": 1}
    desk.sandbox.remove_group(5000)
    assert desk.submit(path).counts == {"skipped": 1, "invalid": 1}
    assert desk.sandbox.campaigns[0].name.startswith("Sale 0")
