"""Pass the rows of other accounts in a dropped sheet on to their folders; each watch takes in its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from batch.adapters.inbox import Claimed, Inbox, Ready
from batch.adapters.inbox.handing import NOBODY, hand_over, handed_from
from batch.core.printable import printable
from batch.model.errors import BatchError, SheetError
from batch.model.records import dataclass
from batch.workflows.context import World
from batch.workflows.events import Note
from batch.workflows.notes_beside import describe_unread
from batch.workflows.shares import Shares, describe_shares, share_out

if TYPE_CHECKING:
    from batch.adapters.config import Settings


def share_dropped(claimed: Claimed, settings: Settings, world: World) -> Shares:
    """See whose the rows of a dropped sheet are, and hand it to every other account that has some.

    A sheet that another watch handed over is only taken from: it has been passed on already, and whose the rows without
    an account are was decided where it was dropped.
    """
    came_from = handed_from(claimed)
    shares = share_out(claimed.path, home_of(settings, came_from))
    if not came_from:
        pass_on(claimed, shares, world, own=settings.provider.account)
    return shares


def home_of(settings: Settings, came_from: str) -> Settings:
    """Give whose the rows without an account are: the account's in whose folder a sheet was dropped, or nobody's."""
    if not came_from:
        return settings
    return settings.accounts.get(came_from) or undecided(settings) if came_from != NOBODY else undecided(settings)


def pass_on(claimed: Claimed, shares: Shares, world: World, *, own: str = "") -> None:
    """Hand a sheet to every account but one's own that has rows in it."""
    home = shares.home.provider.account if shares.home.is_account else ""
    for name, count in shares.counts.items():
        if count and name != own:
            folder = Path(shares.home.accounts[name].watch.folder)
            hand_over(claimed, home, name, Inbox(folder), world.now())


def undecided(settings: Settings) -> Settings:
    """Give settings that are about no account, so that each row must say its own."""
    provider = settings.provider.model_copy(update={"account": ""})
    return settings.model_copy(update={"provider": provider})


def default_home(settings: Settings) -> Settings:
    """Give the default account's settings, or where there is none settings that are about no account."""
    return settings.accounts.get(settings.default_account) or undecided(settings)


def describe_passed(shares: Shares, own: str = "") -> str:
    """Say for the note beside a sheet which rows went elsewhere; empty where none did."""
    others = {name: count for name, count in shares.counts.items() if count and name != own}
    if not others:
        return ""
    folders = ", ".join(f'"{shares.home.accounts[name].watch.folder}"' for name in others)
    return printable(f"{describe_shares(others)}: what becomes of them is told in {folders}.") + "\n"


@dataclass(slots=True)
class SortingRoom:
    """The watched folder of all accounts, where none of them has it: each sheet in it is passed on."""

    inbox: Inbox
    home: Settings
    """The default account, or settings about none."""
    world: World
    files: int = 0
    needs_look: bool = False

    def look(self) -> None:
        """Pass on what is whole; what cannot be read lies in `attention`, with a note."""
        if self.inbox.stop_requested():
            return
        for claimed in self.inbox.unfinished():
            self._sort(claimed)
        for found in self.inbox.scan(self.world.now()):
            taken = self.inbox.claim(found, self.world.now()) if isinstance(found, Ready) else None
            if taken is not None:
                self._sort(taken)

    def _sort(self, claimed: Claimed) -> None:
        self.files += 1
        try:
            shares = share_out(claimed.path, self.home)
            told = describe_passed(shares) if shares.counts else self._pass_whole(claimed)
            pass_on(claimed, shares, self.world)
        except SheetError as trouble:
            words = describe_unread(claimed.name, trouble)
            note = f"{words}.\nNothing of it was sent. Fix it and drop it again.\n"
            self.inbox.file_away(claimed, "attention", (), note)
            self._tell("file-refused", words, loud=True)
            self.needs_look = True
        except BatchError:
            self.inbox.forgive(claimed)
            raise
        else:
            self.inbox.file_away(claimed, "done", (), told)
            self._tell("file-passed-on", f'"{claimed.name}": {told.strip()}')

    def _pass_whole(self, claimed: Claimed) -> str:
        """Pass a sheet without the column on to the default account; raise SheetError where there is none."""
        if self.home.is_account:
            name, folder = self.home.provider.account, Path(self.home.watch.folder)
            hand_over(claimed, name, name, Inbox(folder), self.world.now())
            return f'all rows go to account {name}: what becomes of them is told in "{folder}".\n'
        words, names = "nothing says whose it is", ", ".join(self.home.accounts)
        remedy = f"drop it into the folder of one of {names}, or add a column Account"
        raise SheetError(f'"{claimed.name}": {words}', remedy, bare=words, file=claimed.name)

    def _tell(self, event: str, words: str, *, loud: bool = False) -> None:
        self.world.tell(Note(words, loud=loud, event=event))
