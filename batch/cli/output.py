"""Standard output and standard error: the only place that writes there, and every text is made printable on its way."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from batch.core.csv_text import csv_record
from batch.core.hints import name_account
from batch.core.json_text import write_json
from batch.core.printable import printable
from batch.model.records import dataclass


@dataclass(slots=True)
class About:
    """What the command is about just now."""

    account: str = ""
    """The account whose settings were loaded last; empty where there is one only."""
    unwritten: str = ""
    """Why the last words for standard error could not be written."""


about = About()


def readable(text: str) -> str:
    """Make a text printable, and name the account in the commands that it tells to type."""
    return printable(name_account(text, about.account))


def print_json(value: object) -> None:
    """Print one object on one line of standard output."""
    _put(write_json(value) + "\n")


def print_line(text: str) -> None:
    """Print a line on standard output, whatever the console's encoding."""
    _put(readable(text) + "\n")


def print_csv(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print a header and a record a row on standard output; a person at a terminal sees each as one line."""
    for record in csv_records(rows):
        _put(f"{printable(record.rstrip())}\n" if sys.stdout.isatty() else record)


def csv_records(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """Give a header and a record a row."""
    for number, row in enumerate(rows):
        if number == 0:
            yield csv_record(row)
        yield csv_record(row.values())


def print_word(text: str, *, end: str = "\n") -> None:
    """Print a line for a person on standard error."""
    _put_word(readable(text) + end)


def print_log(line: str) -> None:
    """Print a line of JSON, which shows what is hidden in its own way, on standard error."""
    _put_word(line + "\n")


class PrintableFormatter(logging.Formatter):
    """Write a record of the log as one line, its traceback too."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        return printable(super().format(record))


class JsonFormatter(logging.Formatter):
    """Write a record of a library as the events of a log of JSON are written, its traceback too."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds")
        level = record.levelname.lower()
        return write_json({"at": at, "level": level, "event": "library", "message": super().format(record)})


def _put(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.flush()


def let_log_go() -> None:
    """Let Python end without a word about a log that cannot be written."""
    _put_word("")
    if about.unwritten:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _put_word(text: str) -> None:
    """Write words for a person or a log; a full disk under a log stops no work."""
    encoding = sys.stderr.encoding or "utf-8"
    try:
        sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stderr.flush()
    except BrokenPipeError:
        raise
    except OSError as trouble:
        about.unwritten = trouble.strerror or type(trouble).__name__
    else:
        about.unwritten = ""
