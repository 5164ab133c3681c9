"""The groups and MMS templates that a sandbox begins with: a chain of stores that nobody owns."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from batch.model import Group, MmsTemplate

TEMPLATE_STATUSES = {
    0: "Pending for processing",
    1: "Processing",
    2: "Processed pending approval",
    3: "Approved",
    4: "Rejected",
    5: "Processed Failed",
}

_STORES = {
    100: ("Dallas stores", 412),
    101: ("Houston stores", 388),
    102: ("Austin stores", 205),
    103: ("Phoenix stores", 176),
    104: ("Denver stores", 231),
    105: ("Los Angeles stores", 634),
    106: ("San Diego stores", 289),
    107: ("Seattle stores", 198),
    108: ("Chicago stores", 527),
    109: ("Atlanta stores", 341),
    110: ("Miami stores", 298),
    111: ("New York stores", 712),
    112: ("Boston stores", 264),
    113: ("Philadelphia stores", 303),
    114: ("Nashville stores", 187),
    115: ("Minneapolis stores", 142),
}
_SPAN = 100_000
"""Contacts of group N have the ids from N x 100,000 on, so that only the groups meant to overlap do."""


def store_groups() -> tuple[Group, ...]:
    """Give the groups: sixteen cities, three that share members with them, one for trying out, one empty."""
    cities = [
        _group(number, name, range(number * _SPAN, number * _SPAN + size)) for number, (name, size) in _STORES.items()
    ]
    shared = [
        _group(120, "VIP customers", _first_of(25)),
        _group(121, "Loyalty, gold and silver", _first_of(60)),
        _group(122, "Online only", range(122 * _SPAN, 122 * _SPAN + 1_480)),
    ]
    small = [_group(130, "Our own phones (test)", range(130 * _SPAN, 130 * _SPAN + 4)), _group(140, "New stores", ())]
    return (*cities, *shared, *small)


def picture_templates() -> tuple[MmsTemplate, ...]:
    """Give the MMS templates: three that may be used, and one in each state that forbids it."""
    return (
        _template(500, "Weekend sale picture", 3),
        _template(501, "New store video", 3),
        _template(502, "Holiday hours card", 3),
        _template(503, "Clearance collage", 2),
        _template(504, "Animated snow", 4),
        _template(505, "Spring preview", 1),
    )


def invent_group(number: int) -> Group:
    """Make up a group for an id that nobody knows; the same id always has the same members."""
    size = 40 + zlib.crc32(str(number).encode()) % 1_960
    first = number % 1_000_000_000 * _SPAN
    return _group(number, f"Group {number}", range(first, first + size))


def invent_template(number: int) -> MmsTemplate:
    """Make up an approved MMS template for an id that nobody knows."""
    return _template(number, f"Template {number}", 3)


def fill_group(group: Group) -> Group:
    """Give a group that only says how many contacts it has as many made-up members."""
    if group.contact_ids or not group.contacts:
        return Group(group.id, group.name, len(group.contact_ids), group.contact_ids)
    first = int(group.id) % 1_000_000_000 * _SPAN
    return _group(int(group.id), group.name, range(first, first + group.contacts))


def _group(number: int, name: str, contacts: Iterable[int]) -> Group:
    members = tuple(contacts)
    return Group(str(number), name, len(members), members)


def _template(number: int, name: str, status_id: int) -> MmsTemplate:
    return MmsTemplate(number, name, status_id, TEMPLATE_STATUSES[status_id])


def _first_of(count: int) -> list[int]:
    return [number * _SPAN + place for number in _STORES for place in range(count)]
