"""Compare the ledger with the provider's books, write down what they prove, and read the delivery of what was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from batch.adapters.provider import AddressError
from batch.adapters.report import count
from batch.core.plain_matches import find_plain
from batch.core.reconcile import ReconcileRules, Reconciliation, reconcile
from batch.core.settle import Reading
from batch.core.trust import NO_EVIDENCE
from batch.model import DeliveryCount, Entry, FindingKind, Listed, Status, StatusChange
from batch.model.errors import ProviderError, StoppedError
from batch.model.plurals import plural
from batch.model.times import local_time
from batch.workflows.changed_settings import warn_of_changes
from batch.workflows.context import Context, World, describe_pause, open_context
from batch.workflows.events import RunEnded, Wait
from batch.workflows.listings import find_doubts, read_lists, settle_doubts
from batch.workflows.mail import mail_comparison
from batch.workflows.not_as_asked import lift_if_acknowledged
from batch.workflows.proofs import evidence_of, recognize, refuse_wrong_list, settle_return, tags_given
from batch.workflows.report import Scope, gather, write, write_status_page
from batch.workflows.tally import Comparison
from batch.workflows.zone_changes import find_moved, leave_out_moved

if TYPE_CHECKING:
    from batch.adapters.config import Settings

_TRACKED = frozenset(
    {Status.ACCEPTED, Status.SENT, Status.MISSING, Status.CANCELLED, Status.IN_DOUBT, Status.SUBMITTING}
)
_SEEMED_GONE = frozenset({Status.MISSING, Status.CANCELLED})
_WATCHED = timedelta(days=92)
"""How long after its time a campaign is still compared: the sent history is read as far back."""

FINAL = frozenset({2, 3, 5, 6, 8, 9, 11, 12})
"""Delivery statuses that no longer change, by the provider's ids (2 Delivered, 3 Failed, 5 Rejected, ...)."""

SETTLED_AFTER = timedelta(days=3)
"""After so long a delivery is final whatever its statuses say."""


def reconcile_books(
    settings: Settings, world: World, *, delivery: bool = False, budget: int = 100, acknowledge: bool = False
) -> Comparison:
    """Compare both books, update statuses, report; with `delivery` read delivery within a budget of requests."""
    with open_context(settings, world) as context:
        with context.ledger.lock.hold(world.who, world.now()):
            comparison = reconcile_in(context, delivery=delivery, budget=budget, acknowledge=acknowledge)
        mail_comparison(settings, context.ledger, world, comparison)
        return comparison


def reconcile_in(
    context: Context, *, delivery: bool = False, budget: int = 100, acknowledge: bool = False
) -> Comparison:
    """Do what `reconcile` does, with a ledger and a provider that are open already."""
    ledger, world = context.ledger, context.world
    ledger.attempts.doubt_orphans(world.now(), world.who)
    reading = _read_whole(context)
    ledger.journal.bind(context.settings.provider.account, context.provider.host)
    warn_of_changes(context)
    comparison = Comparison(adopted=settle_doubts(context, wait=False, first=reading) if find_doubts(context) else 0)
    comparison.adopted += recognize(context, reading)
    found = _compare_twice(context, compare(context, reading))
    comparison.counts, comparison.findings = Counter(found.counts), found.findings
    comparison.moves = write_down(context, found)
    if acknowledge:
        _acknowledge(context, found)
    if delivery:
        read_delivery(context, budget)
    ledger.journal.note_run("reconcile", world.now(), f"{comparison.counts[FindingKind.MATCHED]} matched")
    world.tell(RunEnded(comparison))
    comparison.reports = write_reconciliation(context, comparison)
    return comparison


def _read_whole(context: Context) -> Reading:
    reading = read_lists(context, context.world.now() - _WATCHED)
    for listing in (reading.scheduled, reading.sent):
        if not listing.complete:
            raise ProviderError(f"the provider's lists cannot be read whole: {listing.why}", "try again in a while")
    refuse_wrong_list(context, reading)
    return reading


def _tracked(context: Context) -> list[Entry]:
    return list(context.ledger.entries.select(statuses=_TRACKED, due_from=context.world.now() - _WATCHED))


def compare(context: Context, reading: Reading, shown_before: Collection[int] = ()) -> Reconciliation:
    """Compare what is tracked with one reading; entries are read whole only where the list shows something else."""
    ledger, settings, now = context.ledger, context.settings, context.world.now()
    posted = leave_out_moved(ledger, ledger.entries.posted(due_from=now))
    plain = sorted(find_plain(posted, reading, context.zone, now), key=itemgetter(0))
    others = ledger.entries.numbers(_TRACKED, due_from=now - _WATCHED).difference(entry for entry, _ in plain)
    tracked = list(ledger.entries.select(ids=others)) if others else []
    batches, pause = ledger.batches.ends(), ledger.pauses.first()
    to_prove = pause is not None or any(entry.cancel_why for entry in tracked)
    return reconcile(
        tracked,
        reading,
        rules=ReconcileRules(
            context.zone,
            settings.checks.contacts_tolerance,
            account=settings.provider.account,
            paused=describe_pause(pause, settings) if pause else "",
            meant=find_moved(ledger, tracked),
            evidence=evidence_of(context, reading) if to_prove else NO_EVIDENCE,
        ),
        now=now,
        plain=plain,
        tags=tags_given(context, _not_plain(reading, plain)),
        acknowledged=ledger.findings.acknowledged(),
        since=batches[0].taken_in_at if batches else now,
        shown_before=shown_before,
    )


def _not_plain(reading: Reading, plain: Iterable[tuple[int, Listed]]) -> Iterator[Listed]:
    known = {item.id for _, item in plain}
    yield from (item for item in reading.scheduled.items if item.id not in known)
    yield from reading.sent.items


def _compare_twice(context: Context, first: Reconciliation) -> Reconciliation:
    """Read a second time before a campaign is called missing: a list may lack for a moment what it still holds."""
    lacking = _lacking(first)
    if not lacking:
        return first
    _wait_between(context, len(lacking))
    return compare(context, _read_whole(context), shown_before={entry for entry, _, _ in first.seen})


def _lacking(found: Reconciliation) -> set[int]:
    return {move.entry for move in found.moves if move.new in {Status.MISSING, Status.CANCELLED}}


def _wait_between(context: Context, lacking: int) -> None:
    world = context.world
    until = world.monotonic() + context.settings.provider.settle_gap
    words = f"{plural(lacking, 'campaign is', 'campaigns are')} on neither list: looking a second time"
    while (seconds := until - world.monotonic()) > 0:
        if world.stopped():
            raise StoppedError("interrupted before the second look", 'type "campaign-batch reconcile" again')
        world.tell(Wait(words, seconds))
        world.sleep(min(seconds, 1.0))
    world.tell(Wait("", 0.0))


def write_down(context: Context, found: Reconciliation) -> int:
    """Write down what a comparison shows and proves; give how many entries changed their status."""
    now, who = context.world.now(), context.world.who
    context.ledger.lists.observe(found.seen, now)
    moved = 0
    claimed = context.ledger.known.provider_ids([move.listed.id for move in found.moves if move.listed is not None])
    back = [move.entry for move in found.moves if move.old in _SEEMED_GONE and move.new is Status.ACCEPTED]
    returned = list(context.ledger.entries.select(ids=back)) if back else []
    for move in found.moves:
        listed = move.listed
        # The sent history may number campaigns anew: the Id that we were given stays.
        if listed is not None and (move.new is Status.SENT or claimed.get(listed.id, move.entry) != move.entry):
            listed = replace(listed, id="")
        moved += context.ledger.changes.make(
            StatusChange(move.entry, move.new, expected={move.old}, why=move.why, who=who, now=now, listed=listed)
        )
    for entry in returned:
        settle_return(context, entry)
    context.ledger.findings.record(found.findings, found.compared, now)
    return moved


def _acknowledge(context: Context, found: Reconciliation) -> None:
    for finding in found.findings:
        if finding.code in {"made-elsewhere", "maybe-other-ledger", "other-ledger"}:
            why = "acknowledged with reconcile --acknowledge"
            context.ledger.findings.acknowledge(finding.provider_id, why, context.world.who, context.world.now())
    lift_if_acknowledged(context)


def write_reconciliation(context: Context, comparison: Comparison) -> list[Path]:
    """Write the report of a reconciliation: what was compared, what differs."""
    now = context.world.now()
    scope = Scope(
        f"Reconciliation of {local_time(now, context.settings.team_zone, 0)}",
        f"reconciliation-{now:%Y-%m-%d-%H%M%S}",
        "reconciliation",
        tuple(_tracked(context)),
        findings=comparison.findings,
        matched=comparison.counts[FindingKind.MATCHED],
    )
    report = gather(context.settings, context.ledger, scope, now=now)
    comparison.open = count(report).needs_person
    paths = write(report, context.settings, scope.stem, ("html", "xlsx"), latest=True)
    write_status_page(context.settings, context.ledger, now)
    return paths


def read_delivery(context: Context, budget: int) -> int:
    """Read the delivery of sent campaigns page by page, going on where it stopped; give the pages read.

    What is final is not read again: every contact is listed with a status that no longer changes, or the sending is
    days ago.
    """
    read = 0
    for number in context.ledger.deliveries.unread():
        if context.world.stopped() or read >= budget:
            break
        entry = context.ledger.entries.get(number)
        try:
            read += _read_one_delivery(context, entry, budget - read)
        except StoppedError:
            break
        except AddressError:
            read += 1
            context.note(f'the delivery of "{entry.campaign_name}" (Id {entry.provider_id}) could not be read')
    return read


def _read_one_delivery(context: Context, entry: Entry, budget: int) -> int:
    progress = context.ledger.deliveries.progress(entry.id)
    if progress is not None and progress.final:
        return 0
    read, number, mark = 0, 1 if progress is None else progress.page + 1, ""
    sent_id = _sent_id(context, entry)
    while read < budget and not context.world.stopped():
        page = context.provider.delivery(sent_id, number)
        read += 1
        if number > 1 and not mark and (page.pages is None or number > page.pages):
            number = 1  # it was read to its end before: past the end the provider gives the last page again
            continue
        if page.mark == mark:
            break
        before = context.ledger.deliveries.of_each((entry.id,)).get(entry.id, ()) if number > 1 else ()
        final = page.last and _is_final(entry, (*before, *page.counts), context.world.now())
        context.ledger.deliveries.record(entry.id, number, page.counts, final=final, now=context.world.now())
        if page.last:
            break
        number, mark = number + 1, page.mark
    return read


def _sent_id(context: Context, entry: Entry) -> str:
    """Give the Id under which the sent history shows a campaign."""
    seen = [one.listed.id for one in context.ledger.lists.observations(entry.id) if one.where == "sent"]
    return seen[-1] if seen else entry.provider_id


def _is_final(entry: Entry, counts: tuple[DeliveryCount, ...], now: datetime) -> bool:
    if entry.send_at is not None and now - entry.send_at > SETTLED_AFTER:
        return True
    listed = sum(count.contacts for count in counts)
    # Soon after a sending the provider may list none of the contacts yet, or some.
    return 0 < listed >= (entry.contacts_count or 0) and all(count.status_id in FINAL for count in counts)
