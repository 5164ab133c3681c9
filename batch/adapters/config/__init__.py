"""The settings: `campaign-batch.toml` and the environment as frozen records; knows where each value is from."""

from batch.adapters.config.accounts import choose_account
from batch.adapters.config.kept import check_secret, store_in_file, store_password, store_token
from batch.adapters.config.loading import FILE_NAME, check_values, load_settings
from batch.adapters.config.sections import (
    ApprovalSection,
    ChecksSection,
    EmailSection,
    GroupSection,
    LedgerSection,
    ProviderSection,
    ReportsSection,
    Settings,
    SheetSection,
    TemplatesSection,
    WatchSection,
)
from batch.adapters.config.starter import fill_starter, write_starter

__all__ = [
    "FILE_NAME",
    "ApprovalSection",
    "ChecksSection",
    "EmailSection",
    "GroupSection",
    "LedgerSection",
    "ProviderSection",
    "ReportsSection",
    "Settings",
    "SheetSection",
    "TemplatesSection",
    "WatchSection",
    "check_secret",
    "check_values",
    "choose_account",
    "fill_starter",
    "load_settings",
    "store_in_file",
    "store_password",
    "store_token",
    "write_starter",
]
