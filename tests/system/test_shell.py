"""What a person is told to paste is taken by the shell for what it is, whatever a file is called."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from cli_support import Shell, row, write_csv

import batch
from batch.cli.usage import WEEK
from batch.core.printable import printable
from batch.system.shell import to_paste
from tools.messages import messages

NAMES = (
    "week 48.csv", "$(touch pwned).csv", "`touch pwned`.csv", "$HOME.csv", 'a"b.csv', "it's.csv", "it's $5!.csv",
    "-rf.csv", "--json.csv", "a;b&c|d>e.csv", "back\\slash.csv", "new\nline.csv", "tab\tbell\x07'.csv", "~.csv",
    "*.csv", "hid\u200bden.csv", "week\u00e9 \u2013 \u201c48\u201d.csv", "caf\udce9.csv", "#48.csv", "a=b%20{c,d}.csv",
)  # fmt: skip
posix = pytest.mark.skipif(sys.platform == "win32" or not shutil.which("bash"), reason="needs bash")


def words_of(command: str, folder: Path) -> list[str]:
    """Let bash read a command, and give the words that `campaign-batch` would get."""
    script = f"campaign-batch() {{ printf '%s\\0' \"$@\"; }}\n{command}\n"
    ran = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, check=True)
    return ran.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]


@posix
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_shell_takes_a_name_for_what_it_is(name: str, tmp_path: Path) -> None:
    """One printable line; nothing in it is run, and no name is an option."""
    typed = to_paste(PurePosixPath(name), windows=False)
    assert printable(typed) == typed
    [said] = words_of(f"campaign-batch {typed}", tmp_path)
    assert said == (f"./{name}" if name.startswith("-") else name)
    assert words_of(f"campaign-batch {to_paste(name, windows=False)}", tmp_path) == [name]
    assert list(tmp_path.iterdir()) == []


@posix
@pytest.mark.parametrize("name", [name for name in NAMES if "\udce9" not in name], ids=ascii)
def test_what_check_names_next_can_be_pasted(
    name: str, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file and its sheet, as they were typed."""
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / name, [row()])
    ran = shell.run("check", "--", name)
    _, _, command = ran.err.rstrip("\n").rpartition("next, type: ")
    assert words_of(command, tmp_path) == ["submit", f"./{name}" if name.startswith("-") else name]


def test_a_plain_name_is_quoted_as_people_do() -> None:
    """For sh, cmd and PowerShell alike."""
    for windows in (False, True):
        assert to_paste(PurePosixPath("/data/week 48.csv"), windows=windows) == '"/data/week 48.csv"'


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        (r"C:\Users\dana\week 48.csv", r'"C:\Users\dana\week 48.csv"'),
        ("it's.csv", '"it\'s.csv"'),
        ("$(calc).csv", "'$(calc).csv'"),
        ("it's `5.csv", "'it''s `5.csv'"),
        ("\u201c48\u201d \u2018a\u2019.csv", "'\u201c48\u201d \u2018\u2018a\u2019\u2019.csv'"),
        ("-x.csv", r'".\-x.csv"'),
    ],
)
def test_powershell_obeys_nothing_of_a_name(name: str, typed: str) -> None:
    """It takes curly quotes for quotes, too."""
    assert to_paste(PureWindowsPath(name), windows=True) == typed


def test_a_long_command_is_not_broken_into_lines(shell: Shell, tmp_path: Path) -> None:
    """The terminal wraps it; what is pasted is one line."""
    from terminal_support import answer_at_terminal

    path = write_csv(tmp_path / f"{'long ' * 40}.csv", [row()])
    _, shown = answer_at_terminal(["check", str(path)], [], tmp_path)
    assert f'campaign-batch submit "{path}"' in shown


def test_no_command_is_quoted_by_hand() -> None:
    """A field between quotes behind a command would be a name that `to_paste` was to quote."""
    by_hand = re.compile(rf"(campaign-batch ({'|'.join(WEEK)})|chmod|chown)\b[^\"']*[ =][\"']\{{")
    assert [one for one in messages(Path(batch.__file__).parent) if by_hand.search(one[2])] == []
