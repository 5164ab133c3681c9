"""What the program is made of is listed by its hashes, with its licenses, and nothing else is installed."""

from __future__ import annotations

import contextlib
import json
import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest

from tools import bom

ROOT = Path(__file__).parents[2]
FILES = ("constraints.txt", "constraints-workers.txt", "constraints-dev.txt")
PIN = re.compile(
    r"^([A-Za-z0-9._-]+)(?:\[[a-z0-9, ]+\])?==\S+(?: ; [^\\]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)",
    re.MULTILINE,
)


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", name, maxsplit=1)[0]).casefold()


def pinned(*files: str) -> set[str]:
    return {plain(found[1]) for file in files for found in PIN.finditer((ROOT / file).read_text(encoding="utf-8"))}


def test_each_defense_that_the_security_page_claims_names_tests_that_are_there() -> None:
    """Every line of its tables of defenses ends in test modules, and each of them holds tests."""
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    section = page.partition("## What is defended")[2].partition("\n## ")[0]
    lines = [line.rstrip(" |").rpartition("|")[2] for line in section.splitlines() if line.startswith("|")][2:]
    named = [re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", line) for line in lines]
    assert len(lines) > 15
    assert all(named), "a line without a test"
    for path, test in (one for line in named for one in line):
        text = (ROOT / path).read_text(encoding="utf-8")
        assert f"def {test}(" in text if test else "\ndef test_" in text, (path, test)


@pytest.mark.parametrize("file", FILES)
def test_every_line_is_a_pin_with_its_hashes(file: str) -> None:
    """Nothing without a hash, no address, no host of a registry."""
    text = (ROOT / file).read_text(encoding="utf-8")
    left = "".join(line for line in PIN.sub("", text).splitlines() if not line.startswith("#"))
    assert left == ""
    assert not re.search(r"https?:|--index|--find-links|@", text)


def test_everything_that_the_program_needs_is_on_the_list() -> None:
    """Also what its libraries need, as they are installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted, found = [*project["project"]["dependencies"], *project["build-system"]["requires"]], set()
    while wanted:
        name = plain(wanted.pop())
        if name not in found:
            found.add(name)
            with contextlib.suppress(PackageNotFoundError):  # what only builds the program need not be here
                wanted += [one for one in distribution(name).requires or () if ";" not in one]
    assert found - pinned("constraints.txt") == set()
    dev = {plain(one) for one in project["dependency-groups"]["dev"]}
    assert dev - pinned(*FILES) == set()


def test_every_dependency_is_used() -> None:
    """Each is imported by the program, or a data set that a library of Python's own reads."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "batch").rglob("*.py"))
    imported = set(re.findall(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE))
    names = {plain(one).replace("-", "_") for one in project["project"]["dependencies"]}
    assert names - imported == {"tzdata"}


def test_installing_asks_for_the_hashes() -> None:
    """By `make`, and in the container."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = [line for line in makefile.splitlines() if "pip install" in line]
    assert installs
    assert all("--require-hashes" in line or "--no-deps --no-build-isolation" in line for line in installs)
    docker = (ROOT / "templates" / "running" / "docker" / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes -r /tmp/constraints.txt" in docker
    assert "--no-deps campaign-batch==@VERSION@" in docker


def test_the_bill_of_materials_lists_all_with_a_license(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name, version, license, and the hashes of the files."""
    monkeypatch.setattr(bom, "OUT", tmp_path / "bom.json")
    assert bom.main() == 0
    bill: dict[str, Any] = json.loads((tmp_path / "bom.json").read_text(encoding="utf-8"))
    assert (bill["bomFormat"], {plain(one["name"]) for one in bill["components"]}) == (
        "CycloneDX", pinned("constraints.txt"),
    )  # fmt: skip
    told = {one["name"]: one["licenses"][0]["license"]["name"] for one in bill["components"]}
    assert [name for name, license in told.items() if license == "not told by its metadata"] == []
    assert all(one["properties"] for one in bill["components"])
