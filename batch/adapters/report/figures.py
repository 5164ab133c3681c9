"""Add up a report's totals, once for every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from batch.adapters.report.contents import Figures, Pair, Report
from batch.core.standing import Standing, needs_look
from batch.core.validate.account import MMS_CREDITS
from batch.model import DeliveryCount, Entry, Finding, SentTotals
from batch.model.plurals import plural, share_words
from batch.model.records import dataclass
from batch.model.wording import (
    DELIVERED,
    FAILED,
    OPTED_OUT,
    ORDER,
    TONES,
    WORDS,
    Fate,
    counted,
    delivery_word,
    kind_words,
    money_words,
)

BEFORE = {"batch": "from the batch before", "week": "from the week before", "reconciliation": "from the time before"}


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One total, as every format shows it."""

    name: str
    """The field of `Figures` that it shows."""
    label: str
    value: float
    shown: str
    tone: str = "quiet"
    change: str = ""
    """Against the report of the same kind before this one; empty when there is none."""
    note: str = ""


def count(report: Report) -> Figures:
    """Add up everything that a report shows."""
    figures = count_entries(
        report.stands(),
        report.deliveries,
        skipped=len(report.skipped),
        findings=report.findings,
        credit_price=report.credit_price,
    )
    return replace(figures, blank=report.blank, left_out=report.left_out)


def count_entries(
    stands: Iterable[Pair],
    deliveries: Mapping[int, Sequence[DeliveryCount]],
    *,
    skipped: int = 0,
    findings: Sequence[Finding] = (),
    credit_price: float | None = None,
) -> Figures:
    """Add up entries, for a report or for one week of the trend, each beside how it stands."""
    standings: Counter[str] = Counter({"skipped": skipped} if skipped else {})
    parts = credits = 0
    texts: Counter[Fate] = Counter()
    fates: Counter[Fate] = Counter()
    delivery: list[DeliveryCount] = []
    needing: list[Pair] = []
    for entry, standing in stands:
        fate = standing.word.fate
        standings[standing.word.standing] += 1
        fates[fate] += 1
        if standing.needs_attention:
            needing.append((entry, standing))
        delivery.extend(deliveries.get(entry.id, ()))
        if fate.is_there:
            texts[fate] += entry.contacts_count or 0
            parts += parts_of(entry)
            credits += credits_of(entry)
    return Figures(
        rows=sum(standings.values()),
        by_status=dict(sorted(standings.items(), key=lambda pair: ORDER[pair[0]])),
        scheduled=fates[Fate.GOES],
        not_approved=standings["unapproved"],
        sent=fates[Fate.WENT],
        needs_person=len(needing) + len(_loose(needing, findings)),
        contacts=texts.total(),
        texts_sent=texts[Fate.WENT],
        texts_scheduled=texts[Fate.GOES],
        texts_not_going=texts[Fate.STOPPED],
        parts=parts,
        credits=credits,
        money=None if credit_price is None else credits * credit_price,
        reported=sum(item.contacts for item in delivery),
        delivered=counted(delivery, DELIVERED),
        failed=counted(delivery, FAILED),
        opted_out=counted(delivery, OPTED_OUT),
        findings=dict(Counter(finding.kind.value for finding in findings)),
    )


def add_sent(figures: Figures, sent: SentTotals, *, credit_price: float | None = None) -> Figures:
    """Add to the figures of some entries those of others, which are sent and need no look, added up already."""
    if not sent.rows:
        return figures
    counts = Counter(figures.by_status) + Counter(sent=sent.rows)
    credits = figures.credits + sent.sms_parts + sent.mms_texts * MMS_CREDITS
    return replace(
        figures,
        rows=figures.rows + sent.rows,
        by_status=dict(sorted(counts.items(), key=lambda pair: ORDER[pair[0]])),
        sent=figures.sent + sent.rows,
        contacts=figures.contacts + sent.texts,
        texts_sent=figures.texts_sent + sent.texts,
        parts=figures.parts + sent.sms_parts + sent.mms_texts,
        credits=credits,
        money=None if credit_price is None else credits * credit_price,
        reported=figures.reported + sum(item.contacts for item in sent.delivery),
        delivered=figures.delivered + counted(sent.delivery, DELIVERED),
        failed=figures.failed + counted(sent.delivery, FAILED),
        opted_out=figures.opted_out + counted(sent.delivery, OPTED_OUT),
    )


def parts_of(entry: Entry) -> int:
    """Give the single messages of a whole campaign, by the provider's ContactsCount."""
    return (entry.contacts_count or 0) * (1 if entry.mms_template_id else entry.parts)


def credits_of(entry: Entry) -> int:
    """Estimate what a whole campaign costs, in credits."""
    return (entry.contacts_count or 0) * MMS_CREDITS if entry.mms_template_id else parts_of(entry)


def arrivals(report: Report) -> Counter[tuple[str, str]]:
    """Count the texts by the word and tone of how they arrived, over all campaigns whose delivery is known."""
    counts: Counter[tuple[str, str]] = Counter()
    for delivery in report.deliveries.values():
        for item in delivery:
            counts[delivery_word(item)] += item.contacts
    return counts


def key_figures(report: Report, figures: Figures) -> tuple[KeyFigure, ...]:
    """Give the totals that stand at the top of the page, the workbook and the mail, in their order."""
    money = "" if figures.money is None else f"about {money_words(figures.money, report.currency)}"
    needs = "needs attention" if figures.needs_person == 1 else "need attention"
    shown = [
        _figure(report, figures, "needs_person", needs, _needing_tone(report), _needing_parts(report)),
        _figure(report, figures, "scheduled", "scheduled", _tone_of(report, Fate.GOES), _going_words(report, figures)),
        _figure(report, figures, "not_approved", "at the provider, not yet approved", _if(figures.not_approved)),
        _figure(report, figures, "sent", "sent", _tone_of(report, Fate.WENT), _needing_words(report, Fate.WENT)),
        _figure(report, figures, "contacts", "texts", note=texts_words(figures)),
        _figure(report, figures, "parts", "parts", note="estimated: a long text travels in several"),
        _figure(report, figures, "credits", "credits, estimated", note=money),
    ]
    if figures.reported:
        shown += [
            _share(report, figures, "delivered", "delivered", "good"),
            _share(report, figures, "failed", "failed", _if(figures.failed)),
            _share(report, figures, "opted_out", "opted out", "quiet"),
        ]
    return tuple(shown)


class RowKind(NamedTuple):
    """What rows are counted under: their words and their tone."""

    standing: str
    text: str
    tone: str


SKIPPED = RowKind("skipped", WORDS["skipped"].text, WORDS["skipped"].tone)


def outcome_of(stands: Standing) -> RowKind:
    """Give what a row is counted under."""
    word = stands.word
    return RowKind(word.standing, kind_words(word.standing, word.text), word.tone)


def outcomes(report: Report) -> dict[RowKind, int]:
    """Count the rows by where they ended, in the one order; what needs a look has a line of its own."""
    found = Counter(outcome_of(standing) for _, standing in report.stands())
    if report.skipped:
        found[SKIPPED] = len(report.skipped)
    return dict(sorted(found.items(), key=lambda pair: (ORDER[pair[0].standing], pair[0].text)))


def worst(*tones: str) -> str:
    """Give the worst of some tones."""
    return min(tones, key=_PLACES.__getitem__)


_PLACES = {tone: place for place, tone in enumerate(TONES)}


def _tone_of(report: Report, fate: Fate) -> str:
    words = (standing.word for _, standing in report.stands())
    return worst("good", *(word.tone for word in words if word.fate is fate))


def _needing_tone(report: Report) -> str:
    needed = [standing for _, standing in report.needed()]
    grave = any(one.is_grave(report.made_at) for one in needed) or any(one.loud for one in loose_findings(report))
    return "bad" if grave else "look"


def _needing_parts(report: Report) -> str:
    loose = len(loose_findings(report))
    rows = plural(len(report.needed()), "row")
    return f"{rows} + {plural(loose, 'difference')} from the provider's lists" if loose else ""


def _going_words(report: Report, figures: Figures) -> str:
    """Say of what is called scheduled how much of it is due already, or needs attention."""
    due = figures.by_status.get("unseen", 0)
    if due:
        return f"{due:,} of them due, not yet seen as sent"
    return _needing_words(report, Fate.GOES) or "Approved and Scheduled by the provider"


def _needing_words(report: Report, fate: Fate) -> str:
    number = sum(standing.word.fate is fate for _, standing in report.needed())
    return f"{number:,} of them {'needs' if number == 1 else 'need'} attention" if number else ""


FIRST = ("scheduled", "sent", "contacts", "delivered", "needs_person", "credits")
"""The totals that people ask for, in the order of a page."""
TILES = 4
"""How many of them a page shows at once."""


def differing(tiles: Sequence[KeyFigure]) -> list[KeyFigure]:
    """Leave out parts and credits that are as many as the texts: one number under two names makes a reader wonder.

    What the credits cost then stands with the texts.
    """
    by_name = {tile.name: tile for tile in tiles}
    texts = by_name.get("contacts")
    same = {name for name in ("parts", "credits") if texts and name in by_name and by_name[name].value == texts.value}
    money = by_name["credits"].note if "credits" in same and by_name["credits"].value else ""
    return [
        replace(tile, note=", ".join(filter(None, (tile.note, money)))) if tile is texts else tile
        for tile in tiles
        if tile.name not in same
    ]


def tiles_first(tiles: Sequence[KeyFigure]) -> list[KeyFigure]:
    """Put the totals that people ask for first; of the others only those that are not 0."""
    place = {name: number for number, name in enumerate(FIRST)}
    ordered = sorted(differing(tiles), key=lambda tile: place.get(tile.name, len(place)))
    return ordered[:TILES] + [tile for tile in ordered[TILES:] if tile.value]


def texts_words(figures: Figures) -> str:
    """Split the texts so that they add up: `3,000 sent + 20,000 scheduled`."""
    split = (
        (figures.texts_sent, "sent", figures.sent),
        (figures.texts_scheduled, "scheduled", figures.scheduled),
        (figures.texts_not_going, "not going", 0),
    )
    there = [part for part in split if part[0]]
    if len(there) == 1:
        _, word, rows = there[0]
        return f"of the {rows:,} {word}" if rows else f"all {word}"
    return " + ".join(f"{number:,} {word}" for number, word, _ in there) or "by the provider's ContactsCount"


def contacts_words(entries: Iterable[Entry]) -> str:
    """Say how many contacts campaigns have; `at least` where not all are known, nothing where none are."""
    known = [one.contacts_count if one.contacts_count is not None else one.expected_contacts for one in entries]
    total = sum(filter(None, known))
    return f"{'at least ' if None in known else ''}{plural(total, 'contact')}" if total else ""


def owners_words(owners: Iterable[str]) -> str:
    """Name whose rows they are, those with most rows first: `maria@x.example (57 rows), lee@x.example (56 rows)`."""
    counts = Counter(owner or NO_OWNER for owner in owners)
    if set(counts) == {NO_OWNER}:
        return ""
    if len(counts) == 1:
        return next(iter(counts))
    told = [f"{owner} ({plural(number, 'row')})" for owner, number in counts.most_common(OWNERS)]
    return ", ".join(told) + (f" and {len(counts) - OWNERS} more" if len(counts) > OWNERS else "")


NO_OWNER = "no owner"
OWNERS = 3
"""Named one by one; more of them are counted."""


def done_words(figures: Figures) -> str:
    """Say what is scheduled and sent: `25 scheduled, 3 sent`."""
    due = figures.by_status.get("unseen", 0)
    scheduled = figures.scheduled - due
    told = [f"{scheduled:,} scheduled"] if scheduled or not (figures.sent or due) else []
    if due:
        told.append(f"{due:,} {WORDS['unseen'].text}")
    if figures.not_approved:
        told.append(f"{figures.not_approved:,} not yet approved")
    if figures.sent:
        told.append(f"{figures.sent:,} sent")
    return ", ".join(told)


def findings_for_people(findings: Iterable[Finding]) -> list[Finding]:
    """Give the findings that somebody must look at, the loud ones first.

    A campaign that somebody made in the dashboard is news, no trouble, unless it is loud.
    """
    return sorted(filter(needs_look, findings), key=lambda finding: not finding.loud)


def loose_findings(report: Report) -> list[Finding]:
    """Give the findings that somebody must look at and that no row of the report tells, one for each campaign.

    Together with the rows that need attention they are the total that every output shows.
    """
    return [_together(findings) for findings in _loose(report.needed(), report.findings).values()]


def _together(findings: Sequence[Finding]) -> Finding:
    """Say what was found about one campaign in one: the words of all, the worst first."""
    return replace(findings[0], words="; ".join(dict.fromkeys(finding.words for finding in findings)))


def _figure(  # noqa: PLR0917 - the table above reads as one
    report: Report, figures: Figures, name: str, label: str, tone: str = "quiet", note: str = ""
) -> KeyFigure:
    value = getattr(figures, name)
    change = "" if report.before is None else _change(value - getattr(report.before, name), report.kind)
    return KeyFigure(name, label, value, f"{value:,}", tone, change, note)


def _share(report: Report, figures: Figures, name: str, label: str, tone: str) -> KeyFigure:
    value, before = getattr(figures, name), report.before
    share = value / figures.reported
    change = ""
    if before is not None and before.reported:
        points = 100 * (share - getattr(before, name) / before.reported)
        change = f"{points:+.1f} points".replace("-", "−") + f" {BEFORE[report.kind]}"
    return KeyFigure(
        name, label, value, share_words(value, figures.reported, 1), tone, change, f"{value:,} of {figures.reported:,}"
    )


def _change(difference: int, kind: str) -> str:
    told = f"{difference:+,}".replace("-", "−") if difference else "as many as"
    return f"{told} {BEFORE[kind] if difference else BEFORE[kind].removeprefix('from ')}"


def _if(number: int) -> str:
    return "look" if number else "quiet"


def _loose(needing: Iterable[Pair], findings: Iterable[Finding]) -> dict[tuple[str, int], list[Finding]]:
    told = {entry.id for entry, _ in needing}
    found: dict[tuple[str, int], list[Finding]] = {}
    for place, finding in enumerate(findings_for_people(findings)):
        if finding.entry not in told:
            key = ("finding", place) if finding.entry is None else ("entry", finding.entry)
            found.setdefault(key, []).append(finding)
    return found
