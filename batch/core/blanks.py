"""What looks like a blank, or like nothing at all, and is a character of its own.

Light on purpose: the process that reads workbooks imports it at every start.
"""

from __future__ import annotations

ODD_BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""What looks like a blank and is another character."""
INVISIBLE = (
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
"""What shows nothing at all. The zero-width joiner is none of them: it holds emoji together."""

_EDGES = " \t\r\n\x0b\x0c\x1a\x1c\x1d\x1e\x1f\x85\u2028\u2029\u200d" + ODD_BLANKS + INVISIBLE
_PLAIN = str.maketrans(dict.fromkeys(ODD_BLANKS, " ") | dict.fromkeys(INVISIBLE, ""))
_LOST_MARK = "\u00ef\u00bb\u00bf"
"""A byte order mark that was read as Windows-1252."""


def strip_edges(text: str) -> str:
    """Take off what nobody sees around a text."""
    return text.removeprefix(_LOST_MARK).strip(_EDGES)


def plain_blanks(text: str) -> str:
    """Write odd blanks as plain ones and leave out what shows nothing."""
    return text if text.isascii() else strip_edges(text.translate(_PLAIN))
