"""Which campaign a row is: key, fingerprint and tag, in one canonical form that never changes."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

VERSION = "1"
"""Part of everything hashed here. The golden values in the tests hold the form still: with another one, every
campaign of every ledger would look new, and be sent again."""

TEST_MARK = "TEST"
"""Stands in name, text and key of what goes to the team's own test group: such an entry is nobody's campaign."""

TAG_LENGTH = 8
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u to misread
_SHIFTS = range(0, 5 * TAG_LENGTH, 5)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_ROW_ID = re.compile(rf"e(\d{{1,15}})-[{_ALPHABET}]{{4}}|(\d{{1,15}})(?:\.0)?", re.ASCII)
_TYPED = re.compile(r"[a-z]*\d*|\d*[a-z]*", re.ASCII)
_TAG = re.compile(rf"\s*#([{_ALPHABET}]{{{TAG_LENGTH}}})\s*$")


def make_key(reference: str, name: str, send_at: datetime | None, otherwise: str = "") -> str:
    """Say which campaign a row is: its Reference, else its name and send time.

    `otherwise` stands in for a time that cannot be read, so that a fixed row can meet its entry again.
    """
    if reference and (plain := fold(reference)):
        return f"ref:{plain}"
    moment = to_minute(send_at) if send_at is not None else fold(otherwise)
    return f"row:{fold(name)}|{moment}"


def make_fingerprint(
    *,
    message: str,
    group_ids: Iterable[str],
    send_at: datetime,
    mms_template_id: int | None = None,
    mms_high_resolution: int | None = None,
    subject: str = "",
    type_recipients: int = 0,
) -> str:
    """Hash what a campaign says, to whom and when; 32 hexadecimal digits."""
    rest = write_envelope(
        group_ids=group_ids, send_at=send_at, mms_template_id=mms_template_id, mms_high_resolution=mms_high_resolution,
        subject=subject, type_recipients=type_recipients,
    )  # fmt: skip
    return hash_content(message, rest)


def write_envelope(
    *,
    group_ids: Iterable[str],
    send_at: datetime,
    mms_template_id: int | None,
    mms_high_resolution: int | None,
    subject: str,
    type_recipients: int,
) -> str:
    """Write all of a campaign's content but its text, as it is hashed: many rows of a sheet share it."""
    about = collapse(subject) if subject else ""
    groups = sorted({plain_id(group) for group in group_ids})
    rest = (groups, to_minute(send_at), mms_template_id or None, mms_high_resolution or None, about or None)
    return _encode([*rest, type_recipients])[1:]


def hash_content(message: str, envelope: str) -> str:
    """Hash a campaign's content: its text, and what `write_envelope` gave; 32 hexadecimal digits."""
    # Written piece by piece, since the encoder takes four times as long for the list as a whole.
    return _hash(f'["{VERSION}",{_encode(collapse(message))},{envelope}').hexdigest()[:32]


def make_tag(account: str, key: str, fingerprint: str) -> str:
    """Make the short mark that the provider's list shows in the campaign's name: 8 base32 characters.

    `account` is the label of the settings, never the token: that one rotates.
    """
    canonical = f"[{','.join([_encode(text) for text in (VERSION, account, key, fingerprint)])}]"
    number = int.from_bytes(_hash(canonical).digest()[:8], "big")
    return "".join([_ALPHABET[(number >> shift) & 31] for shift in _SHIFTS])


def add_tag(name: str, tag: str, longest: int | None = None) -> str:
    """Put the tag behind the name; a name that would grow too long is cut, the tag never."""
    mark = f"#{tag}"
    if longest is not None and len(name) + 1 + len(mark) > longest:
        name = name[: max(0, longest - 1 - len(mark))].rstrip()
    return f"{name} {mark}".strip()


def split_tag(name: str) -> tuple[str, str]:
    """Take a name apart into the name proper and its tag (empty when it bears none of our kind)."""
    found = _TAG.search(name)
    return (name[: found.start()], found.group(1)) if found else (name.strip(), "")


def looks_typed(tag: str) -> bool:
    """Whether what looks like a tag is a word, a number, or one behind the other (`save2024`): a hand types such names.

    One tag in nine looks so, too: it proves nothing, and only decides about what a person is asked.
    """
    return _TYPED.fullmatch(tag) is not None


def make_row_id(entry: int, key: str) -> str:
    """Name an entry in a sheet that is handed back: its number, with a mark that a number of another ledger lacks.

    It begins with a letter, so that no spreadsheet takes it for a number or a date.
    """
    number = int.from_bytes(_digest([VERSION, "row", entry, key]).digest()[:8], "big")
    mark = "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in range(4))
    return f"e{entry}-{mark}"


def split_row_id(text: str) -> int | None:
    """Give the entry's number that a RowId, or a number typed by hand, speaks of; None when it is neither."""
    found = _ROW_ID.fullmatch(text.strip().casefold())
    return int(found.group(1) or found.group(2)) if found else None


def is_test(key: str) -> bool:
    """Whether a key is that of a test, which no rule of identity counts."""
    return key.startswith(f"{TEST_MARK}:")


def collapse(text: str) -> str:
    """Bring a text into NFC with single blanks and none around it."""
    if text.isascii():
        if "  " not in text and text.isprintable():  # most texts are so already, which is known three times as fast
            return text.strip()
        return " ".join(text.split())
    return " ".join(unicodedata.normalize("NFC", text).split())


def as_read(text: str) -> str:
    """Bring a text into the form in which two of them look the same on a phone: line breaks and blanks count.

    `collapse`, which stands behind key and fingerprint, does not tell a line break from a blank.
    """
    plain = text if text.isascii() else unicodedata.normalize("NFC", text)
    return plain.replace("\r\n", "\n").replace("\r", "\n").strip()


def fold(text: str) -> str:
    """Bring a name into the form in which two spellings of it are one."""
    return collapse(text).casefold()


@lru_cache(maxsize=16_384)
def plain_id(text: str) -> str:
    """Write an id as plain digits: `7.0` and `007` are `7`."""
    text = text.strip()
    whole, _, rest = text.partition(".")
    if whole.isascii() and whole.isdigit() and not rest.strip("0"):
        return whole.lstrip("0") or "0"
    return text


def to_minute(moment: datetime) -> str:
    """Write an aware time as its UTC minute."""
    return _write_minute(moment if moment.tzinfo is UTC else moment.astimezone(UTC))


@lru_cache(maxsize=16_384)
def _write_minute(moment: datetime) -> str:
    # In UTC only: two times of one zone that its clocks show twice are equal to Python.
    return f"{moment.isoformat()[:16]}Z"


def short_hash(lines: Iterable[str]) -> str:
    """Hash lines, to tell whether they are still the same: 16 hexadecimal digits."""
    return _hash("\n".join(lines)).hexdigest()[:16]


def _digest(value: object) -> hashlib._Hash:
    return _hash(_encode(value))


def _hash(canonical: str) -> hashlib._Hash:
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass"))
