"""A stand-in provider on loopback, for rehearsals, demo and tests; nothing in it ever reaches a phone."""

from batch.adapters.sandbox.campaigns import HeldCampaign
from batch.adapters.sandbox.endpoints import Post
from batch.adapters.sandbox.faults import KINDS, TARGETS, FaultRule, Faults, parse_fault
from batch.adapters.sandbox.groups import picture_templates, store_groups
from batch.adapters.sandbox.limiter import Limiter
from batch.adapters.sandbox.server import TOKEN, Sandbox

__all__ = [
    "KINDS",
    "TARGETS",
    "TOKEN",
    "FaultRule",
    "Faults",
    "HeldCampaign",
    "Limiter",
    "Post",
    "Sandbox",
    "parse_fault",
    "picture_templates",
    "store_groups",
]
