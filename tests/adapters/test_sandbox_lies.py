"""The sandbox's lists lie on order, its clock goes wrong on order, and it rewrites what it takes; over real sockets."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime

import pytest
from sandbox_support import NOON, PAYLOAD, SCHEDULED, SENT, Caller, sandboxes

from batch.adapters.sandbox import KINDS, parse_fault

NAMES = ("Café  sale #k7f3q2m9", "B & B's #aaaaaaaa", "C #bbbbbbbb", "D #cccccccc", "E #dddddddd")


@pytest.fixture
def make() -> Iterator[Callable[..., Caller]]:
    with sandboxes() as start:
        yield start


def filled(caller: Caller) -> Caller:
    """Let a sandbox hold five campaigns, an hour apart."""
    for place, name in enumerate(NAMES):
        caller.sandbox.create(**{**PAYLOAD, "CampaignName": name, "DateTime": f"2031-03-04 1{place}:00:00"})
    return caller


def ids(caller: Caller, path: str = SCHEDULED) -> list[int]:
    return [int(one["Id"]) - 12344 for one in caller.read(path)]


def names(caller: Caller, path: str = SCHEDULED) -> list[str]:
    return [one["CampaignName"] for one in caller.read(path)]


@pytest.mark.parametrize(
    ("lie", "shown"),
    [
        ("list-empty", []),
        ("list-first-only", [1]),
        ("list-newest-missing", [1, 2, 3, 4]),
        ("list-oldest-missing", [2, 3, 4, 5]),
        ("list-cut-pages", [1, 2]),
        ("list-last-page-missing", []),
        ("list-stale-60", []),
        ("list-total-off", [1, 2, 3, 4, 5]),
    ],
)
@pytest.mark.parametrize("path", [SCHEDULED, SENT])
def test_a_list_leaves_out_what_it_shall(make, path, lie, shown):
    """For the scheduled and for the sent ones alike; the books of the sandbox stay true."""
    caller = filled(make())
    if path == SENT:
        caller.sandbox.advance(days=2)
        lie = lie.replace("-60", "-180000")
    caller.sandbox.faults.add(f"{'sent' if path == SENT else 'scheduled'}={lie}")
    assert ids(caller, path) == shown
    assert len(caller.sandbox.campaigns) == 5
    caller.sandbox.faults.clear()
    assert ids(caller, path) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("whole", [False, True])
def test_a_list_with_its_newest_first_leaves_out_the_same(make, whole):
    """What is newest is so by its Id, wherever it stands."""
    caller = filled(make(newest_first=True, whole_list=whole, faults=["list-newest-missing"]))
    assert ids(caller) == ([4, 3, 2, 1])


def test_the_list_of_another_account_has_groups_that_this_one_never_had(make):
    """Its campaigns, and its groups when those are asked for."""
    caller = filled(make(faults=["reads=list-other-account"]))
    shown = caller.read(SCHEDULED)
    ours = {str(number) for number in caller.sandbox.account.groups}
    assert len(shown) == 5
    assert not {group for one in shown for group in one["GroupIds"]} & ours
    assert not {one["CampaignName"] for one in shown} & set(NAMES)
    assert len(caller.read(SENT)) == 3
    theirs = {str(one["Id"]) for one in caller.read("groups/index")}
    assert {group for one in shown for group in one["GroupIds"]} <= theirs
    assert not theirs & ours


def test_a_stale_list_shows_what_was_there_then(make):
    """Campaigns that were made, changed, deleted or sent since are as they were, by the sandbox's own clock."""
    caller = filled(make())
    caller.sandbox.advance(60)
    caller.sandbox.rename(12345, "renamed")
    caller.sandbox.delete(12346)
    caller.sandbox.create(**{**PAYLOAD, "CampaignName": "new"})
    caller.sandbox.faults.add("list-stale-30x1")
    assert names(caller) == list(NAMES)
    assert names(caller) == ["renamed", *NAMES[2:], "new"]
    caller.sandbox.advance(days=2)
    caller.sandbox.faults.add("list-stale-172800x1")
    assert (ids(caller), ids(caller)) == ([1, 3, 4, 5, 6], [])
    caller.sandbox.faults.add("sent=list-stale-172800x1")
    assert (ids(caller, SENT), ids(caller, SENT)) == ([], [1, 3, 4, 5, 6])


def test_a_total_that_is_off_by_one_is_announced(make):
    """The list itself is whole."""
    caller = filled(make(faults=["list-total-offx1"]))
    totals = [caller.get(SCHEDULED).headers["X-Pagination-Total-Count"] for _ in range(2)]
    assert totals == ["6", "5"]


def test_pages_are_cut_while_the_headers_announce_them_whole(make):
    """Half of each page is missing; a list that ends a page early announces no more than it shows."""
    caller = filled(make(page_size=2, faults=["list-cut-pages"]))
    answers = [caller.get(SCHEDULED, page=page) for page in (1, 2, 3)]
    assert [[one["Id"] for one in json.loads(answer.content)] for answer in answers] == [["12345"], ["12347"], []]
    assert {answer.headers["X-Pagination-Total-Count"] for answer in answers} == {"5"}
    caller.sandbox.faults.clear()
    caller.sandbox.faults.add("list-last-page-missing")
    assert [one["Id"] for one in caller.read(SCHEDULED)] == ["12345", "12346"]
    last = caller.get(SCHEDULED, page=3)
    assert [one["Id"] for one in json.loads(last.content)] == ["12347", "12348"]
    assert (last.headers["X-Pagination-Page-Count"], last.headers["X-Pagination-Total-Count"]) == ("2", "4")


@pytest.mark.parametrize(
    ("lie", "shown"),
    [
        ("list-names-upper", ["CAFÉ  SALE #K7F3Q2M9", "B & B'S #AAAAAAAA"]),
        ("list-names-cut", ["Café  sale #k7f", "B & B's #aaa"]),
        ("list-names-trim", ["Café sale #k7f3q2m9", "B & B's #aaaaaaaa"]),
        ("list-names-html", ["Café  sale &#35;k7f3q2m9", "B &amp; B&#x27;s &#35;aaaaaaaa"]),
        ("list-names-nfd", [unicodedata.normalize("NFD", NAMES[0]), NAMES[1]]),
    ],
)
def test_names_are_shown_otherwise_than_they_are_held(make, lie, shown):
    """In both lists; the answer to a POST has the name as it is."""
    caller = filled(make(faults=[lie]))
    assert names(caller)[:2] == shown
    assert json.loads(caller.post().content)[0]["CampaignName"] == PAYLOAD["CampaignName"]
    caller.sandbox.advance(days=2)
    caller.sandbox.faults.add(f"sent={lie}")
    assert names(caller, SENT)[:2] == shown


def test_times_are_shown_in_another_zone(make):
    """Three hours to the west, in both lists."""
    caller = filled(make(faults=["reads=list-times-zone"]))
    assert [one["DateTime"] for one in caller.read(SCHEDULED)][:2] == ["2031-03-04 07:00:00", "2031-03-04 08:00:00"]
    caller.sandbox.advance(days=2)
    assert caller.read(SENT)[0]["DateTime"] == "2031-03-04 07:00:00"


def test_several_lies_go_together_and_each_ends_in_its_time(make):
    """All that fit count, in their order, and a fault of the wire beside them."""
    caller = filled(make(faults=["list-first-onlyx2", "list-names-upperx1", "scheduled=503@3"]))
    assert names(caller) == [NAMES[0].upper()]
    assert names(caller) == [NAMES[0]]
    assert caller.get(SCHEDULED).status == 503
    assert names(caller) == list(NAMES)


def test_a_reading_with_all_its_pages_counts_as_one(make):
    """`x1` is one reading, `@2` the second one, whatever the number of pages."""
    caller = filled(make(page_size=2, faults=["list-oldest-missingx1", "list-names-upper@3"]))

    def read() -> list[str]:
        return [
            name for page in (1, 2, 3) for name in [one["CampaignName"] for one in caller.read(SCHEDULED, page=page)]
        ]

    assert read()[:4] == list(NAMES[1:])
    assert read() == list(NAMES)
    assert read() == [name.upper() for name in NAMES]
    assert read() == list(NAMES)


@pytest.mark.parametrize(("spec", "offset"), [("date-ahead-90", 90), ("date-behind-3600", -3600)])
def test_the_date_of_the_answers_is_off_on_order(make, spec, offset):
    """Of every answer, the refused ones too when the sandbox was started so; its own clock stays right."""
    caller = make(faults=[f"{spec}x1"])
    seen = [parsedate_to_datetime(caller.get(SCHEDULED).headers["Date"]).timestamp() - NOON for _ in range(2)]
    assert seen == [offset, 0]
    caller.sandbox.faults.add(f"posts={spec}")
    assert parsedate_to_datetime(caller.post().headers["Date"]).timestamp() - NOON == offset
    askew = make(date_offset=offset)
    refused = askew.ask("GET", SCHEDULED, token="wrong")
    assert (refused.status, parsedate_to_datetime(refused.headers["Date"]).timestamp() - NOON) == (401, offset)
    assert askew.sandbox.now() == NOON


@pytest.mark.parametrize("fault", ["rewrite", "rewrite-lost"])
def test_a_provider_rewrites_the_name_and_shifts_the_time(make, fault):
    """The tag is gone and the time is three hours later, in the answer, if there is one, and in the list."""
    caller = make(faults=[f"{fault}x1"])
    if fault == "rewrite":
        assert json.loads(caller.post().content)[0]["CampaignName"] == "Sale (1)"
    else:
        with pytest.raises(OSError, match="closed"):
            caller.post()
    shown = caller.read(SCHEDULED)[0]
    assert (shown["CampaignName"], shown["DateTime"]) == ("Sale (1)", "2031-03-04 13:00:00")
    assert shown["Message"] == PAYLOAD["Message"]


def test_a_lie_needs_a_list(make):
    """Its words are checked where the order is given; a number stands where the word has N."""
    assert parse_fault("list-empty").target == "scheduled"
    assert parse_fault("date-ahead-5").target == "all"
    assert parse_fault("sent=list-stale-600x3").kind == "list-stale-600"
    with pytest.raises(ValueError, match='"posts" is not a list'):
        parse_fault("posts=list-empty")
    for wrong in ("list-stale-N", "list-stale", "list-empty-3", "date-ahead"):
        with pytest.raises(ValueError, match=f'no fault "{wrong}"'):
            parse_fault(wrong)
    assert {"list-stale-N", "date-ahead-N", "date-behind-N"} <= set(KINDS)


def test_the_faults_are_printed_on_demand(shell):
    """Each word with its meaning; nothing is started."""
    printed = shell.run("sandbox", "--faults")
    assert printed.code == 0
    assert [kind for kind in KINDS if f"\n{kind} " not in f"\n{printed.out}"] == []
