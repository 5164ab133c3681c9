"""Where a campaign stands: status, time, open findings and wishes as one record that every output asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from batch.core.excerpts import excerpts
from batch.core.guards import LEFT_OUT
from batch.model import Entry, Finding, FindingKind, Level, Status
from batch.model.codes import CODES_THAT_NEED_A_PERSON, NEXT_BY_CODE, WAIT_CODES
from batch.model.records import dataclass
from batch.model.times import local_time
from batch.model.wording import APPROVED, TONES, WORDS, Word, cell_of

SOON = timedelta(hours=24)
"""What is due within it comes before all that is merely open."""
ALARM = timedelta(hours=1)
"""A campaign to be cancelled that goes out within it is red."""
UNSEEN_AFTER = timedelta(hours=26)
"""A nightly comparison, and two hours: after it a sent campaign should have been seen as sent."""

WENT_OUT, DID_NOT_GO = "went-out", "did-not-go"
"""Codes that a person acknowledges, beside those of findings."""
NO_CONTACTS = "no-contacts", "ContactsCount", "0"
"""What a person acknowledges of a campaign that reaches nobody; the mark of the finding that says so."""
GETS_IT = {
    Status.ACCEPTED: "the provider counts 0 contacts: nobody would get it",
    Status.SENT: "it was sent to 0 contacts: the group was empty",
}
"""How a campaign that reaches nobody is told, by its status."""

TO_APPROVE = "to_approve"
"""How a campaign stands that a second person has not let go: its owner has nothing to do about it."""

DID_NOT, WILL_NOT = "did not go", "will not go as things stand"


_NEWS = frozenset({"cancelled", "made-elsewhere", "status-moved", "matched", "unexpected"})
"""What a comparison finds and nobody needs to look at, unless it is loud; any other finding needs a look."""


class Concern(StrEnum):
    """Why a campaign needs attention, the worst first: the order of every verdict."""

    WENT_WRONG = "went-wrong"
    """It went out, and not as the sheet says, or against a person's wish."""
    DID_NOT_GO = "did-not-go"
    """Its time has passed, or came too near, before it could go."""
    OPEN = "open"
    """Somebody must decide or act before its time comes."""
    NONE = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a campaign stands where it stands."""

    code: str
    words: str
    cell: str = ""
    """As Excel names it: `C7`, `row 7`; empty when no cell is meant."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one campaign stands at one moment, in the words and the tone that every output shows."""

    word: Word
    concern: Concern = Concern.NONE
    causes: tuple[Cause, ...] = ()
    next: str = ""
    """What to do; empty when nobody needs to do anything."""
    by: datetime | None = None
    """Until when it must be done; None when there is no deadline, or it has passed."""
    who: str = ""
    """Whose row it is; empty when the sheet names nobody."""

    @property
    def needs_attention(self) -> bool:
        """Whether somebody must do something about it."""
        return self.concern is not Concern.NONE

    @property
    def reason(self) -> str:
        """Say in a line why it stands there."""
        return "; ".join(cause.words for cause in self.causes) or self.word.meaning

    @property
    def cause(self) -> str:
        """Give the code by which rows with the same trouble are put together."""
        return self.causes[0].code if self.causes else self.word.standing

    @property
    def sign(self) -> str:
        """Give the sign of its tone."""
        return TONES[self.word.tone].sign

    @property
    def stays(self) -> bool:
        """Whether it does not go as it stands, and somebody can still do something about it."""
        return self.concern is Concern.OPEN and self.word.standing in _STAYS

    def is_due(self, now: datetime) -> bool:
        """Whether somebody must act within a day."""
        return self.by is not None and self.by - now <= SOON

    @property
    def outcome(self) -> str:
        """Say in words to count by what became of it: `did not go` only once its time has passed."""
        if self.word.standing in {"did_not_go", "expired"}:
            return DID_NOT
        return WILL_NOT if self.word.standing in {"invalid", "rejected"} else self.word.text

    def is_grave(self, now: datetime) -> bool:
        """Whether it alone makes a report red: it cannot be undone, is due within a day, or has no cell to fix."""
        red = self.word.tone == "bad" and self.word.standing != "invalid"
        return self.needs_attention and (red or self.is_due(now))


_STAYS = frozenset({"invalid", "rejected", "held", "unapproved", "missing", "waiting"})
"""What is not at the provider, or not approved there."""


def needs_look(finding: Finding) -> bool:
    """Whether somebody must look at what a comparison brought up: page, mail and exit code ask it."""
    return finding.loud or (finding.code or finding.kind.value) not in _NEWS


def standing_of(entry: Entry, now: datetime, zone: str = "UTC") -> Standing:
    """Say how a campaign stands at a moment; `zone` is the team's, for a row that has none."""
    word, concern = _WORDS_OF.get(entry.status, _plain)(entry, now)
    causes = _causes(entry, word, now)
    next_step = "" if concern is Concern.NONE else _next_step(entry, word, causes, zone)
    asked = concern is Concern.OPEN or word.standing == TO_APPROVE
    by = entry.send_at if asked and _is_ahead(entry, now) else None
    if by is not None and by - now <= SOON:
        word = replace(word, tone="bad")  # one tone in report, status page and mail
    return Standing(word, concern, causes, next_step, by, entry.owner)


Worded = tuple[Word, Concern]


def _plain(entry: Entry, now: datetime) -> Worded:
    del now
    return WORDS[entry.status.value], Concern.NONE


def _kept_back(entry: Entry, now: datetime) -> Worded:
    """What has not gone to the provider: in time somebody's task, later it did not go.

    What waits is a task, too: groups are filled, credits bought and templates approved by people.
    """
    word = WORDS[TO_APPROVE if entry.to_approve else entry.status.value]
    if _has_passed(entry, now):
        return _settled(WORDS["did_not_go"], Concern.DID_NOT_GO, _knows(entry, DID_NOT_GO))
    return word, Concern.NONE if entry.status is Status.PLANNED else Concern.OPEN


def _expired(entry: Entry, now: datetime) -> Worded:
    del now
    return _settled(WORDS["expired"], Concern.DID_NOT_GO, _knows(entry, DID_NOT_GO))


def _missing(entry: Entry, now: datetime) -> Worded:
    concern = Concern.DID_NOT_GO if _has_passed(entry, now) else Concern.OPEN
    return _settled(WORDS["missing"], concern, _knows(entry, DID_NOT_GO))


def _in_doubt(entry: Entry, now: datetime) -> Worded:
    word = WORDS["in_doubt"]
    return (replace(word, tone="bad") if _has_passed(entry, now) else word), Concern.OPEN


def _accepted(entry: Entry, now: datetime) -> Worded:
    if entry.cancel_why:
        return _to_cancel(entry, now)
    if entry.provider_status_id != APPROVED:
        if _has_passed(entry, now):
            return _settled(WORDS["did_not_go"], Concern.DID_NOT_GO, _knows(entry, DID_NOT_GO))
        return WORDS["unapproved"], Concern.OPEN
    if _has_passed(entry, now):
        late = entry.send_at is not None and now - entry.send_at > UNSEEN_AFTER
        return (replace(WORDS["unseen"], tone="look"), Concern.OPEN) if late else (WORDS["unseen"], Concern.NONE)
    return _looked_at(entry, WORDS["scheduled"])


_TOO_LATE = "to be cancelled, and its time has passed"


def _to_cancel(entry: Entry, now: datetime) -> Worded:
    if _has_passed(entry, now):
        late = replace(WORDS["to_cancel"], tone="bad", text=_TOO_LATE)
        stuck = entry.provider_status_id != APPROVED
        return late if stuck else replace(late, next=WORDS["unseen"].next), Concern.OPEN
    near = entry.send_at is not None and entry.send_at - now <= ALARM
    return (replace(WORDS["to_cancel"], tone="bad") if near else WORDS["to_cancel"]), Concern.OPEN


def _sent(entry: Entry, now: datetime) -> Worded:
    del now
    if entry.cancel_why and not (_knows(entry, WENT_OUT) and entry.findings):
        return _settled(WORDS["went_out"], Concern.WENT_WRONG, _knows(entry, WENT_OUT))
    wrong = [f.field for f in entry.findings if f.kind is FindingKind.DRIFTED and f.field in _DIFFERENT]
    if wrong:
        return replace(WORDS["went_wrong"], text=f"went out {_DIFFERENT[wrong[0]]}"), Concern.WENT_WRONG
    return _looked_at(entry, WORDS["sent"])


def _cancelled(entry: Entry, now: datetime) -> Worded:
    del now
    word = WORDS["left_out" if is_left_out(entry) else "cancelled"]
    if word.standing == "cancelled" and not (entry.provider_id or entry.attempts):
        word = replace(word, meaning="cancelled before it was submitted: nothing was sent")
    if word.standing == "cancelled" and entry.cancel_why:
        word = replace(word, meaning=f"{word.meaning} ({entry.cancel_why})")
    return word, Concern.NONE


def is_left_out(entry: Entry) -> bool:
    """Whether a second person left the row out when they let its batch go."""
    marked = any(issue.code == LEFT_OUT and issue.level is Level.HOLD for issue in entry.issues)
    return marked and entry.status is Status.CANCELLED


_DIFFERENT = {
    "Message": "with a different text",
    "Subject": "with a different subject",
    "MmsTemplateId": "with a different picture",
    "DateTime": "at a different time",
    "GroupIds": "to different groups",
    "TypeRecipients": "to different recipients",
}
"""Fields that people notice when a campaign went out otherwise than the sheet says."""


def _looked_at(entry: Entry, word: Word) -> Worded:
    """What is as it should be, unless a finding or the provider's count says otherwise."""
    empty = entry.contacts_count == 0
    known = NO_CONTACTS in entry.acknowledged
    if not list(_told_by_lists(entry)) and (known or not empty):
        return _settled(word, Concern.NONE, known)
    if empty and not known and entry.status is Status.SENT:
        return replace(word, text="sent to nobody", tone="bad"), Concern.WENT_WRONG
    loud = any(finding.loud for finding in entry.findings) or (empty and not known)
    return replace(word, text=f"{word.text}, but look at it", tone="bad" if loud else "look"), Concern.OPEN


def _knows(entry: Entry, code: str) -> bool:
    return (code, "", "") in entry.acknowledged


def _settled(word: Word, concern: Concern, acknowledged: bool) -> Worded:  # noqa: FBT001 - one of two ways
    return (replace(word, tone="quiet"), Concern.NONE) if acknowledged else (word, concern)


_WORDS_OF = {
    Status.INVALID: _kept_back,
    Status.HELD: _kept_back,
    Status.WAITING: _kept_back,
    Status.PLANNED: _kept_back,
    Status.REJECTED: _kept_back,
    Status.EXPIRED: _expired,
    Status.MISSING: _missing,
    Status.IN_DOUBT: _in_doubt,
    Status.ACCEPTED: _accepted,
    Status.SENT: _sent,
    Status.CANCELLED: _cancelled,
}


def _causes(entry: Entry, word: Word, now: datetime) -> tuple[Cause, ...]:
    """Give the reasons, the weightiest first, none of them twice."""
    told: dict[str, Cause] = {}
    for cause in (*_wishes(entry, word), *_own(entry, now), *_told_by_lists(entry)):
        told.setdefault(cause.words, cause)
    return tuple(told.values())


def _wishes(entry: Entry, word: Word) -> Iterator[Cause]:
    if word.standing == "to_cancel":
        yield Cause("to-cancel", f"to be cancelled: {entry.cancel_why}")
    elif word.standing == "went_out":
        yield Cause(WENT_OUT, f"it was to be cancelled: {entry.cancel_why}")


def _own(entry: Entry, now: datetime) -> Iterator[Cause]:
    """Give what the checks, the plan and the provider's answer said of it."""
    if is_left_out(entry):
        yield from (Cause(issue.code, issue.message) for issue in entry.issues if issue.code == LEFT_OUT)
    if entry.status in GETS_IT and entry.contacts_count == 0:
        yield Cause(NO_CONTACTS[0], GETS_IT[entry.status])
    if entry.status in {Status.SENT, Status.CANCELLED, Status.REPLACED}:
        return
    if entry.status is Status.ACCEPTED:
        if entry.provider_status_id != APPROVED:
            yield Cause("not-approved", f'the provider says "{entry.provider_status or "nothing"}"')
        return
    weight = {Level.ERROR: 0, Level.HOLD: 1, Level.WARNING: 2}
    issues = [issue for issue in entry.issues if issue.level is not Level.WARNING or issue.code in WAIT_CODES]
    for issue in sorted(issues, key=lambda issue: weight[issue.level]):
        over = _WAITED.get(issue.code, "").format(id=issue.value) if _has_passed(entry, now) else ""
        yield Cause(issue.code, over or issue.message, cell_of(issue))
    if entry.status in {Status.HELD, Status.PLANNED} and _has_passed(entry, now):
        yield Cause("not-decided", "nobody decided in time" if issues else "nobody approved it in time")


_WAITED = {
    "credits-short": "there were not enough credits",
    "group-empty": "group {id} had no contacts",
    "template-not-approved": "MMS template {id} was not approved",
}
"""What a row waited for in vain, once its time has passed: no advice that comes too late."""


def _told_by_lists(entry: Entry) -> Iterator[Cause]:
    """Give what the provider's lists said of a campaign that is or was there."""
    if entry.status not in {Status.ACCEPTED, Status.SENT, Status.MISSING}:
        return
    for finding in entry.findings:
        yield Cause(finding.code, _went_out_as(finding) if entry.status is Status.SENT else finding.words)
    if entry.status is Status.ACCEPTED:
        for issue in entry.issues:
            if issue.code in CODES_THAT_NEED_A_PERSON:
                yield Cause(issue.code, issue.message, cell_of(issue))


def _went_out_as(finding: Finding) -> str:
    """Set side by side what the sheet says and what went out: nobody can change it any more."""
    if finding.kind is not FindingKind.DRIFTED or finding.field not in _DIFFERENT:
        return finding.words
    ours, theirs = excerpts(finding.ours, finding.theirs)
    return f'the sheet says "{ours}", and "{theirs}" went out'


def _next_step(entry: Entry, word: Word, causes: tuple[Cause, ...], zone: str) -> str:
    known = {"entry": entry.id, "id": entry.provider_id or "of the campaign"}
    if word.standing == "did_not_go" and entry.provider_id:
        return f"{_was_due(entry, zone)}: {_ACKNOWLEDGE}".format(**known)
    if word.standing in {"did_not_go", "went_out", "went_wrong", "to_cancel"}:
        return word.next.format(**known, was_due=_was_due(entry, zone))
    special = next((NEXT_BY_CODE[cause.code] for cause in causes if cause.code in NEXT_BY_CODE), "")
    if entry.status is Status.SENT and special and "acknowledge" not in special:
        special += f", then {_ON_RECORD}"
    usable = entry.status in {Status.HELD, Status.WAITING, Status.ACCEPTED, Status.SENT}
    return ((special if usable else "") or word.next or NEXT_BY_CODE["drifted"]).format(**known)


_ON_RECORD = 'put it on the record: campaign-batch acknowledge {entry} --why "..."'
_ACKNOWLEDGE = f"find out why in the dashboard, give the row a new time and hand the file in again, then {_ON_RECORD}"


def _was_due(entry: Entry, zone: str) -> str:
    due = local_time(entry.send_at, entry.zone or zone) if entry.send_at else ""
    return f"it was due {due} and did not go"


def _has_passed(entry: Entry, now: datetime) -> bool:
    return entry.send_at is not None and entry.send_at <= now


def _is_ahead(entry: Entry, now: datetime) -> bool:
    return entry.send_at is not None and entry.send_at > now
