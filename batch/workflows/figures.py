"""The figures of a watch or a worker, for whoever watches over it: what is open and how old, what went, what waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from batch.adapters.metrics import Figure, serving
from batch.model import Status
from batch.model.records import dataclass
from batch.workflows.context import World, open_ledger_of
from batch.workflows.events import Event, Note, Progress

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger

_OPEN = {
    "planned": ({Status.PLANNED}, "rows that are to be submitted"),
    "in_doubt": ({Status.SUBMITTING, Status.IN_DOUBT}, "rows of which nobody knows yet whether they arrived"),
    "waiting": ({Status.WAITING}, "rows that wait for the provider"),
}
"""By the name of the figure."""
_TROUBLES, _WELL = {"trouble", "folder-gone"}, {"recovered", "watch-begun"}
"""The events by which a watch tells that it rests, and that it works."""


def warn_of(troubles: Mapping[str, str]) -> Iterator[str]:
    """Say what stands in the way of each account, as /healthz tells it; one without a name is the only one."""
    for name, words in list(troubles.items()):
        yield f"warning: {name}: {words}" if name else f"warning: {words}"


@dataclass(frozen=True, slots=True)
class Gauges:
    """What one process tells of the accounts that it works for."""

    accounts: Mapping[str, Settings]
    world: World
    depth: Callable[[], Mapping[str, int]] = dict
    """How many jobs wait, are being done, and failed; nothing where there is no queue."""
    lacks: Callable[[], Mapping[str, str]] = dict
    """By account that this process cannot work for, what it lacks."""
    warnings: Callable[[], Iterable[str]] = tuple
    """What stands behind the `ok` of /healthz; this process is not unwell for that."""
    left: Mapping[str, int] = field(default_factory=dict)
    """By account, the jobs of dead workers that this process gave out anew."""
    posts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By account and outcome, what this process submitted."""
    told: dict[str, str] = field(default_factory=dict)
    """By account, the trouble that its watch told and that stands."""

    def counted(self, world: World, account: str) -> World:
        """Give a world in which what is submitted is counted, and what troubles a watch is kept."""

        def tell(event: Event) -> None:
            if isinstance(event, Progress) and event.entry is not None:
                self.posts[account, event.status] += 1
            if isinstance(event, Note) and event.event in _TROUBLES:
                self.told[account] = event.words
            if isinstance(event, Note) and event.event in _WELL:
                self.told.pop(account, None)
            world.tell(event)

        return replace(world, tell=tell)

    def standing(self) -> Iterator[str]:
        """Say what keeps the watches of accounts from their work; the others go on."""
        return warn_of(self.told)

    def gather(self) -> Iterator[Figure]:
        """Read them; raise BatchError where a ledger or the queue cannot be reached."""
        for name, settings in self.accounts.items():
            with open_ledger_of(settings, self.world, create=False, quiet=True, look=True) as ledger:
                yield from _of_ledger(name, ledger, self.world.now())
        for name, served in {**dict.fromkeys(self.accounts, 1.0), **dict.fromkeys(self.lacks(), 0.0)}.items():
            yield Figure("served", "0 where this process lacks what it takes to work for the account", served, name)
        for (account, outcome), count in sorted(self.posts.items()):
            yield Figure("posts_total", "campaigns that this process submitted", count, account, outcome)
        for account, count in sorted(self.left.items()):
            yield Figure("jobs_left_total", "jobs of dead workers that this process gave to others", count, account)
        for state, count in self.depth().items():
            yield Figure(f"jobs_{state}", "jobs of all workers", count)

    def serving(self, address: str) -> AbstractContextManager[int]:
        """Serve them at `HOST:PORT` meanwhile."""
        return serving(address, self.gather, self.warnings)


def _of_ledger(account: str, ledger: Ledger, now: datetime) -> Iterator[Figure]:
    for name, (statuses, words) in _OPEN.items():
        count, oldest = ledger.entries.age(statuses)
        yield Figure(name, words, count, account)
        age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
        yield Figure(f"oldest_{name}_seconds", f"how long ago the oldest of the {words} changed", age, account)
    yield Figure("mails_waiting", "mails that wait for the mail server", len(ledger.outbox.unsent()), account)
    yield Figure("files_waiting", "files that wait for a worker", ledger.drops.waiting(), account)
    paused = ledger.pauses.first() is not None
    yield Figure("paused", "1 while nothing is submitted because somebody paused it", float(paused), account)
    silent = max(0.0, ledger.journal.silent_until() - now.timestamp())
    yield Figure("rate_limited_seconds", "how long the provider is left alone, by its own word", silent, account)
