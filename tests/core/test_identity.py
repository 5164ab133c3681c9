"""Which campaign a row is: one canonical form, fixed for ever."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.core.identity import (
    TAG_LENGTH,
    TEST_MARK,
    add_tag,
    collapse,
    fold,
    is_test,
    make_fingerprint,
    make_key,
    make_row_id,
    make_tag,
    plain_id,
    split_row_id,
    split_tag,
    to_minute,
)

AT = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
SAID = {"message": "20% off until Sunday", "group_ids": ["100", "101"], "send_at": AT}
GOLDEN = "1b9832cb3036a783b24365c2714a9507"
names = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=30)
letters = st.text("abc éñüÅΩßжд中 .-'%", min_size=1, max_size=20)


def test_the_golden_values_never_change():
    """With other ones every campaign of every ledger would look new, and be sent again."""
    assert make_key("", "  Spring   Sale ", AT) == "row:spring sale|2026-12-01T15:00Z"
    assert make_key(" R-17 ", "whatever", AT) == "ref:r-17"
    assert make_fingerprint(**SAID) == GOLDEN
    picture = {"mms_template_id": 10586, "mms_high_resolution": 1, "subject": "Hi", "type_recipients": 1}
    other = make_fingerprint(message="Look é", group_ids=["7"], send_at=AT, **picture)
    assert other == "630604dcde2bd5c1bac54101546d43e6"
    assert make_tag("main", "row:spring sale|2026-12-01T15:00Z", GOLDEN) == "ckxhfg20"
    assert make_tag("other", "row:spring sale|2026-12-01T15:00Z", GOLDEN) == "zn642fjz"
    assert make_tag("main", "ref:r-17", other) == "03ynj9j6"


def test_a_row_whose_time_cannot_be_read_has_a_key_all_the_same():
    """Its fixed version can meet it again."""
    assert make_key("", "Sale", None, " Tomorrow  NOON ") == "row:sale|tomorrow noon"
    assert make_key("", "Sale", None) == "row:sale|"


@given(st.text(max_size=40), st.text(max_size=10), st.sampled_from([None, 0, 1, 7]), st.sampled_from([0, 1]))
def test_a_fingerprint_is_the_hash_of_one_json_list(message, subject, picture, recipients):
    """Whatever a text holds: the form is JSON without blanks, however it is written."""
    found = make_fingerprint(
        message=message, group_ids=["7", "10"], send_at=AT, mms_template_id=picture, mms_high_resolution=picture,
        subject=subject, type_recipients=recipients,
    )  # fmt: skip
    form = [
        "1", collapse(message), ["10", "7"], to_minute(AT), picture or None, picture or None, collapse(subject) or None,
        recipients,
    ]  # fmt: skip
    written = json.dumps(form, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    assert found == hashlib.sha256(written).hexdigest()[:32]


@given(st.text(max_size=20), st.text(max_size=40))
def test_a_tag_comes_from_the_hash_of_one_json_list(account, key):
    """Whatever the label and the key hold."""
    written = json.dumps(["1", account, key, GOLDEN], ensure_ascii=False, separators=(",", ":"))
    number = int.from_bytes(hashlib.sha256(written.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    assert make_tag(account, key, GOLDEN) == "".join(alphabet[number >> 5 * place & 31] for place in range(TAG_LENGTH))


@given(letters, st.sampled_from([str.upper, str.lower, str.title, str.swapcase]))
def test_spellings_of_a_name_are_one_key(name, respell):
    """Case, blanks and the two ways of writing an accent make no other campaign."""
    spelt = unicodedata.normalize("NFD", f"  {respell(name)}\u00a0 ").replace(" ", " \t ")
    assert make_key("", spelt, AT) == make_key("", name, AT)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=6), st.randoms())
def test_groups_are_one_set_however_they_are_written(numbers, random):
    """Order, repetition, `7.0` and `007` make no other campaign."""
    plain = [str(number) for number in numbers]
    odd = [
        random.choice([f"{number}.0", f"00{number}", f" {number} ", f"{number}."]) for number in [*numbers, *numbers]
    ]
    random.shuffle(odd)
    written = {**SAID, "group_ids": odd}
    assert make_fingerprint(**written) == make_fingerprint(**{**SAID, "group_ids": plain})


@pytest.mark.parametrize(
    "other",
    [
        {"message": "20 % off until Sunday"},
        {"message": "20% OFF until Sunday"},
        {"group_ids": ["100"]},
        {"send_at": AT + timedelta(minutes=1)},
        {"mms_template_id": 1},
        {"mms_high_resolution": 1},
        {"subject": "Hi"},
        {"type_recipients": 1},
    ],
)
def test_whatever_people_would_notice_makes_another_fingerprint(other):
    """Text, groups, minute, picture, subject, recipients; of the text the case too."""
    assert make_fingerprint(**{**SAID, **other}) != GOLDEN


@pytest.mark.parametrize(
    "same",
    [
        {"message": " 20%  off until\nSunday "},
        {"send_at": AT + timedelta(seconds=59)},
        {"send_at": AT.astimezone(timezone(timedelta(hours=-6)))},
        {"mms_template_id": 0},
        {"mms_high_resolution": 0},
        {"subject": "  "},
    ],
)
def test_absent_and_empty_are_the_same(same):
    """So are blanks, seconds, and the zone that a moment is written in."""
    assert make_fingerprint(**{**SAID, **same}) == GOLDEN


@given(names, st.integers(1, 10**6))
def test_a_tag_comes_off_as_it_was_put_on(name, number):
    """Name and tag are what they were, but for blanks around the name."""
    tag = make_tag("main", name, str(number))
    assert len(tag) == TAG_LENGTH
    assert split_tag(add_tag(name.strip(), tag)) == (name.strip(), tag)


@pytest.mark.parametrize(
    ("longest", "expected"),
    [
        (None, "Spring sale #k7f3q2m9"),
        (21, "Spring sale #k7f3q2m9"),
        (20, "Spring sal #k7f3q2m9"),
        (17, "Spring #k7f3q2m9"),
        (10, "#k7f3q2m9"),
        (3, "#k7f3q2m9"),
    ],
)
def test_a_long_name_is_cut_and_the_tag_never(longest, expected):
    """And no blank is left doubled where it was cut."""
    assert add_tag("Spring sale", "k7f3q2m9", longest) == expected


@pytest.mark.parametrize(
    "name", ["Sale", "Sale #k7f3q2m", "Sale #k7f3q2m9a", "Sale #K7F3Q2M9", "Sale #k7f3q2m9 x", "#ilouilou"]
)
def test_what_only_looks_like_a_tag_is_part_of_the_name(name):
    """Too short, too long, capital, not at the end, letters that we do not use."""
    assert split_tag(f" {name} ") == (name, "")


def test_a_tag_is_found_whatever_blanks_surround_it():
    """People edit names in the dashboard."""
    assert split_tag("Sale#k7f3q2m9  ") == ("Sale", "k7f3q2m9")
    assert split_tag("Sale   #k7f3q2m9") == ("Sale", "k7f3q2m9")


@pytest.mark.parametrize(
    ("text", "plain"),
    [("7", "7"), ("7.0", "7"), (" 007 ", "7"), ("7.", "7"), ("0", "0"), ("000", "0"), ("7.5", "7.5"), ("a7", "a7"),
     ("", ""), ("٧", "٧"), ("²", "²"), (".0", ".0"), ("7.0.0", "7.0.0")],
)  # fmt: skip
def test_an_id_is_plain_digits_where_it_is_one(text, plain):
    """Anything else is left for the checks to name."""
    assert plain_id(text) == plain


def test_canonical_text_is_composed_and_single_spaced():
    """Both ways of writing an accent, and a no-break space."""
    assert collapse(" a\u00a0 b\r\ne\u0301 ") == "a b é"
    assert fold("  STRASSE ") == fold("Straße") == "strasse"


def test_a_minute_is_written_in_utc():
    """Seconds are cut off."""
    assert to_minute(datetime(2026, 7, 1, 10, 5, 59, tzinfo=timezone(timedelta(hours=-4)))) == "2026-07-01T14:05Z"


def test_a_lone_surrogate_does_no_harm():
    """Damaged files hold them; the row has been refused by then, the key is made anyway."""
    assert len(make_fingerprint(**{**SAID, "message": "a\ud800"})) == 32


def test_a_row_id_speaks_of_one_entry_of_one_ledger():
    """Its mark depends on the key; a number typed by hand is one too, and nothing else is."""
    assert make_row_id(12, "ref:r-17") == "e12-2jh2"
    assert make_row_id(12, "ref:r-17") != make_row_id(12, "ref:r-18")
    assert split_row_id(f"  {make_row_id(12, 'ref:r-17').upper()} ") == 12
    assert (split_row_id("12"), split_row_id("12.0")) == (12, 12)
    for text in ("", "e12", "e12-abc", "e-abcd", "12.5", "x12-abcd", "e12-abcd9", "٣"):
        assert split_row_id(text) is None


def test_a_test_is_known_by_its_key():
    """No rule of identity counts it."""
    assert is_test(f"{TEST_MARK}:ref:r-17")
    assert not is_test("ref:r-17")
    assert not is_test(TEST_MARK)
