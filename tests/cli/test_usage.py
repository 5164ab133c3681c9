"""Help in the order of a week, and plain words for what cannot work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli_support import Shell, row, write_csv
from typer.main import get_command

from batch.cli.session import app, named_alone, run_guarded
from batch.cli.usage import WEEK


def test_help_lists_the_commands_in_the_order_of_a_week(shell: Shell) -> None:
    """All of them, none cut, none beyond 80 columns."""
    ran = shell.run("--help")
    lines = ran.out.partition("Commands:")[2].splitlines()
    named = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "]
    assert named == list(WEEK)
    assert "..." not in ran.out.partition("Commands:")[2]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("command", WEEK)
def test_the_help_of_a_command_names_no_types_of_a_library(shell: Shell, command: str) -> None:
    """It takes a NUMBER, a TEXT or a PATH."""
    out = shell.run(command, "--help").out
    assert not re.search(r"<|>=|int range|\blist\[", out), out


@pytest.mark.parametrize("command", WEEK)
def test_a_command_made_alone_is_what_it_is_among_all(
    shell: Shell, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """A run makes the command that it names and no other; its help is the same."""
    alone = named_alone([command, "--help"])
    assert list(get_command(alone).commands) == [command]  # type: ignore[attr-defined]
    assert run_guarded(lambda: alone([command, "--help"])) == 0
    assert capsys.readouterr().out == shell.run(command, "--help").out


@pytest.mark.parametrize("words", [[], ["--help"], ["-v", "check", "a.csv"], ["help", "check"], ["chek", "check"]])
def test_where_no_command_comes_first_all_are_made(words: list[str]) -> None:
    """Help lists them all, and a mistyped one is told what is near."""
    assert named_alone(words) is app


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("approve", "x"), "it takes a whole number"),
        (("report", "--week"), '"--week" takes a value behind it: type the command with --help to see which'),
        (("sandbox", "--port", "99999"), "it takes 65535 or less"),
        (("submit", "--limit", "-1", "a.csv"), "it takes 0 or more"),
        (("sandbox", "--latency", "x"), "it takes a number"),
        (("demo", "--folder", "/"), '"/" cannot be the folder of the demo: name a new one'),
        (("demo", "--folder", "/etc/passwd"), "cannot be the folder of the demo"),
        (("demo", "--folder", "/proc/none"), "cannot be the folder of the demo"),
    ],
)
def test_an_argument_that_cannot_work_is_told_plainly(shell: Shell, words: tuple[str, ...], told: str) -> None:
    """Nothing of the libraries' own words, no internal error."""
    ran = shell.run(*words)
    assert ran.code == 2
    assert told in ran.err
    assert "Input should" not in ran.err
    assert "internal error" not in ran.err


def test_a_mistyped_watch_folder_is_not_made(ready: Shell, tmp_path: Path) -> None:
    """One line, exit 2; `--create` makes it."""
    ran = ready.run("watch", tmp_path / "inbocks", "--once")
    assert (ran.code, (tmp_path / "inbocks").exists()) == (2, False)
    assert ran.err.strip().endswith("check its name, or make it: add --create")
    assert len(ran.err.splitlines()) == 1
    ready.set(WATCH__STABLE_SECONDS="0.1")
    assert ready.run("watch", tmp_path / "inbocks", "--once", "--create").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("check", "a.csv", "--marked", "weks/a.xlsx"),
        ("check", "a.csv", "--preview", "weks/a.html"),
        ("new", "weks/a.xlsx"),
        ("ledger", "export", "-o", "weks/a.jsonl"),
        ("sandbox", "--state", "weks/a.json"),
        ("--config", "weks/a.toml", "init"),
    ],
)
def test_a_mistyped_folder_of_a_file_to_be_written_is_not_made(ready: Shell, words: tuple[str, ...]) -> None:
    """Nothing is read or asked first."""
    write_csv(ready.folder / "a.csv", [row()])
    ran = ready.run(*(ready.folder / word if "a." in word else word for word in words))
    assert (ran.code, ran.out) == (2, "")
    assert (
        ran.err == f'campaign-batch: there is no folder "{ready.folder / "weks"}": check its name, or make it first\n'
    )
    assert not (ready.folder / "weks").exists()
