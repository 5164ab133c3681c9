"""The commands that take files: check, submit, and the workbook to begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch.cli.output import about
from batch.cli.session import DONE, LOOK, Json, SheetName, app, end_with, need, session
from batch.cli.shapes import shape_check, shape_tally, shape_trouble
from batch.cli.usage import need_folder_of
from batch.core.near import find_near
from batch.model.codes import ALLOWED, CODES, allow_help, why_not_allowed, widen
from batch.model.errors import AlreadyThereError, BatchError, SheetError
from batch.system.shell import to_paste

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.workflows.check import Check
    from batch.workflows.context import World
    from batch.workflows.events import Planned
    from batch.workflows.options import Options
    from batch.workflows.shares import Shares
    from batch.workflows.tally import Tally

Files = Annotated[
    list[Path],
    typer.Argument(readable=False, help="The spreadsheets: .xlsx .xlsm .xls .ods .csv .tsv", show_default=False),
]
"""`readable`, here and elsewhere: who opens a file says what to do where it may not be read, the library does not."""


@app.command()
def check(
    files: Files,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask the provider for groups, templates and credits.")
    ] = False,
    preview: Annotated[
        Path | None, typer.Option(readable=False, help="Write every message as its recipients will read it.")
    ] = None,
    marked: Annotated[
        Path | None,
        typer.Option(
            readable=False, help="Write the workbook back with its bad cells marked, and its failed rows alone."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that --marked would write.")] = False,
    sheet: SheetName = "",
    json: Json = False,
) -> None:
    """Read, render and check spreadsheets; nothing is sent."""
    need(len(files) == 1 or not (preview or marked), "--preview and --marked take one file at a time")
    code = DONE
    for path in files:
        try:
            ends = _check_one(path, online=online, preview=preview, marked=marked, force=force, sheet=sheet, json=json)
        except SheetError as trouble:
            ends = [_cannot_take(path, trouble, json=json)]
        code = max(code, *ends)
    end_with(code)


def _check_one(
    path: Path, *, online: bool, preview: Path | None, marked: Path | None, force: bool, sheet: str, json: bool
) -> list[int]:
    """Check one file, for each account that has rows in it."""
    from batch.workflows.sheet_reader import start_reader

    need_folder_of(preview, marked)
    if marked is not None and path.exists():
        _may_write(path, marked, force=force)
    if preview is not None:
        need(preview.suffix.casefold() in {".html", ".htm"}, "the preview is a page", f'name it "{preview.stem}.html"')
    with start_reader(path) as reader:
        from batch.workflows.shares import accounts_of, share_out

        shares = share_out(path, session.home(), sheet=sheet, reader=reader)
        accounts = tuple(accounts_of(shares))
        need(
            len(accounts) == 1 or not (preview or marked),
            "--preview and --marked take the rows of one account, and the file has several",
            "add --account NAME",
        )
        check_share = partial(
            _check_share, path, shares, sheet=sheet, online=online, preview=preview, marked=marked, json=json
        )
        return [session.each(one, check_share) for one in accounts]


def _check_share(
    path: Path,
    shares: Shares,
    settings: Settings,
    *,
    sheet: str,
    online: bool,
    preview: Path | None,
    marked: Path | None,
    json: bool,
) -> int:
    from batch.workflows.check import check_file

    world, part = session.world(), shares.part(settings.provider.account)
    found, account = check_file(path, settings, world, online=online, keep=bool(preview or marked), opened=part)
    if preview is not None:
        from batch.workflows.hand_back import write_preview_of

        write_preview_of(found, preview, settings, account)
        session.screen.say(f"preview written to {preview}")
    if marked is not None:
        from batch.workflows.hand_back import write_marked_copy

        for written in write_marked_copy(found, path, marked, settings, world):
            session.screen.say(f"written: {written}")
    if json:
        session.put(shape_check(found))
    else:
        _name_account(settings)
        _show_check(found, _as_typed(path, sheet), settings, marked=marked is not None)
    return LOOK if found.errors else DONE


def _name_account(settings: Settings) -> None:
    """Say whose rows follow, where there are several accounts."""
    if settings.name:
        session.screen.close()
        session.screen.say(f"account {settings.name}:")


@app.command()
def new(
    file: Annotated[
        Path, typer.Argument(readable=False, help="The workbook to write; an existing one is kept.", show_default=False)
    ],
    online: Annotated[
        bool, typer.Option("--online", help="Ask the provider for groups and MMS templates, to choose from.")
    ] = False,
) -> None:
    """Write a workbook to begin with: headers, drop-downs, notes, an example, and what it all means."""
    from batch.workflows.new import write_starter_of

    need_folder_of(file)
    settings = session.settings() if online else session.home()
    written = write_starter_of(file, settings, session.world(), online=online)
    session.screen.close()
    session.screen.say(f"written: {written}")
    session.screen.say(
        f"fill in your rows (the example row is never sent), then type: campaign-batch check {to_paste(written)}"
    )
    end_with(DONE)


def _may_write(path: Path, marked: Path, *, force: bool) -> None:
    """Refuse to overwrite a file by surprise; a person at a terminal may say yes."""
    from batch.workflows.hand_back import refuse_to_overwrite

    screen = session.screen
    try:
        refuse_to_overwrite(path, marked, force=force)
    except AlreadyThereError as trouble:
        if not (screen.interactive and screen.confirm(f"{trouble.words}: overwrite it?")):
            raise


def _cannot_take(path: Path, trouble: BatchError, *, json: bool) -> int:
    session.screen.close()
    if json:
        session.put(shape_trouble(path.name, trouble))
    session.screen.say(f"campaign-batch: {trouble}", loud=True)
    return trouble.exit_code


def _as_typed(path: Path, sheet: str) -> str:
    """Give the file and the options that chose its rows, for the next command."""
    chosen = [to_paste(path)]
    if sheet:
        chosen.append(f"--sheet{'=' if sheet.startswith('-') else ' '}{to_paste(sheet)}")
    if session.account:
        chosen.append(f"--account {session.account}")
    return " ".join(chosen)


def _show_check(found: Check, typed: str, settings: Settings, *, marked: bool) -> None:
    from batch.cli.tables import how_to_go_on, show_issues

    session.screen.close()
    show_issues(session.screen, found)
    if (how := how_to_go_on(found, typed, settings.sheet.limits)) and not (marked and found.errors):
        session.screen.say(how)


@app.command()
def submit(
    files: Files,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done; write nothing, send nothing.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=0, help="Submit at most this many rows; the rest stays planned.")
    ] = None,
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="Hold every row if any row has an error.")
    ] = False,
    allow: Annotated[list[str] | None, typer.Option(help=allow_help(), metavar="CODE")] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Rehearse: a temporary ledger and a stand-in provider.")
    ] = False,
    test: Annotated[
        str, typer.Option(help="Send the texts to this group of your own instead, marked TEST.", metavar="GROUP")
    ] = "",
    row: Annotated[int | None, typer.Option(help="With --test: only this row.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before the first request, nor where --allow sends twice.")
    ] = False,
    sheet: SheetName = "",
    json: Json = False,
) -> None:
    """Check, plan and submit spreadsheets, then report; what went before is skipped."""
    from batch.workflows.options import Options

    _need_known_codes(allow or ())
    need(
        not (all_or_nothing and "too-many-errors" in (allow or ())),
        "--all-or-nothing and --allow too-many-errors cannot be used together",
        "leave one out",
    )
    need(test or row is None, "--row needs --test GROUP")
    need(
        not (test and (sandbox or dry_run)),
        "--test sends through the provider, so it cannot be used with --sandbox or --dry-run",
    )
    options = Options(sheet, dry_run, sandbox, limit, all_or_nothing, widen(allow or ()))
    ends: list[int] = []
    for place, path in enumerate(files):
        if session.interrupt.asked():
            left = ", ".join(f'"{one.name}"' for one in files[place:])
            session.screen.say(f"not taken in, submit again: {left}", loud=True)
            break
        ends += _submit_one(path, options, test=test, row=row, yes=yes, json=json)
    end_with(max(ends, default=DONE))


def _need_known_codes(allow: Sequence[str]) -> None:
    for code in allow:
        near = find_near(code, ALLOWED, close=0.6)
        need(
            code in CODES,
            f'there is no code "{code}" to allow',
            f'did you mean "{near}"?' if near else "the report names the code of each held row",
        )
        need(code in ALLOWED, f"--allow {code} is not possible", why_not_allowed(code))


def _submit_one(path: Path, options: Options, *, test: str, row: int | None, yes: bool, json: bool) -> Iterator[int]:
    """Submit one file, for each account that has rows in it; what stops one keeps no other from its turn."""
    from batch.workflows.sheet_reader import start_reader

    with start_reader(path) as reader:
        from batch.workflows.shares import accounts_of, share_out
        from batch.workflows.submit import plan_file, submit_file

        def submit_share(settings: Settings, world: World) -> Tally:
            if test:
                from batch.workflows.send_test import submit_tests

                return submit_tests(path, settings, world, options, group=test, row=row, reader=reader)
            return (plan_file if options.dry_run else submit_file)(path, settings, world, options, shares)

        home = session.settings() if test else session.home()
        try:
            shares = None if test else share_out(path, home, sheet=options.sheet, reader=reader)
        except BatchError as trouble:
            yield _cannot_take(path, trouble, json=json)
            return
        for settings in (home,) if shares is None else accounts_of(shares):
            if not session.interrupt.asked():
                yield _show_share(path, settings, submit_share, options, yes=yes, json=json)


def _show_share(
    path: Path, settings: Settings, act: Callable[[Settings, World], Tally], options: Options, *, yes: bool, json: bool
) -> int:
    """Submit the rows of one account and tell how that ended."""
    about.account = settings.name
    session.screen.show_plan = None if yes or json else _show_plan
    await_verdict(quiet=json, rows_shown=lambda: not yes and session.screen.show_plan is None)
    if not json:
        _name_account(settings)
    try:
        tally = act(settings, session.world(yes=yes or json, sure=yes))
    except BatchError as trouble:
        return _cannot_take(path, trouble, json=json)
    session.screen.close()
    session.interrupt.planned |= tally.batch is not None and not (options.dry_run or options.rehearse)
    if json:
        session.put(shape_tally(tally))
    end = show_tally(tally, quiet=json)
    if not json:
        _tell_idle(tally, options)
    return end


def _tell_idle(tally: Tally, options: Options) -> None:
    """Say which --allow had no effect: the row is held for something else, or for nothing."""
    seen = {issue.code for one in tally.decisions for issue in one.issues}
    for code in sorted(options.allow - seen):
        if not any(other != code and code.startswith(f"{other}-") for other in options.allow):
            family = any(other.startswith(f"{code}-") for other in seen & options.allow)
            if not family:
                session.screen.say(f"--allow {code} had no effect: no row is held for it")


def _show_plan(plan: Planned) -> None:
    from batch.cli.tables import show_decisions

    show_decisions(session.screen, plan.decisions, plan.file_issues)


def await_verdict(*, quiet: bool, rows_shown: Callable[[], bool] = lambda: False) -> None:
    """Have the screen say how the run ended as soon as that is known: the reports are written after it."""

    def show(tally: Tally) -> None:
        from batch.cli.tables import show_decisions, show_totals

        if not rows_shown():
            show_decisions(session.screen, tally.decisions, tally.file_issues)
        show_totals(session.screen, tally)

    session.screen.show_end = None if quiet else show


def show_tally(tally: Tally, *, quiet: bool = False) -> int:
    """Tell how a run ended, unless that was told, and which files it wrote; give its exit code."""
    from batch.cli.tables import show_files
    from batch.workflows.events import RunEnded

    session.screen.tell(RunEnded(tally))
    if not quiet:
        show_files(session.screen, tally)
    if tally.trouble is not None:
        session.screen.say(f"the run stopped: {tally.trouble}", loud=True)
        return tally.trouble.exit_code
    return LOOK if tally.needs_look else DONE
