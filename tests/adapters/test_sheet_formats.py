"""A number reads as a spreadsheet shows it, or not at all."""

# ruff: noqa: E501 (a table of formats)
from __future__ import annotations

import csv
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from sheet_support import Book, N, Sheet

from batch.adapters.sheet.formats import Format, civil, exact, general

SHOWN = [
    ("0", 19.5, "20"), ("0.00", 1.005, "1.01"), ("#,##0", 1234567, "1,234,567"), ("#,##0", 0, "0"), ("#", 0, ""),
    ("0%", 0.2, "20%"), ("0.0%", 0.125, "12.5%"), ("$#,##0.00", 5, "$5.00"), ('"$"#,##0.00', -5, "-$5.00"),
    ("[$$-409]#,##0.00", 1234.5, "$1,234.50"), ("#,##0.00 [$€-407]", 1234.5, "1,234.50 €"), ("[$£-809]0", 3, "£3"),
    ("#,##0_);(#,##0)", -1234, "(1,234)"), ("#,##0_);[Red]\\(#,##0\\)", 12, "12 "), ('0;-0;"zero"', 0, "zero"),
    ("00000", 123, "00123"), ("000-00-0000", 123456789, "123-45-6789"), ("(000) 000-0000", 5551234567, "(555) 123-4567"),
    ("[<=9999999]000-0000;(000) 000-0000", 5551234, "555-1234"), ("[>=100]0;0.0", 5, "5.0"), ("[>=100]0;0.0", -5, None),
    ("[<100]0;0.0", -5, "-5"), ("0.##", 5.5, "5.5"),
    ("#,##0,", 12345678, "12,346"), ("0.0,,", 12345678, "12.3"), ("0.00E+00", 123456, "1.23E+05"), ("0E+0", 0.002, "2E-3"),
    ('0" pcs"', 3, "3 pcs"), ("0\\x", 3, "3x"), ("General", 20.0, "20"), ('General" kg"', 2.5, "2.5 kg"), (";;;", 5, ""),
    ("mmm d", 46353, "Nov 27"), ("mmmm d, yyyy", 46353, "November 27, 2026"), ("d/m/yy", 46353, "27/11/26"),
    ("dd.mm.yyyy", 46353, "27.11.2026"), ("ddd", 46353, "Fri"), ("dddd", 46353, "Friday"), ("mmmmm", 46353, "N"),
    ("yyyy-mm-dd hh:mm:ss", 46353.5, "2026-11-27 12:00:00"), ("h:mm AM/PM", 0.75, "6:00 PM"), ("h AM/PM", 0, "12 AM"),
    ("h:mm a/p", 0.25, "6:00 a"), ("h:mm am/pm", 0.25, "6:00 AM"), ("[h]:mm", 1.5, "36:00"), ("[mm]:ss", 0.0625, "90:00"), ("mm:ss.0", 0.00001157, "00:01.0"),
    ("h:mm:ss", 0.999999, "0:00:00"), ("m/d/yyyy", 46353.99999999, "11/28/2026"), ("h:mm", 46353.41666666, "10:00"),
    ("[$-409]d-mmm-yy;@", 46353, "27-Nov-26"), ("[$-F400]h:mm:ss AM/PM", 0.5, None), ("[$-F800]dddd", 46353, None),
    ("@", 25.0, "25"), ('"Store "@', 25.0, "25"), ("[Red]@", 25.0, "25"), ("@ ", 25.0, "25"), ("_(@_)", 25.0, "25"),
    ("0;@", 25.0, "25"), ("0;@", -25, "-25"), ("0;@", 0, "0"), ("0.0;-0.0;@", 0, "0.0"), ("0;-0;@", -3, "-3"),
    ("0;;@", 0, "0"), ("0;;@", -3, ""), ('0%;-0%;"none";@', 0, "none"), ('0;-0;"Dear "@', 0, "0"), ("0;", 5, "5"),
    ("0;", -5, None), ('[>=100]"big";0;@', 5, "5"), ('[>=100]"big";0;@', 100, "big"), ("[>100]0", 50, None),
    ('[=1]"yes";[=0]"no"', 5, None), ('[=1]"yes";[=0]"no"', 1, "yes"), ("[$-1010409]0.0%", 0.2, "20.0%"),
    ("[$-101041E]0.0%", 0.2, "20.0%"), ("[$-D07041E]0", 5, None), ("[$-2000401]0", 5, None),
    ("[$-107041E]d/m/yyyy", 46353, None),
    ("[$-1010409]m/d/yyyy", 46353, "11/27/2026"), ("[$-1070409]0", 5, "5"), ("General;@", 2.5, "2.5"),
    ("[$-407]mmmm", 46353, None), ("[$-407]d.m.yyyy", 46353, "27.11.2026"), ("# ?/?", 0.5, None), ("m/d/yyyy", 30, None),
    ("m/d/yyyy", -1, None), ("[Weird]0", 1, None), ("yyyy", 3_000_000, None), ("##0.0E+0", 12345, None),
]  # fmt: skip


@pytest.mark.parametrize(("code", "value", "shown"), SHOWN)
def test_a_format_shows_a_number(code: str, value: float, shown: str | None) -> None:
    """As an English Excel shows it; None where the file does not say enough."""
    assert Format(code).show(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(20.0, "20"), (0.1 + 0.2, "0.3"), (-3.5, "-3.5"), (1 / 3, "0.333333333"), (12345.678901234, "12345.6789"),
     (99999999999.0, "99999999999"), (1e11, None), (123456789012.5, None), (0.00001, None), (-0.0, "0")],
)  # fmt: skip
def test_general_shows_what_fits_a_cell(value: float, shown: str | None) -> None:
    """Eleven characters at most, and scientific notation is refused."""
    assert general(value) == shown


def test_a_long_number_is_exact_to_fifteen_digits() -> None:
    """Which is all that a spreadsheet keeps."""
    assert exact(1234567890123456789.0) == "1234567890123460000"
    assert exact(0.1 + 0.2) == "0.3"


def test_a_format_may_have_words_for_texts() -> None:
    """The fourth section is for texts; without one a text stays as it is."""
    assert Format('0;0;0;"Dear "@').show_text("Ann") == "Dear Ann"
    assert Format('"Dear "@').show_text("Ann") == "Dear Ann"
    assert Format("0").show_text("Ann") == "Ann"


def test_the_two_date_systems_are_four_years_apart() -> None:
    """The same serial is another day in a workbook that counts from 1904."""
    assert Format("yyyy-mm-dd", epoch_1904=True).show(44891) == "2026-11-27"
    assert civil(46353, epoch_1904=False) == (2026, 11, 27, 4)
    assert civil(60, epoch_1904=False) is None


def test_libreoffice_shows_the_same(tmp_path: Path) -> None:
    """Our texts against those of another program, for every format that both read alike."""
    office = shutil.which("soffice")
    if office is None:
        assert not os.environ.get("CI"), "LibreOffice is needed on CI"
        pytest.skip("LibreOffice is not installed")
    cases = [(code, value, shown) for code, value, shown in SHOWN if shown and code not in _ELSE_IN_OFFICE]
    Book([Sheet([(N(value, code),) for code, value, _ in cases])]).save(tmp_path / "formats.xlsx")
    home = (tmp_path / "home").as_uri()
    command = [
        office,
        "--headless",
        f"-env:UserInstallation={home}",
        "--convert-to",
        "csv:Text - txt - csv (StarCalc):44,34,76",
    ]
    subprocess.run(
        [*command, "--outdir", str(tmp_path), str(tmp_path / "formats.xlsx")], check=True, capture_output=True
    )
    with (tmp_path / "formats.csv").open(encoding="utf-8", newline="") as file:
        theirs = [row[0] if row else "" for row in csv.reader(file)]
    assert dict(zip([code for code, _, _ in cases], theirs, strict=True)) == {code: shown for code, _, shown in cases}


_ELSE_IN_OFFICE = {"h:mm a/p", "mmmmm", "h:mm", "h:mm:ss", "mm:ss.0", "m/d/yyyy"}
"""LibreOffice writes `A/P` its own way, and cuts 9:59:59.9997 where Excel rounds it to 10:00."""
