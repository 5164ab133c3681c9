"""Send planned entries to the provider, one at a time, each intent on disk before a byte leaves."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import zip_longest
from typing import TypeVar

from batch.core.classify import classify
from batch.core.identity import collapse
from batch.core.pacing import backoff
from batch.core.payload import address, hash_payload, make_payload, minute_of
from batch.model import Answer, Entry, Intent, Listing, Outcome, Status, Stop
from batch.model.errors import LedgerError, LedgerReplacedError, NotAsAskedError, ProviderError
from batch.model.records import dataclass
from batch.workflows.clock import check_clock, clocks_agree
from batch.workflows.context import LONG, Context
from batch.workflows.events import Progress, Wait
from batch.workflows.listings import ON_THE_WIRE, find_doubts, settle_doubts
from batch.workflows.proofs import notice_doubled, observe_first, refuse_second_ledger
from batch.workflows.refusals import explain_refusal
from batch.workflows.stop_file import find_stops, refuse_if_paused, refuse_if_stopped

_Given = TypeVar("_Given")

_PATIENCE = 30.0
"""Seconds after an answer in which the ledger is asked again and again to take it, before the run stops."""
_MOST_UNREACHABLE = 8
_MOST_REFUSALS = 10
_LONGEST_REFUSAL = 3600.0
"""Seconds in which the limiter may refuse a row again and again before the run stops."""
_MOST_DOUBTS = 3
_LOOKS = 3
"""Times that the list is read for the first accepted campaign: it may show a moment late."""

_STOPS = {
    Stop.CERTIFICATE: "check [provider] url and the clock",
    Stop.TOKEN: "check CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN and the account in the dashboard",
    Stop.ADDRESS: "check [provider] url in campaign-batch.toml",
    Stop.REDIRECT: "check [provider] url",
    Stop.TAG_LOST: "set max_name to the longest name that it keeps whole, or tag_names = false, under [provider]",
}
"""What to do where an outcome stops the run; its own words say what happened."""


@dataclass(frozen=True, slots=True)
class _Posting:
    """One entry on its way out."""

    entry: Entry
    """With the name, time and zone with which it is posted."""
    payload: Mapping[str, object]
    intent: Intent
    begun: float
    """When that was meant, by the clock that nobody can set."""
    number: int = 0
    """Of the attempt, once its intent is on disk."""


class Submission:
    """One run of submitting: what it has done, and why it stopped."""

    def __init__(self, context: Context, *, limit: int | None = None) -> None:
        self._context = context
        self._limit = limit
        self._known: set[str] = set()
        self._unreachable = 0
        self._refusals = 0
        self._refused_since = 0.0
        self._doubts = 0
        self._looked = False
        self.total = self.accepted = self.rejected = self.in_doubt = self.sent = 0

    def run(self, entries: Sequence[Entry]) -> None:
        """Submit the entries in the order given; raise a BatchError when the run must stop, nothing lost."""
        self.total += len(entries)
        begun: _Posting | None = None
        for entry, following in zip_longest(entries, entries[1:]):
            if begun is None and self._must_end():
                return
            begun = self._submit(entry, begun, following)

    def _must_end(self) -> bool:
        return (self._limit is not None and self.sent >= self._limit) or self._is_stopped()

    def _is_stopped(self) -> bool:
        """Whether a person wished for an end; raise BatchError where that is since everything is paused."""
        refuse_if_stopped(self._context)
        if not self._context.world.stopped():
            return False
        refuse_if_paused(self._context)  # that ends the runs of watch and workers, too
        return True

    def _submit(self, entry: Entry, begun: _Posting | None, following: Entry | None) -> _Posting | None:
        """Bring one entry to an outcome: again where nothing was done or sent for certain, never otherwise.

        `begun` is its posting where its intent is on disk already. Gives that of the following entry where it may go
        at once, and where its intent is on disk with this outcome.
        """
        while True:
            begun = begun or self._begin(entry)
            if begun is None:
                return None
            outcome, upcoming = self._attempt(begun, following)
            self._learn(begun.entry, outcome)
            if outcome.status is not Status.PLANNED:
                return upcoming
            begun = None

    def _begin(self, entry: Entry) -> _Posting | None:
        """Wait for its turn and write its intent down; None when it must not go, or nothing is to go any more."""
        self._wait_for_turn()
        if self._is_stopped():
            return None
        check_clock(self._context)
        posting = self._prepare(entry)
        number = self._context.ledger.attempts.record_intent(posting.intent)
        if number is None:
            explain_refusal(self._context, posting.entry)
            return None
        return replace(posting, number=number)

    def _wait_for_turn(self) -> None:
        world = self._context.world
        while (seconds := self._context.provider.turn_in()) > 0 and not world.stopped():
            if seconds > LONG:
                world.tell(Wait("the provider's rate limit", seconds))
            world.sleep(min(seconds, 1.0))

    def _prepare(self, entry: Entry) -> _Posting:
        """Make what is posted by the settings of this moment."""
        context, world = self._context, self._context.world
        posted = address(entry, context.posting)
        payload = make_payload(posted, context.posting)
        offset = context.provider.offset()
        intent = Intent(entry.id, hash_payload(payload), world.now(), context.lead, posted, offset)
        return _Posting(posted, payload, intent, world.monotonic())

    def _attempt(self, posting: _Posting, following: Entry | None) -> tuple[Outcome, _Posting | None]:
        """Make the request of an intent that is on disk, and write down what it came to."""
        context, entry = self._context, posting.entry

        def still_good() -> bool:
            return self._is_fresh(posting)

        answer = context.provider.submit(posting.payload, still_good=still_good)
        context.ended[entry.id] = context.world.monotonic()
        outcome = self._classify(posting, answer)
        return outcome, self._record(posting, outcome, answer, self._prepare_at_once(following, outcome))

    def _classify(self, posting: _Posting, answer: Answer) -> Outcome:
        """Say what an answer means; whether another entry has its Id, from whatever year, the ledger says."""
        outcome, holder = classify(answer, posting.entry, self._known), self._context.ledger.known.holder
        listed = outcome.listed
        if listed is None or self._try_for_a_while(posting, lambda _first: holder(listed.id)) is None:
            return outcome
        return classify(answer, posting.entry, {listed.id})

    def _is_fresh(self, posting: _Posting) -> bool:
        """Whether its intent was meant just now, and its time is far enough: a clock may have been set meanwhile."""
        world, entry = self._context.world, posting.entry
        age = max(world.now() - posting.intent.now, timedelta(seconds=world.monotonic() - posting.begun))
        in_time = entry.send_at is not None and entry.send_at - world.now() > self._context.lead
        return timedelta(0) <= age <= ON_THE_WIRE and in_time

    def _prepare_at_once(self, following: Entry | None, outcome: Outcome) -> _Posting | None:
        """Prepare what goes without anything in between; None where there is something, or it cannot be told."""
        try:
            return self._prepare(following) if following is not None and self._may_next_go(outcome) else None
        except Exception:  # no answer is lost for the next one's sake: what is wrong with that comes up at its turn
            return None

    def _may_next_go(self, outcome: Outcome) -> bool:
        """Whether nothing follows an outcome but the next entry: no stop, no wait, no list to be read first."""
        context = self._context
        return (
            outcome.status is Status.ACCEPTED
            and not outcome.stop
            and self._looked
            and not context.world.stopped()
            and not find_stops(context)
            and (self._limit is None or self.sent + 1 < self._limit)
            and context.provider.turn_in() <= 0
            and clocks_agree(context)
        )

    def _record(
        self, posting: _Posting, outcome: Outcome, answer: Answer, upcoming: _Posting | None
    ) -> _Posting | None:
        """Write the outcome down, and with the same commit the intent of what goes at once; give what of that may go.

        What could not be written at first goes alone: the moment of the other passes.
        """

        def write(first: bool) -> _Posting | None:  # noqa: FBT001 - as it is asked for
            return self._write_down(posting, outcome, answer, upcoming if first else None)

        return self._try_for_a_while(posting, write)

    def _try_for_a_while(self, posting: _Posting, ask: Callable[[bool], _Given]) -> _Given:
        """Turn to the ledger while an answer is at hand, again for a while: without its outcome the entry is in doubt.

        `ask` is told whether it is asked for the first time.
        """
        world, first = self._context.world, True
        until = self._context.ended[posting.entry.id] + _PATIENCE
        while True:
            try:
                return ask(first)
            except LedgerReplacedError:
                raise
            except LedgerError:
                if world.monotonic() > until:
                    raise
                world.sleep(0.5)
                first = False

    def _write_down(
        self, posting: _Posting, outcome: Outcome, answer: Answer, upcoming: _Posting | None
    ) -> _Posting | None:
        attempts, world, entry = self._context.ledger.attempts, self._context.world, posting.entry.id
        if upcoming is None:
            attempts.record_outcome(entry, posting.number, outcome, answer, now=world.now(), who=world.who)
            return None
        number = attempts.pass_on(entry, posting.number, outcome, answer, upcoming.intent, who=world.who)
        return None if number is None else replace(upcoming, number=number)

    def _learn(self, entry: Entry, outcome: Outcome) -> None:
        """Count, tell, and stop where the outcome says so."""
        self._count(entry, outcome)
        if outcome.stop:
            stopped = NotAsAskedError if outcome.stop is Stop.TAG_LOST else ProviderError
            raise stopped(outcome.why, _STOPS[outcome.stop])
        if outcome.status is Status.ACCEPTED and outcome.listed is not None and not self._looked:
            self._look_at_first(entry, outcome.listed.id)
        if outcome.refused:
            self._end_if_refused_for_ever()
        elif outcome.status is Status.PLANNED:
            self._wait_for_provider(outcome)
        if self._doubts >= _MOST_DOUBTS:
            self._doubts = 0
            self._settle_before_more()

    def _count(self, entry: Entry, outcome: Outcome) -> None:
        if outcome.status is not Status.PLANNED or outcome.refused:
            self._unreachable = 0
        if not outcome.refused:
            self._refusals = 0
        if outcome.status is not Status.PLANNED:
            self.sent += 1
            self._doubts = self._doubts + 1 if outcome.status is Status.IN_DOUBT else 0
        self.accepted += outcome.status is Status.ACCEPTED
        self.rejected += outcome.status is Status.REJECTED
        self.in_doubt += outcome.status is Status.IN_DOUBT
        if outcome.listed is not None:
            self._known.add(outcome.listed.id)
        self._context.world.tell(
            Progress(
                self.total, self.sent, self.accepted, self.rejected, self.in_doubt, entry.campaign_name,
                entry.id, entry.batch, outcome.status.value,
            )
        )  # fmt: skip

    def _settle_before_more(self) -> None:
        """Let the lists end the doubts before another POST; where they cannot, the run stops."""
        settle_doubts(self._context, wait=True)
        if not self._context.world.stopped() and find_doubts(self._context):
            raise ProviderError(
                f"{_MOST_DOUBTS} campaigns in a row may or may not have arrived, and the provider's lists cannot tell",
                'nothing is lost: type "campaign-batch resume" in a while',
            )

    def _end_if_refused_for_ever(self) -> None:
        """Count the refusals in a row; the waiting between them is the pace's."""
        now = self._context.world.monotonic()
        if not self._refusals:
            self._refused_since = now
        self._refusals += 1
        if self._refusals >= _MOST_REFUSALS or now - self._refused_since >= _LONGEST_REFUSAL:
            raise ProviderError(
                f"the provider keeps asking us to slow down: it accepted nothing {self._refusals} times in a row (429)",
                'nothing is lost: type "campaign-batch resume" in an hour; if this continues, contact its support',
            )

    def _wait_for_provider(self, outcome: Outcome) -> None:
        self._unreachable += 1
        if self._unreachable >= _MOST_UNREACHABLE:
            raise ProviderError(
                f"the provider could not be reached {_MOST_UNREACHABLE} times in a row ({outcome.why})",
                'nothing is lost: type "campaign-batch resume" when the network is back',
            )
        left = backoff(self._unreachable, random.uniform)
        while left > 0 and not self._context.world.stopped():
            self._context.world.tell(Wait(f"the provider cannot be reached ({outcome.why})", left))
            self._context.world.sleep(min(left, 1.0))
            left -= 1.0

    def _look_at_first(self, entry: Entry, provider_id: str) -> None:
        """Find the first accepted campaign on the provider's list, as we meant it, before a second one goes.

        A name cut short, a shifted zone, a list in pages are found at one campaign, not at three hundred.
        """
        self._looked = True
        for look in range(_LOOKS):
            self._context.world.sleep(float(look))
            listing = self._context.provider.scheduled(steady=False)
            item = next((item for item in listing.items if item.id == provider_id), None)
            if item is not None:
                observe_first(self._context, listing)
                break
        else:
            raise NotAsAskedError(
                f"the provider accepted {provider_id}, but its list of scheduled campaigns lacks it",
                "look into the provider's dashboard before anything else is submitted",
            )
        groups = sorted(entry.group_ids)
        wanted = (
            ("name", collapse(entry.provider_name), collapse(item.name)),
            ("time", minute_of(entry.send_at_provider), minute_of(item.send_at)),
            ("text", collapse(entry.message), collapse(item.message)),
            ("groups", groups, sorted(item.group_ids) if item.group_ids is not None else groups),
        )
        for what, ours, theirs in wanted:
            if ours != theirs:
                raise NotAsAskedError(
                    f"after one campaign the provider's list shows the {what} of {provider_id} as "
                    f'"{theirs}", but "{ours}" was submitted',
                    "look at it in the dashboard, then at [provider] max_name and timezone",
                )
        self._refuse_double(listing, provider_id)
        refuse_second_ledger(self._context, listing)

    def _refuse_double(self, listing: Listing, provider_id: str) -> None:
        """Raise NotAsAskedError where the provider made two campaigns of the first one: it would do so with each."""
        notice_doubled(self._context, listing)
        if words := self._context.doubled.get(provider_id):
            raise NotAsAskedError("one campaign was submitted, and the provider created it twice", words)

    def read_list_at_last(self) -> None:
        """Read the list once more after the last one: what it shows now can later be seen to be gone."""
        context = self._context
        if not self.accepted or context.world.stopped() or not context.ledger.known.unobserved(context.world.now()):
            return
        try:
            listing = context.provider.scheduled(steady=False)
            notice_doubled(context, listing)
            observe_first(context, listing)
        except ProviderError as trouble:
            context.note(f"the list of scheduled campaigns could not be read after the last one: {trouble.words}")
