"""What the provider shows and answers, and what an answer means."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from batch.model.issues import Issue, Status
from batch.model.records import dataclass


@dataclass(frozen=True, slots=True)
class Listed:
    """One campaign as the provider shows it, in an answer or a list, its quirks taken off."""

    id: str
    """Digits; empty when the object has no usable Id."""
    name: str = ""
    message: str = ""
    send_at: str = ""
    """The provider's own text, `YYYY-MM-DD HH:MM:SS` in the provider's zone."""
    group_ids: tuple[str, ...] | None = None
    """None where the list does not carry them (the sent history)."""
    type_recipients: int | None = None
    contacts_count: int | None = None
    status_id: int | None = None
    status: str = ""
    mms_template_id: int | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One of the provider's lists, as far as it could be read."""

    items: tuple[Listed, ...]
    read_at: datetime
    """When the reading began, aware, UTC."""
    complete: bool = True
    """Every page was read and the distinct Ids are as many as announced."""
    why: str = ""
    """What was wrong with it, when it is not complete."""


class Failure(StrEnum):
    """How a request ended when no complete answer came."""

    NOT_SENT = "not_sent"
    """Proven: not a byte of the request left (name not found, refused, unreachable, connect time-out, proxy)."""
    CERTIFICATE = "certificate"
    """Certificate or host name wrong, found before a byte of the request left."""
    TOO_LATE = "too_late"
    """Connected, but the clocks said no: nothing was written."""
    UNKNOWN = "unknown"
    """Anything else: it may have arrived."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from one request: an HTTP answer, or how it failed; never the token."""

    status: int | None
    """The HTTP status; None when none came."""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """With lower-case names; `link` is left out, since it carries the token."""
    body: bytes = b""
    failure: Failure | None = None
    words: str = ""
    """How it failed, for a person and without the URL's query."""
    at: datetime | None = None
    seconds: float = 0.0


class Stop(StrEnum):
    """Why a run must go no further after an outcome."""

    NO = ""
    CERTIFICATE = "certificate"
    TOKEN = "token"
    ADDRESS = "address"
    REDIRECT = "redirect"
    TAG_LOST = "tag-lost"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer, or its absence, means for the entry."""

    status: Status
    """planned, accepted, rejected or in_doubt."""
    why: str
    """One sentence for history, report and terminal."""
    listed: Listed | None = None
    """The provider's object, when accepted."""
    stop: Stop = Stop.NO
    issues: tuple[Issue, ...] = ()
    """The provider's words field by field, or what it echoed differently (code `drifted`, a warning)."""
    counts: bool = True
    """Whether the attempt counts towards the three that an entry has (a 429 does not)."""
    refused: bool = False
    """A 429: the account must be left alone for a while."""
    unreachable: bool = False
    """Nothing was sent because the provider could not be reached: again after a while, 8 in a row stop the run."""


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """How many contacts of one sent campaign have one delivery status; never their numbers."""

    status_id: int
    """The provider's id: 2 Delivered, 3 Failed, 9 Optedout, ..."""
    status: str
    contacts: int


@dataclass(frozen=True, slots=True)
class SentTotals:
    """What some campaigns that were sent add up to."""

    rows: int
    texts: int
    """By the provider's ContactsCount."""
    mms_texts: int
    """Those of `texts` that are MMS."""
    sms_parts: int
    """Of the others, times the parts of each."""
    delivery: tuple[DeliveryCount, ...] = ()
