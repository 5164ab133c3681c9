"""How a plan becomes entries: all of it in one transaction, each row accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, literal_column, select, update

from batch.adapters.ledger.bulk import in_chunks, insert_rows, is_in, update_rows
from batch.adapters.ledger.columns import NO_JSON
from batch.adapters.ledger.cutting import CELLS, CELLS_OF_INVALID, NAME, WORDS, cut, cut_campaign, cut_cells, cut_issues
from batch.adapters.ledger.forms import (
    write_cells,
    write_codes,
    write_issues,
    write_texts,
    write_time,
    write_time_or_none,
)
from batch.adapters.ledger.tables import batch_rows, batches, entries, history
from batch.model import Action, Campaign, Checked, Decision, Status
from batch.model.errors import LedgerError
from batch.model.records import dataclass

STATUS_OF = {
    Action.SUBMIT: Status.PLANNED.value,
    Action.HOLD: Status.HELD.value,
    Action.WAIT: Status.WAITING.value,
    Action.INVALID: Status.INVALID.value,
    Action.CANCEL: Status.CANCELLED.value,
}
NO_ENTRY = {Action.SKIP: "skipped", Action.SETTLE: "settling", Action.REFUSED: "refused"}
"""The actions that make no entry and change none, and what the batch notes for them."""

_TOUCHABLE = frozenset(
    {Status.PLANNED, Status.HELD, Status.WAITING, Status.INVALID, Status.EXPIRED, Status.REJECTED}
)  # fmt: skip
"""Entries that a plan may renew or replace: the others went, may have gone, were taken back, or are history."""

_COLUMNS = (
    "batch",
    "row",
    "account",
    "key",
    "fingerprint",
    "tag",
    "reference",
    "campaign_name",
    "provider_name",
    "message",
    "group_ids",
    "group_names",
    "send_at",
    "send_at_provider",
    "zone",
    "type_recipients",
    "mms_template_id",
    "mms_high_resolution",
    "subject",
    "expected_contacts",
    "owner",
    "purpose",
    "cells",
    "parts",
    "encoding",
    "status",
    "issues",
    "codes",
    "changed_at",
)
"""What a row fills in, in the order of the table."""


def _says_the_same() -> ColumnElement[bool]:
    """Compare what is renewed to the letter: the fingerprint knows neither names nor line breaks."""
    spelled = ("fingerprint", "campaign_name", "message", "subject", "group_ids")
    return and_(*(entries.c[name] == bindparam(name) for name in spelled))


_RENEW = (
    update(entries)
    .where(entries.c.id == bindparam("entry_"))
    .values(
        {
            # What a person let go counts for this very content only; SET sees the row as it was.
            "released": case((entries.c.fingerprint == bindparam("fingerprint"), entries.c.released), else_=NO_JSON),
            # A yes is for what was shown, to the letter; planned again, it must be given anew.
            "approved_by": case((_says_the_same(), entries.c.approved_by), else_=literal_column("''")),
            "bound_payload": literal_column("''"),
            **{name: bindparam(name) for name in _COLUMNS},
        }
    )
)
_REPLACE = (
    update(entries)
    .where(entries.c.id == bindparam("entry_"))
    .values(
        status=literal_column(f"'{Status.REPLACED.value}'"), replaced_by=bindparam("by"), changed_at=bindparam("at")
    )
)


@dataclass(slots=True)
class _Work:
    """The rows to be written for one chunk of decisions, table by table."""

    new: list[tuple[Any, ...]] = field(default_factory=list)
    renewed: list[tuple[Any, ...]] = field(default_factory=list)
    replaced: list[tuple[Any, ...]] = field(default_factory=list)
    lines: list[tuple[Any, ...]] = field(default_factory=list)
    history: list[tuple[Any, ...]] = field(default_factory=list)


class _Planner:
    """One plan on its way into the ledger."""

    def __init__(self, connection: Connection, batch: int, *, account: str, now: datetime, who: str) -> None:
        self._connection = connection
        self._batch = batch
        self._account = account
        self._at = write_time(now)
        self._who = who
        self._next = (connection.execute(select(func.max(entries.c.id))).scalar() or 0) + 1
        self._taken: set[int] = set()
        self._wrong: dict[tuple[Any, ...], int] = {}
        """Rows with errors, by all that is told of them; `max_bad_rows` bounds them."""
        self._has_header = False

    def place(self, decisions: Sequence[Decision]) -> None:
        """Write one chunk of decisions."""
        if not self._has_header:
            self._keep_header(decisions[0])
        work = _Work()
        statuses = self._statuses(decisions)
        for decision in decisions:
            self._sort(decision, statuses, work)
        self._write(work)

    def _keep_header(self, decision: Decision) -> None:
        """Keep the sheet's header once, for the cells of all its rows."""
        self._has_header = True
        header = write_texts(tuple(cut(name, NAME) for name in decision.checked.row.header.names))
        self._connection.execute(update(batches).where(batches.c.id == self._batch).values(header=header))

    def _statuses(self, decisions: Sequence[Decision]) -> dict[int, str]:
        """Read where the entries stand that the plan renews or replaces."""
        renewed = {one.entry for one in decisions if one.action not in NO_ENTRY}
        met = (renewed | {one.replaces for one in decisions}) - {None}
        if not met:
            return {}
        asked = is_in(entries.c.id, sorted(met), self._connection.dialect)
        found = self._connection.execute(select(entries.c.id, entries.c.status).where(asked))
        return dict(found.all())

    def _sort(self, decision: Decision, statuses: dict[int, str], work: _Work) -> None:
        row = decision.checked.row.number
        if (what := NO_ENTRY.get(decision.action)) is not None:
            entry = decision.entry
        elif (entry := self._twin(decision)) is not None:
            what = STATUS_OF[decision.action]
        else:
            what = STATUS_OF[decision.action]
            entry = self._renew(decision, statuses, work) or self._add(decision, work)
            self._keep_for_twins(decision, entry)
        if entry is not None:
            self._replace(decision, entry, statuses, work)
        work.lines.append((self._batch, row, entry, what, cut(decision.why, WORDS)))

    def _twin(self, decision: Decision) -> int | None:
        """Give the entry of an earlier row that is wrong in the same words and ways: it stands for this one, too."""
        if decision.action is not Action.INVALID or decision.replaces is not None:
            return None
        entry = self._wrong.get(_as_people_see_it(decision))
        return entry if decision.entry in (None, entry) or decision.entry in self._taken else None

    def _keep_for_twins(self, decision: Decision, entry: int) -> None:
        if decision.action is Action.INVALID:
            self._wrong.setdefault(_as_people_see_it(decision), entry)

    def _renew(self, decision: Decision, statuses: dict[int, str], work: _Work) -> int | None:
        """Plan a row anew in the entry it had; None when it has none of its own."""
        entry = decision.entry
        if entry is None or entry in self._taken:
            return None
        old = self._may_touch(entry, statuses)
        work.renewed.append((*self._values(decision), entry))
        new = STATUS_OF[decision.action]
        work.history.append((entry, self._at, old, new, cut(decision.why, WORDS), self._who))
        return entry

    def _add(self, decision: Decision, work: _Work) -> int:
        entry = self._next
        self._next += 1
        work.new.append((entry, *self._values(decision)))
        new = STATUS_OF[decision.action]
        work.history.append((entry, self._at, None, new, cut(decision.why, WORDS), self._who))
        return entry

    def _replace(self, decision: Decision, by: int, statuses: dict[int, str], work: _Work) -> None:
        old = decision.replaces
        if old is None or old in self._taken or old == by:
            return
        was = self._may_touch(old, statuses)
        why = f"fixed in row {decision.checked.row.number} of batch {self._batch}"
        work.replaced.append((old, by, self._at))
        work.history.append((old, self._at, was, Status.REPLACED.value, why, self._who))

    def _may_touch(self, entry: int, statuses: dict[int, str]) -> str:
        status = statuses.get(entry)
        if status is None or status not in _TOUCHABLE:
            raise LedgerError(
                f"entry {entry} changed while the plan was made (it is {status or 'gone'} now)",
                "nothing was written; run the command again",
            )
        self._taken.add(entry)
        return status

    def _write(self, work: _Work) -> None:
        """Write the tables in an order that their rules allow: an old entry leaves its key, a new one takes it."""
        update_rows(self._connection, _REPLACE, ("entry_", "by", "at"), work.replaced)
        insert_rows(self._connection, entries, ("id", *_COLUMNS), work.new)
        update_rows(self._connection, _RENEW, (*_COLUMNS, "entry_"), work.renewed)
        insert_rows(self._connection, batch_rows, ("batch", "row", "entry", "what", "why"), work.lines)
        insert_rows(self._connection, history, ("entry", "at", "old", "new", "why", "who"), work.history)

    def _values(self, decision: Decision) -> tuple[Any, ...]:
        """Give what a row fills in, in the order of `_COLUMNS`."""
        checked = decision.checked
        goes = decision.action is not Action.INVALID
        campaign = checked.campaign or _stand_in(checked)
        campaign = campaign if goes else cut_campaign(campaign)
        waits = campaign.waits if decision.action is Action.WAIT else ()
        issues = cut_issues((*decision.issues, *waits))
        return (
            self._batch,
            checked.row.number,
            self._account,
            campaign.key,
            campaign.fingerprint,
            decision.tag,
            campaign.reference,
            campaign.name,
            decision.provider_name,
            campaign.message,
            write_texts(campaign.group_ids),
            write_texts(campaign.group_names),
            write_time_or_none(checked.send_at if checked.campaign is None else campaign.send_at),
            decision.send_at_provider,
            campaign.zone,
            campaign.type_recipients,
            campaign.mms_template_id,
            campaign.mms_high_resolution,
            campaign.subject,
            campaign.expected_contacts,
            campaign.owner,
            campaign.purpose,
            write_cells(cut_cells(checked.row.texts, CELLS if goes else CELLS_OF_INVALID)),
            campaign.parts.count,
            campaign.parts.encoding if checked.campaign else "",
            STATUS_OF[decision.action],
            write_issues(issues) if issues else "",
            write_codes(decision.issues) if issues else "",
            self._at,
        )


def insert_plan(
    connection: Connection, batch: int, decisions: Iterable[Decision], *, account: str, now: datetime, who: str
) -> None:
    """Write a plan.

    An entry that two rows claim goes to the first of them. Raises LedgerError, and nothing is written, when an entry
    that the plan would renew or replace has moved on in the meantime.
    """
    planner = _Planner(connection, batch, account=account, now=now, who=who)
    for chunk in in_chunks(decisions):
        planner.place(chunk)


def _as_people_see_it(decision: Decision) -> tuple[Any, ...]:
    """Give all that is told of a row with errors but its number."""
    said = tuple((one.code, one.field, one.message, one.value) for one in decision.issues)
    return hash((decision.checked.row.texts, decision.checked.key)), decision.why, said


def _stand_in(checked: Checked) -> Campaign:
    """Keep of a row with errors what can be read, so that people find it and its fixed version meets it."""
    from batch.core.validate import zone_of_row

    text = checked.row.text
    return Campaign(
        row=checked.row.number,
        name=checked.name,
        message=checked.message,
        group_ids=(),
        group_names=(),
        send_at=checked.send_at,  # type: ignore[arg-type]  # a row with errors may have no time
        zone=zone_of_row(checked),
        type_recipients=0,
        reference=checked.reference,
        owner=text("Owner"),
        purpose=text("Purpose"),
        key=checked.key,
    )
