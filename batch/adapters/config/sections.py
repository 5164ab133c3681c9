"""The settings as records: one class a section, one field a setting, with its default.

Plain pydantic and the standard library's `tomllib`, not pydantic-settings: that one costs another 100 ms at every
start (measured: 0.10 s and 0.20 s), and its errors would have to be caught and rewritten anyway, since they
print what was given. A section is built (`defer_build`) only when a file or the environment says something about it.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from batch.adapters.config.kept import Kept
from batch.adapters.config.kinds import (
    Address,
    Addresses,
    Clock,
    Count,
    CountOrNone,
    Domains,
    Encoding,
    FilePath,
    Hours,
    LedgerUrl,
    Longest,
    Positive,
    ProviderUrl,
    Purposes,
    Seconds,
    Share,
    SureZone,
    Texts,
    Weekday,
    Weekdays,
    Zone,
    Zones,
)
from batch.model.limits import DEFAULT, Limits
from batch.model.secret import Secret


class Section(BaseModel):
    """What all sections have in common: frozen, and nothing in them that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)


class ProviderSection(Section):
    """`[provider]`: where the campaigns go, and how patiently. Durations are seconds."""

    url: ProviderUrl = "https://api2.protexting.com/v1"
    account: Annotated[str, Field(min_length=1, max_length=64)] = "main"
    """The label of the account; part of every tag, so it never changes once campaigns went out."""
    timezone: SureZone = "America/New_York"
    """The zone in which the provider reads times."""
    connect_timeout: Positive = 10.0
    deadline: Positive = 45.0
    settle: Seconds = 300.0
    settle_gap: Seconds = 30.0
    tag_names: bool = True
    max_name: Longest = None
    """The longest name that the provider keeps whole; None when it is not known to cut."""
    proxy: Annotated[str, Field(repr=False)] = ""
    access_token_file: FilePath = None
    ca_file: FilePath = None

    _kept: Kept = PrivateAttr(default_factory=Kept)

    @cached_property
    def access_token(self) -> Secret:
        """Give the token from the environment, its file or the system's keyring; an empty one when there is none.

        Looked up when first asked for, since the keyring is slow. Raises UsageError for a file that cannot be read.
        """
        return self._kept.find()[0]

    @property
    def access_token_from(self) -> str:
        """Say where the token comes from: `environment`, `file`, `keyring`, or an empty text for nowhere."""
        return self._kept.find()[1]


class LedgerSection(Section):
    """`[ledger]`: where everything that happened is written down."""

    url: Annotated[LedgerUrl, Field(repr=False)] = "sqlite:///ledger.sqlite3"
    group: str = ""
    """The system's group whose members share the ledger; empty for this user alone."""


class SheetSection(Section):
    """`[sheet]`: how the team's spreadsheets are to be read."""

    timezone: Zone = ""
    """The zone in which the sheet's times are meant; empty while nobody has said it."""
    date_order: Literal["month", "day", "iso"] = "month"
    type_recipients: Annotated[int, Field(ge=0, le=1)] = 0
    name: str = ""
    max_rows: Count = DEFAULT.rows
    max_cells: Count = DEFAULT.cells
    max_characters: Count = DEFAULT.characters
    max_taken_rows: Count = DEFAULT.taken_rows
    max_bad_rows: Count = DEFAULT.bad_rows
    max_megabytes: Count = DEFAULT.file_bytes // 2**20
    max_seconds: Count = DEFAULT.seconds
    max_memory: Count = DEFAULT.memory // 2**20
    """Megabytes, of the process that reads the file."""
    encoding: Encoding = "cp1252"

    @property
    def limits(self) -> Limits:
        """Give the limits of one file: the team's own, and those that nobody sets."""
        return DEFAULT._replace(
            rows=self.max_rows,
            cells=self.max_cells,
            reach=max(DEFAULT.reach, 5 * self.max_cells),
            characters=self.max_characters,
            taken_rows=self.max_taken_rows,
            bad_rows=self.max_bad_rows,
            file_bytes=self.max_megabytes * 2**20,
            seconds=self.max_seconds,
            memory=self.max_memory * 2**20,
        )


class ChecksSection(Section):
    """`[checks]`: what a campaign must keep to."""

    stop_above: Share = 0.2
    lead_minutes: CountOrNone = 10
    horizon_days: Count = 365
    quiet_hours: Hours = "21:00-08:00"
    max_characters: Count = 480
    max_parts: Count = 3
    close_hours: Annotated[float, Field(ge=0, le=168)] = 2.0
    contacts_tolerance: Share = 0.1
    test_contacts: CountOrNone = 25
    """How many people a group may have that `submit --test` texts: a test needs no second person."""
    brand: str = ""
    prefix: str = ""
    footer: str = ""
    plain_characters: bool = False
    word_list: Texts = ()
    texts_per_day: CountOrNone = 2
    texts_per_week: CountOrNone = 5
    country: str = ""
    state: str = ""
    blackout: Texts = ()
    """`2026-12-25`, `12-25` (every year), `2026-12-24..2026-12-26`, `sunday`, with hours behind it or without."""
    week_start: Weekday = "monday"


class GroupSection(Section):
    """`[groups."NAME"]`: what holds for the people of one group."""

    timezones: Zones = ()
    hours: Hours = "09:00-20:00"
    purpose: Purposes = ()
    days: Weekdays = ()


class TemplatesSection(Section):
    """`[templates]`: where the team's own message templates lie."""

    folder: Path = Path("templates/messages")


class ReportsSection(Section):
    """`[reports]`: where reports go, and what they look like."""

    folder: Path = Path("reports")
    templates: Path = Path("templates/reports")
    """The team's own versions of the page's templates; what is not there comes from the program."""
    team: str = ""
    logo: FilePath = None
    credit_price: Annotated[float, Field(ge=0)] = 0.0
    """What one credit costs; 0 when reports should not speak of money."""
    currency: str = "USD"
    weekly_budget: Annotated[int, Field(ge=0)] = 0
    """Credits that a week may cost, for `insights`; 0 for no budget."""
    url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    """Where the reports folder can be read in a browser, for the button in a mail; empty: the page is attached."""


class EmailSection(Section):
    """`[email]`: the mail server, and who gets what."""

    host: str = ""
    """Empty: no mail is sent."""
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password_file: FilePath = None
    ca_file: FilePath = None
    timeout: Positive = 30.0
    sender: Annotated[Address, Field(alias="from")] = ""
    reply_to: Address = ""
    to: Addresses = ()
    attention_to: Addresses = ()
    digest_to: Addresses = ()
    approvers: Addresses = ()
    owner_domains: Domains = ()
    """Where a sheet's owners may get mail; empty: only at the domains of the addresses above."""
    max_attachment_mb: Annotated[float, Field(ge=0)] = 5.0
    """What a mail takes along at most; more than 5 counts as 5, since many mail servers refuse it."""
    digest_day: Weekday = "monday"
    digest_at: Clock = "07:00"

    _kept: Kept = PrivateAttr(default_factory=Kept)

    @cached_property
    def password(self) -> Secret:
        """Give the password from the environment, its file or the system's keyring, as with the token."""
        return self._kept.find()[0]


class ApprovalSection(Section):
    """`[approval]`: whether a second person lets a batch go."""

    required: bool = False
    shared_users: bool = False
    """Whether a yes counts that nothing proves to be another person's, since people share one user of the system."""


class WatchSection(Section):
    """`[watch]`: the folder that takes in files automatically."""

    folder: Path = Path("inbox")
    stable_seconds: Positive = 5.0
    scan_seconds: Positive = 10.0
    grace_minutes: Annotated[float, Field(ge=0, le=1440)] = 5.0
    reconcile_at: Clock = "02:00"
    """When the nightly comparison with the provider's lists runs, by the sheet's zone."""


class WorkersSection(Section):
    """`[workers]`: whether files are taken in by `campaign-batch worker`, on this machine or others."""

    enabled: bool = False
    """The watch only hands files over, and files them away; everything else is the workers' work."""
    every_seconds: Annotated[int, Field(ge=1, le=60)] = 30
    """How often somebody looks at what is due in each account."""
    stalled_seconds: Annotated[int, Field(ge=2, le=3600)] = 30
    """A worker that gave no sign for so long is taken for dead, and its job is given out anew."""


class Settings(Section):
    """All settings of one run, and where each comes from."""

    provider: ProviderSection
    ledger: LedgerSection
    sheet: SheetSection
    checks: ChecksSection
    rules: Mapping[str, str]
    """Code to error, hold, warning or off."""
    groups: Mapping[str, GroupSection]
    """By a group's name or id."""
    templates: TemplatesSection
    reports: ReportsSection
    email: EmailSection
    approval: ApprovalSection
    watch: WatchSection
    workers: WorkersSection
    source: Path | None = None
    """The settings file; None when there is none."""
    folder: Path = Path()
    """Where relative paths begin: the settings file's folder, else the working folder."""
    sources: Mapping[str, str] = {}
    """`provider.url` to `default`, `environment` or the settings file's name."""
    accounts: Annotated[Mapping[str, "Settings"], Field(repr=False)] = {}
    """Every account by its name, this one too; empty where the settings are about one only."""
    default_account: str = ""
    """The account of whatever names none; empty where somebody must name one."""
    report_store: str = ""
    """The address of the object store into which reports are put besides; empty where the folder is all."""
    root: Path | None = None
    """The watched folder of all accounts, within which this one's lies; None where it has one of its own."""

    @property
    def name(self) -> str:
        """The account's name, to be told beside others; empty where there is one only."""
        return self.provider.account if self.accounts else ""

    @property
    def is_account(self) -> bool:
        """Whether this is an account's record, and not the mere top of several."""
        return not self.accounts or self.provider.account in self.accounts

    @property
    def others(self) -> "dict[str, Settings]":
        """Every other account by its name."""
        return {name: one for name, one in self.accounts.items() if name != self.provider.account}

    @property
    def team_zone(self) -> str:
        """The zone in which people are told of times: the sheet's, else the provider's."""
        return self.sheet.timezone or self.provider.timezone

    def given_secrets(self) -> tuple[Secret, ...]:
        """Give the secrets that are at hand without asking the keyring, for the filter of the log."""
        every = (self, *self.accounts.values())
        kept = [one for settings in every for one in (settings.provider._kept, settings.email._kept)]
        return tuple(secret for one in kept if (secret := one.given))


SECTIONS: Mapping[str, type[Section]] = {
    "provider": ProviderSection,
    "ledger": LedgerSection,
    "sheet": SheetSection,
    "checks": ChecksSection,
    "templates": TemplatesSection,
    "reports": ReportsSection,
    "email": EmailSection,
    "approval": ApprovalSection,
    "watch": WatchSection,
    "workers": WorkersSection,
}
"""The sections with a fixed set of keys; `rules` and `groups` have names of the team's own."""


def keys_of(section: type[Section]) -> dict[str, str]:
    """Give the keys of a section as people write them, each with the name of its field."""
    return {field.alias or name: name for name, field in section.model_fields.items()}
