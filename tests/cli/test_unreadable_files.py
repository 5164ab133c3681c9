"""A file that this user may not read is told by who opens it, with what to do, and not as a mistyped command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli_support import row, write_csv

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="rights of POSIX"),
    pytest.mark.skipif(
        os.name == "posix" and os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may read anything"
    ),
]
RIGHTS = "-dac_override,-dac_read_search"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody who reads only what the rights of a file let him."""
    limited = ["setpriv", f"--bounding-set={RIGHTS}", f"--inh-caps={RIGHTS}"] if os.geteuid() == 0 else []
    environ = {**os.environ, "CAMPAIGN_BATCH_SHEET__TIMEZONE": "America/Chicago"}
    command = [*limited, sys.executable, "-m", "batch", *words]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def close(path: Path) -> Path:
    """Take a file away from everybody; root's own it could read without any right."""
    path.chmod(0)
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
    return path


@pytest.mark.parametrize("command", [("check",), ("check", "--json"), ("submit", "--sandbox")])
def test_a_sheet_that_may_not_be_read_is_no_usage_error(tmp_path: Path, command: tuple[str, ...]) -> None:
    """It ends with 3, as each file that cannot be read, and the next file is read all the same."""
    close(write_csv(tmp_path / "closed.csv", [row()]))
    write_csv(tmp_path / "open.csv", [row()])
    ran = run(tmp_path, *command, "closed.csv", "open.csv")
    words = '"closed.csv" cannot be opened (Permission denied): close it in Excel, or check who can read it'
    assert (ran.returncode, f"campaign-batch: {words}" in ran.stderr) == (3, True)
    assert "Usage" not in ran.stderr
    assert "open.csv" in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (
            ("--config", "closed", "check", "open.csv"),
            2,
            "cannot be read: Permission denied: check the file's permissi",
        ),
        (("new", "closed"), 2, '"closed" already exists and is not overwritten: choose another name'),
        (("check", "open.csv", "--marked", "closed.xlsx"), 2, '"closed.xlsx" already exists: choose another name, or'),
        (("check", "open.csv", "--marked", "closed.xlsx", "--force"), 0, "written: closed.xlsx"),
    ],
)
def test_other_files_that_may_not_be_read_are_told_by_who_needs_them(
    tmp_path: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    """Settings need to be read; what is written anew need not."""
    write_csv(tmp_path / "open.csv", [row()])
    for name in ("closed", "closed.xlsx"):
        (tmp_path / name).write_text("")
        close(tmp_path / name)
    ran = run(tmp_path, *words)
    assert (ran.returncode, told in ran.stderr) == (code, True), ran.stderr
