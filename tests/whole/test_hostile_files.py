"""Files at every limit in every format: read up to it, refused by its name beyond it; none costs its neighbours."""

from __future__ import annotations

import ast
import inspect
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from cli_support import Ran, Shell, coming
from hostile_support import (
    GOOD,
    HEADER,
    LIMITS,
    SMALL,
    Case,
    Peak,
    Table,
    all_at_once,
    cases,
    combined,
    fat_files,
    with_comments,
)  # fmt: skip
from sheet_support import READY_TO
from torture_support import FIRST_GROUP
from weekly_support import Round, weekly

from batch.adapters.config.sections import SheetSection
from batch.adapters.sheet import child as child_room
from batch.adapters.sheet import open_sheet
from batch.adapters.sheet.child import Child
from batch.core.bounds import SETTINGS, _shown, beyond
from batch.model.errors import SheetError
from batch.model.limits import DEFAULT, Limits
from batch.workflows import sheet_reader

TORTURE = bool(os.environ.get("CAMPAIGN_TORTURE"))
MOST_MEMORY = 600 * 2**20
MOST_SECONDS = 20
KB = 1024
PER_ROW = 2 * KB
PER_BYTE = 10
PARTS = [*range(4), *(pytest.param(part, marks=pytest.mark.torture) for part in range(4, 24))]
"""Four in the suite, of a hundred files each; twenty more of a thousand each."""


@pytest.fixture(scope="module")
def reader() -> Iterator[Child]:
    """Give one reading process for the module."""
    with Child() as running:
        yield running


def end_of(path: Path, case: Case, reader: Child) -> str:
    """Read a file within its case's limits; give the words of the refusal, or nothing."""
    try:
        list(open_sheet(path, child=reader, limits=case.limits))
    except SheetError as error:
        return error.words
    return ""


def is_one_of(words: str, case: Case) -> bool:
    """Whether a refusal is that of a limit that the file goes beyond."""
    return any(words.endswith(tail) for tail in _tails(case))


def is_named(said: str, case: Case) -> bool:
    """Whether what a command said names a limit that the file goes beyond."""
    return any(f"{tail}: " in " ".join(said.split()) for tail in _tails(case))


def _tails(case: Case) -> list[str]:
    known = [beyond(name, case.limits, "\0", found=0).words for name in case.beyond]
    return [text.rpartition("\0")[2].rpartition(" 0 ")[2] for text in known]


@pytest.mark.parametrize("dimension", LIMITS)
def test_a_file_is_read_up_to_a_limit_and_refused_beyond_it(dimension: str, tmp_path: Path, reader: Child) -> None:
    """In every format that has the dimension: below, at, above and far above."""
    wrong = []
    for case in cases(dimension, tmp_path):
        words = end_of(tmp_path / case.name, case, reader)
        if bool(words) != bool(case.beyond) or (words and not is_one_of(words, case)):
            wrong.append((case.name, words))
    assert wrong == []


def test_files_at_several_limits_at_once_are_refused_for_one_of_them(tmp_path: Path, reader: Child) -> None:
    """What lies within all of them is read; what does not names one that it goes beyond."""
    wrong = []
    for case in combined(tmp_path, 190, seed=7):
        words = end_of(tmp_path / case.name, case, reader)
        if bool(words) != bool(case.beyond) or (words and not is_one_of(words, case)):
            wrong.append((case.name, words, case.beyond))
    assert wrong == []


def described() -> list[tuple[str, int, str, str]]:
    """List name, default, meaning and setting of every limit, for people who read about them."""
    body = ast.parse(inspect.getsource(Limits)).body[0].body[1:]
    told = [line.value.value for line in body if isinstance(line, ast.Expr)]
    pairs = zip(DEFAULT.plain().items(), told, strict=True)
    return [(name, most, what, SETTINGS.get(name, "")) for (name, most), what in pairs]


def test_each_limit_has_words_and_each_setting_is_one() -> None:
    """Every limit can be refused by name, and a remedy that names a setting names one of `[sheet]`."""
    for name, _, _, setting in described():
        refusal = beyond(name, DEFAULT, "a place", found=1)
        assert refusal.words
        assert refusal.remedy
        assert (f"[sheet] {setting} " in refusal.remedy) == bool(setting), name
        assert not setting or setting in SheetSection.model_fields
    assert SheetSection().limits == DEFAULT


def test_fat_files_cost_the_ledger_little_and_their_neighbour_nothing(tmp_path: Path) -> None:
    """Each is accepted or refused in words; the innocent sheet among them is taken, sent and filed."""
    with weekly() as team:
        fat = fat_files(tmp_path, _words_of(team))
        for path in fat:
            _drop(team, path)
        team.drop(3, "innocent.csv")
        before = _ledger_bytes(team)
        with team.desk.ledger():
            pass
        team.watch(60)
        assert [name.rpartition(" ")[2] for name in team.sheets("done")] == ["innocent.csv"]
        assert len(team.desk.sandbox.posts) == 3
        rows = _rows(team)
        read = sum(path.stat().st_size for path in fat)
        assert _ledger_bytes(team) - before <= PER_BYTE * read + PER_ROW * rows + 200 * KB
        assert sorted(name for name in team.files("attention") if " - " not in name and not name.endswith(".txt"))
        assert team.desk.problems() == ()


@pytest.mark.parametrize("kind", ["ods", "xlsx"])
def test_the_ledger_grows_by_two_kilobytes_a_row_at_most(kind: str, tmp_path: Path) -> None:
    """A small file of many rows with long cells: rows that can go and rows that cannot, all accounted for."""
    with weekly() as team:
        name, message, groups, when = _words_of(team)
        long = ["ü" * 400, "日本" * 300, "x" * 2_000]
        header = [*HEADER[:4], "A", "B", "C"]
        good = [[f"{name} {at}", f"{message} {at} " + "w" * 300, groups, when, *long] for at in range(150)]
        bad = [["", "b" * 3_000, ";".join(["-1"] * 500), "tomorrow", *long] for _ in range(150)]
        path = Table([header, *good, *bad]).save(tmp_path / f"long.{kind}")
        team.drop(1, "first.csv")
        team.watch(10)
        before = _ledger_bytes(team)
        _drop(team, path)
        team.watch(30)
        grown = _ledger_bytes(team) - before
        with team.desk.ledger() as ledger:
            lines = ledger.batches.rows(2)
            assert len(lines) == 300
            entries = {entry.row: entry for entry in ledger.entries.select(batch=2)}
        assert grown <= PER_BYTE * path.stat().st_size + 300 * PER_ROW
        assert entries[2].message == good[0][1]
        assert entries[152].issues
        assert team.desk.problems() == ()


def test_a_fat_part_of_comments_is_refused_for_the_marked_copy_in_words(tmp_path: Path) -> None:
    """The copy is refused by its limit, the rows alone are written, and the process that read it is gone."""
    from batch.adapters.marked import Returned, write_failed_rows, write_marked
    from batch.model import Issue

    path = tmp_path / "comments.xlsx"
    path.write_bytes(with_comments(tmp_path, ("n", "m", "100", "2027-03-01 10:00"), 200_000))
    rows = [
        Returned(row, (Issue(row.number, "A", "CampaignName", "name-missing", "say it"),)) for row in open_sheet(path)
    ]
    with pytest.raises(SheetError, match=r"comment1\.xml.* more than 150,000 XML elements"):
        write_marked(path, tmp_path / "marked.xlsx", rows)
    assert write_failed_rows(path, tmp_path / "failed.xlsx", rows).exists()
    assert not (tmp_path / "marked.xlsx").exists()


def test_a_file_that_hangs_costs_its_neighbour_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its reader is ended by the seconds of a file; the sheet beside it is sent and filed in the same look."""
    hang = _BOOT.replace("main(sys.argv[2])\n", _HANGING)
    monkeypatch.setattr(child_room, "_BOOT", hang)
    with weekly() as team:
        team.desk.set(sheet__max_seconds=4)
        Table([list(HEADER), list(_words_of(team))]).save(_inbox(team) / "a-hangs.xlsx")
        team.drop(2, "b-innocent.csv")
        team.watch(10)
        assert [name.rpartition(" ")[2] for name in team.sheets("done")] == ["b-innocent.csv"]
        assert [name.rpartition(" ")[2] for name in team.sheets("attention")] == ["a-hangs.xlsx"]
        assert len(team.desk.sandbox.posts) == 2
        assert "longer than 4 seconds" in team.desk.words()


def test_more_issues_than_anybody_reads_are_refused(tmp_path: Path, shell: Shell) -> None:
    """A small file of repeated rows that are wrong in every cell ends in one line, not in memory."""
    shell.set(SHEET__TIMEZONE="America/New_York")
    wrong = ["", "", "-1;-2;-3;-4;-5;-6;-7;-8;-9", "nonsense", "x"]
    path = Table([list(HEADER), wrong], {1: 40_000}).save(tmp_path / "wrong.ods")
    ran = shell.run("check", path)
    assert ran.code == 3
    assert "more than 250,000 errors and warnings: fix those of its first rows, or split it" in ran.err


@pytest.mark.parametrize("column", ["Message", "Subject", "Offer"])
def test_texts_that_make_a_search_begin_again_at_each_sign_take_no_time(
    column: str, tmp_path: Path, shell: Shell
) -> None:
    """Cells as long as they may be, of the signs that fields are written with: all of them are read in the time."""
    shell.set(SHEET__TIMEZONE="America/New_York")
    signs = ("{", "{{", "{#", "{%", "{{ a }}", "[a]", "<b>", "%a", "$a", "((", "-1;", "Mon ", "1/1/", "a@b.")
    rows = []
    for at, sign in enumerate(signs):
        good = {"CampaignName": f"Sale {at}", "Message": "{{ Offer }} STOP", "GroupIds": "100", "DateTime": coming()}
        long = "a" + sign * (30_000 // len(sign))
        rows.append([*(good | {"Subject": "s", "Offer": "o", column: long}).values()])
    header = ["CampaignName", "Message", "GroupIds", "DateTime", "Subject", "Offer"]
    ran = shell.run("check", Table([header, *rows]).save(tmp_path / "signs.csv"), "--json")
    assert (ran.code, ran.json["rows"]) == (1, len(signs)), ran.err


def _bad(folder: Path, count: int, good: int = 0, name: str = "bad.ods", group: str = "100") -> Path:
    """Make a small file of many rows that are wrong in their names and texts."""
    rows = [["", "", group, coming(), "x"], ["Sale", "Hello there", group, coming(), "x"]]
    table = Table([list(HEADER), *rows[: 2 if good else 1]], {1: count, 2: good} if good else {1: count})
    return table.save(folder / name)


@pytest.mark.parametrize(
    "command", [("submit",), ("submit", "--dry-run"), ("submit", "--sandbox"), ("submit", "--test", "100")]
)
def test_more_rows_with_errors_than_the_limit_are_not_taken_in(
    command: tuple[str, ...], ready: Shell, sandbox: Any, tmp_path: Path
) -> None:
    """In one line with the count, the first rows, the limit, its setting and what to do; nothing is written or sent."""
    ready.set(SHEET__MAX_BAD_ROWS=50)
    path = _bad(tmp_path, 51, good=1)
    ran = ready.run(*command, path, "--json")
    assert (ran.code, set(ran.json), ran.json["file"]) == (3, {"file", "error"}, "bad.ods")
    words = ran.json["error"]
    assert '"bad.ods": 51 of its first rows have errors, more than 50 (row 2: ' in words
    assert "row 4: " in words
    assert "row 5: " not in words
    assert 'is it the right file and tab? "campaign-batch check FILE" lists every problem' in words
    assert "or raise [sheet] max_bad_rows in campaign-batch.toml" in words
    assert sandbox.posts == []
    assert not list(tmp_path.rglob("batch-*"))
    assert ready.run("ledger", "list", "--json").lines == []


def test_more_rows_than_the_limit_are_not_taken_in_and_check_reads_them_all(
    ready: Shell, sandbox: Any, tmp_path: Path
) -> None:
    """At the limit all are planned; beyond it one line names limit, setting and what to do, and nothing is written."""
    ready.set(SHEET__MAX_TAKEN_ROWS=50)
    rows = [[f"Sale {at}", f"Hello there {at}. Reply STOP to opt out", "100", coming(), "x"] for at in range(51)]
    path = Table([list(HEADER), *rows]).save(tmp_path / "long.xlsx")
    assert ready.run("submit", Table([list(HEADER), *rows[:50]]).save(tmp_path / "fits.csv"), "--dry-run").code != 3
    ran = ready.run("submit", path)
    assert ran.code == 3
    assert '"long.xlsx": the sheet has more than 50 rows, too many to take in at once: split it into several' in ran.err
    assert "or raise [sheet] max_taken_rows in campaign-batch.toml" in ran.err
    assert sandbox.posts == []
    assert ready.run("ledger", "list", "--json").lines == []
    assert ready.run("check", path, "--json").json["rows"] == 51


def test_as_many_rows_with_errors_as_the_limit_are_taken_in_and_check_lists_all(ready: Shell, tmp_path: Path) -> None:
    """At the limit each row is planned; beyond it `check` still names every problem."""
    ready.set(SHEET__MAX_BAD_ROWS=50)
    ran = ready.run("submit", _bad(tmp_path, 50), "--dry-run", "--json")
    assert ran.json["invalid"] == 50
    checked = ready.run("check", _bad(tmp_path, 700), "--json").json
    assert len({issue["row"] for issue in checked["errors"]}) == 700


def test_identical_rows_with_errors_are_one_entry_and_each_is_counted(ready: Shell, tmp_path: Path) -> None:
    """The ledger holds them once; the batch, the list, the reports and the marked copy have every row."""
    wrong = ["", "", "100", coming(), "x"]
    rows = [wrong, wrong, [*wrong[:4], "another offer"], wrong]
    path = Table([list(HEADER), *rows]).save(tmp_path / "same.xlsx")
    assert ready.run("submit", path, "--yes", "--json").json["invalid"] == 4
    assert ready.run("ledger", "list", "--json").lines[0]["invalid"] == 4
    exported = ready.run("ledger", "export").lines
    assert sorted(one["row"] for one in exported if "row" in one) == [2, 4]
    assert ready.run("ledger", "verify").code == 0
    ready.run("report", "--batch", 1, "--format", "json,html,xlsx")
    told = json.loads(next(tmp_path.rglob("batch-0001*.json")).read_text(encoding="utf-8"))
    assert sorted(one["row"] for one in told["rows"]) == [2, 3, 4, 5]
    failed = openpyxl.load_workbook(next(tmp_path.rglob("*failed-rows.xlsx"))).worksheets[0]
    assert sum("100" in row for row in failed.values) == 4
    again = ready.run("submit", path, "--yes", "--json").json
    assert (again["invalid"], ready.run("ledger", "verify").code) == (4, 0)
    ready.run("submit", path, "--yes")
    assert sorted(one["row"] for one in ready.run("ledger", "export").lines if "row" in one) == [2, 4], "none is added"
    good = [[f"Sale {at}", f"Hello {at}. Reply STOP to opt out", "100", coming(3 + at), "x"] for at in range(4)]
    fixed = ready.run("submit", Table([list(HEADER), *good]).save(path), "--yes", "--json").json
    assert (fixed["invalid"], fixed["accepted"] + fixed["held"], ready.run("ledger", "verify").code) == (0, 4, 0)


def test_rows_that_only_a_later_one_makes_wrong_count_too(ready: Shell, tmp_path: Path) -> None:
    """Half of the rows share a name and time with another one, which the end of the file shows."""
    ready.set(SHEET__MAX_BAD_ROWS=50)
    rows = [[f"Sale {at % 26}", f"Hello there {at}", "100", coming(), "x"] for at in range(52)]
    ran = ready.run("submit", Table([list(HEADER), *rows]).save(tmp_path / "pairs.xlsx"), "--dry-run")
    assert ran.code == 3
    assert "52 of its first rows have errors, more than 50" in ran.err


def test_a_file_of_bad_rows_lies_in_attention_and_costs_its_neighbour_nothing(tmp_path: Path) -> None:
    """With a note that says why; nothing of it stands in the ledger."""
    with weekly() as team:
        team.desk.set(sheet__max_bad_rows=50)
        _drop(team, _bad(tmp_path, 60, good=1, name="a-bad.ods", group=str(FIRST_GROUP)))
        team.drop(2, "b-innocent.csv")
        team.watch(10)
        assert [name.rpartition(" ")[2] for name in team.sheets("done")] == ["b-innocent.csv"]
        assert [name.rpartition(" ")[2] for name in team.files("attention") if "what" not in name] == ["a-bad.ods"]
        assert "60 of its first rows have errors, more than 50" in team.desk.words()
        note = next((team.folder / "attention").glob("*.txt")).read_text(encoding="utf-8")
        assert "max_bad_rows" in note
        assert _rows(team) == 2


def test_a_reader_that_floods_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes through the pipe is counted: this process takes no more than the limits allow."""
    flood = (
        f"{READY_TO}\n"
        "body = marshal.dumps(('rows', [(2, ('x' * 100_000,), None)] * 20), 2)\n"
        "head = {'sheet': '', 'row': 1, 'names': ['CampaignName'], 'hidden': [], 'notes': [], 'tabs': []}\n"
        "head = marshal.dumps(('head', head), 2)\n"
        "for one in (head, *[body] * 100_000):\n"
        "    os.write(1, len(one).to_bytes(4, 'big') + one)\n"
    )
    monkeypatch.setattr(child_room, "_BOOT", flood)
    path = Table().save(tmp_path / "a.xlsx")
    with pytest.raises(SheetError, match="more than 1,000 characters"):
        list(open_sheet(path, limits=DEFAULT._replace(characters=1_000, reach=1_000_000)))


def _lines(count: int, cells: str = "") -> str:
    return ",".join(HEADER) + "\n" + (",".join(GOOD) + cells + "\n") * count


TEXT_FILES = {
    "60,000 columns": (lambda: _lines(200, "," * 60_000), "60,005 columns, more than 1,000"),
    "a long cell, repeated": (lambda: _lines(20, "," + "y" * 400_000), "more than 32,767 characters"),
    "a quote that is never closed": (lambda: _lines(1) + 'x,"' + "z\n" * 6_000_000, "never closed"),
    "a quote without lines": (lambda: _lines(1) + 'x,"' + "z" * 12_000_000, "more than 500,000 characters"),
    "NULs at its end": (lambda: _lines(1) + "\0" * 12_000_000, "padded with NUL"),
    "NULs within": (lambda: _lines(0) + (GOOD[0] + "\0,\0x\n") * 100_001, "more than 100,000 rows"),
    "commas": (lambda: _lines(1) + "," * 12_000_000, "more than 500,000 characters"),
    "lines of one sign": (lambda: _lines(1) + "a\n" * 2_000_000, "more than 100,000 rows"),
    "many cells": (lambda: ",".join((*HEADER, *map(str, range(900)))) + "\n" + ("x," * 900 + "x\n") * 2_500,
                   "more than 2,000,000 filled cells"),
}  # fmt: skip


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells the memory there")
@pytest.mark.parametrize("name", TEXT_FILES)
def test_a_hostile_text_file_costs_this_process_next_to_nothing(name: str, tmp_path: Path) -> None:
    """It is refused by its limit, while this process and its reader together take a fraction of the bound."""
    make, words = TEXT_FILES[name]
    path = tmp_path / "a.csv"
    path.write_text(make(), encoding="utf-8", newline="")
    with Peak() as peak, pytest.raises(SheetError) as refused:
        list(open_sheet(path))
    assert words in str(refused.value)
    assert peak.bytes < MOST_MEMORY // 4


def test_the_readme_lists_every_limit_as_it_is() -> None:
    """What it is, its default and its setting."""
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for name, most, what, setting in described():
        assert f"| {what} | {_shown(name, most)} | {f'`{setting}`' if setting else ''} |" in text, name


@pytest.mark.torture
@pytest.mark.parametrize("part", range(20))
def test_a_thousand_hostile_files_are_read_or_refused(part: int, tmp_path: Path, reader: Child) -> None:
    """At several limits at once, in every format; all processes together stay below 600 MB."""
    wrong = []
    with Peak() as peak:
        for case in combined(tmp_path, 1_000 if TORTURE else 10, seed=1_000 + part):
            words = end_of(tmp_path / case.name, case, reader)
            if bool(words) != bool(case.beyond) or (words and not is_one_of(words, case)):
                wrong.append((case.name, words, case.beyond))
            (tmp_path / case.name).unlink()
    assert wrong == []
    assert peak.bytes < MOST_MEMORY


@pytest.mark.torture
@pytest.mark.skipif(not TORTURE, reason="files of full size: CAMPAIGN_TORTURE=1")
def test_fat_files_take_less_than_600_mb(tmp_path: Path, shell: Shell) -> None:
    """Through `check --marked --preview`, all processes together; each ends in rows or in one line."""
    shell.set(SHEET__TIMEZONE="America/New_York")
    with Peak() as peak:
        for path in fat_files(tmp_path, ("Sale", "Hello there", "100", coming())):
            ran = _check(shell, path)
            assert ran.code in (0, 1, 2, 3), path.name
    assert peak.bytes < MOST_MEMORY


@pytest.mark.parametrize("part", PARTS)
def test_hostile_files_cost_no_memory_no_time_and_no_neighbor(
    part: int, tmp_path: Path, shell: Shell, record_property: Callable[[str, object], None]
) -> None:
    """The same files through `check --preview --marked` and through the watch, an innocent sheet among them."""
    folder = tmp_path / "files"
    folder.mkdir()
    found = list(all_at_once(folder, 100 if part < 4 else 1_000, seed=part))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SheetSection, "limits", SMALL)
        with Peak() as checked:
            slowest = _check_each(found, folder, shell, patch, one_reader=part < 4)
        with weekly() as team, Peak() as watched:
            grown, slow = _watch_all(found, folder, team)
    record_property(
        "figures",
        f"{len(found)} hostile files ({sum(bool(case.beyond) for case in found)} beyond a limit): check at most "
        f"{slowest:.1f} s and {checked.bytes / 2**20:.0f} MB, watch {slow:.2f} s a file and "
        f"{watched.bytes / 2**20:.0f} MB; the ledger grew by {grown // KB} KB",
    )
    assert max(checked.bytes, watched.bytes) < MOST_MEMORY
    assert max(slowest, slow) < MOST_SECONDS


def _check_each(
    found: Sequence[Case], folder: Path, shell: Shell, patch: pytest.MonkeyPatch, *, one_reader: bool
) -> float:
    """Check files one by one: each is read, or refused in one line that names a limit of its; give the most seconds."""
    shell.set(SHEET__TIMEZONE="America/New_York")
    wrong, slowest = [], 0.0
    with Child() as reader:
        if one_reader:  # it takes one request after the other; to start it anew for each takes most of the time
            patch.setattr(sheet_reader, "start_reader", lambda _path: nullcontext(reader))
        for case in found:
            begun = time.monotonic()
            ran = _check(shell, folder / case.name)
            slowest = max(slowest, time.monotonic() - begun)
            refused = ran.code == 3
            if refused != bool(case.beyond) or (refused and not is_named(ran.err, case)):
                wrong.append((case.name, ran.code, ran.err, case.beyond))
    assert wrong == []
    return slowest


def _watch_all(found: Sequence[Case], folder: Path, team: Round) -> tuple[int, float]:
    """Drop files into a watched folder, an innocent one with them; give the ledger's growth and the seconds a file."""
    for case in found:
        _drop(team, folder / case.name)
    team.drop(3, "innocent.csv")
    with team.desk.ledger():
        before = _ledger_bytes(team)
    begun = time.monotonic()
    team.watch(60)
    seconds = time.monotonic() - begun
    assert [name.rpartition(" ")[2] for name in team.sheets("done") if "innocent" in name] == ["innocent.csv"]
    filed = {name.rpartition(" ")[2] for name in (*team.files("done"), *team.files("attention"))}
    assert {case.name for case in found} - filed == set()
    assert len(team.desk.sandbox.posts) == 3
    read = sum((folder / case.name).stat().st_size for case in found)
    grown = _ledger_bytes(team) - before
    assert grown <= PER_BYTE * read + PER_ROW * _rows(team) + 200 * KB
    assert "internal error" not in team.desk.words()
    assert team.desk.problems() == ()
    return grown, seconds / len(found)


def _check(shell: Shell, path: Path) -> Ran:
    """Check a file with all that the command can write about it."""
    folder = path.parent.parent
    ran = shell.run("check", path, "--preview", folder / "p.html", "--marked", folder / "m.xlsx", "--force")
    assert "internal error" not in ran.err, (path.name, ran.err)
    return ran


def case_file(folder: Path, case: Case) -> Path:
    """Give where the file of a case lies."""
    return folder / case.name


_BOOT = child_room._BOOT
_HANGING = """
import time
from batch.adapters.sheet import worker
opened = worker._open
def open_or_hang(request, limits):
    if "hangs" in request["path"]:
        time.sleep(600)
    return opened(request, limits)
worker._open = open_or_hang
main("csv")
"""


def _inbox(team: Round) -> Path:
    team.folder.mkdir(exist_ok=True)
    return team.folder


def _words_of(team: Round) -> tuple[str, str, str, str]:
    row = team.desk.row(0)
    return row["CampaignName"], row["Message"], row["GroupIds"], row["DateTime"]


def _drop(team: Round, path: Path) -> None:
    team.folder.mkdir(exist_ok=True)
    (team.folder / path.name).write_bytes(path.read_bytes())


def _ledger_bytes(team: Round) -> int:
    place = team.desk.ledger_path
    return sum(path.stat().st_size for path in place.parent.glob(f"{place.name}*"))


def _rows(team: Round) -> int:
    with team.desk.ledger() as ledger:
        return sum(batch.rows for batch in ledger.batches.all())
