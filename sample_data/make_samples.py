"""Write the committed sample files anew: `python sample_data/make_samples.py [FOLDER]`.

The dates are those of one fixed week; `batch.adapters.samples` moves them to the coming one whenever they are used.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

MONDAY = date(2026, 1, 5)
STOP = "Reply STOP to opt out"
WHEN = "yyyy-mm-dd hh:mm"
DAY = "mmm d"

# City, zone as people write it, group, its contacts
CITIES: Mapping[str, tuple[str, str, int]] = {
    "Dallas": ("CT", "100", 412),
    "Houston": ("America/Chicago", "101", 388),
    "Austin": ("CT", "102", 205),
    "Phoenix": ("America/Phoenix", "103", 176),
    "Denver": ("MT", "104", 231),
    "Los Angeles": ("PT", "105", 634),
    "San Diego": ("America/Los_Angeles", "106", 289),
    "Seattle": ("PT", "107", 198),
    "Chicago": ("America/Chicago", "108", 527),
    "Atlanta": ("ET", "109", 341),
    "Miami": ("America/New_York", "110", 298),
    "New York": ("ET", "111", 712),
    "Boston": ("ET", "112", 264),
    "Philadelphia": ("America/New_York", "113", 303),
    "Nashville": ("CT", "114", 187),
    "Minneapolis": ("CT", "115", 142),
}
SHOP = "Maple & Main"
BRAND = "{{ StoreName }} {{ City }}"

# name, city, day of the week (0 is Monday), time, template or text, offer, number format of the offer, last day
WEEK: Sequence[tuple[str, str, int, str, str, object, str, int]] = (
    ("Winter coats", "Dallas", 0, "10:00", f"{BRAND}: {{{{ Offer }}}} off all winter coats until {{{{ EndDate }}}}. {STOP}", 0.2, "0%", 6),
    ("Winter coats", "Houston", 0, "10:00", f"{BRAND}: {{{{ Offer }}}} off all winter coats until {{{{ EndDate }}}}. {STOP}", 0.2, "0%", 6),
    ("Winter coats", "Denver", 0, "10:30", f"{BRAND}: {{{{ Offer }}}} off all winter coats until {{{{ EndDate }}}}. {STOP}", 0.25, "0%", 6),
    ("Winter coats", "Chicago", 0, "11:00", f"{BRAND}: {{{{ Offer }}}} off all winter coats until {{{{ EndDate }}}}. {STOP}", 0.25, "0%", 6),
    ("Weekly offer", "Phoenix", 0, "12:15", "weekly-offer.txt.j2", "Save 15%", "@", 6),
    ("Weekly offer", "Los Angeles", 0, "12:15", "weekly-offer.txt.j2", "Save 15%", "@", 6),
    ("Weekly offer", "San Diego", 0, "12:15", "weekly-offer.txt.j2", "Save 10%", "@", 6),
    ("Coupon", "Atlanta", 1, "09:30", f"{BRAND}: take {{{{ Offer }}}} off any purchase of $25 or more until {{{{ EndDate }}}}. {STOP}", 5, "$#,##0.00", 5),
    ("Coupon", "Miami", 1, "09:30", f"{BRAND}: take {{{{ Offer }}}} off any purchase of $25 or more until {{{{ EndDate }}}}. {STOP}", 5, "$#,##0.00", 5),
    ("Coupon", "New York", 1, "10:00", f"{BRAND}: take {{{{ Offer }}}} off any purchase of $50 or more until {{{{ EndDate }}}}. {STOP}", 10, "$#,##0.00", 5),
    ("Weekly offer", "Boston", 1, "12:00", "weekly-offer.txt.j2", "Save 20%", "@", 6),
    ("Weekly offer", "Philadelphia", 1, "12:00", "weekly-offer.txt.j2", "Save 20%", "@", 6),
    ("Clearance", "Seattle", 1, "17:45", "last-chance.txt.j2", "Buy one, get one free", "@", 4),
    ("Clearance", "Nashville", 1, "17:45", "last-chance.txt.j2", "Buy one, get one free", "@", 4),
    ("New store", "Austin", 2, "11:00", "store-opening.txt.j2", "Free coffee and $10 coupons", "@", 5),
    ("New hours", "Minneapolis", 2, "14:00", "new-hours.txt", "open daily 8 am to 9 pm", "@", 8),
    ("Clearance", "Dallas", 2, "17:30", "last-chance.txt.j2", "Everything at half price", "@", 4),
    ("Clearance", "Houston", 2, "17:30", "last-chance.txt.j2", "Everything at half price", "@", 4),
    ("Boots week", "Denver", 2, "18:00", f"{BRAND}: boots from {{{{ Offer }}}} until {{{{ EndDate }}}}, while they last. {STOP}", 39.9, "$0.00", 7),
    ("Boots week", "Chicago", 2, "18:00", f"{BRAND}: boots from {{{{ Offer }}}} until {{{{ EndDate }}}}, while they last. {STOP}", 39.9, "$0.00", 7),
    ("Weekend sale", "Los Angeles", 3, "16:30", "weekend-sale.txt.j2", 0.3, "0%", 6),
    ("Weekend sale", "San Diego", 3, "16:30", "weekend-sale.txt.j2", 0.3, "0%", 6),
    ("Weekend sale", "New York", 3, "17:00", "weekend-sale.txt.j2", 0.2, "0%", 6),
    ("Weekend sale", "Boston", 3, "17:00", "weekend-sale.txt.j2", 0.2, "0%", 6),
    ("Weekend sale", "Philadelphia", 3, "17:00", "weekend-sale.txt.j2", 0.175, "0.0%", 6),
)  # fmt: skip
WEEKLY_HEADER = (
    "Reference", "CampaignName", "Template", "Message", "GroupIds", "DateTime", "TimeZone", "TypeRecipients",
    "StoreName", "City", "Offer", "EndDate", "ExpectedContacts", "Owner",
)  # fmt: skip
WIDTHS = {
    "Reference": 12, "CampaignName": 28, "Template": 22, "Message": 62, "GroupIds": 12, "DateTime": 18, "Date": 12,
    "TimeZone": 20, "TypeRecipients": 15, "StoreName": 15, "City": 15, "Offer": 24, "EndDate": 10,
    "ExpectedContacts": 17, "Owner": 26, "MmsTemplateId": 15, "Subject": 16, "What is wrong here": 70,
}  # fmt: skip

Cell = tuple[object, str]
"""A value and its number format."""


def main(folder: Path) -> None:
    """Write the three files."""
    write_weekly(folder / "weekly_campaigns.xlsx")
    write_mms(folder / "mms_campaigns.csv")
    write_mistakes(folder / "common_mistakes.xlsx")


def write_weekly(path: Path) -> None:
    """Write the week of a chain of stores: 29 campaigns, all of them right."""
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "This week"
    rows = [_city_row(number, *row) for number, row in enumerate(WEEK, 1)]
    rows += _chain_rows(len(rows) + 1)
    _fill(sheet, WEEKLY_HEADER, rows)
    _offer_choices(sheet, len(rows))
    _write_stores(workbook.create_sheet("Stores"))
    workbook.properties.title = "Weekly campaigns"
    workbook.properties.creator = SHOP
    workbook.save(path)


def write_mms(path: Path) -> None:
    """Write a CSV of picture messages, Date and Time in two columns."""
    header = (
        "Reference", "CampaignName", "Message", "GroupIds", "Date", "Time", "TimeZone", "MmsTemplateId",
        "MmsHighResolution", "Subject", "StoreName", "City", "Offer", "EndDate",
    )  # fmt: skip
    sale = f'{BRAND}: {{{{ Offer }}}} until {{{{ EndDate | date("%b %-d") }}}}. Show this picture at the till. {STOP}'
    film = f'{BRAND} opens {{{{ EndDate | date("%b %-d") }}}}: {{{{ Offer }}}}. Have a look inside! {STOP}'
    card = f'{BRAND}: {{{{ Offer }}}} from {{{{ EndDate | date("%b %-d") }}}} on. {STOP}'
    rows = [
        ("PIC-01", "Picture sale Dallas", sale, "100", 7, "10:00", "CT", 500, "", "Half price", "Dallas", "Half price on coats", 13),
        ("PIC-02", "Picture sale Chicago", sale, "108", 7, "10:30", "CT", 500, 1, "Half price", "Chicago", "Half price on coats", 13),
        ("PIC-03", "Picture sale Seattle", sale, "107", 8, "12:00", "PT", 500, "", "", "Seattle", "20% off, all boots", 13),
        ("PIC-04", "New store film Austin", film, "102", 8, "17:30", "CT", 501, 1, "We open", "Austin", 'free coffee and "first come" gifts', 12),
        ("PIC-05", "New store film Miami", film, "110", 9, "17:30", "ET", 501, "", "We open", "Miami", "free coffee for all", 12),
        ("PIC-06", "Hours card Boston", card, "112; 113", 10, "11:15", "ET", 502, "", "New hours", "Boston", "open 8 am to 9 pm", 14),
    ]  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        for row in rows:
            sent, end = MONDAY + timedelta(days=row[4]), MONDAY + timedelta(days=row[12])
            writer.writerow([*row[:4], sent, *row[5:10], SHOP, row[10], row[11], end])


def write_mistakes(path: Path) -> None:
    """Write a workbook with every mistake that people make, one a row, and what it is beside it."""
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Mistakes"
    header = (
        "CampaignName", "Template", "Message", "GroupIds", "DateTime", "TimeZone", "TypeRecipients", "MmsTemplateId",
        "Subject", "StoreName", "City", "Offer", "EndDate", "ExpectedContacts", "What is wrong here",
    )  # fmt: skip
    rows = [_mistake(number, words, changes) for number, (words, changes) in enumerate(_mistakes())]
    _fill(sheet, header, rows)
    hidden = next(number for number, row in enumerate(rows, 2) if "row is hidden" in str(row["What is wrong here"][0]))
    sheet.row_dimensions[hidden].hidden = True
    workbook.properties.title = "Common mistakes"
    workbook.properties.creator = SHOP
    workbook.save(path)


def _city_row(
    number: int, name: str, city: str, day: int, time: str, text: str, offer: object, layout: str, end: int
) -> dict[str, Cell]:
    zone, group, contacts = CITIES[city]
    return _row(
        number, name=f"{name} {city}", text=text, groups=group, day=day, time=time, zone=zone, city=city,
        offer=(offer, layout), end=end, contacts=contacts, owner="stores@maple-and-main.example",
    )  # fmt: skip


def _chain_rows(number: int) -> list[dict[str, Cell]]:
    """Give the campaigns to people of several cities: on days of their own, so that nobody gets two in a day."""
    stores, online, loyal = (f"{desk}@maple-and-main.example" for desk in ("stores", "online", "loyalty"))
    free = f"{SHOP} online: free shipping on orders over {{{{ Offer }}}} until {{{{ EndDate }}}}. {STOP}"
    points = f"{SHOP}: double points on everything, {{{{ Offer }}}} until {{{{ EndDate }}}}. {STOP}"
    return [
        _row(number, name="Weekly offer Phoenix and Seattle", text="weekly-offer.txt.j2", groups="103, 107", day=3,
             time="12:30", zone="America/Denver", city="Phoenix and Seattle", offer=("Save 10%", "@"), end=6,
             contacts=374, owner=stores),
        _row(number + 1, name="Free shipping", text=free, groups="122", day=4, time="10:00", zone="ET", city="Online",
             offer=(49, "$#,##0"), end=7, contacts=1480, owner=online),
        _row(number + 2, name="Double points", text=points, groups="121", day=4, time="12:00", zone="CT",
             city="all cities", offer=("in store and online", "@"), end=7, contacts=960, owner=loyal),
        _row(number + 3, name="Members first", text="members-first.txt.j2", groups="120", day=5, time="11:00",
             zone="CT", city="all stores", offer=("Early access to the spring collection", "@"), end=13, contacts=400,
             owner=loyal),
    ]  # fmt: skip


def _row(
    number: int,
    *,
    name: str,
    text: str,
    groups: str,
    day: int,
    time: str,
    zone: str,
    city: str,
    offer: Cell,
    end: int,
    contacts: int,
    owner: str,
) -> dict[str, Cell]:
    template = text if text.endswith((".j2", ".txt")) else ""
    return {
        "Reference": (f"MM-{number:03}", "@"),
        "CampaignName": (name, "General"),
        "Template": (template or None, "General"),
        "Message": (None if template else text, "General"),
        "GroupIds": (groups, "@"),
        "DateTime": (_moment(day, time), WHEN),
        "TimeZone": (zone, "General"),
        "TypeRecipients": ("single", "General"),
        "StoreName": (SHOP, "General"),
        "City": (city, "General"),
        "Offer": offer,
        "EndDate": (_moment(end, "00:00"), DAY),
        "ExpectedContacts": (contacts, "#,##0"),
        "Owner": (owner, "General"),
    }


def _mistake(number: int, words: str, changes: Mapping[str, object]) -> dict[str, Cell]:
    """Start from a row that is right, and put the mistake in."""
    city = list(CITIES)[number % len(CITIES)]
    _, group, contacts = CITIES[city]
    moment = _moment(14 + number % 5, f"{10 + number % 8}:{number % 6}0")
    good: dict[str, Cell] = {
        "CampaignName": (f"Row {number + 2} {city}", "General"),
        "Template": (None, "General"),
        "Message": (f"{BRAND}: {{{{ Offer }}}} until {{{{ EndDate }}}}. {STOP}", "General"),
        "GroupIds": (group, "@"),
        "DateTime": (moment, WHEN),
        "TimeZone": ("ET", "General"),
        "TypeRecipients": ("single", "General"),
        "MmsTemplateId": (None, "General"),
        "Subject": (None, "General"),
        "StoreName": (SHOP, "General"),
        "City": (city, "General"),
        "Offer": ("20% off", "General"),
        "EndDate": (_moment(21, "00:00"), DAY),
        "ExpectedContacts": (contacts, "#,##0"),
        "What is wrong here": (words, "General"),
    }
    for name, value in changes.items():
        good[name] = value if isinstance(value, tuple) else (value, good[name][1])
    return good


def _mistakes() -> list[tuple[str, dict[str, object]]]:
    twin: dict[str, object] = {
        "CampaignName": "Twins Dallas", "GroupIds": "100", "DateTime": _moment(15, "15:00"), "City": "Dallas",
        "ExpectedContacts": 412,
    }  # fmt: skip
    return [
        ("Nothing: this row is right", {}),
        ("The campaign has no name", {"CampaignName": None}),
        ("Neither a Message nor a Template", {"Message": None}),
        ("Both a Message and a Template", {"Template": "weekly-offer.txt.j2"}),
        ("There is no template of this name", {"Message": None, "Template": "weekly-ofer.txt.j2"}),
        ("A field that is no column: Ofer instead of Offer", {"Message": f"{BRAND}: {{{{ Ofer }}}} today. {STOP}"}),
        ("The text uses Offer, but the cell is empty", {"Offer": None}),
        ("FirstName: one row is one text to everybody in the group", {"Message": f"Hi {{{{ FirstName }}}}! {BRAND}. {STOP}"}),
        ("The braces are not closed", {"Message": f"{BRAND}: {{{{ Offer until Sunday. {STOP}"}),
        ("A loop: only fields, filters and if are allowed", {"Message": f"{{% for x in Offer %}}{{{{ x }}}}{{% endfor %}} {STOP}"}),
        ("The text is longer than 480 characters", {"Message": f"{BRAND}: {'come in and see what is new, ' * 18}{STOP}"}),
        ("No group", {"GroupIds": None}),
        ("A group's name with a slip: Dalas stores", {"GroupIds": "Dalas stores"}),
        ("The same group twice", {"GroupIds": "100, 101, 100", "ExpectedContacts": 800}),
        ("Excel made the number 100,101 of two groups", {"GroupIds": (100101, "#,##0")}),
        ("A group id cannot have decimals", {"GroupIds": (100.5, "General")}),
        ("A group id cannot be less than 1", {"GroupIds": "-100"}),
        ("Excel shows the id as 1E+17, its last digits are lost", {"GroupIds": (123456789012345678, "0.00E+00")}),
        ("There is no group 999 (seen only when the account is asked)", {"GroupIds": "999"}),
        ("Nobody is in group 140 (seen only when the account is asked)", {"GroupIds": "140", "ExpectedContacts": None}),
        ("A date, but no time", {"DateTime": (_moment(15, "00:00"), "yyyy-mm-dd")}),
        ("Neither date nor time", {"DateTime": None}),
        ("Words instead of a time", {"DateTime": ("tomorrow at nine", "@")}),
        ("A day that no calendar has", {"DateTime": ("2026-02-30 10:00", "@")}),
        ("Day and month the wrong way round", {"DateTime": ("25/01/2026 10:00", "@")}),
        ("This time has passed", {"DateTime": _moment(-364, "10:00")}),
        ("More than a year ahead", {"DateTime": _moment(735, "10:00")}),
        ("In the middle of the night", {"DateTime": _moment(16, "23:30")}),
        ("There is no such time zone", {"TimeZone": "Dallas time"}),
        ("TypeRecipients is single or double", {"TypeRecipients": "both"}),
        ("A Subject, but no picture: only an MMS has one", {"Subject": "Hello"}),
        ("The picture is not a number nor a name that the account knows", {"MmsTemplateId": "snow!"}),
        ("Picture 503 is not approved (seen only when the account is asked)", {"MmsTemplateId": 503}),
        ("No word about how to opt out", {"Message": f"{BRAND}: {{{{ Offer }}}} until {{{{ EndDate }}}}."}),
        ("A 'stop' that is no way to opt out", {"Message": f"{BRAND}: don't stop shopping, {{{{ Offer }}}}!"}),
        ("Curly quotes and a dash make it a dearer kind of text", {"Message": f"{BRAND} – “{{{{ Offer }}}}” it’s on. {STOP}"}),
        ("One emoji, and it is five texts instead of three", {"Message": f"{BRAND} 🎉 {'so much to see and so much to try, ' * 8}{STOP}"}),
        ("A placeholder was left in", {"Message": f"{BRAND}: TBD off until {{{{ EndDate }}}}. {STOP}"}),
        ("The text says Sunday and [DATE]", {"Message": f"{BRAND}: only on Sunday [DATE]: {{{{ Offer }}}}. {STOP}"}),
        ("A shared link shortener: carriers block them", {"Message": f"{BRAND}: see https://bit.ly/3xYz {STOP}"}),
        ("A cell that looks like a field is sent as it is", {"Offer": "{{ 7*7 }}"}),
        ("The cell shows #N/A", {"Offer": "#N/A"}),
        ("A formula that was never calculated", {"Offer": '=CONCATENATE("20","% off")'}),
        ("Half the contacts that are expected (seen only when the account is asked)", {"GroupIds": "102", "ExpectedContacts": 410}),
        ("Twice in this file (1): nothing wrong yet", twin),
        ("Twice in this file (2): the row above again", twin),
        ("Same name and time, another text (1)", {**twin, "CampaignName": "Quarrel", "GroupIds": "101"}),
        ("Same name and time, another text (2)", {**twin, "CampaignName": "Quarrel", "GroupIds": "101", "Offer": "30% off"}),
        ("This row is hidden, and so it is left out", {}),
    ]  # fmt: skip


def _moment(day: int, time: str) -> datetime:
    clock = datetime.strptime(time, "%H:%M").time()  # noqa: DTZ007 - a sheet's times have no zone of their own
    return datetime.combine(MONDAY + timedelta(days=day), clock)


def _fill(sheet: Worksheet, header: Sequence[str], rows: Sequence[Mapping[str, Cell]]) -> None:
    sheet.append(list(header))
    for number, row in enumerate(rows, 2):
        for position, name in enumerate(header, 1):
            value, layout = row[name]
            cell = sheet.cell(number, position)
            cell.value = value  # type: ignore[assignment]
            cell.number_format = layout
            cell.alignment = Alignment(vertical="top", wrap_text=name in ("Message", "What is wrong here"))
    _dress(sheet, header)


def _dress(sheet: Worksheet, header: Sequence[str]) -> None:
    line = Side(style="thin", color="1F6F5C")
    for cell in sheet[1]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="1F6F5C")
        cell.border = Border(bottom=line)
        cell.alignment = Alignment(vertical="center")
    for position, name in enumerate(header, 1):
        sheet.column_dimensions[get_column_letter(position)].width = WIDTHS.get(name, 14)
    sheet.row_dimensions[1].height = 22
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = sheet.dimensions
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _offer_choices(sheet: Worksheet, rows: int) -> None:
    choices = DataValidation(type="list", formula1='"single,double"', allow_blank=True)
    letter = get_column_letter(WEEKLY_HEADER.index("TypeRecipients") + 1)
    choices.add(f"{letter}2:{letter}{rows + 1}")
    sheet.add_data_validation(choices)


def _write_stores(sheet: Worksheet) -> None:
    """Add the list that people look ids up in; it has none of the columns of a campaign."""
    sheet.append(["Store", "Where", "Id", "People"])
    for city, (zone, group, contacts) in CITIES.items():
        sheet.append([f"{SHOP} {city}", zone, group, contacts])
    _dress(sheet, ("StoreName", "TimeZone", "Id", "People"))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
