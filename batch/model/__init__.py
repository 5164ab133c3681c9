"""The records and enums that travel between the floors; they know no rule and open nothing.

Each record is loaded when it is first asked for: the process that reads a file needs few of them, and dataclasses are
what its start is spent on (16 of 85 ms).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batch.model.answers import Answer, DeliveryCount, Failure, Listed, Listing, Outcome, SentTotals, Stop
    from batch.model.entries import (
        NOT_SHOWN,
        PERSON,
        REJECTED,
        SHEET,
        UNDER_WAY,
        WAITS,
        Attempt,
        Batch,
        Change,
        ChangeKind,
        Entry,
        Finding,
        FindingKind,
        Intent,
        PauseCause,
        Posted,
        StatusChange,
    )
    from batch.model.insights import Insight, Insights, Mark, Sending
    from batch.model.issues import NOTHING, Issue, Level, Status
    from batch.model.people import UNKNOWN, Person, Proof, Way
    from batch.model.plans import Action, Brief, Decision, KnownEntry, Plan
    from batch.model.rows import Account, Campaign, Checked, Draft, Group, Header, MmsTemplate, Parts, Row

__all__ = [
    "NOTHING",
    "NOT_SHOWN",
    "PERSON",
    "REJECTED",
    "SHEET",
    "UNDER_WAY",
    "UNKNOWN",
    "WAITS",
    "Account",
    "Action",
    "Answer",
    "Attempt",
    "Batch",
    "Brief",
    "Campaign",
    "Change",
    "ChangeKind",
    "Checked",
    "Decision",
    "DeliveryCount",
    "Draft",
    "Entry",
    "Failure",
    "Finding",
    "FindingKind",
    "Group",
    "Header",
    "Insight",
    "Insights",
    "Intent",
    "Issue",
    "KnownEntry",
    "Level",
    "Listed",
    "Listing",
    "Mark",
    "MmsTemplate",
    "Outcome",
    "Parts",
    "PauseCause",
    "Person",
    "Plan",
    "Posted",
    "Proof",
    "Row",
    "Sending",
    "SentTotals",
    "Status",
    "StatusChange",
    "Stop",
    "Way",
]

_NAMES = {
    "answers": "Answer DeliveryCount Failure Listed Listing Outcome SentTotals Stop",
    "entries": "NOT_SHOWN PERSON REJECTED SHEET UNDER_WAY WAITS Attempt Batch Change ChangeKind Entry Finding "
    "FindingKind Intent PauseCause Posted StatusChange",
    "insights": "Insight Insights Mark Sending",
    "issues": "NOTHING Issue Level Status",
    "people": "UNKNOWN Person Proof Way",
    "plans": "Action Brief Decision KnownEntry Plan",
    "rows": "Account Campaign Checked Draft Group Header MmsTemplate Parts Row",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Load what is asked for from its module, once."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
