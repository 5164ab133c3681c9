"""The codes of the checks: how much each weighs by default, and which of them nobody may soften."""

from __future__ import annotations

from typing import NamedTuple

from batch.model import Level


class Code(NamedTuple):
    """One rule as settings and docs know it."""

    level: Level
    words: str
    hard: bool = False


def _hard(words: str) -> Code:
    return Code(Level.ERROR, words, hard=True)


def _soft(level: Level, words: str) -> Code:
    return Code(level, words)


CODES: dict[str, Code] = {
    "name-missing": _hard("the campaign has no name"),
    "message-missing": _hard("the campaign has no text"),
    "message-too-long": _hard("the text has more characters than `max_characters`"),
    "cell-too-long": _hard("a name, a reference, a subject, an owner or the groups are longer than anybody means"),
    "groups-missing": _hard("no group is named"),
    "group-id-invalid": _hard("a group id is not a positive whole number"),
    "group-unknown": _hard("no group of the account has this name"),
    "group-ambiguous": _hard("the account has two groups that could be meant"),
    "groups-not-readable": _hard("the account's groups could not be read, so a name stays a name"),
    "group-twice": _soft(Level.WARNING, "a group is named twice in one row; it gets one text"),
    "group-not-looked-up": _soft(Level.WARNING, "a group's name could not be looked up offline"),
    "time-empty": _hard("there is no send time; a blank never means now"),
    "time-missing": _hard("there is a date without a time of day"),
    "time-unreadable": _hard("the send time is in no form that can be read"),
    "date-order-unclear": _hard("the date reads in two ways, and `date_order` does not say which one holds"),
    "zone-unknown": _hard("the time zone is not known"),
    "time-in-gap": _hard("the clock skips this time when daylight saving begins"),
    "time-doubled": _hard("the clock shows this time twice when daylight saving ends"),
    "time-doubled-at-provider": _hard("the provider's clock shows this time twice when daylight saving ends"),
    "time-past": _hard("the send time has gone by"),
    "lead-time": _hard("the send time is closer than `lead_minutes`"),
    "too-far-ahead": _soft(Level.ERROR, "the send time is more than `horizon_days` ahead"),
    "type-recipients-invalid": _hard("TypeRecipients is neither 0, 1, single nor double"),
    "template-unknown": _hard("no MMS template of the account has this name, or the id is no number"),
    "template-ambiguous": _hard("two MMS templates of the account have this name"),
    "templates-not-readable": _hard("the account's MMS templates could not be read, so a name stays a name"),
    "template-not-looked-up": _soft(Level.WARNING, "an MMS template's name could not be looked up offline"),
    "mms-only": _hard("Subject or MmsHighResolution stands beside no MMS template"),
    "mms-high-resolution-invalid": _hard("MmsHighResolution is neither 0 nor 1"),
    "expected-contacts-invalid": _soft(Level.ERROR, "ExpectedContacts is not a whole number"),
    "purpose-invalid": _soft(Level.ERROR, "Purpose is neither marketing, information nor emergency"),
    "row-repeated": _hard("an earlier row of the file says the same"),
    "same-key-twice": _hard("two rows of the file are one campaign with different content"),
    "quiet-hours": _soft(Level.HOLD, "the send time lies in the quiet hours of the row's zone"),
    "quiet-hours-there": _soft(Level.HOLD, "the send time lies outside a group's hours at the recipients' place"),
    "day-not-allowed": _soft(Level.HOLD, "a group is not texted on this weekday"),
    "purpose-not-agreed": _soft(Level.ERROR, "a group did not opt in to this purpose"),
    "blackout-day": _soft(Level.HOLD, "the send time lies in one of the team's own blackout days or hours"),
    "holiday": _soft(Level.WARNING, "the send date is a public holiday"),
    "brand-missing": _soft(Level.ERROR, "the text does not name the brand"),
    "no-opt-out": _soft(Level.WARNING, "the text does not say how to opt out"),
    "costly-characters": _soft(Level.WARNING, "characters that make the text travel in more parts"),
    "mojibake": _soft(Level.WARNING, "a text that was decoded twice (donâ€™t was don’t)"),
    "many-parts": _soft(Level.WARNING, "the text travels in more parts than `max_parts`"),
    "placeholder": _soft(Level.HOLD, "a field or placeholder was left in the text or subject"),
    "date-in-text": _soft(Level.WARNING, "a weekday or date in the text does not fit the send date"),
    "short-link": _soft(Level.WARNING, "a shared link shortener, which carriers like to block"),
    "forbidden-subject": _soft(Level.WARNING, "a word from the subjects that carriers forbid or restrict"),
    "word-listed": _soft(Level.WARNING, "a word from the team's own list"),
    "expected-contacts-differ": _soft(Level.WARNING, "the groups' size is not what ExpectedContacts says"),
    "group-name-moved": _soft(Level.HOLD, "a group's name meant another id before"),
    "often-texted": _soft(Level.WARNING, "the same people get many texts in a day or week"),
    "file-other-week": _soft(Level.WARNING, "the file is named for another week than its dates"),
    "offer-as-before": _soft(Level.WARNING, "the same offer went out in the week before"),
    "group-missing": _hard("a group is not in the account; the row waits"),
    "group-empty": _hard("a group has no contacts; the row waits"),
    "template-not-approved": _hard("the MMS template is not approved; the row waits"),
    "credits-short": _hard("the credits do not reach for this row; it waits"),
}
"""Every code that the checks give, the most basic first."""

RULE_CODES: dict[str, str] = {code: entry.words for code, entry in CODES.items()}
"""Code to one line for a person."""

HARD_CODES: frozenset[str] = frozenset(code for code, entry in CODES.items() if entry.hard)
"""The codes whose level `[rules]` may not change: without them no campaign can be trusted."""


def level_of(code: str, levels: dict[str, Level | None]) -> Level | None:
    """Say how much a code weighs under the team's own levels; None when it is switched off."""
    return levels[code] if code in levels else CODES[code].level
