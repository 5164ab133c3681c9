"""Texts that a terminal would obey or a log take for a line of its own, and how to see one that got through."""

from __future__ import annotations

import unicodedata

FORGED = "campaign-batch: all is well"
SEQUENCES = (
    "\x1b[31m", "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]8;;file:///etc/passwd\x1b\\", "\x1b[6n", "\x1bc",
    "\x1b[?1049h", "\x1bPq\x1b\\",
    "\x9b31m", "\x9d0;title\x9c", "\x90q\x9c", "\x85", "\x07", "\x08\x08\x08", "\x0b", "\x0c", "\x7f",
    f"\n{FORGED}", f"\r\n{FORGED}", f"\r{FORGED}", f"\u2028{FORGED}", f"\u2029{FORGED}", "\u202ecod.exe",
    "\u2066\u202e", "\u200f\u061c",
    "\u200b\u200c\u2060", "a\u200db", "\ufeff\u00ad\u034f", "\U000e0041\U000e0042", "\u3164\ufe01",
)  # fmt: skip
BAD = {"Cc", "Cf", "Zl", "Zp", "Cs"}


def obeyed(text: str) -> list[str]:
    """Give what a terminal would obey, or nobody sees, of a text; line ends are no harm here."""
    lines = text.replace("\r\n", "\n").replace("\n", "")
    return [repr(sign) for sign in lines if unicodedata.category(sign) in BAD or sign in "\u034f\u3164\ufe01"]
