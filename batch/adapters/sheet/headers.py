"""Find the header row and say which field stands in which column."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence

from batch.core.blanks import INVISIBLE, plain_blanks
from batch.model.columns import OURS

HEAD_ROWS = 60
"""How far down the header row is looked for."""

KNOWN: dict[str, tuple[str, ...]] = {
    "CampaignName": ("Campaign", "Name"),
    "Message": (),
    "Template": (),
    "GroupIds": ("Groups", "Group Ids", "Group", "Group Id", "Send to"),
    "DateTime": ("Send At", "Schedule", "Date Time"),
    "Date": (),
    "Time": (),
    "TimeZone": (),
    "TypeRecipients": ("OptIn",),
    "MmsTemplateId": ("Picture", "MmsTemplate"),
    "MmsHighResolution": (),
    "Subject": (),
    "Reference": (),
    "ExpectedContacts": (),
    "Owner": (),
    "Cancel": (),
    "Purpose": (),
    "RowId": (),
    "ForEach": (),
}
"""The known columns by their one name, each with its aliases; every other column is a fill-in field."""

ID_FIELDS = ("GroupIds", "MmsTemplateId", "Reference")
"""The columns whose digits must come through as they were meant."""
TIME_FIELDS = ("DateTime", "Date", "Time")
TEXT_FIELDS = ("Message", "Subject")
"""The known columns that people read word for word."""

FOR_EACH = "ForEach"
"""The column that names a list, for each row of which the campaign is made."""

EXAMPLE = "EXAMPLE"
"""How the name of the starter's example row begins: such a row is never taken. It survives whatever saves the file."""

NEEDED: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("CampaignName",),),
    (("Message",), ("Template",)),
    (("GroupIds",),),
    (("DateTime",), ("Date", "Time")),
)
"""What a header row must have: of each line one of the alternatives, whole."""


def squash(name: str) -> str:
    """Take off what makes no difference in a header: case, blanks, underscores and hyphens."""
    plain = name if name.isascii() else unicodedata.normalize("NFKC", plain_blanks(name))
    return "".join(plain.casefold().translate(_IGNORED).split())


def is_known(name: str) -> bool:
    """Say whether a field is one of the known columns."""
    return name in KNOWN


def clean(name: str) -> str:
    """Write a header as it counts: plain blanks, one between two words, and nothing that nobody sees."""
    return " ".join(plain_blanks(name).split())


def trimmed(texts: Iterable[str]) -> list[str]:
    """Write a header row as it counts, up to its last name."""
    names = [clean(text) for text in texts]
    while names and not names[-1]:
        names.pop()
    return names


WHOLE = 100
"""What a row scores at least that has all that is needed."""


def score(names: Iterable[str]) -> int:
    """Count the known columns that a row names; a row that has all that is needed counts 100 more."""
    short = (name for name in names if len(name) <= _LONGEST)
    fields = {_BY_NAME[key] for key in map(squash, short) if key in _BY_NAME}
    return len(fields) + (0 if missing(fields) else WHOLE)


def find_header(rows: Sequence[tuple[int, Sequence[str], bool]]) -> tuple[int, int]:
    """Give the row number of the likeliest header among (number, texts, hidden), and its score; (0, 0) for none.

    A visible row wins over a hidden one, the first over a later one as good.
    """
    best = (0, 0, 0)
    for number, texts, hidden in rows:
        points = score(texts)
        if points > 1 and (points, not hidden) > best[:2]:
            best = (points, int(not hidden), number)
    return best[2], best[0]


def map_columns(names: Sequence[str]) -> dict[str, int]:
    """Give field to position: known columns by their one name, the others as written, ours left out."""
    columns: dict[str, int] = {}
    for position, name in enumerate(names):
        key = squash(name)
        if name and key not in _OUR_KEYS:
            columns.setdefault(_BY_NAME.get(key, name), position)
    return columns


def doubled(names: Sequence[str]) -> list[tuple[str, list[int]]]:
    """List the fields that more than one column names, each with the positions."""
    places: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        key = squash(name)
        if key and key not in _OUR_KEYS:
            places.setdefault(_BY_NAME.get(key, "=" + key), []).append(position)
    twice = [(field, columns) for field, columns in places.items() if len(columns) > 1]
    return [(names[columns[0]] if field[0] == "=" else field, columns) for field, columns in twice]


def missing(fields: Iterable[str]) -> list[str]:
    """Name the columns that are needed and not there, in words."""
    there = set(fields)
    needed = NEEDED[:2] if FOR_EACH in there else NEEDED  # a list may say to whom and when
    return [_either(ways) for ways in needed if not any(there.issuperset(way) for way in ways)]


def count_likely(names: Iterable[str]) -> int:
    """Count the needed columns that a row names, or nearly names, as people call them: 0 to 4."""
    short = [squash(name) for name in names if 1 < len(name) <= _LONGEST]
    return sum(any(_is_like(key, likely) for key in short) for likely in _LIKELY)


def _is_like(key: str, likely: frozenset[str]) -> bool:
    if key in likely:
        return True
    near = difflib.get_close_matches(key, likely, n=1, cutoff=0.75) if len(key) > 3 else ()
    return bool(near)


def nearest(wanted: str, names: Sequence[str]) -> int | None:
    """Give the position of the header that looks most like a column that is not there; None when none does."""
    free = {squash(name): at for at, name in enumerate(names) if name and squash(name) not in _BY_NAME}
    best: tuple[float, int] | None = None
    for way in (way for ways in NEEDED for way in ways if wanted.startswith(f'"{way[0]}"')):
        for option in (way[0], *KNOWN[way[0]]):
            best = max(filter(None, (best, _closest(squash(option), free))), default=None)
    return best[1] if best else None


def _closest(key: str, free: dict[str, int]) -> tuple[float, int] | None:
    close = difflib.get_close_matches(key, free, n=1, cutoff=0.6)
    if not close:
        return None
    return difflib.SequenceMatcher(None, key, close[0]).ratio(), free[close[0]]


def _either(ways: tuple[tuple[str, ...], ...]) -> str:
    return " or ".join(" and ".join(f'"{name}"' for name in way) for way in ways)


_IGNORED = str.maketrans("", "", "_-\u2010\u2011\u2012\u2013\u2014\u200d" + INVISIBLE)
_LONGEST = 60
"""Characters of a cell that may be a known column's name, blanks and all: a text of a message is none."""
_BY_NAME = {squash(alias): name for name, aliases in KNOWN.items() for alias in (name, *aliases)}
_CALLED = (
    ("text", "sms", "smstext", "body", "copy", "content", "messagetext", "msg", "wording"),
    ("audience", "segment", "list", "recipients", "to", "sendtogroup", "groupid", "groupname"),
    ("when", "senddate", "sendtime", "senddatetime", "sendon", "scheduledfor", "scheduled", "day", "launch"),
)
"""What people also call the columns for the text, the groups and the time; none of these is read."""
_LIKELY = tuple(
    frozenset(squash(alias) for way in ways for name in way for alias in (name, *KNOWN[name])) | frozenset(called)
    for ways, called in zip(NEEDED, ((), *_CALLED), strict=True)
)
_OUR_KEYS = frozenset(map(squash, OURS))
