"""Parts of a text, against the cases that the standard and the big providers publish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.core.parts import BASIC, EXTENSION, costly, measure, split, to_plain

CASES = [
    ("", "GSM-7", 0, 0),
    ("a" * 160, "GSM-7", 160, 1),
    ("a" * 161, "GSM-7", 161, 2),
    ("a" * 306, "GSM-7", 306, 2),
    ("a" * 307, "GSM-7", 307, 3),
    ("a" * 459, "GSM-7", 459, 3),
    ("a" * 480, "GSM-7", 480, 4),
    ("€" * 80, "GSM-7", 160, 1),
    ("€" * 81, "GSM-7", 162, 2),
    ("€" + "a" * 159, "GSM-7", 161, 2),
    ("ж" * 70, "UCS-2", 70, 1),
    ("ж" * 71, "UCS-2", 71, 2),
    ("ж" * 134, "UCS-2", 134, 2),
    ("ж" * 135, "UCS-2", 135, 3),
    ("😀" * 35, "UCS-2", 70, 1),
    ("😀" * 36, "UCS-2", 72, 2),
    ("a" * 479 + "😀", "UCS-2", 481, 8),
    ("a" * 160 + "’", "UCS-2", 161, 3),
]


@pytest.mark.parametrize(("text", "encoding", "units", "count"), CASES)
def test_a_text_has_as_many_parts_as_the_standard_says(text, encoding, units, count):
    """160/153 septets with two for an extension character, 70/67 UTF-16 units otherwise."""
    parts = measure(text)
    assert (parts.encoding, parts.units, parts.count) == (encoding, units, count)


def test_the_basic_alphabet_has_127_characters_and_the_extension_ten():
    """TS 123 038, 6.2.1 and 6.2.1.1: 128 codes, one of them the escape."""
    assert (len(BASIC), len(set(BASIC)), len(EXTENSION)) == (127, 127, 10)
    assert not set(BASIC) & set(EXTENSION)


@pytest.mark.parametrize("character", BASIC)
def test_each_basic_character_is_one_septet(character):
    """None of them makes a text dearer."""
    assert measure(character).units == 1
    assert measure(character).encoding == "GSM-7"


@pytest.mark.parametrize("character", EXTENSION)
def test_each_extension_character_is_two_septets(character):
    """The escape and the code."""
    assert (measure(character).units, measure(character).encoding) == (2, "GSM-7")


@pytest.mark.parametrize("character", ["`", "ç", "á", "’", "\u00a0", "\t", "–", "…", "½", "ё"])
def test_what_looks_harmless_but_is_not_in_the_alphabet_is_ucs_2(character):
    """The backtick and the small c with cedilla are the classic traps."""
    assert measure(character).encoding == "UCS-2"


def test_an_escape_pair_is_never_split_over_two_parts():
    """152 letters and a euro do not fit into 153 septets: the euro moves on, and one septet stays unused."""
    text = "a" * 152 + "€" + "b" * 151
    assert split(text) == ("a" * 152, "€" + "b" * 151)
    assert measure(text + "b").count == 3


def test_a_surrogate_pair_is_never_split_over_two_parts():
    """66 letters and an emoji do not fit into 67 units."""
    text = "ж" * 66 + "😀" + "ж" * 65
    assert split(text) == ("ж" * 66, "😀" + "ж" * 65)
    assert measure(text + "ж").count == 3


@given(st.text(st.sampled_from("ab€^😀ж’\n"), max_size=400))
def test_the_parts_together_are_the_text_and_none_is_too_long(text):
    """Nothing is lost, nothing is over the limit, and the count is that of the parts."""
    pieces = split(text)
    encoding = measure(text).encoding
    single = len(pieces) < 2
    limit = {"GSM-7": 160 if single else 153, "UCS-2": 70 if single else 67}[encoding]
    assert "".join(pieces) == text
    assert len(pieces) == measure(text).count
    for piece in pieces:
        in_utf_16 = len(piece.encode("utf-16-le")) // 2
        units = in_utf_16 if encoding == "UCS-2" else sum(2 if each in EXTENSION else 1 for each in piece)
        assert units <= limit


def test_costly_characters_are_named_once_each_with_what_would_do():
    """A person can find them and knows what to type."""
    found = costly("Don’t miss… it’s “20 %” – café, niño, 5€\u00a0😀½")
    assert [(each.character, each.name, each.plain) for each in found] == [
        ("’", "right single quotation mark", "'"),
        ("…", "horizontal ellipsis", "..."),
        ("“", "left double quotation mark", '"'),
        ("”", "right double quotation mark", '"'),
        ("–", "en dash", "-"),
        ("\u00a0", "no-break space", " "),
        ("😀", "grinning face", None),
        ("½", "vulgar fraction one half", "1/2"),
    ]


def test_an_accented_letter_outside_the_alphabet_has_its_plain_letter():
    """á is not in it, à is."""
    assert [(each.character, each.plain) for each in costly("áàç")] == [("á", "a"), ("ç", "c")]


def test_a_plain_text_costs_nothing():
    """The whole alphabet."""
    assert costly(BASIC + EXTENSION) == ()


def test_to_plain_replaces_typographic_characters_and_nothing_else():
    """Words, accents and emoji stay as they are."""
    assert to_plain("“Don’t…”\u00a0— ­5\u200b €, café 😀 ½") == '"Don\'t..." - 5 €, café 😀 ½'


def test_a_plain_text_goes_through_to_plain_untouched():
    """The same object, in fact: the commonest text costs nothing."""
    text = "Save 20% today. Reply STOP to opt out"
    assert to_plain(text) is text


@given(st.text())
def test_what_to_plain_replaced_is_no_longer_costly(text):
    """Every replacement lies in the alphabet, and a second time changes nothing."""
    once = to_plain(text)
    assert to_plain(once) == once
    assert {each.character for each in costly(once)} <= {each.character for each in costly(text)}
