"""Nothing that people wrote is obeyed by a terminal, forges a line of a log, or becomes a formula: 30 tries."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from printable_support import SEQUENCES, obeyed

from batch.core.csv_text import csv_record
from batch.core.file_names import safe_name
from batch.core.json_text import write_json
from batch.core.printable import printable, printable_lines


def test_there_are_thirty() -> None:
    """As promised."""
    assert len(set(SEQUENCES)) == 30


@pytest.mark.parametrize("text", SEQUENCES, ids=ascii)
def test_a_text_is_one_line_that_nothing_obeys(text: str) -> None:
    """And one of several lines keeps only its line breaks."""
    assert obeyed(printable(text)) == []
    assert len(printable(f"a{text}b").splitlines()) == 1
    assert obeyed(printable_lines(text)) == []
    assert json.loads(write_json([text])) == [text]
    assert obeyed(write_json([text])) == []
    assert len(write_json([text]).splitlines()) == 1


@pytest.mark.parametrize("text", ["plain", "Café – “Dallas”", "👨‍👩‍👧 ❤️‍🔥 🏳️‍🌈", "日本語 ñ ß", "a\u00a0b"])
def test_what_people_write_stays_as_it_is(text: str) -> None:
    """Accents, quotes, and emoji of several parts."""
    assert (printable(text), printable_lines(text), write_json(text)) == (text, text, f'"{text}"')


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", " =1+1", "\n=1+1", "\uff1d1+1", "a,b", 'say "a"', "a;=1"],
)
def test_a_record_of_a_csv_holds_no_formula(text: str) -> None:
    """What could be one has an apostrophe in front, and what stands in it comes back."""
    [[first, cell, _]] = list(csv.reader(io.StringIO(csv_record(["x", text, 1]), newline="")))
    guarded = text.lstrip()[:1] in {"=", "+", "-", "@", "\uff1d"}
    assert (first, cell) == ("x", printable_lines(f"'{text}" if guarded else text))


def test_a_text_of_two_lines_is_one_record() -> None:
    """A spreadsheet program shows it in one cell."""
    text = 'one\ntwo, "three"\r\n\nfour'
    assert list(csv.reader(io.StringIO(csv_record([text, 2]), newline=""))) == [[text, "2"]]


@pytest.mark.parametrize(
    "name",
    [*SEQUENCES, "../../etc/passwd", "a/b.xlsx", "a\\b.xlsx", "CON", "nul.txt", "COM1.xlsx", "a.", "a ", ".bashrc",
     "~$a.xlsx", 'a:b*c?d"e<f>g|h.xlsx', "x" * 300 + ".xlsx", "é" * 300, "", "..", "\udc80.xlsx"],
    ids=ascii,
)  # fmt: skip
def test_a_file_name_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    """It can be written, is short enough, and shows all that it is."""
    made = safe_name(name)
    (tmp_path / made).write_text("x", encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == [made]
    assert (obeyed(made), made.startswith((".", "~")), len(made.encode()) <= 110) == ([], False, True)
    assert not set('/\\:*?"<>|') & set(made)
    assert made.casefold().partition(".")[0] not in {"con", "nul", "com1"}
