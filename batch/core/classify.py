"""Decide what an answer, or its absence, means for an entry: the outcome table of the protocol, row for row.

It alone knows when a request certainly did nothing and may be made again.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from batch.core.answers import parse_errors, parse_one
from batch.core.identity import collapse, split_tag
from batch.core.payload import minute_of
from batch.model import Answer, Entry, Failure, Issue, Level, Listed, Outcome, Status, Stop

ACCOUNT_REFUSED = frozenset({401, 402, 403})
ADDRESS_WRONG = frozenset({404, 405, 406, 415})
ROW_REFUSED = frozenset({400, 410, 413, 414, 422, 431})
ACCEPTING = frozenset({200, 201})


def classify(answer: Answer, entry: Entry, known_ids: Container[str]) -> Outcome:
    """Say what becomes of an entry after one POST.

    `known_ids` are the provider's Ids that other entries hold. Planned means that it certainly did nothing,
    and such an attempt never counts towards the three of an entry; whatever is not certain is in doubt.
    """
    if answer.failure is not None:
        return _FAILURES[answer.failure](answer)
    status = answer.status or 0
    if status in ACCEPTING:
        return _read_acceptance(answer, entry, known_ids)
    if status == 429:
        return _nothing_done("the provider asks for a pause (429); nothing was scheduled", refused=True)
    if status in ACCOUNT_REFUSED:
        return _nothing_done(f"the provider refused the token or the account ({_said(answer)})", Stop.TOKEN)
    if status in ADDRESS_WRONG:
        return _nothing_done(f"the provider does not have this address ({_said(answer)})", Stop.ADDRESS)
    if status in ROW_REFUSED:
        return _refuse(answer, entry)
    if 300 <= status < 400:
        return _doubt(f"the provider points to another address ({status}) and is not followed", Stop.REDIRECT)
    return _doubt(_uncertain(status))


def _not_sent(answer: Answer) -> Outcome:
    return _nothing_done(f"the provider could not be reached: {_words(answer)}; nothing was sent", unreachable=True)


def _bad_certificate(answer: Answer) -> Outcome:
    return _nothing_done(f"the provider's certificate is wrong: {_words(answer)}; nothing was sent", Stop.CERTIFICATE)


def _too_late(_answer: Answer) -> Outcome:
    return _nothing_done("connecting took too long; nothing was sent")


def _unknown(answer: Answer) -> Outcome:
    return _doubt(f"no complete answer came: {_words(answer)}; it may have arrived or not")


_FAILURES: dict[Failure, Callable[[Answer], Outcome]] = {
    Failure.NOT_SENT: _not_sent,
    Failure.CERTIFICATE: _bad_certificate,
    Failure.TOO_LATE: _too_late,
    Failure.UNKNOWN: _unknown,
}


def _read_acceptance(answer: Answer, entry: Entry, known_ids: Container[str]) -> Outcome:
    listed = parse_one(answer.body, answer.headers.get("content-type", ""))
    if listed is None:
        return _doubt(f"the provider answered {answer.status}, but not with one campaign")
    if not listed.id:
        return _doubt(f"the provider answered {answer.status}, but without an Id")
    if listed.id in known_ids:
        return _doubt(f"the provider answered with Id {listed.id}, which another row has already")
    if _has_our_name(listed, entry):
        return _accept(listed, entry, f"scheduled as {listed.id}")
    if minute_of(listed.send_at) == minute_of(entry.send_at_provider) and _same(listed.message, entry.message):
        why = f'scheduled as {listed.id}, but the provider changed its name to "{listed.name}"'
        return _accept(listed, entry, why, Stop.TAG_LOST)
    return _doubt(f'the provider answered with Id {listed.id}, but for a campaign "{listed.name}" that is not this one')


def _has_our_name(listed: Listed, entry: Entry) -> bool:
    if not entry.tag:
        return _same(listed.name, entry.provider_name)
    return split_tag(listed.name)[1] == entry.tag


def _accept(listed: Listed, entry: Entry, why: str, stop: Stop = Stop.NO) -> Outcome:
    return Outcome(Status.ACCEPTED, why, listed=listed, stop=stop, issues=_drifted(listed, entry))


def _drifted(listed: Listed, entry: Entry) -> tuple[Issue, ...]:
    pairs = (
        ("CampaignName", entry.provider_name, listed.name),
        ("Message", entry.message, listed.message or entry.message),
        ("DateTime", entry.send_at_provider, _time_shown(listed, entry)),
        ("GroupIds", _as_set(entry.group_ids), _as_set(entry.group_ids if not listed.group_ids else listed.group_ids)),
        ("TypeRecipients", entry.type_recipients, _or(listed.type_recipients, entry.type_recipients)),
        # These two are sent only when they matter, and an empty one in the answer is the provider's word for none.
        ("MmsTemplateId", entry.mms_template_id or "", listed.mms_template_id or ""),
        ("Subject", entry.subject, listed.subject),
    )
    return tuple(
        _drift(entry, field, str(ours), str(theirs))
        for field, ours, theirs in pairs
        if not _same(str(ours), str(theirs))
    )


def _time_shown(listed: Listed, entry: Entry) -> str:
    same = not listed.send_at or minute_of(listed.send_at) == minute_of(entry.send_at_provider)
    return entry.send_at_provider if same else listed.send_at


def _drift(entry: Entry, field: str, ours: str, theirs: str) -> Issue:
    words = f'sent "{ours}", the provider shows "{theirs}": look at this campaign in the dashboard'
    return Issue(entry.row, "", field, "drifted", words, Level.WARNING, theirs)


def _refuse(answer: Answer, entry: Entry) -> Outcome:
    said = [(field, f"the provider says: {words}") for field, words in parse_errors(answer.body)]
    said = said or [("", f"the provider refused this row ({answer.status}) and gave no reason: ask its support")]
    issues = tuple(Issue(entry.row, "", field, "refused", words) for field, words in said)
    return Outcome(Status.REJECTED, f"the provider refused it ({_said(answer)})", issues=issues)


def _nothing_done(why: str, stop: Stop = Stop.NO, *, refused: bool = False, unreachable: bool = False) -> Outcome:
    return Outcome(Status.PLANNED, why, stop=stop, counts=False, refused=refused, unreachable=unreachable)


def _doubt(why: str, stop: Stop = Stop.NO) -> Outcome:
    return Outcome(Status.IN_DOUBT, why, stop=stop)


def _uncertain(status: int) -> str:
    if not status:
        return "no answer came; it may have arrived or not"
    if 200 <= status < 300:
        return f"the provider answered {status}, which does not say that it is scheduled"
    return f"the provider answered {status}; it may have scheduled it or not"


def _said(answer: Answer) -> str:
    words = "; ".join(f"{field}: {words}" if field else words for field, words in parse_errors(answer.body))
    return f"{answer.status}: {words}" if words else str(answer.status)


def _words(answer: Answer) -> str:
    return answer.words or "no reason is known"


def _same(one: str, other: str) -> bool:
    return collapse(one) == collapse(other)


def _as_set(ids: tuple[str, ...]) -> str:
    return ", ".join(sorted(set(ids), key=lambda each: (len(each), each)))


def _or(theirs: int | None, ours: int) -> int:
    return ours if theirs is None else theirs
