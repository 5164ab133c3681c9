"""Every spreadsheet of tests/sheets/ gives exactly the rows, or the refusal, that its case says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.adapters.sheet import Sheet, open_sheet
from batch.adapters.sheet.child import Child
from batch.model.errors import SheetError

FOLDER = Path(__file__).parents[1] / "sheets"
sys.path.insert(0, str(FOLDER))

from make_corpus import CASES, Case  # noqa: E402


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """Give one reading process for all files."""
    with Child() as running:
        yield running


@pytest.fixture
def opened(request: pytest.FixtureRequest, child: Child, tmp_path: Path) -> tuple[Case, Path]:
    """Give a case and where its file lies."""
    case: Case = request.param
    if not case.large:
        return case, FOLDER / case.file
    case.make(tmp_path / case.file)
    return case, tmp_path / case.file


READ = [case for case in CASES if not case.error]
REFUSED = [case for case in CASES if case.error]


@pytest.mark.parametrize("opened", READ, ids=lambda case: case.file, indirect=True)
def test_a_file_reads_as_a_person_sees_it(opened: tuple[Case, Path], child: Child) -> None:
    """Rows with their numbers, texts, dates and issues; what was blank and what was hidden."""
    case, path = opened
    sheet = open_sheet(path, name=case.name, child=child)
    rows = list(sheet)
    assert {row.number: row.texts for row in rows} == case.rows
    assert {row.number: tuple(issue.code for issue in row.issues) for row in rows if row.issues} == case.codes
    assert {
        row.number: tuple(issue.column for issue in row.unshown.values()) for row in rows if row.unshown
    } == case.unshown
    assert {row.number: _iso(row.dates) for row in rows if row.dates} == case.dates
    assert _about(sheet) == (case.notes, case.left_out, case.blank)


@pytest.mark.parametrize("opened", REFUSED, ids=lambda case: case.file, indirect=True)
def test_a_file_is_refused_in_one_line_with_a_remedy(opened: tuple[Case, Path], child: Child) -> None:
    """The line names the file and says what is wrong; the remedy says what to do."""
    case, path = opened
    with pytest.raises(SheetError) as caught:
        list(open_sheet(path, name=case.name, child=child))
    assert case.error in str(caught.value)
    assert f'"{case.file}"' in caught.value.words
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_each_file_of_the_folder_has_its_case() -> None:
    """The folder and the table say the same, and there are enough of them."""
    files = {path.name for path in FOLDER.iterdir() if path.is_file() and path.suffix != ".py"}
    assert files == {case.file for case in CASES if not case.large}
    assert len(files) >= 100


def _iso(dates: object) -> tuple[str, ...]:
    assert isinstance(dates, dict)
    return tuple(dates[at].isoformat() for at in sorted(dates))


def _about(sheet: Sheet) -> tuple[tuple[str, ...], int, int]:
    return tuple(issue.code for issue in sheet.issues), sheet.left_out, sheet.blank
