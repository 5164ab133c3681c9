"""Say in four cells what became of a row: where it stands, and the Id, the contacts and the time at the provider."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from batch.core.standing import standing_of
from batch.model.times import local_time

if TYPE_CHECKING:
    from batch.model import Entry
    from batch.workflows.context import Context


def tell_result(context: Context, entry: Entry) -> tuple[str, ...]:
    """Give the texts of a marked copy's columns of results."""
    standing = standing_of(entry, context.world.now(), context.settings.team_zone)
    if not entry.provider_id:
        return standing.word.text, "", "", ""
    contacts = f"{entry.contacts_count:,}" if entry.contacts_count is not None else ""
    when = local_time(entry.send_at, context.zone) if entry.send_at is not None else ""
    return standing.word.text, entry.provider_id, contacts, when


def fold_results(results: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Say of the campaigns that a list made of one row how many stand where, and their Ids."""
    known = [result for result in results if result]
    if not known:
        return ()
    counts = Counter(result[0] for result in known)
    told = ", ".join(f"{number:,} {text}" for text, number in counts.items())
    return told, ", ".join(result[1] for result in known if result[1]), "", ""
