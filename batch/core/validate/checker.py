"""Turns rows into campaigns: reads the cells, runs every check on each row, and says all that is wrong at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from batch.core.identity import collapse, hash_content, make_key
from batch.core.parts import measure
from batch.core.validate.envelope import Envelope, Envelopes
from batch.core.validate.lengths import check_lengths, keep_few, shorten_key
from batch.core.validate.mojibake import check_doubled
from batch.core.validate.rules import Rules
from batch.core.validate.terms import Terms, level_of
from batch.core.validate.texts import Text, check_texts, make_text, signal_words, too_long
from batch.core.validate.times import SendTime
from batch.core.validate.trouble import Trouble
from batch.core.validate.twins import Twins
from batch.model import Account, Campaign, Checked, Draft, Issue, Level, Parts, Row
from batch.model.places import FOR_EACH, place_of, sheet_row

Drafted = tuple[Row, Draft | None, tuple[Issue, ...]]

NEW_ROW_CODES = frozenset({"time-past", "lead-time", "group-unknown", "template-unknown"})
"""Errors that only a new row has: one that was sent long ago keeps its campaign, and the plan decides."""

_NO_PARTS = Parts("GSM-7", 0, 0)
_LONGEST_VALUE = 200
_READ_BY_US = (
    "CampaignName", "GroupIds", "DateTime", "Date", "Time", "TimeZone", "TypeRecipients", "MmsTemplateId",
    "MmsHighResolution", "Subject", "Reference", "ExpectedContacts", "Owner", "Cancel", "Purpose",
)  # fmt: skip


class Examined(NamedTuple):
    """A row with all that the checks have to say about it by itself; no campaign is made of it yet."""

    row: Row
    draft: Draft | None
    text: Text | None
    envelope: Envelope
    issues: tuple[Issue, ...]
    key: str

    @property
    def parts(self) -> Parts:
        """How its text travels."""
        return self.text.parts if self.text is not None else _NO_PARTS

    @property
    def is_campaign(self) -> bool:
        """Whether no error forbids to make a campaign of it."""
        return self.draft is not None and not (self.issues and _has_errors(self.issues, self.envelope))


class Checker:
    """Checks the rows of one file, in their order, and remembers what it needs to find repeated ones."""

    def __init__(self, rules: Rules, now: datetime, account: Account | None = None) -> None:
        self._terms = Terms(rules, now, account)
        self._signals = signal_words(self._terms)
        self._twins = Twins()
        self._late: dict[int, Issue] = {}
        self._envelopes = Envelopes(self._terms)

    def check(self, drafted: Sequence[Drafted]) -> list[Checked]:
        """Check rows that stand one below the other; each has a campaign, or an error among its issues.

        With each row come its draft and what the renderer found. A row whose only errors are `NEW_ROW_CODES` has both.
        """
        return self.judge(self.examine(drafted))

    def examine(self, drafted: Sequence[Drafted]) -> list[Examined]:
        """Check rows without a look at each other, and remember nothing of them.

        Each step is done for all of them before the next: that is a fifth faster than all steps for each, since the
        processor keeps the code of one step at hand.
        """
        envelopes = [self._envelopes.of(row) for row, _, _ in drafted]
        moments = [envelope.when.moment for envelope in envelopes]
        texts = [self._make_text(draft, moment.local) for (_, draft, _), moment in zip(drafted, moments, strict=True)]
        steps = drafted, texts, envelopes, check_texts(texts, self._terms)
        issues = [self._find_issues(*one) for one in zip(*steps, strict=True)]
        keys = [_make_key(row, moment) for (row, _, _), moment in zip(drafted, moments, strict=True)]
        rows, drafts, _ = zip(*drafted, strict=True) if drafted else ((), (), ())
        return list(map(Examined._make, zip(rows, drafts, texts, envelopes, issues, keys, strict=True)))

    def remember(self, examined: Iterable[Examined]) -> bool:
        """Remember rows; with one among them that repeats another, none: `judge` finds out what is wrong with it."""
        return self._twins.add_new((one.key, _content(one), one.row.number) for one in examined if one.is_campaign)

    def judge(self, examined: Iterable[Examined]) -> list[Checked]:
        """Make campaigns of rows, unless an error forbids it, each held against those before it."""
        return [self._among_others(one, self._judge(one)) for one in examined]

    def late_issues(self) -> Mapping[int, Issue]:
        """Give, after the last row, the errors of rows that a later one shares its key with; row to issue."""
        return dict(self._late)

    def _make_text(self, draft: Draft | None, sent: datetime | None) -> Text | None:
        """Take the text apart; None when there is none."""
        if draft is None or not draft.message.strip():
            return None
        return make_text(draft.message, measure(draft.message), sent.date() if sent else None, self._signals)

    def _find_issues(
        self, drafted: Drafted, text: Text | None, envelope: Envelope, about_text: tuple[Trouble, ...]
    ) -> tuple[Issue, ...]:
        """Give all that is wrong with a row, in the order in which a person reads it."""
        row, draft, issues = drafted
        name = row.text("CampaignName")
        troubles = (
            *(check_doubled(name, "CampaignName") if name else _NO_NAME),
            *envelope.doubled,
            *(too_long(text.message, self._terms) if text is not None else _NO_TEXT),
            *envelope.troubles,
            *about_text,
            *envelope.unexpected,
        )
        found = _join(row, draft, issues)
        return keep_few((*found, *check_lengths(row), *self._to_issues(row, draft, troubles, found)))

    def _judge(self, one: Examined) -> Checked:
        """Make a row's campaign, unless an error forbids it."""
        row, when = one.row, one.envelope.when
        campaign = self._make_campaign(one) if one.is_campaign else None
        name, reference = row.text("CampaignName"), row.text("Reference")
        message = one.draft.message if one.draft is not None else ""
        return Checked(row, campaign, one.issues, name, reference, message, one.key, when.moment.send_at, when.past)

    def _among_others(self, one: Examined, checked: Checked) -> Checked:
        """Hold a row against those before it."""
        if checked.campaign is None or (twin := self._find_twin(one)) is None:
            return checked
        return replace(checked, campaign=None, issues=(*checked.issues, twin))

    def _to_issues(
        self, row: Row, draft: Draft | None, troubles: tuple[Trouble, ...], before: tuple[Issue, ...]
    ) -> tuple[Issue, ...]:
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

    def _make_campaign(self, one: Examined) -> Campaign:
        row, draft, envelope = one.row, one.draft, one.envelope
        moment, groups, sending = envelope.when.moment, envelope.groups, envelope.sending
        assert draft is not None
        assert moment.send_at is not None
        return Campaign(
            row=row.number,
            name=row.text("CampaignName"),
            message=draft.message,
            group_ids=groups.ids,
            group_names=groups.names,
            send_at=moment.send_at,
            zone=moment.zone,
            type_recipients=sending.type_recipients,
            mms_template_id=sending.template,
            mms_high_resolution=sending.high_resolution,
            subject=sending.subject,
            reference=row.text("Reference"),
            expected_contacts=sending.expected,
            owner=row.text("Owner"),
            purpose=sending.purpose,
            cancel=sending.cancel,
            parts=one.parts,
            contacts=envelope.contacts,
            key=one.key,
            fingerprint=hash_content(draft.message, envelope.written),
            waits=tuple([replace(one, row=row.number, column=row.header.letter(one.field)) for one in envelope.waits]),
        )

    def _find_twin(self, one: Examined) -> Issue | None:
        row, twin = one.row, self._twins.meet(one.key, _content(one), one.row.number)
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
    rows = checker.check(tuple(drafts))
    late = checker.late_issues()
    return [apply_late(row, late.get(row.row.number)) for row in rows]


def apply_late(checked: Checked, issue: Issue | None) -> Checked:
    """Add what a later row brought to light; the campaign falls away."""
    return checked if issue is None else replace(checked, campaign=None, issues=(*checked.issues, issue))


def _make_key(row: Row, moment: SendTime) -> str:
    return shorten_key(make_key(row.text("Reference"), row.text("CampaignName"), moment.send_at, moment.raw))


def _content(one: Examined) -> tuple[str, str]:
    """Give what a campaign's fingerprint is made of, which nobody needs to hash to tell two rows apart."""
    return collapse(one.draft.message) if one.draft is not None else "", one.envelope.written


def _place(number: int, row: Row) -> int:
    """Give the number of another row its words; within one row of the sheet, both are of the same list."""
    same = sheet_row(number) == sheet_row(row.number)
    return place_of(number, {FOR_EACH: row.text(FOR_EACH)} if same else None)


_NO_NAME = (Trouble("name-missing", "CampaignName", "the campaign has no name: write one, people will look for it"),)
_NO_TEXT = (
    Trouble("message-missing", "Message", "the campaign has no text: write it into Message, or name a Template"),
)


def _has_errors(found: Iterable[Issue], envelope: Envelope) -> bool:
    """Whether no campaign can be made: an id that is not in the account is still an id, an unknown name is nothing."""
    unread = {"group-unknown"} if not envelope.groups.ids else set()
    unread |= {"template-unknown"} if envelope.sending.template is None else set()
    return any(one.level is Level.ERROR and one.code not in NEW_ROW_CODES - unread for one in found)


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
