"""The status page as the commands write it: the team's own settings hold for it, and no row is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cli_support import Shell, row, write_csv


def page(shell: Shell) -> str:
    return (shell.folder / "reports" / "status.html").read_text("utf-8")


def test_the_status_page_bears_the_team_and_the_provider_s_zone(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """As every other report does: 11:00 in New York is 8:00 where this provider reads times."""
    ready.set(REPORTS__TEAM="Maple & Main ops", PROVIDER__TIMEZONE="America/Los_Angeles")
    ready.run("submit", write_csv(tmp_path / "a.csv", [row(1, TimeZone="ET")]))
    assert "Maple &amp; Main ops" in page(ready)
    assert "PST" in page(ready) or "PDT" in page(ready)


def test_the_team_s_own_version_of_a_page_lies_where_the_settings_say(
    ready: Shell, sandbox: Any, tmp_path: Path
) -> None:
    """`[reports] templates` names the folder."""
    own = tmp_path / "house" / "look"
    own.mkdir(parents=True)
    (own / "status.html.j2").write_text("<p>our own page</p>", encoding="utf-8")
    ready.set(REPORTS__TEMPLATES=own)
    ready.run("submit", write_csv(tmp_path / "a.csv", [row(1)]))
    assert page(ready).strip() == "<p>our own page</p>"


def test_a_row_without_a_time_stands_on_the_status_page(ready: Shell, sandbox: Any, tmp_path: Path) -> None:
    """A blank time, and one of another year, need fixing like every other bad cell."""
    rows = [row(1), row(2, DateTime=""), row(3, DateTime="2019-03-04 12:00"), row(4), row(5)]
    ready.run("submit", write_csv(tmp_path / "a.csv", rows))
    for number in range(1, 6):
        assert f"Campaign {number}" in page(ready)
