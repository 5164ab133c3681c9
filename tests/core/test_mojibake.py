"""A text that was decoded twice is named, with what it was; honest texts are left alone."""

from __future__ import annotations

import pytest
from validate_support import check, the_issue

from batch.core.validate.mojibake import find_doubled

TEXTS = [
    "don’t", "“sale”", "café", "50€", "niño", "Tuesday–Friday", "now…", "Straße", "✓", "🎉", "♥️", "¡Oferta!", "½",
    "jalapeño’s",
]  # fmt: skip


def through(text: str, codec: str) -> str:
    """Read the UTF-8 of a text in another encoding."""
    return "".join(
        chr(byte) if sign == "\ufffd" else sign
        for byte in text.encode()
        for sign in [bytes([byte]).decode(codec, "replace")]
    )


@pytest.mark.parametrize("codec", ["cp1252", "mac_roman", "cp437", "cp850"])
@pytest.mark.parametrize("text", TEXTS)
def test_what_was_decoded_twice_is_named_with_what_it_was(text: str, codec: str) -> None:
    """In the encodings of Windows, of old Macs and of DOS."""
    found = find_doubled(f"A {through(text, codec)} b")
    assert found is not None
    assert (found.written, found.meant) == (through(text, codec), text)


@pytest.mark.parametrize("text", TEXTS)
def test_three_times_is_found_too(text: str) -> None:
    """An export of an export."""
    found = find_doubled(through(through(text, "cp1252"), "cp1252"))
    assert found is not None
    assert found.meant == text


@pytest.mark.parametrize(
    "text",
    [*TEXTS, "CAFÉ®", "CAFÉ™ is open", "NÃO", "São Paulo", "Ünal & Söhne", "£5 – €6", "«voilà»", "à »", "√2", "¬ not",
     "El Niño’s “fiesta”", "Ångström", "20°", "naïve…", "Crème brûlée™", "Ação", "ÇA VA", "Ó, né?", "привет", "日本",
     "it´s"],
)  # fmt: skip
def test_honest_texts_are_left_alone(text: str) -> None:
    """Accents, signs, quotes and other scripts."""
    assert find_doubled(text) is None


def test_the_warning_names_the_double_decoding() -> None:
    """In the text, the name and the subject, at the column that has it."""
    broken = through("don’t", "cp1252")
    issue = the_issue(check({"Message": f"We {broken} close. Reply STOP"}), "mojibake")
    assert (issue.level, issue.column) == ("warning", "B")
    assert f'"{broken}" was "don’t" before it was decoded twice' in issue.message
    assert the_issue(check({"CampaignName": broken}), "mojibake").field == "CampaignName"


def test_a_closing_quote_that_lost_its_last_byte_is_found() -> None:
    """Its last byte stands for nothing in Windows-1252, so programs drop it."""
    found = find_doubled("say â€œyesâ€ now")
    assert found is not None
    assert found.meant == "“yes”"
