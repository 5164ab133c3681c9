"""Each kind of trouble has a name that never changes: the watch keys its mails by it, in the ledger."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import batch
from batch.model.errors import BatchError, LedgerError

KINDS = {
    "BatchError",
    "StoppedError",
    "UsageError",
    "NoLedgerError",
    "AlreadyThereError",
    "SheetError",
    "MachineError",
    "LedgerError",
    "LedgerBusyError",
    "LedgerReplacedError",
    "LedgerTakenOverError",
    "ProviderError",
    "TokenError",
    "AddressError",
    "NotAsAskedError",
    "OtherLedgerError",
    "ClockError",
    "ReportError",
    "DeliveryError",
    "InboxGoneError",
    "InboxBusyError",
    "MessageNotFound:template-not-found",
    "MessageUnreadable:template-unreadable",
}


def every(kind: type[BatchError]) -> Iterator[type[BatchError]]:
    """Give a class of errors and all below it, but none that never leaves its module."""
    yield kind
    for below in kind.__subclasses__():
        if not below.__name__.startswith("_"):
            yield from every(below)


def test_the_kinds_of_trouble_never_change() -> None:
    """A class may be called something else; its kind stays as it is, and two share one only as what they once were."""
    for module in pkgutil.walk_packages(batch.__path__, "batch."):
        if "__main__" not in module.name and "migrations" not in module.name:
            importlib.import_module(module.name)
    kinds = {kind: f"{kind.name}:{kind.code}".rstrip(":") for kind in every(BatchError)}
    own = [name for kind, name in kinds.items() if name != kinds.get(kind.__bases__[0])]
    assert (set(own), len(own)) == (KINDS, len(KINDS))


def test_a_code_joins_the_kind() -> None:
    """Troubles of one class are told apart by their code."""
    assert LedgerError("a", code="full").kind == "LedgerError:full"
