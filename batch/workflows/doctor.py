"""Examine everything that the tool needs, one try each, and say of each whether it works and what to do if not."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from batch.adapters.mail import check_server
from batch.adapters.sheet.child import Child
from batch.adapters.store import probe
from batch.model.errors import HOW_TO_RESTORE, BatchError, LedgerError, NoLedgerError, ReportError
from batch.model.plurals import plural
from batch.system.disk import HAS_MODES
from batch.system.shell import to_paste
from batch.workflows.archives import examine_archives, left_out_of_backups
from batch.workflows.context import World, how_to_sign_in, need_zone, open_ledger_of, refuse_shared_token
from batch.workflows.doctor_line import MOST_SECONDS, Line, State, examine_line
from batch.workflows.doctor_planned import planned_lines
from batch.workflows.doctor_provider import provider_lines
from batch.workflows.doctor_workers import worker_lines
from batch.workflows.mail_sending import Mailer, how_to_correct, mail_server_of, refused_addresses
from batch.workflows.notices import SEEN, Health, read_health, when
from batch.workflows.permissions import find_exposed, ledger_path, name_some
from batch.workflows.send_test import try_zone
from batch.workflows.shared_reports import need_share
from batch.workflows.stop_file import RESUME, how_to_go_on, unseen_stops

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.adapters.ledger import Ledger

ROOM = 500 * 1024 * 1024
_HIDDEN = frozenset(
    {
        "provider.access_token", "provider.access_token_file", "provider.proxy", "ledger.url", "email.password",
        "email.password_file",
    }
)  # fmt: skip
"""Settings that may hold a secret, or do when somebody mixed them up: only where they come from is shown."""


def examine(settings: Settings, world: World) -> list[Line]:
    """Examine everything; nothing is written but a file that is taken away again."""
    found = [*_settings(settings), *_folders(settings), _zone(settings), *_rights(settings)]
    found += _ledger_lines(settings, world)
    found += provider_lines(settings, world)
    found += [_mail_server(settings), _disk(settings), _reader()]
    return found


def _settings(settings: Settings) -> Iterator[Line]:
    place = str(settings.source) if settings.source else "no file, so every setting has its default"
    state: State = "fine" if settings.source else "warning"
    yield Line("settings", state, place, "" if settings.source else 'type "campaign-batch init" to write one')
    given = {name: origin for name, origin in sorted(settings.sources.items()) if origin != "default"}
    for name, origin in given.items():
        yield Line(f"setting {name}", "fine", f"{_show(settings, name)}, from {origin}")
    yield Line("other settings", "fine", f"{len(settings.sources) - len(given)} have their defaults")
    yield _token_place(settings)


def _show(settings: Settings, name: str) -> str:
    section, _, key = name.partition(".")
    if name in _HIDDEN:
        return "(not shown)"
    if section == "rules":
        return settings.rules[key]
    if section == "groups":
        return "rules of its own"
    value = getattr(getattr(settings, section), "sender" if name == "email.from" else key)
    if isinstance(value, bool):
        return str(value).casefold()
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _token_place(settings: Settings) -> Line:
    def look() -> Line:
        place = settings.provider.access_token_from
        refuse_shared_token(settings)
        if place:
            return Line("token", "fine", f"kept in the {place}")
        return Line("token", "broken", "there is none", how_to_sign_in(settings))

    return examine_line("token", look)


def _folders(settings: Settings) -> Iterator[Line]:
    deep = bool(settings.name)
    yield examine_line("folder of reports", lambda: _reports(settings, Path(settings.reports.folder), deep=deep))
    yield examine_line("watched folder", lambda: _folder("watched folder", Path(settings.watch.folder), deep=deep))
    if settings.report_store:
        yield examine_line("store of reports", lambda: _store(settings.report_store))
    templates = Path(settings.templates.folder)
    words = str(templates) if templates.is_dir() else f"{templates} does not exist; the built-in templates are used"
    yield Line("folder of templates", "fine", words)
    yield from _named_files(settings)


def _reports(settings: Settings, folder: Path, *, deep: bool) -> Line:
    try:
        need_share(settings)
    except ReportError as away:
        return Line("folder of reports", "warning", away.words, away.remedy)
    return _folder("folder of reports", folder, deep=deep)


def _store(store: str) -> Line:
    probe(store)
    return Line("store of reports", "fine", f"{store} takes files")


def _folder(line: str, path: Path, *, deep: bool) -> Line:
    """Try to write, rename and remove a file, since rights on shares are not what they seem.

    `deep` is a folder of one account of several: that of all accounts is made with it.
    """
    if not path.is_dir():
        above = path.parent.parent if deep and not path.parent.exists() else path.parent
        if not path.exists() and above.is_dir():
            if _may_make(above):
                return Line(line, "fine", f"{path} is not there yet and will be made")
            remedy = f"let this user write into {above}, or correct the name"
            return Line(line, "broken", f"{path} is not there and cannot be made", remedy)
        return Line(line, "broken", f"{path} is not there", "check the name, the share, and who may write there")
    try:
        _try_to_write(path)
    except OSError as trouble:
        words = f"nothing can be written into {path} ({trouble.strerror or trouble})"
        return Line(line, "broken", words, how_to_write(trouble))
    return Line(line, "fine", str(path))


def how_to_write(trouble: OSError) -> str:
    """Say what helps where a folder takes no file."""
    return "make room on its disk" if trouble.errno in {errno.ENOSPC, errno.EDQUOT} else "let this user write there"


def _try_to_write(path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path, prefix=".doctor-") as folder:
        draft = Path(folder) / "draft"
        draft.write_bytes(b"x")
        draft.replace(Path(folder) / "final")


def _may_make(above: Path) -> bool:
    """Make a folder there and take it away again, since rights say little on shares and in the system's own folders."""
    try:
        with tempfile.TemporaryDirectory(dir=above, prefix=".doctor-"):
            return True
    except OSError:
        return False


def _named_files(settings: Settings) -> Iterator[Line]:
    """Say which files a setting names and nobody can read: reports and connections do without them in silence."""
    named = (
        ("reports.logo", settings.reports.logo),
        ("provider.ca_file", settings.provider.ca_file),
        ("email.ca_file", settings.email.ca_file),
    )
    for name, path in named:
        if path is not None and not (path.is_file() and os.access(path, os.R_OK)):
            yield Line(f"file of {name}", "warning", f"{path} cannot be read", "check the name, and who may read it")


def _zone(settings: Settings) -> Line:
    def look() -> Line:
        zone = need_zone(settings, for_real=True)
        return Line("time zone", "fine", f"sheets: {zone}, provider: {settings.provider.timezone}")

    return examine_line("time zone", look)


def _rights(settings: Settings) -> Iterator[Line]:
    """Say what others than this user, or than the group of the settings, may read or change."""
    yield examine_line("rights", lambda: _exposed(settings))
    approved = Path(settings.watch.folder) / "approved"
    if HAS_MODES and approved.is_dir() and approved.stat().st_mode & 0o002:
        words = f"everybody on this machine may write into {approved}, and so approve"
        yield Line("rights of approved", "warning", words, f"type: chmod o-w {to_paste(approved)}")


def _exposed(settings: Settings) -> Line:
    if not HAS_MODES:
        return Line("rights", "fine", "this system keeps them as lists: see the properties of the folder")
    found = find_exposed(settings)
    if not found:
        who = f'the group "{settings.ledger.group}"' if settings.ledger.group else "this user"
        return Line("rights", "fine", f"only {who} reads ledger, backups, reports and settings")
    remedy = 'type "campaign-batch ledger list" as the user they belong to: it lets nobody else read or change them'
    words = f"others may read or change {name_some(found)}"
    if settings.ledger.group:
        words = f'the group "{settings.ledger.group}" alone should read and change {name_some(found)}'
    return Line("rights", "warning", words, remedy)


_NO_LEDGER = Line("ledger", "warning", "there is none yet", "the first submit or watch makes it")


def _no_ledger(path: Path | None) -> Line:
    """Say that nothing was ever submitted here, and whether it can be."""
    if path is None or not path.parent.is_dir() or _may_make(path.parent):
        return _NO_LEDGER
    words = f"there is none yet, and nothing can be written into {path.parent}"
    return Line("ledger", "broken", words, "let this user write there, and make room on its disk if it is full")


def _ledger_lines(settings: Settings, world: World) -> list[Line]:
    path = ledger_path(settings)
    if path is not None and not path.exists():
        return [_no_ledger(path)]
    try:
        with open_ledger_of(settings, world, create=False, look=True) as ledger:
            return list(_examine_ledger(settings, world, ledger))
    except NoLedgerError:
        return [_NO_LEDGER]
    except BatchError as trouble:
        return [Line("ledger", "broken", trouble.words, trouble.remedy)]


def _size_of(ledger: Ledger) -> str:
    """Say how large a ledger in a file is."""
    return f", {ledger.path.stat().st_size / 1_048_576:.1f} MB" if ledger.path is not None else ""


def _examine_ledger(settings: Settings, world: World, ledger: Ledger) -> Iterator[Line]:
    yield _whole(ledger, world)
    if ledger.path is None:
        yield Line("backups", "fine", "left to the database: campaign-batch copies no ledger that is not a file")
    if ledger.words.lacks_index():
        remedy = "let its administrator type CREATE EXTENSION pg_trgm there; the next night makes the index"
        yield Line("search", "warning", "find reads every entry: the database has no pg_trgm", remedy)
    yield from _archives(ledger, world)
    yield _account(settings, ledger)
    yield _tried_zone(settings, ledger)
    yield from _health_lines(settings, read_health(ledger, world.now()))
    yield from planned_lines(settings, ledger)
    yield from worker_lines(settings, ledger)
    yield _mails(settings, world, ledger)


def _whole(ledger: Ledger, world: World) -> Line:
    """Say whether the ledger may be written to and keeps its rules."""
    try:
        ledger.upkeep.try_to_write()
    except LedgerError as trouble:
        return Line("ledger", "broken", trouble.words, trouble.remedy)
    problems, all_of_it = ledger.upkeep.examine(world.now())
    part = 'what is open is in order; "campaign-batch ledger verify" looks through all of it'
    whole = Line("ledger", "fine", f"{'whole' if all_of_it else part}{_size_of(ledger)}")
    remedy = HOW_TO_RESTORE if ledger.path is not None else "restore the database from its own backup"
    return Line("ledger", "broken", "; ".join(problems), remedy) if problems else whole


def _archives(ledger: Ledger, world: World) -> Iterator[Line]:
    """Say which archives are missing or damaged, and what a killed try left."""
    wrong = [(path, problems) for path, problems in examine_archives(ledger, world, whole=False) if problems]
    for path, problems in wrong:
        yield Line("archive", "broken", f"{path}: {'; '.join(problems)}", "put it back, or your copy of it")
    if not wrong and (words := left_out_of_backups(ledger)):
        yield Line("archives", "fine", words)
    if ledger.archives.is_unfinished():
        words = "one was begun and not ended, or forgotten texts still stand in free pages of the file"
        yield Line("archiving", "warning", words, "type the ledger archive or ledger purge command again")


def _tried_zone(settings: Settings, ledger: Ledger) -> Line:
    tried = try_zone(ledger, settings.provider.timezone)
    return Line("provider's zone", "warning" if tried.wrong else "fine", tried.words)


def _account(settings: Settings, ledger: Ledger) -> Line:
    bound = ledger.journal.bound()
    here = (settings.provider.account, urlsplit(settings.provider.url).hostname or "")
    if bound is None:
        return Line("account", "fine", "the ledger does not belong to an account yet")
    words = f'the ledger belongs to account "{bound[0]}" at {bound[1]}'
    host = bound[1].partition(":")[0]
    if (bound[0], host) != here:
        return Line("account", "broken", words, "correct [provider] account and url, or name another ledger")
    return Line("account", "fine", words)


def _health_lines(settings: Settings, health: Health) -> Iterator[Line]:
    yield _last_file(settings, health)
    run, watch = health.last_run, health.last_runs.get("watch")
    yield Line("last run", "fine", f"{run.kind}, {when(run.at, settings)}" if run else "none yet")
    yield _last_watch(settings, health) if watch else Line("watch", "fine", "none has run on this ledger")
    yield _comparison(settings, health)
    for pause in health.pauses:
        folder = f' ("{pause.folder}")' if pause.folder else ""
        words = f"by {pause.who} since {when(pause.since, settings)}: {pause.why}{folder}"
        yield Line("pause", "warning", words, how_to_go_on([pause]))
    stops = unseen_stops(settings, health.pauses)
    for lying in stops:
        yield Line("pause", "warning", f'a file named STOP is in "{lying}": nothing is submitted', RESUME)
    if not (health.pauses or stops):
        yield Line("pause", "fine", "nothing is paused")
    doubts = f"{plural(health.doubts, 'campaign')} may or may not have arrived"
    settle = 'type "campaign-batch resume"'
    yield Line("doubts", "warning", doubts, settle) if health.doubts else Line("doubts", "fine", "none")
    for batch in health.under_way:
        words = f'batch {batch.id} "{batch.file}" is being submitted, or was cut off'
        yield Line("batch", "warning", words, 'if nothing is at work on it, type "campaign-batch resume"')
    for batch in health.to_approve:
        words = f'batch {batch.id} "{batch.file}" waits for a second person since {when(batch.taken_in_at, settings)}'
        yield Line("approval", "warning", words, f'type "campaign-batch approve {batch.id}", or reject it')


def _last_file(settings: Settings, health: Health) -> Line:
    if health.last_file is None:
        return Line("last file", "fine", "none has arrived yet")
    words = f'"{health.last_file.file}" (batch {health.last_file.id}), {when(health.last_file.taken_in_at, settings)}'
    late = "did somebody forget this week's sheet? is the watch running?"
    return Line("last file", "warning", words, late) if health.file_is_late else Line("last file", "fine", words)


def _last_watch(settings: Settings, health: Health) -> Line:
    run = health.last_runs["watch"]
    words = f"seen {when(run.at, settings)}"
    if health.now - run.at > SEEN:
        return Line("watch", "warning", words, "it is not running any more: start it, or check its log")
    return Line("watch", "fine", words)


def _comparison(settings: Settings, health: Health) -> Line:
    run = health.last_runs.get("reconcile")
    words = when(run.at, settings) if run else "never"
    if health.comparison_is_late:
        return Line("last comparison", "warning", words, 'type "campaign-batch reconcile"')
    return Line("last comparison", "fine", words)


def _mails(settings: Settings, world: World, ledger: Ledger) -> Line:
    waiting = ledger.outbox.unsent()
    if refused := refused_addresses(settings, ledger, world.now()):
        words = f"{len(waiting) or 'none'}; the mail server refuses {', '.join(refused)}, who get nothing"
        return Line("unsent mails", "warning", words, how_to_correct(settings, refused))
    if not waiting:
        return Line("unsent mails", "fine", "none")
    oldest = waiting[0]
    tried = f"tried {plural(oldest.tries, 'time')}: {oldest.words}" if oldest.tries else "not tried yet"
    words = f'{len(waiting)}, the oldest "{oldest.subject}" of {when(oldest.added_at, settings)}, {tried}'
    if not Mailer(settings, ledger, world).is_open:
        return Line("unsent mails", "warning", words, "write host and from under [email]")
    return Line("unsent mails", "warning", words, "look at the mail server's line; they are retried automatically")


_SET_MAIL = "if somebody is to get mails, write host, from and to under [email] in campaign-batch.toml"


def _mail_server(settings: Settings) -> Line:
    email = settings.email
    if not email.host:
        return Line("mail server", "warning", "none is set, so nobody gets a mail", _SET_MAIL)
    if not email.sender or not (email.to or email.attention_to or email.digest_to):
        return Line("mail server", "broken", "mail has no sender or nobody to go to", "write from and to under [email]")

    def look() -> Line:
        check_server(mail_server_of(email, min(email.timeout, MOST_SECONDS)))
        return Line("mail server", "fine", f"{email.host} accepts the sign-in; mails go to {', '.join(email.to)}")

    return examine_line("mail server", look)


def _reader() -> Line:
    def look() -> Line:
        with Child() as child:
            child.get_ready()
        return Line("reader of files", "fine", "spreadsheets can be read")

    return examine_line("reader of files", look)


def _disk(settings: Settings) -> Line:
    path = ledger_path(settings)
    place = path.parent if path is not None and path.parent.is_dir() else Path(settings.folder)

    def look() -> Line:
        free = shutil.disk_usage(place).free
        size = f"{free / 1024**3:.1f} GB" if free >= 1024**3 else f"{free / 1024**2:.0f} MB"
        words = f"{size} are free at {place}"
        return (
            Line("disk", "warning", words, "make room: ledger and reports grow")
            if free < ROOM
            else Line("disk", "fine", words)
        )

    return examine_line("disk", look)
