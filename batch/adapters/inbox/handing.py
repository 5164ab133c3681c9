"""Hand a sheet that was taken in one folder to that of another account: into its `working`, as if it were taken there.

What lies in `working` is nobody else's to write, so who dropped the sheet, and whose watch it came from, can be
believed there. It waits for that account's watch, whatever is in that one's way just now.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path

from batch.adapters.inbox.copies import make_private, note_taken, write_failures
from batch.adapters.inbox.folder import Claimed, Inbox, InboxGoneError
from batch.adapters.inbox.names import claim_name, make_mark
from batch.adapters.inbox.plain_files import read_small
from batch.system.disk import Readers, copy_whole, write_whole

_FROM, _GIVEN = ".handed", ".given"
NOBODY = "-"
"""Stands for an account where the sheet lay in the folder of all, and none is the default."""


def hand_over(claimed: Claimed, home: str, to: str, inbox: Inbox, now: datetime) -> None:
    """Put a copy of a taken sheet into another inbox; once, however often its taking begins anew.

    `home` is the account for which it was dropped, `to` the one that gets it.
    """
    if to in given_to(claimed):
        return
    try:
        inbox.prepare()
        mark = make_mark()
        draft = inbox.working / f".{mark}"
        make_private(draft)
        file = draft / claimed.name
        copy_whole(claimed.path, file, Readers.OWNER)
        state = file.stat()
        note_taken(file, state.st_size, state.st_mtime_ns, claimed.uid)
        write_failures(file, -1)
        write_whole(file.with_name(_FROM), (home or NOBODY).encode(), Readers.OWNER)
        draft.rename(inbox.working / claim_name(now, mark))
        given = "\n".join(sorted({*given_to(claimed), to}))
        write_whole(claimed.path.with_name(_GIVEN), given.encode(), Readers.OWNER)
    except OSError as trouble:
        words = f'the folder "{inbox.folder}" cannot be written to ({trouble.strerror})'
        raise InboxGoneError(words, "check the share or the drive, and who may write there") from None


def given_to(claimed: Claimed) -> frozenset[str]:
    """Give the accounts that have a taken sheet already."""
    return frozenset(_read(claimed.path.with_name(_GIVEN)).split())


def handed_from(claimed: Claimed) -> str:
    """Give the account for which a sheet was dropped that came from another folder; empty for one that was not."""
    return _read(claimed.path.with_name(_FROM))


def _read(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        return read_small(path).decode()
    return ""
