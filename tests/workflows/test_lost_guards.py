"""A guard of the settings whose group is not there: it fails closed, and every command says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_support import Shell, coming, row, write_csv

SAYS = '[groups."Dalas stores"] matches no group of the account (did you mean "Dallas stores"?)'


@pytest.fixture
def guarded(ready: Shell, tmp_path: Path) -> Path:
    """Give settings with a section that has a typo, and a file for the group that it means and for another."""
    guard(tmp_path, "Dalas stores")
    return write_csv(tmp_path / "week.csv", [row(1), row(2, GroupIds="101", DateTime=coming(5))])


def guard(folder: Path, name: str) -> None:
    """Write settings that allow a group nothing but information."""
    (folder / "campaign-batch.toml").write_text(f'[groups."{name}"]\npurpose = ["information"]\n', "utf-8")


@pytest.mark.proof
def test_a_typo_holds_the_rows_that_it_would_guard(ready: Shell, sandbox: Any, guarded: Path) -> None:
    """The other rows go; check, submit and doctor say why, and a person may send the row anyway."""
    for command in (["check", guarded, "--online"], ["submit", guarded]):
        ran = ready.run(*command)
        assert SAYS in ran.err
        assert "group-guard-unknown" in ran.err
    assert len(sandbox.posts) == 1
    assert '"Dalas stores"' in ready.run("doctor").out
    ready.run("submit", guarded, "--allow", "group-guard-unknown")
    assert len(sandbox.posts) == 2


def test_a_name_that_is_near_to_none_holds_what_nothing_else_guards(
    ready: Shell, sandbox: Any, tmp_path: Path, guarded: Path
) -> None:
    """Nobody can say whom it means."""
    guard(tmp_path, "Quux")
    ran = ready.run("submit", guarded)
    assert "rows to groups without a section of their own are held" in ran.err
    assert sandbox.posts == []


@pytest.mark.proof
def test_a_group_that_was_renamed_stays_guarded(ready: Shell, sandbox: Any, tmp_path: Path, guarded: Path) -> None:
    """The id is remembered, from one run to the next and on."""
    guard(tmp_path, "Dallas stores")
    assert "purpose-not-agreed" in ready.run("submit", guarded).err
    sandbox.put_group("100", "Texas north", 412)
    for command in (["submit", guarded], ["check", guarded, "--online"], ["submit", guarded]):
        ran = ready.run(*command)
        assert '[groups."Dallas stores"]: this group is called "Texas north" today' in ran.err
        assert "purpose-not-agreed" in ran.err
    assert len(sandbox.posts) == 1


def test_a_test_and_a_new_workbook_say_so_too(ready: Shell, tmp_path: Path, guarded: Path) -> None:
    """Every command that reads the account does."""
    commands = (["submit", guarded, "--test", "100", "--row", 2, "--yes"], ["new", tmp_path / "a.xlsx", "--online"])
    for command in commands:
        ready.set(CHECKS__TEST_CONTACTS="1000")
        assert ready.run(*command).err.count(SAYS) == 1
