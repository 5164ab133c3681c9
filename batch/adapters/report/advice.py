"""Take the commands out of an advice, for readers who do not run the tool."""

from __future__ import annotations

import re

_PIECES = re.compile(r"([;:]|\.(?=\s)|,(?=\s+(?:then|or|else|run|type)\b))\s+")
_COMMAND = re.compile(r"\bcampaign-batch\s|(?:^|\s)--\w")
_LEADS_IN = re.compile(r"(?:if|to|then|or|else)\b")


def without_commands(words: str) -> str:
    """Leave out each part of an advice that is to be typed, with what leads to it or explains it; keep the rest."""
    first, *others = _PIECES.split(words)
    kept: list[tuple[str, str]] = []
    dropped = False
    for mark, piece in zip(["", *others[::2]], [first, *others[1::2]], strict=True):
        explains = dropped and mark == ":"
        dropped = bool(_COMMAND.search(piece)) or explains
        if not dropped:
            kept.append((mark, piece))
        elif kept and not explains and _leads_to(kept[-1][1], mark, piece):
            kept.pop()
    told = "".join(f"{mark} {piece}" if mark else piece for mark, piece in kept)
    return told.strip(" ;:,").removeprefix(". ").removeprefix("then ")


def _leads_to(before: str, mark: str, piece: str) -> bool:
    """Whether the part before says nothing without the command: `then put it on the record: ...`."""
    leads = mark == ":" or (mark == "," and piece.startswith("then"))
    return leads and bool(_LEADS_IN.match(before))
