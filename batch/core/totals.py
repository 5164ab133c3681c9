"""Say in one sentence what goes and what does not, before somebody says yes to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from batch.core.validate.account import credits_needed
from batch.model import Campaign
from batch.model.plurals import plural
from batch.model.times import local_time
from batch.model.wording import COUNT_WORDS, money_words

GOES = "goes"
_STAY = ("invalid", "held", "waiting", "skipped", "cancelled", "in_doubt", "refused_before")


def tell_totals(going: Sequence[Campaign], counts: Mapping[str, int], year: int, price: float, currency: str) -> str:
    """Say how many rows go, to how many people, in how many parts, for how much, and when.

    `counts` has the rows under `goes` and what stays (`invalid`, `skipped`, ...); `year` is left out of times.
    """
    told = [tell_rows(counts), *(tell(going) for tell in _SAID)]
    credits = sum(map(credits_needed, going))
    if credits:
        told.append(
            f"about {plural(credits, 'credit')}" + (f" ({money_words(credits * price, currency)})" if price else "")
        )
    return f"{told[0]}: {', '.join(part for part in (*told[1:], _tell_when(going, year)) if part)}"


def tell_rows(counts: Mapping[str, int]) -> str:
    """Say how many of all rows go, and what keeps the others: `4 of 6 rows go (2 need fixing)`."""
    goes, total = counts[GOES], sum(counts.values())
    verb = "goes" if goes == 1 else "go"
    rows = plural(total, "row")
    stay = [plural(counts[name], *COUNT_WORDS[name]) for name in _STAY if counts.get(name)]
    if not stay:
        return f"{'all ' if total > 1 else ''}{rows} {verb}"
    return f"{goes:,} of {rows} {verb} ({', '.join(stay)})"


def _tell_people(going: Sequence[Campaign]) -> str:
    campaigns = plural(len(going), "campaign")
    unknown = sum(campaign.contacts is None for campaign in going)
    if unknown == len(going):
        groups = {group for campaign in going for group in campaign.group_ids}
        return f"{campaigns} to {plural(len(groups), 'group')}"
    contacts = plural(sum(campaign.contacts or 0 for campaign in going), "contact")
    return f"{campaigns} to {contacts}" + (f" ({unknown:,} of unknown size)" if unknown else "")


def _tell_parts(going: Sequence[Campaign]) -> str:
    parts = sum(one.parts.count * (one.contacts or 0) for one in going if one.mms_template_id is None)
    return plural(parts, "SMS part") if parts else ""


def _tell_mms(going: Sequence[Campaign]) -> str:
    messages = sum(one.contacts or 0 for one in going if one.mms_template_id is not None)
    return f"{messages:,} MMS" if messages else ""


def _tell_when(going: Sequence[Campaign], year: int) -> str:
    if not going:
        return ""
    first, last = min(going, key=lambda one: one.send_at), max(going, key=lambda one: one.send_at)
    begins = local_time(first.send_at, first.zone, year)
    if first.send_at == last.send_at:
        return begins if len(going) == 1 else f"all {begins}"
    return f"first {begins}, last {local_time(last.send_at, last.zone, year)}"


_SAID: tuple[Callable[[Sequence[Campaign]], str], ...] = (_tell_people, _tell_parts, _tell_mms)
