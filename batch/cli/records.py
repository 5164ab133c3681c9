"""The commands about what is written down: resume, reconcile, report and the ledger itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from batch.cli.files import await_verdict, show_tally
from batch.cli.output import csv_records, print_csv, print_line
from batch.cli.session import DONE, LOOK, AccountCommands, Json, app, end_with, need, session
from batch.cli.shapes import shape_archived, shape_books, shape_moved, shape_purged, shape_restoring, shape_tally
from batch.cli.usage import need_folder_of
from batch.core.json_text import write_json
from batch.model.errors import HOW_TO_RESTORE, UsageError
from batch.model.plurals import plural
from batch.model.wording import COMPARED_WORDS

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.model import Batch
    from batch.workflows.tally import Comparison


@app.command()
def resume(
    limit: Annotated[int | None, typer.Option(min=0, help="Submit at most this many rows.")] = None,
    json: Json = False,
) -> None:
    """Settle what is in doubt, then submit what is still planned."""
    from batch.workflows.resume import resume as go_on

    await_verdict(quiet=json)
    tally = go_on(session.settings(), session.world(), limit=limit)
    session.screen.close()
    if json:
        session.put(shape_tally(tally))
    end_with(show_tally(tally, quiet=json))


@app.command()
def reconcile(
    delivery: Annotated[bool, typer.Option("--delivery", help="Also read the delivery of what was sent.")] = False,
    budget: Annotated[int, typer.Option(min=1, help="The most requests that --delivery makes.")] = 100,
    acknowledge: Annotated[
        bool, typer.Option("--acknowledge", help="Accept campaigns that were made elsewhere as known.")
    ] = False,
    json: Json = False,
) -> None:
    """Compare the ledger with the provider's lists, update statuses, report."""
    from batch.workflows.cancel import list_open
    from batch.workflows.reconcile import reconcile_books

    settings, world = session.settings(), session.world()
    session.screen.show_end = None if json else _show_comparison
    comparison = reconcile_books(settings, world, delivery=delivery, budget=budget, acknowledge=acknowledge)
    session.screen.close()
    if json:
        session.put(shape_books(comparison))
    else:
        for line in list_open(settings, world):
            session.screen.say(line)
        for path in comparison.reports:
            session.screen.say(f"report: {path}")
        if comparison.open and not comparison.needs_look:
            needs = plural(comparison.open, "campaign still needs", "campaigns still need")
            session.screen.say(f"{needs} attention: the report says what to do, who and by when", loud=True)
    end_with(LOOK if comparison.needs_look or comparison.open else DONE)


def _show_comparison(comparison: Comparison) -> None:
    for finding in comparison.findings:
        session.screen.say(finding.words, loud=finding.loud)
    counts = comparison.counts
    compared = ", ".join(plural(counts[kind], *words) for kind, words in COMPARED_WORDS.items() if counts[kind])
    session.screen.say(f"compared with the provider: {compared or 'no campaign yet'}")


@app.command()
def report(
    batch: Annotated[int | None, typer.Option(help="The number of a batch.")] = None,
    week: Annotated[str, typer.Option(help="A week, as 2026-W48.")] = "",
    since: Annotated[str, typer.Option(help="A day, as 2026-11-23, up to now.")] = "",
    format: Annotated[
        str, typer.Option(help="html, xlsx, csv, json: one or several, separated by commas.")
    ] = "html,xlsx",
    email: Annotated[bool, typer.Option("--email", help="Also send it by mail.")] = False,
    evidence: Annotated[int | None, typer.Option(help="One page about one entry, with all its evidence.")] = None,
) -> None:
    """Write the report of a batch, of a week (this one by default), or since a day."""
    from batch.workflows.find import report_again, write_evidence_of
    from batch.workflows.report import FORMATS

    formats = tuple(part.strip() for part in format.split(",") if part.strip())
    unknown = sorted(set(formats).difference(FORMATS))
    need(not unknown, f'there is no format "{", ".join(unknown)}"', "use html, xlsx, csv or json")
    need(formats, "no format is named", "use html, xlsx, csv or json")
    need(
        sum(bool(one) for one in (batch is not None, week, since)) <= 1,
        "--batch, --week and --since cannot be used together",
    )
    world, day = session.world(), _read_day(since) if since else None
    if evidence is not None:
        print_line(str(write_evidence_of(session.settings(), world, evidence)))
        end_with(DONE)

    def write(settings: Settings) -> int:
        if len(accounts) > 1:
            session.screen.say(f"account {settings.name}:")
        for path in report_again(settings, world, batch=batch, week=week, since=day, formats=formats, email=email):
            print_line(str(path))
        return DONE

    # A batch has its number in one ledger; a week is the same for all.
    accounts = session.every_account() if batch is None else (session.settings(),)
    end_with(max(session.each(one, write) for one in accounts))


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f'"{text}" is not a date', "write it as 2026-11-23") from None


@app.command()
def insights(
    weeks: Annotated[int, typer.Option(min=1, max=520, help="How many weeks to look back.")] = 26,
    format: Annotated[str, typer.Option(help="html, xlsx, json: one or several, separated by commas.")] = "html,xlsx",
) -> None:
    """Show what the history teaches: how texts arrive, by group, hour and template; sizes, costs, opt-outs."""
    from batch.workflows.insights import FORMATS, learn

    formats = tuple(part.strip() for part in format.split(",") if part.strip())
    unknown = sorted(set(formats).difference(FORMATS))
    need(not unknown, f'there is no format "{", ".join(unknown)}"', "use html, xlsx or json")
    need(formats, "no format is named", "use html, xlsx or json")
    for path in learn(session.settings(), session.world(), weeks=weeks, formats=formats):
        print_line(str(path))
    end_with(DONE)


ledger_app = typer.Typer(
    cls=AccountCommands,
    help="Look into the ledger, move it, keep it safe.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(ledger_app, name="ledger")


_LISTED = 100
"""Batches that a person is shown."""


@ledger_app.command("list")
def list_batches(
    last: Annotated[
        int | None, typer.Option(min=1, help=f"Only the newest so many (default: {_LISTED}; all with --json).")
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    json: Json = False,
) -> None:
    """List the batches, the newest last."""
    from batch.workflows.find import list_batches as ask

    need(not (all and last), "--all and --last cannot be used together")
    most = last or (None if all or json else _LISTED)
    found = ask(session.settings(), session.world(), None if most is None else most + 1)
    if most is not None:
        some = list(found)
        if len(some) > most and not json:
            session.screen.say(f"the newest {plural(most, 'batch', 'batches')}; --all lists the older ones, too")
        found = iter(some[-most:])
    for batch, counts in found:
        _show_batch(batch, counts, json=json)


def _show_batch(batch: Batch, counts: dict[str, int], *, json: bool) -> None:
    if json:
        session.put({"batch": batch.id, "file": batch.file, "taken_in_at": batch.taken_in_at.isoformat(), "rows": batch.rows,
                    "submitted_by": batch.submitted_by, "machine": batch.machine, "state": batch.state, **counts})  # fmt: skip
        return
    words = ", ".join(f"{count} {name}" for name, count in counts.items())
    rows = plural(batch.rows, "row")
    print_line(f'{batch.id:>5}  {batch.taken_in_at:%Y-%m-%d %H:%M} UTC  {rows:>10}  "{batch.file}"  {words}')


@ledger_app.command("show")
def show(entry: int, json: Json = False) -> None:
    """Show one entry with its attempts and history."""
    from batch.workflows.find import show_entry

    shown = show_entry(session.settings(), session.world(), entry)
    if json:
        session.put(shown)
        return
    for name, value in shown.items():
        if isinstance(value, list):
            print_line(f"{name}:")
            for line in value:
                print_line(f"    {line if isinstance(line, str) else write_json(line)}")
        elif value not in {None, ""}:
            print_line(f"{name}: {value}")


@ledger_app.command("export")
def export(
    format: Annotated[str, typer.Option(help="jsonl or csv.")] = "jsonl",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", readable=False, help="A file; standard output by default.")
    ] = None,
) -> None:
    """Write every entry, one a line."""
    from batch.workflows.find import export_ledger
    from batch.workflows.report import write_text

    need(format in {"jsonl", "csv"}, f'there is no format "{format}"', "use jsonl or csv")
    need_folder_of(output)
    rows = export_ledger(session.settings(), session.world())
    if output is not None:
        lines = csv_records(rows) if format == "csv" else (f"{write_json(row)}\n" for row in rows)
        write_text(output, "".join(lines))
    elif format == "csv":
        print_csv(rows)
    else:
        for row in rows:
            session.put(row)


@ledger_app.command("backup")
def backup() -> None:
    """Copy the ledger, dated, beside it; the newest 14 are kept."""
    from batch.workflows.find import backup_ledger

    print_line(str(backup_ledger(session.settings(), session.world())))


def _need_somebody_to_ask(command: str, does: str, *, yes: bool) -> None:
    """Refuse a command that asks first where nobody said yes and nobody can be asked."""
    need(
        yes or session.screen.interactive,
        f"ledger {command} {does}, and there is no terminal to ask on",
        f"add --yes to {command} without a question",
    )


def _show(shape: dict[str, Any], lines: Iterable[str], *, json: bool) -> None:
    """Print what was done: one object for machines, or a line each for people."""
    if json:
        session.put(shape)
        return
    for line in lines:
        session.screen.say(line)


@ledger_app.command("restore")
def restore(
    backup: Annotated[Path | None, typer.Argument(readable=False, help="A backup; the newest one by default.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Put a backup in the ledger's place; the old file is moved aside, and "resume" adopts what went out since."""
    from batch.workflows.restore import restore_ledger

    _need_somebody_to_ask("restore", "replaces the ledger", yes=yes or json)
    done = restore_ledger(session.settings(), session.world(yes=yes or json), backup)
    _show(shape_restoring(done), done.lines or ("nothing was restored",), json=json)
    for problem in done.problems:
        session.screen.say(problem, loud=True)
    end_with(LOOK if done.problems or done.restored is None else DONE)


@ledger_app.command("move")
def move(
    to: Annotated[str, typer.Option(help="The URL of the new ledger, as postgresql+psycopg://user@host/database.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Move the whole ledger to another database, SQLite to PostgreSQL or back; every row is compared."""
    from batch.workflows.move import move_ledger

    _need_somebody_to_ask("move", "changes where the ledger is", yes=yes or json)

    def move_one(settings: Settings) -> int:
        done = move_ledger(settings, session.world(yes=yes or json), session.place_in(to, settings))
        _show(shape_moved(done), done.lines, json=json)
        return DONE if done.done else LOOK

    end_with(max(session.each(one, move_one) for one in session.every_account()))


@ledger_app.command("archive")
def archive(
    before: Annotated[str, typer.Option(help="A day, as 2026-09-01: what was due before it, in weeks that are over.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Move the texts of closed weeks into a file beside the ledger, which find and report still read."""
    from batch.workflows.archive import archive_ledger

    day = _read_day(before)
    _need_somebody_to_ask("archive", "moves texts out of the ledger", yes=yes or json)

    def archive_one(settings: Settings) -> int:
        done = archive_ledger(settings, session.world(yes=yes or json), day)
        _show(shape_archived(done), done.lines, json=json)
        return DONE

    end_with(max(session.each(one, archive_one) for one in session.every_account()))


@ledger_app.command("purge")
def purge(
    before: Annotated[str, typer.Option(help="A day, as 2026-09-01: what was due before it, in weeks that are over.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Forget texts, cells, owners and answers of closed weeks; numbers, Ids, times and statuses stay."""
    from batch.workflows.purge import purge_ledger

    done = purge_ledger(session.settings(), session.world(yes=yes or json), _read_day(before))
    _show(shape_purged(done), done.lines, json=json)
    end_with(DONE)


@ledger_app.command("verify")
def verify(json: Json = False) -> None:
    """Check the ledger: is it whole, do its rules hold, do its totals tie."""
    from batch.workflows.find import verify_ledger

    problems = verify_ledger(session.settings(), session.world())
    if json:
        session.put({"problems": list(problems)})
    else:
        for problem in problems:
            session.screen.say(problem, loud=True)
        session.screen.say(
            "the ledger is whole" if not problems else f"{plural(len(problems), 'problem')}: {HOW_TO_RESTORE}",
            loud=bool(problems),
        )
    end_with(LOOK if problems else DONE)
