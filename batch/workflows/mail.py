"""Mail what happened to those whom it concerns, through the outbox in the ledger; a mail never fails a run."""

from __future__ import annotations

import html as markup
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from batch.adapters.mail import Attachment, clean, compose
from batch.adapters.report import count, mail_html, mail_text, subject
from batch.core.guards import GOING
from batch.core.hints import name_account
from batch.core.identity import short_hash
from batch.core.standing import standing_of
from batch.model import NOT_SHOWN, WAITS, Entry
from batch.model.errors import DeliveryError, UsageError
from batch.model.plurals import plural
from batch.model.times import local_time
from batch.workflows.context import World
from batch.workflows.insights import describe_insights
from batch.workflows.mail_attachments import address_of, attach_report, largest_attachment, stem_of
from batch.workflows.mail_sending import (
    Mailer,
    how_to_correct,
    plain_addresses,
    refused_addresses,
    send_due,
    try_to_mail,
)
from batch.workflows.notices import alarm_lines, fact_lines, read_health, when
from batch.workflows.owners import allowed_domains, describe_strangers, owner_address
from batch.workflows.report import (
    Scope,
    batch_scope,
    gather,
    report_templates,
    week_of,
    week_scope,
)
from batch.workflows.tally import Comparison

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger
    from batch.adapters.report import Report

SHOWN = 12
"""Campaigns that the mail to the approvers tells in full; the rest is in the preview."""


def mail_report(settings: Settings, ledger: Ledger, world: World, report: Report) -> None:
    """Send one report by hand, now; raises UsageError without a mail server, DeliveryError when it did not go."""
    mailer = Mailer(settings, ledger, world)
    email = settings.email
    to = email.digest_to or email.to if report.kind == "week" else email.to
    if not mailer.is_open or not to:
        raise UsageError("no mail server is set", "write host, from and to under [email]; see the README")
    key = f"by-hand:{secrets.token_hex(8)}"
    files = attach_report(mailer.settings, report, stem_of(report.title))
    _put(mailer, to, report, kind="report", key=key, attachments=files)
    send_due(mailer)
    waiting = [mail for mail in ledger.outbox.unsent() if mail.dedupe_key == key]
    if waiting and waiting[0].words:
        raise DeliveryError(f"the mail did not go: {waiting[0].words}", "it waits in the outbox and is tried again")


def mail_batches(
    settings: Settings, ledger: Ledger, world: World, batches: Sequence[int], *, stopped: str = ""
) -> None:
    """Mail how batches ended, and send whatever else is due; trouble with it is told, never raised."""
    mailer = Mailer(settings, ledger, world)
    if mailer.is_open:
        try_to_mail(mailer, lambda: queue_batches(mailer, batches, stopped=stopped))
        try_to_mail(mailer, lambda: send_due(mailer))


def mail_comparison(settings: Settings, ledger: Ledger, world: World, comparison: Comparison) -> None:
    """Mail what a comparison brought up, when something needs attention; trouble is told, never raised."""
    mailer = Mailer(settings, ledger, world)
    if mailer.is_open:
        try_to_mail(mailer, lambda: queue_comparison(mailer, comparison))
        try_to_mail(mailer, lambda: send_due(mailer))


def queue_batches(mailer: Mailer, batches: Sequence[int], *, stopped: str = "") -> None:
    """Put the report of some batches, and what needs attention, into the outbox; nothing when nothing is new."""
    if not batches:
        return
    ledger, email = mailer.ledger, mailer.settings.email
    told = [number for number in batches if ledger.batches.get(number).state not in {NOT_SHOWN, WAITS}]
    to: Sequence[str] = ()
    if told and email.to:
        scope = batches_scope(ledger, told)
        report = _gather(mailer, scope, stopped=stopped)
        if _says_something(report):
            to = email.to
            key = f"batches:{','.join(map(str, told))}:{_outcome(report)}"
            files = attach_report(mailer.settings, report, scope.stem)
            _put(mailer, to, report, kind="report", key=key, attachments=files)
    _queue_attention(mailer, batches_scope(ledger, batches), without=to if told == list(batches) else ())


def batches_scope(ledger: Ledger, batches: Sequence[int]) -> Scope:
    """Take several batches together."""
    if len(batches) == 1:
        return batch_scope(ledger, batches[0])
    entries = {entry.id: entry for number in batches for entry in batch_scope(ledger, number).entries}
    title = f"Batches {min(batches)} to {max(batches)}, {len(batches)} files"
    return Scope(
        title, f"batches-{min(batches):04d}-{max(batches):04d}", "batch", tuple(entries.values()), tuple(batches)
    )


def queue_comparison(mailer: Mailer, comparison: Comparison) -> None:
    """Put what a comparison brought up into the outbox, once until something else comes up."""
    if not comparison.needs_look:
        return
    ids = {finding.entry for finding in comparison.findings if finding.entry is not None}
    entries = tuple(mailer.ledger.entries.select(ids=ids)) if ids else ()
    title = f"Comparison of {when(mailer.world.now(), mailer.settings)}"
    _queue_attention(mailer, Scope(title, "comparison", "reconciliation", entries, findings=comparison.findings))


def queue_digest(mailer: Mailer) -> bool:
    """Put the weekly digest into the outbox, also when all is well; False when this week's already exists."""
    settings, email, now = mailer.settings, mailer.settings.email, mailer.world.now()
    # Monday to Thursday it tells of the week before, from then on of this one.
    week = week_of(now - timedelta(days=3, hours=12), settings.team_zone)
    scope = week_scope(mailer.ledger, week, settings.team_zone, now)
    report = _gather(mailer, scope)
    health = read_health(mailer.ledger, now)
    alarms = (*alarm_lines(health, settings), *_tell_refused(mailer))
    facts = (*fact_lines(health, settings), *describe_insights(settings, mailer.ledger, now))
    key = f"digest:{week_of(now, settings.team_zone)}"
    attachments = attach_report(mailer.settings, report, scope.stem)
    return _put(
        mailer, email.digest_to or email.to, report, kind="digest", key=key, lines=alarms, facts=facts,
        attachments=attachments,
    )  # fmt: skip


def _tell_refused(mailer: Mailer) -> Iterator[str]:
    if refused := refused_addresses(mailer.settings, mailer.ledger, mailer.world.now()):
        yield f"▲ the mail server refuses {', '.join(refused)}: {how_to_correct(mailer.settings, refused)}"


def queue_preview(mailer: Mailer, batch: int, preview: Path, how: Sequence[str]) -> bool:
    """Put the preview of a batch that waits for a second person into the approvers' outbox."""
    report = _gather(mailer, batch_scope(mailer.ledger, batch))
    waiting = [entry for entry in report.entries if entry.status in GOING]
    waits = plural(len(waiting), "campaign is", "campaigns are")
    subject = f"Please approve {report.title}: {waits} waiting for your approval"
    told = (*how, *_tell_waiting(mailer, waiting))
    page = Attachment(preview.name, preview.read_bytes(), "text/html")
    email = mailer.settings.email
    return _put(
        mailer, email.approvers, report, kind="approval", key=f"preview:{preview.stem}", lines=told, attachments=[page],
        subject_=subject,
    )  # fmt: skip


def _tell_waiting(mailer: Mailer, waiting: Sequence[Entry]) -> Iterator[str]:
    """Say what would go, the first of it in full: many approve on a phone."""
    for entry in waiting[:SHOWN]:
        groups = ", ".join(entry.group_names if any(entry.group_names) else entry.group_ids)
        moment = local_time(entry.send_at, entry.zone or mailer.settings.team_zone, 0) if entry.send_at else ""
        yield f"row {entry.row}, {entry.campaign_name}, {moment}, to {groups}: “{entry.message}”"
    if len(waiting) > SHOWN:
        yield f"and {len(waiting) - SHOWN:,} more, all of them in the preview attached"


def queue_words(mailer: Mailer, subject: str, words: Sequence[str], *, kind: str, key: str) -> bool:
    """Put a few plain sentences to those who look after the tool into the outbox."""
    text = "\n\n".join(words)
    paragraphs = "".join(f"<p>{markup.escape(one)}</p>" for one in words)
    page = (
        f'<html><body style="font-family:Segoe UI,Helvetica,Arial,sans-serif;font-size:15px">{paragraphs}</body></html>'
    )
    email = mailer.settings.email
    return _compose(mailer, email.attention_to or email.to, subject, text, page, kind=kind, key=key)


def _queue_attention(mailer: Mailer, scope: Scope, without: Sequence[str] = ()) -> None:
    """Mail what needs attention to those who look after it, and to each owner the rows that are theirs."""
    found = [finding for finding in scope.findings if finding.kind != "matched"]
    now, zone = mailer.world.now(), mailer.settings.team_zone
    needing = tuple(one for one in scope.entries if standing_of(one, now, zone).needs_attention or _found(one, found))
    if not needing and not any(finding.kind != "unexpected" or finding.loud for finding in found):
        return
    told = set(plain_addresses(without))
    others = [one for one in mailer.settings.email.attention_to if not set(plain_addresses([one])) & told]
    whole = replace(scope, entries=needing, batches=(), findings=tuple(found))
    strangers = describe_strangers(needing, allowed_domains(mailer.settings.email))
    _put_attention(mailer, others, whole, strangers, commands=True)
    told |= set(plain_addresses(others))
    for owner, theirs in _by_owner(mailer, needing).items():
        if owner not in told:
            of_theirs = tuple(one for one in found if one.entry in {entry.id for entry in theirs})
            _put_attention(mailer, [owner], replace(whole, entries=tuple(theirs), findings=of_theirs))


def _found(entry: Entry, findings: Iterable[object]) -> bool:
    return any(getattr(finding, "entry", None) == entry.id for finding in findings)


def _put_attention(
    mailer: Mailer, to: Sequence[str], scope: Scope, lines: Sequence[str] = (), *, commands: bool = False
) -> None:
    report = _gather(mailer, scope)
    needing = count(report).needs_person
    subject = f"{scope.title}: {needing:,} {'needs' if needing == 1 else 'need'} a look"
    key = f"attention:{','.join(to)}:{_outcome(report)}"
    _put(mailer, to, report, kind="attention", key=key, subject_=subject, lines=lines, commands=commands)


def _by_owner(mailer: Mailer, entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Sort rows by their owners' addresses; only those at a domain that is allowed, since anybody fills in a sheet."""
    domains = allowed_domains(mailer.settings.email)
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if address := owner_address(entry.owner, domains):
            found[address].append(entry)
    return found


def _gather(mailer: Mailer, scope: Scope, *, stopped: str = "") -> Report:
    return gather(mailer.settings, mailer.ledger, scope, now=mailer.world.now(), stopped=stopped)


def _says_something(report: Report) -> bool:
    """Whether a batch is worth a mail: a file that was dropped twice is not."""
    return bool(report.entries or report.stopped or any(batch.issues for batch in report.batches))


def _outcome(report: Report) -> str:
    """Mark what a mail says, so that the same is not said twice."""
    parts = [f"{one.id} {one.status} {one.provider_status} {one.contacts_count}" for one in report.entries]
    parts += [f"{one.code} {one.entry} {one.provider_id} {one.field} {one.theirs}" for one in report.findings]
    parts += [report.stopped, *report.notes]
    return short_hash(sorted(parts))


def _put(
    mailer: Mailer,
    to: Sequence[str],
    report: Report,
    *,
    kind: str,
    key: str,
    lines: Sequence[str] = (),
    facts: Sequence[str] = (),
    attachments: Sequence[Attachment] = (),
    subject_: str = "",
    commands: bool = False,
) -> bool:
    if not to:
        return False
    templates, short = report_templates(mailer.settings), kind in {"attention", "approval"}
    url = address_of(mailer.settings, Path(attachments[0].name).stem) if attachments and kind != "approval" else ""
    text = mail_text(report, lines=lines, facts=facts, short=short, commands=commands, url=url)
    page = mail_html(report, templates=templates, lines=lines, facts=facts, short=short, commands=commands, url=url)
    return _compose(mailer, to, subject_ or subject(report), text, page, kind=kind, key=key, attachments=attachments)


def _compose(
    mailer: Mailer,
    to: Sequence[str],
    subject: str,
    text: str,
    page: str,
    *,
    kind: str,
    key: str,
    attachments: Sequence[Attachment] = (),
) -> bool:
    email, now = mailer.settings.email, mailer.world.now()
    if not to or not mailer.is_open:
        return False
    account = mailer.settings.name
    subject = f"{account}: {subject}" if account else subject
    mail = compose(
        sender=email.sender,
        to=to,
        subject=subject,
        text=name_account(text, account),
        html=name_account(page, account),
        reply_to=email.reply_to,
        attachments=attachments,
        largest=largest_attachment(mailer.settings),
        now=now,
        message_id_domain=email.sender.rpartition("@")[2].strip("> "),
    )
    return mailer.ledger.outbox.add(to, clean(subject), mail.as_bytes(), kind, key, now)
