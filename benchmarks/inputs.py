"""Make the sheets that are measured: rows that differ as real ones do, the same at every run."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

HEADER = (
    "CampaignName", "Message", "Template", "GroupIds", "DateTime", "TimeZone", "StoreName", "City", "Offer", "EndDate",
)  # fmt: skip
CITIES = (
    "Dallas", "Chicago", "Seattle", "Austin", "Boston", "Denver", "Miami", "Portland", "Tucson", "Omaha", "Reno",
    "San José", "El Paso", "Tampa", "Fresno", "Mesa", "Tulsa",
)  # fmt: skip
STORES = ("Maple & Main", "North Gate", "Harbor", "Old Mill", "Oak Street", "Union Square", "Lakeside")
OFFERS = ("20% off all boots", "half price on coats", "free coffee", "two shirts for one", "$5 off", "15% off")
ZONES = ("ET", "CT", "MT", "PT", "America/Phoenix", "")
TEMPLATES = ("weekend-sale", "last-chance", "members-first", "weekly-offer")
MESSAGES = (
    "{{ StoreName }} {{ City }}: {{ Offer }} until {{ EndDate }}. Show this text at the till. Reply STOP to opt out",
    "{{ City }}, this week only: {{ Offer }} at {{ StoreName }}. Reply STOP to opt out",
    '{{ StoreName }}: {{ Offer }} ends {{ EndDate | date("%b %-d") }}. Reply STOP to opt out',
)
STORE = ("StoreName", "City", "GroupIds", "TimeZone")
FIRST_DAY = 10
"""Days from now on which the first row goes out."""
DAYS = 60
GROUPS = range(100, 800)
"""All that the rows below speak of."""


def make_rows(
    count: int, *, today: datetime
) -> Iterator[tuple[str, str, str, str, datetime, str, str, str, str, datetime]]:
    """Give rows of distinct names and texts: three in ten written out, three with fields, four by template."""
    first = today.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=FIRST_DAY)
    for number in range(count):
        city, store = CITIES[number % len(CITIES)], STORES[number // 17 % len(STORES)]
        offer = OFFERS[number // 5 % len(OFFERS)]
        at = first + timedelta(days=number % DAYS, minutes=5 * (number // DAYS % 120))
        end = at + timedelta(days=5, hours=20 - at.hour, minutes=-at.minute)
        message, template = _text(number, city, store, offer)
        groups = str(100 + number % 400) if number % 4 else f"{100 + number % 400}, {500 + number % 300}"
        name = f"{offer.title()} {city} {number + 1}"
        yield name, message, template, groups, at, ZONES[number % 6], f"{store} {number % 2500}", city, offer, end


def _text(number: int, city: str, store: str, offer: str) -> tuple[str, str]:
    kind = number % 10
    if kind < 3:
        return f"{store} {city}, till {number}: {offer}, come by and see. Reply STOP to opt out", ""
    if kind < 6:
        return MESSAGES[kind - 3], ""
    return "", TEMPLATES[kind - 6]


def write_csv(path: Path, count: int, *, today: datetime) -> None:
    """Write the rows as a spreadsheet program saves them for the United States."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for row in make_rows(count, today=today):
            *before, end = row
            at = row[4]
            before[4] = at.strftime("%Y-%m-%d %H:%M")
            writer.writerow((*before, f"{end:%Y-%m-%d}"))


def write_xlsx(path: Path, count: int, *, today: datetime) -> None:
    """Write the rows as a workbook with shared strings and real dates, as Excel does."""
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Campaigns")
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        day = book.add_format({"num_format": "mmm d"})
        sheet.write_row(0, 0, HEADER)
        for number, row in enumerate(make_rows(count, today=today), start=1):
            for place, value in enumerate(row):
                if isinstance(value, datetime):
                    sheet.write_datetime(number, place, value, moment if place == 4 else day)
                elif value:
                    sheet.write_string(number, place, value)


def write_stores(path: Path, count: int, *, today: datetime, listed: bool) -> None:
    """Write one text for many stores: as one row and a list of the stores, or as a row for each."""
    import xlsxwriter

    at = today.replace(hour=14, minute=0, second=0, microsecond=0) + timedelta(days=FIRST_DAY)
    stores = [
        (f"Store {one}", f"{CITIES[one % len(CITIES)]} {one}", str(100 + one % 400), "CT") for one in range(count)
    ]
    fields = "{{ Store.StoreName }} {{ Store.City }}" if listed else "{{ StoreName }} {{ City }}"
    text = f"{fields}: 20% off today. Reply STOP to opt out"
    with xlsxwriter.Workbook(path) as book:
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet = book.add_worksheet("Campaigns")
        sheet.write_row(0, 0, ("CampaignName", "Message", "DateTime", *(("ForEach",) if listed else STORE)))
        for number, store in enumerate([("Stores",)] if listed else stores, start=1):
            sheet.write_row(number, 0, ("Holiday sale" if listed else f"Holiday sale - {store[0]}", text))
            sheet.write_datetime(number, 2, at, moment)
            for place, value in enumerate(store, start=3):
                sheet.write_string(number, place, value)
        if listed:
            places = book.add_worksheet("Stores")
            for number, store in enumerate((STORE, *stores)):
                for place, value in enumerate(store):
                    places.write_string(number, place, value)


def write_groups(path: Path) -> None:
    """Write a sandbox's state that has every group of the rows, a hundred contacts each."""
    groups = ((str(number), f"Group {number}", [100_000 * number + one for one in range(100)]) for number in GROUPS)
    path.write_text("".join(f"{json.dumps(['group', group])}\n" for group in groups), encoding="utf-8")


def main() -> None:
    """Write one file: `python -m benchmarks.inputs PATH ROWS`; `stores` in its name makes it one of stores."""
    path, count = Path(sys.argv[1]), int(sys.argv[2])
    today = datetime.now()  # noqa: DTZ005 a sheet's times have no zone
    if "stores" in path.stem:
        write_stores(path, count, today=today, listed="listed" in path.stem)
        return
    (write_xlsx if path.suffix == ".xlsx" else write_csv)(path, count, today=today)


if __name__ == "__main__":
    main()
