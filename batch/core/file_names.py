"""Make safe file names from what people wrote."""

from __future__ import annotations

import re

from batch.core.printable import printable

_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE | re.DOTALL)
"""Names of devices on Windows, whatever ending they have."""
_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
LONGEST = 110
"""Bytes that leave room for what is put around a name (255 is the usual limit)."""

_LONGEST_STEM = 160
"""Bytes: sixty letters may have four each."""


def plain_stem(name: str) -> str:
    """Write a name with letters, digits, `-` and `_` only, for a file of ours."""
    kept = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)
    return kept.strip("-")[:60].encode()[:_LONGEST_STEM].decode("utf-8", "ignore") or "sheet"


def safe_name(name: str, longest: int = LONGEST) -> str:
    """Keep a file's name as people know it, less what a system or a terminal would obey; cut in its middle."""
    kept = _FORBIDDEN.sub("_", printable(name).replace("\\", "_"))
    kept = re.sub(r"^[.~]", "_", kept.strip()).rstrip(". ")
    if _RESERVED.fullmatch(kept):
        kept = f"_{kept}"
    return cut_name(kept, longest) or "file"


def cut_name(name: str, longest: int = LONGEST) -> str:
    """Shorten a very long name in its middle, so that there is room for what is put around it."""
    if len(name.encode("utf-8", "surrogateescape")) <= longest:
        return name
    stem, dot, ending = name.rpartition(".")
    suffix = f".{ending}"[-20:] if dot and stem else ""
    room = longest - len(suffix.encode("utf-8", "surrogateescape"))
    kept = name.encode("utf-8", "surrogateescape")[:room].decode("utf-8", "ignore")
    return f"{kept.rstrip()}{suffix}"
