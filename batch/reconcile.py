"""Compare the ledger with the provider's lists, one to one: matched, missing, unexpected, drifted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from batch.identity import collapse, fold, split_tag
from batch.model import Entry, Finding, FindingKind, Listed, Status
from batch.payload import from_provider_time
from batch.settle import Reading

APPROVED = 3
"""The provider's Status_Id of Approved and Scheduled."""

ALARM = timedelta(hours=1)
"""So near its time, a campaign that was to be cancelled and is still there is an alarm."""

_TRACKED = frozenset({Status.ACCEPTED, Status.SENT, Status.MISSING, Status.CANCELLED})


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


@dataclass(frozen=True, slots=True)
class ReconcileRules:
    """What the settings say about comparing."""

    zone: str
    """The provider's zone, in which its lists write times."""
    tolerance: float = 0.1
    """How far ContactsCount may be from what was accepted or expected, as a share."""


def reconcile(
    entries: Iterable[Entry],
    reading: Reading,
    *,
    rules: ReconcileRules,
    now: datetime,
    tags: Collection[str] = (),
    acknowledged: Collection[str] = (),
    since: datetime | None = None,
) -> Reconciliation:
    """Compare entries with one reading of both lists.

    `tags` are all that this ledger ever gave out, `acknowledged` the Ids that a person has called known. Sent
    campaigns from before `since` (this ledger's first day) are nobody's news.
    """
    books = _Books(reading)
    counts: Counter[FindingKind] = Counter()
    findings: list[Finding] = []
    moves: list[Move] = []
    seen: list[tuple[int, Listed, str]] = []
    for entry in entries:
        kind, found, moved, sighting = _compare(entry, books, rules, now)
        if kind is not None:
            counts[kind] += 1
        findings += found
        moves += moved
        seen += sighting
    strangers = list(_strangers(books, set(acknowledged), set(tags), since=since, zone=rules.zone, now=now))
    counts[FindingKind.UNEXPECTED] = len(strangers)
    findings = sorted([*findings, *strangers], key=lambda finding: not finding.loud)
    return Reconciliation(counts, tuple(findings), tuple(moves), tuple(seen))


_Compared = tuple[FindingKind | None, list[Finding], list[Move], list[tuple[int, Listed, str]]]


class _Books:
    """Both lists, indexed for look-ups, and which of their campaigns are claimed."""

    def __init__(self, reading: Reading) -> None:
        self.scheduled = {item.id: item for item in reading.scheduled.items}
        self.sent = {item.id: item for item in reading.sent.items}
        self.claimed: set[tuple[str, str]] = set()
        self._by_mark: dict[tuple[str, str], list[Listed]] = defaultdict(list)
        for where, items in (("scheduled", reading.scheduled.items), ("sent", reading.sent.items)):
            for item in items:
                self._by_mark[where, _mark(item)].append(item)

    def find(self, entry: Entry) -> tuple[Listed, str] | None:
        """Find an entry's campaign: by Id, then by tag, then by name, time and text; each is claimed once."""
        both = (("scheduled", self.scheduled), ("sent", self.sent))
        hits = [(where, by_id[entry.provider_id]) for where, by_id in both if entry.provider_id in by_id]
        for where, item in hits:
            if where == "scheduled" or _is_surely(entry, item):
                return self._claim(where, item)
        for where in ("scheduled", "sent"):
            for item in self._by_mark.get((where, _mark_of(entry)), ()):
                if (where, item.id) not in self.claimed:
                    return self._claim(where, item)
        return None

    def _claim(self, where: str, item: Listed) -> tuple[Listed, str]:
        self.claimed.add((where, item.id))
        return item, where

    def claim_twin(self, entry: Entry) -> None:
        """Claim the same campaign on the other list: it may stand on both for a moment."""
        for item in self._by_mark.get(("sent", _mark_of(entry)), ()):
            self.claimed.add(("sent", item.id))


def _mark(item: Listed) -> str:
    """What tells a campaign from others when its Id does not: its tag, else name, time and text."""
    name, tag = split_tag(item.name)
    return tag or f"{fold(name)}|{item.send_at[:16]}|{collapse(item.message)}"


def _mark_of(entry: Entry) -> str:
    return entry.tag or f"{fold(entry.campaign_name)}|{entry.send_at_provider[:16]}|{collapse(entry.message)}"


def _is_surely(entry: Entry, item: Listed) -> bool:
    """Whether a sent campaign with our Id is ours: that Ids stay the same from list to list is not documented."""
    return _mark(item) == _mark_of(entry) or collapse(item.message) == collapse(entry.message)


def _compare(entry: Entry, books: _Books, rules: ReconcileRules, now: datetime) -> _Compared:
    if entry.status is Status.IN_DOUBT or entry.status is Status.SUBMITTING:
        words = f'it is not sure that "{entry.campaign_name}" arrived: type "campaign-batch resume"'
        return FindingKind.IN_DOUBT, [_finding(entry, FindingKind.IN_DOUBT, "in-doubt", words)], [], []
    if entry.status not in _TRACKED or not entry.provider_id:
        return None, [], [], []
    hit = books.find(entry)
    if hit is None:
        return _compare_absent(entry)
    item, where = hit
    if where == "scheduled":
        books.claim_twin(entry)
    findings = [*_drift(entry, item, where, rules), *_late_cancel(entry, where, now)]
    drifted = any(finding.kind is FindingKind.DRIFTED for finding in findings)
    findings += _not_approved(entry, item, where)
    kind = FindingKind.DRIFTED if drifted else FindingKind.MATCHED
    return kind, findings, _moves(entry, item, where), [(entry.id, item, where)]


def _compare_absent(entry: Entry) -> _Compared:
    if entry.status is Status.CANCELLED:
        return FindingKind.MATCHED, [], [], []
    if entry.cancel_why:
        why = "it is on neither of the provider's lists any more, as asked"
        return FindingKind.MATCHED, [], [Move(entry.id, entry.status, Status.CANCELLED, why)], []
    words = (
        f'"{entry.campaign_name}" (Id {entry.provider_id}) is on neither of the provider\'s lists: somebody deleted it '
        f"there, or it was never kept; ask who did, and drop the row again under a new Reference if it shall go"
    )
    moves = []
    if entry.status is not Status.MISSING:
        moves = [
            Move(entry.id, entry.status, Status.MISSING, "it is on neither of the provider's lists, in two readings")
        ]
    return FindingKind.MISSING, [_finding(entry, FindingKind.MISSING, "missing", words, loud=True)], moves, []


def _moves(entry: Entry, item: Listed, where: str) -> list[Move]:
    seen = Status.SENT if where == "sent" else Status.ACCEPTED
    if entry.status is seen:
        return []
    return [Move(entry.id, entry.status, seen, f"seen on the provider's list of {where} campaigns", item)]


def _drift(entry: Entry, item: Listed, where: str, rules: ReconcileRules) -> Iterator[Finding]:
    """Compare field by field; the sent history carries no groups, no type of recipients and no status."""
    for name, ours, theirs in _pairs(entry, item, where):
        if ours != theirs:
            words = f'{name} is "{theirs}" at the provider, but was scheduled as "{ours}": look at it in the dashboard'
            yield _finding(entry, FindingKind.DRIFTED, "drifted", words, field=name, ours=ours, theirs=theirs)
    yield from _contacts(entry, item, rules)


def _pairs(entry: Entry, item: Listed, where: str) -> Iterator[tuple[str, str, str]]:
    yield "CampaignName", entry.provider_name or entry.campaign_name, item.name
    yield "Message", collapse(entry.message), collapse(item.message)
    yield "DateTime", entry.send_at_provider, item.send_at
    yield "MmsTemplateId", str(entry.mms_template_id or ""), str(item.mms_template_id or "")
    yield "Subject", collapse(entry.subject), collapse(item.subject)
    if where == "sent":
        return
    if item.group_ids is not None:
        yield "GroupIds", ", ".join(sorted(entry.group_ids)), ", ".join(sorted(item.group_ids))
    if item.type_recipients is not None:
        yield "TypeRecipients", str(entry.type_recipients), str(item.type_recipients)


def _contacts(entry: Entry, item: Listed, rules: ReconcileRules) -> Iterator[Finding]:
    count = item.contacts_count
    if count is None:
        return
    if count == 0:
        words = "the provider counts no contact at all: nobody will get this text; look at the group"
        yield _finding(entry, FindingKind.DRIFTED, "no-contacts", words, field="ContactsCount", theirs="0", loud=True)
        return
    known = (
        (entry.contacts_count, "contacts-changed", "accepted"),
        (entry.expected_contacts, "contacts-differ", "expected"),
    )
    for wanted, code, word in known:
        if wanted is not None and abs(count - wanted) > rules.tolerance * wanted:
            words = f"the provider counts {count:,} contacts, {wanted:,} were {word}: look at the group's members"
            yield _finding(
                entry, FindingKind.DRIFTED, code, words, field="ContactsCount", ours=str(wanted), theirs=str(count)
            )
            return


def _not_approved(entry: Entry, item: Listed, where: str) -> Iterator[Finding]:
    if where == "sent" or item.status_id in {None, APPROVED}:
        return
    words = (
        f'"{entry.campaign_name}" is at the provider but not approved ("{item.status}"): '
        f"it will not go out before somebody approves it in the dashboard"
    )
    yield _finding(
        entry,
        FindingKind.MATCHED,
        "not-approved",
        words,
        field="Status",
        ours="Approved and Scheduled",
        theirs=item.status,
    )


def _late_cancel(entry: Entry, where: str, now: datetime) -> Iterator[Finding]:
    if not entry.cancel_why:
        return
    if where == "sent":
        words = f'"{entry.campaign_name}" was to be cancelled ({entry.cancel_why}), but it went out'
        yield _finding(entry, FindingKind.DRIFTED, "went-out", words, loud=True)
        return
    near = entry.send_at is not None and entry.send_at - now <= ALARM
    words = f'"{entry.campaign_name}" (Id {entry.provider_id}) is to be cancelled and still scheduled: '
    words += "delete it in the dashboard"
    if near:
        words += " NOW, it goes out within the hour"
    yield _finding(entry, FindingKind.DRIFTED, "still-there", words, loud=near)


def _strangers(
    books: _Books,
    acknowledged: Collection[str],
    tags: Collection[str],
    *,
    since: datetime | None,
    zone: str,
    now: datetime,
) -> Iterator[Finding]:
    for where, items in (("scheduled", books.scheduled), ("sent", books.sent)):
        for item in items.values():
            if (where, item.id) in books.claimed or item.id in acknowledged:
                continue
            moment = from_provider_time(item.send_at, zone)
            if where == "sent" and since is not None and moment is not None and moment < since:
                continue
            yield _stranger(item, tags, is_coming=moment is None or moment > now)


def _stranger(item: Listed, tags: Collection[str], *, is_coming: bool) -> Finding:
    tag = split_tag(item.name)[1]
    when = f"for {item.send_at}" if is_coming else f"at {item.send_at}"
    if tag and tag in tags:
        code, words = "held-twice", "bears the tag of a campaign that this ledger already matched: it is there twice"
    elif tag:
        code, words = "other-ledger", "bears a tag that this ledger never gave: another ledger works on this account"
    else:
        code, words = "made-elsewhere", "was made elsewhere, not by this ledger"
    return Finding(
        FindingKind.UNEXPECTED,
        f'"{item.name}" (Id {item.id}, {when}) {words}',
        code,
        provider_id=item.id,
        name=item.name,
        theirs=item.send_at,
        loud=code == "held-twice" or (code == "other-ledger" and is_coming),
    )


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


def find_absent(entries: Sequence[Entry], reading: Reading) -> tuple[int, ...]:
    """Name the accepted entries that a reading does not show: what a second reading must confirm."""
    books = _Books(reading)
    return tuple(entry.id for entry in entries if entry.provider_id and books.find(entry) is None)
