"""What a workflow tells while it works; only the command line turns it into words on a screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING

from batch.model import Decision, Entry, Issue
from batch.model.records import dataclass

if TYPE_CHECKING:
    from batch.workflows.tally import Comparison, Tally


@dataclass(frozen=True, slots=True)
class Note:
    """One line that a person should read."""

    words: str
    loud: bool = False
    event: str = ""
    """For the log, in kebab-case: `file-taken`, `mail-sent`; empty for a plain word."""
    batch: int | None = None
    entry: int | None = None
    file: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the submitting is."""

    total: int
    done: int
    accepted: int
    rejected: int
    in_doubt: int
    name: str = ""
    """The campaign that was just submitted."""
    entry: int | None = None
    batch: int | None = None
    status: str = ""
    """What became of it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The run waits for something; 0 seconds left means that it goes on."""

    words: str
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Checking:
    """How many rows have been read and checked."""

    rows: int


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to become of each row, before anybody is asked."""

    decisions: tuple[Decision, ...]
    file_issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class RunEnded:
    """How a run ended, before its reports are written: whoever waits for it need not wait for them."""

    outcome: Tally | Comparison = field(repr=False)


Event = Note | Progress | Wait | Checking | Planned | RunEnded
Tell = Callable[[Event], None]


def say_nothing(_event: Event) -> None:
    """Take an event and keep still, for pipes and tests."""


def name_entry(entry: Entry) -> str:
    """Name an entry in a sentence: `entry 17 "Spring sale"`."""
    return f'entry {entry.id} "{entry.campaign_name or "(no name)"}"'
