"""Take pictures of every page and workbook in ten worlds: three widths, light and dark, paper and mail.

`python tests/pictures.py FOLDER [WORLD ...]`; needs a Chromium, poppler's pdftoppm for the paper, and LibreOffice for
the workbooks: their pictures are called `WORLD-book-01.png`, a sheet of paper each.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from report_support import CHICAGO, HOLD, NEW_YORK, NOW, STORES, WRONG_TIME, attempt_of, history_of, previewed
from report_worlds import WORLDS

from batch.adapters.report import (
    insights_html,
    insights_xlsx,
    mail_html,
    write_evidence,
    write_html,
    write_preview,
    write_status,
    write_xlsx,
)
from batch.core.insights import find_insights
from batch.model import Batch, Insights, Sending, Status

WIDTHS = {1280: 900, 768: 1024, 390: 844}
"""Pixels wide, and how high the first screen is."""
SCHEMES = ("light", "dark")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")


def main(folder: Path, names: list[str]) -> None:
    """Write the pages of some worlds, or of all, into a folder, and their pictures beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_browser() as browser:
        for name in names or WORLDS:
            report = WORLDS[name]()
            page = write_html(report, folder / f"{name}.html")
            mail = folder / f"{name}-mail.html"
            mail.write_text(mail_html(report, commands=False, url="https://reports.example/"), "utf-8")
            take(browser, page, WIDTHS)
            take(browser, mail, {600: 900, 390: 844})
            print_page(page)
            write_xlsx(report, folder / f"{name}.xlsx")
        for page in () if names else other_pages(folder):
            take(browser, page, WIDTHS)
            print_page(page)
    print_books(folder)


def other_pages(folder: Path) -> Iterator[Path]:
    """Write the pages that are about no one week."""
    items = [previewed(2), previewed(3, issues=(HOLD,)), previewed(4, "it’s", issues=(WRONG_TIME,)), previewed(5)]
    yield write_preview(items, folder / "preview.html", title="week48.xlsx", zone=CHICAGO, provider_zone=NEW_YORK)
    yield write_status(WORLDS["trouble"]().entries, folder / "status.html", made_at=NOW, zone=CHICAGO)
    for name in ("cancelled", "drifted"):
        entry = next(one for one in WORLDS[name]().entries if one.status is Status.SENT)
        batch = Batch(7, "week48.xlsx", "Campaigns", NOW, 29, 2, 1, "dana", "ops-pc", "done")
        yield write_evidence(
            entry, (attempt_of(entry.id),), history_of(entry.id), folder / f"evidence-{name}.html",
            made_at=NOW, zone=CHICAGO, provider_zone=NEW_YORK, batch=batch, checks=("the text says how to opt out",),
        )  # fmt: skip
    learned = insights()
    (folder / "insights.xlsx").write_bytes(insights_xlsx(learned))
    page = folder / "insights.html"
    page.write_text(insights_html(learned, zone=CHICAGO), "utf-8")
    yield page


def insights() -> Insights:
    """Learn from half a year: Denver's texts arrive least, Miami's list shrinks, one campaign makes people leave."""
    sendings = []
    for n in range(1, 160):
        store, city, zone, contacts = STORES[n % len(STORES)]
        contacts -= 6 * n if city == "Miami" else 0
        lost, left = contacts * (9 if city == "Denver" else 3) // 100, 60 if n == 77 else n % 7
        sendings.append(
            Sending(
                entry=n, name=f"Black Friday {store} {n}", groups=(f"{city} stores",),
                local=(NOW - timedelta(days=n, hours=n % 9)).astimezone(ZoneInfo(zone)),
                template=("weekly-offer", "")[n % 2], parts=1 + n % 3 // 2, mms=False, contacts=contacts,
                credits=contacts * (1 + n % 3 // 2), delivered=contacts - lost - left, failed=lost, opted_out=left,
                waited=(None, 0.3, 2.5)[n % 3],
            )
        )  # fmt: skip
    problems = [("quiet-hours", "dana")] * 12 + [("group-unknown", "lee")] * 20
    return find_insights(
        sendings, problems=problems, title="Insights: the last 26 weeks", since=NOW - timedelta(weeks=26), now=NOW,
        weekly_budget=9_000,
    )  # fmt: skip


@contextmanager
def open_browser() -> Iterator[Any]:
    """Start the system's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=chromium_path(), args=[*FLAGS])
        yield chromium
        chromium.close()


def chromium_path() -> str:
    """Find the Chromium of the machine."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next(filter(None, found), "chromium")


def take(browser: Any, page: Path, widths: dict[int, int]) -> None:
    """Photograph the first screen and the whole of a page, and say how far it is to scroll."""
    for scheme in SCHEMES:
        for width, height in widths.items():
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
            view = context.new_page()
            view.goto(page.as_uri())
            stem = page.with_suffix("")
            if width == 390:
                view.screenshot(path=f"{stem}-{width}-{scheme}-first.png")
            view.screenshot(path=f"{stem}-{width}-{scheme}.png", full_page=True)
            size = view.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
            if scheme == "light":
                print(f"{page.stem:>24} {width:>5}: {size[0]} x {size[1]}")
            context.close()


def print_page(page: Path) -> None:
    """Print a page as the browser does, and turn the sheets into pictures."""
    paper = page.with_suffix(".pdf")
    command = [
        chromium_path(),
        "--headless",
        *FLAGS,
        "--no-pdf-header-footer",
        f"--print-to-pdf={paper}",
        page.as_uri(),
    ]
    subprocess.run(command, check=True, capture_output=True)
    draw(paper, f"{page.stem}-paper", 50)


def print_books(folder: Path) -> None:
    """Print all workbooks as LibreOffice does, and turn the sheets into pictures."""
    books = sorted(folder.glob("*.xlsx"))
    paper = folder / "books"
    command = ["soffice", "--headless", "--convert-to", "pdf", "--outdir", paper, *books]
    subprocess.run(command, check=True, capture_output=True)
    for book in books:
        draw(paper / f"{book.stem}.pdf", f"../{book.stem}-book", 80)


def draw(paper: Path, name: str, dots: int) -> None:
    """Turn the sheets of a paper into pictures beside it, at so many dots an inch."""
    subprocess.run(["pdftoppm", "-r", str(dots), "-png", paper, paper.parent / name], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
