"""What the provider refused is tried again once it would see something else, and is said to be open until then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from torture_support import Bench, assert_exactly_once, bench, changed, write_sheet
from weekly_support import Round, weekly

from batch.cli.shapes import _COUNTS as COUNTS
from batch.cli.shapes import shape_tally
from batch.model import Status
from batch.workflows.find import list_batches
from batch.workflows.options import Options
from batch.workflows.submit import plan_file
from batch.workflows.tally import describe_counts


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench() as found:
        refuse_second(found)
        yield found


def refuse_second(desk: Bench) -> None:
    """Submit three rows, the second of which the provider refuses."""
    desk.sandbox.faults.add("422@2")
    desk.submit(desk.sheet(3))
    assert desk.entry("R-1").status is Status.REJECTED


@pytest.mark.parametrize(
    "fix",
    [{"CampaignName": "Sale one"}, {"CampaignName": "SALE 1"}, {"Message": "Other [1]. Reply STOP to opt out"},
     {"Message": "Offer number [1] \nfor you. Reply STOP to opt out"}, {"TypeRecipients": "1"}],
    ids=["name", "case", "text", "break", "recipients"],
)  # fmt: skip
def test_whatever_the_provider_would_see_otherwise_is_tried_again(desk: Bench, fix: dict[str, str]) -> None:
    """With a Reference neither name nor line breaks make another campaign of it; the old entry gives way."""
    rows = [desk.row(0), changed(desk.row(1), **fix), desk.row(2)]
    assert desk.submit(desk.sheet(rows)).counts == {"skipped": 2, "accepted": 1}
    assert [entry.status for entry in desk.entries() if entry.reference == "R-1"] == [Status.REPLACED, Status.ACCEPTED]
    assert desk.submit(desk.sheet(rows)).counts == {"skipped": 3}
    assert len(desk.sandbox.posts) == 4
    assert_exactly_once(desk.sandbox, desk.entries(), 3)


@pytest.mark.parametrize(
    ("before", "after"),
    [({}, {"Reference": "R-9"}), ({}, {"Reference": ""}), ({"Reference": ""}, {"CampaignName": "Sale one"})],
    ids=["other Reference", "no Reference", "other name"],
)
def test_a_fixed_row_takes_the_place_of_the_refused_one_under_its_new_name(
    before: dict[str, str], after: dict[str, str]
) -> None:
    """Else the old one stays refused for ever, and what is said of it leads to a second sending."""
    with bench() as desk:
        desk.sandbox.faults.add("422@2")
        rows = [desk.row(0), changed(desk.row(1), **before), desk.row(2)]
        desk.submit(desk.sheet(rows))
        fixed = [rows[0], changed(rows[1], **after), rows[2]]
        assert desk.submit(desk.sheet(fixed)).counts == {"skipped": 2, "accepted": 1}
        assert [entry.status for entry in desk.entries()].count(Status.REPLACED) == 1
        assert desk.submit(desk.sheet(fixed)).counts == {"skipped": 3}
        assert not desk.entries(Status.REJECTED)
        assert len(desk.sandbox.campaigns) == 3
        assert desk.submit(desk.sheet(rows)).counts == {"skipped": 2, "held": 1}


def test_a_refused_row_keeps_its_place_where_it_is_still_in_the_sheet(desk: Bench) -> None:
    """And where another file says the same: that one is no version of it."""
    rows = [desk.row(number) for number in range(3)]
    copy = changed(rows[1], Reference="R-9", CampaignName="Another")
    assert desk.submit(desk.sheet([*rows, copy])).counts["refused_before"] == 1
    desk.submit(
        desk.sheet([changed(copy, Reference="R-10")], "other.csv"), allow=frozenset({"same-text-same-groups-same-time"})
    )
    assert desk.entry("R-1").status is Status.REJECTED


def test_a_setting_that_changes_the_name_is_a_fix_too(desk: Bench) -> None:
    """What is posted is made by the settings of the moment: here the mark may be what the provider does not take."""
    desk.set(provider__tag_names=False)
    assert desk.submit(desk.sheet(3)).counts == {"skipped": 2, "accepted": 1}


@pytest.mark.parametrize("cell", ["Owner", "ExpectedContacts", "Purpose"])
def test_what_the_provider_does_not_see_is_no_fix(desk: Bench, cell: str) -> None:
    """It would refuse the same again."""
    value = {"Owner": "Dana", "ExpectedContacts": "3", "Purpose": "marketing"}[cell]
    rows = [{**desk.row(number), cell: value} for number in range(3)]
    assert desk.submit(write_sheet(desk.folder / "week.csv", rows)).counts == {"skipped": 2, "refused_before": 1}
    assert len(desk.sandbox.posts) == 3


def test_a_row_that_is_not_tried_again_is_open_everywhere(desk: Bench) -> None:
    """Exit code, screen, list of batches, report and the rows to fix; what JSON adds up stays as it was."""
    planned = plan_file(desk.folder / "week.csv", desk.settings, desk.world, Options(dry_run=True))
    assert (planned.counts, planned.needs_look) == ({"skipped": 2, "refused_before": 1}, True)
    tally = desk.submit(desk.folder / "week.csv")
    assert (tally.counts, tally.needs_look) == ({"skipped": 2, "refused_before": 1}, True)
    assert describe_counts(tally.counts) == "2 already taken in, 1 refused by the provider before"
    shape = shape_tally(tally)
    assert (shape["skipped"], shape["rejected"], shape["refused_before"]) == (3, 0, 1)
    assert sum(shape[name] for name in COUNTS) == 3
    assert [counts for _, counts in list_batches(desk.settings, desk.world)][1] == tally.counts
    page = tally.reports[0].read_text(encoding="utf-8")
    assert "refused by the provider" in page
    assert "1 needs attention" in page
    assert "all is well" not in page
    assert any("failed-rows" in path.name for path in tally.marked)


def test_once_it_went_after_all_it_is_counted_as_that(desk: Bench) -> None:
    """The batch that left it alone follows its entry."""
    desk.submit(desk.folder / "week.csv")
    desk.submit(desk.sheet([desk.row(0), changed(desk.row(1), CampaignName="Sale one"), desk.row(2)]))
    listed = [counts for _, counts in list_batches(desk.settings, desk.world)]
    assert listed == [{"accepted": 2, "replaced": 1}, {"skipped": 2, "replaced": 1}, {"skipped": 2, "accepted": 1}]


def drop_twice(team: Round) -> str:
    """Drop a sheet, one row of which is refused, and the same sheet again; give the second note."""
    team.desk.sandbox.faults.add("422@2")
    for _ in range(2):
        team.drop(3)
        team.watch(60)
    notes = sorted((team.folder / "attention").glob("*what happened.txt"))
    assert len(notes) == 2
    return notes[-1].read_text(encoding="utf-8")


def test_a_dropped_sheet_with_one_lies_in_attention_with_the_reason() -> None:
    """It was "already taken in", in the folder done."""
    with weekly() as team:
        words = drop_twice(team)
        assert "2 already taken in, 1 refused by the provider before." in words
        assert "Then drop the fixed file again." in words
