"""Make the example report and its picture anew: two weeks of the samples against the sandbox, not all of it well.

Run with `make picture`; needs a Chromium on the machine for the picture.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl

from batch.adapters.config import load_settings
from batch.adapters.ledger import open_ledger
from batch.adapters.samples import write_samples
from batch.adapters.sandbox import Sandbox
from batch.model.secret import Secret
from batch.workflows.context import Context, World, make_provider
from batch.workflows.options import Options
from batch.workflows.reconcile import reconcile_in
from batch.workflows.report import gather, week_of, week_scope, write
from batch.workflows.submit import submit_in

HERE = Path(__file__).parent
START = datetime(2026, 11, 12, 15, 0, tzinfo=UTC)
ZONE = "America/Chicago"


def main() -> None:
    """Write `example.html` and `example.png` beside this file."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sandbox = stack.enter_context(Sandbox(limit=0, clock=START.timestamp))
        rooms = open_for_example(stack, folder, sandbox)
        live_first_week(folder, rooms, sandbox)
        week = live_second_week(folder, rooms, sandbox)
        scope = week_scope(rooms.ledger, week, ZONE, rooms.world.now())
        report = gather(rooms.settings, rooms.ledger, scope, now=rooms.world.now())
        made = write(report, rooms.settings, scope.stem, ("html",))[0]
        shutil.copyfile(made, HERE / "example.html")
    take_picture(HERE / "example.html", HERE / "example.png")


def open_for_example(stack: ExitStack, folder: Path, sandbox: Sandbox) -> Context:
    """Open the rooms with a clock that is the sandbox's own."""
    environ = {
        "CAMPAIGN_BATCH_PROVIDER__URL": sandbox.url,
        "CAMPAIGN_BATCH_SHEET__TIMEZONE": ZONE,
        "CAMPAIGN_BATCH_REPORTS__TEAM": "Maple & Main",
        "CAMPAIGN_BATCH_REPORTS__CREDIT_PRICE": "0.02",
    }
    settings = load_settings(None, environ, folder)
    world = World(now=lambda: datetime.fromtimestamp(sandbox.now(), UTC), who="dana", machine="ops-1")
    ledger = stack.enter_context(open_ledger(settings.ledger.url, now=world.now()))
    return Context(settings, ledger, make_provider(settings, ledger, world, token=Secret(sandbox.token)), world)


def live_first_week(folder: Path, rooms: Context, sandbox: Sandbox) -> None:
    """Take the weekly sample in, let the week pass, read what was delivered."""
    weekly = write_samples(folder, rooms.world.now())[0]
    submit_in(weekly, rooms, Options())
    sandbox.advance(days=9)
    reconcile_in(rooms, delivery=True, budget=1000)


def live_second_week(folder: Path, rooms: Context, sandbox: Sandbox) -> str:
    """Take the next one in, with the slips of a real week; give the week's name."""
    weekly, mms, _ = write_samples(folder, rooms.world.now())
    make_slips(weekly)
    tally = submit_in(weekly, rooms, Options())
    submit_in(mms, rooms, Options())
    sandbox.advance(days=4, seconds=3 * 3600)
    reconcile_in(rooms, delivery=True, budget=1000)
    entry = next(rooms.ledger.entries.select(batch=tally.batch))
    return week_of(entry.send_at or rooms.world.now(), ZONE)


def make_slips(path: Path) -> None:
    """Put a late text, an unknown group and a lost time into a workbook."""
    book = openpyxl.load_workbook(path)
    sheet: Any = book.active
    columns = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(27, columns["GroupIds"]).value = "Dalas stores"
    sheet.cell(28, columns["DateTime"]).value = sheet.cell(28, columns["DateTime"]).value.replace(hour=22)
    sheet.cell(29, columns["DateTime"]).value = "tomorrow"
    book.save(path)


def take_picture(page: Path, picture: Path) -> None:
    """Photograph the top of a page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
        )
        view = browser.new_page(viewport={"width": 1280, "height": 1500})
        view.goto(page.as_uri())
        view.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main()
