"""Send rows as tests to the team's own group, a quarter of an hour ahead: never counted as the campaigns themselves."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from batch.core.answers import parse_one
from batch.core.identity import TEST_MARK, fold, make_fingerprint, plain_id
from batch.core.payload import make_tag_by, name_by, to_provider_time
from batch.model import Account, Action, Campaign, Checked, Decision, Entry, Group, Level, Plan, Status
from batch.model.errors import UsageError
from batch.model.places import sheet_row
from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.workflows.check import Check, check_sheet
from batch.workflows.context import Context, World, need_zone, open_context
from batch.workflows.options import Options
from batch.workflows.proofs import read_own_account
from batch.workflows.run import be_submitter, begin_run, finish_batch, record_batch
from batch.workflows.shares import open_own
from batch.workflows.tally import Tally

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger
    from batch.adapters.sheet.child import Child

AHEAD = timedelta(minutes=15)
"""How long before its time a test is submitted; more where the lead time asks for more."""
_SLACK = timedelta(minutes=10)
"""How far from its time a test may be seen to go, or not yet to have gone, before a zone is to blame."""
_TRY = (
    '"campaign-batch submit FILE --test GROUP --row N" to your own phones shows in which zone the provider reads times'
)


def submit_tests(
    path: Path,
    settings: Settings,
    world: World,
    options: Options,
    *,
    group: str,
    row: int | None = None,
    reader: Child | None = None,
) -> Tally:
    """Submit the rendered texts of a file, or of one row, to one group, marked TEST in name and text."""
    opened = open_own(path, settings, sheet=options.sheet, reader=reader)
    zone = need_zone(settings, for_real=True)
    with open_context(settings, world) as context, be_submitter(context):
        reading = begin_run(context)
        account = read_own_account(context)
        check = check_sheet(
            opened, settings, zone=zone, now=world.now(), account=account, keep=True, taking=True, tell=world.tell
        )
        rows = _choose(check, row)
        group_id = _find_group(group, account, settings.checks.test_contacts)
        if not world.confirm(
            f"send {plural(len(rows), 'test text')} to group {group_id} in about {AHEAD.seconds // 60} minutes?"
        ):
            return Tally(file=check.file, rows=len(rows), declined=True)
        decisions = tuple(_decide(context, one, group_id, group) for one in rows)
        tests = replace(
            check, file=f"{TEST_MARK} {check.file}", rows=len(rows), kept=[one.checked for one in decisions]
        )
        tally = Tally(file=tests.file, rows=len(rows), decisions=decisions)
        tally.batch = record_batch(context, tests, Plan(decisions))
        finish_batch(context, tally, reading, options)
        return tally


@dataclass(frozen=True, slots=True)
class TriedZone:
    """What the tests tell about the provider's zone."""

    words: str
    wrong: bool = False
    """Whether the provider reads times in another zone than the one set."""


def try_zone(ledger: Ledger, zone: str = "") -> TriedZone:
    """Judge the provider's zone by the tests: the time that came back, and when it went out for real.

    The provider writes no zone beside its times, so the same text coming back proves little; a test that leaves the
    list of scheduled campaigns when it was due proves it.
    """
    tests = [entry for entry in ledger.entries.tests() if entry.provider_id]
    if not tests:
        return TriedZone(f"not tried yet: {_TRY}")
    entry = max(tests, key=lambda one: one.id)
    shown = _shown_times(ledger, entry)
    different = next((text for text in shown if text[:16] != entry.send_at_provider[:16]), "")
    if different:
        words = (
            f'the test of entry {entry.id} was submitted for {entry.send_at_provider} and comes back as "{different}": '
            f"the provider reads times in another zone than {zone or 'the one set'}; correct [provider] timezone"
        )
        return TriedZone(words, wrong=True)
    return _when_it_went(ledger, entry, zone)


def _shown_times(ledger: Ledger, entry: Entry) -> list[str]:
    """Give every send time that the provider showed of an entry: in its answer, and on its lists."""
    shown = [one.listed.send_at for one in ledger.lists.observations(entry.id)]
    for attempt in ledger.attempts.of(entry.id):
        with suppress(ValueError):
            found = parse_one(attempt.answer.encode(), "")
            shown += [found.send_at] if found is not None else []
    return [text for text in shown if text]


def _when_it_went(ledger: Ledger, entry: Entry, zone: str) -> TriedZone:
    assert entry.send_at is not None
    due = f"{entry.send_at_provider} {f'({zone}) ' if zone else ''}of test entry {entry.id}"
    gone = next((one.at for one in ledger.lists.observations(entry.id) if one.where == "sent"), None)
    if gone is not None and gone < entry.send_at - _SLACK:
        early = round((entry.send_at - gone).total_seconds() / 60)
        return TriedZone(f"it went out {plural(early, 'minute')} before {due}: correct [provider] timezone", wrong=True)
    if entry.status is Status.SENT:
        return TriedZone(f"{due} fits: it went out when it was due")
    looked = ledger.journal.last_run("reconcile")
    if looked is not None and looked.at > entry.send_at + _SLACK:
        late = round((looked.at - entry.send_at).total_seconds() / 60)
        words = f"{plural(late, 'minute')} after {due} it had not gone out: correct [provider] timezone, and try again"
        return TriedZone(words, wrong=True)
    return TriedZone(
        f"{due} came back as it was submitted: if the text reaches the testers then, the zone is right; "
        f'"campaign-batch reconcile" a quarter of an hour later says so, too'
    )


def _choose(check: Check, row: int | None) -> list[Checked]:
    """Take the rows whose text is good, or the one that was asked for; their time does not matter for a test."""
    good = [one for one in check.kept if one.message and (row is None or sheet_row(one.row.number) == row)]
    if good:
        return good
    asked = f"row {row}" if row is not None else "any row"
    raise UsageError(f"{asked} of {check.file} has no text that could be tried", 'look at "campaign-batch check"')


def _find_group(wanted: str, account: Account, most: int) -> str:
    """Find the group by name or id; a test passes by the second person, so it may only go to a handful of people."""
    if account.groups is None:
        raise UsageError(
            "the account's groups could not be read, so nobody knows how many people the test would reach",
            "try again later",
        )
    by_name = [group for group in account.groups if fold(group.name) == fold(wanted)]
    by_id = [group for group in account.groups if group.id == plain_id(wanted)]
    found = by_name if len(by_name) == 1 else by_id
    if not found:
        raise UsageError(
            f'the account has no group "{wanted}"', "give the id or the whole name of the team's test group"
        )
    _refuse_large(found[0], most)
    return found[0].id


def _refuse_large(group: Group, most: int) -> None:
    if group.contacts is not None and group.contacts <= most:
        return
    size = "an unknown number of contacts" if group.contacts is None else plural(group.contacts, "contact")
    raise UsageError(
        f'"{group.name or group.id}" has {size}, and a test goes to at most {most:,}',
        "name a group of the team's own phones, or set test_contacts under [checks]",
    )


def _decide(context: Context, checked: Checked, group: str, group_name: str) -> Decision:
    """Make the test of one row: its own key, so that it is nobody's campaign and nobody's double."""
    now = context.world.now()
    campaign = _make_test(checked, group, group_name, _when(now, context.lead))
    campaign = replace(campaign, key=f"{TEST_MARK}:{now:%Y%m%dT%H%M%S%f}:{checked.row.number}")
    tag = make_tag_by(context.posting, campaign.key, campaign.fingerprint)
    name = name_by(context.posting, campaign.name, tag)
    warnings = tuple(issue for issue in checked.issues if issue.level is Level.WARNING)
    test = replace(checked, campaign=campaign, key=campaign.key, name=campaign.name, message=campaign.message)
    test = replace(test, reference="", issues=warnings, past=False, send_at=campaign.send_at)
    moment = to_provider_time(campaign.send_at, context.zone)
    return Decision(test, Action.SUBMIT, issues=warnings, tag=tag, provider_name=name, send_at_provider=moment)


def _make_test(checked: Checked, group: str, group_name: str, send_at: datetime) -> Campaign:
    message = f"{TEST_MARK}: {checked.message}"
    found = checked.campaign
    media = found.mms_template_id if found is not None else None
    subject = found.subject if found is not None else ""
    return Campaign(
        row=checked.row.number,
        name=f"{TEST_MARK} {checked.name}".strip(),
        message=message,
        group_ids=(group,),
        group_names=(group_name if group_name != group else "",),
        send_at=send_at,
        zone=found.zone if found is not None else "UTC",
        type_recipients=found.type_recipients if found is not None else 0,
        mms_template_id=media,
        subject=subject,
        fingerprint=make_fingerprint(
            message=message, group_ids=(group,), send_at=send_at, mms_template_id=media, subject=subject
        ),
    )


def _when(now: datetime, lead: timedelta) -> datetime:
    """Give the next whole minute that is far enough ahead."""
    moment = now + max(AHEAD, lead + timedelta(minutes=2))
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
