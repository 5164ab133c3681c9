"""The watch folder: wait until files are complete, claim them, and file them away."""

from batch.adapters.inbox.folder import GIVEN_UP, MOST_FAILURES, Claimed, Inbox, InboxGoneError, has_stop
from batch.adapters.inbox.grace import Ready, Settling
from batch.adapters.inbox.plain_files import OddFileError, Offered, hash_offer
from batch.adapters.inbox.waking import wake

__all__ = [
    "GIVEN_UP",
    "MOST_FAILURES",
    "Claimed",
    "Inbox",
    "InboxGoneError",
    "OddFileError",
    "Offered",
    "Ready",
    "Settling",
    "has_stop",
    "hash_offer",
    "wake",
]
