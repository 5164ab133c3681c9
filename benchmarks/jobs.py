"""What is measured inside a process of its own, without its start: `python -m benchmarks.jobs JOB WORDS...`."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from benchmarks.ledgers import accept_all, list_as_provider, open_at, plan_into, read, settings_of

LEAD = timedelta(minutes=10)


def drop(file: str, ledger: str) -> dict[str, float]:
    """Check a file and plan it into a ledger; the seconds are those of the planning."""
    path = Path(file)
    begun, used = time.perf_counter(), time.process_time()
    rows = read(path, settings_of(path.parent))
    checked = time.perf_counter() - begun
    with open_at(Path(ledger)) as opened:
        took = _time(lambda: plan_into(opened, rows, path.name))
        skipped = sum(line.what == "skipped" for line in opened.batches.rows(opened.batches.all()[-1].id))
    whole = {"whole": time.perf_counter() - begun, "whole_cpu": time.process_time() - used}
    return {**took, **whole, "check": checked, "skipped": skipped}


def cells(file: str) -> dict[str, float]:
    """Read a sheet as a person sees it, in a process of its own that is started first, and do nothing with its rows."""
    from batch.adapters.sheet import open_sheet

    rows = 0

    def work() -> None:
        nonlocal rows
        rows = sum(1 for _ in open_sheet(Path(file), max_rows=2_000_000))

    return {**_time(work), "rows": rows}


def accept(ledger: str) -> dict[str, float]:
    """Let the provider have accepted what is planned."""
    return _time(lambda: accept_all(Path(ledger)))


def submit(ledger: str, url: str, token: str) -> dict[str, float]:
    """Submit what is planned, one row after the other, as `campaign-batch submit` does."""
    from batch.model.secret import Secret
    from batch.workflows.context import Context, World, make_provider
    from batch.workflows.post import Submission

    settings = settings_of(Path(ledger).parent)
    with open_at(Path(ledger)) as opened:
        world = World()
        context = Context(settings, opened, make_provider(settings, opened, world, url=url, token=Secret(token)), world)
        submission, planned = Submission(context), opened.entries.planned()
        took = _time(lambda: submission.run(planned))
        return {**took, "accepted": submission.accepted}


def listing(ledger: str, path: str) -> dict[str, float]:
    """Write the provider's list of all that a ledger holds into a file."""
    with open_at(Path(ledger)) as opened:
        return _time(lambda: Path(path).write_bytes(list_as_provider(opened.entries.select())))


def reconcile(ledger: str, path: str) -> dict[str, float]:
    """Read the provider's list from a file, compare it with the ledger and write down what it shows, as the command."""
    from batch.core.answers import parse_list
    from batch.core.settle import Reading
    from batch.model import FindingKind, Listing
    from batch.model.secret import Secret
    from batch.workflows.context import Context, World, make_provider
    from batch.workflows.reconcile import compare, write_down

    settings, world = settings_of(Path(ledger).parent), World()
    with open_at(Path(ledger)) as opened:
        provider = make_provider(settings, opened, world, url="http://127.0.0.1:9", token=Secret("unused"))
        context, matched = Context(settings, opened, provider, world), 0

        def work() -> None:
            nonlocal matched
            now = world.now()
            found = compare(context, Reading(Listing(parse_list(Path(path).read_bytes()), now), Listing((), now)))
            write_down(context, found)
            matched = found.counts[FindingKind.MATCHED]

        return {**_time(work), "matched": matched}


def report(ledger: str, folder: str, format: str) -> dict[str, float]:
    """Gather the report of the first batch and write it."""
    from batch.adapters.report import write_html, write_xlsx
    from batch.workflows.report import batch_scope, gather

    settings = settings_of(Path(ledger).parent)
    path = Path(folder) / f"report.{format}"
    with open_at(Path(ledger)) as opened:

        def work() -> None:
            gathered = gather(settings, opened, batch_scope(opened, 1), now=datetime.now(UTC))
            (write_html if format == "html" else write_xlsx)(gathered, path)

        return {**_time(work), "size": path.stat().st_size}


def bare(ledger: str, folder: str) -> dict[str, float]:
    """Write the rows of the first batch as a plain HTML table: the least that a page of them can be."""
    from markupsafe import escape

    from batch.model.wording import group_words
    from batch.workflows.report import batch_scope, gather

    path = Path(folder) / "bare.html"
    with open_at(Path(ledger)) as opened:
        report = gather(settings_of(Path(ledger).parent), opened, batch_scope(opened, 1), now=datetime.now(UTC))

    def work() -> None:
        cells = (
            (
                report.standing_of(one).word.text, one.row, one.campaign_name, one.send_at, one.send_at_provider,
                group_words(one), one.contacts_count, one.provider_id, one.message,
            )
            for one in report.entries
        )  # fmt: skip
        rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}' for cell in line)}" for line in cells)
        path.write_text(f"<!doctype html><meta charset=utf-8><title>Rows</title><table>{rows}</table>", "utf-8")

    return {**_time(work), "size": path.stat().st_size}


def status(ledger: str) -> dict[str, float]:
    """Write the status page."""
    from batch.workflows.report import write_status_page

    settings = settings_of(Path.cwd())
    with open_at(ledger) as opened:
        return _time(lambda: write_status_page(settings, opened, datetime.now(UTC)))


def words(ledger: str) -> dict[str, float]:
    """Take into the index of words what is new, as the night does."""
    with open_at(ledger) as opened:
        return _time(opened.words.refresh)


def undelivered(ledger: str) -> dict[str, float]:
    """Ask as the nightly reading of delivery does what of all that was sent is still to be read."""
    with open_at(ledger) as opened:
        return _time(lambda: list(islice(opened.deliveries.unread(), 100)))


def _time(work: Callable[[], object]) -> dict[str, float]:
    begun, used = time.perf_counter(), time.process_time()
    work()
    return {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - used}


def main() -> None:
    """Do one job and put out its figures as one line of JSON."""
    jobs: dict[str, Callable[..., dict[str, float]]] = {
        job.__name__: job
        for job in (drop, cells, accept, submit, listing, reconcile, report, bare, status, words, undelivered)
    }
    with suppress(AttributeError):
        gc.freeze()
    gc.set_threshold(200_000, 20, 20)  # as the command line does
    sys.stdout.write(json.dumps(jobs[sys.argv[1]](*sys.argv[2:])) + "\n")


if __name__ == "__main__":
    main()
