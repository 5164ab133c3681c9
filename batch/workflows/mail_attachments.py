"""Give a mail its report: the files that it takes along, and the address of the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from batch.adapters.mail import LARGEST, Attachment
from batch.workflows.report import write

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.report import Report

_MEGABYTE = 1_048_576


def attach_report(settings: Settings, report: Report, stem: str) -> list[Attachment]:
    """Write the page and the Excel report; take along the Excel file, and the page where no address leads to it.

    Where the Excel file is too large for a mail, a CSV of what needs attention goes in its place.
    """
    page, book = write(report, settings, stem, ("html", "xlsx"))[:2]
    taken = [Attachment(book.name, book.read_bytes())]
    if book.stat().st_size > largest_attachment(settings):
        needed = tuple(entry for entry, _ in report.needed())
        short = replace(report, entries=needed, skipped=())
        [table] = write(short, settings, f"{stem}-needs-attention", ("csv",))
        taken.append(Attachment(table.name, table.read_bytes(), "text/csv"))
    if not settings.reports.url:
        taken.append(Attachment(page.name, page.read_bytes(), "text/html"))
    return taken


def largest_attachment(settings: Settings) -> int:
    """Give the bytes that all attachments of a mail may have together; what does not fit is named in the mail."""
    return min(LARGEST, int(settings.email.max_attachment_mb * _MEGABYTE))


def address_of(settings: Settings, stem: str) -> str:
    """Give the address of a page in the reports folder; empty when the settings name none."""
    url = settings.reports.url
    return f"{url.rstrip('/')}/{quote(stem)}.html" if url and stem else ""


def stem_of(title: str) -> str:
    """Turn a report's title into a file name without its ending."""
    kept = "".join(letter if letter.isalnum() else "-" for letter in title.casefold())
    return "-".join(part for part in kept.split("-") if part)[:80] or "report"
