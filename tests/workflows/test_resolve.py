"""What may be at the provider already: no single word sends it again, and what is let go names what it would double."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from cli_support import row, write_csv
from torture_support import Bench, bench, changed

from batch.core.guards import DOUBT_CODES
from batch.model import Issue, Level, Status, StatusChange
from batch.model.errors import UsageError
from batch.workflows.context import refuse_to_insist
from batch.workflows.resolve import resolve_entry

OTHER = "Another text. Reply STOP to opt out"


@pytest.fixture
def desk() -> Iterator[Bench]:
    with bench() as found:
        yield found


def hold(desk: Bench, code: str, *, status: Status = Status.PLANNED) -> None:
    """Leave one row held for a code, as the settling or the adoption would."""
    if not desk.entries():
        desk.submit(desk.sheet(1), limit=0)
    with desk.ledger() as ledger:
        entry = ledger.entries.get(1)
        issue = Issue(entry.row, "", "", code, "it may be there", Level.HOLD)
        ledger.changes.make(
            StatusChange(
                1,
                Status.HELD,
                expected={status},
                why=code,
                who="ann",
                now=desk.clock.now(),
                issues=(*entry.issues, issue),
            )
        )


@pytest.mark.parametrize("code", sorted(DOUBT_CODES))
def test_what_may_be_there_is_not_sent_by_a_word(desk: Bench, code: str) -> None:
    """--send is refused, and says how to answer; --not-sent and --accepted are answers."""
    hold(desk, code)
    with pytest.raises(UsageError) as caught:
        resolve_entry(desk.settings, desk.world, 1, "send", "it is fine")
    assert "may be at the provider already" in str(caught.value)
    assert "campaign-batch resolve 1 --accepted ID (or --not-sent) --why ..." in str(caught.value)
    assert desk.entry("R-0").status is Status.HELD
    resolve_entry(desk.settings, desk.world, 1, "not-sent", "looked into the dashboard")
    assert desk.entry("R-0").status is Status.PLANNED
    hold(desk, code)
    resolve_entry(desk.settings, desk.world, 1, "accepted", "there it is", provider_id="77")
    assert (desk.entry("R-0").status, desk.entry("R-0").provider_id) == (Status.ACCEPTED, "77")


@pytest.mark.parametrize("code", sorted(DOUBT_CODES))
def test_no_allow_sends_what_may_be_there(desk: Bench, code: str) -> None:
    """Dropped again with the code let go, the row still waits for a person's answer."""
    hold(desk, code)
    desk.submit(desk.sheet(1), allow=frozenset({code}))
    desk.submit(desk.sheet([desk.row(0, Message=OTHER)]), allow=frozenset({code, "in-doubt"}))
    assert len(desk.sandbox.posts) == 0


def test_what_was_dropped_while_in_doubt_is_not_called_never_submitted(desk: Bench) -> None:
    """Dropped again it is held, says that it may be there, and asks before it goes."""
    hold(desk, "looks-alike")
    resolve_entry(desk.settings, desk.world, 1, "drop", "nobody wants it")
    tally = desk.submit(desk.sheet(1))
    (issue,) = [one for one in tally.decisions[0].issues if one.level is Level.HOLD]
    assert "was dropped while nobody knew whether it had arrived" in issue.message
    desk.insist = refuse_to_insist
    with pytest.raises(UsageError, match="beside one that may be there"):
        desk.submit(desk.sheet(1), allow=frozenset({"deleted-in-dashboard"}))
    assert len(desk.sandbox.posts) == 0


def edit(desk: Bench) -> None:
    """Schedule two rows, then edit one of them in the sheet."""
    rows = [desk.row(0), desk.row(1)]
    desk.submit(desk.sheet(rows))
    desk.sheet([rows[0], changed(rows[1], Message=OTHER)])


def delete(desk: Bench) -> None:
    """Schedule two rows, delete one of them in the dashboard, and compare."""
    desk.submit(desk.sheet(2))
    desk.sandbox.delete(desk.sandbox.campaigns[1].id)
    desk.reconcile()


@pytest.mark.parametrize(("prepare", "code"), [(edit, "edited-after-submission"), (delete, "deleted-in-dashboard")])
def test_a_code_that_sends_twice_names_each_id_and_asks(
    desk: Bench, prepare: Callable[[Bench], None], code: str
) -> None:
    """Without a person to ask it is refused, and nothing goes; a no stops it; a yes lets it go."""
    prepare(desk)
    number = desk.entry("R-1").provider_id
    asked: list[str] = []
    path, allow = desk.folder / "week.csv", frozenset({code})
    desk.insist = refuse_to_insist
    with pytest.raises(UsageError) as caught:
        desk.submit(path, allow=allow)
    assert f'"Sale 1" beside Id {number}: {code}' in str(caught.value)
    assert "type the same command with --yes" in str(caught.value)
    desk.insist = lambda words: bool(asked.append(words))
    assert desk.submit(path, allow=allow).declined
    assert (len(desk.sandbox.posts), f"beside Id {number}" in asked[0]) == (2, True)
    desk.insist = lambda words: asked.append(words) is None
    desk.submit(path, allow=allow)
    assert len(desk.sandbox.posts) == 3


@pytest.mark.parametrize("prepare", [edit, delete])
def test_to_send_one_such_row_asks_too(desk: Bench, prepare: Callable[[Bench], None]) -> None:
    """`resolve N --send` is another form of the same yes."""
    prepare(desk)
    number = desk.entry("R-1").provider_id
    desk.submit(desk.folder / "week.csv")
    held = desk.entry("R-1")
    assert (held.status, [issue.ids for issue in held.issues if issue.level is Level.HOLD]) == (
        Status.HELD,
        [(number,)],
    )
    with pytest.raises(UsageError, match=f"beside Id {number}"):
        resolve_entry(desk.settings, replace(desk.world, insist=refuse_to_insist), held.id, "send", "why not")
    no = replace(desk.world, insist=lambda _words: False)
    assert "stays as it is" in resolve_entry(desk.settings, no, held.id, "send", "why not")
    assert desk.entry("R-1").status is Status.HELD
    resolve_entry(desk.settings, desk.world, held.id, "send", "it should go twice")
    assert desk.entry("R-1").status is Status.PLANNED


QUIET = "2026-03-05 22:30"


@pytest.mark.parametrize(
    ("other", "sent"),
    [
        pytest.param({"CampaignName": "Another name", "Reference": "R-8"}, True, id="the same text went meanwhile"),
        pytest.param({"CampaignName": "Another name", "Reference": "R-8"}, False, id="the same text is to go"),
        pytest.param({"DateTime": "2026-03-05 18:30"}, True, id="its name went at another time"),
    ],
)
def test_to_send_what_has_a_twin_by_now_asks(desk: Bench, other: dict[str, str], sent: bool) -> None:
    """Two rows that wait for a word, or a refused row that was fixed under another name: one after the other may go."""
    first = changed(desk.row(0), Reference="", DateTime=QUIET)
    desk.submit(desk.sheet([first], "first.csv"))
    allowed = {"quiet-hours", "same-text-same-groups-same-time"} if sent else set()
    desk.submit(desk.sheet([changed(first, **other)], "second.csv"), allow=frozenset(allowed))
    old, new = desk.entries()
    if not sent:
        resolve_entry(desk.settings, desk.world, new.id, "send", "this one goes")
    strict = replace(desk.world, insist=refuse_to_insist)
    beside = f"beside Id {new.provider_id}" if sent else "beside one that is to be submitted"
    with pytest.raises(UsageError, match=f'{beside}.*"{new.campaign_name}", entry {new.id}'):
        resolve_entry(desk.settings, strict, old.id, "send", "and this")
    assert desk.entries()[0].status is Status.HELD
    desk.resume()
    with pytest.raises(UsageError, match="beside Id"):
        resolve_entry(desk.settings, strict, old.id, "send", "and this")
    assert len(desk.sandbox.posts) == 1
    resolve_entry(desk.settings, desk.world, old.id, "send", "it should go twice")


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_without_a_terminal_only_an_explicit_yes_sends_twice(ready: Any, more: list[str]) -> None:
    """Exit 2, one line with the Id, nothing sent; --json is no yes; --yes is one."""
    file = write_csv(ready.folder / "week.csv", [row(1)])
    assert ready.run("submit", file, "--json").json["accepted"] == 1
    write_csv(file, [row(1, Message=OTHER)])
    ran = ready.run("submit", file, "--allow", "edited-after-submission", *more)
    assert (ran.code, "beside Id" in ran.err) == (2, True)
    assert ready.run("submit", file, "--json").json["held"] == 1
    ran = ready.run("resolve", "2", "--send", "--why", "it should go")
    assert (ran.code, "with --yes" in ran.err) == (2, True)
    assert ready.run("resolve", "2", "--send", "--why", "it should go", "--yes").code == 0
    assert ready.run("resume", "--json").json["accepted"] == 1


def test_without_a_terminal_the_fact_is_said_and_not_the_question() -> None:
    """`send it anyway?` is for who can answer; else the command to type follows."""
    with pytest.raises(
        UsageError, match=r"^nothing was sent: entry 1 may be sent a second time \(beside Id 7; 8\): to do it"
    ):
        refuse_to_insist("entry 1 may be sent a second time (beside Id 7; 8); send it anyway?")
