"""Make any text fit for a terminal or a log line: one line, and what cannot be seen, or would be obeyed, is shown."""

from __future__ import annotations

import re

from batch.core.patterns import pattern

_HIDDEN = (
    "\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ud800-\udfff\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""C1, line and paragraph separators, what turns the direction of writing, and what takes no room: joiners, fillers,
variation selectors, tags; half characters, too."""
_SIGNS = "\u203c-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_LOOSE_JOINER = f"(?<![{_SIGNS}\ufe0f])\u200d|\u200d(?![{_SIGNS}])"
"""A joiner anywhere but within an emoji of several parts, such as a family."""
HIDDEN = pattern(f"[{_HIDDEN}]|{_LOOSE_JOINER}")
MAYBE_HIDDEN = pattern(f"[{_HIDDEN}\u200d]")
"""What is hidden, and joiners wherever they stand: a text without any, as most are, is known three times as fast."""
_OBEYED = pattern(f"[\x00-\x1f{_HIDDEN}]|{_LOOSE_JOINER}")
_OBEYED_IN_LINES = pattern(f"(?!\r\n)[\x00-\x09\x0b-\x1f{_HIDDEN}]|{_LOOSE_JOINER}")
_HALF = pattern("[\ud800-\udfff]")
_BYTES = frozenset(map(chr, range(0xDC80, 0xDD00)))
"""How Python writes the bytes of a file's name that are not text."""
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def printable(text: str) -> str:
    r"""Write a text as one line that no terminal obeys: a line break is shown as `\n`, an escape as `\x1b`."""
    if text.isprintable() and text.isascii():
        return text
    return _OBEYED.sub(_show, text)


def printable_lines(text: str) -> str:
    """Do the same with a text that may have lines, such as a note or a cell of a CSV."""
    return _OBEYED_IN_LINES.sub(_show, text)


def whole_text(text: str) -> str:
    """Show what is not text, such as a byte of a file's name that is not UTF-8, so that it can be written down."""
    if text.isprintable():
        return text
    return _HALF.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}" if found[0] in _BYTES else "\ufffd", text)


def cut(text: str, longest: int = 60) -> str:
    """Shorten what a cell or a file says so that it fits into a line for a person."""
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else f"{flat[: longest - 1]}…"


def _show(found: re.Match[str]) -> str:
    sign = found[0]
    number = ord(sign)
    if sign in _SHORT:
        return _SHORT[sign]
    if sign in _BYTES:
        return whole_text(sign)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
