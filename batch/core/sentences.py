"""Say in a sentence what became of a campaign, for `find`, the status page and the team's mails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from batch.core.standing import Standing
from batch.model import DeliveryCount, Entry, Status
from batch.model.plurals import plural
from batch.model.times import local_time
from batch.model.wording import delivery_words


def sentence(entry: Entry, standing: Standing, zone: str, delivery: Sequence[DeliveryCount], now: datetime) -> str:
    """Say in a sentence what became of a campaign: `sent Mon 1 Dec 9:00 CST to 412 contacts, 398 delivered`.

    The time is that of the row's own zone; `zone` stands in when it has none.
    """
    when = local_time(entry.send_at, entry.zone or zone, now.year) if entry.send_at else "a time that cannot be read"
    to = f" to {plural(entry.contacts_count, 'contact')}" if entry.contacts_count is not None else ""
    arrived = delivery_words(delivery) if entry.status is Status.SENT else ""
    to += f", {arrived}" if arrived else ""
    if (usual := _USUAL.get(standing.word.standing)) is not None:
        look = f"; {standing.reason}" if standing.needs_attention else ""
        return f"{usual} {when}{to}{look}"
    return _tell(entry, standing, when, to, over=entry.send_at is not None and entry.send_at <= now)


_USUAL = {"sent": "sent", "scheduled": "scheduled for"}
"""How nearly every campaign stands: the others' sentences are not made for it."""


def _tell(entry: Entry, standing: Standing, when: str, to: str, *, over: bool) -> str:
    name, text = standing.word.standing, standing.word.text
    at, still = f"was for {when}" if over else f"for {when}", "was due" if over else "still scheduled for"
    told: dict[str, Callable[[], str]] = {
        "went_out": lambda: f"{text}, {when}{to}; {standing.reason}",
        "went_wrong": lambda: f"{text}, {when}{to}: {standing.reason}",
        "unseen": lambda: f"was due {when}{to}, not yet seen as sent",
        "to_cancel": lambda: f"{still} {when}{to}; to be cancelled: {entry.cancel_why}",
        "unapproved": lambda: f"at the provider, not yet approved{_says(entry)}, due {when}{to}",
        "did_not_go": lambda: f"did not go, was due {when}: {standing.reason}",
        "replaced": lambda: f"fixed in {_place_of(entry)}; this version, for {when}, was not sent",
        "left_out": lambda: f"{standing.reason}, was for {when}",
        "cancelled": lambda: f"{text}, was for {when}{f': {entry.cancel_why}' if entry.cancel_why else ''}",
        "missing": lambda: f"{text} (Id {entry.provider_id}), {'was ' if over else ''}due {when}",
        "held": lambda: f"{text}, {at}: {standing.reason}",
        "waiting": lambda: f"{text}, {at}: {standing.reason}",
        "to_approve": lambda: f"{text} (batch {entry.batch}), {at}",
    } | dict.fromkeys(("planned", "submitting", "in_doubt"), lambda: f"{text}, {at}")
    return told[name]() if name in told else f"{standing.outcome}, {text}, {at}: {standing.reason}"


def _says(entry: Entry) -> str:
    return f' ("{entry.provider_status}")' if entry.provider_status else ""


def _place_of(entry: Entry) -> str:
    return f"entry {entry.replaced_by}" if entry.replaced_by else "another row"
