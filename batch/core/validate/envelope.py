"""Reads to whom, when and how a row is sent: many rows of a file share all of it, so it is read and checked once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from batch.core.identity import write_envelope
from batch.core.validate.account import account_waits, count_contacts
from batch.core.validate.calendar import When, read_when
from batch.core.validate.groups import Groups, read_groups
from batch.core.validate.mojibake import check_doubled
from batch.core.validate.sending import FIELDS, SendingCells, read_sending, sending_cells
from batch.core.validate.terms import Terms
from batch.core.validate.texts import check_placeholders
from batch.core.validate.times import WHEN_FIELDS, find_time_cells
from batch.core.validate.trouble import NO_TROUBLE, Trouble
from batch.core.validate.windows import check_guards, check_windows, keep_quiet_here
from batch.model import Header, Issue, Row
from batch.model.plurals import plural

_ROOM = 16_384
"""Different cells of one kind that are remembered, at about 1 kB each: a file of 100,000 rows has fewer times."""
_CELLS = ("GroupIds", *WHEN_FIELDS, *FIELDS)
"""All that an envelope is read from: a cell that is not named here must not decide about it."""

C = TypeVar("C", bound=Hashable)
R = TypeVar("R")


class Envelope(NamedTuple):
    """All of a row but its name and its text, with what is wrong about it."""

    groups: Groups
    when: When
    sending: SendingCells
    contacts: int | None
    waits: tuple[Issue, ...]
    """What it would wait for at the provider; these issues bear no row."""
    doubled: tuple[Trouble, ...]
    """Of a subject that was decoded twice."""
    troubles: tuple[Trouble, ...]
    """Of the groups, the time and the kind of sending."""
    unexpected: tuple[Trouble, ...]
    """Of a number of contacts that the sheet does not expect."""
    written: str
    """As a campaign's content is hashed; empty where no send time can be read."""


class Envelopes:
    """Reads the envelopes of the rows of one file."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._header: Header | None = None
        self._cells: Callable[[tuple[str, ...]], Any]
        self._known: dict[Any, Envelope] = {}
        self._read_when = _remember(partial(read_when, terms=terms))
        self._read_groups = _remember(partial(read_groups, terms=terms))
        self._read_sending = _remember(partial(read_sending, terms=terms))
        self._count = _remember(partial(count_contacts, groups_by_id=terms.groups_by_id))

    def of(self, row: Row) -> Envelope:
        """Give a row's envelope; equal cells are read once, as far as the memory of a long file's cells reaches."""
        if row.header is not self._header:
            self._meet(row.header)
        cells = self._cells(row.texts), tuple(row.dates.items()) if row.dates else ()
        found = self._known.get(cells)
        if found is None:
            if len(self._known) >= _ROOM:
                self._known.clear()
            found = self._known[cells] = self._read(row)
        return found

    def _meet(self, header: Header) -> None:
        places = [header.columns[field] for field in _CELLS if field in header.columns]
        self._header, self._cells = header, itemgetter(*places) if places else lambda _: ()
        self._known.clear()

    def _read(self, row: Row) -> Envelope:
        terms, times = self._terms, find_time_cells(row)
        when, groups = self._read_when(times), self._read_groups(row.text("GroupIds"))
        sending, contacts = self._read_sending(sending_cells(row)), self._count(groups.ids)
        waits = account_waits(groups.ids, sending.template, terms.account) if terms.account is not None else ()
        troubles = (
            *groups.troubles,
            *when.troubles,
            *sending.troubles,
            *(check_placeholders(sending.subject, "Subject") if sending.subject else NO_TROUBLE),
            *(when.quiet if when.quiet and keep_quiet_here(groups, sending.purpose, terms) else NO_TROUBLE),
            *check_windows(groups, sending.purpose, when.moment, times.field, terms),
            *check_guards(groups, terms),
            *when.days,
        )
        unexpected = _check_contacts(sending.expected, contacts, terms)
        doubled = check_doubled(sending.subject, "Subject")
        written = _write(groups, when, sending)
        return Envelope(groups, when, sending, contacts, waits, doubled, troubles, unexpected, written)


def _write(groups: Groups, when: When, sending: SendingCells) -> str:
    if when.moment.send_at is None:
        return ""
    return write_envelope(
        group_ids=groups.ids or groups.names, send_at=when.moment.send_at, mms_template_id=sending.template,
        mms_high_resolution=sending.high_resolution, subject=sending.subject, type_recipients=sending.type_recipients,
    )  # fmt: skip


def _check_contacts(expected: int | None, contacts: int | None, terms: Terms) -> tuple[Trouble, ...]:
    if expected is None or contacts is None:
        return NO_TROUBLE
    if abs(contacts - expected) <= terms.rules.contacts_tolerance * expected:
        return NO_TROUBLE
    there = plural(contacts, "contact")
    words = f"the groups have {there}, ExpectedContacts says {expected:,}: are these the right groups?"
    return (Trouble("expected-contacts-differ", "ExpectedContacts", words, str(expected)),)


def _remember(read: Callable[[C], R]) -> Callable[[C], R]:
    return lru_cache(maxsize=_ROOM)(read)
