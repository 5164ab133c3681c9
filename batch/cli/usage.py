"""The commands in the order of a week, a line each, and plain words for an argument that cannot work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from batch.model.errors import UsageError

WEEK: Mapping[str, str] = {
    "init": "Write a settings file; on a terminal it asks.",
    "doctor": "Say what works, and what to do about the rest.",
    "new": "Write a workbook to begin with.",
    "check": "Read and check spreadsheets; nothing is sent.",
    "submit": "Check, plan and submit spreadsheets, then report.",
    "approve": "Approve a batch that waits for a second person.",
    "reject": "Reject a batch that waits for a second person.",
    "watch": "Take in each file that is dropped into a folder.",
    "worker": "Do the work of watches on any machine.",
    "resume": "Settle what is in doubt, then submit the rest.",
    "find": "Say what went, goes or did not go.",
    "resolve": "Put a person's decision about an entry on the record.",
    "acknowledge": "Put on the record that you know what went wrong.",
    "cancel": "Drop what was not sent; list what to delete by hand.",
    "pause": "Stop everything until somebody lifts it.",
    "unpause": "Lift the pause.",
    "reconcile": "Compare the ledger with the provider's lists.",
    "report": "Write the report of a batch, a week, or since a day.",
    "insights": "Show what the history teaches.",
    "ledger": "Look into the ledger, move it, keep it safe.",
    "sandbox": "Start a stand-in provider on this machine.",
    "demo": "Take samples through everything, in the sandbox.",
}
"""Each fits into a line of 80 columns beside the longest name."""

_PLAIN = (
    (
        re.compile(r"(Invalid value for '(?:entry|entries)': )Input should be a valid integer.*"),
        r'\1it takes the number of an entry, which "campaign-batch find WORDS" shows',
    ),
    (
        re.compile(r"Option '(\S+)' requires an argument\."),
        r'"\1" takes a value behind it: type the command with --help to see which',
    ),
    (re.compile(r"Input should be a valid integer.*"), "it takes a whole number"),
    (re.compile(r"Input should be a valid number.*"), "it takes a number"),
    (re.compile(r"Input should be greater than or equal to (\S+)"), r"it takes \1 or more"),
    (re.compile(r"Input should be less than or equal to (\S+)"), r"it takes \1 or less"),
    (re.compile(r"Input should be (?:a )?"), "it takes "),
)


_KINDS = (
    (re.compile(r"int|float"), "NUMBER"),
    (re.compile(r"path", re.IGNORECASE), "PATH"),
    (re.compile("str"), "TEXT"),
)


def say_plainly(parameter: Any, context: Any) -> None:
    """Name what an option takes as people do: NUMBER, not the library's `<int range>` and `0<=x<=65535`."""
    if getattr(parameter, "is_flag", False) or parameter.metavar:
        return
    shown = parameter.display_type_rich(ctx=context)
    if parameter.param_type_name == "argument":
        parameter.display_type_rich = lambda **_: ""
        return
    parameter.metavar = next((plain for kind, plain in _KINDS if kind.search(shown)), None)
    parameter._get_number_range_help_str = lambda: ""


def plain_usage(words: str) -> str:
    """Say in plain words what the library says of an argument."""
    for pattern, plain in _PLAIN:
        words = pattern.sub(plain, words)
    return words


def need_folder_of(*paths: Path | None) -> None:
    """Raise UsageError where a person names a file in a folder that is not there: a typo makes no folders."""
    for path in paths:
        if path is not None and not path.parent.exists():
            raise UsageError(f'there is no folder "{path.parent}"', "check its name, or make it first")
