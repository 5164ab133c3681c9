"""Write the workbook to begin with: headers, drop-downs, notes, one example row, and sheets that explain it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from batch.model import Group, MmsTemplate
from batch.model.columns import column_letter
from batch.model.errors import UsageError
from batch.system.disk import Readers, make_folder, replacing

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

SHEET = "Campaigns"
LAST_ROW = 2_000
"""Rows that the drop-downs reach."""
ZONES = (
    "ET", "CT", "MT", "PT", "America/Phoenix", "America/Anchorage", "Pacific/Honolulu", "America/New_York",
    "America/Chicago", "America/Denver", "America/Los_Angeles",
)  # fmt: skip
_FONT = "Calibri"
_GREEN, _PALE = "FF1F6F5C", "FFF3F6F4"


@dataclass(frozen=True, slots=True)
class StarterColumn:
    """One column as the starter explains it."""

    words: str
    example: str
    width: int = 0
    """In characters; 0 for a column that is explained but not in the sheet."""
    text: bool = False
    """Formatted as text, so that Excel leaves what is typed alone."""


COLUMNS: Mapping[str, StarterColumn] = {
    "CampaignName": StarterColumn(
        "What the campaign is called; people will look for it. Required.", "Weekend offer", 26
    ),
    "Message": StarterColumn(
        "The text. {{ Offer }} is filled in from the column Offer of the same row, and is the same for everyone in the "
        "group. Fill in either Message or Template.",
        "Hello! {{ Offer }} at all our stores. Reply STOP to opt out",
        56,
    ),
    "Template": StarterColumn(
        "The name of a text that is kept in templates/messages, instead of Message: choose one.", "weekly-offer", 20
    ),
    "GroupIds": StarterColumn(
        "Who gets it: one or more groups, by id (separated by commas or semicolons) or name (separated by semicolons). "
        "Needed.",
        "100;101",
        22,
        text=True,
    ),
    "DateTime": StarterColumn(
        "When it goes out: a date and a time of day in the future. Required. An empty cell never means now.",
        "2027-03-06 10:30",
        18,
    ),
    "TimeZone": StarterColumn("The time zone of the time; if empty, the team's own zone.", "CT", 18),
    "TypeRecipients": StarterColumn(
        "single: everyone in the group; double: only those who confirmed their opt-in. Empty: as the settings say.",
        "single",
        15,
    ),
    "MmsTemplateId": StarterColumn(
        "For a text with a picture: the id or name of an approved MMS template of the account.", "500", 16, text=True
    ),
    "Subject": StarterColumn("The subject of an MMS; only with an MmsTemplateId.", "New in store", 16),
    "Reference": StarterColumn(
        "Your own number of the campaign. With it, name and time may change and it is still the same campaign.",
        "SPRING-07",
        14,
        text=True,
    ),
    "ExpectedContacts": StarterColumn(
        "About how many people should get it; you get a warning when it differs.", "1200", 17
    ),
    "Owner": StarterColumn("Who is told when something is wrong with this row.", "ann@example.com", 20),
    "Purpose": StarterColumn(
        "marketing, information or emergency: some groups agreed to only one of them.", "marketing", 13
    ),
    "Cancel": StarterColumn("yes takes the campaign back, or puts it on the list of what to delete.", "yes", 9),
    "Date": StarterColumn("With Time, instead of DateTime: the day.", "2027-03-06"),
    "Time": StarterColumn("With Date, instead of DateTime: the time of day.", "10:30 AM"),
    "MmsHighResolution": StarterColumn("1 adds a link to the picture in full size.", "1"),
    "ForEach": StarterColumn(
        "The name of another sheet: one campaign for each of its rows, with {{ Store.City }} and the like in the text.",
        "Stores",
    ),
    "RowId": StarterColumn(
        "Only in workbooks that came back from campaign-batch: leave it as it came, so that the fixed row takes the "
        "old one's place.",
        "e17-k3f9",
    ),
}
"""Every known column, those of the sheet first and in its order."""

FILL_IN = "Offer"
_FILL_IN_COLUMN = StarterColumn(
    "A fill-in field: every column whose name the text uses in {{ }} is one. Add as many as you like.", "20% off", 20
)


@dataclass(frozen=True, slots=True)
class Example:
    """The example row."""

    name: str
    message: str
    groups: str
    send_at: datetime
    """Local, without a zone."""
    zone: str
    offer: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What the drop-downs offer."""

    templates: Sequence[str] = ()
    groups: Sequence[Group] = ()
    pictures: Sequence[MmsTemplate] = ()


def write_starter(
    path: Path,
    example: Example,
    choices: Choices,
    *,
    aliases: Mapping[str, Sequence[str]],
    codes: Mapping[str, str],
) -> Path:
    """Write the workbook; raise UsageError when there is a file of that name already.

    `aliases` are the other names of each known column, `codes` every code with what it means.
    """
    if path.exists():
        raise UsageError(f'"{path}" already exists and is not overwritten', "choose another name")
    if path.suffix.casefold() != ".xlsx":
        raise UsageError("the starter is an Excel workbook", f'name it "{path.stem or path.name}.xlsx"')
    return _save(_make(example, choices, aliases, codes), path)


def _save(book: Workbook, path: Path) -> Path:
    try:
        make_folder(path.parent, Readers.UMASK)
        with replacing(path, Readers.UMASK) as file:
            book.save(file)
    except OSError as error:
        words = f'"{path}" cannot be written ({error.strerror or type(error).__name__})'
        raise UsageError(words, "choose another folder") from error
    return path


def _make(
    example: Example, choices: Choices, aliases: Mapping[str, Sequence[str]], codes: Mapping[str, str]
) -> Workbook:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = SHEET
    names = [*(name for name, column in COLUMNS.items() if column.width), FILL_IN]
    _write_header(sheet, names)
    _write_example(sheet, names, example)
    _explain(book.create_sheet("How to fill it in"), aliases)
    _list_codes(book.create_sheet("What the codes mean"), codes)
    ranges = _list_choices(book.create_sheet("Lists"), choices)
    _add_choices(sheet, names, ranges)
    return book


def _write_header(sheet: Worksheet, names: Sequence[str]) -> None:
    from openpyxl.comments import Comment

    for at, name in enumerate(names, start=1):
        column = COLUMNS.get(name, _FILL_IN_COLUMN)
        cell = sheet.cell(1, at, name)
        note = Comment(f"{column.words}\n\nfor example: {column.example}", "campaign-batch", height=120, width=300)
        cell.comment = note
        dimension = sheet.column_dimensions[column_letter(at - 1)]
        dimension.width = column.width
        dimension.number_format = _format(name, column)
    _dress(sheet, len(names))
    sheet.freeze_panes = "B2"


def _write_example(sheet: Worksheet, names: Sequence[str], example: Example) -> None:
    from openpyxl.styles import Alignment

    values: dict[str, object] = {
        "CampaignName": example.name,
        "Message": example.message,
        "GroupIds": example.groups,
        "DateTime": example.send_at,
        "TimeZone": example.zone,
        FILL_IN: example.offer,
    }
    for at, name in enumerate(names, start=1):
        cell = sheet.cell(2, at, values.get(name))  # type: ignore[call-overload]
        cell.number_format = _format(name, COLUMNS.get(name, _FILL_IN_COLUMN))
        cell.alignment = Alignment(vertical="top", wrap_text=name == "Message")
    sheet.row_dimensions[2].height = 32


def _format(name: str, column: StarterColumn) -> str:
    if name == "DateTime":
        return "yyyy-mm-dd hh:mm"
    return "@" if column.text else "General"


def _dress(sheet: Worksheet, width: int) -> None:
    """Give a header row its look."""
    from openpyxl.styles import Alignment, Font, PatternFill

    for cell in sheet[1][:width]:
        cell.font = Font(name=_FONT, size=11, bold=True, color="FFFFFFFF")
        cell.fill = PatternFill("solid", fgColor=_GREEN)
        cell.alignment = Alignment(vertical="center")
    sheet.row_dimensions[1].height = 24
    sheet.sheet_view.showGridLines = True


def _explain(sheet: Worksheet, aliases: Mapping[str, Sequence[str]]) -> None:
    """Explain every column, and what happens to the file."""
    from openpyxl.styles import Font

    lines = [
        (name, column.words, column.example, ", ".join(aliases.get(name, ())))
        for name, column in (*COLUMNS.items(), ("any other column", _FILL_IN_COLUMN))
    ]
    _write_table(sheet, ("Column", "What it is for", "For example", "Other names of it"), lines, (22, 76, 40, 44))
    for number, words in enumerate(_STEPS, start=len(lines) + 4):
        sheet.cell(number, 1, words).font = Font(name=_FONT, size=11, bold=words == _STEPS[0])


_STEPS = (
    "From a sheet to scheduled campaigns",
    "1. Fill in one row for each campaign below the header of the sheet Campaigns, and remove the example row.",
    "2. Check it: campaign-batch check FILE.xlsx --marked CHECKED.xlsx (cells that need fixing come back in red).",
    "3. Look at the texts: campaign-batch check FILE.xlsx --preview PREVIEW.html",
    "4. Submit it: campaign-batch submit FILE.xlsx, or drop the file into the watched folder.",
    "5. Rows that were held back come in a workbook of their own: fix them there, and submit that one.",
)


def _list_codes(sheet: Worksheet, codes: Mapping[str, str]) -> None:
    _write_table(sheet, ("Code", "What it means"), sorted(codes.items()), (34, 96))


def _write_table(
    sheet: Worksheet, header: Sequence[str], lines: Sequence[Sequence[str]], widths: Sequence[int]
) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    sheet.append(list(header))
    for number, line in enumerate(lines, start=2):
        for at, text in enumerate(line, start=1):
            cell = sheet.cell(number, at)
            _put(cell, text)
            cell.alignment = Alignment(vertical="top", wrap_text=True)
            cell.font = Font(name=_FONT, size=11, bold=at == 1)
            if number % 2:
                cell.fill = PatternFill("solid", fgColor=_PALE)
        tallest = max(-(-len(text) // width) for text, width in zip(line, widths, strict=True)) or 1
        sheet.row_dimensions[number].height = 15.5 * tallest + 2
    for at, width in enumerate(widths):
        sheet.column_dimensions[column_letter(at)].width = width
    _dress(sheet, len(header))
    sheet.freeze_panes = "A2"


def _list_choices(sheet: Worksheet, choices: Choices) -> dict[str, str]:
    """Write what the drop-downs offer; give the range of each."""
    lists: dict[str, tuple[str, Sequence[str]]] = {
        "TimeZone": ("time zones", ZONES),
        "TypeRecipients": ("who may get it", ("single", "double")),
        "Template": ("texts in templates/messages", choices.templates),
        "Purpose": ("purposes", ("marketing", "information", "emergency")),
        "Cancel": ("to cancel", ("yes",)),
        "GroupIds": ("groups of the account", [group.name or group.id for group in choices.groups]),
        "MmsTemplateId": ("MMS templates of the account", [one.name or str(one.id) for one in choices.pictures]),
    }
    found = {}
    for at, (name, (title, texts)) in enumerate((name, pair) for name, pair in lists.items() if pair[1]):
        sheet.cell(1, at + 1, title)
        for number, text in enumerate(texts, start=2):
            _put(sheet.cell(number, at + 1), text)
        letter = column_letter(at)
        sheet.column_dimensions[letter].width = max(18, *(min(50, len(text) + 3) for text in (title, *texts)))
        found[name] = f"Lists!${letter}$2:${letter}${len(texts) + 1}"
    _dress(sheet, len(found))
    sheet.freeze_panes = "A2"
    return found


def _add_choices(sheet: Worksheet, names: Sequence[str], ranges: Mapping[str, str]) -> None:
    """Put a drop-down on each column that has a list; where several values may stand, others can be typed too."""
    from openpyxl.worksheet.datavalidation import DataValidation

    for name, place in ranges.items():
        choice = DataValidation(type="list", formula1=place, allow_blank=True)
        choice.errorStyle = "stop" if name in {"TypeRecipients", "Purpose"} else "information"
        choice.showErrorMessage = name in {"TypeRecipients", "Purpose"}
        choice.errorTitle, choice.error = name, "choose one of the list"
        letter = column_letter(names.index(name))
        choice.add(f"{letter}2:{letter}{LAST_ROW}")
        sheet.add_data_validation(choice)
    when = DataValidation(type="date", operator="greaterThan", formula1="TODAY()", allow_blank=True)
    when.errorStyle, when.showErrorMessage, when.showInputMessage = "warning", True, True
    when.errorTitle, when.error = "DateTime", "a future date and time, like 2027-03-06 10:30"
    when.promptTitle, when.prompt = "DateTime", "date and time, like 2027-03-06 10:30"
    letter = column_letter(names.index("DateTime"))
    when.add(f"{letter}2:{letter}{LAST_ROW}")
    sheet.add_data_validation(when)


def _put(cell: object, text: str) -> None:
    """Write a text that stays one, whatever it begins with."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)  # type: ignore[attr-defined]
    cell.data_type = "s"  # type: ignore[attr-defined]
