"""Write the preview of a file: every text as a phone would show it, to whom, when, and what it costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from batch.adapters.report.page import embed_logo, render_page, write_page
from batch.core.parts import costly
from batch.core.validate import credits_needed, zone_of_row
from batch.model import NOTHING, Campaign, Checked, Issue, Level
from batch.model.plurals import plural
from batch.model.records import dataclass
from batch.model.times import day_words, local_time, zone_of
from batch.model.wording import COUNT_WORDS, TONES, cell_of, named_groups

if TYPE_CHECKING:
    from markupsafe import Markup

CARD_LIMIT = 2_000
"""Messages shown as bubbles; a browser lays out more only slowly."""
LEVELS = {
    Level.ERROR: ("bad", "needs fixing"),
    Level.HOLD: ("look", "waiting for a decision"),
    Level.WARNING: ("quiet", "worth a look"),
}
_WAITS = ("wait", "waiting for the provider")
_SAID = {LEVELS[Level.ERROR]: "invalid", LEVELS[Level.HOLD]: "held", _WAITS: "waiting"}
"""What is not ready, by its name in COUNT_WORDS."""
_STATES = (LEVELS[Level.ERROR], LEVELS[Level.HOLD], _WAITS, LEVELS[Level.WARNING])
_READY = ("good", "ready")
_GOES = frozenset({_READY, LEVELS[Level.WARNING]})
_SUMS = ("campaigns", "texts", "parts", "credits", "unknown")
"""What is added up of a `Day`."""


@dataclass(frozen=True, slots=True)
class Previewed:
    """One row of a preview."""

    checked: Checked
    sizes: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    """Group id to members, as far as they are known."""
    decided: str = ""
    """What would be done with it, when the plan is known: `skip: already scheduled as 12345`."""
    before: str = ""
    """What an earlier preview has to do with it."""
    known: bool = False
    """Whether an earlier preview showed it word for word: it stands below what is new."""


@dataclass(frozen=True, slots=True)
class Bubble:
    """One row as the page shows it."""

    row: int
    name: str
    tone: str
    sign: str
    state: str
    text: Markup
    """The message, escaped, the characters that cost marked."""
    when: str
    provider_when: str
    groups: tuple[tuple[str, str], ...]
    """Name and size."""
    cost: str
    media: str
    issues: tuple[tuple[str, str, str, str], ...]
    """Tone, sign, cell, words."""
    costly: tuple[tuple[str, str, str], ...]
    """Character, its name, the plain one that would do."""
    before: str
    known: bool
    find: str
    """What the search looks in, folded."""


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One of the rows behind the last bubble, in a line of a plain list: no row is left out."""

    row: int
    name: str
    state: str
    when: str
    groups: str
    text: str
    media: str


@dataclass(frozen=True, slots=True)
class Day:
    """The totals of one local day."""

    name: str
    campaigns: int
    texts: int
    parts: int
    credits: int
    unknown: int
    """Campaigns whose contacts nobody knows yet."""

    @property
    def known(self) -> bool:
        """Whether the contacts of any campaign are known, so that the sums say something."""
        return self.unknown < self.campaigns or not self.campaigns

    @property
    def words(self) -> str:
        """Say it all in one sentence."""
        campaigns = plural(self.campaigns, "campaign")
        if not self.known:
            return f"{campaigns}; how many people they reach was not looked up: check with --online to see it"
        told = f"{campaigns}, {plural(self.texts, 'text')}, about {plural(self.credits, 'credit')}"
        return told + (f", besides {self.unknown:,} whose contacts are not known yet" if self.unknown else "")


def write_preview(
    items: Sequence[Previewed],
    path: Path,
    *,
    title: str,
    zone: str,
    provider_zone: str,
    notes: Sequence[str] = (),
    templates: Sequence[Path] = (),
    team: str = "",
    logo: Path | None = None,
    made_at: datetime | None = None,
    account: str = "",
) -> Path:
    """Write the page that somebody looks at before anything goes."""
    states = [_state(item.checked) for item in items]
    days = totals_by_day(items, zone)
    page = render_page(
        "preview.html.j2",
        templates,
        "find.js",
        title=title,
        provider_zone=provider_zone,
        team=team,
        logo=embed_logo(logo),
        made_at=local_time(made_at, zone, 0) if made_at else "",
        notes=notes,
        tones=TONES,
        rows=len(items),
        ready=_ready_words(sum(state in _GOES for state in states), len(items)),
        trouble=[_count_words(_SAID[state], states.count(state)) for state in _SAID if state in states],
        may_go=_may_go(items),
        counts=[(*state, states.count(state)) for state in _STATES if state in states],
        days=days,
        total=Day("total", *(sum(getattr(day, name) for day in days) for name in _SUMS)),
        bubbles=[_bubble(item, zone, provider_zone) for item in items[:CARD_LIMIT]],
        lines=[_line(item, zone) for item in items[CARD_LIMIT:]],
        limit=CARD_LIMIT,
    )
    return write_page(page, path, account)


def totals_by_day(items: Sequence[Previewed], zone: str) -> list[Day]:
    """Add up the campaigns of each local day that go as they are; what waits or needs fixing is not among them."""
    found: dict[date, list[Campaign]] = defaultdict(list)
    for item in items:
        if (campaign := item.checked.campaign) is not None and _state(item.checked) in _GOES:
            local = campaign.send_at.astimezone(zone_of(campaign.zone or zone))
            found[local.date()].append(campaign)
    return [_day(day, campaigns) for day, campaigns in sorted(found.items())]


def _may_go(items: Sequence[Previewed]) -> str:
    """Say what goes besides if what it waits for happens; nothing where no row waits."""
    waits = [
        item.checked.campaign
        for item in items
        if item.checked.campaign is not None and _state(item.checked) in {LEVELS[Level.HOLD], _WAITS}
    ]
    texts = sum(campaign.contacts or 0 for campaign in waits)
    told = f" ({plural(texts, 'text')})" if texts else ""
    return f"not counted: {plural(len(waits), 'campaign that waits', 'campaigns that wait')}{told}" if waits else ""


def _ready_words(good: int, rows: int) -> str:
    if good == rows:
        return f"all {rows:,} rows are ready to go" if rows > 1 else "the row is ready to go" if rows else "no rows"
    return f"{good:,} of {plural(rows, 'row')} {'is' if good == 1 else 'are'} ready to go"


def _count_words(name: str, number: int) -> str:
    return f"{number:,} {COUNT_WORDS[name][number != 1]}"


def mark_costly(text: str) -> Markup:
    """Escape a message and mark the characters that make it longer than it looks."""
    marks = {item.character: item for item in costly(text)}
    pieces = [
        Markup('<mark title="{}">{}</mark>').format(marks[character].name, character)
        if character in marks
        else escape(character)
        for character in text
    ]
    return Markup("").join(pieces)


def _day(day: date, campaigns: Sequence[Campaign]) -> Day:
    name = day_words(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    texts = sum(campaign.contacts or 0 for campaign in campaigns)
    parts = sum(_parts(campaign) for campaign in campaigns)
    credits = sum(credits_needed(campaign) for campaign in campaigns)
    return Day(name, len(campaigns), texts, parts, credits, sum(campaign.contacts is None for campaign in campaigns))


def _bubble(item: Previewed, zone: str, provider_zone: str) -> Bubble:
    checked, campaign = item.checked, item.checked.campaign
    tone, state = _state(checked)
    moment = campaign.send_at if campaign else checked.send_at
    local_zone = zone_of_row(checked) or zone
    groups = _groups(campaign, item.sizes) if campaign else ()
    name = checked.name or (campaign.name if campaign else "") or "(no name)"
    waits = campaign.waits if campaign else ()
    said = [(issue, LEVELS[issue.level][0]) for issue in checked.issues]
    issues = tuple(_issue(*pair) for pair in (*said, *((issue, _WAITS[0]) for issue in waits)))
    words = (name, checked.message, checked.reference, *(group for group, _ in groups), *checked.row.texts)
    return Bubble(
        row=checked.row.number,
        name=name,
        tone=tone,
        sign=TONES[tone].sign,
        state=f"{state}: {item.decided}" if item.decided else state,
        text=mark_costly(campaign.message if campaign else checked.message),
        when=local_time(moment, local_zone, None) if moment else "no readable time",
        provider_when=local_time(moment, provider_zone, None) if moment else "",
        groups=groups,
        cost=_cost(campaign),
        media=_media(campaign),
        issues=issues,
        before=item.before,
        known=item.known,
        costly=tuple((mark.character, mark.name, mark.plain or "") for mark in costly(checked.message)),
        find=" ".join((*words, *(issue[3] for issue in issues))).casefold(),
    )


def _line(item: Previewed, zone: str) -> PreviewLine:
    """Tell a row shortly, but its text and groups whole."""
    checked, campaign = item.checked, item.checked.campaign
    moment = campaign.send_at if campaign else checked.send_at
    local_zone = zone_of_row(checked) or zone
    state = _state(checked)[1]
    return PreviewLine(
        row=checked.row.number,
        name=checked.name or "(no name)",
        state="; ".join(part for part in (state, item.decided, item.before) if part),
        when=local_time(moment, local_zone, None) if moment else "no readable time",
        groups=", ".join(name for name, _ in _groups(campaign, item.sizes)) if campaign else "",
        text=campaign.message if campaign else checked.message,
        media=_media(campaign),
    )


def _state(checked: Checked) -> tuple[str, str]:
    """Give the tone and the words of the weightiest thing that is said about a row."""
    present = {LEVELS[issue.level] for issue in checked.issues}
    if checked.campaign is not None and checked.campaign.waits:
        present.add(_WAITS)
    return next((state for state in _STATES if state in present), _READY)


def _issue(issue: Issue, tone: str) -> tuple[str, str, str, str]:
    return tone, TONES[tone].sign, cell_of(issue), issue.message


def _groups(campaign: Campaign, sizes: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name or f"group {group}", plural(sizes[group], "contact") if group in sizes else "")
        for group, name in named_groups(campaign)
    )


def _cost(campaign: Campaign | None) -> str:
    if campaign is None:
        return ""
    length = f"{plural(len(campaign.message), 'character')}, {plural(campaign.parts.count, 'part')}"
    if campaign.mms_template_id:
        length = f"{plural(len(campaign.message), 'character')}, MMS"
    if campaign.contacts is None:
        return f"{length}, contacts not known yet"
    return f"{length}, {plural(campaign.contacts, 'contact')}, about {plural(credits_needed(campaign), 'credit')}"


def _media(campaign: Campaign | None) -> str:
    if campaign is None:
        return ""
    recipients = ["double opt-in contacts only"] if campaign.type_recipients == 1 else []
    if not campaign.mms_template_id:
        return ", ".join(recipients)
    subject = [f'subject "{campaign.subject}"'] if campaign.subject else []
    return ", ".join((f"MMS template {campaign.mms_template_id}", *subject, *recipients))


def _parts(campaign: Campaign) -> int:
    return (campaign.contacts or 0) * (1 if campaign.mms_template_id else campaign.parts.count)
