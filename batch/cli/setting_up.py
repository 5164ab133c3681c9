"""The commands that set things up and try them out: init, sandbox, demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from batch.cli.output import print_json, print_line
from batch.cli.session import DONE, Json, app, end_with, session
from batch.cli.usage import need_folder_of


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; any free one by default.")] = 0,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="A fault to simulate, as hang@2, error-after:0.1 or sent=list-emptyx3 (repeatable)."),
    ] = None,
    faults: Annotated[bool, typer.Option("--faults", help="Only print the faults that --fault knows.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="Requests per window; 0 for no limit.")] = 60,
    window: Annotated[int, typer.Option(min=0, help="Seconds of the window.")] = 60,
    name_length: Annotated[int | None, typer.Option(help="Cut names at this many characters.")] = None,
    latency: Annotated[float, typer.Option(help="Seconds before each answer.")] = 0.0,
    date_offset: Annotated[
        float, typer.Option(help="Seconds by which the Date of its answers is ahead; negative for behind.")
    ] = 0.0,
    state: Annotated[Path | None, typer.Option(readable=False, help="Keep its state in this file.")] = None,
) -> None:
    """Start a stand-in provider on this machine; Ctrl-C ends it."""
    from batch.workflows.demo import name_faults, serve_sandbox

    if faults:
        for line in name_faults():
            print_line(line)
        end_with(DONE)
    need_folder_of(state)
    serve_sandbox(
        session.world(), print_json, port=port, faults=fault or [], limit=limit, window=window, name_length=name_length,
        latency=latency, date_offset=date_offset, state_file=state,
    )  # fmt: skip


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(readable=False, help="The folder for the demo.")] = Path(
        "campaign-batch-demo"
    ),
    json: Json = False,
) -> None:
    """Take the sample workbook through everything, against the sandbox, in a folder of its own."""
    from batch.workflows.demo import run_demo

    path = run_demo(folder, session.world())
    session.screen.close()
    if json:
        print_json({"report": str(path)})
    else:
        session.screen.say("the report is at:")
        print_line(str(path))
    end_with(DONE)


@app.command()
def init(
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
    running: Annotated[
        str, typer.Option(help="Ready files that run the watch: windows, systemd, cron or docker.", metavar="KIND")
    ] = "",
    token: Annotated[bool, typer.Option("--token", help="Only ask for a new access token, and keep it.")] = False,
    mail_password: Annotated[
        bool, typer.Option("--mail-password", help="Only ask for the mail server's password, and keep it.")
    ] = False,
) -> None:
    """Write a settings file, explained line by line; on a terminal it asks for what it needs."""
    from batch.cli.questions import ask_and_write, renew_password, renew_token, settings_path

    if token:
        renew_token(session)
    if mail_password:
        renew_password(session)
    if token or mail_password:
        end_with(DONE)
    need_folder_of(settings_path(session))
    if not (running and settings_path(session).exists()):
        path = ask_and_write(session, overwrite=force)
        session.screen.say("settings written; look at them, then try: campaign-batch doctor")
        print_line(str(path))
    if running:
        from batch.workflows.ready_files import write_running

        for written in write_running(running, Path.cwd(), overwrite=force):
            print_line(str(written))
    end_with(DONE)
