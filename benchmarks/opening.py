"""Time how long a browser takes to open the report's page, beside a bare table with the same cells."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.stopwatch import run_job
from benchmarks.table import Figure, Section, compare, limit

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
_DRAWN = (
    """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"""
)
"""Milliseconds from the start of the navigation until the second frame after it loaded."""


def open_pages(folder: Path, ledger: Path, rows: int, rounds: int) -> Section:
    """Open both in turn in one browser, each time in a window of its own."""
    for job, *more in (("report", "html"), ("bare",)):
        run_job(job, ledger, folder, *more, folder=folder)
    pages = (folder / "report.html", folder / "bare.html")
    with _browser() as browser:
        _open(browser, pages[1])  # the first window starts processes that later ones find
        took = [[_open(browser, page) for page in pages] for _ in range(3 * rounds)]
    ours, other = (statistics.median(column) for column in zip(*took, strict=True))
    what = f"opening the page of {rows:,} rows"
    figures: tuple[Figure, ...] = (
        compare(what, ours, "a bare table of the same cells", other),
        limit(f"{what}, size", pages[0].stat().st_size / 1e6, 3.0, "MB"),
    )
    return Section("j", "Opening a report in Chromium", figures, "Goal: within 1.5 s on an idle machine.")


@contextmanager
def _browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=next(filter(None, found), None), args=[*FLAGS])
        yield chromium
        chromium.close()


def _open(browser: Any, page: Path) -> float:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    view = context.new_page()
    view.goto(page.as_uri())
    milliseconds = float(view.evaluate(_DRAWN))
    context.close()
    return milliseconds / 1000
