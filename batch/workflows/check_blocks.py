"""Check the rows of one sheet, block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from batch.adapters.sheet import RowMaker
from batch.core.render import Renderer
from batch.core.validate import Checker, Rules, credits_needed
from batch.model import Account, Checked, Draft, Header, Issue, Level
from batch.model.records import dataclass

if TYPE_CHECKING:
    from batch.adapters.sheet.shapes import RowOut
    from batch.core.validate import Examined

_REMEMBERED = 10_000
"""Texts of a column that are held once, in kept rows."""


@dataclass(slots=True)
class Found:
    """What checking some rows brought up; the rows themselves are kept only where somebody asked for them."""

    rows: int = 0
    invalid: int = 0
    parts: int = 0
    estimate: int = 0
    """Credits, by the account's groups as far as they are known."""
    errors: list[Issue] = field(default_factory=list)
    warnings: list[Issue] = field(default_factory=list)
    """Warnings and holds."""
    zones: dict[datetime, str] = field(default_factory=dict)
    """The send times of good campaigns, each with the zone of one of them."""
    kept: list[Checked] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    """The fields that the texts use."""
    without_text: int = 0
    """Rows whose text could not be made: which fields it uses is not known."""

    def read(self, drafts: Iterable[Draft | None]) -> None:
        """Note which fields the texts of rows use."""
        for draft in drafts:
            if draft is None:
                self.without_text += 1
            elif draft.used:
                self.used.update(draft.used)

    def count(self, rows: Sequence[Checked], *, keep: bool) -> None:
        """Add rows."""
        self.rows += len(rows)
        for checked in rows:
            campaign = checked.campaign
            if self._note(checked.issues) or campaign is None:
                self.invalid += 1
            else:
                self.parts += campaign.parts.count
                self.estimate += credits_needed(campaign)
                self.zones.setdefault(campaign.send_at, campaign.zone)
        if keep:
            self.kept += rows

    def count_examined(self, rows: Sequence[Examined]) -> None:
        """Add rows of which no campaign is made, since nobody asked for any; no group's contacts are known."""
        self.rows += len(rows)
        for one in rows:
            moment = one.envelope.when.moment
            if (one.issues and self._note(one.issues)) or moment.send_at is None:
                self.invalid += 1
            else:
                self.parts += one.parts.count
                self.zones.setdefault(moment.send_at, moment.zone)

    def _note(self, issues: Iterable[Issue]) -> bool:
        """Add what is wrong with a row, and say whether an error is among it."""
        before = len(self.errors)
        for issue in issues:
            (self.errors if issue.level is Level.ERROR else self.warnings).append(issue)
        return len(self.errors) > before

    def add(self, later: Found) -> None:
        """Add what the rows behind these brought up."""
        self.rows += later.rows
        self.invalid += later.invalid
        self.parts += later.parts
        self.estimate += later.estimate
        self.errors += later.errors
        self.warnings += later.warnings
        for send_at, zone in later.zones.items():
            self.zones.setdefault(send_at, zone)
        self.kept += later.kept
        self.used |= later.used
        self.without_text += later.without_text


class BlockChecker:
    """Checks blocks of rows: makes rows of them, renders each and checks it; each remembers those before it."""

    def __init__(
        self,
        header: Header,
        rules: Rules,
        now: datetime,
        writing: Mapping[str, Any],
        account: Account | None = None,
        *,
        keep: bool = False,
    ) -> None:
        """`writing` is what the renderer is made with; the rows themselves are kept only with `keep`."""
        self._header = header
        self._maker = RowMaker(header)
        self._renderer = Renderer(**writing)
        self._checker = Checker(rules, now, account)
        self._keep = keep
        self._judges = keep or account is not None

    def check_all(self, blocks: Iterator[list[RowOut]]) -> Iterator[Found]:
        """Check the blocks of a sheet, in their order."""
        for block in _hold_once(blocks, self._header) if self._keep else blocks:
            yield self.check(block)

    def check(self, block: Iterable[RowOut]) -> Found:
        """Check rows; campaigns are made of them only where they are kept, or one of them repeats another."""
        found, rows = Found(), list(self._maker.make(block))
        drafted = [(row, *self._renderer.render(row)) for row in rows]
        found.read(draft for _, draft, _ in drafted)
        examined = self._checker.examine(drafted)
        if self._judges or not self._checker.remember(examined):
            found.count(self._checker.judge(examined), keep=self._keep)
        else:
            found.count_examined(examined)
        return found

    def late_issues(self) -> Mapping[int, Issue]:
        """Give, after the last row, the errors of rows that a later one shares its key with; row to issue."""
        return self._checker.late_issues()


def _hold_once(blocks: Iterator[list[RowOut]], header: Header) -> Iterator[list[RowOut]]:
    """Hold cells of a column that say the same as one text: kept rows take a fifth to a third less memory."""
    columns: list[dict[str, str]] = [{} for _ in header.names]
    for block in blocks:
        for texts in columns:
            if len(texts) > _REMEMBERED:
                texts.clear()
        yield [
            (number, tuple([texts.setdefault(cell, cell) for texts, cell in zip(columns, cells, strict=True)]), extras)
            for number, cells, extras in block
        ]
