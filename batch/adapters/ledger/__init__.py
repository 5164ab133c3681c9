"""The ledger: a database of everything that was planned, sent and seen, written before anything is sent."""

from batch.adapters.ledger.archiving import name_archive
from batch.adapters.ledger.batches import BatchRow, Shown
from batch.adapters.ledger.deliveries import DeliveryProgress
from batch.adapters.ledger.drops import ANYWHERE, BESIDE, PREVIEW, Drop, Ended, Handed, Result
from batch.adapters.ledger.entries import Bearers
from batch.adapters.ledger.exporting import EXPORT_KEYS, EXPORT_ONLY
from batch.adapters.ledger.journal import Run
from batch.adapters.ledger.ledger import Ledger, open_ledger, throw_away_ledger
from batch.adapters.ledger.lists import Observation
from batch.adapters.ledger.lock import Owner, read_owner
from batch.adapters.ledger.opening import keep_connections, resolve_url
from batch.adapters.ledger.outbox import Mail
from batch.adapters.ledger.pauses import Pause
from batch.adapters.ledger.purging import Purge
from batch.adapters.ledger.restoring import Holding, Restored, find_backup, look_into, restore

__all__ = [
    "ANYWHERE",
    "BESIDE",
    "EXPORT_KEYS",
    "EXPORT_ONLY",
    "PREVIEW",
    "BatchRow",
    "Bearers",
    "DeliveryProgress",
    "Drop",
    "Ended",
    "Handed",
    "Holding",
    "Ledger",
    "Mail",
    "Observation",
    "Owner",
    "Pause",
    "Purge",
    "Restored",
    "Result",
    "Run",
    "Shown",
    "find_backup",
    "keep_connections",
    "look_into",
    "name_archive",
    "open_ledger",
    "read_owner",
    "resolve_url",
    "restore",
    "throw_away_ledger",
]
