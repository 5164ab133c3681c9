"""What machines share: a worker whose settings are not the watch's leaves its sheets; a share that is away is told."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from accounts_support import HANDED, Town, work
from cli_support import row, write_csv

from batch.adapters.config import load_settings
from batch.adapters.ledger import open_ledger
from batch.core.ledger_urls import account_url
from batch.workflows.context import World
from batch.workflows.doctor_workers import worker_lines
from batch.workflows.same_settings import find_apart
from batch.workflows.worker import Worker, make_worker


def hand_over(town: Town) -> None:
    folder = town.folder / "inbox" / "dallas"
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "week.csv", [row(1)])
    assert town.shell.run("watch", "--once", "--no-events", "--create").code == 0


def worker_of(town: Town, lines: list[str]) -> Worker:
    world = World(tell=lambda event: lines.append(getattr(event, "words", "")))
    accounts = load_settings(None, dict(os.environ), town.folder).accounts
    return make_worker(list(accounts.values()), lambda _: world)


def test_a_worker_with_other_settings_leaves_the_sheet(town: Town) -> None:
    """Whoever dropped it never sees the log of a worker that would send an hour off, or without a yes."""
    hand_over(town)
    town.settings(top='[sheet]\ntimezone = "America/Denver"\n' + HANDED)
    lines: list[str] = []
    ours = worker_of(town, lines)
    work(ours)
    ours.troubles.clear()  # as when another worker did what was due
    work(ours)
    assert town.names("dallas") == []
    told = [line for line in lines if "this machine's settings are not those of the watch" in line]
    assert len(told) == 1, lines
    assert '[sheet] timezone is "America/Denver" here and not set there' in told[0]
    assert "give watch and workers the same settings" in told[0]
    assert any("America/Denver" in warning for warning in ours.warnings())
    town.settings(top=HANDED)
    work(worker_of(town, lines))
    assert town.names("dallas") == ["Campaign 1"]


def test_other_settings_stand_at_healthz_until_they_are_the_same(town: Town) -> None:
    """Not only while something waits: what another worker had done was forgotten, and nobody saw the difference."""
    hand_over(town)
    other = '[sheet]\ntimezone = "America/Denver"\n' + HANDED
    town.settings(top=other)
    ours = worker_of(town, [])
    work(ours)
    town.settings(top=HANDED)
    work(worker_of(town, []))
    assert town.names("dallas") == ["Campaign 1"]
    work(ours)
    assert any("America/Denver" in warning for warning in ours.warnings())
    town.settings(top=other)
    assert town.shell.run("watch", "--once", "--no-events").code == 0
    work(ours)
    assert list(ours.warnings()) == []


def test_templates_count_and_doctor_tells(town: Town, url: str) -> None:
    """An older template is an old text to thousands; what is the machine's own may differ."""
    folder = town.folder / "templates" / "messages"
    folder.mkdir(parents=True)
    (folder / "sale.txt").write_text("Sale until Friday. Reply STOP to opt out", encoding="utf-8")
    hand_over(town)
    town.settings(top='[reports]\nfolder = "elsewhere"\n[sheet]\nmax_memory = 500\n' + HANDED)
    mine = load_settings(None, dict(os.environ), town.folder).accounts["dallas"]
    with open_ledger(account_url(url, "dallas"), now=datetime.now(UTC)) as ledger:
        assert find_apart(mine, ledger) == []
        (folder / "sale.txt").write_text("Sale until Monday. Reply STOP to opt out", encoding="utf-8")
        (folder / "new.txt").write_text("New", encoding="utf-8")
        assert find_apart(mine, ledger) == [
            'template "new.txt" is only here', 'template "sale.txt" is another one here',
        ]  # fmt: skip
        line = next(iter(worker_lines(mine, ledger)))
        assert (line.line, line.state) == ("settings of the watch", "warning")
        assert 'template "sale.txt" is another one here' in line.words
        (folder / "sale.txt").unlink()
        assert 'template "sale.txt" is missing here' in find_apart(mine, ledger)
        (folder / "new.txt").unlink()
        town.settings(
            more='[accounts.dallas.groups.VIP]\nhours = "10:00-12:00"\n',
            top='[approval]\nrequired = true\n[rules]\nquiet-hours = "error"\n' + HANDED,
        )
        mine = load_settings(None, dict(os.environ), town.folder, None).accounts["dallas"]
        assert find_apart(mine, ledger)[:4] == [
            "[approval] required is true here and false there",
            '[groups."VIP"] is "there" here and not set there',
            '[groups."VIP"] hours is "10:00-12:00" here and not set there',
            '[rules] quiet-hours is "error" here and not set there',
        ]


def test_a_share_that_is_away_is_told_and_not_made(town: Town, tmp_path: Path) -> None:
    """The campaigns go; the note says that the report is missing, and doctor on that machine why."""
    share = tmp_path.parent / f"{tmp_path.name}-share" / "reports"
    share.parent.mkdir()
    town.settings(top=f'[reports]\nfolder = "{share.as_posix()}"\n{HANDED}')
    hand_over(town)
    work(worker_of(town, []))
    assert (town.names("dallas"), share.exists()) == (["Campaign 1"], False)
    town.shell.run("watch", "--once", "--no-events")
    [note] = (town.folder / "inbox" / "dallas").rglob("* - what happened.txt")
    told = note.read_text(encoding="utf-8")
    assert f'Its report is missing: the folder of reports "{share}", which machines share, is not there' in told
    assert "which machines share, is not there -> connect the share" in town.shell.run("doctor").out
    share.mkdir()
    assert town.shell.run("report", "--account", "dallas", "--batch", "1").code == 0
    assert list((share / "dallas").glob("*.html"))
