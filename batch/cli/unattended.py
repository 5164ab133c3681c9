"""The commands that run unattended, and the one that says whether they can: watch, doctor."""

from __future__ import annotations

import logging
import re
import signal
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from batch import __version__
from batch.cli.output import JsonFormatter, about, print_json, print_line, print_log, print_word
from batch.cli.session import DONE, LOOK, Json, app, end_with, need, session
from batch.cli.shapes import shape_line
from batch.core.hints import name_account, say_it_retries
from batch.core.json_text import write_json
from batch.model.errors import InboxBusyError, UsageError
from batch.workflows.events import Event, Note, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batch.adapters.config import Settings
    from batch.workflows.context import World
    from batch.workflows.figures import Gauges

_USUAL = "inbox"
"""The watched folder that nobody named: it is simply made."""
_METRICS = "Answer /healthz and /metrics (Prometheus) there, as 127.0.0.1:9464."
_SIGNS = {"fine": "  ok ", "warning": "  !! ", "broken": " BAD "}


@app.command()
def watch(
    folder: Annotated[
        Path | None,
        typer.Argument(readable=False, help="The drop folder; the one of the settings by default.", show_default=False),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Process the complete files and exit, for cron.")] = False,
    create: Annotated[bool, typer.Option("--create", help="Make the folder if it does not exist.")] = False,
    no_events: Annotated[bool, typer.Option("--no-events", help="Do not use the system's file events.")] = False,
    log_format: Annotated[str, typer.Option(help="text or json, one line per event, on standard error.")] = "text",
    metrics: Annotated[str, typer.Option(metavar="HOST:PORT", help=_METRICS)] = "",
) -> None:
    """Process each file that is dropped into a folder, once; compare every night; send mail."""
    from batch.workflows.figures import Gauges
    from batch.workflows.watch import watch_folder
    from batch.workflows.watch_accounts import watch_accounts

    need(log_format in {"text", "json"}, f'there is no log format "{log_format}"', "use text or json")
    accounts = session.every_account(watches=True, **({} if folder is None else {"watch__folder": folder.absolute()}))
    _refuse_mistyped(folder, accounts[0], create=create)
    figures = Gauges({one.name: one for one in accounts}, session.world())
    figures = replace(figures, warnings=figures.standing)
    world_of = _counted_world(figures, log_format, stays=not once)
    how: dict[str, Any] = {"once": once, "events": not no_events, "stop": session.interrupt.event}
    try:
        with _serving(figures, metrics, log_format):
            if accounts[0].accounts and not session.account:
                watched = watch_accounts(accounts, world_of, **how)
            else:
                watched = watch_folder(accounts[0], world_of(accounts[0].name), folder=folder, **how)
    except InboxBusyError as busy:
        if not once:
            raise
        session.screen.say(str(busy))
        end_with(DONE)
    if once and watched.trouble is not None:
        _end_watch(watched.trouble.exit_code)
    _end_watch(LOOK if once and watched.needs_look else DONE)


@app.command()
def worker(
    concurrency: Annotated[int, typer.Option(help="How many accounts it works for at once.", min=1, max=64)] = 8,
    once: Annotated[bool, typer.Option("--once", help="Do what is due and exit.")] = False,
    log_format: Annotated[str, typer.Option(help="text or json, one line per event, on standard error.")] = "text",
    metrics: Annotated[str, typer.Option(metavar="HOST:PORT", help=_METRICS)] = "",
) -> None:
    """Take in, submit, compare and mail for the watches of any machine; needs a ledger on PostgreSQL."""
    from batch.workflows.figures import Gauges
    from batch.workflows.worker import make_worker

    need(log_format in {"text", "json"}, f'there is no log format "{log_format}"', "use text or json")
    accounts = session.every_account(watches=True)
    figures = Gauges({one.name: one for one in accounts}, session.world())
    ours = make_worker(accounts, _counted_world(figures, log_format, stays=not once))
    figures = replace(figures, depth=ours.depth, lacks=lambda: ours.lacks, warnings=ours.warnings, left=ours.queue.left)
    with _serving(figures, metrics, log_format):
        served = ", ".join(one.name for one in accounts if one.name not in ours.lacks)
        words = f"campaign-batch {__version__} works" + (f" for {served}" if served else "")
        ours.world_of("").tell(Note(words, event="worker-started"))
        ours.run(concurrency=concurrency, once=once, stopped=session.interrupt.asked)
    _end_watch(DONE)


def _counted_world(figures: Gauges, log_format: str, *, stays: bool) -> Callable[[str], World]:
    """Give each account a world that keeps its log, and counts what is submitted; what libraries say is logged alike."""
    if log_format == "json":
        for handler in logging.getLogger().handlers:
            handler.setFormatter(JsonFormatter("%(name)s: %(message)s"))

    def world_of(account: str) -> World:
        journal = Journal(as_json=log_format == "json", quiet=session.screen.quiet, account=account, stays=stays)
        return figures.counted(replace(figures.world, tell=journal.tell), account)

    return world_of


def _serving(figures: Gauges, address: str, log_format: str) -> AbstractContextManager[object]:
    journal = Journal(as_json=log_format == "json")
    told = replace(figures, warnings=lambda: (*figures.warnings(), *journal.warnings()))
    return told.serving(address) if address else nullcontext()


def _refuse_mistyped(folder: Path | None, settings: Settings, *, create: bool) -> None:
    """Raise UsageError for a folder that somebody named and that is not there; a share that is away is waited for."""
    place = folder or settings.root or Path(settings.watch.folder)
    usual = folder is None and place.name == _USUAL
    if not (usual or create or place.exists()) and place.parent.is_dir():
        raise UsageError(f'there is no folder "{place}"', "check its name, or make it: add --create")


def _end_watch(code: int) -> NoReturn:
    """End as asked: for the system's SIGTERM that is a success, for a person's Ctrl-C the usual 130."""
    if session.interrupt.asked_by == getattr(signal, "SIGTERM", None):
        raise typer.Exit(DONE)
    end_with(code)


class Journal:
    """A line an event on standard error, for whoever keeps logs; it knows the batch and the entry."""

    def __init__(self, *, as_json: bool, quiet: bool = False, account: str = "", stays: bool = False) -> None:
        self._stays = stays
        self._as_json = as_json
        self._account = account
        self._quiet = quiet

    def tell(self, event: Event) -> None:
        """Write a line for what is worth one."""
        told = _read_progress(event) if isinstance(event, Progress) else event
        if not isinstance(told, Note) or (self._quiet and not told.loud):
            return
        self._tell_gap()
        self._write(told)

    def warnings(self) -> Iterator[str]:
        """Say that the log cannot be written, if that is still so."""
        self._tell_gap()
        if about.unwritten:
            yield f"warning: the log cannot be written ({about.unwritten}): make room on its disk; all else goes on"

    def _tell_gap(self) -> None:
        if about.unwritten:
            self._write(
                Note("lines are missing before this one: the log could not be written", loud=True, event="log-gap")
            )

    def _write(self, note: Note) -> None:
        write, put = (_as_json, print_log) if self._as_json else (_as_text, print_word)
        note = replace(note, words=say_it_retries(note.words)) if self._stays else note
        line = write(note, self._account)
        put(session.redact(name_account(line, self._account)))


def _read_progress(progress: Progress) -> Note | None:
    if progress.entry is None:
        return None
    words = f'"{progress.name}": {progress.status.replace("_", " ")}'
    return Note(words, event=f"row-{progress.status.replace('_', '-')}", batch=progress.batch, entry=progress.entry)


def _as_text(note: Note, account: str) -> str:
    line = " ".join(note.words.split())
    for name, number in (("entry", note.entry), ("batch", note.batch)):
        if number is not None and not re.search(rf"\b{name} {number}\b", line):
            line = f"{name} {number} {line}"  # the place stands in the line once
    line = f"{account}: {line}" if account else line
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ} {'! ' if note.loud else ''}{line}"


def _as_json(note: Note, account: str) -> str:
    line: dict[str, object] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "level": "warning" if note.loud else "info",
        "event": note.event or "note",
        "account": account or None,
        "batch": note.batch,
        "entry": note.entry,
        "file": note.file or None,
        "message": note.words,
    }
    return write_json({name: value for name, value in line.items() if value is not None})


@app.command()
def doctor(json: Json = False) -> None:
    """Say what works and what to do about the rest: settings, ledger, folders, clock, token, provider, mail."""
    from batch.workflows.doctor import examine

    world = session.world()
    accounts = session.every_account(watches=True)
    lines = [
        (one.name, replace(line, remedy=name_account(line.remedy, one.name)))
        for one in accounts
        for line in examine(one, world)
    ]
    session.screen.close()
    if json:
        print_json([shape_line(line, account) for account, line in lines])
    else:
        for account, one in lines:
            of = f"{account}: " if account else ""
            print_line(f"{_SIGNS[one.state]} {of}{one.line}: {one.words}{f' -> {one.remedy}' if one.remedy else ''}")
    broken, warnings = (sum(one.state == state for _, one in lines) for state in ("broken", "warning"))
    if not json:
        session.screen.say(_sum_up(broken, warnings))
    end_with(LOOK if broken else DONE)


def _sum_up(broken: int, warnings: int) -> str:
    """Say what the signs before the lines mean, and that what to do stands behind the arrows."""
    told = [f"{broken} to fix (BAD)"] if broken else []
    told += [f"{warnings} to know about (!!)"] if warnings else []
    return f"{', '.join(told)}: what to do stands behind each ->" if told else "everything works"
