"""The watch folder: settle, claim, file away; alone knows when a dropped file is whole and whose it is."""

from batch.inbox.folder import Claimed, Inbox, InboxBusyError, InboxGoneError, Ready, Settling
from batch.inbox.waking import wake

__all__ = ["Claimed", "Inbox", "InboxBusyError", "InboxGoneError", "Ready", "Settling", "wake"]
