"""The register of codes: what is emitted is in it, and what is in it is emitted and explained."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from cli_support import Shell, row, write_csv

from batch.adapters.config import load_settings
from batch.model.codes import ALL_CODES, ALLOWED, CODES, FINDING, GROUPS, HARD, ISSUE, allow_help, family, table
from batch.model.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
REGISTER = ROOT / "batch" / "model" / "codes.py"
EMITTERS = {
    "Issue": 3, "_finding": 2, "_status_finding": 2, "Finding": 2, "Trouble": 0, "held_for": 2, "_held": 1,
    "_about_cell": 2, "_about_field": 2,
}  # fmt: skip
"""What makes an issue or a finding, with the place of the code among its arguments."""


def test_every_code_that_is_emitted_as_it_stands_is_registered() -> None:
    """Whoever adds a check adds its line."""
    emitted = {code for tree in _trees() for code in _emitted(tree)}
    assert len(emitted) > 60
    assert emitted - CODES.keys() == set()


def test_every_registered_code_is_emitted_somewhere() -> None:
    """A line in the register stands for something that can happen."""
    said = {
        node.value
        for tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert CODES.keys() - said == set()


def _trees() -> list[ast.Module]:
    return [
        ast.parse(path.read_text("utf-8"))
        for path in sorted((ROOT / "batch").rglob("*.py"))
        if path != REGISTER and "sandbox" not in path.parts
    ]


def _emitted(tree: ast.Module) -> set[str]:
    """Give the codes of all calls that make an issue or a finding, constants of the module looked up."""
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = set()
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        place = EMITTERS.get(name)
        if place is None or len(call.args) <= place:
            continue
        value = call.args[place]
        code = value.value if isinstance(value, ast.Constant) else constants.get(getattr(value, "id", ""))
        if isinstance(code, str) and code:
            found.add(code)
    return found


@pytest.mark.parametrize("code", CODES.values(), ids=list(CODES))
def test_every_code_says_what_it_means_and_what_to_do(code) -> None:
    """In a line each, in plain words."""
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code.name)
    assert code.meaning == code.meaning.strip(". ")
    assert code.step
    assert code.step == code.step.strip(". ")
    assert (code.level is None) == (code.kinds == {FINDING})
    assert code.kinds <= {ISSUE, FINDING}


def test_no_code_stands_in_the_register_twice() -> None:
    """A second line would hide the first."""
    assert sum(len(codes) for codes in GROUPS.values()) == len(CODES)


def test_the_help_of_allow_names_every_code_that_it_takes() -> None:
    """None is broken at its hyphen."""
    assert set(re.findall(r"[a-z]+(?:-[a-z]+)+|holiday|mojibake|placeholder", allow_help())) >= set(ALLOWED)
    assert "in-doubt" not in ALLOWED
    assert family("quiet-hours") == {"quiet-hours", "quiet-hours-there"}


@pytest.mark.parametrize("code", sorted(CODES.keys() - set(ALLOWED)))
def test_a_code_that_allow_does_not_take_is_refused_with_the_reason(code: str, ready: Shell, tmp_path: Path) -> None:
    """Never taken without effect."""
    ran = ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]), "--dry-run", "--allow", code)
    assert ran.code == 2
    assert f"--allow {code} is not possible: " in ran.err
    assert CODES[code].step in ran.err


@pytest.mark.parametrize("code", ["deleted-in-dashboard", "looks-edited"])
@pytest.mark.parametrize("level", ["off", "warning", "hold", "error"])
def test_no_setting_decides_about_a_second_sending(tmp_path: Path, code: str, level: str) -> None:
    """A person does, row by row, and the message says how."""
    (tmp_path / "campaign-batch.toml").write_text(f'[rules]\n{code} = "{level}"\n', "utf-8")
    with pytest.raises(UsageError, match=f"{code}.* cannot be changed: .*--allow {code}"):
        load_settings(None, {}, tmp_path, ALL_CODES, HARD)


def test_the_readme_has_the_table_of_codes() -> None:
    """It is written by tools/write_codes.py."""
    assert table() in (ROOT / "README.md").read_text("utf-8")
