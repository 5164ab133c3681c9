"""Compare the ledger with the provider's lists, one to one: matched, missing, unexpected, drifted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta

from batch.core.identity import collapse
from batch.core.match import TRACKED, UNSURE, Matches
from batch.core.payload import from_provider_time, minute_of, show_time, to_provider_time
from batch.core.settle import Reading
from batch.core.standing import ALARM, GETS_IT, NO_CONTACTS
from batch.core.strangers import find_strangers
from batch.core.trust import NO_EVIDENCE, Evidence, question_gone
from batch.model import Entry, Finding, FindingKind, Listed, Status
from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.model.times import span_words
from batch.model.wording import APPROVED

URGENT = timedelta(days=1)
"""So near its time, a campaign that the provider has not approved is an alarm."""


@dataclass(frozen=True, slots=True)
class Move:
    """A change of status that the lists prove."""

    entry: int
    old: Status
    new: Status
    why: str
    listed: Listed | None = None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What one comparison brought up; every entry and every listed campaign counts once."""

    counts: Mapping[FindingKind, int]
    """Entries matched, missing, drifted and in doubt; listed campaigns unexpected."""
    findings: tuple[Finding, ...] = ()
    """Only what differs; the loud ones first."""
    moves: tuple[Move, ...] = ()
    seen: tuple[tuple[int, Listed, str], ...] = field(default=())
    """Entry, what the list shows of it, and which list: `scheduled` or `sent`."""

    @property
    def compared(self) -> frozenset[int]:
        """Entries of which it is known how they stand at the provider: what was open on them is answered anew."""
        told = {finding.entry for finding in self.findings if finding.entry is not None}
        return frozenset({entry for entry, _, _ in self.seen} | {move.entry for move in self.moves} | told)


@dataclass(frozen=True, slots=True)
class ReconcileRules:
    """What the settings say about comparing."""

    zone: str
    """The provider's zone, in which its lists write times."""
    tolerance: float = 0.1
    """How far ContactsCount may be from what was accepted or expected, as a share."""
    account: str = "main"
    """The account's label, which is part of every tag."""
    paused: str = ""
    """By whom and why everything is paused, if it is: what is gone then was taken back on purpose."""
    meant: Mapping[int, datetime] = field(default_factory=dict)
    """By entry the moment that is meant today, where its zone's rules changed since its file was read."""
    evidence: Evidence = NO_EVIDENCE
    """What the reading shows beside what it lacks: without it nothing counts as deleted."""


def reconcile(
    entries: Iterable[Entry],
    reading: Reading,
    *,
    rules: ReconcileRules,
    now: datetime,
    tags: Collection[str] = (),
    acknowledged: Collection[str] = (),
    since: datetime | None = None,
    shown_before: Collection[int] = (),
    plain: Sequence[tuple[int, Listed]] = (),
) -> Reconciliation:
    """Compare entries with one reading of both lists.

    `tags` are all that this ledger ever gave out, `acknowledged` the Ids that a person has called known. Sent
    campaigns from before `since` (this ledger's first day) are nobody's news. `shown_before` are the entries that an
    earlier reading of this run showed: what only one reading lacks is not missing yet. `plain` is what `find_plain`
    found in this reading; `entries` need not hold those.
    """
    tracked = [entry for entry in entries if _is_tracked(entry)]
    matches = Matches(reading, rules.zone, plain)
    matches.match(tracked)
    matches.claim_twins(tracked, now)
    counts: Counter[FindingKind] = Counter({FindingKind.MATCHED: len(plain)})
    findings: list[Finding] = []
    moves: list[Move] = []
    seen: list[tuple[int, Listed, str]] = [(entry, item, "scheduled") for entry, item in plain]
    for entry in tracked:
        kind, found, moved = _compare(entry, matches.found.get(entry.id), rules, now, shown_before)
        counts[kind] += 1
        findings += found
        moves += moved
        if kind is not FindingKind.IN_DOUBT and entry.id in matches.found:
            seen.append((entry.id, *matches.found[entry.id]))
    strangers = list(
        find_strangers(
            matches, tracked, tags, acknowledged, since=since, zone=rules.zone, account=rules.account, now=now
        )
    )
    counts[FindingKind.UNEXPECTED] = len(strangers)
    findings = sorted([*findings, *strangers], key=lambda finding: not finding.loud)
    return Reconciliation(counts, tuple(findings), tuple(moves), tuple(seen))


_Compared = tuple[FindingKind, list[Finding], list[Move]]


def _is_tracked(entry: Entry) -> bool:
    return entry.status in UNSURE or (entry.status in TRACKED and bool(entry.provider_id))


def _compare(
    entry: Entry,
    hit: tuple[Listed, str] | None,
    rules: ReconcileRules,
    now: datetime,
    shown_before: Collection[int],
) -> _Compared:
    if entry.status in UNSURE:
        words = f'it is not sure that "{entry.campaign_name}" arrived: type "campaign-batch resume"'
        return FindingKind.IN_DOUBT, [_finding(entry, FindingKind.IN_DOUBT, "in-doubt", words)], []
    if hit is None:
        return _compare_absent(entry, rules, now, shown_before)
    item, where = hit
    findings = [*_drift(entry, item, where, rules), *_late_cancel(entry, where, now)]
    findings = [finding for finding in findings if finding.mark not in entry.acknowledged]
    drifted = any(finding.kind is FindingKind.DRIFTED for finding in findings)
    findings += _status_moved(entry, item, where, now)
    kind = FindingKind.DRIFTED if drifted else FindingKind.MATCHED
    return kind, findings, _moves(entry, item, where)


def _compare_absent(entry: Entry, rules: ReconcileRules, now: datetime, shown_before: Collection[int]) -> _Compared:
    """Say what it means that neither list shows an entry; one seen in the sent history stays sent."""
    if entry.status in {Status.CANCELLED, Status.SENT} or entry.id in shown_before:
        return FindingKind.MATCHED, [], []
    coming = entry.send_at is not None and entry.send_at > now
    if entry.cancel_why:
        return _taken_back(entry, f"as asked ({entry.cancel_why})", rules, coming=coming)
    if rules.paused and entry.status is Status.ACCEPTED and coming:
        return _taken_back(entry, f"deleted while everything was paused {rules.paused}", rules, coming=coming)
    words = (
        f'"{entry.campaign_name}" (Id {entry.provider_id}) is on neither of the provider\'s lists: somebody deleted it '
        f"there, or the lists lack it; ask who did, and look in the dashboard. If it is deleted, type "
        f'"campaign-batch resolve {entry.id} --deleted --why ..."'
    )
    moves = []
    if entry.status is not Status.MISSING:
        why = "it is on neither of the provider's lists, in two readings"
        moves = [Move(entry.id, entry.status, Status.MISSING, why)]
    return FindingKind.MISSING, [_finding(entry, FindingKind.MISSING, "missing", words, loud=True)], moves


def _taken_back(entry: Entry, how: str, rules: ReconcileRules, *, coming: bool) -> _Compared:
    """Tick off what was to be deleted and is gone; what is to come must be proven to be gone."""
    evidence, paused = rules.evidence, bool(rules.paused)
    if coming and (why := question_gone(entry.provider_id, entry.id, evidence, paused=paused)):
        words = (
            f'"{entry.campaign_name}" (Id {entry.provider_id}) is on neither of the provider\'s lists, but that does '
            f"not prove that it is deleted: {why}. Look in the dashboard; if it is not there, type "
            f'"campaign-batch resolve {entry.id} --deleted --why ..."'
        )
        return FindingKind.MISSING, [_finding(entry, FindingKind.MISSING, "not-proven", words, loud=True)], []
    words = f'"{entry.campaign_name}" (Id {entry.provider_id}) is cancelled: it is gone from the provider, {how}'
    why = f"it is on neither of the provider's lists any more, {how}"
    news = _finding(entry, FindingKind.MATCHED, "cancelled", words)
    return FindingKind.MATCHED, [news], [Move(entry.id, entry.status, Status.CANCELLED, why)]


def _moves(entry: Entry, item: Listed, where: str) -> list[Move]:
    """Say what an entry becomes by the list that shows it; what was sent stays sent, whatever lags behind."""
    if entry.status is Status.SENT:
        return []
    seen = Status.SENT if where == "sent" else Status.ACCEPTED
    if entry.status is not seen:
        return [Move(entry.id, entry.status, seen, f"seen on the provider's list of {where} campaigns", item)]
    if item.id and item.id != entry.provider_id:
        why = f"the provider's list shows it as {item.id} now, not as {entry.provider_id}"
        return [Move(entry.id, entry.status, seen, why, item)]
    return []


def _drift(entry: Entry, item: Listed, where: str, rules: ReconcileRules) -> Iterator[Finding]:
    """Compare field by field; the sent history carries no groups, no type of recipients and no status."""
    for name, ours, theirs in _pairs(entry, item, where):
        if ours == theirs or collapse(_write(ours)) == collapse(_write(theirs)):
            continue
        was, shown = _write(ours), _write(theirs)
        words = f'{name} is "{shown}" at the provider, but was scheduled as "{was}": look at it in the dashboard'
        yield _finding(entry, FindingKind.DRIFTED, "drifted", words, field=name, ours=was, theirs=shown)
    yield from _time_drift(entry, item, where, rules)
    yield from _contacts(entry, item, where, rules)


_Value = str | int | tuple[str, ...] | None


def _pairs(entry: Entry, item: Listed, where: str) -> Iterator[tuple[str, _Value, _Value]]:
    yield "CampaignName", entry.provider_name or entry.campaign_name, item.name
    if entry.message:  # else it was forgotten
        yield "Message", entry.message, item.message
        yield "Subject", entry.subject, item.subject
    yield "MmsTemplateId", entry.mms_template_id, item.mms_template_id
    if where == "sent":
        return
    yield "Id", entry.provider_id, item.id
    if item.group_ids is not None:
        yield "GroupIds", entry.group_ids, item.group_ids
    if item.type_recipients is not None:
        yield "TypeRecipients", entry.type_recipients, item.type_recipients


def _time_drift(entry: Entry, item: Listed, where: str, rules: ReconcileRules) -> Iterator[Finding]:
    """Compare what the list says, read in the provider's zone of today, with the moment that was meant."""
    zone, moved = rules.zone, rules.meant.get(entry.id)
    entry = replace(entry, send_at=moved) if moved is not None else entry
    meant = to_provider_time(entry.send_at, zone) if entry.send_at is not None else entry.send_at_provider
    ours, theirs = minute_of(meant), minute_of(item.send_at)
    if ours == theirs:
        return
    moment = from_provider_time(item.send_at, zone)
    words = f'DateTime is "{theirs}" at the provider, but "{ours}" ({zone}) is meant: look at it in the dashboard'
    if moment is not None and entry.send_at is not None:
        words = _tell_drift(entry, moment, where, zone) if moved is None else _tell_moved(entry, moment, where)
    loud = where == "scheduled"
    yield _finding(entry, FindingKind.DRIFTED, "drifted", words, field="DateTime", ours=ours, theirs=theirs, loud=loud)


def _tell_drift(entry: Entry, moment: datetime, where: str, zone: str) -> str:
    """Say both times, how far they lie apart, why if that is known, and what to do."""
    assert entry.send_at is not None
    off = f"{span_words(moment - entry.send_at)} {'late' if moment > entry.send_at else 'early'}"
    name, meant, shown = f'"{entry.campaign_name}"', show_time(entry.send_at, zone), show_time(moment, zone)
    old = entry.provider_zone
    why = f" (it was submitted for the zone {old})" if old and old != zone else ""
    if where == "sent":
        return f"{name} went out on {shown}, {off}: {meant} was meant{why}"
    return (
        f"{name} (Id {entry.provider_id}) goes out on {shown}, {off}: {meant} is meant{why}. If {zone} under "
        f"[provider] timezone is right, delete it in the dashboard, then submit the file again "
        f"with --allow deleted-in-dashboard"
    )


def _tell_moved(entry: Entry, moment: datetime, where: str) -> str:
    """Say that a newer time-zone database moved what the sheet meant, and what to do."""
    assert entry.send_at is not None
    name, place = f'"{entry.campaign_name}"', entry.zone
    meant, shown = show_time(entry.send_at, place), show_time(moment, place)
    why = f"the clock rules of {place} changed after its file was read"
    if where == "sent":
        return f"{name} went out on {shown}, but {meant} was meant: {why}"
    return (
        f"{name} (Id {entry.provider_id}) goes out on {shown}, but {meant} is meant: {why}. "
        f"Delete it in the dashboard, then submit the file again with --allow deleted-in-dashboard"
    )


def _write(value: _Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(sorted(value))
    return "" if value is None else str(value)


def _contacts(entry: Entry, item: Listed, where: str, rules: ReconcileRules) -> Iterator[Finding]:
    count = item.contacts_count
    if count is None:
        return
    if count == 0:
        code, field, none = NO_CONTACTS
        words = GETS_IT[Status.SENT if where == "sent" else Status.ACCEPTED]
        yield _finding(entry, FindingKind.DRIFTED, code, words, field=field, theirs=none, loud=True)
        return
    known = (
        (entry.contacts_count, "contacts-changed", "accepted"),
        (entry.expected_contacts, "contacts-differ", "expected"),
    )
    for wanted, code, word in known:
        if wanted is not None and abs(count - wanted) > rules.tolerance * wanted + 1e-9:
            before = plural(wanted, f"was {word}", f"were {word}")
            words = f"the provider counts {plural(count, 'contact')}, {before}: look at the group's members"
            yield _finding(
                entry, FindingKind.DRIFTED, code, words, field="ContactsCount", ours=str(wanted), theirs=str(count)
            )


def _status_moved(entry: Entry, item: Listed, where: str, now: datetime) -> Iterator[Finding]:
    """Say where the provider's own status stands: Pending and Action Required need attention, the sooner the nearer."""
    if where == "sent" or item.status_id is None:
        return
    if item.status_id != APPROVED:
        passed = _is_near(entry, now, timedelta())
        rest = ", and its time has passed: it did not go" if passed else ": it will not go out before it is approved"
        words = (
            f'"{entry.campaign_name}" is at the provider but not approved ("{item.status}"){rest}; '
            f"see in the dashboard what is asked for"
        )
        yield _status_finding(
            entry, item, "not-approved", words, ours="Approved and Scheduled", loud=_is_near(entry, now, URGENT)
        )
        return
    if entry.provider_status_id not in {None, APPROVED}:
        words = f'"{entry.campaign_name}" was "{entry.provider_status}" at the provider and is "{item.status}" now'
        yield _status_finding(entry, item, "status-moved", words, ours=entry.provider_status)


def _status_finding(entry: Entry, item: Listed, code: str, words: str, *, ours: str, loud: bool = False) -> Finding:
    return _finding(entry, FindingKind.MATCHED, code, words, field="Status", ours=ours, theirs=item.status, loud=loud)


def _is_near(entry: Entry, now: datetime, reach: timedelta) -> bool:
    return entry.send_at is not None and entry.send_at - now <= reach


def _late_cancel(entry: Entry, where: str, now: datetime) -> Iterator[Finding]:
    if not entry.cancel_why and entry.status is not Status.CANCELLED:
        return
    if where == "sent":
        if entry.status is Status.SENT:
            return  # it was told when it was seen first
        why = f" ({entry.cancel_why})" if entry.cancel_why else ""
        words = f'"{entry.campaign_name}" was to be cancelled{why}, but it went out: tell those who asked'
        yield _finding(entry, FindingKind.DRIFTED, "went-out", words, loud=True)
        return
    near, passed = _is_near(entry, now, ALARM), _is_near(entry, now, timedelta())
    words = f'"{entry.campaign_name}" (Id {entry.provider_id}) should be cancelled but is still scheduled'
    if passed:
        words += ", and its time has passed: delete it in the dashboard"
    else:
        words += ": delete it in the dashboard" + (" NOW, it goes out within the hour" if near else "")
    # What is shown differs, so that the alarm is news to the mail that told of it days before.
    shown = "past its time" if passed else "goes out within the hour" if near else "scheduled"
    yield _finding(entry, FindingKind.DRIFTED, "still-there", words, theirs=shown, loud=near)


def _finding(
    entry: Entry,
    kind: FindingKind,
    code: str,
    words: str,
    *,
    field: str = "",
    ours: str = "",
    theirs: str = "",
    loud: bool = False,
) -> Finding:
    return Finding(kind, words, code, entry.id, entry.provider_id, entry.campaign_name, field, ours, theirs, loud)
