"""The preview, and checks against the account, through the command line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from cli_support import Shell, coming, row, write_csv

from batch.adapters.sandbox import Sandbox


def codes(found: Any, kind: str = "warnings") -> list[tuple[int, str]]:
    return [(issue["row"], issue["code"]) for issue in found[kind]]


def test_the_preview_shows_every_text_offline(shell: Shell, tmp_path: Path) -> None:
    """No request is made; each message stands there as its recipients will read it, escaped, with its time."""
    rows = [
        row(1, Message="Maple & Main: {{ Offer }} <b>now</b>. Reply STOP to opt out", Offer="20% off"),
        row(2, GroupIds="", Message="Second text STOP"),
    ]
    out = tmp_path / "preview.html"
    ran = shell.run("check", write_csv(tmp_path / "a.csv", rows), "--preview", out)
    page = out.read_text(encoding="utf-8")
    assert ran.code == 1
    assert "Maple &amp; Main: 20% off &lt;b&gt;now&lt;/b&gt;" in page
    assert "no group is named" in page
    assert "10:00" in page
    assert "http-equiv" not in page or "refresh" not in page
    assert 'src="http' not in page


def test_a_preview_that_asked_nobody_shows_no_sums(shell: Shell, tmp_path: Path) -> None:
    """A zero would read as if nobody got the text."""
    out = tmp_path / "preview.html"
    shell.run("check", write_csv(tmp_path / "a.csv", [row(1), row(2)]), "--preview", out)
    page = out.read_text(encoding="utf-8")
    assert "2 campaigns; how many people they reach was not looked up: check with --online" in page
    days = page.count('<tr><th scope="row">')
    assert days >= 2
    assert page.count("<td>–</td>") == 3 * days


def test_online_the_preview_names_groups_with_their_sizes(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """The group's name and how many people are in it, and the estimated credits."""
    out = tmp_path / "preview.html"
    ran = ready.run("check", write_csv(tmp_path / "a.csv", [row(1)]), "--online", "--preview", out)
    page = out.read_text(encoding="utf-8")
    assert ran.code == 0, ran.err
    assert "Dallas stores" in page
    assert "412 contacts" in page
    assert "about 412 credits" in page


def test_a_preview_is_a_page(shell: Shell, tmp_path: Path) -> None:
    """Another ending is refused, so that no sheet is overwritten by a page."""
    path = write_csv(tmp_path / "a.csv", [row(1)])
    before = path.read_bytes()
    assert shell.run("check", path, "--preview", path).code == 2
    assert path.read_bytes() == before


def test_online_names_what_a_row_would_wait_for(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """A group without people, a template that is not approved: warnings, since the row is not wrong and will wait."""
    rows = [row(1), row(2, GroupIds="140"), row(3, MmsTemplateId="503")]
    found = ready.run("check", write_csv(tmp_path / "a.csv", rows), "--online", "--json").json
    assert (found["valid"], found["errors"]) == (3, [])
    wanted = [(3, "group-empty"), (4, "template-not-approved")]
    assert [one for one in codes(found) if one[1] != "often-texted"] == wanted
    assert {issue["column"] for issue in found["warnings"] if issue["code"].startswith("group-")} == {"C"}


def test_online_an_id_that_does_not_exist_is_an_error_that_names_the_near_ones(ready: Shell, tmp_path: Path) -> None:
    """It would wait for ever; offline nobody can say."""
    rows = [row(1, GroupIds="999999"), row(2, GroupIds="1113"), row(3, MmsTemplateId="5003")]
    path = write_csv(tmp_path / "a.csv", rows)
    assert ready.run("check", path).code == 0
    found = ready.run("check", path, "--online", "--json").json
    assert [(issue["row"], issue["code"]) for issue in found["errors"]] == [
        (2, "group-unknown"), (3, "group-unknown"), (4, "template-unknown"),
    ]  # fmt: skip
    words = [issue["message"] for issue in found["errors"]]
    assert words[0] == "no group of the account has the id 999999: write the id as the dashboard shows it"
    assert re.search(r"has the id 1113, did you mean 11\d \(\"", words[1])
    assert re.search(r"has the id 5003, did you mean 50\d \(\"", words[2])


def test_online_says_when_the_credits_do_not_reach(shell: Shell, tmp_path: Path) -> None:
    """Rows go by send time: the later one is short."""
    rows = [row(1, DateTime=coming(5)), row(2, DateTime=coming(4))]
    with Sandbox(limit=0, credits=500) as sandbox:
        shell.set(PROVIDER__URL=sandbox.url, PROVIDER__ACCESS_TOKEN=sandbox.token)
        found = shell.run("check", write_csv(tmp_path / "a.csv", rows), "--online", "--json").json
    assert (2, "credits-short") in codes(found)
    assert (3, "credits-short") not in codes(found)


def test_online_counts_people_texted_too_often_by_the_file(ready: Shell, tmp_path: Path) -> None:
    """Three texts to one group on one day: every row of it is warned."""
    rows = [row(number, DateTime=coming(4, 9 + 3 * number)) for number in range(3)]
    found = ready.run("check", write_csv(tmp_path / "a.csv", rows), "--online", "--json").json
    assert [number for number, code in codes(found) if code == "often-texted"] == [2, 3, 4]
    assert found["errors"] == []


def test_a_file_named_for_another_week_is_pointed_out(shell: Shell, tmp_path: Path) -> None:
    """The name says a day long gone, the rows go out next week: a warning about the file."""
    found = shell.run("check", write_csv(tmp_path / "offers 2020-01-06.csv", [row(1)]), "--json").json
    assert (0, "file-other-week") in codes(found)


def test_a_missing_column_is_said_before_its_thousand_consequences(shell: Shell, tmp_path: Path) -> None:
    """One line with the header that was probably meant; no row is complained about."""
    rows = [{**row(number), "Mesage": "x"} for number in range(50)]
    for one in rows:
        del one["Message"]
    ran = shell.run("check", write_csv(tmp_path / "a.csv", rows))
    assert (ran.code, len(ran.err.splitlines())) == (3, 1)
    assert 'did you mean "Mesage" in column D?' in ran.err


def test_a_spoilt_cell_is_told_once(shell: Shell, tmp_path: Path) -> None:
    """A cell that shows #N/A is not told again as an empty field of the text."""
    book = openpyxl.Workbook()
    cells = row(1, Message="Maple & Main: {{ Offer }}. Reply STOP to opt out", Offer="#N/A")
    book.active.append(list(cells))
    book.active.append(list(cells.values()))
    book.active["E2"].data_type = "e"
    book.save(tmp_path / "a.xlsx")
    found = shell.run("check", tmp_path / "a.xlsx", "--json").json
    assert codes(found, "errors") == [(2, "cell-error")]


def test_what_to_decide_stands_before_what_is_only_worth_a_look(shell: Shell, tmp_path: Path) -> None:
    """Errors, then holds, then warnings, each by row."""
    rows = [row(1, Message="no way out"), row(2, DateTime=coming(4, 22)), row(3, GroupIds="")]
    lines = shell.run("check", write_csv(tmp_path / "a.csv", rows)).err.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("row ")] == ["4", "3", "2"]


def test_hidden_rows_are_said_first(shell: Shell, tmp_path: Path) -> None:
    """Before anything about the rows that were taken, so that nobody misses it."""
    book = openpyxl.Workbook()
    for cells in (list(row(1)), *(list(row(number, GroupIds="").values()) for number in (1, 2, 3))):
        book.active.append(cells)
    book.active.row_dimensions[3].hidden = True
    book.save(tmp_path / "a.xlsx")
    lines = shell.run("check", tmp_path / "a.xlsx").err.splitlines()
    assert lines[0].startswith("note: 1 hidden row left out")


def test_a_cell_cannot_command_the_terminal(shell: Shell, tmp_path: Path) -> None:
    """Escape sequences in a cell are shown as a replacement character."""
    path = write_csv(tmp_path / "a.csv", [row(1, DateTime="\x1b]0;gotcha\x07 tomorrow")])
    assert not {"\x1b", "\x07"} & set(shell.run("check", path).err)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
def test_on_a_terminal_one_slip_is_one_line(shell: Shell, tmp_path: Path) -> None:
    """The same trouble in thirty rows stands once in the table, with the rows it is in."""
    rows = [row(number, GroupIds="") for number in range(1, 31)]
    path = write_csv(tmp_path / "a.csv", rows)
    reader, terminal = os.openpty()
    environ = {**os.environ, "COLUMNS": "120", "TERM": "xterm"}
    ran = subprocess.run(
        [sys.executable, "-m", "batch", "check", str(path)],
        stderr=terminal, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environ, check=False,
    )  # fmt: skip
    os.close(terminal)
    shown = os.read(reader, 65_536).decode("utf-8", "replace")
    os.close(reader)
    assert ran.returncode == 1
    assert shown.count("no group is named") == 1
    assert "2-31" in shown
    assert "--marked" in shown
