"""What doctor says to who meets the tool for the first time: where to look, and what to do."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from cli_support import Shell


def line(shell: Shell, name: str) -> str:
    """Give the line about one thing."""
    return next(one for one in shell.run("doctor").out.splitlines() if one[6:].startswith(f"{name}: "))


def test_a_new_folder_names_one_cause_once(shell: Shell) -> None:
    """Without a token the provider is not asked; the last line says what the signs mean."""
    assert "not asked: there is no token yet" in line(shell, "provider")
    ran = shell.run("doctor")
    assert 'type "campaign-batch init --token"' in line(shell, "token")
    broken, warnings = (ran.out.count(f"\n{sign} ") for sign in (" BAD ", "  !! "))
    assert ran.err.startswith(f"{broken} to fix (BAD), ")
    assert warnings + ran.out.startswith("  !! ") == int(ran.err.split()[4])
    assert shell.run("doctor", "--json").err == ""


def test_a_wrong_token_is_looked_for_where_it_is_kept(ready: Shell) -> None:
    """A variable's name helps nobody whose token is in a file."""
    ready.set(PROVIDER__ACCESS_TOKEN="nope")
    assert "put the right token where this one is kept (environment)" in line(ready, "provider")


def test_several_wrong_settings_are_a_line_each(shell: Shell, tmp_path: Path) -> None:
    """They were one line with a backslash and an n between them."""
    (tmp_path / "campaign-batch.toml").write_text('[checks]\nquiet_hours = "nine"\n[provider]\nsettle = "x"\n')
    ran = shell.run("doctor")
    assert (ran.code, ran.err.splitlines()[0]) == (2, "campaign-batch: 2 settings are wrong:")
    assert [one[:3] for one in ran.err.splitlines()[1:]] == ["  [", "  ["]
    (tmp_path / "campaign-batch.toml").write_text("[sheet\n")
    assert "campaign-batch.toml cannot be read: something is wrong near line 1" in shell.run("doctor").err


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="the rights of a folder bind no root")
def test_a_folder_that_nobody_may_write_is_named(shell: Shell, tmp_path: Path) -> None:
    """With what to do; a ledger that cannot be made is no warning."""
    (tmp_path / "inbox").mkdir(mode=0o500)
    tmp_path.chmod(0o500)
    try:
        assert f"nothing can be written into {tmp_path / 'inbox'} (Permission denied) -> let this" in line(
            shell, "watched folder"
        )
        assert f"{tmp_path / 'reports'} is not there and cannot be made" in line(shell, "folder of reports")
        assert line(shell, "ledger").startswith(" BAD ")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has the device")
def test_a_full_disk_is_told_from_a_right() -> None:
    """Each has a remedy of its own."""
    from batch.workflows.doctor import how_to_write

    with pytest.raises(OSError, match="No space left") as full, Path("/dev/full").open("wb", buffering=0) as device:
        device.write(b"x")
    assert how_to_write(full.value) == "make room on its disk"
    assert how_to_write(PermissionError(13, "Permission denied")) == "let this user write there"
