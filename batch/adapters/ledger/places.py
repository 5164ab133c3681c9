"""Where a ledger must not lie: on a network share or in a synchronised folder, whose locks and copies break it."""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterable
from pathlib import Path, PurePath

from batch.model.errors import LedgerError

_SHARES = re.compile(r"nfs\d?|cifs|smb\w*|afpfs|webdav|davfs2?|fuse\.(sshfs|davfs2|rclone|gvfsd-fuse|s3fs|gcsfuse)|afs")
_SYNCHRONISED = (
    (re.compile(r"onedrive\b", re.I), "OneDrive"),
    (re.compile(r"dropbox\b", re.I), "Dropbox"),
    (re.compile(r"(icloud ?drive|com~apple~clouddocs|mobile documents)$", re.I), "iCloud"),
    (re.compile(r"(google ?drive|googledrive-.*|drivefs)\b", re.I), "Google Drive"),
)
_REMOTE_DRIVE = 4  # GetDriveTypeW's DRIVE_REMOTE


def refuse_place(path: Path) -> None:
    """Raise a LedgerError when the file would lie where SQLite cannot keep it whole.

    See https://www.sqlite.org/howtocorrupt.html, section 2.1: locks on network file systems.
    """
    if found := unsafe_place(path, _mounts()) or _remote_drive(path):
        raise LedgerError(
            f'the ledger "{path}" would be {found}, where it will be damaged sooner or later',
            "put it on a local disk of the one machine that submits, with [ledger] url or --ledger",
        )


def unsafe_place(path: PurePath, mounts: Iterable[tuple[str, str]] = ()) -> str:
    """Say on what kind of unsafe place a path lies; empty when it is fine.

    `mounts` are pairs of mount point and file system type, as the system lists them.
    """
    if re.match(r"(\\\\|//)[^\\/?.]", str(path)):
        return "on a network share"
    for part in path.parent.parts:
        for pattern, name in _SYNCHRONISED:
            if pattern.match(part):
                return f"in a folder that {name} syncs"
    kind = _file_system(path, mounts)
    return f"on a network share ({kind})" if _SHARES.fullmatch(kind) else ""


def _file_system(path: PurePath, mounts: Iterable[tuple[str, str]]) -> str:
    """Give the type of the innermost mount that holds the path."""
    above = {path, *path.parents}
    held = [(len(point), place, kind) for place, (point, kind) in enumerate(mounts) if type(path)(point) in above]
    return max(held)[2] if held else ""


def _mounts() -> list[tuple[str, str]]:
    """Read the mount table where the system shows it as a file (Linux)."""
    table = Path("/proc/self/mounts")
    try:
        lines = table.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    fields = (line.split(" ") for line in lines)
    return [(_unescape(found[1]), found[2]) for found in fields if len(found) > 2]


def _unescape(text: str) -> str:
    """Undo the octal escapes of the mount table (a blank is `\\040`)."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found.group(1), 8)), text)


def _remote_drive(path: Path) -> str:
    if sys.platform != "win32":
        return ""
    kind = ctypes.windll.kernel32.GetDriveTypeW(path.anchor)
    return f"on a network drive ({path.drive})" if kind == _REMOTE_DRIVE else ""
