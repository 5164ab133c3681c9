"""The sandbox over real sockets: shapes, quirks, limiter, faults, time, state, and the page for people."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from sandbox_support import JSON, NOON, PAYLOAD, POST, SCHEDULED, SENT, Caller, sandboxes
from wire_support import make_certificate

from batch.adapters.sandbox import KINDS, Faults, Limiter, parse_fault
from batch.adapters.sandbox.bodies import to_xml
from batch.model import Group


@pytest.fixture
def make() -> Iterator[Callable[..., Caller]]:
    with sandboxes() as start:
        yield start


def problems(answer) -> list[tuple[str, str]]:
    """Take the body of a 422 apart."""
    assert answer.status == 422
    return [(one["field"], one["message"]) for one in json.loads(answer.content)]


# shapes


def test_a_scheduled_campaign_has_the_documented_shape(make):
    """A list of one object: Id and ContactsCount strings, Status_Id a number, no picture an empty text."""
    answer = make().post()
    assert answer.status == 200
    assert json.loads(answer.content) == [
        {
            "Id": "12345",
            "CampaignName": "Sale #k7f3q2m9",
            "Message": PAYLOAD["Message"],
            "DateTime": "2031-03-04 10:00:00",
            "GroupIds": ["100", "101"],
            "TypeRecipients": 0,
            "ContactsCount": "800",
            "Status_Id": 3,
            "Status_Description": "Approved and Scheduled",
            "Type_Id": 1,
            "Type_Description": "SMS",
            "MmsTemplateId": "",
            "Subject": "",
        }
    ]


def test_the_list_of_scheduled_campaigns_repeats_the_answer(make):
    """What the POST answered is what the list shows."""
    caller = make()
    answer = json.loads(caller.post(MmsTemplateId=500, Subject="Hello", MmsHighResolution=1).content)
    assert caller.read(SCHEDULED) == answer
    assert (answer[0]["Type_Id"], answer[0]["Type_Description"], answer[0]["Subject"]) == (2, "MMS", "Hello")


def test_the_sent_history_shows_whole_numbers_and_neither_groups_nor_status(make):
    """Once its time has come a campaign moves over, with another shape."""
    caller = make()
    caller.post()
    caller.sandbox.advance(days=1)
    assert caller.read(SCHEDULED) == []
    assert caller.read(SENT) == [
        {
            "Id": 12345,
            "CampaignName": "Sale #k7f3q2m9",
            "Message": PAYLOAD["Message"],
            "DateTime": "2031-03-04 10:00:00",
            "ContactsCount": 800,
            "Type_Id": 1,
            "Type_Description": "SMS",
            "MmsTemplateId": "",
            "Subject": "",
        }
    ]


def test_groups_carry_their_members_and_some_overlap(make):
    """Ids are whole numbers, the membership is a list, and the VIPs belong to a city as well."""
    groups = {group["Id"]: group for group in make().read("groups/index")}
    assert groups[100]["Name"] == "Dallas stores"
    assert len(groups[100]["PhoneNumberIds"]) == 412
    assert len(set(groups[100]["PhoneNumberIds"]) & set(groups[120]["PhoneNumberIds"])) == 25
    assert groups[140]["PhoneNumberIds"] == []


def test_one_group_comes_as_a_bare_object(make):
    """groups/view has no list around it; an unknown id is 404, none at all 400."""
    caller = make()
    assert caller.read("groups/view", id=140)["Name"] == "New stores"
    assert caller.get("groups/view", id=999).status == 404
    assert caller.get("groups/view").status == 400


def test_a_contact_of_two_groups_counts_once(make):
    """ContactsCount is the number of people, not the sum of the groups."""
    assert json.loads(make().post(GroupIds=["100", "120"]).content)[0]["ContactsCount"] == str(412 + 15 * 25)


def test_templates_and_credits(make):
    """Templates have a status each; the balance is a bare object."""
    caller = make()
    states = {template["Id"]: template["Status_Description"] for template in caller.read("mms-template/index")}
    assert states[500] == "Approved"
    assert states[503] == "Processed pending approval"
    assert caller.read("credits/balance") == {"AvailableCredits": 250_000}


def test_delivery_comes_contact_by_contact_and_moves_on(make):
    """Right after sending all are Pending, a while later most are Delivered and nobody is."""
    caller = make()
    caller.post(GroupIds=["100"])
    assert caller.get("sent-history/group-contacts", id=12345).status == 404
    caller.sandbox.advance(22 * 3600)
    first = caller.read("sent-history/group-contacts", id=12345)
    assert len(first) == 100
    assert {one["DeliveryStatus_Description"] for one in first} == {"Pending"}
    caller.sandbox.advance(300)
    pages = [caller.read("sent-history/group-contacts", id=12345, page=page) for page in range(1, 6)]
    ids = [one["DeliveryStatus_Id"] for page in pages for one in page]
    assert len(ids) == 412
    assert ids.count(2) > 350
    assert {3, 9} <= set(ids)
    assert 1 not in ids


def test_delivery_of_one_number_can_be_asked_for(make):
    """`number` filters; numbers come as texts and, some of them, bare."""
    caller = make()
    caller.post(GroupIds=["130"])
    caller.sandbox.advance(days=2)
    whole = caller.read("sent-history/group-contacts", id=12345)
    assert {type(one["Number"]) for one in whole} == {str, int}
    wanted = whole[2]
    assert caller.read("sent-history/group-contacts", id=12345, number=wanted["Number"]) == [wanted]


@pytest.mark.parametrize("accept", ["application/xml", "*/*", ""])
def test_whatever_does_not_ask_for_json_gets_xml(make, accept):
    """The XML has ContactsCount twice and an empty element for what is absent."""
    caller = make()
    headers = {"Content-Type": "application/json", "Accept": accept}
    answer = caller.ask("POST", POST, PAYLOAD, headers)
    assert answer.headers["Content-Type"].startswith("application/xml")
    item = ElementTree.fromstring(answer.content).find("item")
    assert item.findtext("Message") == PAYLOAD["Message"]
    assert [count.text for count in item.findall("ContactsCount")] == ["800", "800"]
    assert [group.text for group in item.find("GroupIds")] == ["100", "101"]
    assert item.find("MmsTemplateId").text is None


def test_errors_come_as_xml_too(make):
    """A refusal follows the Accept header like everything else."""
    answer = make().ask("GET", SCHEDULED, headers={"Accept": "application/xml"}, token="wrong")
    assert ElementTree.fromstring(answer.content).findtext("status") == "401"


def test_characters_that_xml_forbids_are_left_out():
    """A control character in a text does not break the document."""
    assert ElementTree.fromstring(to_xml(["a\x00b"])).findtext("item") == "ab"


# refusals


def test_a_wrong_or_missing_token_is_401_in_the_words_of_the_back_end(make):
    """The body is Yii's error object, and no limiter header stands on it."""
    caller = make(limit=60)
    answer = caller.get(SCHEDULED, token="wrong")
    assert json.loads(answer.content) == {
        "name": "Unauthorized",
        "message": "Your request was made with invalid credentials.",
        "code": 0,
        "status": 401,
        "type": "yii\\web\\UnauthorizedHttpException",
    }
    assert answer.headers["X-Rate-Limit-Limit"] is None
    assert caller.get(SCHEDULED, token="").status == 401


def test_wrong_addresses_verbs_and_bodies_are_refused(make):
    """404, 405 with Allow, 415, 400; and nothing is created."""
    caller = make()
    assert caller.get("sms/nothing").status == 404
    refused = caller.get(POST)
    assert (refused.status, refused.headers["Allow"]) == (405, "POST")
    assert caller.ask("DELETE", SCHEDULED).status == 405
    plain = {"Accept": "application/json", "Content-Type": "text/plain"}
    assert caller.ask("POST", POST, PAYLOAD, plain).status == 415
    for body in (b"{", b"[1]", b'{"Message": "\\ud83d"}', b"\xff"):
        assert caller.ask("POST", POST, body).status == 400
    assert caller.sandbox.campaigns == []


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"Message": None}, "Message", "Message cannot be blank."),
        ({"Message": "  "}, "Message", "Message cannot be blank."),
        ({"Message": 5}, "Message", "Message must be a string."),
        ({"Message": "x" * 481}, "Message", "Message should contain at most 480 characters."),
        ({"GroupIds": None}, "GroupIds", "Group Ids cannot be blank."),
        ({"GroupIds": []}, "GroupIds", "Group Ids cannot be blank."),
        ({"GroupIds": "100"}, "GroupIds", "Group Ids must be an array."),
        ({"GroupIds": ["100", "999"]}, "GroupIds", "Group Ids is invalid."),
        ({"GroupIds": [True]}, "GroupIds", "Group Ids is invalid."),
        ({"CampaignName": 7}, "CampaignName", "Campaign Name must be a string."),
        ({"DateTime": "2031-03-04T10:00:00"}, "DateTime", "The format of Date Time is invalid."),
        ({"DateTime": "2031-02-30 10:00:00"}, "DateTime", "The format of Date Time is invalid."),
        ({"DateTime": "2031-03-03 11:59:59"}, "DateTime", "Date Time must not be in the past."),
        ({"MmsTemplateId": "x"}, "MmsTemplateId", "Mms Template Id must be an integer."),
        ({"MmsTemplateId": 999}, "MmsTemplateId", "Mms Template Id is invalid."),
        ({"MmsTemplateId": 503}, "MmsTemplateId", "The MMS template is not approved."),
        ({"MmsHighResolution": 2}, "MmsHighResolution", "Mms High Resolution is invalid."),
        ({"Subject": 1}, "Subject", "Subject must be a string."),
        ({"TypeRecipients": "single"}, "TypeRecipients", "Type Recipients is invalid."),
    ],
)
def test_a_field_that_is_wrong_is_named(make, changes, field, words):
    """422 says the field and what is wrong with it, and creates nothing."""
    caller = make()
    assert problems(caller.post(**changes)) == [(field, words)]
    assert caller.sandbox.campaigns == []
    assert caller.sandbox.posts[0].created is None


def test_all_that_is_wrong_is_said_at_once(make):
    """Two wrong fields are two members of the list."""
    assert [field for field, _ in problems(make().post(Message="", GroupIds=[]))] == ["Message", "GroupIds"]


def test_without_a_time_it_goes_at_once(make):
    """No DateTime means now."""
    caller = make()
    assert caller.post(DateTime=None).status == 200
    assert [campaign.id for campaign in caller.sandbox.sent] == [12345]


def test_a_lenient_sandbox_knows_every_group_and_picture(make):
    """A rehearsal needs no list of groups; an invented one always has the same people."""
    caller = make(lenient=True)
    first = json.loads(caller.post(GroupIds=["4711"], MmsTemplateId=9).content)[0]["ContactsCount"]
    assert json.loads(make(lenient=True).post(GroupIds=["4711"]).content)[0]["ContactsCount"] == first
    assert caller.read("groups/view", id=4711)["Name"] == "Group 4711"
    assert problems(caller.post(GroupIds=["0"])) == [("GroupIds", "Group Ids is invalid.")]


# limiter and paging


@pytest.mark.parametrize("every", [30, 59])
def test_a_caller_that_asks_too_often_is_never_let_in(every):
    """60 an hour, used up, then asked more often than once a minute: a refusal sets the clock back each time."""
    limiter = Limiter(60, 3600, 0)
    assert [limiter.ask(0).allowed for _ in range(61)].count(True) == 60
    assert not any(limiter.ask(every * turn).allowed for turn in range(1, 60))


def test_a_caller_that_waits_long_enough_always_gets_in():
    """One request each 61 s is let in every time."""
    limiter = Limiter(60, 3600, 0)
    for _ in range(61):
        limiter.ask(0)
    assert all(limiter.ask(61 * turn).allowed for turn in range(1, 60))


def test_the_limiter_speaks_in_headers(make):
    """Remaining falls and Reset is in seconds; a refusal tells the window, and nothing is done."""
    now = [NOON]
    caller = make(limit=2, window=10, clock=lambda: now[0])
    seen = [caller.post() for _ in range(3)]
    names = ("X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset")
    assert [[answer.headers[name] for name in names] for answer in seen] == [
        ["2", "1", "0"],
        ["2", "0", "5"],
        ["2", "0", "10"],
    ]
    assert json.loads(seen[2].content)["message"] == "Rate limit exceeded."
    assert (seen[2].status, len(caller.sandbox.campaigns), len(caller.sandbox.posts)) == (429, 2, 2)
    now[0] += 5
    assert caller.post().status == 200


def test_a_wrong_token_does_not_use_up_the_limit(make):
    """401 comes before the limiter, 422 after it."""
    caller = make(limit=2, window=60)
    assert [caller.get(SCHEDULED, token="no").status for _ in range(5)] == [401] * 5
    assert caller.post(Message="").status == 422
    assert caller.get(SCHEDULED).headers["X-Rate-Limit-Remaining"] == "0"


def test_pages_are_announced_and_the_last_one_comes_again(make):
    """Past the end the last page is repeated; the Link header carries the token."""
    caller = make(page_size=2)
    for _ in range(5):
        caller.post()
    answer = caller.get(SCHEDULED, page=2)
    kinds = ("Current-Page", "Page-Count", "Per-Page", "Total-Count")
    assert [answer.headers[f"X-Pagination-{kind}"] for kind in kinds] == ["2", "3", "2", "5"]
    assert "access_token=sandbox-token&page=3>; rel=next" in answer.headers["Link"]
    pages = [[one["Id"] for one in caller.read(SCHEDULED, page=page)] for page in (1, 2, 3, 4, 99)]
    assert pages == [["12345", "12346"], ["12347", "12348"], ["12349"], ["12349"], ["12349"]]


def test_the_list_may_be_paged_without_saying_so(make):
    """No header, but a second page anyway; or all of it in one piece."""
    silent, whole = make(page_size=2, announce_paging=False), make(page_size=2, whole_list=True)
    for caller in (silent, whole):
        for _ in range(3):
            caller.post()
        assert caller.get(SCHEDULED).headers["X-Pagination-Page-Count"] is None
    assert [len(silent.read(SCHEDULED, page=page)) for page in (1, 2, 3)] == [2, 1, 1]
    assert len(whole.read(SCHEDULED)) == 3


def test_the_newest_may_come_first(make):
    """Both lists can be turned round, page by page."""
    caller = make(page_size=2, newest_first=True)
    for _ in range(3):
        caller.post()
    assert [[one["Id"] for one in caller.read(SCHEDULED, page=page)] for page in (1, 2)] == [
        ["12347", "12346"],
        ["12345"],
    ]


# quirks on order


def test_names_can_be_cut_and_times_shown_in_another_zone(make):
    """A truncated name and a shifted zone are seen in answer and list."""
    caller = make(name_length=6, shown_zone="Etc/GMT+8")
    shown = json.loads(caller.post().content)[0]
    assert (shown["CampaignName"], shown["DateTime"]) == ("Sale #", "2031-03-04 07:00:00")


def test_approval_takes_its_time(make):
    """Pending first, then Approved and Scheduled; what is not approved in time goes out late."""
    caller = make(approve_after=86_400)
    caller.post()
    assert caller.read(SCHEDULED)[0]["Status_Description"] == "Pending"
    caller.sandbox.advance(23 * 3600)
    assert caller.sandbox.sent == []
    caller.sandbox.advance(3600)
    assert len(caller.sandbox.sent) == 1


def test_what_needs_an_action_waits_for_it(make):
    """A campaign with Action Required never goes out by itself."""
    caller = make(faults=["action-required"])
    assert json.loads(caller.post().content)[0]["Status_Id"] == 2
    caller.sandbox.advance(days=3)
    assert (caller.sandbox.sent, caller.read(SCHEDULED)[0]["Status_Description"]) == ([], "Action Required")
    caller.sandbox.edit(12345, status_id=3)
    assert [one["Id"] for one in caller.read(SENT)] == [12345]


def test_credits_go_down_when_a_campaign_goes_out(make):
    """A text costs a credit a part and contact, a picture three."""
    caller = make(credits=10_000)
    caller.post()
    caller.post(MmsTemplateId=500)
    assert caller.sandbox.credits == 10_000
    caller.sandbox.advance(days=1)
    assert caller.read("credits/balance") == {"AvailableCredits": 10_000 - 800 - 3 * 800}


def test_a_colleague_in_the_dashboard_changes_and_deletes(make):
    """Renaming, moving and deleting show in the lists at once."""
    caller = make()
    caller.post()
    caller.sandbox.create(Message="By hand", GroupIds=["103"], DateTime="2031-03-05 10:00:00")
    caller.sandbox.rename("12345", "Other")
    caller.sandbox.edit(12345, send_at=NOON + 3600, group_ids=("140",))
    shown = caller.read(SCHEDULED)[0]
    assert (shown["CampaignName"], shown["DateTime"], shown["GroupIds"], shown["ContactsCount"]) == (
        "Other",
        "2031-03-03 13:00:00",
        ["140"],
        "0",
    )
    assert (caller.sandbox.delete(12345), caller.sandbox.delete(12345)) == (True, False)
    assert [one["Id"] for one in caller.read(SCHEDULED)] == ["12346"]
    caller.sandbox.advance(days=9)
    assert caller.sandbox.delete("12346")
    assert caller.read(SENT) == []


def test_groups_and_templates_change_while_it_runs(make):
    """A group is renamed, taken away or invented, a template approved a day later."""
    caller = make(groups=[Group("7", "Seven", 3)])
    caller.sandbox.put_group(8, "Eight", contact_ids=[1, 2])
    caller.sandbox.invent_groups(["9", "x"])
    caller.sandbox.approve_template(503)
    names = [(group["Name"], len(group["PhoneNumberIds"])) for group in caller.read("groups/index")]
    assert names[:2] == [("Seven", 3), ("Eight", 2)]
    assert names[2][0] == "Group 9"
    assert caller.post(GroupIds=["7"], MmsTemplateId=503).status == 200
    caller.sandbox.remove_group(7)
    assert caller.post(GroupIds=["7"]).status == 422


# faults

CREATING = {
    "close-after", "reset-after", "hang-after", "error-after", "html-502-after", "html-504-after", "broken-json",
    "cut", "empty", "garbage", "drip", "no-id", "object", "xml", "rename", "pending", "action-required", "twice",
    "rewrite", "rewrite-lost",
}  # fmt: skip
NO_ANSWER = (OSError, http.client.HTTPException)


def outcome(caller: Caller) -> tuple[str, object]:
    """Say how a POST ended for its caller."""
    try:
        answer = caller.ask("POST", POST, PAYLOAD, seconds=0.3)
    except NO_ANSWER as error:
        return type(error).__name__, None
    return "answer", answer


@pytest.mark.parametrize("kind", sorted(kind for kind in KINDS if not kind.startswith(("list-", "date-"))))
def test_a_fault_creates_what_its_name_says(make, kind):
    """Each one either creates the campaign or does not, once, and then all is well again."""
    caller = make(faults=[f"{kind}x1"], drip_seconds=0.001)
    outcome(caller)
    made = 2 if kind == "twice" else int(kind in CREATING or kind == "same-id")  # the first has none before it
    assert len(caller.sandbox.campaigns) == made
    assert caller.sandbox.posts[0].fault == kind
    assert outcome(caller)[1].status == 200
    assert len(caller.sandbox.posts) == 2


@pytest.mark.parametrize("kind", ["close-before", "close-after", "late", "reset-before", "reset-after", "hang", "cut"])
def test_a_broken_connection_is_an_error_of_the_socket(make, kind):
    """The caller gets no whole answer, and not by way of a status."""
    assert outcome(make(faults=[kind]))[0] in (
        "RemoteDisconnected",
        "ConnectionResetError",
        "ConnectionAbortedError",
        "TimeoutError",
        "IncompleteRead",
    )


def test_a_drip_takes_its_time(make):
    """One byte at a time: the caller's patience ends before the answer does."""
    caller = make(faults=["drip"])
    parts = urlsplit(caller.sandbox.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        body = json.dumps(PAYLOAD).encode()
        head = f"POST /v1/{POST}?access_token=sandbox-token HTTP/1.1\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert connection.recv(1000) == b"H"


@pytest.mark.parametrize(
    ("kind", "status", "begin"),
    [
        ("error-before", 500, b'{"name":"Internal Server Error"'),
        ("html-502", 502, b"<html>"),
        ("html-200", 200, b"<html>"),
        ("empty", 200, b""),
        ("redirect", 302, b""),
        ("308", 308, b""),
        ("204", 204, b""),
        ("401", 401, b'{"name":"Unauthorized"'),
        ("402", 402, b'{"name":"Payment Required"'),
        ("422", 422, b'[{"field":"Message"'),
        ("429", 429, b'{"name":"Too Many Requests"'),
        ("503-after", 503, b'{"name":"Service Unavailable"'),
        ("object", 200, b'{"Id":"12345"'),
        ("no-id", 200, b'[{"CampaignName"'),
        ("xml", 200, b"<?xml"),
    ],
)
def test_a_wrong_answer_has_its_status_and_body(make, kind, status, begin):
    """What the fault is called is what comes back."""
    answer = outcome(make(faults=[kind]))[1]
    assert (answer.status, answer.content[: len(begin)]) == (status, begin)
    if not begin:
        assert answer.content == b""


def test_broken_json_ends_in_the_middle(make):
    """The length is right, the JSON is not."""
    answer = outcome(make(faults=["broken-json"]))[1]
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.content)


def test_the_same_id_can_come_back_for_another_campaign(make):
    """An Id that the caller knows already, and nothing new behind it."""
    caller = make(faults=["same-id@2"])
    ids = [json.loads(caller.post(CampaignName=name).content)[0]["Id"] for name in ("A", "B")]
    assert ids == ["12345", "12345"]
    assert len(caller.sandbox.campaigns) == 1


def test_a_late_campaign_appears_after_its_time(make):
    """The connection is closed at once; the campaign is there only after the delay."""
    caller = make(faults=["late"], late_seconds=30)
    assert outcome(caller)[0] != "answer"
    assert caller.read(SCHEDULED) == []
    caller.sandbox.advance(29)
    assert caller.read(SCHEDULED) == []
    caller.sandbox.advance(1)
    assert [one["Id"] for one in caller.read(SCHEDULED)] == ["12345"]


def test_a_caller_that_dies_while_it_waits_gets_its_campaign_late(make):
    """With commit_late a killed caller's campaign comes only after it has gone; a patient caller's at once."""
    caller = make(latency=0.4, commit_late=60)
    assert outcome(caller)[0] == "TimeoutError"
    deadline = time.monotonic() + 5
    while not caller.sandbox.posts and time.monotonic() < deadline:
        time.sleep(0.01)
    assert caller.read(SCHEDULED) == []
    caller.sandbox.advance(60)
    assert len(caller.read(SCHEDULED)) == 1
    assert caller.post().status == 200
    assert len(caller.sandbox.campaigns) == 2


def test_readings_go_wrong_on_order_too(make):
    """`sent=500x1` hits the sent history and nothing else."""
    caller = make(faults=["sent=500x1", "scheduled=empty@2"])
    assert [caller.get(SENT).status for _ in range(2)] == [500, 200]
    assert [caller.get(SCHEDULED).content for _ in range(3)] == [b"[]", b"", b"[]"]
    assert caller.post().status == 200


def test_faults_come_by_number_by_count_and_by_chance():
    """`@2` is the second, `x2` the next two, `:0.5` about half, the same ones for the same seed."""
    orders = Faults(["401@2", "500x2"])
    assert [orders.pick(POST, post=True) for _ in range(5)] == ["500", "401", "500", "", ""]
    halves = [[Faults(["hang:0.5"], seed=seed).pick(POST, post=True) for _ in range(1)] for seed in range(100)]
    assert 25 < sum(half == ["hang"] for half in halves) < 75
    first, second = (Faults(["hang:0.5"], seed=7) for _ in range(2))
    assert [first.pick(POST, post=True) for _ in range(50)] == [second.pick(POST, post=True) for _ in range(50)]


def test_faults_are_added_and_cleared_while_it_runs(make):
    """A test breaks the provider in the middle and fixes it again."""
    caller = make()
    caller.sandbox.faults.add("503")
    assert caller.post().status == 503
    caller.sandbox.faults.clear()
    assert caller.post().status == 200


def test_a_fault_that_nobody_knows_is_named():
    """The words say what there is."""
    with pytest.raises(ValueError, match=r'no fault "hnag": write one of close-before'):
        parse_fault("hnag")
    with pytest.raises(ValueError, match='nothing called "post"'):
        parse_fault("post=hang")
    fault = parse_fault("reads=html-502-after:0.25")
    assert (fault.target, fault.kind, fault.chance) == ("reads", "html-502-after", 0.25)


# who is meant


def raw_answer(caller: Caller, *lines: str) -> int:
    """Send a request line by line over a raw socket; give the status of the answer."""
    parts = urlsplit(caller.sandbox.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        answer = b""
        while more := connection.recv(65536):
            answer += more
    return int(answer.split()[1])


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:8025", 200),
        ("LOCALHOST", 200),
        ("127.8.9.10:1", 200),
        ("[::1]:80", 200),
        ("rebound.example.com", 421),
        ("rebound.example.com:8025", 421),
        ("127.0.0.1.example.com", 421),
        ("localhost.example.com", 421),
        ("192.168.1.7", 421),
        ("0.0.0.0", 421),
        ("evil@127.0.0.1", 421),
        ("", 421),
    ],
)
@pytest.mark.parametrize("path", ["/", "/sandbox/campaigns", f"/v1/{SCHEDULED}?access_token=sandbox-token"])
def test_only_who_means_this_machine_is_answered(make, path, host, status):
    """A page on the web may let its own name point here: its requests bear that name, and get 421."""
    assert raw_answer(make(), f"GET {path} HTTP/1.1", f"Host: {host}", "Accept: application/json") == status


def test_a_second_host_and_a_host_in_the_target_count_too(make):
    """Neither a header behind the first one nor the first line of a request gets past."""
    caller = make()
    assert raw_answer(caller, "GET / HTTP/1.1", "Host: localhost", "Host: example.com") == 421
    assert raw_answer(caller, "GET http://example.com/ HTTP/1.1", "Host: localhost") == 421
    assert raw_answer(caller, "GET http://127.0.0.1/ HTTP/1.1", "Host: localhost") == 200


def test_a_stranger_changes_nothing(make):
    """A deed under a strange name is refused before its body is read."""
    caller = make()
    caller.post()
    lines = ("POST /sandbox/delete?id=12345 HTTP/1.1", "Host: rebound.example.com", "Content-Length: 0")
    assert raw_answer(caller, *lines) == 421
    assert len(caller.sandbox.campaigns) == 1


# the log, state, people


def test_the_log_of_posts_keeps_what_came(make):
    """Headers, raw body, payload, time, and whether a campaign came of it."""
    caller = make()
    caller.post()
    post = caller.sandbox.posts[0]
    assert (post.payload, json.loads(post.body), post.at) == (PAYLOAD, PAYLOAD, NOON)
    assert (post.created, post.status, post.headers["content-type"]) == (12345, 200, "application/json")


def test_a_sandbox_survives_a_restart(make, tmp_path: Path):
    """Campaigns, deletions, groups and the clock are as they were; a torn last line does no harm."""
    state = tmp_path / "provider state.json"
    caller = make(state_file=state)
    for _ in range(3):
        caller.post()
    caller.sandbox.delete(12347)
    caller.sandbox.rename(12346, "Renamed")
    caller.sandbox.put_group(200, "Late", 5)
    caller.sandbox.advance(3600)
    caller.sandbox.close()
    with state.open("a", encoding="utf-8") as stream:
        stream.write('["delete", 123')
    again = make(state_file=state)
    assert [(one.id, one.name) for one in again.sandbox.campaigns] == [(12345, "Sale #k7f3q2m9"), (12346, "Renamed")]
    assert again.sandbox.now() == NOON + 3600
    assert json.loads(again.post(GroupIds=["200"]).content)[0]["Id"] == "12348"


def test_a_stopped_sandbox_refuses_and_comes_back_on_the_same_port(make):
    """Nobody listens in between; what it held is still there."""
    caller = make()
    caller.post()
    url = caller.sandbox.url
    caller.sandbox.stop()
    parts = urlsplit(url)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((parts.hostname, parts.port), timeout=2)
    caller.sandbox.start()
    assert caller.sandbox.url == url
    assert len(caller.read(SCHEDULED)) == 1


def test_connections_are_kept_alive(make):
    """Two requests travel over one connection."""
    caller = make()
    parts = urlsplit(caller.sandbox.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    sockets = []
    for _ in range(2):
        connection.request("GET", f"/v1/{SCHEDULED}?access_token=sandbox-token", headers=JSON)
        sockets.append(connection.sock)
        assert connection.getresponse().read() == b"[]"
    assert sockets[0] is sockets[1]
    connection.close()


def test_it_speaks_tls_with_a_certificate_that_is_handed_in(make, tmp_path: Path):
    """Answers, faults and stopping work on https as they do on http."""
    certificate = make_certificate(tmp_path)
    sandbox = make(tls=certificate.context(), faults=["close-after@2"]).sandbox
    trust = ssl.create_default_context(cafile=str(certificate.trust))
    seen = []
    for _ in range(2):
        port = urlsplit(sandbox.url).port
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=trust)
        connection.request("POST", f"/v1/{POST}?access_token=sandbox-token", json.dumps(PAYLOAD), JSON)
        try:
            seen.append(connection.getresponse().status)
        except (OSError, http.client.HTTPException):
            seen.append(None)
        connection.close()
    assert sandbox.url.startswith("https://127.0.0.1:")
    assert (seen, len(sandbox.campaigns)) == ([200, None], 2)


def by_hand(caller: Caller, method: str, path: str, body: str = "", **headers: str):
    """Ask as a browser or a person at a shell would, without a token."""
    parts = urlsplit(caller.sandbox.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    answer.content = answer.read().decode()
    connection.close()
    return answer


def test_the_page_shows_what_is_scheduled_and_runs_nothing(make):
    """Texts are escaped, the token is not on it, and no script may run."""
    caller = make()
    caller.post(CampaignName="<script>alert(1)</script>")
    page = by_hand(caller, "GET", "/")
    assert "&lt;script&gt;" in page.content
    assert "<script" not in page.content
    assert "sandbox-token" not in page.content
    assert "Dallas stores (100)" in page.content
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_a_person_at_a_shell_lists_deletes_edits_and_lets_time_pass(make):
    """Plain HTTP below /sandbox/, no token."""
    caller = make()
    caller.post()
    caller.post()
    assert json.loads(by_hand(caller, "POST", "/sandbox/delete?id=12345").content) == {"deleted": True}
    by_hand(caller, "POST", "/sandbox/edit", "id=12346&name=New+name&date_time=2031-03-06+09:00:00&group_ids=102")
    assert caller.read(SCHEDULED)[0]["DateTime"] == "2031-03-06 09:00:00"
    by_hand(caller, "POST", "/sandbox/template?id=503")
    by_hand(caller, "POST", "/sandbox/faults?add=503x1")
    assert caller.post().status == 503
    clock = json.loads(by_hand(caller, "POST", "/sandbox/advance", "days=3").content)
    assert clock["date_time"] == "2031-03-06 12:00:00"
    held = json.loads(by_hand(caller, "GET", "/sandbox/campaigns").content)
    assert [(one["id"], one["name"], one["status"]) for one in held] == [(12346, "New name", "Sent")]
    assert [one["created"] for one in json.loads(by_hand(caller, "GET", "/sandbox/posts").content)] == [
        12345,
        12346,
        None,
    ]


def test_wrong_deeds_are_refused_in_words(make):
    """An unknown deed, an unknown campaign, and another site's page that tries."""
    caller = make()
    assert by_hand(caller, "POST", "/sandbox/explode").status == 404
    assert by_hand(caller, "GET", "/sandbox/nothing").status == 404
    assert by_hand(caller, "POST", "/sandbox/edit?id=1&name=x").status == 400
    assert by_hand(caller, "POST", "/sandbox/advance?days=1", Origin="https://evil.example").status == 403
    assert caller.sandbox.now() == NOON


def test_a_button_of_the_page_leads_back_to_it(make):
    """A browser is sent home after a deed."""
    answer = by_hand(make(), "POST", "/sandbox/advance", "days=1", Accept="text/html,*/*")
    assert (answer.status, answer.headers["Location"]) == (303, "/")


def test_many_campaigns_are_held_without_growing_slow(make):
    """20,000 are created, paged to the end and sent; the last page is as near as the first."""
    caller = make()
    payload = {**PAYLOAD, "Status_Id": None}
    for _ in range(20_000):
        caller.sandbox.account.create(payload)
    assert [one["Id"] for one in caller.read(SCHEDULED, page=200)][-1] == "32344"
    caller.sandbox.advance(days=1)
    assert len(caller.sandbox.sent) == 20_000


def test_a_sandbox_is_a_process_of_its_own_on_order():
    """`python -m batch.adapters.sandbox` says in one JSON line where it is."""
    command = [sys.executable, "-m", "batch.adapters.sandbox", "--fault", "503x1", "--limit", "0", "--lenient"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        try:
            told = json.loads(process.stdout.readline())
            parts = urlsplit(told["url"])
            target = f"/v1/{POST}?access_token={told['token']}"
            payload = json.dumps({"Message": "Hi", "GroupIds": ["5"]})
            statuses = []
            for _ in range(2):
                connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
                connection.request("POST", target, payload, JSON)
                statuses.append(connection.getresponse().status)
                connection.close()
        finally:
            process.kill()
    assert statuses == [503, 200]


def test_a_wrong_option_of_the_process_is_one_clear_line():
    """An unknown fault ends with exit code 2 and no traceback."""
    command = [sys.executable, "-m", "batch.adapters.sandbox", "--fault", "explode"]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith('there is no fault "explode"')
    assert len(ended.stderr.splitlines()) == 1
