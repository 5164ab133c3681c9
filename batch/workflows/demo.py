"""Try the tool out without a provider: the sandbox by hand, and the demo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from batch.adapters.config import load_settings
from batch.adapters.ledger import open_ledger
from batch.adapters.samples import write_samples
from batch.adapters.sandbox import KINDS, TARGETS, Sandbox
from batch.model.errors import UsageError
from batch.model.plurals import plural
from batch.model.secret import Secret
from batch.workflows.context import Context, World, make_provider
from batch.workflows.events import Note
from batch.workflows.options import Options
from batch.workflows.reconcile import reconcile_in
from batch.workflows.report import gather, week_of, week_scope, write
from batch.workflows.submit import submit_in
from batch.workflows.tally import Tally


def serve_sandbox(
    world: World,
    show: Callable[[object], None],
    *,
    port: int = 0,
    faults: Sequence[str] = (),
    limit: int = 60,
    window: int = 60,
    name_length: int | None = None,
    latency: float = 0.0,
    date_offset: float = 0.0,
    state_file: Path | None = None,
) -> None:
    """Run the stand-in provider until somebody asks for its end; show where it is and what token it wants."""
    try:
        sandbox = Sandbox(
            port=port, faults=faults, limit=limit, window=window, name_length=name_length, latency=latency,
            date_offset=date_offset, state_file=state_file,
        )  # fmt: skip
        sandbox.start()
    except ValueError as trouble:
        raise UsageError(str(trouble)) from None
    except OSError as trouble:
        raise UsageError(f"port {port} is not available ({trouble.strerror})", "take another one, or none") from None
    try:
        show({"url": sandbox.url, "token": sandbox.token, "page": sandbox.page})
        while not world.stopped():
            world.sleep(3600)
    finally:
        sandbox.stop()


def name_faults() -> list[str]:
    """Give a line for each fault that the sandbox knows, and how an order is written."""
    width = max(map(len, KINDS))
    return [
        *(f"{kind:{width}}  {words}" for kind, words in KINDS.items()),
        f"{'401, 503, ...':{width}}  answer that HTTP status, create nothing; 503-after creates first",
        "",
        f"An order is [TARGET=]FAULT[@N | :P | xN]; a target is one of {', '.join(TARGETS)}.",
        "@3 is the third, :0.1 one in ten, x2 the next two; N in a fault's name is a number of seconds.",
        "A fault is about the posts, list-... about the list of scheduled campaigns, date-... about all answers,",
        "unless a target says otherwise; a reading of a list with all its pages counts as one.",
    ]


def run_demo(folder: Path, world: World) -> Path:
    """Take the samples through everything in a folder of their own; give the path of the report."""
    folder = _make_folder(folder)
    samples = write_samples(folder, world.now())
    with ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox(limit=600, window=60))
        environ = {"CAMPAIGN_BATCH_PROVIDER__URL": sandbox.url, "CAMPAIGN_BATCH_SHEET__TIMEZONE": "America/Chicago"}
        settings = load_settings(None, environ, folder)
        ledger = stack.enter_context(open_ledger(settings.ledger.url, now=world.now()))
        provider = make_provider(settings, ledger, world, token=Secret(sandbox.token))
        context = Context(settings, ledger, provider, world)
        for path in samples:
            _tell(world, submit_in(path, context, Options(rehearse=False)))
        _tell_again(world, submit_in(samples[0], context, Options()))
        comparison = reconcile_in(context)
        compared = plural(sum(comparison.counts.values()), "campaign")
        world.tell(Note(f"reconciled with the provider: {compared} compared"))
        week = week_of(ledger.entries.get(1).send_at or world.now(), "America/Chicago")
        scope = week_scope(ledger, week, "America/Chicago", world.now())
        return write(gather(settings, ledger, scope, now=world.now()), settings, scope.stem, ("html", "xlsx"))[0]


def _make_folder(folder: Path) -> Path:
    """Make the demo's folder; one that already exists is left alone, beside a new one."""
    wanted, number = folder, 1
    try:
        while wanted.exists() and any(wanted.iterdir()):
            number += 1
            wanted = folder.with_name(f"{folder.name}-{number}")
        wanted.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError):
        raise UsageError(f'"{folder}" cannot be the folder of the demo', "name a new one that can be made") from None
    return wanted.resolve()


def _tell(world: World, tally: Tally) -> None:
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in tally.counts.items())
    world.tell(Note(f'took in "{tally.file}": {plural(tally.rows, "row")}: {counts}'))


def _tell_again(world: World, tally: Tally) -> None:
    skipped = plural(tally.counts["skipped"], "row")
    world.tell(Note(f'took in "{tally.file}" a second time: {skipped} skipped, nothing sent twice'))
