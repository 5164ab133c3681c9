"""What a program may use: the public face is whole, typed and light, and the README's example runs as written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_support import row, write_csv

import batch

ROOT = Path(__file__).parents[2]


def example() -> str:
    """Give the README's example, as written."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Use it as a library\n")[2].partition("\n## ")[0]
    return re.sub(r"^    ", "", "\n".join(re.findall(r"^(?:    .*)?$", section, re.MULTILINE)), flags=re.MULTILINE)


def test_the_readmes_example_runs_as_written(ready: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Against the sandbox: two good rows go, one is named with its cell."""
    ready.set(SHEET__TIMEZONE="America/New_York")
    write_csv(tmp_path / "week-48.csv", [row(1), row(2), row(3, DateTime="someday")])
    exec(compile(example(), "README.md", "exec"), {"__name__": "example"})
    said = capsys.readouterr().out
    assert "D4" in said
    assert "2 accepted, 1 invalid" in said
    assert (tmp_path / "reports").is_dir()


@pytest.mark.parametrize("name", batch.__all__)
def test_every_name_of_the_face_is_there_and_says_what_it_is(name: str) -> None:
    """And nothing else is."""
    assert getattr(batch, name).__doc__
    assert name in dir(batch)


def test_what_is_not_on_the_face_is_an_attribute_error() -> None:
    """As with any module."""
    with pytest.raises(AttributeError, match="has no attribute 'sheet_of_paper'"):
        batch.sheet_of_paper  # noqa: B018


def test_importing_the_package_loads_nothing_else() -> None:
    """What is asked for loads when it is asked for."""
    code = "import sys; import batch; print([name for name in sys.modules if name.startswith('batch.')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.proof
def test_the_face_is_typed(tmp_path: Path) -> None:
    """A program that uses it passes mypy --strict, and the types are the real ones."""
    program = f"{example()}\nreveal_type(batch.check_file)\nreveal_type(batch.Tally().counts)\n"
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", str(tmp_path / "program.py")]  # strict, as pyproject.toml says, and cached
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "-> batch.workflows.check.Check" in ran.stdout
    assert "Counter[str]" in ran.stdout
