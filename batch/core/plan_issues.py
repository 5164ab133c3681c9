"""Say why the ledger holds a row: the entry that it meets is in doubt, was edited, or was deleted."""

from __future__ import annotations

import unicodedata

from batch.core.guards import DOUBT_CODES, DROPPED_IN_DOUBT, LEFT_OUT, held_for
from batch.core.identity import as_read, collapse
from batch.core.payload import show_time
from batch.core.settle import how_to_answer
from batch.model import Campaign, Checked, Issue, KnownEntry, Status


def how_to_settle(met: KnownEntry) -> str:
    """Say how a doubtful entry is settled: by a person's answer, or by the next run."""
    if met.status is Status.HELD:
        return how_to_answer(met.id)
    return 'run "campaign-batch resume" to settle it'


def in_doubt(row: Checked, met: KnownEntry) -> Issue:
    """Hold a row while nobody knows whether its earlier version has arrived."""
    words = (
        f"an earlier version of this row (entry {met.id}) may or may not have arrived at the provider: "
        f"{how_to_settle(met)}; then hand the file in again"
    )
    return held_for(row, "CampaignName", "in-doubt", words, row.name)


def edited_after(row: Checked, campaign: Campaign, met: KnownEntry) -> Issue:
    """Hold a row that was changed after it was scheduled, and say in what."""
    words = (
        f"this row was changed after it was scheduled as {met.provider_id} (entry {met.id}): "
        f"{_differences(campaign, met)}. For a new sending give it a new Reference; for a correction delete "
        f'{met.provider_id} in the dashboard, run "campaign-batch reconcile" and hand the file in again'
    )
    return held_for(row, "Message", "edited-after-submission", words, campaign.message, ids=(met.provider_id,))


def _differences(campaign: Campaign, met: KnownEntry) -> str:
    zone = campaign.zone
    pairs = [
        ("name", met.name, campaign.name),
        ("text", *_visible(met.message, campaign.message)),
        ("groups", ", ".join(sorted(met.group_ids)), ", ".join(sorted(campaign.group_ids))),
        ("time", show_time(met.send_at, zone) if met.send_at else "", show_time(campaign.send_at, zone)),
    ]
    changed = [f'{what} was "{old}", now "{new}"' for what, old, new in pairs if old != new]
    return "; ".join(changed) or "subject, picture or type of recipients differ"


def _visible(old: str, new: str) -> tuple[str, str]:
    """Show line breaks and blanks of two texts where these are all that differs."""
    if old == new or collapse(old) != collapse(new):
        return old, new
    return _show_blanks(old), _show_blanks(new)


def _show_blanks(text: str) -> str:
    """Write a line break as a sign, and blanks that look like others by their names."""
    plain = as_read(text).replace("\n", "\u23ce")
    return "".join(f"[{unicodedata.name(sign, 'blank').lower()}]" if _is_odd(sign) else sign for sign in plain)


def _is_odd(sign: str) -> bool:
    return sign != " " and (sign.isspace() or unicodedata.category(sign) in {"Zs", "Zl", "Zp"})


def deleted_before(row: Checked, met: KnownEntry) -> Issue:
    """Hold a row whose campaign was taken back."""
    if LEFT_OUT in met.last_codes:
        return _left_out(row, met)
    what = f"was scheduled as {met.provider_id} (entry {met.id}) and is not at the provider any more"
    if not DOUBT_CODES.union({DROPPED_IN_DOUBT}).isdisjoint(met.last_codes):
        what = f"was dropped while nobody knew whether it had arrived (entry {met.id}; look for it in the dashboard)"
    elif not met.provider_id:
        what = f"was dropped before it was submitted (entry {met.id})"
    words = (
        f'this campaign {what}: to send it after all, type "campaign-batch submit FILE --allow deleted-in-dashboard"; '
        f"else remove the row"
    )
    return held_for(row, "CampaignName", "deleted-in-dashboard", words, row.name, ids=(met.provider_id,))


def _left_out(row: Checked, met: KnownEntry) -> Issue:
    words = (
        f"the approver of batch {met.batch} left this row out (entry {met.id}), and it was never submitted: to send it "
        f'after all, type "campaign-batch submit FILE --allow {LEFT_OUT}"; else remove the row'
    )
    return held_for(row, "CampaignName", LEFT_OUT, words, row.name)
