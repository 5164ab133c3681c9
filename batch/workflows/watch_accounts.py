"""Watch for several accounts in one process: each has a thread, a folder and its own trouble, and waits for no other.

A thread for each, not turns: a provider that answers slowly, or a long sheet under a rate limit, would keep all others
waiting for minutes. They share nothing but the wish to end: settings are frozen, and ledger, provider and folder are
opened by the thread that works with them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from batch.adapters.inbox import wake
from batch.model.errors import BatchError, InboxBusyError
from batch.model.records import dataclass
from batch.system.disk import Readers, make_folder
from batch.workflows.context import World
from batch.workflows.events import Note
from batch.workflows.passing_on import SortingRoom, default_home
from batch.workflows.watch import LONGEST_REST, Watched, make_inbox, rest_after, watch_folder

if TYPE_CHECKING:
    from batch.adapters.config import Settings

_LOOK = 0.2
"""Seconds between two looks at whether the threads have ended, so that a signal is heard meanwhile."""


@dataclass(slots=True)
class _One:
    """The watch of one folder: an account's, or that of all."""

    settings: Settings
    world: World
    once: bool
    events: bool
    stop: threading.Event
    watched: list[Watched] = field(default_factory=list)

    def run(self) -> None:
        """Watch until the end is wished; what keeps it from beginning is told, and tried again after a rest."""
        told, failed = "", 0
        while not self.world.stopped():
            begun = self.world.monotonic()
            trouble = self._try()
            if self.once or trouble is None or self.world.stopped():
                return
            if trouble.kind != told:
                self.world.tell(Note(str(trouble), loud=True, event="trouble"))
            told = trouble.kind
            failed = 0 if self.world.monotonic() - begun > LONGEST_REST.total_seconds() else failed
            self.stop.wait(rest_after(failed, self.settings).total_seconds())
            failed += 1

    def _try(self) -> BatchError | None:
        try:
            watched = self.watch()
        except BatchError as trouble:
            watched = Watched(0, needs_look=True, trouble=trouble)
            if self.once:
                self.world.tell(Note(str(trouble), loud=True, event="trouble"))
        except Exception as fault:  # else this account's thread would end without a word
            words = f"an internal error of campaign-batch ({type(fault).__name__}); nothing is lost"
            watched = Watched(0, needs_look=True, trouble=BatchError(words, "report it"))
            self.world.tell(Note(f"{words}: report it", loud=True, event="fault"))
        self.watched.append(watched)
        return watched.trouble

    def watch(self) -> Watched:
        """Watch the folder of the account."""
        return watch_folder(self.settings, self.world, once=self.once, events=self.events, stop=self.stop)


class _Root(_One):
    """The watch of the folder of all accounts, where none of them has it: what is dropped there is passed on."""

    def watch(self) -> Watched:
        """Look until the end is wished; with `once` twice, as each account does."""
        root = self.settings.root
        assert root is not None
        inbox = make_inbox(self.settings, root)
        room = SortingRoom(inbox, default_home(self.settings), self.world)
        inbox.prepare()
        with inbox.only_watcher(f"{self.world.who} on {self.world.machine}"):
            room.look()
            while not (self.once or self.world.stopped()):
                wake(root, self.settings.watch.scan_seconds, self.stop, events=self.events)
                room.look()
            if self.once:
                self.world.sleep(self.settings.watch.stable_seconds + 0.05)
                room.look()
        return Watched(room.files, room.needs_look)


def watch_accounts(
    accounts: Sequence[Settings],
    world_of: Callable[[str], World],
    *,
    once: bool = False,
    events: bool = True,
    stop: threading.Event,
) -> Watched:
    """Watch for every account until somebody asks for an end; `world_of` gives each a world that names it.

    With `once` take what is whole and go; the trouble of the first account that had any stands for all.
    """
    _make_root(accounts)
    ones = [_One(one, world_of(one.name), once, events, stop) for one in accounts]
    if all(one.root is not None for one in accounts):
        root = _Root(accounts[0], world_of(""), once, events, stop)
        if once:
            root.run()  # first, so that what it passes on is taken by the same command
        ones.append(root)
    threads = [threading.Thread(target=one.run) for one in ones if not one.watched]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(_LOOK)
    return _sum_up([watched for one in ones for watched in one.watched])


def _make_root(accounts: Sequence[Settings]) -> None:
    """Make the folder in which the accounts' folders lie; a share that is away is waited for by each of them."""
    for root in {settings.root for settings in accounts if settings.root is not None}:
        if root.parent.is_dir():
            make_folder(root, Readers.UMASK, parents=False)


def _sum_up(all_watched: Sequence[Watched]) -> Watched:
    troubles = [one.trouble for one in all_watched if one.trouble and not isinstance(one.trouble, InboxBusyError)]
    return Watched(
        sum(one.files for one in all_watched),
        any(one.needs_look for one in all_watched),
        troubles[0] if troubles else None,
    )
