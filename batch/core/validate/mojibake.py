"""Find text that was decoded twice: UTF-8 that some program read as another encoding ("donâ€™t" was "don’t")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from batch.core.printable import cut
from batch.core.validate.trouble import NO_TROUBLE, Trouble

_ROUNDS = 3
"""How often a text may have gone wrong: an export of an export of an export."""
_WORD = re.compile(r"\S+")


class Doubled(NamedTuple):
    """One word that was decoded twice."""

    written: str
    meant: str
    read_as: str
    """The encoding that it was read in, by the name that people know."""


def find_doubled(text: str) -> Doubled | None:
    """Find the first word that was decoded twice, with what it most likely was."""
    if text.isascii():
        return None
    best: Doubled | None = None
    for reading in _readings():
        if not reading.hint.isdisjoint(text) and (found := reading.pattern.search(text)):
            whole = _around(text, found)
            clean = _HALFWAY.search(reading.repair(whole)) is None
            if (meant := _repair(whole)) != whole and (best is None or clean):
                best = Doubled(whole, meant, reading.name)
                if clean:
                    return best
    return best


def check_doubled(text: str, field: str) -> tuple[Trouble, ...]:
    """Warn of a text that was decoded twice."""
    found = find_doubled(text)
    if found is None:
        return NO_TROUBLE
    words = (
        f'"{cut(found.written, 30)}" was "{cut(found.meant, 30)}" before it was decoded twice (UTF-8 read as '
        f"{found.read_as}): fix the text, and save the file as UTF-8"
    )
    return (Trouble("mojibake", field, words, found.written),)


class _Encoding:
    """UTF-8 as it looks in one other encoding."""

    def __init__(self, name: str, codec: str) -> None:
        self.name = name
        self._bytes = {sign: byte for byte, sign in _letters(codec)}
        signs = {byte: sign for sign, byte in self._bytes.items()}
        behind = "[" + re.escape("".join(signs[byte] for byte in range(0x80, 0xC0))) + "]"
        two, three, four, more = ("[" + re.escape("".join(signs[byte] for byte in leads)) + "]" for leads in _LEADS)
        lost = "|\u00e2\u20ac" if codec == "cp1252" else ""
        """A closing quote whose last byte stands for no letter, and was dropped."""
        sure = f"{four}{behind}{{3}}|{three}{behind}{{2}}|{two}{behind}"
        self.pattern = re.compile(f"(?:{sure})+{lost}")
        self._wide = re.compile(f"(?:{sure}|{more}{behind})+{lost}")
        self.hint = {signs[byte] for leads in _LEADS[:3] for byte in leads}

    def repair(self, text: str) -> str:
        """Write what was decoded twice as it was meant."""
        return self._wide.sub(lambda found: self._decode(found[0]), text)

    def _decode(self, piece: str) -> str:
        if piece == "\u00e2\u20ac":
            return "\u201d"
        try:
            meant = bytes(self._bytes[sign] for sign in piece).decode()
        except (KeyError, UnicodeDecodeError):
            return piece
        return meant if all(map(_is_likely, meant)) else piece


def _letters(codec: str) -> Iterator[tuple[int, str]]:
    for byte in range(0x80, 0x100):
        sign = bytes([byte]).decode(codec, "replace")
        yield byte, chr(byte) if sign == "\ufffd" else sign


def _is_likely(sign: str) -> bool:
    """Say whether a sign stands in texts for people here: Western letters, signs, emoji; and halfway there."""
    code = ord(sign)
    if sign in _OF_WINDOWS:
        return True
    return 0x80 <= code < 0x100 or 0x2000 <= code < 0x2C00 or code in (0xFE0F, 0xFEFF) or 0x1F000 <= code < 0x1FB00


def _around(text: str, found: re.Match[str]) -> str:
    """Give the word, as far as blanks, in which something was found."""
    for word in _WORD.finditer(text):
        if word.end() > found.start():
            return text[min(word.start(), found.start()) : max(word.end(), found.end())]
    return found[0]


def _repair(text: str) -> str:
    for _ in range(_ROUNDS):
        better = [found for reading in _readings() if (found := reading.repair(text)) != text]
        if not better:
            break
        text = min(better, key=lambda found: len(_HALFWAY.findall(found)))
    return text


_HALFWAY = re.compile("[\x80-\x9f]")
_LEADS = ((0xC2, 0xC3), (0xE2, 0xEF), (0xF0,), (0xC5, 0xC6, 0xCB))
"""The first bytes of what is written in two, three and four, and of what goes wrong a second time only."""
_OF_WINDOWS = frozenset("\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc")
"""The letters beyond Latin-1 that Windows-1252 has."""


@cache
def _readings() -> tuple[_Encoding, ...]:
    """Know how UTF-8 looks in each: made when a text has a letter that gives reason to."""
    return (
        _Encoding("Windows-1252", "cp1252"),
        _Encoding("Mac Roman", "mac_roman"),
        _Encoding("DOS 437", "cp437"),
        _Encoding("DOS 850", "cp850"),
    )
