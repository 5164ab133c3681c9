"""Examine what doctor asks the provider: groups, templates, credits and its clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from batch.core.identity import fold, plain_id
from batch.model.errors import BatchError
from batch.model.plurals import plural
from batch.model.times import span_words
from batch.workflows.clock import SKEW
from batch.workflows.context import World
from batch.workflows.doctor_line import MOST_SECONDS, Line, examine_line, examine_softly

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.provider import Provider


def provider_lines(settings: Settings, world: World) -> list[Line]:
    """Examine the provider, one try each; where it does not answer at all, that is the one line."""
    try:
        if not settings.provider.access_token:
            return [
                Line("provider", "broken", "not asked: there is no token yet", "see what the line of the token says")
            ]
        provider = _make_provider(settings)
    except BatchError as trouble:
        return [Line("provider", "broken", trouble.words, trouble.remedy)]
    lines = [_groups(provider, settings.provider.access_token_from)]
    if lines[0].state == "broken":
        return lines
    lines += _unknown_groups(settings, provider)
    return [*lines, _templates(provider), _credits(provider), _clock(settings, world)]


def _make_provider(settings: Settings) -> Provider:
    """Make a provider that tries once and gives up soon."""
    from batch.adapters.provider import Provider

    wanted = settings.provider
    return Provider(
        wanted.url,
        wanted.access_token,
        connect_timeout=min(wanted.connect_timeout, MOST_SECONDS),
        deadline=min(wanted.deadline, MOST_SECONDS),
        proxy=wanted.proxy,
        verify=str(wanted.ca_file) if wanted.ca_file else True,
        tries=1,
        patience=MOST_SECONDS,
        longest_pause=MOST_SECONDS,
    )


def _groups(provider: Provider, token_from: str) -> Line:
    from batch.adapters.provider import TokenError

    def look() -> Line:
        try:
            groups = provider.groups()
        except TokenError as trouble:
            kept = f"put the right token where this one is kept ({token_from})" if token_from else "correct the token"
            return Line("provider", "broken", trouble.words, f"{kept}, or look at the account in the dashboard")
        if not groups:
            return Line("groups", "warning", f"{provider.host} knows none", "make a group in the provider's dashboard")
        return Line("groups", "fine", f"{len(groups)} at {provider.host}, the token is good")

    return examine_line("provider", look)


def _unknown_groups(settings: Settings, provider: Provider) -> list[Line]:
    """Name the [groups] of the settings that the account has not: their hours and purposes hold for nobody."""
    if not settings.groups:
        return []
    there = {fold(word) for group in provider.groups() for word in (group.id, group.name)}
    missing = ", ".join(
        f'"{name}"' for name in settings.groups if fold(name) not in there and plain_id(name) not in there
    )
    remedy = "write each as the dashboard shows it: until then the rows that it may guard are held"
    return [Line("groups of the settings", "warning", f"the account has no {missing}", remedy)] if missing else []


def _templates(provider: Provider) -> Line:
    def look() -> Line:
        templates = provider.templates()
        approved = sum(one.status_id == 3 for one in templates)
        words = f"{plural(len(templates), 'template')}, {approved or 'none'} approved" if templates else "none"
        return Line("MMS templates", "fine", words)

    return examine_softly("MMS templates", look)


def _credits(provider: Provider) -> Line:
    def look() -> Line:
        credits = provider.credits()
        if credits <= 0:
            return Line("credits", "warning", "none are left", "buy credits in the provider's dashboard")
        return Line("credits", "fine", f"{credits:,}")

    return examine_softly("credits", look)


def _clock(settings: Settings, world: World) -> Line:
    theirs = _provider_time(settings)
    ours = world.now()
    if theirs is None:
        words = f"{ours:%Y-%m-%d %H:%M:%S} UTC; the provider says no time to compare"
        return Line("clock", "warning", words, "make sure that this machine sets its clock automatically")
    apart = ours - theirs
    where = "ahead of" if apart > timedelta(0) else "behind"
    words = f"{ours:%Y-%m-%d %H:%M:%S} UTC, {span_words(apart)} {where} the provider's"
    if abs(apart) > SKEW:
        return Line("clock", "broken", words, "set this machine's clock: nothing is submitted before it is right")
    return Line("clock", "fine", words)


def _provider_time(settings: Settings) -> datetime | None:
    """Read the Date of an answer to a question without the token."""
    import requests

    wanted = settings.provider
    try:
        answer = requests.head(
            wanted.url,
            timeout=MOST_SECONDS,
            allow_redirects=False,
            verify=str(wanted.ca_file) if wanted.ca_file else True,
            proxies={"http": wanted.proxy, "https": wanted.proxy} if wanted.proxy else None,
        )
        return parsedate_to_datetime(answer.headers["Date"])
    except (requests.RequestException, KeyError, ValueError, TypeError):
        return None
