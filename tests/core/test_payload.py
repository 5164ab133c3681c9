"""What is posted, and the provider's times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from wire_support import make_entry

from batch.core.payload import PostingRules, from_provider_time, hash_payload, make_payload, to_provider_time

ZONE = "America/New_York"
RULES = PostingRules()


def test_a_text_is_posted_with_no_key_for_what_is_absent():
    """GroupIds are strings, TypeRecipients is always there."""
    assert make_payload(make_entry(), RULES) == {
        "CampaignName": "Spring sale #k7f3q2m9",
        "Message": "20% off until Sunday",
        "GroupIds": ["100", "101"],
        "DateTime": "2026-12-01 10:00:00",
        "TypeRecipients": 0,
    }


def test_a_picture_brings_its_own_keys():
    """A zero that was asked for is sent."""
    payload = make_payload(
        make_entry(mms_template_id=10586, mms_high_resolution=0, subject="Look", type_recipients=1), RULES
    )
    assert payload["MmsTemplateId"] == 10586
    assert payload["MmsHighResolution"] == 0
    assert payload["Subject"] == "Look"
    assert payload["TypeRecipients"] == 1


def test_the_hash_of_a_payload_knows_no_order_of_keys_and_any_character():
    """Fixed once: attempts of older versions are compared with it."""
    assert hash_payload({"a": 1, "b": "ß"}) == hash_payload({"b": "ß", "a": 1})
    assert hash_payload({"a": 1}) != hash_payload({"a": "1"})
    assert hash_payload({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize(
    ("moment", "zone", "text"),
    [
        (datetime(2026, 12, 1, 15, 0, tzinfo=UTC), ZONE, "2026-12-01 10:00:00"),
        (datetime(2026, 7, 1, 15, 0, 5, tzinfo=UTC), ZONE, "2026-07-01 11:00:05"),
        (datetime(2026, 7, 1, 15, 0, tzinfo=UTC), "Etc/GMT+5", "2026-07-01 10:00:00"),
        (datetime(2026, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-6))), ZONE, "2027-01-01 00:30:00"),
    ],
)
def test_a_time_is_written_in_the_providers_zone(moment, zone, text):
    """Summer time where the zone has it, none where it is a fixed one."""
    assert to_provider_time(moment, zone) == text
    assert from_provider_time(text, zone) == moment


def test_a_time_without_a_zone_is_refused():
    """It would be read as this computer's own."""
    with pytest.raises(ValueError, match="without a zone"):
        to_provider_time(datetime(2026, 12, 1, 15, 0), ZONE)  # noqa: DTZ001  that is the point


@pytest.mark.parametrize("text", ["2026-12-01T10:00:00", " 2026-12-01 10:00:00 "])
def test_a_time_of_the_providers_is_read_with_little_differences(text):
    """Blanks around it, a T for the blank."""
    moment = from_provider_time(text, ZONE)
    assert moment == datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-12-01", "2026-13-01 10:00:00", "0000-00-00 00:00:00", "0001-01-01 00:00:00 x"]
)
def test_what_is_no_time_is_none(text):
    """MySQL's zero date too."""
    assert from_provider_time(text, ZONE) is None


def test_the_doubled_hour_means_its_first():
    """1:30 on 1 November 2026 came twice in New York."""
    assert from_provider_time("2026-11-01 01:30:00", ZONE) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
