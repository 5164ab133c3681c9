"""The provider's bodies, with the quirks that its documentation shows."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_support import make_listed, make_object

from batch.core.answers import (
    parse_credits,
    parse_delivery,
    parse_errors,
    parse_groups,
    parse_list,
    parse_one,
    parse_templates,
)
from batch.model import DeliveryCount, Group, Listed, MmsTemplate

XML = (
    b"<?xml version='1.0' encoding='UTF-8'?>\n<response><item><Id>12345</Id><CampaignName>Test Campaign</CampaignName>"
    b"<Message>Hello World!</Message><DateTime>2018-01-01 10:10:10</DateTime><ContactsCount>150</ContactsCount>"
    b"<GroupIds><item>100</item><item>101</item></GroupIds><TypeRecipients>0</TypeRecipients>"
    b"<ContactsCount>151</ContactsCount><Status_Id>3</Status_Id>"
    b"<Status_Description>Approved and Scheduled</Status_Description><Type_Id>1</Type_Id>"
    b"<Type_Description>SMS</Type_Description><MmsTemplateId/><Subject/></item></response>"
)
LISTED = make_listed(name="Test Campaign", message="Hello World!", send_at="2018-01-01 10:10:10")
DOCUMENTED = make_object(CampaignName="Test Campaign", Message="Hello World!", DateTime="2018-01-01 10:10:10")


def as_json(found: Any) -> bytes:
    return json.dumps(found).encode()


def one(**changes: Any) -> Listed:
    listed = parse_one(as_json([make_object(**changes)]))
    assert listed is not None
    return listed


@pytest.mark.parametrize(
    "body",
    [
        as_json([DOCUMENTED]),
        as_json(DOCUMENTED),
        b"\xef\xbb\xbf" + as_json([DOCUMENTED]),
        XML,
        XML.replace(b"<item><Id>", b"<Id>").replace(b"<Subject/></item>", b"<Subject/>"),
        as_json([DOCUMENTED | {"Id": 12345, "Status_Id": "3", "ContactsCount": 150, "GroupIds": [100, 101]}]),
        as_json([DOCUMENTED | {"GroupIds": "100,101", "TypeRecipients": "0", "MmsTemplateId": None}]),
        as_json([DOCUMENTED | {"GroupIds": {"0": "100", "2": "101"}, "MmsTemplateId": 0, "Subject": None}]),
        as_json([DOCUMENTED | {"Id": "0012345", "GroupIds": "100;101", "ContactsCount": "150.0"}]),
    ],
)
def test_all_forms_of_the_documented_answer_are_one(body):
    """List or bare, JSON or XML, strings or numbers; in XML ContactsCount stands twice, the first counts."""
    assert parse_one(body, "application/json") == LISTED
    assert parse_list(body) == (LISTED,)


def test_what_is_not_there_is_none():
    """The sent history has neither groups nor status."""
    sent = {"Id": 1001, "CampaignName": "Campaign Name", "Message": "Hello World!", "DateTime": "2018-01-30 12:12:00"}
    assert parse_list(as_json([sent])) == (Listed("1001", "Campaign Name", "Hello World!", "2018-01-30 12:12:00"),)


def test_one_group_in_xml_is_one_group():
    """And none is none, which is something else than not said."""
    assert parse_list(XML.replace(b"<item>101</item>", b""))[0].group_ids == ("100",)
    assert parse_list(XML.replace(b"<item>100</item><item>101</item>", b""))[0].group_ids == ()
    assert one(GroupIds=[]).group_ids == ()


@pytest.mark.parametrize(
    ("given", "id"),
    [(5, "5"), ("5", "5"), (" 05 ", "5"), (0, ""), ("", ""), (True, ""), (5.0, ""), (-5, ""), ("5a", "")],
)
def test_an_id_is_digits_or_nothing(given, id):
    """Nothing is guessed."""
    assert one(Id=given).id == id


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (7, 7),
        ("7", 7),
        (7.0, 7),
        ("", None),
        (None, None),
        (True, None),
        ("x", None),
        ([], None),
        ("1.x", None),
        (1e400, None),
    ],
)
def test_a_number_is_a_number_or_none(given, number):
    """Infinity, text and lists are no counts."""
    assert one(ContactsCount=given).contacts_count == number


def test_texts_that_are_no_texts_are_shown_as_far_as_possible():
    """A name that is a number stays readable."""
    assert (one(CampaignName=2026).name, one(CampaignName=["x"]).name, one(CampaignName=True).name) == ("2026", "", "")


@pytest.mark.parametrize("body", [b"[]", b"<response/>", b"<response></response>", b" <response/>\n"])
def test_an_empty_list_is_a_list(body):
    """In both forms; but it is not one campaign."""
    assert parse_list(body) == ()
    assert parse_one(body) is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the answer is empty"),
        (b" \n", "the answer is empty"),
        (b"{}", "the answer is not a list"),
        (b'{"name":"Unauthorized"}', "the answer is not a list"),
        (b"[1]", "the answer is a list of something else"),
        (b'""', "the answer is neither JSON nor XML (it says it is text/x)"),
        (b"null", "the answer is neither JSON nor XML (it says it is text/x)"),
        (b"\xff\xfe\xff", "the answer is neither JSON nor XML (it says it is text/x)"),
        (b"[" * 100_000, "the answer is neither JSON nor XML (it says it is text/x)"),
        (b'[{"Id": ' + b"9" * 5000 + b"}]", "the answer is neither JSON nor XML (it says it is text/x)"),
        (b"<response><item>", "the answer is neither JSON nor XML"),
        (b"<!DOCTYPE html><html></html>", "the answer is neither JSON nor XML"),
        (b"<html><body/></html>", "the answer is a page for a browser, or some other XML"),
        (b"<?xml version='1.0' encoding='no-such'?><response/>", "the answer is neither JSON nor XML"),
        (b"<response>" + b"<item>" * 50 + b"</item>" * 50 + b"</response>", "the answer is nested too deep"),
        (b"<response><Id>1</Id><Id", "the answer is neither JSON nor XML"),
    ],
)
def test_what_is_no_list_is_said_in_words(body, words):
    """And is never one campaign; nothing else than ValueError comes out."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the words are compared whole
        parse_list(body, "text/x; charset=x")
    assert str(caught.value) == words
    assert parse_one(body, "text/x") is None


def test_the_words_do_not_end_in_an_empty_kind():
    """Without a Content-Type there is nothing to say of it."""
    with pytest.raises(ValueError, match=r"^the answer is neither JSON nor XML$"):
        parse_list(b"?")


def test_xml_that_would_grow_or_reach_out_is_refused():
    """A billion laughs, and a file of this machine."""
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><response><Id>&b;</Id></response>'
    reach = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><response><Id>&a;</Id></response>'
    assert parse_one(laughs) is None
    assert parse_one(reach) is None


def test_groups_come_with_their_members_or_without():
    """Ids are integers here; PhoneNumberIds may be missing."""
    body = as_json(
        [
            {"Id": 1, "Name": "Sweeps winners from Feb 1, 2015", "PhoneNumberIds": [1, "2", None]},
            {"Id": "2", "Name": "No members", "PhoneNumberIds": []},
            {"Id": 3, "Name": "Not said"},
        ]
    )
    assert parse_groups(body) == (
        Group("1", "Sweeps winners from Feb 1, 2015", 2, (1, 2)),
        Group("2", "No members", 0, ()),
        Group("3", "Not said", None, ()),
    )
    assert parse_groups(b'{"Id":1,"Name":"Bare"}') == (Group("1", "Bare"),)
    assert parse_groups(b"<response><item><Id>4</Id><Name>X</Name><PhoneNumberIds/></item></response>") == (
        Group("4", "X", 0, ()),
    )


def test_a_group_without_an_id_is_no_group():
    """Half a list would make a good row look wrong."""
    with pytest.raises(ValueError, match="without an Id"):
        parse_groups(b'[{"Name":"x"}]')


def test_templates_come_with_their_status():
    """Keep a status that is not in the table."""
    body = b'[{"Id":10586,"Name":"My Image","Status_Id":3,"Status_Description":"Approved"},{"Id":"7","Status_Id":99}]'
    assert parse_templates(body) == (MmsTemplate(10586, "My Image", 3, "Approved"), MmsTemplate(7, "", 99, ""))


@pytest.mark.parametrize(
    "body", [b'{"AvailableCredits": 1000}', b'{"AvailableCredits": "1000"}', b'[{"AvailableCredits": 1000.0}]',
             b"<response><AvailableCredits>1000</AvailableCredits></response>"]
)  # fmt: skip
def test_credits_are_a_number_however_written(body):
    """A bare object by the documentation."""
    assert parse_credits(body) == 1000


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"[1,2]", b'{"AvailableCredits": "many"}', b'[{"AvailableCredits":1},{}]']
)
def test_credits_that_are_not_there_are_not_guessed(body):
    """Zero would stop everything."""
    with pytest.raises(ValueError, match="names no AvailableCredits"):
        parse_credits(body)


def test_delivery_is_counted_by_the_providers_id_and_keeps_no_number():
    """The number may come bare; the spelling of a status is the provider's."""
    body = as_json(
        [
            {"Number": "16465950000", "DeliveryStatus_Id": 2, "DeliveryStatus_Description": "Delivered"},
            {"Number": 16465950001, "DeliveryStatus_Id": "2", "DeliveryStatus_Description": "Delivered"},
            {"Number": 16465950002, "DeliveryStatus_Id": 4, "DeliveryStatus_Description": "Bufered"},
            {"Number": 16465950003},
        ]
    )
    counts = parse_delivery(body)
    assert counts == (DeliveryCount(2, "Delivered", 2), DeliveryCount(4, "Bufered", 1), DeliveryCount(7, "", 1))
    assert "1646" not in repr(counts)
    assert parse_delivery(b'{"DeliveryStatus_Id": 3}') == (DeliveryCount(3, "", 1),)
    assert parse_delivery(b"[]") == ()


@pytest.mark.parametrize(
    ("body", "pairs"),
    [
        (b'[{"field":"Message","message":"Message cannot be blank."}]', (("Message", "Message cannot be blank."),)),
        (
            b'[{"field":" A ","message":"x"},{"field":"B","message":""},7,{"message":" y \\n z "}]',
            (("A", "x"), ("", "y z")),
        ),
        (
            b'{"name":"Unauthorized","message":"Invalid credentials.","code":0,"status":401,"type":"x","previous":{}}',
            (("", "Invalid credentials."),),
        ),
        (b'{"name":"Not Found","message":""}', (("", "Not Found"),)),
        (b"<response><item><field>F</field><message>M</message></item></response>", (("F", "M"),)),
        (b"<html>502 Bad Gateway</html>", ()),
        (b"", ()),
        (b"[]", ()),
        (b"{}", ()),
        (b"\x00\xff", ()),
    ],
)
def test_the_providers_complaints_are_read_in_both_shapes(body, pairs):
    """Any body is survived."""
    assert parse_errors(body) == pairs


def test_complaints_are_bounded():
    """Fifty of five hundred characters."""
    many = parse_errors(as_json([{"field": "f" * 200, "message": "m" * 600}] * 60))
    assert many == (("f" * 100, "m" * 500),) * 50


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
TREES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(DOCUMENTED)), inner)
)


@given(TREES)
def test_no_json_at_all_brings_anything_else_than_an_answer_or_a_value_error(tree):
    """Whatever the provider says, the run goes on."""
    body = json.dumps(tree).encode()
    parse_one(body)
    parse_errors(body)
    for parse in (parse_list, parse_groups, parse_templates, parse_delivery, parse_credits):
        with contextlib.suppress(ValueError):
            parse(body)


@given(st.binary(max_size=60))
def test_no_bytes_at_all_bring_anything_else_than_an_answer_or_a_value_error(body):
    """The same for garbage."""
    assert parse_one(b"<" + body) is None
    assert parse_one(body) is None or body.strip()
    parse_errors(body)
