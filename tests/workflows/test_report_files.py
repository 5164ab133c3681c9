"""The files of a report: which are written, and where."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from report_support import large_report

from batch.adapters.config import load_settings
from batch.workflows.report import write


@pytest.mark.proof
def test_a_csv_with_all_rows_stands_beside_a_workbook_that_has_not(tmp_path: Path) -> None:
    """Also where only the Excel report was asked for; a shorter report stays alone."""
    settings = load_settings(None, {"CAMPAIGN_BATCH_REPORTS__FOLDER": str(tmp_path)}, tmp_path)
    (short,) = write(large_report(20), settings, "short", ("xlsx",))
    excel, rows = write(large_report(20_001), settings, "long", ("xlsx",))
    assert (short.name, excel.name, rows.name) == ("short.xlsx", "long.xlsx", "long.csv")
    with rows.open(encoding="utf-8", newline="") as file:
        assert sum(1 for _ in csv.reader(file)) == 20_002
