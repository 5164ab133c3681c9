"""Fill in the workbook to begin with, `templates/starter.xlsx`: what depends on settings, account and the register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any

from batch.model.columns import column_letter
from batch.model.errors import UsageError
from batch.system.disk import Readers, make_folder, replacing
from batch.system.resources import templates_folder

_ACCOUNT = "Account"
_ABOUT = "The account that sends this row; if empty, the one that the file is taken in for."
_NOTES = "How to fill it in"
"""Whose the notes at the headers are: a marked copy takes off what is campaign-batch's own."""
_FIRST_OWN_LIST = 5
"""Column of the sheet Lists, from 1, where the lists begin that the team or the account fills."""


def write_starter(
    path: Path,
    example: Mapping[str, object],
    choices: Mapping[str, Sequence[str]],
    *,
    aliases: Mapping[str, Sequence[str]],
    codes: Mapping[str, str],
) -> Path:
    """Write the workbook; raise UsageError when there is a file of that name already.

    `example` is the example row by column, `choices` what the drop-downs of `Template`, `GroupIds` and `MmsTemplateId`
    offer, and of `Account`, a column that is there only where there are several; `aliases` the other names of each
    known column, `codes` every code with what it means.
    """
    if path.exists():
        raise UsageError(f'"{path}" already exists and is not overwritten', "choose another name")
    if path.suffix.casefold() != ".xlsx":
        raise UsageError("the starter is an Excel workbook", f'name it "{path.stem or path.name}.xlsx"')
    from openpyxl import load_workbook

    book = load_workbook(templates_folder() / "starter.xlsx")
    if choices.get(_ACCOUNT):
        _add_account(book, choices[_ACCOUNT])
    _write_example(book["Campaigns"], example)
    _write_aliases(book["How to fill it in"], aliases)
    _write_codes(book["What the codes mean"], codes)
    _write_choices(book, choices)
    return _save(book, path)


def _add_account(book: Any, names: Sequence[str]) -> None:
    """Add the column that says whose a row is: its header, its drop-down and a line about it."""
    from openpyxl.comments import Comment
    from openpyxl.worksheet.datavalidation import DataValidation

    campaigns, lists, help_ = book["Campaigns"], book["Lists"], book["How to fill it in"]
    last, at = campaigns.max_column, lists.max_column + 1
    head = campaigns.cell(1, last + 1, _ACCOUNT)
    head._style = copy(campaigns.cell(1, last)._style)
    head.comment = Comment(_ABOUT, _NOTES)
    campaigns.column_dimensions[head.column_letter].width = 18
    for number, name in enumerate((_ACCOUNT, *names), start=1):
        _put(lists.cell(number, at), name)
    letter = column_letter(at - 1)
    drop_down = DataValidation("list", f"Lists!${letter}$2:${letter}${len(names) + 1}", allow_blank=True)
    drop_down.add(f"{head.column_letter}2:{head.column_letter}2000")
    campaigns.add_data_validation(drop_down)
    own = next(row[0].row for row in help_.iter_rows(min_row=2) if row[0].value == "any other column")
    for cell, text in zip(help_[own + 1], (_ACCOUNT, _ABOUT, names[0]), strict=False):
        cell._style = copy(help_.cell(own, cell.column)._style)
        _put(cell, text)


def _write_example(sheet: Any, example: Mapping[str, object]) -> None:
    for cell in sheet[1]:
        cell.comment.author = _NOTES
        cell.comment.width, cell.comment.height = 300, 120  # openpyxl does not read a note's size
        _put(sheet.cell(2, cell.column), example.get(cell.value))


def _write_aliases(sheet: Any, aliases: Mapping[str, Sequence[str]]) -> None:
    for line in sheet.iter_rows(min_row=2):
        if names := aliases.get(line[0].value):
            _put(line[3], ", ".join(names))
            _fit_height(sheet, line)


def _write_codes(sheet: Any, codes: Mapping[str, str]) -> None:
    """Write the register, each line with the look of the template's first or second."""
    for number, texts in enumerate(sorted(codes.items()), start=2):
        line = [sheet.cell(number, at) for at in (1, 2)]
        for cell, text in zip(line, texts, strict=True):
            cell._style = copy(sheet.cell(2 + number % 2, cell.column)._style)
            _put(cell, text)
        _fit_height(sheet, line)


def _write_choices(book: Any, choices: Mapping[str, Sequence[str]]) -> None:
    """Fill in the lists of the team and the account; take out the drop-down of one that is empty."""
    campaigns, lists = book["Campaigns"], book["Lists"]
    at = _FIRST_OWN_LIST
    for name in ("Template", "GroupIds", "MmsTemplateId"):
        place = next(cell.column_letter for cell in campaigns[1] if cell.value == name)
        drop_down = next(one for one in campaigns.data_validations.dataValidation if f"{place}2" in one.sqref)
        if not choices.get(name):
            lists.delete_cols(at)
            campaigns.data_validations.dataValidation.remove(drop_down)
            continue
        for number, text in enumerate(choices[name], start=2):
            _put(lists.cell(number, at), text)
        letter = column_letter(at - 1)
        drop_down.formula1 = f"Lists!${letter}$2:${letter}${len(choices[name]) + 1}"
        lists.column_dimensions[letter].width = max(30, *(min(50, len(text) + 3) for text in choices[name]))
        at += 1


def _fit_height(sheet: Any, line: Sequence[Any]) -> None:
    """Make a line as high as its longest text wraps: not every program does so by itself."""
    lines = max(-(-len(cell.value or "") // sheet.column_dimensions[cell.column_letter].width) for cell in line)
    sheet.row_dimensions[line[0].row].height = 15.5 * lines + 2


def _put(cell: Any, value: object) -> None:
    """Write a value; a text stays one, whatever it begins with."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value
    if isinstance(value, str):
        cell.data_type = "s"


def _save(book: Any, path: Path) -> Path:
    try:
        make_folder(path.parent, Readers.UMASK)
        with replacing(path, Readers.UMASK) as file:
            book.save(file)
    except OSError as error:
        words = f'"{path}" cannot be written ({error.strerror or type(error).__name__})'
        raise UsageError(words, "choose another folder") from error
    return path
