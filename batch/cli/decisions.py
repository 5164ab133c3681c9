"""The commands with which a person decides: resolve, approve, cancel, pause, and find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from batch.cli.files import await_verdict, show_tally
from batch.cli.output import print_line
from batch.cli.session import DONE, Json, Why, app, end_with, need, need_reason, session
from batch.cli.shapes import shape_tally
from batch.core.printable import whole_text
from batch.model import Entry
from batch.model.places import make_place, rows_of

if TYPE_CHECKING:
    from batch.adapters.config import Settings

Entries = Annotated[
    list[int], typer.Argument(help="Entries, by the numbers that the report shows.", show_default=False)
]


@app.command()
def resolve(
    entries: Entries,
    accepted: Annotated[str, typer.Option(help="It arrived; the provider's Id.")] = "",
    not_sent: Annotated[bool, typer.Option("--not-sent", help="It did not arrive; it may be submitted again.")] = False,
    deleted: Annotated[
        bool, typer.Option("--deleted", help="You looked in the dashboard: it is not there any more.")
    ] = False,
    send: Annotated[bool, typer.Option("--send", help="Send a held or refused row.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Do not send it.")] = False,
    why: Why = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send it though it may be sent a second time.")] = False,
) -> None:
    """Put a person's decision about one entry, or the same about several, on the record."""
    from batch.workflows.resolve import resolve_entry

    asked = {"accepted": accepted, "not-sent": not_sent, "deleted": deleted, "send": send, "drop": drop}
    wishes = [wish for wish, said in asked.items() if said]
    need(len(wishes) == 1, "use one of --accepted ID, --not-sent, --deleted, --send, --drop")
    need(len(entries) == 1 or not accepted, "--accepted ID is about one entry", "name only that one")
    reason = need_reason(why)
    world = session.world(sure=yes)
    for entry in dict.fromkeys(entries):
        print_line(resolve_entry(session.settings(), world, entry, wishes[0], reason, provider_id=accepted))
    end_with(DONE)


@app.command()
def acknowledge(entries: Entries, why: Why = "") -> None:
    """Put on the record that you know what went wrong with a campaign; reports stop calling it open."""
    from batch.workflows.acknowledge import acknowledge_entries

    reason = need_reason(why)
    for line in acknowledge_entries(session.settings(), session.world(), entries, reason):
        print_line(line)


@app.command()
def approve(
    batch: int,
    except_rows: Annotated[str, typer.Option("--except", help="Rows to leave out, as 3,7,12.")] = "",
    json: Json = False,
) -> None:
    """Let a batch go that waits for a second person; it must be another person than the one who handed it in."""
    from batch.workflows.approve import approve_batch

    rows = _read_rows(except_rows)
    await_verdict(quiet=json)
    tally = approve_batch(session.settings(), session.world(), batch, rows)
    session.screen.close()
    if json:
        session.put(shape_tally(tally))
    end_with(show_tally(tally, quiet=json))


def _read_rows(text: str) -> frozenset[int]:
    parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    pairs = [part.partition("/") for part in parts]
    good = all(row.isdigit() and (of_list.isdigit() or not slash) for row, slash, of_list in pairs)
    need(good, f'"{text}" is not a list of rows', "write it as 3,7,12, and as 4/17 for list row 17 of row 4")
    return frozenset(make_place(int(row), int(of_list), "", "") if of_list else int(row) for row, _, of_list in pairs)


@app.command()
def reject(batch: int, why: Why = "") -> None:
    """Reject a batch that waits for a second person."""
    from batch.workflows.approve import reject_batch

    reason = need_reason(why)
    print_line(reject_batch(session.settings(), session.world(), batch, reason))


@app.command()
def cancel(
    entries: Entries,
    why: Why = "",
    undo: Annotated[bool, typer.Option("--undo", help="Send them after all.")] = False,
) -> None:
    """Drop what was not submitted, and list what a person must delete in the dashboard; reconcile checks it off."""
    from batch.workflows.cancel import cancel_entries, keep_entries

    reason = need_reason(why)
    decide = keep_entries if undo else cancel_entries
    for line in decide(session.settings(), session.world(), entries, reason):
        print_line(line)
    end_with(DONE)


@app.command()
def find(
    words: Annotated[list[str], typer.Argument(help="A store, a group, a name, an Id.")], json: Json = False
) -> None:
    """Say what went, goes or did not go."""
    from batch.workflows.find import find_entries, list_to_do, sum_up

    asked, world = whole_text(" ".join(words)), session.world()
    counts: list[int] = []

    def look(settings: Settings) -> int:
        found = find_entries(settings, world, asked)
        if len(found) > 1 and not json:
            print_line(_of(settings, sum_up(settings, world, asked, [entry for entry, _ in found])))
        for entry, sentence in found:
            _show_found(settings, entry, sentence, json=json)
        for line in () if json else list_to_do(settings, world, [entry for entry, _ in found]):
            session.screen.say(_of(settings, line))
        counts.append(len(found))
        return DONE

    end = max(session.each(settings, look) for settings in session.every_account())
    if not any(counts) and not json and end == DONE:
        session.screen.say(f'nothing is known about "{" ".join(words)}"')
    end_with(end)


def _show_found(settings: Settings, entry: Entry, sentence: str, *, json: bool) -> None:
    if json:
        session.put({"entry": entry.id, "name": entry.campaign_name, "status": entry.status.value,
                     "provider_id": entry.provider_id, "group_names": list(entry.group_names),
                     "send_at": entry.send_at.isoformat() if entry.send_at else None, "file": entry.file, **rows_of(entry.row), "sentence": sentence})  # fmt: skip
    else:
        print_line(_of(settings, f"{_name(entry)}: {sentence}"))


def _of(settings: Settings, line: str) -> str:
    """Name the account before a line, where there are several."""
    return f"{settings.name}: {line}" if settings.name else line


def _name(entry: Entry) -> str:
    groups = ", ".join(name for name in entry.group_names if name) or ", ".join(entry.group_ids)
    known = f", Id {entry.provider_id}" if entry.provider_id else ""
    return f'"{entry.campaign_name or "(no name)"}" to {groups or "nobody yet"} (entry {entry.id}{known})'


@app.command()
def pause(why: Why = "") -> None:
    """Stop everything: nothing more is submitted by anybody until somebody lifts it."""
    from batch.workflows.cancel import pause_all

    reason = need_reason(why)
    for line in pause_all(session.settings(), session.world(), reason):
        print_line(line)


@app.command()
def unpause(why: Annotated[str | None, typer.Option("--why", help="The reason, for the record.")] = None) -> None:
    """Lift the pause."""
    from batch.workflows.cancel import unpause_all

    print_line(unpause_all(session.settings(), session.world(), whole_text(why or "")))
