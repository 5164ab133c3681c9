"""Take pictures of every page in ten worlds: three widths, light and dark, paper and mail, to be looked at.

`python tests/pictures.py FOLDER [WORLD ...]`; needs a Chromium, and poppler's pdftoppm for the paper.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from report_support import CHICAGO, HOLD, NEW_YORK, NOW, WRONG_TIME, previewed
from report_worlds import WORLDS

from batch.adapters.report import mail_html, write_html, write_preview, write_status

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
        for page in () if names else other_pages(folder):
            take(browser, page, WIDTHS)
            print_page(page)


def other_pages(folder: Path) -> Iterator[Path]:
    """Write the pages that are about no one week."""
    items = [previewed(2), previewed(3, issues=(HOLD,)), previewed(4, "it’s", issues=(WRONG_TIME,)), previewed(5)]
    yield write_preview(items, folder / "preview.html", title="week48.xlsx", zone=CHICAGO, provider_zone=NEW_YORK)
    yield write_status(WORLDS["trouble"]().entries, folder / "status.html", made_at=NOW, zone=CHICAGO)


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
    subprocess.run(["pdftoppm", "-r", "50", "-png", paper, page.with_name(f"{page.stem}-paper")], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
