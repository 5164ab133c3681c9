"""What a person takes back stays back, whatever runs beside it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from torture_support import Bench, bench, changed, write_sheet
from weekly_support import Round, weekly

from batch.cli.shapes import _COUNTS as COUNTS
from batch.cli.shapes import shape_tally
from batch.model import ChangeKind, Status, StatusChange
from batch.model.errors import LedgerError
from batch.workflows.approve import approve_batch
from batch.workflows.cancel import cancel_entries, keep_entries
from batch.workflows.events import Progress
from batch.workflows.find import list_batches
from batch.workflows.options import Options
from batch.workflows.submit import plan_file
from batch.workflows.tally import Tally, describe_counts


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


class Meanwhile(list[object]):
    """Stands where a person would watch, and lets something happen elsewhere once the first campaign is there."""

    def __init__(self, happen: Callable[[], object]) -> None:
        super().__init__()
        self._happen: Callable[[], object] | None = happen

    def append(self, told: object) -> None:
        super().append(told)
        if isinstance(told, Progress) and self._happen is not None:
            happen, self._happen = self._happen, None
            happen()


def held_by_robin(desk: Bench) -> None:
    with desk.ledger() as ledger:
        change = StatusChange(
            3, Status.HELD, expected={Status.PLANNED}, why="ask Dana", who="robin", now=desk.clock.now()
        )
        assert ledger.changes.make(change)


def asked_only(desk: Bench) -> None:
    with desk.ledger() as ledger:
        ledger.changes.request_cancel(3, "wrong price", "ann on m", desk.clock.now())


@pytest.mark.parametrize(
    ("happen", "count", "words"),
    [
        (lambda desk: cancel(desk, 3), "cancelled", 'set to "cancelled" at 10:00 AM EST by ann on m (wrong price)'),
        (asked_only, "cancelled", "to be cancelled, as was asked at 10:00 AM EST by ann on m (cancellation asked"),
        (held_by_robin, "held", 'set to "waiting for a decision" at 10:00 AM EST by robin (ask Dana)'),
    ],
    ids=["cancelled", "asked", "held"],
)
def test_what_is_taken_back_while_a_run_submits_is_told_and_counted_as_that(
    desk: Bench, happen: Callable[[Bench], object], count: str, words: str
) -> None:
    """By whom, when and why; no other process took it, and it was not taken in before."""
    desk.told = Meanwhile(lambda: happen(desk))
    tally = desk.submit(desk.sheet(4))
    assert tally.counts == {"accepted": 3, count: 1}
    assert f'"Sale 2" (entry 3) was not submitted: it was {words}' in desk.words()
    assert len(desk.sandbox.posts) == 3
    shape = shape_tally(tally)
    assert sum(shape[name] for name in COUNTS) == 4
    [(_batch, counts)] = list_batches(desk.settings, desk.world)
    assert counts == {"accepted": 3, count: 1}


@pytest.mark.parametrize("how", ["submit", "resume", "approve"])
def test_what_is_cancelled_after_it_went_while_the_run_goes_on_is_told_at_its_end(desk: Bench, how: str) -> None:
    """Once, in the words of `cancel`; what somebody asked for before is not told anew."""
    path = desk.sheet(4)
    if how == "approve":
        desk.set(approval__required="true")
        desk.submit(path)
    elif how == "resume":
        desk.submit(path, limit=1)
        cancel(desk, 1)
    gone = 2 if how == "resume" else 1
    listed: list[str] = []
    desk.told = Meanwhile(lambda: listed.extend(cancel(desk, gone).splitlines()))
    tally = {"submit": lambda: desk.submit(path), "resume": desk.resume, "approve": lambda: approve(desk)}[how]()
    head, box, then = tally.to_do
    assert head == "to delete in the provider's dashboard (1), the next to go first:"
    assert box in listed
    assert f'"Sale {gone - 1}' in box
    assert then in listed
    assert tally.needs_look
    assert shape_tally(tally)["to_do"] == tally.to_do


def approve(desk: Bench) -> Tally:
    return approve_batch(desk.settings, replace(desk.world, who="bo"), 1, frozenset())


def test_a_mark_before_it_went_and_a_row_that_was_fixed_are_counted_as_what_they_are(desk: Bench) -> None:
    """Neither was taken in before, whoever asks: screen, JSON, list of batches; the numbers add up to the rows."""
    row = desk.row(0)
    tally = mark(desk, row)
    assert (tally.counts, describe_counts(tally.counts)) == ({"cancelled": 1}, "1 cancelled")
    desk.submit(desk.sheet([desk.row(1), desk.row(2)], "held.csv"), limit=1)
    desk.submit(desk.sheet([desk.row(1), changed(desk.row(2), Message="Fixed. Reply STOP to opt out")], "held.csv"))
    counts = [counts for _batch, counts in list_batches(desk.settings, desk.world)]
    assert counts == [{"cancelled": 1}, {"accepted": 1, "replaced": 1}, {"skipped": 1, "accepted": 1}]
    shape = shape_tally(tally)
    assert (shape["skipped"], shape["cancelled"], sum(shape[name] for name in COUNTS)) == (1, 1, 1)


def mark(desk: Bench, row: dict[str, str]) -> Tally:
    """Drop a sheet whose one row is marked Cancel."""
    with (desk.folder / "week.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*row, "Cancel"])
        writer.writeheader()
        writer.writerow(row | {"Cancel": "x"})
    return desk.submit(desk.folder / "week.csv")


def test_a_doubt_that_is_cancelled_is_not_sent_when_its_file_comes_again(desk: Bench) -> None:
    """Another file's run settled it in the meantime: it did not arrive, and it is not to."""
    desk.leave_a_doubt()
    assert "it is not sent again" in cancel(desk, desk.entry("R-0").id)
    desk.submit(desk.sheet([desk.row(5)], "other.csv"))
    assert desk.entry("R-0").status is Status.PLANNED
    assert desk.submit(write_sheet(desk.folder / "week.csv", [desk.row(0)])).counts == {"cancelled": 1}
    assert desk.entry("R-0").status is Status.CANCELLED
    assert [campaign.group_ids for campaign in desk.sandbox.campaigns] == [("5010",), ("5011",), ("5005",)]


def test_a_mark_that_is_taken_away_again_lets_a_doubt_go(desk: Bench) -> None:
    """The sheet asked for it, and the sheet takes it back."""
    desk.leave_a_doubt()
    row = desk.row(0)
    desk.stops = lambda: True
    mark(desk, row)
    desk.stops = lambda: False
    assert desk.entry("R-0").cancel_why.startswith("marked Cancel")
    desk.submit(desk.sheet([desk.row(5)], "other.csv"))
    assert desk.submit(write_sheet(desk.folder / "week.csv", [row])).counts == {"accepted": 1}


def leave_it_to_a_person(desk: Bench) -> dict[str, str]:
    """Submit one row that arrived, but whose name lost its tag there before anybody knew."""
    row = desk.row(0)
    desk.sandbox.faults.add("close-afterx1")
    desk.stops = lambda: len(desk.sandbox.posts) >= 1
    desk.submit(desk.sheet([row]))
    desk.stops = lambda: False
    desk.sandbox.rename(desk.sandbox.campaigns[0].id, "Sale 0")
    assert desk.resume().counts == {"held": 1}
    return row


def test_what_settling_left_to_a_person_is_not_called_never_submitted(desk: Bench) -> None:
    """It stays on the list of what is to be deleted until somebody has looked."""
    leave_it_to_a_person(desk)
    said = cancel(desk, 1)
    assert "never submitted" not in said
    assert "may be at the provider anyway: look for it in the dashboard" in said
    assert "to delete in the provider's dashboard (1)" in said
    assert (desk.entry("R-0").status, desk.entry("R-0").cancel_why) == (Status.HELD, "wrong price")


def test_a_mark_on_what_settling_left_to_a_person_asks_for_its_deletion(desk: Bench) -> None:
    """The sheet's mark is no less than the command."""
    row = leave_it_to_a_person(desk)
    assert "to delete in the provider's dashboard (1)" in "\n".join(mark(desk, row).to_do)
    assert desk.entry("R-0").cancel_why.startswith("marked Cancel")


def unmark(desk: Bench, row: dict[str, str]) -> Tally:
    """Drop the same sheet without a mark."""
    return desk.submit(write_sheet(desk.folder / "week.csv", [row]))


@pytest.mark.parametrize("why", ["marked Cancel in row 2 of the old list", 'marked Cancel in row 2 of "week.csv"'])
def test_what_a_person_asked_for_no_sheet_takes_back(desk: Bench, why: str) -> None:
    """However the person words it: who asked stands in a column, and a recalled campaign stays recalled."""
    row = desk.row(0)
    desk.submit(desk.sheet([row]))
    cancel_entries(desk.settings, desk.world, [1], why)
    said = "\n".join(unmark(desk, row).to_do)
    assert f"is to be cancelled ({why})" in said
    assert (desk.entry("R-0").cancel_why, desk.entry("R-0").cancel_source) == (why, "person")
    keep_entries(desk.settings, desk.world, [1], "not after all")
    assert (desk.entry("R-0").cancel_why, desk.entry("R-0").cancel_source) == ("", "")


@pytest.mark.parametrize("person_first", [True, False])
def test_where_a_person_and_a_sheet_both_asked_the_persons_wish_stays(desk: Bench, person_first: bool) -> None:
    """Taking the mark away takes back no more than the mark."""
    row = desk.row(0)
    desk.submit(desk.sheet([row]))
    steps = [lambda: cancel(desk, 1), lambda: mark(desk, row)]
    for step in steps if person_first else reversed(steps):
        step()
    unmark(desk, row)
    assert (desk.entry("R-0").cancel_why, desk.entry("R-0").cancel_source) == ("wrong price", "person")


def test_a_mark_alone_is_taken_back_with_the_mark(desk: Bench) -> None:
    """The sheet's own wish, and a line of history that says so without its words."""
    row = desk.row(0)
    desk.submit(desk.sheet([row]))
    mark(desk, row)
    assert desk.entry("R-0").cancel_source == "sheet"
    unmark(desk, row)
    assert desk.entry("R-0").cancel_source == ""
    with desk.ledger() as ledger:
        kinds = [change.kind for change in ledger.changes.of(1)]
    assert kinds[-2:] == [ChangeKind.CANCEL_ASKED, ChangeKind.CANCEL_TAKEN_BACK]


def drop(team: Round, rows: list[dict[str, str]]) -> str:
    """Drop a sheet as it is now; give the note beside it."""
    write_sheet(team.folder / "week.csv", rows)
    team.watch(60)
    [note] = [*team.folder.glob("*/*what happened.txt")]
    words = f"{note.parent.name}: {note.read_text(encoding='utf-8')}"
    note.unlink()
    return words


def test_a_sheet_with_marks_and_without_them_again_says_in_its_note_why_it_wants_a_look() -> None:
    """All of its rows are known, and that was all the note said."""
    with weekly() as team:
        team.folder.mkdir()
        rows = [team.desk.row(0), team.desk.row(1)]
        assert drop(team, rows).startswith("done: ")
        asked = drop(team, [row | {"Cancel": "x"} for row in rows])
        assert asked.startswith('attention: "week.csv" was already taken in as batch 1; nothing was sent again.\n')
        assert "to delete in the provider's dashboard (2)" in asked
        assert "Id 12345" in asked
        kept = drop(team, rows)
        assert kept.startswith("attention: ")
        assert 'row 2 "Sale 0" is no longer marked Cancel: it goes out as scheduled, do not delete it' in kept
        assert drop(team, rows).startswith("done: ")


def test_a_sheet_that_lacks_what_is_scheduled_says_so_in_its_note() -> None:
    """The report names each; the note says why the sheet lies in attention."""
    with weekly() as team:
        team.folder.mkdir()
        drop(team, [team.desk.row(0), team.desk.row(1)])
        assert "1 campaign goes out though it is no longer in the sheet." in drop(team, [team.desk.row(0)])


def test_a_dry_run_says_what_the_marks_of_a_sheet_would_ask_for(desk: Bench) -> None:
    """As submit does it, and that the campaigns are at the provider; nothing is written."""
    row = desk.row(0)
    desk.submit(desk.sheet([row]))
    marked = write_sheet(desk.folder / "marked.csv", [row | {"Cancel": "x"}, desk.row(1) | {"Cancel": "x"}])

    def look(path: Path) -> Tally:
        return plan_file(path, desk.settings, desk.world, Options(dry_run=True))

    tally = look(marked)
    assert (tally.counts, tally.needs_look) == ({"skipped": 1, "cancelled": 1}, True)
    assert tally.to_do == [
        "once this file is submitted:",
        'row 2 "Sale 0" (Id 12345) is to be cancelled: a person then deletes it in the dashboard',
    ]
    assert shape_tally(tally)["to_do"] == tally.to_do
    assert [entry.cancel_why for entry in desk.entries()] == [""]
    mark(desk, row)
    assert look(marked).to_do == []
    assert look(desk.sheet([row])).to_do == [
        "once this file is submitted:",
        'row 2 "Sale 0" is no longer marked Cancel: it then goes out as scheduled',
    ]
    assert desk.entry("R-0").cancel_source == "sheet"
