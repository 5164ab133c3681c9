"""Every code that `[rules]` may name, and those that it may not change."""

from __future__ import annotations

from collections.abc import Iterable

from batch.adapters.sheet import SHEET_CODES
from batch.core.guards import PLAN_CODES, PLAN_HARD_CODES
from batch.core.render import RENDER_CODES
from batch.core.validate import HARD_CODES, RULE_CODES

ALL_CODES = {**RENDER_CODES, **PLAN_CODES, **RULE_CODES, **SHEET_CODES}
"""Code to what it means, in a line."""

HARD = frozenset(HARD_CODES) | PLAN_HARD_CODES | SHEET_CODES.keys() | (RENDER_CODES.keys() - {"braces-in-cell"})
"""Codes whose level stays as it is: a row with such an error cannot be sent at all."""


def widen(codes: Iterable[str]) -> frozenset[str]:
    """Add to each code those of its family, which say the same of another place: `quiet-hours-there`."""
    wanted = frozenset(codes)
    return wanted | {code for code in ALL_CODES for one in wanted if code.startswith(f"{one}-")}
