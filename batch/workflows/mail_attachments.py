"""Give a mail its report: the files that it takes along, and the address of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from batch.adapters.mail import Attachment
from batch.workflows.report import write

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.report import Report

LARGEST_PAGE = 5 * 1_048_576
"""A larger page is not attached: many mail servers would refuse the whole mail."""


def attach_report(settings: Settings, report: Report, stem: str) -> list[Attachment]:
    """Write the page and the Excel report; take along the Excel file, and the page where no address leads to it."""
    page, book = write(report, settings, stem, ("html", "xlsx"))
    taken = [book] if settings.reports.url or page.stat().st_size > LARGEST_PAGE else [book, page]
    return [Attachment(path.name, path.read_bytes()) for path in taken]


def address_of(settings: Settings, stem: str) -> str:
    """Give the address of a page in the reports folder; empty when the settings name none."""
    url = settings.reports.url
    return f"{url.rstrip('/')}/{quote(stem)}.html" if url and stem else ""


def stem_of(title: str) -> str:
    """Turn a report's title into a file name without its ending."""
    kept = "".join(letter if letter.isalnum() else "-" for letter in title.casefold())
    return "-".join(part for part in kept.split("-") if part)[:80] or "report"
