"""Schedule group SMS and MMS campaigns from a spreadsheet: nothing twice, nothing lost, everything accounted for.

What a program needs is here, and loads when it is first asked for; the rest may change from one version to the next.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger
    from batch.model.errors import BatchError
    from batch.workflows.check import Check
    from batch.workflows.context import World
    from batch.workflows.library import (
        check_file,
        load_settings,
        make_world,
        open_ledger,
        read_sheet,
        reconcile,
        resume,
        submit_file,
        write_report,
    )
    from batch.workflows.tally import Comparison, Tally

__version__ = "0.1.0"

__all__ = [
    "BatchError",
    "Check",
    "Comparison",
    "Ledger",
    "Settings",
    "Tally",
    "World",
    "check_file",
    "load_settings",
    "make_world",
    "open_ledger",
    "read_sheet",
    "reconcile",
    "resume",
    "submit_file",
    "write_report",
]

_PLACES = {
    "BatchError": "model.errors",
    "Check": "workflows.check",
    "Comparison": "workflows.tally",
    "Ledger": "adapters.ledger",
    "Settings": "adapters.config",
    "Tally": "workflows.tally",
    "World": "workflows.context",
}
"""Where the records are; the functions are in `workflows.library`."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"batch.{_PLACES.get(name, 'workflows.library')}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
