"""A file that is called something else than it is: what it is by its content, and what to do about it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sheet_support import GOOD, HEADER, Book, Sheet

from batch.adapters.sheet import open_sheet
from batch.model.errors import SheetError

OFFICE = Path(__file__).parents[1] / "sheets"
ROOT = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="{}"/>'
    "</Relationships>"
)
PAGE = (
    "<html xmlns:x='urn:schemas-microsoft-com:office:excel'><body><table><tr><td>CampaignName</td></tr></table></html>"
)
CSV = "CampaignName,Message\r\nSale,Hi\r\n"
Make = Callable[[Path], object]


def package(*parts: str) -> Make:
    """Write an archive of Office, or of Numbers, whose first part is its document."""

    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            if not parts[0].startswith("Index"):
                file.writestr("_rels/.rels", ROOT.format(parts[0]))
            for part in parts:
                file.writestr(part, b"\x83\x01\x00" * 10_000)

    return make


def copy(name: str) -> Make:
    return lambda path: path.write_bytes((OFFICE / name).read_bytes())


def text(words: str, encoding: str = "utf-8") -> Make:
    return lambda path: path.write_text(words, encoding=encoding)


WORKBOOK: Make = lambda path: Book([Sheet([HEADER, GOOD])]).save(path)  # noqa: E731
BINARY = package("xl/workbook.bin", "xl/worksheets/sheet1.bin")
NUMBERS = package("Index/Document.iwa")
XML = '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Table/></Workbook>'


@pytest.mark.parametrize(
    ("name", "make", "words", "remedy"),
    [
        (
            "a.xlsx",
            BINARY,
            "a binary Excel workbook (.xlsb)",
            "rename it to end in .xlsb, then open it in Excel and save",
        ),
        (
            "a.xls",
            BINARY,
            "a binary Excel workbook (.xlsb)",
            "rename it to end in .xlsb, then open it in Excel and save",
        ),
        (
            "a.csv",
            BINARY,
            "a binary Excel workbook (.xlsb)",
            "rename it to end in .xlsb, then open it in Excel and save",
        ),
        ("a.xlsb", BINARY, "a binary Excel workbook, which is not supported", "open it there and save it as .xlsx"),
        ("a.xlsb", WORKBOOK, "an Excel workbook", "rename it to end in .xlsx"),
        ("a.xls", WORKBOOK, "an Excel workbook", "rename it to end in .xlsx"),
        ("a.csv", WORKBOOK, "an Excel workbook", "rename it to end in .xlsx"),
        ("a.ods", WORKBOOK, "an Excel workbook", "rename it to end in .xlsx"),
        ("a.xlsx", copy("office-ids.xls"), "an old Office file", "rename it to end in .xls"),
        ("a.xlsb", copy("office-ids.xls"), "an old Office file", "rename it to end in .xls"),
        ("a.csv", copy("office-ids.xls"), "an old Office file", "rename it to end in .xls"),
        ("a.xlsx", copy("office-ids.ods"), "an OpenDocument file", "rename it to end in .ods"),
        ("a.xls", copy("office-ids.ods"), "an OpenDocument file", "rename it to end in .ods"),
        ("a.xlsx", text(CSV), "a text file", "rename it to end in .csv"),
        ("a.xls", text(CSV.replace(",", "\t"), "utf-16"), "a text file", "rename it to end in .csv"),
        ("a.xlsx", package("word/document.xml"), "a Word document", "copy its table into Excel and save that as .xlsx"),
        ("a.xlsx", NUMBERS, "an Apple Numbers file", "open it in Numbers and export it as .xlsx"),
        ("a.xls", text(PAGE), "a web page", "open it in Excel and save it as .xlsx"),
        ("a.xls", text(PAGE, "utf-16"), "a web page", "open it in Excel and save it as .xlsx"),
        (
            "a.xls",
            text(f"<meta charset='utf-8'>{PAGE[60:]}"),
            "a piece of a web page",
            "open it in Excel and save it as",
        ),
        ("a.csv", text(PAGE), "a web page", "open it in Excel and save it as .xlsx"),
        ("a.xls", text(XML), "an XML file", "open it in Excel and save it as .xlsx"),
        (
            "a.xlsx",
            lambda path: path.write_bytes(b"\x01\0\2" * 99),
            "a file of another kind",
            "open it in Excel and save",
        ),
    ],
)
def test_a_file_of_another_kind_is_told_by_its_content(
    tmp_path: Path, name: str, make: Make, words: str, remedy: str
) -> None:
    """One that is only misnamed is to be renamed: Excel would not open it either."""
    make(tmp_path / name)
    with pytest.raises(SheetError) as caught:
        open_sheet(tmp_path / name)
    assert f"is {words}" in caught.value.words
    assert caught.value.remedy.startswith(remedy)


def test_a_text_whose_first_cell_begins_like_a_page_is_a_text(tmp_path: Path) -> None:
    """Only a whole page is refused."""
    (tmp_path / "a.csv").write_text("<b>Week 48</b> <table>\n" + ",".join(HEADER) + "\n" + ",".join(GOOD) + "\n")
    assert [row.texts for row in open_sheet(tmp_path / "a.csv")] == [GOOD]
