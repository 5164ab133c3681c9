"""Check the rows of one sheet block by block; a long sheet is shared with a second process, so that two cores work."""

from __future__ import annotations

import gc
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from itertools import chain, islice
from threading import Thread
from typing import TYPE_CHECKING, Any

from batch.adapters.sheet import RowMaker
from batch.core.render import Renderer
from batch.core.validate import Checker, Rules, credits_needed
from batch.model import Account, Checked, Draft, Header, Issue, Level
from batch.model.records import dataclass

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

    from batch.adapters.sheet.shapes import RowOut
    from batch.core.validate import Drafted

ALONE = 20
"""Blocks (of 500 rows) that one process checks by itself: another one takes a third of a second to start."""
AHEAD = 2
"""Blocks that the second process is given at a time."""
LONGEST = 40
"""Checked blocks that may wait for an earlier one."""
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
            if campaign is None or any(issue.level is Level.ERROR for issue in checked.issues):
                self.invalid += 1
            else:
                self.parts += campaign.parts.count
                self.estimate += credits_needed(campaign)
                self.zones.setdefault(campaign.send_at, campaign.zone)
            for issue in checked.issues:
                (self.errors if issue.level is Level.ERROR else self.warnings).append(issue)
        if keep:
            self.kept += rows

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


@dataclass(frozen=True, slots=True)
class CheckTask:
    """All that a process needs to know to check rows of one sheet."""

    header: Header
    rules: Rules
    now: datetime
    writing: Mapping[str, Any]
    """What the renderer is made with."""
    account: Account | None = None
    keep: bool = False


class BlockChecker:
    """Checks blocks of rows: makes rows of them, renders each and checks it."""

    def __init__(self, task: CheckTask) -> None:
        self._maker = RowMaker(task.header)
        self._renderer = Renderer(**task.writing)
        self._checker = Checker(task.rules, task.now, task.account)
        self._keep = task.keep

    def check(self, block: Iterable[RowOut]) -> Found:
        """Check rows one after the other; each remembers those before it."""
        found, drafted = self._draft(block)
        found.count(self._checker.check(drafted), keep=self._keep)
        return found

    def check_alone(self, block: Iterable[RowOut]) -> Alone:
        """Check rows without a look at any other; whether one repeats another is found out by `join`."""
        found, drafted = self._draft(block)
        found.count(rows := self._checker.check_alone(drafted), keep=False)
        return found, [(row.key, row.campaign.fingerprint, row.row.number) for row in rows if row.campaign is not None]

    def join(self, block: Iterable[RowOut], alone: Alone) -> Found:
        """Take a block that was checked alone; one with a repeated row in it is checked once more, among the others."""
        found, keys = alone
        return found if self._checker.add_new(keys) else self.check(block)

    def _draft(self, block: Iterable[RowOut]) -> tuple[Found, list[Drafted]]:
        """Make rows of what was read, render each, and note which fields their texts use."""
        found, rows = Found(), list(self._maker.make(block))
        drafted = [(row, *self._renderer.render(row)) for row in rows]
        found.read(draft for _, draft, _ in drafted)
        return found, drafted

    def late_issues(self) -> Mapping[int, Issue]:
        """Give, after the last row, the errors of rows that a later one shares its key with; row to issue."""
        return self._checker.late_issues()


Alone = tuple[Found, list[tuple[str, str, int]]]
"""What rows brought up by themselves; key, fingerprint and row of those that are good."""


def check_blocks(
    blocks: Iterator[list[RowOut]], task: CheckTask, checker: BlockChecker, *, alone: int = ALONE
) -> Iterator[Found]:
    """Check the blocks of a sheet, in their order; `alone` is how many of them are not worth a second process.

    Rows that are kept, or checked against the account, stay in this process: handing them over costs what it saves.
    """
    by_one = task.keep or task.account is not None
    blocks = _hold_once(blocks, task.header) if task.keep else blocks
    for block in blocks if by_one else islice(blocks, alone):
        yield checker.check(block)
    more = next(blocks, None)
    if more is not None:
        for block, found in _share(chain((more,), blocks), task, checker):
            yield checker.join(block, found)


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


def _share(
    blocks: Iterable[list[RowOut]], task: CheckTask, checker: BlockChecker
) -> Iterator[tuple[list[RowOut], Alone]]:
    """Give each block with what it brought up; this process checks one whenever the other has enough to do."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    waiting: deque[tuple[list[RowOut], Future[Alone]]] = deque()
    with ProcessPoolExecutor(1, get_context("spawn"), _set_up, (task,)) as pool:
        for block in blocks:
            busy = sum(not coming.done() for _, coming in waiting) >= AHEAD
            waiting.append((block, _check_here(checker, block) if busy else _check_there(pool, checker, block)))
            while waiting and (len(waiting) > LONGEST or waiting[0][1].done()):
                yield _collect(checker, *waiting.popleft())
        while waiting:
            yield _collect(checker, *waiting.popleft())


def _check_here(checker: BlockChecker, block: list[RowOut]) -> Future[Alone]:
    from concurrent.futures import Future

    coming: Future[Alone] = Future()
    coming.set_result(checker.check_alone(block))
    return coming


def _check_there(pool: ProcessPoolExecutor, checker: BlockChecker, block: list[RowOut]) -> Future[Alone]:
    from concurrent.futures import BrokenExecutor

    try:
        return pool.submit(_check, block)
    except (BrokenExecutor, OSError):  # OSError: no process could be started
        return _check_here(checker, block)


def _collect(checker: BlockChecker, block: list[RowOut], coming: Future[Alone]) -> tuple[list[RowOut], Alone]:
    """Wait for a block; one whose process died is checked here."""
    from concurrent.futures import BrokenExecutor

    try:
        return block, coming.result()
    except BrokenExecutor:
        return block, checker.check_alone(block)


_second: BlockChecker
"""The checker of the second process."""


def _set_up(task: CheckTask) -> None:
    global _second  # noqa: PLW0603 the one thing that a process of the pool keeps
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it decides when it ends
    Thread(target=_end_with_parent, daemon=True).start()
    gc.disable()  # it lives as long as one sheet takes
    _second = BlockChecker(task)


def _end_with_parent() -> None:
    """End when the process that started this one is gone: killed, it cannot say so any more."""
    from multiprocessing import parent_process

    if parent := parent_process():
        parent.join()
        os._exit(1)


def _check(block: list[RowOut]) -> Alone:
    return _second.check_alone(block)
