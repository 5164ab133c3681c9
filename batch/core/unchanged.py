"""Set aside the rows that went already and say the same: of a file that is dropped again, nearly all.

A plan asks nothing of such a row but the entry that answers for it, so that no more of what the ledger knows of it has
to stay in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from batch.core.guards import THERE
from batch.core.identity import as_read, split_tag
from batch.model import NOTHING, Action, Brief, Campaign, Checked, Decision, Issue, Level, Listed, Status


class Unchanged:
    """The rows of one file that the ledger answers for with a single entry, which no other row has to do with.

    Anything unusual leaves a row to the plan: a mark to cancel it, a past time, a second row or entry of its key,
    another row that says the same at the same time, a RowId that speaks of another entry.
    """

    def __init__(
        self,
        rows: Sequence[Checked],
        now: datetime,
        *,
        listed: Iterable[Listed] = (),
        named: Mapping[int, int] = NOTHING,
    ) -> None:
        self._rows = rows
        self._plain = _find_plain(rows, now)
        """By key, and once it is found that its entry answers for it, with the decision in the place of the row."""
        self._named = named
        self._tags = {tag for item in listed if (tag := split_tag(item.name)[1])}
        """Whose entries the plan must know, to tell these campaigns from its own."""
        self.batches: set[int] = set()
        """Those of the entries that are set aside."""

    def __contains__(self, row: object) -> bool:
        return isinstance(row, Checked) and isinstance(self._plain.get(row.key), Decision)

    def set_aside(self, known: Sequence[Brief]) -> set[int]:
        """Set aside the entries that answer for a row, and give which they are; `known` has all entries of its keys."""
        aside = set()
        often = Counter([entry[2] for entry in known])
        for number, batch, key, fingerprint, tag, status, coming, provider_id, message, subject in known:
            row = self._plain.get(key)
            if (
                isinstance(row, Checked)
                and (campaign := row.campaign) is not None
                and fingerprint == campaign.fingerprint
                and status in THERE
                and reads_same(message, subject, campaign)
                and often[key] == 1
                and tag not in self._tags
                and self._named.get(campaign.row, number) == number
            ):
                why = already(number, provider_id, coming=coming and status == Status.ACCEPTED)
                self._plain[key] = Decision(row, Action.SKIP, number, None, warnings_of(row), why=why)
                self.batches.add(batch)
                aside.add(number)
        return aside

    def fingerprints(self) -> Iterator[str]:
        """Give the fingerprints that the plan asks for, once all is set aside: nobody else has those of the others."""
        for row in self._rows:
            if row.campaign is not None and (self._tags or row not in self):
                yield row.campaign.fingerprint

    def decide(self, row: Checked) -> Decision | None:
        """Skip a row that was set aside; None for every other."""
        found = self._plain.get(row.key)
        if not isinstance(found, Decision):
            return None
        return found if found.checked is row else replace(found, checked=row, issues=warnings_of(row))


def _find_plain(rows: Iterable[Checked], now: datetime) -> dict[str, Checked | Decision]:
    """Find the rows to come that no other row of the file has to do with, by key."""
    keys = _find_repeated([row.key for row in rows])
    said = _find_repeated([row.campaign.fingerprint for row in rows if row.campaign is not None])
    return {
        row.key: row
        for row in rows
        if (campaign := row.campaign) is not None
        and campaign.send_at > now
        and not campaign.cancel
        and row.key not in keys
        and campaign.fingerprint not in said
    }


def _find_repeated(texts: list[str]) -> set[str]:
    if len(set(texts)) == len(texts):
        return set()
    return {text for text, often in Counter(texts).items() if often > 1}


def reads_same(message: str, subject: str, campaign: Campaign) -> bool:
    """Whether texts of one fingerprint look the same on a phone; one that was forgotten counts as the same."""
    if message == campaign.message and subject == campaign.subject:
        return True
    pairs = ((message, campaign.message), (subject, campaign.subject))
    return all(not old or old == new or as_read(old) == as_read(new) for old, new in pairs)


def already(entry: int, provider_id: str, *, coming: bool) -> str:
    """Say that a row is at the provider, or was."""
    return f"already {'scheduled' if coming else 'sent'} as {provider_id} (entry {entry})"


def warnings_of(row: Checked) -> tuple[Issue, ...]:
    """Give what is still worth a word about a row that is left alone."""
    return tuple([issue for issue in row.issues if issue.level is Level.WARNING]) if row.issues else ()
