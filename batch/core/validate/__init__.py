"""Checks drafts against the team's rules and makes campaigns of those that pass.

Pure: the moment and the account are handed in. One function a check; `checker.CHECKS`, `texts.TEXT_CHECKS` and
`codes.CODES` are the tables of contents.
"""

from __future__ import annotations

from batch.core.validate.account import (
    account_waits,
    credits_needed,
    find_gone,
    find_moved_names,
    find_short_credits,
    often_texted,
)
from batch.core.validate.checker import Checker, Drafted, Examined, apply_late, check_all
from batch.core.validate.rules import FORBIDDEN_SUBJECTS, PURPOSES, GroupRule, Rules
from batch.core.validate.slips import find_other_week, find_same_offers
from batch.core.validate.times import parse_send_time
from batch.core.validate.zones import find_zone, zone_of_row

__all__ = [
    "FORBIDDEN_SUBJECTS",
    "PURPOSES",
    "Checker",
    "Drafted",
    "Examined",
    "GroupRule",
    "Rules",
    "account_waits",
    "apply_late",
    "check_all",
    "credits_needed",
    "find_gone",
    "find_moved_names",
    "find_other_week",
    "find_same_offers",
    "find_short_credits",
    "find_zone",
    "often_texted",
    "parse_send_time",
    "zone_of_row",
]
