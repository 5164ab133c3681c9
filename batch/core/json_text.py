"""Write JSON that breaks no terminal, line or encoding."""

from __future__ import annotations

import json
import re
from functools import lru_cache

from batch.core.printable import HIDDEN, MAYBE_HIDDEN


def write_json(value: object, *, indent: int | None = None, short: bool = False) -> str:
    """Write a value as JSON, readable beyond ASCII; what nobody sees, or a terminal obeys, as an escape.

    Half a surrogate pair becomes its escape, too, so that the text can be encoded. What JSON does not know is written
    as `str` has it.
    """
    text = _encoder(indent, (",", ":") if short else None).encode(value)
    return HIDDEN.sub(_escape, text) if MAYBE_HIDDEN.search(_beyond_ascii(text)) else text


def _beyond_ascii(text: str) -> str:
    """Leave out what plainly hides nothing: a search of all of a page takes five times as long as this."""
    return text.encode("utf-8", "surrogatepass").translate(None, _PLAIN).decode("utf-8", "surrogatepass")


_PLAIN = bytes(range(0x7F))
"""ASCII without its last sign, which nobody sees."""


@lru_cache
def _encoder(indent: int | None, separators: tuple[str, str] | None) -> json.JSONEncoder:
    """Make an encoder once: json.dumps makes one each time, which takes as long as a short text."""
    return json.JSONEncoder(ensure_ascii=False, default=str, indent=indent, separators=separators)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
