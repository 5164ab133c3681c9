"""The records and enums that travel between the floors; they know no rule and open nothing."""

from __future__ import annotations

from batch.model.answers import Answer, DeliveryCount, Failure, Listed, Listing, Outcome, Stop
from batch.model.entries import (
    NOT_SHOWN,
    PERSON,
    REJECTED,
    SHEET,
    WAITS,
    Attempt,
    Batch,
    Change,
    ChangeKind,
    Entry,
    Finding,
    FindingKind,
    PauseCause,
    StatusChange,
)
from batch.model.insights import Insight, Insights, Mark, Sending
from batch.model.issues import NOTHING, Issue, Level, Status
from batch.model.people import UNKNOWN, Person, Proof, Way
from batch.model.plans import Action, Decision, KnownEntry, Plan
from batch.model.rows import Account, Campaign, Checked, Draft, Group, Header, MmsTemplate, Parts, Row

__all__ = [
    "NOTHING",
    "NOT_SHOWN",
    "PERSON",
    "REJECTED",
    "SHEET",
    "UNKNOWN",
    "WAITS",
    "Account",
    "Action",
    "Answer",
    "Attempt",
    "Batch",
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
    "Proof",
    "Row",
    "Sending",
    "Status",
    "StatusChange",
    "Stop",
    "Way",
]
