"""Give each account the rows of a sheet that are its own: the cell Account says whose, else whoever takes the file in.

Every row goes to exactly one account, by one rule; each account's batch names how many rows went to which other. A cell
that names no account is an error of its row, in the batch of whoever takes the file in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from batch.adapters.config import choose_account
from batch.core.identity import fold
from batch.core.near import find_near
from batch.model import Issue, Level
from batch.model.errors import SheetError
from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.workflows.check import check_sheet, open_file
from batch.workflows.context import need_zone

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.sheet import Sheet
    from batch.adapters.sheet.child import Child
    from batch.adapters.sheet.shapes import RowOut

COLUMN = "Account"


@dataclass(slots=True)
class Shares:
    """One sheet, and whose its rows are."""

    opened: Sheet
    home: Settings
    """Whoever takes the file in: an account, or the top of several of which none is the default."""
    counts: Counter[str] = field(default_factory=Counter)
    """Account to its rows, in the order of the sheet; whose cell is wrong counts with the account that leads."""
    lead: str = ""
    """Whose batch tells of the rows that belong to nobody."""

    @property
    def columns(self) -> tuple[int, ...]:
        """Where a row may name its account: in its own column first, then in those of a list."""
        names = [fold(name) for name in self.opened.header.names]
        return (
            *(at for at, name in enumerate(names) if name == "account"),
            *(at for at, name in enumerate(names) if name.endswith(".account")),
        )

    def part(self, name: str) -> Sheet:
        """Give the rows of one account, and say where the others went."""
        if not self.counts:
            return self.opened
        part = self.opened.part(partial(self._take, name))
        others = {other: count for other, count in self.counts.items() if other != name and count}
        if others:
            part.issues = (*part.issues, self._note(others))
        return part

    def keys(self, name: str, now: datetime) -> frozenset[str]:
        """Give the keys of the rows of one account, to tell a row that moved from one that stands there, too."""
        if not self.counts[name]:
            return frozenset()
        settings = self.home.accounts[name]
        zone = need_zone(settings, for_real=False)
        check = check_sheet(self.part(name), settings, zone=zone, now=now, keep=True)
        return frozenset(row.key for row in check.kept)

    def count(self) -> None:
        """Read the sheet through, and count whose its rows are; raise SheetError where none names an account."""
        columns = self.columns
        self.lead = self.home.provider.account if self.home.is_account else ""
        bad = 0
        for row in self.opened.keep():
            name = self._name(columns, row)
            bad += not name
            self.counts[name] += 1
        del self.counts[""]
        self.lead = self.lead or next(iter(self.counts), "")
        if not self.lead:
            raise self._refuse()
        if bad:
            self.counts[self.lead] += bad

    def _name(self, columns: Sequence[int], row: RowOut) -> str:
        """Give the account of a row; empty where its cell names none and nothing else says it."""
        said = next((text for at in columns if (text := row[1][at])), "")
        if not said:
            return self.home.provider.account if self.home.is_account else ""
        return next((name for name in self.home.accounts if fold(name) == fold(said)), "")

    def _take(self, wanted: str, row: RowOut) -> RowOut | None:
        name = self._name(self.columns, row)
        if name:
            return row if name == wanted else None
        return self._spoil(row) if wanted == self.lead else None

    def _spoil(self, row: RowOut) -> RowOut:
        """Give a row back with what is wrong with its account."""
        number, texts, extras = row
        at, said = next(((at, texts[at]) for at in self.columns if texts[at]), (self.columns[0], ""))
        return number, texts, [*(extras or ()), (at, "list", "account-unknown", self._explain(said), said)]

    def _explain(self, said: str) -> str:
        names = ", ".join(self.home.accounts)
        if not said:
            return f"no account is named, and none is the default: write one of {names}"
        near = find_near(said, self.home.accounts, close=0.6)
        return f'"{said[:60]}" is not an account: {f"did you mean {near}?" if near else f"there are {names}"}'

    def _refuse(self) -> SheetError:
        file, names = self.opened.file, ", ".join(self.home.accounts)
        remedy = f"write one of {names} into each row's {COLUMN}, or type the same command with --account NAME"
        return SheetError(f'"{file}": no row names an account', remedy, bare="no row names an account", file=file)

    def _note(self, others: Mapping[str, int]) -> Issue:
        at = self.columns[0]
        words = describe_shares(others)
        return Issue(0, self.opened.header.letter_at(at), COLUMN, "other-account-rows", words, Level.WARNING)


def describe_shares(others: Mapping[str, int]) -> str:
    """Say where rows go: `12 rows go to account dallas, 3 to austin`."""
    (first, count), *rest = others.items()
    words = f"{plural(count, 'row')} {'goes' if count == 1 else 'go'} to account {first}"
    return ", ".join([words, *(f"{number:,} to {name}" for name, number in rest)])


def share_out(path: Path, home: Settings, *, sheet: str = "", reader: Child | None = None) -> Shares:
    """Open a file and see whose its rows are; where there is one account, or no column for it, all are of one."""
    shares = Shares(open_file(path, home, sheet=sheet, reader=reader), home)
    if home.accounts and shares.columns:
        shares.count()
    return shares


def open_own(path: Path, settings: Settings, *, sheet: str = "", reader: Child | None = None) -> Sheet:
    """Open a file as a sheet of this account's campaigns; rows of others are left to them, with a word."""
    return share_out(path, settings, sheet=sheet, reader=reader).part(settings.provider.account)


def accounts_of(shares: Shares) -> Iterable[Settings]:
    """Give the settings of every account that has rows; raise UsageError where nothing says whose they are."""
    if not shares.counts:
        return (choose_account(shares.home),) if not shares.home.is_account else (shares.home,)
    return tuple(shares.home.accounts[name] for name, count in shares.counts.items() if count)
