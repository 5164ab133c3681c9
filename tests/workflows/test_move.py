"""The ledger moves to another kind of database and back: whole, compared, and the old place says where it went."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_support import new_ledger
from torture_support import Bench, Crash, assert_exactly_once, bench, crashed

from batch.adapters.ledger import Handed, moving
from batch.model import Status
from batch.model.errors import BatchError, LedgerError, UsageError
from batch.workflows.move import Moved, move_ledger

pytestmark = pytest.mark.proof

KINDS = [("sqlite", "postgresql"), ("postgresql", "sqlite"), ("sqlite", "sqlite")]


@pytest.fixture(params=KINDS, ids="->".join)
def desk(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Give a team whose ledger lies in the first kind of database."""
    with bench() as team:
        team.set(ledger__url=new_ledger(team.folder, request.param[0]))
        yield team


@pytest.fixture
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the place to which it goes."""
    return new_ledger(tmp_path, request.node.callspec.params["desk"][1])


def move(desk: Bench, target: str) -> Moved:
    return move_ledger(desk.settings, desk.world, target)


def shown(desk: Bench) -> list[str]:
    """Give all that the ledger exports; PostgreSQL holds no NUL."""
    with desk.ledger() as ledger:
        return [repr(one).replace("\\x00", "\ufffd") for one in ledger.export()]


def test_all_of_it_goes_and_the_work_goes_on(desk: Bench, target: str) -> None:
    """Entries, doubts, lists, history: the same; the next row has the next number, and nothing goes twice."""
    nul = desk.row(2, Message="A NUL \0 and an emoji \U0001f44d. Reply STOP to opt out")
    path = desk.sheet([desk.row(0), desk.row(1), nul])
    desk.submit(path)
    desk.reconcile()
    before = shown(desk)
    moved = move(desk, target)
    assert (moved.done, moved.rows["entries"], moved.rows["batches"]) == (True, 3, 1)
    desk.set(ledger__url=target)
    assert shown(desk) == before
    assert desk.problems() == ()
    assert desk.submit(path).counts["skipped"] == 2
    desk.submit(desk.sheet([desk.row(3)], "next.csv"))
    assert len(desk.entries(Status.ACCEPTED)) == len(desk.sandbox.posts) == 3


def test_the_old_place_says_where_it_went(desk: Bench, target: str) -> None:
    """No command works on it any more: nothing is planned in a ledger that nobody looks at."""
    desk.submit(desk.sheet(2))
    move(desk, target)
    for act in (desk.resume, desk.reconcile, lambda: desk.submit(desk.sheet(3)), lambda: move(desk, target)):
        with pytest.raises(LedgerError, match=r"was moved: it is now the ledger .* \[ledger\] url"):
            act()
    assert len(desk.sandbox.posts) == 2


def test_who_has_it_open_meanwhile_sends_nothing_from_it_any_more(desk: Bench, target: str) -> None:
    """A watch keeps its ledger open for weeks: neither campaigns nor mails nor files for workers go by the old one."""
    desk.submit(desk.sheet(2))
    with desk.ledger() as ledger:
        move(desk, target)
        now = desk.world.now()
        with pytest.raises(LedgerError, match="was moved"), ledger.lock.hold("ana", now):
            pass
        with pytest.raises(LedgerError, match="was moved"), ledger.lock.hold_mail():
            pass
        with pytest.raises(LedgerError, match="was moved"):
            ledger.drops.hand_in(Handed("here", "claim", "week.csv", b""), now)


def test_a_place_that_holds_another_ledger_is_refused(desk: Bench, target: str) -> None:
    """Neither is touched."""
    mine = desk.settings.ledger.url
    desk.set(ledger__url=target)
    desk.submit(desk.sheet([desk.row(5)], "other.csv"))
    desk.set(ledger__url=mine)
    desk.submit(desk.sheet(2))
    with pytest.raises(UsageError, match="already holds another ledger"):
        move(desk, target)
    assert [entry.reference for entry in desk.entries()] == ["R-0", "R-1"]
    desk.set(ledger__url=target)
    assert [entry.reference for entry in desk.entries()] == ["R-5"]


def test_back_into_the_file_that_it_left_is_refused_with_what_to_do(desk: Bench, target: str) -> None:
    """That file is kept as it was: nobody is sent to a URL that the settings have already."""
    first = desk.settings.ledger.url
    desk.submit(desk.sheet(2))
    move(desk, target)
    desk.set(ledger__url=target)
    with pytest.raises(UsageError, match=r"is there still: .* name a file that does not exist yet") as told:
        move(desk, first)
    assert "[ledger] url" not in str(told.value)
    assert len(desk.entries()) == 2


@pytest.mark.parametrize("place", ["_sum_up", "_copy_all", "_compare", "_leave_note"])
def test_killed_anywhere_it_moves_at_the_next_try(
    desk: Bench, target: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the note is there the old one is the ledger; a copy that is whole already is compared, not made again."""
    desk.submit(desk.sheet(2))

    def crash(*_: object) -> object:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(moving, place, crash)
        assert crashed(lambda: move(desk, target))
    assert len(desk.entries(Status.ACCEPTED)) == 2
    assert move(desk, target).done
    desk.set(ledger__url=target)
    assert desk.problems() == ()
    assert_exactly_once(desk.sandbox, desk.entries(), 2)


def test_a_row_that_the_new_place_does_not_keep_stops_it(
    desk: Bench, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not the same in both is found by its sum, and the old ledger goes on."""
    desk.submit(desk.sheet(2))
    plain = moving._copy_all

    def copy_less(old: object, new: object) -> None:
        plain(old, new)  # type: ignore[arg-type]
        new.execute(moving.text("UPDATE entries SET message = 'x' WHERE id = 1"))  # type: ignore[attr-defined]

    monkeypatch.setattr(moving, "_copy_all", copy_less)
    with pytest.raises(LedgerError, match=r'did not keep the table "entries"'):
        move(desk, target)
    assert desk.resume().trouble is None
    assert len(desk.entries()) == 2


def test_while_somebody_submits_nothing_moves(desk: Bench, target: str) -> None:
    """It says who, at once."""
    desk.submit(desk.sheet(1))
    with desk.ledger() as ledger, ledger.lock.hold("bo", desk.clock.now()), pytest.raises(BatchError, match="bo on"):
        move(desk, target)
    with pytest.raises(UsageError, match="already there"):
        move(desk, desk.settings.ledger.url)
