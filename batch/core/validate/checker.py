"""Turns rows into campaigns: reads the cells, runs every check on each row, and says all that is wrong at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from typing import NamedTuple, TypeVar

from batch.core.identity import make_fingerprint, make_key
from batch.core.parts import measure
from batch.core.validate.account import account_waits, count_contacts
from batch.core.validate.calendar import When, read_when
from batch.core.validate.groups import Groups, read_groups
from batch.core.validate.lengths import check_lengths, keep_few, shorten_key
from batch.core.validate.mojibake import check_doubled
from batch.core.validate.rules import Rules
from batch.core.validate.sending import SendingCells, read_sending, sending_cells
from batch.core.validate.terms import Terms, level_of
from batch.core.validate.texts import Text, check_placeholders, check_text, make_text, signal_words, too_long
from batch.core.validate.times import find_time_cells
from batch.core.validate.trouble import NO_TROUBLE, Trouble
from batch.core.validate.twins import Twins
from batch.core.validate.windows import check_guards, check_windows, keep_quiet_here
from batch.model import Account, Campaign, Checked, Draft, Issue, Level, Parts, Row
from batch.model.places import FOR_EACH, place_of, sheet_row

Drafted = tuple[Row, Draft | None, tuple[Issue, ...]]

NEW_ROW_CODES = frozenset({"time-past", "lead-time", "group-unknown", "template-unknown"})
"""Errors that only a new row has: one that was sent long ago keeps its campaign, and the plan decides."""

_NO_PARTS = Parts("GSM-7", 0, 0)
_LONGEST_VALUE = 200
_ROOM = 16_384
"""Different cells of one kind that are remembered, at about 1 kB each: a file of 100,000 rows has fewer times."""
_READ_BY_US = (
    "CampaignName", "GroupIds", "DateTime", "Date", "Time", "TimeZone", "TypeRecipients", "MmsTemplateId",
    "MmsHighResolution", "Subject", "Reference", "ExpectedContacts", "Owner", "Cancel", "Purpose",
)  # fmt: skip

C = TypeVar("C", bound=Hashable)
R = TypeVar("R")


class Case(NamedTuple):
    """One row as the checks see it."""

    name: str
    text: Text | None
    """None when no text could be made."""
    groups: Groups
    when: When
    time_field: str
    sending: SendingCells
    contacts: int | None


Check = Callable[[Case, Terms], tuple[Trouble, ...]]


class Checker:
    """Checks the rows of one file, in their order, and remembers what it needs to find repeated ones."""

    def __init__(self, rules: Rules, now: datetime, account: Account | None = None) -> None:
        self._terms = Terms(rules, now, account)
        self._signals = signal_words(self._terms)
        self._twins = Twins()
        self._late: dict[int, Issue] = {}
        self._read_when = _remember(partial(read_when, terms=self._terms))
        self._read_groups = _remember(partial(read_groups, terms=self._terms))
        self._read_sending = _remember(partial(read_sending, terms=self._terms))
        self._count = _remember(partial(count_contacts, groups_by_id=self._terms.groups_by_id))
        self._find_waits = _remember(partial(_find_waits, account=account))

    def check(self, row: Row, draft: Draft | None, issues: tuple[Issue, ...] = ()) -> Checked:
        """Check one row; it has a campaign, or an error among its issues.

        `issues` are what the renderer found. A row whose only errors are `NEW_ROW_CODES` has both.
        """
        checked = self.check_alone(row, draft, issues)
        campaign = checked.campaign
        if campaign is None or (twin := self._find_twin(row, checked.key, campaign.fingerprint)) is None:
            return checked
        return replace(checked, campaign=None, issues=(*checked.issues, twin))

    def check_alone(self, row: Row, draft: Draft | None, issues: tuple[Issue, ...] = ()) -> Checked:
        """Check one row without a look at the others of the file, and remember nothing of it."""
        case = self._read(row, draft)
        found = _join(row, draft, issues)
        found = keep_few((*found, *check_lengths(row), *self._run_checks(row, draft, case, found)))
        reference, moment = row.text("Reference"), case.when.moment
        key = shorten_key(make_key(reference, case.name, moment.send_at, moment.raw))
        campaign = None
        if draft is not None and not (found and _has_errors(found, case)):
            campaign = self._make_campaign(row, draft, case, key, reference)
        message = draft.message if draft is not None else ""
        return Checked(row, campaign, found, case.name, reference, message, key, moment.send_at, case.when.past)

    def add_new(self, rows: Iterable[tuple[str, str, int]]) -> bool:
        """Remember rows that were checked alone, as (key, fingerprint, row); with a repeated one among them, none."""
        return self._twins.add_new(rows)

    def late_issues(self) -> Mapping[int, Issue]:
        """Give, after the last row, the errors of rows that a later one shares its key with; row to issue."""
        return dict(self._late)

    def _read(self, row: Row, draft: Draft | None) -> Case:
        cells = find_time_cells(row)
        when = self._read_when(cells)
        groups = self._read_groups(row.text("GroupIds"))
        text = None
        if draft is not None and draft.message.strip():
            sent = when.moment.local.date() if when.moment.local else None
            text = make_text(draft.message, measure(draft.message), sent, self._signals)
        contacts = self._count(groups.ids)
        sending = self._read_sending(sending_cells(row))
        return Case(row.text("CampaignName"), text, groups, when, cells.field, sending, contacts)

    def _run_checks(self, row: Row, draft: Draft | None, case: Case, before: tuple[Issue, ...]) -> tuple[Issue, ...]:
        troubles = [trouble for check in CHECKS for trouble in check(case, self._terms)]
        if not troubles:
            return ()
        broken = {issue.column for issue in before if issue.level is Level.ERROR and issue.column}
        unwritten = draft is None and any(issue.level is Level.ERROR for issue in before)
        found = [
            self._to_issue(row, draft, trouble)
            for trouble in troubles
            if not (unwritten and trouble.code == "message-missing")
        ]
        return tuple(issue for issue in found if issue is not None and issue.column not in broken)

    def _to_issue(self, row: Row, draft: Draft | None, trouble: Trouble) -> Issue | None:
        level = level_of(trouble.code, self._terms.levels)
        if level is None:
            return None
        field = "Template" if trouble.field == "Message" and draft is not None and draft.template else trouble.field
        letter = row.header.letter(field)
        return Issue(row.number, letter, field, trouble.code, trouble.words, level, trouble.value[:_LONGEST_VALUE])

    def _make_campaign(self, row: Row, draft: Draft, case: Case, key: str, reference: str) -> Campaign:
        moment, groups, sending, text = case.when.moment, case.groups, case.sending, case.text
        assert moment.send_at is not None
        fingerprint = make_fingerprint(
            message=draft.message,
            group_ids=groups.ids or groups.names,
            send_at=moment.send_at,
            mms_template_id=sending.template,
            mms_high_resolution=sending.high_resolution,
            subject=sending.subject,
            type_recipients=sending.type_recipients,
        )
        waits = self._find_waits((groups.ids, sending.template))
        return Campaign(
            row=row.number,
            name=case.name,
            message=draft.message,
            group_ids=groups.ids,
            group_names=groups.names,
            send_at=moment.send_at,
            zone=moment.zone,
            type_recipients=sending.type_recipients,
            mms_template_id=sending.template,
            mms_high_resolution=sending.high_resolution,
            subject=sending.subject,
            reference=reference,
            expected_contacts=sending.expected,
            owner=row.text("Owner"),
            purpose=sending.purpose,
            cancel=sending.cancel,
            parts=text.parts if text is not None else _NO_PARTS,
            contacts=case.contacts,
            key=key,
            fingerprint=fingerprint,
            waits=tuple([replace(one, row=row.number, column=row.header.letter(one.field)) for one in waits]),
        )

    def _find_twin(self, row: Row, key: str, fingerprint: str) -> Issue | None:
        twin = self._twins.meet(key, fingerprint, row.number)
        if twin is None:
            return None
        there = _place(twin.row, row)
        if twin.equal:
            words = f"this row is the same as row {there}: remove one of them"
            return self._to_issue(row, None, Trouble("row-repeated", "CampaignName", words, row.text("CampaignName")))
        self._late.setdefault(twin.row, replace(self._same_key(row, row.number), row=there))
        return self._same_key(row, there)

    def _same_key(self, row: Row, other: int) -> Issue:
        field = "Reference" if row.text("Reference") else "CampaignName"
        what = "Reference" if field == "Reference" else "name and send time"
        words = f"row {other} has the same {what} and other content: give them different names, or each a Reference"
        if field == "Reference":
            words = f"row {other} has the same Reference and other content: give each its own Reference"
        return Issue(
            row.number, row.header.letter(field), field, "same-key-twice", words, value=row.text(field)[:_LONGEST_VALUE]
        )


def check_all(drafts: Iterable[Drafted], rules: Rules, now: datetime, account: Account | None = None) -> list[Checked]:
    """Check all rows of one file, with the errors that only a later row brings to light."""
    checker = Checker(rules, now, account)
    rows = [checker.check(row, draft, issues) for row, draft, issues in drafts]
    late = checker.late_issues()
    return [apply_late(row, late.get(row.row.number)) for row in rows]


def apply_late(checked: Checked, issue: Issue | None) -> Checked:
    """Add what a later row brought to light; the campaign falls away."""
    return checked if issue is None else replace(checked, campaign=None, issues=(*checked.issues, issue))


def _place(number: int, row: Row) -> int:
    """Give the number of another row its words; within one row of the sheet, both are of the same list."""
    same = sheet_row(number) == sheet_row(row.number)
    return place_of(number, {FOR_EACH: row.text(FOR_EACH)} if same else None)


def _name_missing(case: Case, _: Terms) -> tuple[Trouble, ...]:
    if case.name:
        return NO_TROUBLE
    return (Trouble("name-missing", "CampaignName", "the campaign has no name: write one, people will look for it"),)


def _name_doubled(case: Case, _: Terms) -> tuple[Trouble, ...]:
    return (*check_doubled(case.name, "CampaignName"), *check_doubled(case.sending.subject, "Subject"))


def _message_missing(case: Case, _: Terms) -> tuple[Trouble, ...]:
    if case.text is not None:
        return NO_TROUBLE
    return (
        Trouble("message-missing", "Message", "the campaign has no text: write it into Message, or name a Template"),
    )


def _message_too_long(case: Case, terms: Terms) -> tuple[Trouble, ...]:
    return too_long(case.text.message, terms) if case.text is not None else NO_TROUBLE


def _groups(case: Case, _: Terms) -> tuple[Trouble, ...]:
    return case.groups.troubles


def _send_time(case: Case, _: Terms) -> tuple[Trouble, ...]:
    return case.when.troubles


def _media(case: Case, _: Terms) -> tuple[Trouble, ...]:
    return case.sending.troubles


def _subject(case: Case, _: Terms) -> tuple[Trouble, ...]:
    return check_placeholders(case.sending.subject, "Subject") if case.sending.subject else NO_TROUBLE


def _days(case: Case, _: Terms) -> tuple[Trouble, ...]:
    return case.when.days


def _quiet_hours(case: Case, terms: Terms) -> tuple[Trouble, ...]:
    quiet = case.when.quiet
    return quiet if quiet and keep_quiet_here(case.groups, case.sending.purpose, terms) else NO_TROUBLE


def _windows(case: Case, terms: Terms) -> tuple[Trouble, ...]:
    return check_windows(case.groups, case.sending.purpose, case.when.moment, case.time_field, terms)


def _guards(case: Case, terms: Terms) -> tuple[Trouble, ...]:
    return check_guards(case.groups, terms)


def _text(case: Case, terms: Terms) -> tuple[Trouble, ...]:
    return check_text(case.text, terms) if case.text is not None else NO_TROUBLE


def _expected_contacts(case: Case, terms: Terms) -> tuple[Trouble, ...]:
    expected, contacts = case.sending.expected, case.contacts
    if expected is None or contacts is None:
        return NO_TROUBLE
    if abs(contacts - expected) <= terms.rules.contacts_tolerance * expected:
        return NO_TROUBLE
    words = f"the groups have {contacts:,} contacts, ExpectedContacts says {expected:,}: are these the right groups?"
    return (Trouble("expected-contacts-differ", "ExpectedContacts", words, str(expected)),)


CHECKS: tuple[Check, ...] = (
    _name_missing,
    _name_doubled,
    _message_missing,
    _message_too_long,
    _groups,
    _send_time,
    _media,
    _subject,
    _quiet_hours,
    _windows,
    _guards,
    _days,
    _text,
    _expected_contacts,
)


def _has_errors(found: Iterable[Issue], case: Case) -> bool:
    """Whether no campaign can be made: an id that is not in the account is still an id, an unknown name is nothing."""
    unread = {"group-unknown"} if not case.groups.ids else set()
    unread |= {"template-unknown"} if case.sending.template is None else set()
    return any(one.level is Level.ERROR and one.code not in NEW_ROW_CODES - unread for one in found)


def _find_waits(wanted: tuple[tuple[str, ...], int | None], account: Account | None) -> tuple[Issue, ...]:
    return account_waits(*wanted, account) if account is not None else ()


def _join(row: Row, draft: Draft | None, issues: tuple[Issue, ...]) -> tuple[Issue, ...]:
    if not row.issues and not row.unshown:
        return issues
    spoilt = {issue.column for issue in row.issues if issue.column}
    others = (issue for issue in issues if issue.code != "field-empty" or issue.column not in spoilt)
    return tuple(dict.fromkeys((*row.issues, *_unshown(row, draft), *others)))


def _unshown(row: Row, draft: Draft | None) -> Iterator[Issue]:
    columns = row.header.columns
    fields = (*_READ_BY_US, *(draft.used if draft is not None else ()))
    for position in dict.fromkeys(columns[field] for field in fields if field in columns):
        if position in row.unshown and position not in row.dates:
            yield row.unshown[position]


def _remember(read: Callable[[C], R]) -> Callable[[C], R]:
    """Read equal cells once, as far as the memory of a long file's cells reaches."""
    return lru_cache(maxsize=_ROOM)(read)
