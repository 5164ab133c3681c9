"""The outcome table of the protocol, cell by cell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from wire_support import accepted, make_entry, make_listed, make_object

from batch.core.classify import classify
from batch.model import Answer, Failure, Issue, Level, Outcome, Status, Stop

ENTRY = make_entry()
NAME = ENTRY.provider_name


def said(status: int | None, body: bytes = b"", content_type: str = "application/json") -> Outcome:
    return classify(Answer(status, {"content-type": content_type}, body), ENTRY, {"777"})


def echoed(entry: Any = ENTRY, **changes: Any) -> Outcome:
    return classify(Answer(200, {}, accepted(**changes)), entry, {"777"})


def drift(field: str, ours: str, theirs: str) -> Issue:
    words = f'sent "{ours}", the provider shows "{theirs}": look at this campaign in the dashboard'
    return Issue(7, "", field, "drifted", words, Level.WARNING, theirs)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (
            Failure.NOT_SENT,
            Outcome(
                Status.PLANNED,
                "the provider could not be reached: the cable is out; nothing was sent",
                counts=False,
                unreachable=True,
            ),
        ),
        (
            Failure.CERTIFICATE,
            Outcome(
                Status.PLANNED,
                "the provider's certificate is wrong: the cable is out; nothing was sent",
                stop=Stop.CERTIFICATE,
                counts=False,
            ),
        ),
        (Failure.TOO_LATE, Outcome(Status.PLANNED, "connecting took too long; nothing was sent", counts=False)),
        (
            Failure.UNKNOWN,
            Outcome(Status.IN_DOUBT, "no complete answer came: the cable is out; it may have arrived or not"),
        ),
    ],
)
@pytest.mark.parametrize("status", [None, 200, 401, 422])
def test_a_request_without_a_whole_answer(failure, expected, status):
    """Only what provably was not sent is planned again, whatever status had been read before it broke."""
    answer = Answer(status, {}, accepted(), failure, "the cable is out")
    assert classify(answer, ENTRY, set()) == expected


def test_a_failure_without_words_says_so():
    """No sentence ends in nothing."""
    outcome = classify(Answer(None, failure=Failure.UNKNOWN), ENTRY, set())
    assert outcome.why == "no complete answer came: no reason is known; it may have arrived or not"


def test_every_failure_has_its_row():
    """A new kind of failure without a row of the table would be a crash in the middle of a run."""
    assert all(classify(Answer(None, failure=each), ENTRY, set()).why for each in Failure)


YII = b'{"name":"Unauthorized","message":"Your request was made with invalid credentials.","code":0,"status":401}'


def nothing_done(why: str, stop: Stop = Stop.NO, *, refused: bool = False) -> Outcome:
    return Outcome(Status.PLANNED, why, stop=stop, counts=False, refused=refused)


def expected_outcome(status: int) -> Outcome:
    """The table by status alone, with an empty body."""
    if status == 429:
        return nothing_done("the provider asks for a pause (429); nothing was scheduled", refused=True)
    if status in (401, 402, 403):
        return nothing_done(f"the provider refused the token or the account ({status})", Stop.TOKEN)
    if status in (404, 405, 406, 415):
        return nothing_done(f"the provider does not have this address ({status})", Stop.ADDRESS)
    if status in (400, 410, 413, 414, 422, 431):
        issue = Issue(
            7, "", "", "refused", f"the provider refused this row ({status}) and gave no reason: ask its support"
        )
        return Outcome(Status.REJECTED, f"the provider refused it ({status})", issues=(issue,))
    if status in (200, 201):
        return Outcome(Status.IN_DOUBT, f"the provider answered {status}, but not with one campaign")
    if 200 <= status < 300:
        return Outcome(Status.IN_DOUBT, f"the provider answered {status}, which does not say that it is scheduled")
    if 300 <= status < 400:
        why = f"the provider points to another address ({status}) and is not followed"
        return Outcome(Status.IN_DOUBT, why, stop=Stop.REDIRECT)
    return Outcome(Status.IN_DOUBT, f"the provider answered {status}; it may have scheduled it or not")


def test_every_status_has_its_row():
    """All five hundred, with nothing in the body."""
    for status in range(100, 600):
        assert said(status) == expected_outcome(status)


def test_the_best_of_bodies_does_not_mend_a_status():
    """Only 200 and 201 accept; 202 with an Id is a doubt anyway."""
    for status in {*range(100, 600)} - {200, 201}:
        assert said(status, accepted()).status is expected_outcome(status).status


def test_no_status_at_all_is_a_doubt():
    """It cannot happen, and if it does nobody is texted twice."""
    assert said(None) == Outcome(Status.IN_DOUBT, "no answer came; it may have arrived or not")


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("envelope", [lambda item: [item], lambda item: item])
def test_an_object_with_an_id_and_our_tag_is_an_acceptance(status, envelope):
    """As a list of one, or bare."""
    assert said(status, json.dumps(envelope(make_object())).encode()) == Outcome(
        Status.ACCEPTED,
        "scheduled as 12345",
        listed=make_listed(),
    )


def test_the_providers_xml_is_an_acceptance_too():
    """It comes when a proxy drops the Accept header."""
    body = f"<response><item><Id>12345</Id><CampaignName>{NAME}</CampaignName></item></response>".encode()
    outcome = said(200, body, "application/xml; charset=UTF-8")
    assert (outcome.status, outcome.why, outcome.issues) == (Status.ACCEPTED, "scheduled as 12345", ())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"[]",
        b"{}",
        b"null",
        b'"12345"',
        b"12345",
        b"<html><body>Welcome</body></html>",
        accepted()[:-2],
        json.dumps([make_object(), make_object(Id="12346")]).encode(),
        b'[["Id"]]',
        b"\xff\xfe",
        YII,
    ],
)
def test_a_200_that_is_not_one_campaign_is_a_doubt(body):
    """Empty, cut short, a page for browsers, two objects: none of it says what happened."""
    assert said(200, body) == Outcome(Status.IN_DOUBT, "the provider answered 200, but not with one campaign")


@pytest.mark.parametrize(
    "id", ["", None, 0, "0", -5, "-5", 1.5, 12.0, "12.0", "abc", True, [], {}, "1 2", "٣", "9" * 31]
)
def test_an_id_that_is_no_positive_integer_is_a_doubt(id):
    """Python would take true for 1; the ledger must not."""
    assert echoed(Id=id) == Outcome(Status.IN_DOUBT, "the provider answered 200, but without an Id")


@pytest.mark.parametrize("id", ["777", 777, " 777 ", "0777"])
def test_an_id_that_another_row_has_is_a_doubt(id):
    """Two rows cannot be one campaign."""
    assert echoed(Id=id) == Outcome(Status.IN_DOUBT, "the provider answered with Id 777, which another row has already")


@pytest.mark.parametrize(
    ("changes", "issue"),
    [
        ({"CampaignName": "Spring s #k7f3q2m9"}, drift("CampaignName", NAME, "Spring s #k7f3q2m9")),
        ({"Message": "10% off"}, drift("Message", "20% off until Sunday", "10% off")),
        ({"DateTime": "2026-12-01 11:00:00"}, drift("DateTime", "2026-12-01 10:00:00", "2026-12-01 11:00:00")),
        ({"GroupIds": [9, 100]}, drift("GroupIds", "100, 101", "9, 100")),
        ({"GroupIds": ["100"]}, drift("GroupIds", "100, 101", "100")),
        ({"TypeRecipients": 1}, drift("TypeRecipients", "0", "1")),
        ({"MmsTemplateId": 10586}, drift("MmsTemplateId", "", "10586")),
        ({"Subject": "Hello"}, drift("Subject", "", "Hello")),
    ],
)
def test_a_field_that_came_back_changed_is_said(changes, issue):
    """The campaign is scheduled, so it is accepted; somebody has to look."""
    outcome = echoed(**changes)
    assert (outcome.status, outcome.why, outcome.stop) == (Status.ACCEPTED, "scheduled as 12345", Stop.NO)
    assert outcome.issues == (issue,)


def test_all_that_came_back_changed_is_said_at_once():
    """In the order of the columns."""
    changed = {"Message": "x", "DateTime": "y", "GroupIds": [1], "TypeRecipients": 1, "Subject": "z"}
    fields = [issue.field for issue in echoed(**changed).issues]
    assert fields == ["Message", "DateTime", "GroupIds", "TypeRecipients", "Subject"]


@pytest.mark.parametrize(
    "changes",
    [
        {"GroupIds": ["101", 100, "100"]},
        {"GroupIds": None},
        {"GroupIds": ""},
        {"Message": " 20%  off until\nSunday"},
        {"Message": None},
        {"DateTime": ""},
        {"TypeRecipients": "0"},
        {"TypeRecipients": None},
        {"MmsTemplateId": 0},
        {"MmsTemplateId": None, "Subject": None},
        {"CampaignName": f" {NAME} "},
        {"New": "key"},
    ],
)
def test_what_is_only_written_differently_or_not_echoed_is_no_drift(changes):
    """Order, blanks, strings for numbers, fields that are left out."""
    outcome = echoed(**changes)
    assert (outcome.status, outcome.issues) == (Status.ACCEPTED, ())


def test_a_picture_that_did_not_come_back_is_said():
    """An MMS would have turned into an SMS."""
    outcome = echoed(make_entry(mms_template_id=10586, subject="Look"))
    assert outcome.issues == (drift("MmsTemplateId", "10586", ""), drift("Subject", "Look", ""))
    assert echoed(make_entry(mms_template_id=10586), MmsTemplateId="10586").issues == ()


@pytest.mark.parametrize(
    "name", ["Spring sale", "Spring sale #k7f3q2", "Spring sale #00000000", "", "Spring sale k7f3q2m9"]
)
def test_a_lost_tag_with_our_time_and_text_is_accepted_and_stops_the_run(name):
    """It is ours, but the next doubt could not be settled."""
    outcome = echoed(CampaignName=name)
    assert outcome.status is Status.ACCEPTED
    assert outcome.stop is Stop.TAG_LOST
    assert outcome.why == f'scheduled as 12345, but the provider changed its name to "{name}"'
    assert outcome.issues == (drift("CampaignName", NAME, name),)
    assert outcome.listed is not None
    assert outcome.listed.id == "12345"


@pytest.mark.parametrize("changes", [{"DateTime": "2026-12-01 11:00:00"}, {"Message": "10% off"}, {"Message": None}])
def test_a_lost_tag_and_another_time_or_text_is_a_doubt(changes):
    """It may be somebody else's campaign."""
    assert echoed(CampaignName="Spring sale", **changes) == Outcome(
        Status.IN_DOUBT,
        'the provider answered with Id 12345, but for a campaign "Spring sale" that is not this one',
    )


def test_without_tags_the_name_itself_must_come_back():
    """`tag_names = false`: then nothing else says whose campaign it is."""
    plain = make_entry(tag="", provider_name="Spring sale")
    assert echoed(plain, CampaignName="Spring  sale ").stop is Stop.NO
    assert echoed(plain, CampaignName="Spring sale").why == "scheduled as 12345"
    assert echoed(plain, CampaignName="Spring").stop is Stop.TAG_LOST
    assert echoed(plain, CampaignName="Spring sale #k7f3q2m9").stop is Stop.TAG_LOST
    assert echoed(plain, CampaignName="Spring", Message="other").status is Status.IN_DOUBT


def test_a_refused_row_gives_the_providers_words_field_by_field():
    """Yii2's body of a 422."""
    body = b'[{"field":"Message","message":"Message cannot be blank."},{"field":"GroupIds","message":"Unknown."}]'
    assert said(422, body) == Outcome(
        Status.REJECTED,
        "the provider refused it (422: Message: Message cannot be blank.; GroupIds: Unknown.)",
        issues=(
            Issue(7, "", "Message", "refused", "the provider says: Message cannot be blank."),
            Issue(7, "", "GroupIds", "refused", "the provider says: Unknown."),
        ),
    )


def test_the_words_of_a_stop_are_the_providers_too():
    """Match on the status, show the words."""
    why = "the provider refused the token or the account (401: Your request was made with invalid credentials.)"
    assert said(401, YII).why == why
    assert said(404, b'{"name":"Not Found","message":"Page not found."}').why == (
        "the provider does not have this address (404: Page not found.)"
    )
