"""The names of the watch folder: what counts as a sheet, and how notes, claims and filed files are called."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, tzinfo
from pathlib import PurePath

from batch.core.file_names import safe_name

LITTER = frozenset({"desktop.ini", "thumbs.db", "$recycle.bin", "system volume information", "lost+found"})
_STOP = re.compile(  # editors add endings that Windows hides, and copying numbers: whoever wrote the word meant it
    r"[\s.]*+(?:copy of )?stop!*+(?:\s*+(?:\(\d+\)|(?:-\s*+)?copy(?: \d+)?))*+(?:\s*+\.\w*+)*+\s*+", re.IGNORECASE
)
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".download")
_NOTE = re.compile(r"(.+) - will be taken at \d\d\.\d\d\.txt", re.DOTALL)
_LEFT = re.compile(r".+ - not taken yet\.txt", re.DOTALL)
_CLAIM = re.compile(r"(\d{8}T\d{6}Z)-([0-9a-f]{6,8})")


def may_be_sheet(name: str) -> bool:
    """Say whether a file of that name can have been dropped to be taken in."""
    if name.startswith(("~$", ".")) or is_unfinished(name) or is_left_note(name) or is_stop(name):
        return False
    return name.casefold() not in LITTER and _NOTE.fullmatch(name) is None


def is_stop(name: str) -> bool:
    """Say whether somebody named a file STOP, or nearly so: a stop too many costs nothing."""
    return "stop" in name.casefold() and _STOP.fullmatch(name) is not None


def is_unfinished(name: str) -> bool:
    """Say whether a file bears the name that programs give to a copy or download under way."""
    return name.casefold().endswith(_UNFINISHED)


def lock_names(name: str) -> frozenset[str]:
    """Give the names, casefolded, of the files that Excel and LibreOffice put beside an open sheet."""
    return frozenset({f"~${name}".casefold(), f".~lock.{name}#".casefold()})


def note_name(name: str, taken_at: datetime, zone: tzinfo | None) -> str:
    """Name the note beside a file; the hour with a dot, since Windows has no colon in names."""
    return f"{safe_name(name)} - will be taken at {taken_at.astimezone(zone):%H.%M}.txt"


def is_note(name: str) -> bool:
    """Say whether a file bears the name of one of our notes."""
    return _NOTE.fullmatch(name) is not None


def left_note_name(name: str) -> str:
    """Name the note beside what is not taken."""
    return f"{safe_name(name)} - not taken yet.txt"


def is_left_note(name: str) -> bool:
    """Say whether a file bears the name of a note beside what is not taken."""
    return _LEFT.fullmatch(name) is not None


def make_mark() -> str:
    """Tell apart what is taken in the same second; of a thousand files two share a mark once in ten thousand times."""
    return secrets.token_hex(4)


def claim_name(now: datetime, mark: str) -> str:
    """Name the folder within `working/` in which one file is worked on: when it was taken, and a mark of its own."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{mark}"


def split_claim(claim: str) -> tuple[datetime, str] | None:
    """Take the name of such a folder apart into when and mark; None when it is none of ours."""
    found = _CLAIM.fullmatch(claim)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), found[2]
    except ValueError:
        return None


def filed_name(name: str, moment: datetime, zone: tzinfo | None, mark: str = "") -> str:
    """Name a file for good: the day and minute in front, and a mark where that name is in use."""
    path = PurePath(safe_name(name))
    tail = f" ({mark})" if mark else ""
    return f"{moment.astimezone(zone):%Y-%m-%d %H.%M} {path.stem}{tail}{path.suffix}"
