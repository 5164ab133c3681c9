"""What the provider's lists prove about a doubt: sentence by sentence of the protocol."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from core_support import NOW, SOON, SPAN, list_entry, make_entry, read

from batch.core.settle import MOST_ATTEMPTS, Instant, Reading, Settlement, distrust, find_by_tag, settle, time_left
from batch.model import Level, Listed, Status

WAIT, GAP, LEAD = timedelta(seconds=300), timedelta(seconds=30), timedelta(minutes=10)
ENTRY = make_entry(7, status=Status.IN_DOUBT, provider_id="", attempts=1)
ARRIVED = list_entry(ENTRY, id="12345")
ENDED = NOW - WAIT
SAY_WHAT = (
    "look for it in the dashboard and say what you saw: "
    '"campaign-batch resolve 7 --accepted ID (or --not-sent) --why ..."'
)


def end(entry=ENTRY, *readings: Reading, **changes) -> Settlement:
    """Settle a doubt on two readings that are late enough and far enough apart, or on those given."""
    wanted = {
        "ended": Instant(ENDED),
        "claimed": (),
        "now": NOW + GAP,
        "wait": WAIT,
        "gap": GAP,
        "lead": LEAD,
        "span": SPAN,
        **changes,
    }
    return settle(entry, readings or (read(), read(at=NOW + GAP)), **wanted)


def both(scheduled: list[Listed] | None = None, sent: list[Listed] | None = None) -> tuple[Reading, Reading]:
    return read(scheduled, sent), read(scheduled, sent, at=NOW + GAP)


# The tag.


def test_the_tag_once_is_proof_that_it_arrived():
    """With the Id, the contacts and the status of the list."""
    settled = end(ENTRY, read([ARRIVED]))
    assert (settled.status, settled.listed, settled.evidence) == (Status.ACCEPTED, ARRIVED, "12345")
    assert settled.why == "found at the provider as 12345 by its tag; nothing was sent again"
    assert (settled.entry, settled.issues) == (7, ())


def test_presence_needs_no_waiting():
    """One reading is enough, however early."""
    assert end(ENTRY, read([ARRIVED], at=ENDED), ended=Instant(NOW)).status is Status.ACCEPTED


def test_a_campaign_that_was_sent_in_the_meantime_arrived():
    """It stands in the sent history."""
    assert end(ENTRY, read([], [ARRIVED])).status is Status.ACCEPTED


def test_a_campaign_on_its_way_from_list_to_list_is_one():
    """Whatever Id the second list gives it."""
    settled = end(ENTRY, read([ARRIVED], [replace(ARRIVED, id="99")]))
    assert (settled.status, settled.evidence) == (Status.ACCEPTED, "12345")


def test_the_newest_of_several_readings_is_believed():
    """Its status may have moved."""
    newer = replace(ARRIVED, status_id=1)
    assert end(ENTRY, read([ARRIVED]), read([newer], at=NOW + GAP)).listed == newer
    assert end(ENTRY, read([ARRIVED]), read([], at=NOW + GAP)).status is Status.ACCEPTED


@pytest.mark.parametrize("where", [0, 1])
def test_the_tag_twice_is_a_double_and_held(where):
    """Even when only one of the readings shows both."""
    twice = [ARRIVED, replace(ARRIVED, id="12346")]
    lists = (twice, []) if where == 0 else ([], twice)
    settled = end(ENTRY, read(*lists), read([ARRIVED], at=NOW + GAP))
    assert (settled.status, settled.evidence, settled.listed) == (Status.HELD, "12345, 12346", ARRIVED)
    assert settled.why == (
        "the provider holds this campaign 2 times (Ids 12345, 12346): delete all but one in the dashboard and type "
        '"campaign-batch resolve 7 --accepted ID --why ..." with the Id of the one that stays'
    )
    (issue,) = settled.issues
    assert (issue.code, issue.level, issue.row, issue.message) == ("held-twice", Level.HOLD, 8, settled.why)


def test_two_items_without_an_id_are_two():
    """Nothing says that they are the same."""
    nameless = replace(ARRIVED, id="")
    assert end(ENTRY, read([nameless, nameless])).issues[0].code == "held-twice"


@pytest.mark.parametrize(("item", "claimed"), [(ARRIVED, {"12345"}), (replace(ARRIVED, id=""), set())])
def test_an_id_that_cannot_be_taken_leaves_it_to_a_person(item, claimed):
    """Another row has it, or it is none: sending again would text people twice anyway."""
    settled = end(ENTRY, *both([item]), claimed=claimed)
    assert (settled.status, settled.issues[0].code) == (Status.HELD, "looks-alike")
    assert f"(Id {item.id or 'none'})" in settled.why


def test_another_tag_is_another_campaign():
    """The same text to the same groups at another time is common; but the tag must be one of this ledger."""
    other = replace(ARRIVED, name="Spring sale #zzzzzzzz")
    inside = replace(ARRIVED, name=f"{ENTRY.tag} #zzzzzzzz")
    for item in (other, inside):
        assert end(ENTRY, *both([item]), tags={ENTRY.tag, "zzzzzzzz"}).status is Status.PLANNED
        assert end(ENTRY, *both([item])).issues[0].code == "looks-alike"


@pytest.mark.parametrize("word", ["save2024", "k7f3q2m9"])
def test_what_only_looks_like_a_tag_hides_nothing_that_may_be_ours(word):
    """A hand typed it, or another ledger made it: it is our text at our time anyway."""
    other = replace(ARRIVED, name=f"Spring sale #{word}")
    settled = end(ENTRY, *both([other]), tags={ENTRY.tag})
    assert (settled.status, settled.issues[0].code) == (Status.HELD, "looks-alike")


# Absence.


def test_what_is_on_neither_list_in_two_readings_did_not_arrive():
    """And can be sent."""
    settled = end()
    assert (settled.status, settled.listed) == (Status.PLANNED, None)
    assert settled.why == "it is on neither of the provider's lists, in two readings: it did not arrive and can be sent"


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    "readings",
    [
        (),
        (read(at=NOW + GAP),),
        (read(), read(at=NOW + GAP - SECOND)),
        (read(at=NOW - SECOND), read(at=NOW + GAP - SECOND)),
        (read(at=NOW - 10 * GAP), read(at=NOW - SECOND), read(at=NOW)),
    ],
)
def test_absence_is_not_proven_early(readings):
    """None, one, too near to each other, or the first one too soon after the attempt."""
    settled = settle(
        ENTRY, readings, ended=Instant(ENDED), claimed=(), now=NOW + GAP, wait=WAIT, gap=GAP, lead=LEAD, span=SPAN
    )  # fmt: skip
    assert settled == Settlement(7, Status.IN_DOUBT, "not yet settled: too early to rule out that it arrives late")


def test_three_readings_count_from_the_first_that_was_late_enough():
    """Those before it prove nothing."""
    early, first, second = read(at=NOW - SECOND), read(at=NOW), read(at=NOW + GAP)
    assert end(ENTRY, early, first, second).status is Status.PLANNED


def at(seconds: float, *, wall: float | None = None) -> Instant:
    """Give the moment so many seconds after the attempt ended, on a wall clock that may show something else."""
    return Instant(ENDED + timedelta(seconds=seconds if wall is None else wall), 1000 + seconds)


def seen(moment: Instant) -> Reading:
    return replace(read(at=moment.at), ticks=moment.ticks)


def test_of_two_clocks_the_one_that_says_less_is_believed():
    """A wall clock may be set, and a monotonic one may stand still while a laptop sleeps."""
    assert at(10, wall=600).since(at(0)) == 10 * SECOND
    assert at(10, wall=5).since(at(0)) == 5 * SECOND
    assert at(10, wall=-5).since(at(0)) == -5 * SECOND
    assert at(10, wall=600).since(Instant(ENDED)) == Instant(ENDED + 600 * SECOND).since(at(0)) == 600 * SECOND


@pytest.mark.parametrize(
    ("readings", "status", "left"),
    [
        ([at(300), at(330)], Status.PLANNED, 0),
        ([at(10, wall=610), at(40, wall=640)], Status.IN_DOUBT, 260),
        ([at(300), at(301, wall=901)], Status.IN_DOUBT, 29),
        ([at(300), at(330, wall=329)], Status.IN_DOUBT, 1),
        ([at(299, wall=299)], Status.IN_DOUBT, 1),
    ],
)
def test_a_wall_clock_that_is_set_forward_proves_no_absence(readings, status, left):
    """Neither after the attempt nor between two readings; and it is said how long another reading must wait."""
    settled = end(ENTRY, *(seen(moment) for moment in readings), ended=at(0))
    assert settled.status is status
    wanted = {"ended": at(0), "now": readings[-1], "wait": WAIT, "gap": GAP}
    assert time_left([seen(moment) for moment in readings], **wanted) == left * SECOND


@pytest.mark.parametrize(("attempts", "status"), [(MOST_ATTEMPTS - 1, Status.PLANNED), (MOST_ATTEMPTS, Status.HELD)])
def test_the_third_attempt_was_the_last(attempts, status):
    """Then a person decides."""
    settled = end(replace(ENTRY, attempts=attempts))
    assert settled.status is status
    if status is Status.HELD:
        assert settled.issues[0].code == "tried-often"
        assert f"in two readings, after 3 attempts: {SAY_WHAT}" in settled.why
        assert settled.evidence == ""


@pytest.mark.parametrize(
    ("send_at", "status"),
    [(NOW + GAP + LEAD, Status.EXPIRED), (NOW + GAP + LEAD + SECOND, Status.PLANNED), (None, Status.EXPIRED)],
)
def test_without_time_left_it_is_too_late(send_at, status):
    """The lead time is kept; three attempts do not matter then."""
    settled = end(replace(ENTRY, send_at=send_at, attempts=3 if status is Status.EXPIRED else 0))
    assert settled.status is status
    if status is Status.EXPIRED:
        assert settled.why.endswith("and its time is too near to send it again")


# Near matches.


def alike(**changes) -> Listed:
    """Show a campaign with our text at our time, under another name and to other groups."""
    return replace(ARRIVED, **{"name": "Whatever", "group_ids": ("900",), **changes})


def test_our_text_at_our_time_without_our_tag_is_held():
    """Nothing is sent in its place, and a person is told how to end it."""
    settled = end(ENTRY, *both([alike(send_at=ARRIVED.send_at[:16], message=" 20%  off")]))
    assert (settled.status, settled.evidence) == (Status.HELD, "12345")
    assert settled.why == (
        'the provider holds "Whatever" (Id 12345), which may be this campaign, but does not have our tag: if it is '
        'this one, type "campaign-batch resolve 7 --accepted 12345 --why ..."; if not, the same with --not-sent'
    )
    assert (settled.issues[0].code, settled.listed.id) == ("looks-alike", "12345")


@pytest.mark.parametrize(
    "shown",
    [
        {"group_ids": ("101", "100")},
        {"name": "Spring sale"},
        {"name": " Spring  sa"},
        {"name": ENTRY.provider_name[:-5]},
    ],
)
def test_to_our_groups_or_by_our_name_at_our_time_is_held_whatever_its_text(shown):
    """A provider may cut the tag and alter the text, too."""
    settled = end(ENTRY, *both([alike(message="30% off", **shown)]))
    assert (settled.status, settled.issues[0].code) == (Status.HELD, "looks-alike")
    later = alike(message="30% off", send_at="2026-02-05 10:01:00", **shown)
    assert end(ENTRY, *both([later])).status is Status.PLANNED


def test_a_near_match_in_the_sent_history_or_in_one_reading_only_holds_too():
    """Each of them may be it."""
    assert end(ENTRY, *both([], [alike()])).status is Status.HELD
    assert end(ENTRY, read([alike()]), read(at=NOW + GAP)).status is Status.HELD


def test_a_near_match_is_no_reason_before_the_tag_had_its_time():
    """The tagged one may still arrive, and then it is that one."""
    assert end(ENTRY, read([alike()])).status is Status.IN_DOUBT
    settled = end(ENTRY, read([alike()]), read([alike(), replace(ARRIVED, id="2")], at=NOW + GAP))
    assert (settled.status, settled.evidence) == (Status.ACCEPTED, "2")


@pytest.mark.parametrize(
    "item",
    [
        alike(message="30% off"),
        alike(send_at="2026-02-05 10:01:00"),
        alike(name="Sale #zzzzzzzz"),
        alike(message="30% off", group_ids=None),
        alike(message="30% off", group_ids=("100",)),
        alike(message="30% off", name=""),
        alike(message="30% off", name="pring sale"),
    ],
)
def test_other_campaigns_are_not_alike(item):
    """Other text, other minute, or a tag of its own."""
    assert end(ENTRY, *both([item]), tags={"zzzzzzzz"}).status is Status.PLANNED


def test_a_near_match_that_another_row_has_is_that_rows():
    """Its Id is claimed."""
    assert end(ENTRY, *both([alike()]), claimed={"12345"}).status is Status.PLANNED


def test_the_id_of_a_broken_answer_is_held_whatever_stands_there():
    """It was given to this very request."""
    odd = alike(message="?", send_at="?")
    assert end(ENTRY, *both([odd]), broken_id="12345").status is Status.HELD
    assert end(ENTRY, *both([odd]), broken_id="1").status is Status.PLANNED
    assert end(ENTRY, *both([replace(odd, id="")])).status is Status.PLANNED


def test_without_tags_every_doubt_ends_in_a_persons_hands():
    """The lists cannot prove that it did not arrive."""
    untagged = make_entry(7, tag="", status=Status.IN_DOUBT, provider_id="")
    settled = end(untagged)
    assert (settled.status, settled.issues[0].code) == (Status.HELD, "no-tag")
    assert settled.why == (f"names carry no tags here, so the lists cannot prove that it did not arrive: {SAY_WHAT}")
    assert end(untagged, *both([list_entry(untagged, id="5")])).issues[0].code == "looks-alike"
    assert end(untagged, *both([replace(alike(), name="No tag", message="other")])).issues[0].code == "no-tag"
    assert end(untagged, read()).status is Status.IN_DOUBT


# Readings that prove nothing.


def test_a_list_that_is_not_whole_proves_nothing():
    """Either of the two."""
    cut = read(complete=False, why="page 2 of 3 is missing")
    assert distrust(cut, ()) == "the list of the scheduled campaigns is not complete: page 2 of 3 is missing"
    sent = Reading(read().scheduled, cut.scheduled)
    assert distrust(sent, ()) == "the list of the sent history is not complete: page 2 of 3 is missing"


def test_a_list_that_lacks_what_was_accepted_proves_nothing():
    """It may lack others too; three of them are named."""
    reading = read([replace(ARRIVED, id="1")], [replace(ARRIVED, id="2")])
    assert distrust(reading, {"1", "2"}) == ""
    assert distrust(reading, ()) == ""
    assert distrust(reading, {"1", "5", "4"}) == ("the provider's lists lack 2 campaigns accepted earlier (Id 4, 5)")
    assert distrust(reading, {"3", "4", "5"}).endswith("(Id 3, 4, 5)")
    assert distrust(reading, {"3", "4", "5", "6"}).endswith("lack 4 campaigns accepted earlier (Id 3, 4, 5, ...)")


def test_a_reading_is_as_old_as_its_beginning():
    """What came while it was read may be missing."""
    assert read(at=SOON).begun == Instant(SOON)


def test_what_both_lists_hold_is_found_by_tag():
    """Names without a tag are left out."""
    other = replace(ARRIVED, id="2", name="Other #zzzzzzzz")
    found = find_by_tag(read([ARRIVED, ARRIVED, alike()], [other, replace(other, id="3"), ARRIVED]))
    assert found == {ENTRY.tag: (ARRIVED,), "zzzzzzzz": (other, replace(other, id="3"))}
