"""Open the context of one run: the ledger and the provider of the settings."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from batch.core.hosts import is_loopback
from batch.core.identity import fold
from batch.core.ledger_urls import IN_MEMORY, sqlite_path, sqlite_url
from batch.core.pacing import Pace
from batch.core.payload import PostingRules
from batch.core.settle import Instant
from batch.core.validate.lost_guards import describe_lost, find_lost
from batch.model import UNKNOWN, Account, Group, Person
from batch.model.errors import BatchError, LedgerError, ProviderError, StoppedError, UsageError
from batch.model.records import dataclass
from batch.model.secret import Secret
from batch.model.times import local_time
from batch.system.person import person_at_work
from batch.system.temporary import make_temporary_folder, remove_folder
from batch.workflows.events import Note, Tell, Wait, say_nothing
from batch.workflows.permissions import secure

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.glance import Glance
    from batch.adapters.ledger import Ledger, Pause
    from batch.adapters.provider import Provider

_HOW_TO_SIGN_IN = (
    'type "campaign-batch init --token", which keeps it in the system\'s keyring, or set the environment variable '
    "CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN (or CAMPAIGN_BATCH_PROVIDER__ACCESS_TOKEN_FILE to the file that holds it)"
)

_HOW_AN_ACCOUNT_SIGNS_IN = (
    "name the variable that holds it with token_env under [accounts.{0}], or its file with token_file, or type "
    '"campaign-batch init --token --account {0}"'
)

LONG = 2.0
"""Seconds of waiting that a person is told of."""


def utc_now() -> datetime:
    """Give the time, aware, in UTC."""
    return datetime.now(UTC)


def refuse_to_insist(words: str) -> bool:
    """Raise UsageError: what may be a second sending goes with an explicit yes only."""
    raise UsageError(
        f"nothing was sent: {words.rpartition('; ')[0] or words}", "to do it anyway, type the same command with --yes"
    )


@dataclass(frozen=True, slots=True)
class World:
    """What a run takes from outside: clocks, patience, who it is, and whom it tells."""

    now: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic
    """Seconds by a clock that nobody can set."""
    sleep: Callable[[float], None] = time.sleep
    stopped: Callable[[], bool] = lambda: False
    """Whether a person asked for an end: what is on the wire is finished, nothing else begun."""
    tell: Tell = say_nothing
    confirm: Callable[[str], bool] = lambda _words: True
    """Asked with the totals before the first request."""
    insist: Callable[[str], bool] = refuse_to_insist
    """Asked where a yes may send something twice: without a person it takes an explicit word, else UsageError."""
    who: str = ""
    machine: str = ""
    user: Person | None = None
    """Who it is by the system's word; None where only a name is known."""

    @property
    def person(self) -> Person:
        """Give who is at work, as far as it is known."""
        return self.user if self.user is not None and self.user.shown == self.who else Person(self.who or UNKNOWN)

    @property
    def signature(self) -> str:
        """Give who decided, and at which machine, for the record."""
        return f"{self.who} on {self.machine}" if self.machine else self.who


@dataclass(frozen=True, slots=True)
class Context:
    """What one run works with: the settings, an open ledger and provider, and the world around it."""

    settings: Settings
    ledger: Ledger
    provider: Provider
    world: World
    rehearsal: bool = False
    looking: bool = False
    """Nothing is written: the ledger is only looked at."""
    ended: dict[int, float] = field(default_factory=dict)
    """Entry to when its last attempt ended, where this process made it: seconds by the clock that nobody can set."""
    met: dict[int, Instant] = field(default_factory=dict)
    """Entry to when this process met its doubt first, where no clock tells how old the doubt is."""
    said: set[str] = field(default_factory=set)
    """What was told already and is not told twice in a run."""

    doubled: dict[str, str] = field(default_factory=dict)
    """Id to what a person is told of it: the campaigns that the latest list shows a second time."""

    @property
    def lead(self) -> timedelta:
        """How long before its time a campaign must be at the provider."""
        return timedelta(minutes=self.settings.checks.lead_minutes)

    @property
    def zone(self) -> str:
        """The provider's zone."""
        return self.settings.provider.timezone

    @property
    def posting(self) -> PostingRules:
        """What today's settings say about the name and the time of what is posted."""
        return posting_rules(self.settings)

    def note(self, words: str, *, loud: bool = False) -> None:
        """Tell one line."""
        self.world.tell(Note(words, loud))


def how_to_sign_in(settings: Settings) -> str:
    """Say where the token is to be put."""
    return _HOW_AN_ACCOUNT_SIGNS_IN.format(settings.name) if settings.name else _HOW_TO_SIGN_IN


def refuse_shared_token(settings: Settings) -> None:
    """Raise UsageError where another account is the same one at the provider: it would have two paces and two books.

    What is wrong with another account's own token is that account's trouble.
    """
    twins = [name for name, other in settings.others.items() if _is_one_account(settings, other)]
    if twins:
        words = f'the accounts "{settings.name}" and "{twins[0]}" have the same token at the same provider'
        raise UsageError(f"{words}: they are one account", "give each its own token, or remove one of the two")


def need_token(settings: Settings) -> Secret:
    """Give the token of the settings; raise UsageError where there is none, or where it is another account's, too."""
    token = settings.provider.access_token
    if not token:
        whose = f" of the account {settings.name}" if settings.name else ""
        raise UsageError(f"there is no access token for the provider{whose}", how_to_sign_in(settings))
    refuse_shared_token(settings)
    return token


def _is_one_account(settings: Settings, other: Settings) -> bool:
    mine, theirs = settings.provider, other.provider
    if mine.url.casefold().rstrip("/") != theirs.url.casefold().rstrip("/"):
        return False
    with suppress(BatchError):
        return bool(mine.access_token) and mine.access_token.reveal() == theirs.access_token.reveal()
    return False


def posting_rules(settings: Settings) -> PostingRules:
    """Give what today's settings say about the name and the time of what is posted."""
    wanted = settings.provider
    return PostingRules(wanted.account, wanted.timezone, wanted.tag_names, wanted.max_name)


@contextmanager
def open_context(settings: Settings, world: World, *, quiet: bool = False) -> Iterator[Context]:
    """Open the ledger and the provider of the settings; `quiet` leaves it to the caller to tell of a pause."""
    with ExitStack() as stack:
        ledger = stack.enter_context(open_ledger_of(settings, world, quiet=quiet))
        yield Context(settings, ledger, make_provider(settings, ledger, world), world)


def describe_pause(pause: Pause | Glance, settings: Settings) -> str:
    """Say by whom, since when by the team's clock, and why everything is paused."""
    return f'by {pause.who} since {local_time(pause.since, settings.team_zone)} ("{pause.why}")'


@contextmanager
def open_rehearsal(settings: Settings, world: World, groups: Iterable[Group] = ()) -> Iterator[Context]:
    """Open a temporary ledger and a sandbox that knows every template, and the groups given beside its own."""
    from batch.adapters.ledger import open_ledger
    from batch.adapters.sandbox import Sandbox, store_groups

    with ExitStack() as stack:
        folder = make_temporary_folder()
        stack.callback(remove_folder, folder)
        own = {fold(group.name): group for group in store_groups()}
        others = {name: group for group in groups if (name := fold(group.name)) not in own}
        known = {group.id: group for group in (*others.values(), *own.values())}
        zone = settings.provider.timezone
        sandbox = stack.enter_context(
            Sandbox(lenient=True, zone=zone, limit=0, groups=known.values(), clock=lambda: world.now().timestamp())
        )
        url = sqlite_url(folder / "rehearsal.sqlite3")
        ledger = stack.enter_context(open_ledger(url, now=world.now()))
        provider = make_provider(settings, ledger, world, url=sandbox.url, token=Secret(sandbox.token))
        yield Context(settings, ledger, provider, world, rehearsal=True)


@contextmanager
def peek(settings: Settings, world: World) -> Iterator[Context]:
    """Open the provider and what ledger there is, to look only; where there is none, none is made."""
    from batch.adapters.ledger import open_ledger

    url = settings.ledger.url
    path = sqlite_path(url)
    if path is not None and not path.exists():
        url = IN_MEMORY
    with open_ledger(url, now=world.now(), redact=redactor(settings), look=True) as ledger:
        say_if_paused(ledger, settings, world)
        yield Context(settings, ledger, make_provider(settings, None, world), world, looking=True)


@contextmanager
def open_ledger_of(
    settings: Settings, world: World, *, create: bool = True, quiet: bool = False, look: bool = False
) -> Iterator[Ledger]:
    """Open the ledger alone, for commands that ask the provider nothing; a pause is told before anything else.

    Whatever others could read is theirs no more, unless the caller came to `look` only.
    """
    from batch.adapters.ledger import open_ledger

    if not look:
        secure(settings, world.tell)
    url, redact = settings.ledger.url, redactor(settings)
    with open_ledger(url, now=world.now(), create=create, redact=redact) as ledger:
        if not quiet:
            say_if_paused(ledger, settings, world)
        yield ledger


def say_if_paused(ledger: Ledger, settings: Settings, world: World) -> None:
    """Tell by whom and why everything is paused, if it is."""
    if pause := ledger.pauses.first():
        world.tell(Note(f"everything is paused {describe_pause(pause, settings)}: nothing is submitted", loud=True))


def redactor(settings: Settings) -> Callable[[str], str]:
    """Give what takes the settings' secrets out of a text before it is written down."""

    def redact(text: str) -> str:
        for secret in (settings.provider.access_token, *settings.given_secrets()):
            text = secret.redact(text)
        return text

    return redact


def make_provider(
    settings: Settings, ledger: Ledger | None, world: World, *, url: str = "", token: Secret | None = None
) -> Provider:
    """Make the provider of the settings, or one at another place; it keeps pace with all processes of the ledger."""
    from batch.adapters.provider import Provider

    wanted = settings.provider
    return Provider(
        url or wanted.url,
        token or need_token(settings),
        connect_timeout=wanted.connect_timeout,
        deadline=wanted.deadline,
        proxy=wanted.proxy,
        pace=Pace(ledger.journal.silent_until, _share_silence(ledger)) if ledger is not None else Pace(),
        clock=lambda: world.now().timestamp(),
        ticks=world.monotonic,
        sleep=lambda seconds: _wait(world, seconds),
        verify=str(wanted.ca_file) if wanted.ca_file else True,
    )


def _wait(world: World, seconds: float) -> None:
    """Sleep before a question to the provider may be asked, or asked again; raise StoppedError at a wish to end."""
    told = seconds > LONG
    while seconds > 0:
        if world.stopped():
            raise StoppedError("interrupted while it waited for the provider", "nothing is lost: run the command again")
        if told:
            world.tell(Wait("the provider's rate limit", seconds))
        world.sleep(min(seconds, 1.0))
        seconds -= 1.0
    if told:
        world.tell(Wait("", 0.0))


def _share_silence(ledger: Ledger) -> Callable[[float], None]:
    """Tell the other processes how long to be silent, but never lose an answer because that cannot be written."""

    def tell(until: float) -> None:
        with suppress(LedgerError):
            ledger.journal.set_silent_until(until)

    return tell


def read_account(provider: Provider, tell: Tell) -> Account:
    """Ask once what groups, templates and credits there are; what cannot be read stays None, with a word."""
    from batch.adapters.provider import AddressError

    found: dict[str, object] = {}
    for what, ask in (("groups", provider.groups), ("templates", provider.templates), ("credits", provider.credits)):
        try:
            found[what] = ask()
        except AddressError as trouble:
            found[what] = None
            tell(Note(f"the account's {what} could not be read, so they are not checked: {trouble.words}"))
        except ProviderError:
            raise
    return Account(**found)  # type: ignore[arg-type]


def look_at_account(settings: Settings, world: World) -> Account:
    """Ask what there is, for commands without a ledger of their own, and say which sections guard nobody."""
    account = read_account(make_provider(settings, None, world), world.tell)
    account = replace(account, former=_former_names(settings, world))
    tell_lost_guards(settings, account, world.tell)
    return account


def _former_names(settings: Settings, world: World) -> Mapping[str, str]:
    """Give what sheets and settings called groups before, where there is a ledger that remembers it."""
    if settings.groups:
        with suppress(BatchError), open_ledger_of(settings, world, create=False, quiet=True) as ledger:
            return {fold(name): group for name, group in ledger.groups.named().items()}
    return {}


def tell_lost_guards(settings: Settings, account: Account, tell: Tell) -> None:
    """Say which sections of the settings guard nobody by their names."""
    for guard in find_lost(settings.groups, account):
        tell(Note(describe_lost(guard), loud=True))


def need_zone(settings: Settings, *, for_real: bool) -> str:
    """Give the zone in which the sheet's times are read; for the real provider somebody must have said it."""
    if settings.sheet.timezone:
        return settings.sheet.timezone
    host = urlsplit(settings.provider.url).hostname or ""
    if for_real and not is_loopback(host):
        remedy = 'write timezone = "America/Chicago" (or yours) under [sheet] in campaign-batch.toml'
        raise UsageError(
            "no time zone is set for the sheet",
            remedy if settings.source else f'{remedy}, or type "campaign-batch init" first',
        )
    return settings.provider.timezone


def name_person() -> str:
    """Give the system's name of the person at work, whatever the environment says."""
    return person_at_work(os.environ).name


def name_machine() -> str:
    """Give this machine's name."""
    return platform.node() or "unknown"
