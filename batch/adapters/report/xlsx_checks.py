"""Check in the workbook itself that its sheets add up to the report's totals: formulas anyone can recalculate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from batch.adapters.report.contents import Figures
from batch.adapters.report.workbook import MOST_ROWS, WorkbookWriter, Written
from batch.adapters.report.xlsx_summary import Summary
from batch.model.records import dataclass

SAME, DIFFERENT = "✓", "✗"
FIGURE_OF = {
    "Texts": "contacts", "Parts": "parts", "Credits": "credits", "Cost": "money", "Delivered": "delivered",
    "Failed": "failed", "Opted out": "opted_out",
}  # fmt: skip
"""Column of a table to the total that it adds up to."""
_ARRIVED = frozenset({"Delivered", "Failed", "Opted out"})


@dataclass(frozen=True, slots=True)
class SumCheck:
    """Two ways to the same number, each as a formula and as what it gave."""

    words: str
    total: float
    """The report's total, as every output has it."""
    where: str
    """The cell of the summary that shows it; empty when none does."""
    formula: str
    found: float
    kind: str = "number"
    """`number` or `money`."""

    @property
    def agrees(self) -> bool:
        """Whether both ways lead to the same."""
        return round(self.total - self.found, 2) == 0


def write_checks(writer: WorkbookWriter, figures: Figures, summary: Summary, tables: Mapping[str, Written]) -> None:
    """Write the sheet of checks, and on the summary whether all of them agree."""
    checks = list(_checks(figures, summary.cells, tables))
    sheet = writer.sheet("Checks", "good" if all(check.agrees for check in checks) else "bad")
    for place, width in enumerate((60, 18, 18, 10)):
        sheet.set_column(place, place, width)
    sheet.freeze_panes(1, 0)
    for place, title in enumerate(("What is compared", "Total", "Added up", "Same")):
        writer.put(sheet, 0, place, title, "head")
    for line, check in enumerate(checks, 1):
        _write_check(writer, sheet, line, check)
    _tell_on_summary(writer, summary, len(checks), sum(not check.agrees for check in checks))


def _write_check(writer: WorkbookWriter, sheet: Any, line: int, check: SumCheck) -> None:
    writer.put(sheet, line, 0, check.words, "text")
    if check.where:
        writer.compute(sheet, line, 1, f"={check.where}", check.total, check.kind)
    else:
        writer.put(sheet, line, 1, check.total, check.kind)
    writer.compute(sheet, line, 2, check.formula, check.found, check.kind)
    compared = f'=IF(ROUND(B{line + 1}-C{line + 1},2)=0,"{SAME}","{DIFFERENT}")'
    writer.compute(sheet, line, 3, compared, SAME if check.agrees else DIFFERENT, "good")


def _tell_on_summary(writer: WorkbookWriter, summary: Summary, number: int, wrong: int) -> None:
    """Say on the summary whether all checks agree, and lead to them."""
    fine, broken = f"{SAME} all {number} checks: rows = sum", f" of {number} checks do not agree"
    same = f'COUNTIF(Checks!D2:D{number + 1},"{SAME}")'
    formula = f'=IF({same}={number},"{fine}","{DIFFERENT} "&({number}-{same})&"{broken}")'
    summary.sheet.write_url(summary.checks, 0, "internal:Checks!A1")
    told = f"{DIFFERENT} {wrong}{broken}" if wrong else fine
    writer.compute(summary.sheet, summary.checks, 0, formula, told, "label-link")


def _checks(figures: Figures, cells: Mapping[str, str], tables: Mapping[str, Written]) -> Iterator[SumCheck]:
    if "by_status" in cells:
        yield SumCheck("rows by status", figures.rows, cells["rows"], f"=SUM({cells['by_status']})", figures.rows)
    needed = tables["Needs attention"]
    if needed.rows < MOST_ROWS:
        words, formula = "need attention: lines of Needs attention", f"=COUNTA({needed.cells('Status')})"
        yield SumCheck(words, figures.needs_person, cells["needs_person"], formula, needed.rows)
    if "Rows" in tables:
        rows = tables["Rows"]
        formula = f"=COUNTA({rows.cells('Status')})"
        yield SumCheck("rows: lines of Rows", figures.rows, cells["rows"], formula, rows.rows)
    for name in ("By cause", "By owner"):
        table = tables[name]
        formula = f"=SUM({table.cells('Rows')})"
        yield SumCheck(f"rows: {name}", figures.rows, cells["rows"], formula, table.sums["Rows"])
    for name in ("Rows", "By cause", "By owner"):
        if name in tables:
            yield from _amounts(figures, cells, tables[name])
    days, split = tables["By day"], (figures.texts_sent, figures.texts_scheduled, figures.texts_not_going)
    yield SumCheck("texts sent and scheduled: By day", sum(split[:2]), "", f"=SUM({days.cells('Texts')})",
                days.sums["Texts"])  # fmt: skip
    formula = f"={'+'.join(map(str, split))}"
    yield SumCheck("texts: sent + scheduled + not going", figures.contacts, cells["contacts"], formula, sum(split))


def _amounts(figures: Figures, cells: Mapping[str, str], table: Written) -> Iterator[SumCheck]:
    for title, name in FIGURE_OF.items():
        total = getattr(figures, name)
        if total is None or (title in _ARRIVED and not figures.reported):
            continue
        where = "" if title in _ARRIVED else cells.get(name, "")  # the summary shows shares of these
        formula = f"=SUM({table.cells(title)})"
        kind = "money" if title == "Cost" else "number"
        yield SumCheck(f"{title.lower()}: {table.name}", total, where, formula, table.sums[title], kind)
