"""Fit what a person is told to type to where it is read: in the settings of several accounts, in a log."""

from __future__ import annotations

import re

COMMANDS = (
    "acknowledge", "approve", "cancel", "insights", "pause", "reconcile", "reject", "report", "resolve", "resume",
    "unpause", "ledger archive", "ledger backup", "ledger export", "ledger list", "ledger purge", "ledger restore",
    "ledger show", "ledger verify", "submit FILE",
)  # fmt: skip
"""What is about one account. Others are about all of them, or about a file whose rows say whose they are."""
_HINT = re.compile(rf"campaign-batch(?<!\wcampaign-batch) (?:{'|'.join(COMMANDS)})\b(?![^\"“”;,()<&]*--account)")
"""It begins with the letters themselves, which Python looks for seventy times as fast as for the edge of a word."""
_AGAIN = re.compile(r"(, then|:) run the command again\b")


def name_account(words: str, account: str) -> str:
    """Put `--account` behind each such command that names none; an empty account changes nothing."""
    return _HINT.sub(lambda found: f"{found[0]} --account {account}", words) if account else words


def say_it_retries(words: str) -> str:
    """Say of a process that stays that it tries again: nobody needs to start it anew."""
    return _AGAIN.sub(lambda found: ("; then" if found[1] == ", then" else ":") + " it goes on automatically", words)
