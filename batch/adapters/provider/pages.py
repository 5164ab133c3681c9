"""Put the pages of one of the provider's lists together, and say whether it is whole."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Generic, TypeVar

from batch.model.records import dataclass

Item = TypeVar("Item", bound=Hashable)

MOST_PAGES = 1_000
"""A hundred thousand campaigns; a list that goes on longer than that goes on for ever."""


CHANGED = "the list changed while it was read"
RESTLESS = "the list changed each of the {times} times that it was read"


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page as it came."""

    items: tuple[Item, ...]
    pages: int | None = None
    """How many there are; None when the provider does not say."""
    total: int | None = None
    """How many objects all of them hold; None when the provider does not say."""


@dataclass(frozen=True, slots=True)
class Whole(Generic[Item]):
    """All pages together, each object once."""

    items: tuple[Item, ...]
    why: str = ""
    """What is wrong with it; empty when it is whole."""
    changed: bool = False
    """Whether it changed while it was read: read again, it may be whole."""


def read_paging(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Read how many pages and objects are announced; None where nothing readable stands."""
    return _number(headers.get("x-pagination-page-count")), _number(headers.get("x-pagination-total-count"))


def join_pages(
    ask: Callable[[int], Page[Item]],
    identify: Callable[[Item], str],
    *,
    enough: Callable[[tuple[Item, ...]], bool] = lambda _page: False,
    steady: bool = False,
) -> Whole[Item]:
    """Read page after page until the list is there.

    A page past the end is the last page again (Yii2), so an announced number of pages ends it; where none is
    announced, page 2 is asked for too and a page that brings nothing new ends it. `enough` is asked after each
    page and may end it sooner: then the announced total is not compared with what came. `identify` gives an object's
    Id. With `steady` all pages but the last are looked at once more: what leaves one of them meanwhile moves another
    object from a page that is still to come to one that was read, and nobody sees it.
    """
    items: dict[str, Item] = {}
    seen: list[list[str]] = []
    total: int | None = None
    nameless = 0
    for number, page in _pages(ask):
        fresh = {identify(item): item for item in page.items}
        nameless += fresh.pop("", None) is not None
        if page.pages is None and number > 1 and fresh.keys() <= items.keys():
            break
        items.update(fresh)
        seen.append([identify(item) for item in page.items])
        if total is not None and page.total not in (None, total):
            return Whole(tuple(items.values()), CHANGED, changed=True)
        total = page.total if page.total is not None else total
        if enough(page.items):
            total = None
            break
        if number >= MOST_PAGES and (page.pages or MOST_PAGES + 1) > number:
            return Whole(tuple(items.values()), f"the list goes on after {MOST_PAGES} pages")
    why = _nameless(nameless) or _short(len(items), total)
    if steady and not why and _moved(seen[:-1], lambda number: [identify(item) for item in ask(number).items]):
        return Whole(tuple(items.values()), CHANGED, changed=True)
    return Whole(tuple(items.values()), why)


def _moved(seen: list[list[str]], look: Callable[[int], list[str]]) -> bool:
    """Look at pages once more, the first one first; say whether one of them shows other objects than before."""
    return any(look(number) != before for number, before in enumerate(seen, start=1))


def _pages(ask: Callable[[int], Page[Item]]) -> Iterator[tuple[int, Page[Item]]]:
    number = 0
    while True:
        number += 1
        page = ask(number)
        yield number, page
        if not page.items if page.pages is None else number >= page.pages:
            return


def _nameless(count: int) -> str:
    return "the list has an object without an Id" if count else ""


def _short(found: int, total: int | None) -> str:
    if total is None or total == found:
        return ""
    return f"{total} objects are announced, {found} different ones came"


def _number(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
