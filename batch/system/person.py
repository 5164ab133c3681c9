"""Who is at work, and whose a file is, by the system's own word; no variable of the environment changes that."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from batch.model import UNKNOWN, Person

_WHOLE_MAP = ["0", "0", "4294967295"]
_NOBODY = 65_534
"""The owner whom Linux shows where the true one is not to be seen from here."""


def person_at_work(environ: Mapping[str, str]) -> Person:
    """Name the system's user of this process, and beside it who became that user with sudo, by sudo's own word."""
    if sys.platform == "win32":
        return _windows_user()
    if not _is_outermost():
        return Person()
    return person_of(os.getuid(), sudo=environ.get("SUDO_USER", "").strip())


def person_of(uid: int | None, *, sudo: str = "") -> Person:
    """Name a user by its number; a number without a name is named by itself."""
    if uid is None or uid == _NOBODY or sys.platform == "win32":
        return Person()
    import pwd

    name = f"uid {uid}"
    with suppress(KeyError):
        name = pwd.getpwuid(uid).pw_name
    return Person(name, str(uid), "" if sudo.casefold() == name.casefold() else sudo)


def my_uid() -> int | None:
    """Give the number of this process's user, as which files of ours are written; None where there are none."""
    return None if sys.platform == "win32" else os.geteuid()


def name_ids() -> str:
    """Give the numbers of this process's user and group, as a container wants them; 10001 where there are none."""
    return "10001:10001" if sys.platform == "win32" else f"{os.geteuid()}:{os.getegid()}"


def may_write(folder: Path, uid: int) -> bool:
    """Say whether the plain rights of a folder, or of one above it, let a user put files there; rather yes than no."""
    if sys.platform == "win32":
        return True
    return _may_change(folder, uid) or any(_may_swap(above, uid) for above in folder.absolute().parents)


def _may_swap(folder: Path, uid: int) -> bool:
    """Whether a user may put another folder in the place of one in here; where only owners may, nobody else can."""
    return _may_change(folder, uid) and not (folder.stat().st_mode & 0o1000 and folder.stat().st_uid != uid)


def _may_change(folder: Path, uid: int) -> bool:
    try:
        state = folder.stat()
    except OSError:
        return True
    if uid in {0, state.st_uid}:
        return True
    return bool(state.st_mode & 0o002) or bool(state.st_mode & 0o020 and state.st_gid in _groups_of(uid))


def _groups_of(uid: int) -> set[int]:
    """Give the groups of a user; of one who has no name nobody knows them, so all of them count."""
    import grp
    import pwd

    try:
        user = pwd.getpwuid(uid)
    except KeyError:
        return {group.gr_gid for group in grp.getgrall()}
    return set(os.getgrouplist(user.pw_name, user.pw_gid))


def _is_outermost() -> bool:
    """Whether users have their true numbers: in a namespace of one's own (`unshare -r`) anybody is root."""
    try:
        words = Path("/proc/self/uid_map").read_text(encoding="ascii").split()
    except OSError:
        return True  # a system without them
    return words == _WHOLE_MAP


def _windows_user() -> Person:
    """Ask for the user of this process's token: its name, and with its domain what takes a number's place."""
    import ctypes

    def ask(function: object, *words: object) -> str:
        size = ctypes.c_ulong(256)
        text = ctypes.create_unicode_buffer(size.value)
        return text.value if function(*words, text, ctypes.byref(size)) else ""  # type: ignore[operator]

    libraries = ctypes.windll  # type: ignore[attr-defined,unused-ignore]
    name = ask(libraries.advapi32.GetUserNameW)
    full = ask(libraries.secur32.GetUserNameExW, 2)  # NameSamCompatible: DOMAIN\user
    return Person(name or UNKNOWN, full or name)
