"""Bend an answer on order: what a list leaves out, what it says of each, how many it announces, and its date."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from batch.adapters.sandbox.campaigns import HeldCampaign
from batch.adapters.sandbox.faults import number_in
from batch.model import Group

_T = TypeVar("_T")
_FIRST_STRANGE_ID = 7_000_001
_FIRST_STRANGE_GROUP = 900_001
_WEST = timedelta(hours=3)
_LOST = 5
_TIME = "%Y-%m-%d %H:%M:%S"


def leave_out(items: Sequence[_T], lies: Sequence[str], page_size: int) -> Sequence[_T]:
    """Give what a list shows of its items, the oldest first."""
    for lie in lies:
        if lie == "list-empty":
            items = ()
        elif lie == "list-first-only":
            items = items[:1]
        elif lie == "list-newest-missing":
            items = items[:-1]
        elif lie == "list-oldest-missing":
            items = items[1:]
        elif lie == "list-last-page-missing":
            items = items[: max(0, len(items) - 1) // page_size * page_size]
    return items


def cut_page(page: Sequence[_T], lies: Sequence[str]) -> Sequence[_T]:
    """Give what one page shows, whatever the headers announce."""
    return page[: len(page) // 2] if "list-cut-pages" in lies else page


def reword(shown: dict[str, object], lies: Sequence[str]) -> dict[str, object]:
    """Give what a list says of one campaign or group."""
    for lie in lies:
        for field in ("CampaignName", "Name"):
            if lie in _NAMES and field in shown:
                shown[field] = _NAMES[lie](str(shown[field]))
        if lie == "list-times-zone" and "DateTime" in shown:
            moment = datetime.strptime(str(shown["DateTime"]), _TIME) - _WEST  # noqa: DTZ007 - it is shown without
            shown["DateTime"] = moment.strftime(_TIME)
    return shown


def miscount(headers: dict[str, str], lies: Sequence[str]) -> dict[str, str]:
    """Give the headers that announce a list."""
    if "list-total-off" not in lies:
        return headers
    return {**headers, _TOTAL: str(int(headers[_TOTAL]) + 1)}


def staleness(lies: Sequence[str]) -> float:
    """Give how many seconds ago a list was as it is shown."""
    return max((number_in(lie) for lie in lies if lie.startswith("list-stale-")), default=0.0)


def lie_about_date(lies: Sequence[str]) -> float:
    """Give by how many seconds the Date header of an answer is ahead."""
    ahead = sum(number_in(lie) for lie in lies if lie.startswith("date-ahead-"))
    return ahead - sum(number_in(lie) for lie in lies if lie.startswith("date-behind-"))


def invent_campaigns(now: float, count: int, *, sent: bool) -> Mapping[int, HeldCampaign]:
    """Make up the campaigns of another account, as many as are asked for, but three at least."""
    step = -86_400 if sent else 86_400
    return {
        _FIRST_STRANGE_ID + place: HeldCampaign(
            id=_FIRST_STRANGE_ID + place,
            name=f"Harvest fair {place + 1}",
            message=f"Harvest fair, stand {place + 1}: cider and pumpkins. Reply STOP to opt out",
            send_at=now - now % 3_600 + step * (place % 5 + 1),
            group_ids=(str(_FIRST_STRANGE_GROUP + place % 3),),
            type_recipients=0,
            contacts_count=240 + place % 7,
            created_at=now - 5 * 86_400,
            status_id=3,
            sent=sent,
        )
        for place in range(max(3, count))
    }


def strange_groups() -> Mapping[int, Group]:
    """Give the groups of another account."""
    names = ("Orchard friends", "Cider club", "Market regulars")
    numbers = range(_FIRST_STRANGE_GROUP, _FIRST_STRANGE_GROUP + len(names))
    return {number: Group(str(number), name, 240) for number, name in zip(numbers, names, strict=True)}


def lose_tag(name: str) -> str:
    """Give a name as a provider keeps it that lets no number sign in."""
    return f"{name.rpartition('#')[0].strip() or name} (1)"


def _trim(name: str) -> str:
    return " ".join(name.split())


def _escape(name: str) -> str:
    return "&#35;".join(html.escape(part) for part in name.split("#"))


_NAMES: Mapping[str, Callable[[str], str]] = {
    "list-names-upper": str.upper,
    "list-names-cut": lambda name: name[: max(1, len(name) - _LOST)],
    "list-names-trim": _trim,
    "list-names-html": _escape,
    "list-names-nfd": lambda name: unicodedata.normalize("NFD", name),
}
_TOTAL = "X-Pagination-Total-Count"
