"""Name the campaigns on the provider's lists that belong to no entry of this ledger, and say whose they may be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from batch.core.identity import looks_typed, split_tag
from batch.core.match import Matches, has_true_tag, marks_of, marks_of_item, marks_of_plain
from batch.core.payload import from_provider_time
from batch.model import Entry, Finding, FindingKind, Listed


def find_strangers(
    matches: Matches,
    entries: Sequence[Entry],
    tags: Collection[str],
    acknowledged: Collection[str],
    *,
    since: datetime | None,
    zone: str,
    account: str,
    now: datetime,
) -> Iterator[Finding]:
    """Name what belongs to no entry of ours."""
    ours: set[str] = set()
    given, quiet = set(tags), set(acknowledged)
    for item, where in matches.unclaimed():
        moment = from_provider_time(item.send_at, zone)
        if item.id in quiet or (where == "sent" and since is not None and moment is not None and moment < since):
            continue
        ours = ours or _marks_of_ours(matches, entries, zone)
        twice = not ours.isdisjoint(marks_of_item(item)) or (
            split_tag(item.name)[1] in given and matches.alike(item, where) > 1
        )
        theirs = has_true_tag(item, zone, {account, "main"})
        yield _stranger(item, given, twice=twice, theirs=theirs, coming=moment is None or moment > now)


def _marks_of_ours(matches: Matches, entries: Iterable[Entry], zone: str) -> set[str]:
    plain = {mark for _, item in matches.plain for mark in marks_of_plain(item)}
    return plain | {mark for entry in entries if entry.id in matches.found for mark in marks_of(entry, zone)}


def _stranger(item: Listed, given: Collection[str], *, twice: bool, theirs: bool, coming: bool) -> Finding:
    code = _tell_apart(split_tag(item.name)[1], given, twice=twice, theirs=theirs)
    when = f"for {item.send_at}" if coming else f"at {item.send_at}"
    loud = code in {"held-twice", "not-counted"} or (code in {"other-ledger", "maybe-other-ledger"} and coming)
    return Finding(
        FindingKind.UNEXPECTED,
        f'"{item.name}" (Id {item.id}, {when}) {_WORDS[code].format(tag=split_tag(item.name)[1])}',
        code,
        provider_id=item.id,
        name=item.name,
        theirs=item.send_at,
        loud=loud,
    )


def _tell_apart(tag: str, given: Collection[str], *, twice: bool, theirs: bool) -> str:
    if twice:
        return "held-twice"
    if tag in given:
        return "not-counted"
    if theirs:
        return "other-ledger"
    return "maybe-other-ledger" if tag and not looks_typed(tag) else "made-elsewhere"


_WORDS = {
    "held-twice": "duplicates one of this ledger's campaigns, delete one of them",
    "not-counted": (
        "has the tag of a row that is not scheduled in this ledger: "
        'type "campaign-batch resume", and if it stays, look at it in the dashboard'
    ),
    "other-ledger": "has a tag that did not come from this ledger: another ledger works on this account, find out who",
    "maybe-other-ledger": (
        "ends like a campaign with a tag: if nobody typed #{tag} there, another ledger works on this account, "
        'find out who; else type "campaign-batch reconcile --acknowledge"'
    ),
    "made-elsewhere": (
        'was made elsewhere, not by this ledger: if that is expected, type "campaign-batch reconcile --acknowledge"'
    ),
}
