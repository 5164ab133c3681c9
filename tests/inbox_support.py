"""A watched folder whose clock is handed in: make it, drop a sheet, take it, look what lies there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from batch.adapters.inbox import Claimed, Inbox, Ready

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DALLAS = timezone(timedelta(hours=-6))


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def make(folder: Path, *, grace: float = 0.0) -> Inbox:
    inbox = Inbox(folder / "inbox", stable_seconds=5, grace_seconds=grace, zone=DALLAS)
    inbox.prepare()
    return inbox


def drop(inbox: Inbox, name: str, content: str = "CampaignName,Message\n") -> Path:
    path = inbox.folder / name
    path.write_text(content, encoding="utf-8")
    return path


def take(inbox: Inbox, name: str, now: datetime = NOON) -> Claimed:
    inbox.scan(now)
    [one] = [one for one in inbox.scan(now + timedelta(seconds=5)) if isinstance(one, Ready) and one.name == name]
    claimed = inbox.claim(one, now + timedelta(seconds=5))
    assert claimed is not None
    return claimed


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith(".") and path.is_file())
