"""A stand-in provider on loopback, for rehearsals, demo and tests; nothing in it ever reaches a phone."""

from batch.sandbox.campaigns import HeldCampaign
from batch.sandbox.endpoints import Post
from batch.sandbox.faults import KINDS, TARGETS, Fault, Faults, parse_fault
from batch.sandbox.groups import picture_templates, store_groups
from batch.sandbox.limiter import Limiter
from batch.sandbox.server import TOKEN, Sandbox

__all__ = [
    "KINDS",
    "TARGETS",
    "TOKEN",
    "Fault",
    "Faults",
    "HeldCampaign",
    "Limiter",
    "Post",
    "Sandbox",
    "parse_fault",
    "picture_templates",
    "store_groups",
]
