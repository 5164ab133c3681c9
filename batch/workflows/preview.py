"""Show a second person all that a yes would let go, word for word as it would be posted, and bind the yes to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from batch.adapters.report import Previewed, write_preview
from batch.core.identity import short_hash
from batch.core.parts import measure
from batch.core.payload import hash_payload, make_payload
from batch.core.totals import GOES, tell_totals
from batch.core.validate.account import count_contacts
from batch.model import NOT_SHOWN, WAITS, Account, Batch, Campaign, Checked, Entry, Header, Issue, Level, Row, Status
from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.model.wording import left_out_words
from batch.workflows.context import Context, read_account
from batch.workflows.mail import queue_preview
from batch.workflows.mail_sending import Mailer, try_to_mail
from batch.workflows.report import batch_stem, each_row, report_templates, writing
from batch.workflows.snapshots import hash_file

if TYPE_CHECKING:
    from batch.adapters.ledger import BatchRow, Shown
KEPT = frozenset({Status.PLANNED, Status.HELD, Status.WAITING})
"""What may go after a yes: at once, when a person lets it go, or when the provider is ready for it."""
ELSEWHERE = frozenset({"skipped", "settling", "refused"})
"""What a batch notes of rows that another batch's entry answers for."""
_DECIDED = {
    Status.HELD: "is on hold until someone decides",
    Status.WAITING: "goes as soon as the provider is ready for it",
    Status.INVALID: "stays here",
    Status.CANCELLED: "is not submitted",
    Status.EXPIRED: "came too late",
    Status.REJECTED: "was refused by the provider",
}

_COUNTED_AS = {
    Status.PLANNED: GOES,
    Status.HELD: "held",
    Status.WAITING: "waiting",
    Status.INVALID: "invalid",
    Status.CANCELLED: "cancelled",
}


@dataclass(frozen=True, slots=True)
class Contents:
    """What a batch holds: its own entries as they stand now, and the payloads that a yes would let go."""

    batch: Batch
    lines: Mapping[int, BatchRow]
    """What was planned, by entry."""
    entries: tuple[Entry, ...]
    """In the order of the sheet; those that a later batch took over are not among them."""
    hashes: Mapping[int, str]
    """Entry to the hash of its payload, of what may go after a yes."""

    @property
    def mark(self) -> str:
        """Mark it all, so that a yes to a preview is a yes to exactly this."""
        return make_mark(self.hashes, self.entries)


def offer_batches(context: Context) -> list[Path]:
    """Write the previews that an earlier run did not come to write, and offer their batches; give their paths."""
    left = context.ledger.batches.all(states=(NOT_SHOWN,))
    account = read_account(context.provider, context.world.tell) if left else Account()
    return [offer_batch(context, batch.id, account) for batch in left]


def offer_batch(context: Context, number: int, account: Account) -> Path:
    """Write the preview of a batch, whole; only then bind the batch to it, offer it, and mail it to the approvers.

    Before that nobody can say yes to it, and no other preview takes its rows for shown.
    """
    contents = gather_contents(context, context.ledger.batches.get(number))
    path = _write_preview(context, contents, account)
    context.ledger.people.note_preview(number, hash_file(path))
    context.ledger.batches.bind_preview(
        number, contents.hashes, contents.mark, _find_emptied(context, contents), now=context.world.now()
    )
    mailer = Mailer(context.settings, context.ledger, context.world)
    if mailer.is_open:
        try_to_mail(mailer, lambda: queue_preview(mailer, number, path, _tell_approvers(context, contents, account)))
    return path


def gather_contents(context: Context, batch: Batch) -> Contents:
    """Read what a batch holds, and make the payloads as they would be posted now."""
    lines = {one.entry: one for one in context.ledger.batches.rows(batch.id) if one.entry and one.what not in ELSEWHERE}
    found = context.ledger.entries.select(ids=set(lines)) if lines else ()
    own = each_row(context.ledger, (one for one in found if one.batch == batch.id))
    entries = tuple(sorted(own, key=lambda one: one.row))
    hashes = {entry.id: hash_of(context, entry) for entry in entries if entry.status in KEPT}
    return Contents(batch, lines, entries, hashes)


def hash_of(context: Context, entry: Entry) -> str:
    """Hash what would be posted for an entry, made of the entry and today's settings."""
    return hash_payload(make_payload(entry, context.posting))


def make_mark(hashes: Mapping[int, str], entries: Iterable[Entry]) -> str:
    """Mark payloads and what they are compared by, in order: 16 hexadecimal digits."""
    prints = {entry.id: entry.fingerprint for entry in entries}
    lines = [f"{entry}:{hash_}:{prints[entry]}" for entry, hash_ in sorted(hashes.items())]
    return short_hash(lines)


def _find_emptied(context: Context, contents: Contents) -> list[int]:
    """Find the older batches whose rows this one has all taken over: its preview counts, and theirs no more."""
    open_ones = [one for one in context.ledger.batches.all(states=(WAITS, NOT_SHOWN)) if one.id < contents.batch.id]
    return [older.id for older in open_ones if _is_taken_over(context, older, contents)]


def _is_taken_over(context: Context, older: Batch, contents: Contents) -> bool:
    ids = {line.entry for line in context.ledger.batches.rows(older.id) if line.entry and line.what not in ELSEWHERE}
    entries = list(context.ledger.entries.select(ids=ids)) if ids else []
    ours = {entry.id for entry in contents.entries}
    taken = any(entry.id in ours or entry.replaced_by in ours for entry in entries)
    return taken and not any(entry.batch == older.id and entry.status in KEPT for entry in entries)


def _tell_approvers(context: Context, contents: Contents, account: Account) -> list[str]:
    """Say in the mail what a yes lets go, then how to say it."""
    entries = contents.entries
    going = [_as_campaign(one, account) for one in entries if one.status is Status.PLANNED and one.send_at is not None]
    counts = Counter(_COUNTED_AS[one.status] for one in entries if one.status in _COUNTED_AS)
    counts["skipped"] += sum(line.what in ELSEWHERE for line in context.ledger.batches.rows(contents.batch.id))
    reports = context.settings.reports
    totals = tell_totals(going, counts, context.world.now().year, reports.credit_price, reports.currency)
    return [f"{totals}.", *_how_to_answer(contents.batch)]


def _how_to_answer(batch: Batch) -> list[str]:
    return [
        f"Nothing has been sent. Somebody other than {batch.submitted_by} must approve it.",
        f"On a terminal: campaign-batch approve {batch.id} [--except ROWS]",
        'Without a terminal: copy the preview from "waiting" to "approved" in the watched folder.',
        f'To stop it: campaign-batch reject {batch.id} --why "..."',
    ]


# The page.


def _write_preview(context: Context, contents: Contents, account: Account) -> Path:
    settings, batch = context.settings, contents.batch
    path = Path(settings.reports.folder) / f"{batch_stem(batch)}-{contents.mark}.html"
    with writing(path, settings):
        return write_preview(
            _show(context, contents, account),
            path,
            title=f'Batch {batch.id} "{batch.file}" waits for a second person',
            zone=settings.team_zone,
            provider_zone=settings.provider.timezone,
            notes=_notes(context, batch),
            templates=report_templates(settings),
            team=settings.reports.team,
            logo=Path(settings.reports.logo) if settings.reports.logo else None,
            made_at=context.world.now(),
            account=settings.name,
        )


def _show(context: Context, contents: Contents, account: Account) -> list[Previewed]:
    """Put every row of a batch into a preview: first what is new, then what another preview has shown word for word."""
    sizes = {group.id: group.contacts for group in account.groups or () if group.contacts is not None}
    shown = context.ledger.batches.shown_before(set(contents.hashes), contents.batch.id)
    items = []
    for entry in contents.entries:
        before = shown.get((entry.id, contents.hashes.get(entry.id, "")))
        checked = _as_checked(entry, contents.lines[entry.id].why, account)
        known = before is not None and not before.rejected
        told = _tell_before(before) if before is not None else ""
        items.append(Previewed(checked, sizes, _DECIDED.get(entry.status, ""), told, known))
    return sorted(items, key=lambda item: item.known)


def _tell_before(before: Shown) -> str:
    if before.rejected:
        return f"rejected before, as part of batch {before.batch}"
    return f"shown before, word for word, in the preview of batch {before.batch}"


def _notes(context: Context, batch: Batch) -> list[str]:
    notes = [*left_out_words(batch.left_out), *(issue.message for issue in batch.issues)]
    skipped = sum(line.what in ELSEWHERE for line in context.ledger.batches.rows(batch.id))
    if skipped:
        notes.append(f"{plural(skipped, 'row was', 'rows were')} already taken in: neither shown nor sent again")
    return notes


def _as_checked(entry: Entry, why: str, account: Account) -> Checked:
    """Make of an entry what a preview shows: its own words, not those of a file that may say something else by now."""
    names, texts = tuple(entry.fields.keys()), tuple(entry.fields.values())
    row = Row(entry.row, Header(1, names, {}), texts)
    campaign = None
    if entry.fingerprint and entry.send_at is not None and entry.status is not Status.INVALID:
        campaign = _as_campaign(entry, account)
        if entry.status is Status.WAITING:
            campaign = replace(campaign, waits=(Issue(entry.row, "", "", "waits", why, Level.HOLD),))
    return Checked(
        row, campaign, entry.issues, entry.campaign_name, entry.reference, entry.message, entry.key, entry.send_at
    )


def _as_campaign(entry: Entry, account: Account) -> Campaign:
    assert entry.send_at is not None
    return Campaign(
        row=entry.row,
        name=entry.campaign_name,
        message=entry.message,
        group_ids=entry.group_ids,
        group_names=entry.group_names,
        send_at=entry.send_at,
        zone=entry.zone,
        type_recipients=entry.type_recipients,
        mms_template_id=entry.mms_template_id,
        subject=entry.subject,
        parts=measure(entry.message),
        contacts=count_contacts(entry.group_ids, {group.id: group for group in account.groups or ()}),
    )
