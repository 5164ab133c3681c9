"""Make the small spreadsheets of this folder from plain data, and say what each must give.

    python tests/sheets/make_corpus.py            the files written at the level of their bytes
    python tests/sheets/make_corpus.py --office   those of openpyxl and LibreOffice too

Each case is one file with one oddity, the way people and programs make them.
"""

# ruff: noqa: E501, DTZ001, C420 (a table reads best with a case a line; cells know no zone)
from __future__ import annotations

import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from sheet_support import GOOD, HEAD, HEADER, MAIN, B, Book, E, F, N, Sheet, X, pack  # noqa: E402


@dataclass(frozen=True)
class Case:
    """One file and what reading it must give."""

    file: str
    make: Callable[[Path], None]
    rows: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Row number to texts."""
    codes: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Row number to the codes of its issues; rows without any are left out."""
    unshown: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Row number to the column letters that cannot be shown."""
    dates: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Row number to its dates, in ISO form, by column."""
    notes: tuple[str, ...] = ()
    left_out: int = 0
    blank: int = 0
    error: str = ""
    """Words that the refusal must hold; empty when the file is read."""
    name: str = ""
    """The sheet asked for."""
    large: bool = False
    """Too large to keep: made when it is needed."""
    office: bool = False
    """Made by another program: written only on order."""


ONE = {2: GOOD}


def book(*sheets: Sheet, **more: object) -> Callable[[Path], None]:
    return lambda path: Book(list(sheets), **more).save(path)  # type: ignore[arg-type]


def sheet(*rows: tuple[object, ...], **more: object) -> Sheet:
    return Sheet([HEADER, *rows], **more)  # type: ignore[arg-type,list-item]


def text(words: str, encoding: str = "utf-8") -> Callable[[Path], None]:
    return lambda path: path.write_bytes(words.encode(encoding)) and None  # type: ignore[func-returns-value]


def data(content: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(content)

    return make


def line(*cells: str, by: str = ",") -> str:
    return by.join(cells) + "\r\n"


def with_offer(offer: str) -> tuple[str, ...]:
    return (*GOOD[:4], offer)


def offers(*cells: object) -> Callable[[Path], None]:
    return book(sheet(*[(*GOOD[:4], cell) for cell in cells]))


def shown(*texts: str) -> dict[int, tuple[str, ...]]:
    return {number: with_offer(words) for number, words in enumerate(texts, start=2)}


CSV = line(*HEADER) + line(*GOOD)
FAR = X('<c r="XFD1048576"><v>1</v></c>')

XLSX = [
    Case("plain.xlsx", book(sheet(GOOD)), ONE),
    Case("inline-strings.xlsx", book(sheet(GOOD), inline=True), ONE),
    Case("text-stays-text.xlsx", offers("00123", "NA", "null", "None", "nan", "1e5", "TRUE", "=1+1"),
         shown("00123", "NA", "null", "None", "nan", "1e5", "TRUE", "=1+1"), {9: ("formula-not-calculated",)}),
    Case("numbers-general.xlsx", offers(20, 20.5, 0.30000000000000004, -3, 12345678901, "1.2345678912345"),
         shown("20", "20.5", "0.3", "-3", "12345678901", "1.2345678912345")),
    Case("numbers-formatted.xlsx",
         offers(N(0.2, "0%"), N(0.125, "0.0%"), N(5, '"$"#,##0.00'), N(1234.5, "#,##0.00"), N(1234567, "#,##0"),
                N(3, "[$€-2] #,##0.00"), N(-5, "#,##0;[Red](#,##0)"), N(7, "000"), N(2.5, '0.0" kg"')),
         shown("20%", "12.5%", "$5.00", "1,234.50", "1,234,567", "€ 3.00", "(5)", "007", "2.5 kg")),
    Case("numbers-built-in.xlsx", offers(N(0.2, "#9"), N(0.2, "#10"), N(1234.5, "#4"), N(46447, "#14"), N(0.5, "#18")),
         shown("20%", "20.00%", "1,234.50", "3/1/2027", "12:00 PM")),
    Case("dates-formatted.xlsx",
         offers(N(46353, "mmm d"), N(46353, "d-mmm-yy"), N(46353.4375, "m/d/yyyy h:mm AM/PM"), N(46353, "dddd"),
                N(1.5, "[h]:mm"), N(46353, "[$-409]mmmm d, yyyy;@"), N(46353, "yyyy-mm-dd")),
         shown("Nov 27", "27-Nov-26", "11/27/2026 10:30 AM", "Friday", "36:00", "November 27, 2026", "2026-11-27")),
    Case("formats-unclear.xlsx",
         offers(N(0.5, "# ?/?"), N(46353, "[$-F800]dddd, mmmm dd, yyyy"), N(46353, "[$-407]mmmm"), 123456789012, 0.00001),
         shown("0.5", "2026-11-27", "2026-11-27", "123456789012", "1e-05"),
         unshown={number: ("E",) for number in range(2, 7)}),
    Case("formats-of-a-table.xlsx",
         book(sheet((*GOOD[:4], X('<c r="{r}" s="1"><v>46353</v></c>'))), parts={"xl/styles.xml":
              f'{HEAD}<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
              '<dxfs count="1"><dxf><numFmt numFmtId="14" formatCode="0.00%"/></dxf></dxfs></styleSheet>'}),
         shown("11/27/2026")),
    Case("formats-of-other-countries.xlsx", offers(N(46353, "#27"), N(5, "#50")), shown("46353", "5"),
         unshown={2: ("E",), 3: ("E",)}),
    Case("money-built-in.xlsx", offers(*[N(1234.5, f"#{number}") for number in (5, 6, 7, 8, 41, 42, 43, 44)], N(-5, "#7"), N(0, "#44")),
         shown("$1,235", "$1,235", "$1,234.50", "$1,234.50", "1,235", "$1,235", "1,234.50", "$1,234.50", "($5.00)", "$-")),
    Case("truth-values.xlsx", offers(B(True), B(False)), shown("TRUE", "FALSE")),
    Case("text-format-with-words.xlsx", offers(X('<c r="{r}" s="1" t="inlineStr"><is><t>Ann</t></is></c>'),
         N(5, '0;0;0;"Dear "@')), shown("Dear Ann", "5")),
    Case("hidden-number.xlsx", offers(N(5, ";;;")), shown("")),
    Case("real-dates.xlsx",
         book(sheet((*GOOD[:3], N(46447.416666666664, "m/d/yyyy h:mm"), "x"), (*GOOD[:3], N(46447, "m/d/yyyy"), "x"))),
         {2: (*GOOD[:3], "3/1/2027 10:00", "x"), 3: (*GOOD[:3], "3/1/2027", "x")},
         dates={2: ("2027-03-01T10:00:00",), 3: ("2027-03-01",)}),
    Case("date-1904.xlsx", book(sheet((*GOOD[:3], N(44985.5, "yyyy-mm-dd hh:mm"), "x")),
                                properties='<workbookPr date1904="1"/>'),
         {2: (*GOOD[:3], "2027-03-01 12:00", "x")}, dates={2: ("2027-03-01T12:00:00",)}),
    Case("time-just-before-the-minute.xlsx", book(sheet((*GOOD[:3], N(46447.41666666088, "h:mm:ss"), "x"))),
         {2: (*GOOD[:3], "10:00:00", "x")}, dates={2: ("2027-03-01T10:00:00",)}),
    Case("date-and-time-apart.xlsx",
         book(Sheet([("Campaign", "Message", "Groups", "Date", "Time"),
                     ("Sale", "Hi", 100, N(46447, "m/d/yyyy"), N(0.4166666666666667, "h:mm AM/PM"))])),
         {2: ("Sale", "Hi", "100", "3/1/2027", "10:00 AM")}, dates={2: ("2027-03-01", "10:00:00")}),
    Case("date-as-number.xlsx", book(sheet((*GOOD[:3], 46447.5, "x"))),
         {2: (*GOOD[:3], "46447.5", "x")}, codes={2: ("date-as-number",)}),
    Case("date-cell-iso.xlsx", book(sheet((*GOOD[:3], X('<c r="{r}" s="1" t="d"><v>2027-03-01T10:00:00</v></c>'),
                                           N(46447, "yyyy-mm-dd hh:mm")))),
         {2: (*GOOD[:3], "2027-03-01 10:00", "2027-03-01 00:00")}, dates={2: ("2027-03-01T10:00:00",)}),
    Case("errors.xlsx", offers(E("#N/A"), E("#REF!"), F("VLOOKUP(1,A:A,1)"), F('""', ""), F("1+1", 2), F("A1", "hi")),
         shown("", "", "", "", "2", "hi"),
         codes={2: ("cell-error",), 3: ("cell-error",), 4: ("formula-not-calculated",)}),
    Case("error-alone-below.xlsx", book(sheet(GOOD, (E("#REF!"),), numbers={2: 9})),
         {2: GOOD, 9: ("", "", "", "", "")}, codes={9: ("cell-error",)}, blank=6),
    Case("formula-from-a-program.xlsx", book(sheet((*GOOD[:4], F("1+1", 0))), after='<calcPr fullCalcOnLoad="1"/>'),
         shown(""), codes={2: ("formula-not-calculated",)}),
    Case("ids-mangled.xlsx",
         book(sheet(*[("a", "b", cell, GOOD[3], "x") for cell in
                      (N(100101, "#,##0"), N(100, "#,##0"), N("1.2E+20", "0.00E+00"), 100.5, 1234567890123456789,
                       N(46024, "d-mmm"), 100, N(100, "0.00"), N(123, "00000"), 123456789012345)])),
         {2: ("a", "b", "100,101", GOOD[3], "x"), 3: ("a", "b", "100", GOOD[3], "x"),
          4: ("a", "b", "1.20E+20", GOOD[3], "x"), 5: ("a", "b", "100.5", GOOD[3], "x"),
          6: ("a", "b", "1234567890123460000", GOOD[3], "x"), 7: ("a", "b", "2-Jan", GOOD[3], "x"),
          8: ("a", "b", "100", GOOD[3], "x"), 9: ("a", "b", "100", GOOD[3], "x"), 10: ("a", "b", "00123", GOOD[3], "x"),
          11: ("a", "b", "123456789012345", GOOD[3], "x")},
         codes={number: ("number-mangled",) for number in (2, 4, 5, 6, 7)}),
    Case("hidden-rows.xlsx", book(sheet(GOOD, GOOD, with_offer("x"), hidden_rows=(2, 4))), {3: GOOD}, left_out=2),
    Case("row-without-height.xlsx",
         book(sheet(GOOD), parts={"xl/worksheets/sheet1.xml": f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>'
              '<row r="1">' + "".join(f'<c r="{c}1" t="inlineStr"><is><t>{h}</t></is></c>' for c, h in zip("ABCDE", HEADER, strict=True))
              + '</row>' + "".join(f'<row r="{n}"{more}>' + "".join(f'<c r="{c}{n}" t="inlineStr"><is><t>{h}</t></is></c>'
              for c, h in zip("ABCDE", GOOD, strict=True)) + "</row>" for n, more in ((2, ' ht="0" customHeight="1"'), (3, "")))
              + "</sheetData></worksheet>"}), {3: GOOD}, left_out=1),
    Case("hidden-columns.xlsx", book(sheet(GOOD, hidden_columns=(2, 4))), ONE, notes=("hidden-columns",)),
    Case("hidden-sheet.xlsx", book(sheet(with_offer("old"), name="Old", state="hidden"), sheet(GOOD)), ONE, notes=("other-sheet",)),
    Case("very-hidden-sheet.xlsx", book(sheet(with_offer("old"), name="Old", state="veryHidden"), sheet(GOOD)), ONE,
         notes=("other-sheet",)),
    Case("hidden-sheet-asked-for.xlsx", book(sheet(GOOD, name="Old", state="hidden"), sheet(GOOD)), name="Old",
         error='the sheet "Old" is hidden'),
    Case("only-hidden-sheets.xlsx", book(sheet(GOOD, state="hidden")), error="no visible sheet"),
    Case("two-sheets.xlsx", book(sheet(GOOD, name="East"), sheet(GOOD, name="West")), error='2 sheets hold campaigns: "East", "West"'),
    Case("two-sheets-one-named.xlsx", book(sheet(GOOD, name="East"), sheet(with_offer("w"), name="West")),
         {2: with_offer("w")}, name="West", notes=("other-sheet",)),
    Case("sheet-not-there.xlsx", book(sheet(GOOD, name="East"), sheet(GOOD, name="West")), name="Wset", error='did you mean "West"?'),
    Case("notes-beside.xlsx", book(Sheet([("How to fill this",), ("one row a campaign",)], name="Read me"), sheet(GOOD)), ONE),
    Case("title-above.xlsx", book(Sheet([("Week 12 campaigns",), (), HEADER, GOOD], numbers={2: 4, 3: 5}, merges=("A1:E1",))),
         {5: GOOD}),
    Case("blank-rows.xlsx", book(sheet(GOOD, (), (None, "  "), GOOD)), {2: GOOD, 5: GOOD}, blank=2),
    Case("headers-loosely.xlsx",
         book(Sheet([("campaign name", "MESSAGE", "Group_Ids", "date-time", "Offer"), GOOD])), ONE),
    Case("headers-aliases.xlsx", book(Sheet([("Name", "Message", "Send to", "Send At", "Offer"), GOOD])), ONE),
    Case("header-missing.xlsx", book(Sheet([("CampaignName", "Message", "Gruop Ids", "DateTime"), GOOD[:4]])),
         error='no column "GroupIds" in row 1 of sheet "Campaigns": did you mean "Gruop Ids" in column C?'),
    Case("header-doubled.xlsx", book(Sheet([(*HEADER, "message"), (*GOOD, "x")])),
         error='the column "Message" stands there twice: "Message" (column B) and "message" (column F)'),
    Case("fill-in-doubled.xlsx", book(Sheet([(*HEADER, "OFFER"), (*GOOD, "x")])), error='the column "Offer" stands there twice'),
    Case("no-header.xlsx", book(Sheet([GOOD, GOOD])), error="no header row was found"),
    Case("empty-sheet.xlsx", book(Sheet([])), error="the sheet is empty"),
    Case("only-a-header.xlsx", book(sheet()), {}),
    Case("problem-comes-back.xlsx", book(Sheet([(*HEADER, "Problem"), (*GOOD, "was wrong")])), {2: (*GOOD, "was wrong")}),
    Case("cells-right-of-the-header.xlsx", book(sheet((*GOOD, None, "a remark"), (None,) * 7 + ("stray",))), ONE, blank=1),
    Case("merged-down.xlsx",
         book(sheet(GOOD, ("b", "Hi", None, GOOD[3], None), ("c", "Hi", None, GOOD[3], "z"), merges=("C2:C4", "E2:E3"))),
         {2: GOOD, 3: ("b", "Hi", "100", GOOD[3], GOOD[4]), 4: ("c", "Hi", "100", GOOD[3], "z")}, notes=("merged-down",)),
    Case("merged-across.xlsx", book(sheet(("a", "Hi", None, GOOD[3], "x"), merges=("B2:C2",))),
         {2: ("a", "Hi", "Hi", GOOD[3], "x")}, codes={2: ("merged-cells",)}),
    Case("merged-error.xlsx", book(sheet((*GOOD[:4], E("#N/A")), (*GOOD[:4], None), merges=("E2:E3",))),
         shown("", ""), codes={2: ("cell-error",), 3: ("cell-error",)}),
    Case("merged-over-blank-rows.xlsx", book(sheet(GOOD, (), GOOD, merges=("A2:A3",))), {2: GOOD, 4: GOOD}, blank=1),
    Case("dimension-too-small.xlsx", book(sheet(GOOD, GOOD, dimension="A1:B2")), {2: GOOD, 3: GOOD}),
    Case("dimension-too-large.xlsx", book(sheet(GOOD, dimension="A1:XFD1048576")), ONE),
    Case("dimension-of-rows-only.xlsx", book(sheet((*GOOD[:4], N(0.2, "0%")), dimension="1:2")), shown("20%")),
    Case("merged-columns.xlsx", book(sheet(GOOD, merges=("G:H",))), ONE),
    Case("rows-far-apart.xlsx", book(sheet(GOOD, GOOD, numbers={2: 500})), {2: GOOD, 500: GOOD}, blank=497),
    Case("cells-far-apart.xlsx",
         book(sheet(GOOD, (N(0.2, "0%"), E("#N/A"), 7, B(True)), (*GOOD, X('<c r="QQQ120000"><v>1</v></c>')), numbers={3: 120_000})),
         {2: GOOD, 3: ("20%", "", "7", "TRUE", ""), 120_000: GOOD}, codes={3: ("cell-error",)}, blank=119_996),
    Case("empty-to-the-end.xlsx",
         book(sheet(GOOD, (*[X('<c r="{r}" s="0"/>')] * 2, X('<c r="XFD1048576" s="0"></c>')), numbers={2: 1_048_576})), ONE),
    Case("newline-and-escape.xlsx", offers("one\ntwo", "a_x000D_b", "_x0041_BC", " spaced "),
         shown("one\ntwo", "a\rb", "ABC", "spaced")),
    Case("nul-character.xlsx", offers("a_x0000_b"), shown("a\0b"), codes={2: ("broken-character",)}),
    Case("typographic.xlsx", offers("“10 %” – jetzt! 🎉", "żółć", "日本"), shown("“10 %” – jetzt! 🎉", "żółć", "日本")),
    Case("prefixed-xml.xlsx", book(sheet(GOOD), parts={"xl/worksheets/sheet1.xml":
         f"{HEAD}<x:worksheet xmlns:x='{MAIN}'><x:sheetData><x:row r='1'>"
         + "".join(f"<x:c r='{c}1' t='inlineStr'><x:is><x:t>{h}</x:t></x:is></x:c>" for c, h in zip("ABCDE", HEADER, strict=True))
         + "</x:row><!-- a remark --><x:row r='2'>"
         + "".join(f"<x:c r='{c}2' t='inlineStr'><x:is><x:t>{h}</x:t></x:is></x:c>" for c, h in zip("ABCD", GOOD, strict=False))
         + "<x:c t='e' r='E2'><x:v>#N/A</x:v></x:c></x:row><x:row hidden='1' r='3'><x:c r='A3'><x:v>5</x:v></x:c></x:row>"
         "</x:sheetData></x:worksheet>"}), shown(""), codes={2: ("cell-error",)}, left_out=1),
    Case("indented-xml.xlsx",
         offers(N(0.2, "0%"), X('<c r="{r}" s="1">\n  <v>0.2</v>\n</c>'), X('<c r="{r}" s="1">\n  <f>A1</f>\n  <v>0.5</v>\n</c>'),
                X('<c r="{r}">\n  <f>1+1</f>\n</c>'), X('<c r="{r}" t="e">\n  <v>#N/A</v>\n</c>')),
         shown("20%", "20%", "50%", "", ""), codes={5: ("formula-not-calculated",), 6: ("cell-error",)}),
    Case("cells-without-address.xlsx", book(sheet(GOOD), parts={"xl/worksheets/sheet1.xml":
         f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData><row>'
         + "".join(f'<c t="inlineStr"><is><t>{h}</t></is></c>' for h in HEADER) + "</row><row>"
         + "".join(f'<c t="inlineStr"><is><t>{h}</t></is></c>' for h in GOOD[:4]) + '<c t="e"><v>#N/A</v></c></row>'
         "</sheetData></worksheet>"}), shown(""), codes={2: ("cell-error",)}),
    Case("macros.xlsm", book(sheet(GOOD), parts={"xl/vbaProject.bin": b"\xd0\xcf not really"}), ONE, notes=("macros-ignored",)),
]  # fmt: skip

ENTITY = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'

HOSTILE = [
    Case("cell-at-the-end-of-the-world.xlsx", book(sheet(GOOD, (FAR,), numbers={2: 1_048_576})), error="XFD1048576"),
    Case("cell-far-in-row-two.xlsx", book(sheet((*GOOD, FAR))), error="XFD1048576"),
    Case("doctype-in-the-sheet.xlsx", book(sheet(GOOD), parts={"xl/worksheets/sheet1.xml": ENTITY + "<worksheet/>"}),
         error="declares a DTD"),
    Case("doctype-in-an-unused-part.xlsx", book(sheet(GOOD), parts={"docProps/custom.xml": ENTITY + "<x>&b;</x>"}),
         error="declares a DTD"),
    Case("doctype-in-utf-16.xlsx", book(sheet(GOOD), parts={"docProps/app.xml": (ENTITY + "<x/>").encode("utf-16")}),
         error="declares a DTD"),
    Case("zip-bomb.xlsx", book(sheet(GOOD), parts={"xl/media.xml": b" " * 20 * 2**20}), error="zip bomb"),
    Case("too-many-parts.xlsx", lambda path: pack(path, {f"{n}": b"" for n in range(10_001)}), error="10,001 parts",
         large=True),
    Case("endless-shared-strings.xlsx", book(sheet(GOOD), parts={"xl/sharedStrings.xml":
         f'{HEAD}<sst xmlns="{MAIN}">'.encode() + b"<si><t/></si>" * 1_500_000 + b"</sst>"}), error="zip bomb"),
    Case("just-a-zip.xlsx", lambda path: pack(path, {"hello.txt": "hello"}), error="not an Excel workbook"),
    Case("no-sheet-part.xlsx", book(sheet(GOOD), without=("xl/worksheets/sheet1.xml",)), error="damaged"),
    Case("broken-xml.xlsx", book(sheet(GOOD), parts={"xl/workbook.xml": "<workbook><sheets>"}), error="damaged"),
    Case("picture.xlsx", data(b"\x89PNG\r\n\x1a\n" + b"\0" * 64), error="is a PNG picture by its content"),
    Case("picture.csv", data(b"\x89PNG\r\n\x1a\n" + b"\0" * 64), error="is a PNG picture by its content"),
    Case("nothing.xlsx", data(b""), error="is empty"),
    Case("nothing.csv", data(b""), error="is empty"),
    Case("only-blanks.csv", data(b"\r\n  \r\n"), error="is empty"),
    Case("web-page.xls", data(b"<html><table><tr><td>a</td></tr></table></html>"), error="is a web page by its content"),
    Case("binary.xlsb", data(b"PK\x03\x04"), error="save it as .xlsx"),
    Case("mac.numbers", data(b"PK\x03\x04"), error="save it as .xlsx"),
    Case("letter.docx", data(b"PK\x03\x04"), error="is not a supported spreadsheet"),
    Case("locked.xlsx", data(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")),
         error="is protected by a password"),
    Case("cut-off.xlsx", data(b"PK\x03\x04" + b"\x14\0\0\0\x08\0" + b"x" * 200), error="damaged or was cut off"),
    Case("cut-off.xls", data(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600), error="damaged"),
]  # fmt: skip

TEXT = [
    Case("plain.csv", text(CSV), ONE),
    Case("byte-order-mark.csv", text(CSV, "utf-8-sig"), ONE),
    Case("utf-16.csv", text(CSV, "utf-16"), ONE),
    Case("utf-16-tabs.csv", text(CSV.replace(",", "\t"), "utf-16"), ONE),
    Case("utf-16-without-mark.csv", text(CSV, "utf-16-le"), ONE),
    Case("legacy.csv", text(line(*HEADER) + line(*with_offer("Café “50 %”")), "cp1252"), shown("Café “50 %”"),
         notes=("legacy-encoding",)),
    Case("semicolons.csv", text(CSV.replace(",", ";")), ONE),
    Case("semicolons-with-commas.csv",
         text(line(*HEADER, by=";") + line("Sale, big, now", "a, b, c", "1,2", GOOD[3], "x", by=";")),
         {2: ("Sale, big, now", "a, b, c", "1,2", GOOD[3], "x")}),
    Case("pipes.csv", text(CSV.replace(",", "|")), ONE),
    Case("tabs.tsv", text(CSV.replace(",", "\t")), ONE),
    Case("sep-line.csv", text("sep=;\r\n" + CSV.replace(",", ";")), ONE),
    Case("unix-newlines.csv", text(CSV.replace("\r\n", "\n")), ONE),
    Case("old-mac-newlines.csv", text(CSV.replace("\r\n", "\r")), ONE),
    Case("newline-in-quotes.csv", text(line(*HEADER) + line("a", '"one\r\ntwo, ""three"""', *GOOD[2:]) + line(*GOOD)),
         {2: ("a", 'one\r\ntwo, "three"', *GOOD[2:]), 3: GOOD}),
    Case("ragged.csv", text(line(*HEADER) + line("a", "Hi, you", *GOOD[2:]) + line("b", "Hi") + line(*GOOD) + line(*GOOD, "", "")),
         {2: ("a", "Hi", "you", "100", GOOD[3]), 3: ("b", "Hi", "", "", ""), 4: GOOD, 5: GOOD},
         codes={2: ("ragged-row",), 3: ("ragged-row",)}),
    Case("blank-lines.csv", text(CSV + "\r\n,,,,\r\n" + line(*GOOD)), {2: GOOD, 5: GOOD}, blank=2),
    Case("title-above.csv", text("Week 12,,,,\r\n\r\n" + CSV), {4: GOOD}),
    Case("ids-mangled.csv",
         text(line(*HEADER) + "".join(line("a", "b", ids, GOOD[3], "x") for ids in ("1.2E+15", "100.5", "100.0", "00123", '"100,101"'))),
         {number: ("a", "b", ids, GOOD[3], "x") for number, ids in
          enumerate(("1.2E+15", "100.5", "100", "00123", "100,101"), start=2)},
         codes={2: ("number-mangled",), 3: ("number-mangled",)}),
    Case("nul-character.csv", text(CSV + line(*with_offer("a\0b"))), {2: GOOD, 3: with_offer("a\0b")},
         codes={3: ("broken-character",)}),
    Case("lone-surrogate.csv", lambda path: path.write_bytes((CSV + "\ud83d").encode("utf-8", "surrogatepass")) and None,
         error="line 3 of the file has half a character"),
    Case("lone-surrogate-utf-16.csv",
         lambda path: path.write_bytes(b"\xff\xfe" + CSV.encode("utf-16-le") + struct.pack("<HH", 0xD83D, 0x41)) and None,
         error="broken character"),
    Case("open-quote.csv", text(CSV + 'a,"b' + "x" * 140_000), large=True, error="opened and never closed"),
    Case("header-missing.csv", text(CSV.replace("DateTime", "When")), error='no column "DateTime" or "Date" and "Time" in row 1'),
    Case("pandas.csv", text(line("", *HEADER) + line("0", *GOOD)), {2: ("0", *GOOD)}),
]  # fmt: skip


def office(*sheets: Sheet, **more: object) -> Callable[[Path], None]:
    """Let LibreOffice write the file anew in the format that its ending says."""

    def make(path: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / (path.stem + ".xlsx")
            Book(list(sheets), **more).save(source)  # type: ignore[arg-type]
            out = Path(folder) / "out"
            command = ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/home", "--convert-to", path.suffix[1:],
                       "--outdir", str(out), str(source)]  # fmt: skip
            subprocess.run(command, check=True, capture_output=True)
            path.write_bytes((out / path.name).read_bytes())

    return make


def rewritten(source: str, records: bytes, anew: bytes) -> Callable[[Path], None]:
    """Take an .xls of this folder and write some of its records anew, as other programs write them."""
    return lambda path: path.write_bytes(re.sub(records, anew, (HERE / source).read_bytes(), flags=re.S)) and None  # type: ignore[func-returns-value]


def by_openpyxl(path: Path) -> None:
    """Write a workbook as most programs in Python do: a filter with its rows hidden, dates, a formula without value."""
    from datetime import datetime

    import openpyxl

    made = openpyxl.Workbook()
    page = made.active
    page.title = "Campaigns"
    page.append(HEADER)
    page.append((*GOOD[:3], datetime(2027, 3, 1, 10), "=1+1"))
    page.append((*GOOD[:3], datetime(2027, 3, 1, 10), 0.2))
    page.append((*GOOD[:3], datetime(2027, 3, 1, 10), "x"))
    page["E3"].number_format = "0%"
    page.auto_filter.ref = "A1:E4"
    page.row_dimensions[4].hidden = True
    made.save(path)


HIDDEN = sheet(GOOD, with_offer("two"), with_offer("three"), hidden_rows=(3,), hidden_columns=(4,))
MERGED = sheet(GOOD, ("b", "Hi", None, GOOD[3], "y"), ("c", "Hi", None, GOOD[3], "z"), merges=("C2:C4",))
FORMATS = sheet(
    *[
        (*GOOD[:2], 100, N(46447.416666666664, "m/d/yyyy h:mm"), cell)
        for cell in (N(0.2, "0%"), N(5, '"$"#,##0.00'), N(46353, "mmm d"), 20, "00123", N(1234.5, "#,##0.00"))
    ]
)
FORMATTED = {
    number: (*GOOD[:3], "3/1/2027 10:00", words)
    for number, words in enumerate(("20%", "$5.00", "Nov 27", "20", "00123", "1,234.50"), start=2)
}
DATED = {number: ("2027-03-01T10:00:00",) for number in FORMATTED}
IDS = sheet(*[("a", "b", cell, GOOD[3], "x") for cell in (N(100101, "#,##0"), 100.5, N(100, "#,##0"), E("#N/A"))])
ID_ROWS = {number: ("a", "b", ids, GOOD[3], "x") for number, ids in enumerate(("100,101", "100.5", "100", ""), start=2)}
ID_CODES = {2: ("number-mangled",), 3: ("number-mangled",), 5: ("cell-error",)}
OLD = sheet(with_offer("old"), name="Old", state="hidden")

_PERCENT = rb"(\xe0\x00\x14\x00..)\xa6\x00"
"""The number of the format in the record of the style that shows `0%`."""
_HEIGHT = rb"(\x08\x02\x10\x00[\x00-\x09]\x00.{4}).."
"""The height in the record of a row; with the highest bit it is the usual one, whatever the others say."""

OFFICE = [
    Case("openpyxl.xlsx", by_openpyxl, {2: (*GOOD[:3], "2027-03-01 10:00:00", ""), 3: (*GOOD[:3], "2027-03-01 10:00:00", "20%")},
         codes={2: ("formula-not-calculated",)}, dates={2: ("2027-03-01T10:00:00",), 3: ("2027-03-01T10:00:00",)},
         left_out=1, office=True),
    Case("format-of-another-country.xls", rewritten("office-formats.xls", _PERCENT, b"\\1\x1b\x00"),
         FORMATTED | {2: (*FORMATTED[2][:4], "0.2")}, unshown={2: ("E",)}, dates=DATED),
    Case("default-heights.xls", rewritten("office-hidden-sheet.xls", _HEIGHT, b"\\1\x00\x80"), ONE, notes=("other-sheet",)),
    *[
        case
        for ending in ("ods", "xls", "xlsx")
        for case in (
            Case(f"office-hidden.{ending}", office(HIDDEN), {2: GOOD, 4: with_offer("three")}, left_out=1,
                 notes=("hidden-columns",), office=True),
            Case(f"office-merged.{ending}", office(MERGED),
                 {2: GOOD, 3: ("b", "Hi", "100", GOOD[3], "y"), 4: ("c", "Hi", "100", GOOD[3], "z")},
                 notes=("merged-down",), office=True),
            Case(f"office-formats.{ending}", office(FORMATS), FORMATTED, dates=DATED, office=True),
            Case(f"office-ids.{ending}", office(IDS), ID_ROWS, codes=ID_CODES, office=True),
            Case(f"office-hidden-sheet.{ending}", office(sheet(GOOD), OLD), ONE, notes=("other-sheet",), office=True),
        )
    ],
]  # fmt: skip

CASES = [*XLSX, *HOSTILE, *TEXT, *OFFICE]


def main() -> None:
    """Write the files."""
    for case in CASES:
        if not case.large and (not case.office or "--office" in sys.argv):
            case.make(HERE / case.file)
            print(case.file)


if __name__ == "__main__":
    main()
