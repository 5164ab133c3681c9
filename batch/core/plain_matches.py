"""Find what stands on the provider's list exactly as it was posted: of nearly every campaign no more need be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from batch.core.identity import split_tag
from batch.core.match import MOVING
from batch.core.payload import is_time, minute_of
from batch.core.settle import Reading
from batch.model import Listed, Posted
from batch.model.wording import APPROVED


def find_plain(posted: Iterable[Posted], reading: Reading, zone: str, now: datetime) -> Iterator[tuple[int, Listed]]:
    """Give the entries that are to come and stand on the list of scheduled campaigns just so, each with what it shows.

    Whatever differs at all, be it a space, is left to `reconcile`, which says what it means. `zone` is the provider's.
    """
    twice = {item.id for item in reading.sent.items}
    by_id: dict[str, Listed] = {}
    for item in reading.scheduled.items:
        if item.id and item.id not in twice:
            by_id.setdefault(item.id, item)
    for one in posted:
        found = by_id.get(one.provider_id)
        if found is not None and _is_as_posted(one, found) and _is_then(one, found, zone, now):
            yield one.id, by_id.pop(one.provider_id)


def _is_as_posted(one: Posted, item: Listed) -> bool:
    meant = (one.provider_name, one.message, one.subject, one.mms_template_id, one.type_recipients, one.contacts_count)
    shown = (item.name, item.message, item.subject, item.mms_template_id, item.type_recipients, item.contacts_count)
    return (
        meant == shown
        and bool(one.message and one.contacts_count)
        and one.expected_contacts in {None, one.contacts_count}
        and item.group_ids is not None
        and sorted(item.group_ids) == sorted(one.group_ids)
        and (item.name.endswith(f"#{one.tag}") if one.tag else not split_tag(item.name)[1])
        and item.status_id == APPROVED
        and one.provider_status_id in {None, APPROVED}
    )


def _is_then(one: Posted, item: Listed, zone: str, now: datetime) -> bool:
    """Whether it goes out when it was meant to, by the provider's zone of that day and of today, and not soon."""
    same = item.send_at == one.send_at_provider or minute_of(item.send_at) == minute_of(one.send_at_provider)
    return same and is_time(item.send_at, one.send_at, zone) and one.send_at > now + MOVING
