"""The workflows for programs: what the commands do, with arguments in place of options; `batch` offers them all."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from batch.adapters.config import Settings, choose_account
from batch.adapters.config import load_settings as load
from batch.adapters.ledger import Ledger
from batch.model import Row
from batch.model.codes import ALL_CODES, HARD, widen
from batch.system.person import person_at_work
from batch.workflows import check, report, submit
from batch.workflows.archives import fill_from, open_archives
from batch.workflows.check import Check
from batch.workflows.context import World, name_machine, open_ledger_of
from batch.workflows.events import Tell, say_nothing
from batch.workflows.options import Options
from batch.workflows.reconcile import reconcile_books
from batch.workflows.resume import resume as resume_batches
from batch.workflows.shares import open_own
from batch.workflows.tally import Comparison, Tally


def load_settings(
    path: Path | str | None = None, environ: Mapping[str, str] | None = None, *, account: str = ""
) -> Settings:
    """Load the settings, environment over file; without a path, `campaign-batch.toml` of the current folder.

    Where there are several accounts, those of the `account`, or of the default one.
    """
    wanted = Path(path) if path is not None else None
    found = load(wanted, os.environ if environ is None else environ, Path.cwd(), ALL_CODES, HARD)
    return choose_account(found, account)


def make_world(tell: Tell = say_nothing) -> World:
    """Make the world of a program: the system's clock and user; `tell` gets each event as it happens."""
    user = person_at_work(os.environ)
    return World(tell=tell, who=user.shown, user=user, machine=name_machine())


def read_sheet(path: Path | str, settings: Settings, *, sheet: str = "") -> list[Row]:
    """Read the rows of a file as a person sees them; raise SheetError when it is not a sheet of campaigns."""
    return list(open_own(Path(path), settings, sheet=sheet))


def check_file(
    path: Path | str, settings: Settings, *, sheet: str = "", online: bool = False, world: World | None = None
) -> Check:
    """Check a file, with `online` against the account too; its `kept` rows say what each is and what is wrong."""
    own = open_own(Path(path), settings, sheet=sheet)
    found, _ = check.check_file(Path(path), settings, world or make_world(), online=online, keep=True, opened=own)
    return found


def submit_file(
    path: Path | str,
    settings: Settings,
    *,
    sheet: str = "",
    dry_run: bool = False,
    rehearse: bool = False,
    limit: int | None = None,
    allow: Collection[str] = (),
    world: World | None = None,
) -> Tally:
    """Submit what can go of a file; `dry_run` only plans, `rehearse` goes to a stand-in provider.

    What stopped a run that had begun is the tally's `trouble`; BatchError is raised only before that. A row that may
    go twice is held or refused, as on a command line without `--yes`, unless `world.insist` says otherwise.
    """
    options = Options(sheet, dry_run, rehearse, limit, allow=widen(allow))
    act = submit.plan_file if dry_run else submit.submit_file
    return act(Path(path), settings, world or make_world(), options)


def resume(settings: Settings, *, limit: int | None = None, world: World | None = None) -> Tally:
    """Settle what is in doubt, look again at what waits, and submit what is still planned."""
    return resume_batches(settings, world or make_world(), limit=limit)


def reconcile(settings: Settings, *, delivery: bool = False, world: World | None = None) -> Comparison:
    """Compare the ledger with the provider's lists; with `delivery` read what arrived, too."""
    return reconcile_books(settings, world or make_world(), delivery=delivery)


@contextmanager
def open_ledger(settings: Settings, *, world: World | None = None) -> Iterator[Ledger]:
    """Open the ledger that is there, to read entries, attempts and batches, or `to_frame()`, with what is archived."""
    world = world or make_world()
    with open_ledger_of(settings, world, create=False, quiet=True) as ledger, open_archives(ledger, world) as archives:
        fill_from(ledger, archives)
        yield ledger


def write_report(
    settings: Settings, batch: int, formats: Sequence[str] = ("html",), *, world: World | None = None
) -> list[Path]:
    """Write the report of a batch into the reports folder, as `html`, `xlsx`, `csv` or `json`; give the paths."""
    now = (world or make_world()).now()
    with open_ledger(settings, world=world) as ledger:
        scope = report.batch_scope(ledger, batch)
        return report.write(report.gather(settings, ledger, scope, now=now), settings, scope.stem, formats)
