"""Name the account in the commands that a person is told to type, where the settings have several."""

from __future__ import annotations

import re

COMMANDS = (
    "acknowledge", "approve", "cancel", "insights", "pause", "reconcile", "reject", "report", "resolve", "resume",
    "unpause", "ledger archive", "ledger backup", "ledger export", "ledger list", "ledger purge", "ledger restore",
    "ledger show", "ledger verify", "submit FILE",
)  # fmt: skip
"""What is about one account. Others are about all of them, or about a file whose rows say whose they are."""
_HINT = re.compile(rf"\bcampaign-batch (?:{'|'.join(COMMANDS)})\b(?![^\"“”;,()<&]*--account)")


def name_account(words: str, account: str) -> str:
    """Put `--account` behind each such command that names none; an empty account changes nothing."""
    return _HINT.sub(lambda found: f"{found[0]} --account {account}", words) if account else words
