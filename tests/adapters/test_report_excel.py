"""The Excel report: what finance reads adds up, by its own formulas, and nothing of it is cut or runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from python_calamine import CalamineWorkbook
from report_support import (
    CHICAGO,
    HOLD,
    NEW_YORK,
    NOW,
    PAYLOADS,
    WRONG_TIME,
    hostile_report,
    large_report,
    make_entry,
    sample_report,
    week_report,
)

from batch.adapters.report import Report, count, verdict, workbook, write_xlsx
from batch.adapters.report.xlsx_summary import ALL_ATTEMPTS
from batch.model import Finding, FindingKind, Status
from batch.model.wording import TONES

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SAME_CELLS = tuple(make_entry(5, Status.INVALID, row=row, issues=(WRONG_TIME,), send_at=None) for row in range(6, 54))
LOOSE = tuple(
    Finding(FindingKind.DRIFTED, words, "drifted", 99, field=words, loud=True) for words in ("Message", "DateTime")
)
WORLDS = {
    "trouble": week_report(),
    "fine": replace(sample_report(), credit_price=0.0235, currency="EUR"),
    "empty": Report("Week 48", "week", NOW, CHICAGO, NEW_YORK),
    "no price": replace(week_report(), credit_price=None, deliveries={}),
    "a whole file failed": Report("week48.xlsx", "batch", NOW, CHICAGO, NEW_YORK, entries=SAME_CELLS, findings=LOOSE),
    "340 rows": Report(
        "week48.xlsx", "batch", NOW, CHICAGO, NEW_YORK, credit_price=1 / 3,
        entries=tuple(
            make_entry(n, Status.HELD, issues=(HOLD,), owner="", expected_contacts=400) if n % 3 else make_entry(n)
            for n in range(1, 341)
        ),
    ),
}  # fmt: skip


def table(book: Workbook, name: str) -> list[dict[str, object]]:
    """Give the rows of a sheet that is one table, without its sums."""
    head, *rows = book[name].iter_rows(values_only=True)
    found = [{str(key): value for key, value in zip(head, row, strict=True)} for row in rows]
    return [row for row in found if next(iter(row.values())) not in {"Total", None}]


def test_the_workbook_has_its_sheets_tables_and_charts(tmp_path: Path) -> None:
    """Real tables with a frozen header and filters, native charts, print set-up, properties."""
    book = load_workbook(write_xlsx(week_report(), tmp_path / "a.xlsx"))
    assert book.sheetnames == [
        "Summary", "Needs attention", "Rows", "By cause", "By owner", "By day", "By week", "Attempts", "Findings",
        "Checks",
    ]  # fmt: skip
    assert {name: len(book[name]._charts) for name in ("Summary", "By day", "By week")} == {
        "Summary": 2, "By day": 1, "By week": 1,
    }  # fmt: skip
    assert [name for name in book.sheetnames if book[name].print_area] == [
        "Summary",
        "Rows",
    ]  # elsewhere charts print too
    rows = book["Rows"]
    assert list(rows.tables) == ["Rows"]
    assert rows.freeze_panes == "C2"
    assert rows.page_setup.orientation == "landscape"
    assert rows.print_title_rows == "$1:$1"
    heads = {cell.value: cell.alignment.horizontal for cell in rows[1]}
    assert (heads["Campaign"], heads["Texts"], heads["Cost"]) == ("left", "right", "right")  # as the cells below
    assert book.properties.title == "Week 48"
    assert book.properties.creator == "Northwind Retail"


def test_cells_are_what_they_say(tmp_path: Path) -> None:
    """Dates are dates, counts are numbers, ids are text, and times are those of the row's zone."""
    book = load_workbook(write_xlsx(week_report(), tmp_path / "a.xlsx"))
    row = next(row for row in table(book, "Rows") if row["Entry"] == 21)
    assert row["Goes out (local)"].isoformat() == "2026-11-22T07:30:00"
    assert row["At the provider"].isoformat() == "2026-11-22T08:30:00"
    assert (row["Zone"], row["Texts"], row["Id"], row["Group ids"]) == ("CST", 1203, "50021", "101")


def test_what_needs_attention_stands_in_the_order_of_what_to_do(tmp_path: Path) -> None:
    """The sheet and the summary name the same thing first, and each link leads to its first row."""
    book = load_workbook(write_xlsx(week_report(), tmp_path / "a.xlsx"))
    needed = book["Needs attention"]
    links = [cell.hyperlink.location for cell in book["Summary"]["B"] if cell.hyperlink]
    lines = [int(link.rpartition("A")[2]) for link in links if link.startswith("'Needs attention'!A")]
    assert lines == sorted(lines)
    assert needed["A2"].value == "✕ too late"
    assert needed["A2"].alignment.horizontal == "left"


def test_colours_follow_the_cell(tmp_path: Path) -> None:
    """Colours hang on what the cell says, so that sorting and filtering carry them along."""
    rules = load_workbook(write_xlsx(week_report(), tmp_path / "a.xlsx"))["Rows"].conditional_formatting
    texts = {rule.text for part in rules for rule in part.rules}
    assert texts == {f"{tone.sign} " for tone in TONES.values()}


def test_no_text_becomes_a_formula_or_a_link(tmp_path: Path) -> None:
    """Every payload is a text in the cell; formulas and links are our own, and lead nowhere but into the workbook."""
    book = load_workbook(write_xlsx(hostile_report(), tmp_path / "a.xlsx"))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    own = r"=(SUM|COUNTA|SUBTOTAL|IF|Summary!|\d)[\w\s!$:'(),.\[\]+=\"✓✗&-]*"
    assert all(re.fullmatch(own, cell.value) for cell in cells if cell.data_type == "f")
    links = [cell.hyperlink for cell in cells if cell.hyperlink]
    assert {bool(link.target) for link in links} == {False}
    assert {link.location.partition("!")[0] for link in links} <= {"Rows", "'Needs attention'", "Checks"}
    names = {row["Campaign"] for row in table(book, "Rows")}
    assert {text for text in PAYLOADS if text.isprintable() and "_x" not in text} <= names
    assert not book._external_links


@pytest.mark.parametrize("text", ["<r>a & b</r>", "<r><t>a</t></r>"])
def test_a_text_that_looks_like_the_librarys_own_markup_is_a_text(tmp_path: Path, text: str) -> None:
    """XlsxWriter writes what stands between <r> and </r> as it is: the file was broken, or the cell said less."""
    report = replace(sample_report(), entries=(make_entry(1, campaign_name=text, message=text),), team=text)
    (row,) = table(load_workbook(write_xlsx(report, tmp_path / "a.xlsx")), "Rows")
    assert (str(row["Campaign"]).strip(), str(row["Message"]).strip()) == (text, text)


def test_each_command_that_a_table_tells_to_type_names_the_account(tmp_path: Path) -> None:
    """As the page does, and the summary."""
    book = load_workbook(write_xlsx(replace(week_report(), account="dallas"), tmp_path / "a.xlsx"))
    for name in ("Needs attention", "Rows"):
        steps = [str(row["Next step"]) for row in table(book, name)]
        assert "buy credits, then run campaign-batch resume --account dallas" in steps
        assert not any("campaign-batch" in step and "--account dallas" not in step for step in steps)


def test_a_large_workbook_holds_every_row_in_a_table(tmp_path: Path) -> None:
    """The table's range, its filters and colours cover all of them."""
    path = write_xlsx(large_report(5_000), tmp_path / "a.xlsx")
    assert len(CalamineWorkbook.from_path(path).get_sheet_by_name("Rows").to_python()) == 5_002
    with zipfile.ZipFile(path) as book:
        tables = [book.read(name) for name in book.namelist() if name.startswith("xl/tables/")]
    assert any(b'ref="A1:Z5002"' in table for table in tables)


@pytest.mark.parametrize("name", [*WORLDS, "hostile"])
def test_a_long_table_says_what_a_short_one_says(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rows come into the workbook by another way: cells, formats, heights, links, widths, charts are the same."""
    odd = make_entry(70, Status.HELD, campaign_name=" _x0041_ \x01 \ufffe \U0001f600 \ud800 & <b> ", message="a\n\tb ")
    report = hostile_report() if name == "hostile" else WORLDS[name]
    report = replace(report, entries=(*report.entries, odd))
    short = write_xlsx(report, tmp_path / "short.xlsx")
    monkeypatch.setattr(workbook, "FILLED_FROM", 1)
    long = write_xlsx(report, tmp_path / "long.xlsx")
    assert parts_of(long) == parts_of(short)


def parts_of(path: Path) -> dict[str, str]:
    """Give the parts of a workbook, its sheets with the texts that they share; a row's span is a hint only."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    texts = re.findall(r"<si>(.*?)</si>", parts.pop("xl/sharedStrings.xml"), re.DOTALL)
    return {name: with_texts(part, texts) for name, part in parts.items()}


def with_texts(part: str, texts: list[str]) -> str:
    """Give a sheet with its texts in the cells, without empty rows and the hint at how far a row goes."""
    shared = re.sub(r't="s"><v>(\d+)<', lambda found: f"><v>{texts[int(found[1])]}<", part)
    return re.sub(r' spans="[\d:]+"|<row r="\d+"></row>', "", shared)


@pytest.mark.proof
def test_a_workbook_of_too_many_rows_names_the_csv_that_has_them(tmp_path: Path) -> None:
    """It has the summary, with all rows in its sums, and what needs attention."""
    report = large_report(20_001)
    book = load_workbook(write_xlsx(report, tmp_path / "a.xlsx"))
    assert book.sheetnames == [
        "Summary", "Needs attention", "By cause", "By owner", "By day", "By week", "Findings", "Checks",
    ]  # fmt: skip
    notes = [cell.value for cell in book["Summary"]["A"] if cell.value]
    assert "more than 20,000 rows: all 20,001 are in a.csv, in the same folder" in notes
    assert book["Needs attention"].max_row - 1 == count(report).needs_person == 400
    totals = {row[0]: row[1] for row in book["Summary"].iter_rows(values_only=True)}
    assert totals["rows in total"] == 20_001


def test_a_text_longer_than_a_cell_is_cut(tmp_path: Path) -> None:
    """Excel would call the file broken."""
    report = replace(sample_report(), entries=(make_entry(1, message="x" * 40_000),))
    book = load_workbook(write_xlsx(report, tmp_path / "a.xlsx"))
    (row,) = table(book, "Rows")
    assert len(str(row["Message"])) < 32_767


@pytest.mark.parametrize("name", WORLDS)
def test_the_summary_says_all_that_the_verdict_says(tmp_path: Path, name: str) -> None:
    """However many owners must act: each line has one of its own."""
    said = verdict(WORLDS[name])
    words = _first_words(load_workbook(write_xlsx(WORLDS[name], tmp_path / "a.xlsx"), data_only=True))
    assert [line for line in (said.more, *said.next) if line and line not in words] == []
    assert len([line for line in words if "; the provider's clock is " in line]) == 1


def _first_words(book: Workbook) -> list[str]:
    return [str(cell.value) for cell in book["Summary"]["A"] if cell.value]


@pytest.mark.parametrize("name", WORLDS)
def test_every_check_of_the_workbook_agrees(tmp_path: Path, name: str) -> None:
    """The sheets add up to the totals of the report, each check as a formula that says so, and the summary too."""
    report = WORLDS[name]
    path = write_xlsx(report, tmp_path / "a.xlsx")
    book, formulas = load_workbook(path, data_only=True), load_workbook(path)
    checks = table(book, "Checks")
    assert {check["Same"] for check in checks} == {"✓"}
    assert all(str(row[3].value).startswith("=IF(ROUND(") for row in formulas["Checks"].iter_rows(min_row=2))
    assert f"✓ all {len(checks)} checks: rows = sum" in _first_words(book)
    figures, told = count(report), {str(check["What is compared"]): check["Added up"] for check in checks}
    assert told["need attention: lines of Needs attention"] == figures.needs_person
    for sheet in ("Rows", "By cause", "By owner"):
        assert told[f"credits: {sheet}"] == figures.credits
        assert told.get(f"cost: {sheet}") == (
            None if figures.money is None else pytest.approx(figures.money, abs=0.005)
        )


@pytest.mark.proof
def test_libreoffice_computes_what_the_workbook_says(tmp_path: Path) -> None:
    """Its values, taken out and computed anew, are the same; the checks name a difference in the rows."""
    if shutil.which("soffice") is None:
        pytest.skip("no LibreOffice on this machine")
    path = write_xlsx(week_report(), tmp_path / "a.xlsx")
    formulas, ours = load_workbook(path), load_workbook(path, data_only=True)
    bare, changed = without_values(path, tmp_path / "bare.xlsx"), tmp_path / "changed.xlsx"
    where = [(one.title, cell.coordinate) for one in formulas for row in one for cell in row if cell.data_type == "f"]
    formulas["Rows"]["M2"].value = 1
    formulas.save(changed)
    theirs, found = computed((bare, changed), tmp_path)
    assert len(where) > 100
    assert {(*at, value_at(theirs, at)) for at in where} == {(*at, value_at(ours, at)) for at in where}
    assert not any(cell.data_type == "e" for sheet in theirs for row in sheet for cell in row)
    assert [check["What is compared"] for check in table(found, "Checks") if check["Same"] == "✗"] == ["credits: Rows"]
    assert f"✗ 1 of {len(table(found, 'Checks'))} checks do not agree" in _first_words(found)


def computed(paths: tuple[Path, ...], folder: Path) -> list[Workbook]:
    """Have LibreOffice open workbooks and write down what it computes."""
    command = ["soffice", f"-env:UserInstallation={(folder / 'office').as_uri()}", "--headless", "--convert-to", "xlsx"]
    command += ["--outdir", str(folder / "new"), *map(str, paths)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return [load_workbook(folder / "new" / path.name, data_only=True) for path in paths]


def value_at(book: Workbook, at: tuple[str, str]) -> object:
    """Give a cell's value, money to the cent."""
    value = book[at[0]][at[1]].value
    return round(value, 2) if isinstance(value, float) else value


def without_values(path: Path, target: Path) -> Path:
    """Copy a workbook without the values beside its formulas, so that whoever opens it must compute."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", old.read(name)))
    return target


def test_money_stands_in_every_row_and_in_total(tmp_path: Path) -> None:
    """Also where there is a week before; what is not at the provider has contacts, and costs nothing."""
    report = week_report()
    assert report.before is not None
    book = load_workbook(write_xlsx(report, tmp_path / "a.xlsx"), data_only=True)
    rows = {row["Entry"]: row for row in table(book, "Rows") if row["Status"] != "– already taken in"}
    sent, missing = rows[22], rows[23]
    assert [sent[name] for name in ("Contacts", "Texts", "Parts", "Credits", "Cost")] == [2240, 2240, 6720, 6720, 134.4]
    assert [missing[name] for name in ("Contacts", "Texts", "Parts", "Credits", "Cost")] == [
        880,
        None,
        None,
        None,
        None,
    ]
    total = [cell.value for cell in book["Rows"][book["Rows"].max_row]]
    figures = count(report)
    assert total[9:14] == [24_709, figures.contacts, figures.parts, figures.credits, pytest.approx(figures.money)]
    shown = {row[0]: row[1:3] for row in book["Summary"].iter_rows(values_only=True, max_col=3)}
    assert shown["cost, estimated"] == (pytest.approx(figures.money), f"{figures.credits:,} credits at USD 0.02")


def test_columns_that_say_the_same_are_hidden_and_keep_their_place(tmp_path: Path) -> None:
    """Contacts and parts where they are the texts, cost without a price, delivery that is not known yet."""
    hidden = ["Contacts", "Parts", "Delivered", "Failed", "Opted out"]
    fine = replace(sample_report(), entries=tuple(make_entry(n) for n in range(1, 9)), credit_price=0.02)
    for report, expected in (
        (week_report(), []),
        (fine, hidden),
        (replace(fine, credit_price=None), [*hidden, "Cost"]),
    ):
        sheet = load_workbook(write_xlsx(report, tmp_path / "a.xlsx"))["Rows"]
        heads = {str(cell.value): cell.column_letter for cell in sheet[1]}
        assert {name for name, at in heads.items() if sheet.column_dimensions[at].hidden} == set(expected)
        assert heads["Credits"] == "M"


def test_causes_and_owners_add_up_to_the_rows(tmp_path: Path) -> None:
    """Each with rows, contacts, parts, credits and money; a cause leads to its first row."""
    book = load_workbook(write_xlsx(WORLDS["340 rows"], tmp_path / "a.xlsx"), data_only=True)
    held, scheduled = table(book, "By cause")
    assert (held["Cause"], held["Rows"], held["Need attention"], held["Contacts"]) == ("quiet-hours", 227, 227, 90_800)
    assert (held["Texts"], scheduled["Rows"], scheduled["Texts"]) == (None, 113, scheduled["Credits"])
    assert [(row["Owner"], row["Rows"]) for row in table(book, "By owner")] == [
        ("maria@northwind.example", 113), ("(no owner)", 227),
    ]  # fmt: skip
    target = str(book["By cause"]["D2"].hyperlink.location)
    assert book["Rows"][target.partition("!")[2]].value == held["Status"]


def test_the_summary_leads_to_the_rows(tmp_path: Path) -> None:
    """What is to do leads to its line, a status to its first row, need attention to the sheet of that name."""
    book = load_workbook(write_xlsx(week_report(), tmp_path / "a.xlsx"))
    links = {
        str(row[0].value): cell.hyperlink.location.replace("'", "").split("!")
        for row in book["Summary"].iter_rows(max_col=2)
        for cell in row
        if cell.hyperlink
    }
    assert links["need attention"] == ["Needs attention", "A2"]
    sheet, cell = links["✓ sent"]
    assert book[sheet][cell].value == "✓ sent"
    first = next(words for words in links if words.startswith("✕ Black Friday Miami Brickell 24"))
    sheet, cell = links[first]
    assert book[sheet][f"D{cell[1:]}"].value == "Black Friday Miami Brickell 24"
    row = book["Needs attention"][cell.replace("A", "C")]
    assert book["Rows"][row.hyperlink.location.partition("!")[2].replace("A", "C")].value == row.value


def test_no_width_cuts_a_cell(tmp_path: Path) -> None:
    """A text fits or wraps, a number has room in its column, a sum too; the header stays above the first row."""
    book = load_workbook(write_xlsx(replace(week_report(), credit_price=99_999.5), tmp_path / "a.xlsx"), data_only=True)
    for sheet in (one for one in book if one.tables):
        assert str(sheet.freeze_panes).endswith("2")
        assert sheet.sheet_view.pane.topLeftCell.endswith("2")
        for row in sheet.iter_rows(min_row=2):
            for cell in row[:-1]:
                width = sheet.column_dimensions[cell.column_letter].width
                shown = f"{cell.value:,.2f}" if "0.00" in cell.number_format else str(cell.value or "")
                assert cell.alignment.wrap_text or cell.is_date or len(shown) < width, (sheet.title, cell.coordinate)


def test_the_weeks_count_as_the_report_does(tmp_path: Path) -> None:
    """A week's campaigns, texts, credits and money are those of its own report."""
    report = week_report()
    book = load_workbook(write_xlsx(report, tmp_path / "a.xlsx"), data_only=True)
    figures, last = count(report), table(book, "By week")[-1]
    assert [*last.values()] == [
        "2026-W48", figures.rows, figures.needs_person, figures.contacts, figures.parts, figures.credits,
        pytest.approx(figures.money),
    ]  # fmt: skip


def test_of_many_attempts_those_are_listed_that_did_not_go_through_at_once(tmp_path: Path) -> None:
    """What went well at once says nothing; the notes say what is left out."""
    report = large_report(ALL_ATTEMPTS + 1)
    failed = replace(report.attempts[7][0], outcome="not_reached")
    report = replace(report, attempts={**report.attempts, 7: (failed,)})
    book = load_workbook(write_xlsx(report, tmp_path / "a.xlsx"))
    assert [(row["Entry"], row["Outcome"]) for row in table(book, "Attempts")] == [(7, "not reached")]
    notes = [cell.value for cell in book["Summary"]["A"] if cell.value]
    assert "of 2,001 attempts the sheet Attempts has those that did not go through at once" in notes
