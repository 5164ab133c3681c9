"""The pages for those who work on it name files that are there, and the checks of CI are those of the Makefile."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = re.compile(r"`((?:batch|tests|tools|benchmarks|workflows|core|adapters|model|system|cli)/[\w/*.-]*)`")


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "ARCHITECTURE.md", "README.md"])
def test_every_place_that_a_page_names_is_there(page: str) -> None:
    """Files and folders, those with a star too; ARCHITECTURE.md leaves `batch/` out."""
    named = PLACES.findall((ROOT / page).read_text(encoding="utf-8"))
    found = {name for name in named for base in (ROOT, ROOT / "batch") if [*base.glob(name.rstrip("/"))]}
    assert sorted(set(named) - found) == []


def test_ci_runs_targets_that_the_makefile_has() -> None:
    """Every step is a make target, and every action is pinned to a commit."""
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    used = re.findall(r"- run: make ([a-z]+)", workflow)
    assert {"lint", "types", "test", "wheel"} <= set(used) <= targets
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in re.findall(r"uses: (\S+)", workflow))
    assert "secrets." not in workflow


def test_ci_runs_every_python_that_the_package_names() -> None:
    """The classifiers of pyproject.toml and the matrix say the same."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    named = re.findall(r"Python :: (3\.\d+)", project)
    assert re.findall(r'"(3\.\d+)"', workflow.partition("python: [")[2].partition("]")[0]) == named


def test_the_changelog_keeps_its_form() -> None:
    """Newest first, each release with its date, and under it only the four kinds of change."""
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    releases = [line for line in lines if line.startswith("## ")]
    assert releases[0] == "## [Unreleased]"
    assert all(re.fullmatch(r"## \[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", line) for line in releases[1:])
    assert {line for line in lines if line.startswith("### ")} <= {
        "### Added",
        "### Changed",
        "### Fixed",
        "### Security",
    }
