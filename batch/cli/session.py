"""What every command shares: the options before it, the settings, and how trouble becomes words and an exit code."""

from __future__ import annotations

import gc
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_command_name

from batch import __version__
from batch.cli.interrupt import Interrupt
from batch.cli.output import PrintableFormatter, about, let_log_go, print_json, print_line
from batch.cli.screen import Screen
from batch.cli.usage import WEEK, plain_usage, say_plainly
from batch.core.ledger_urls import account_url, password_of
from batch.core.printable import whole_text
from batch.model.codes import ALL_CODES, HARD
from batch.model.errors import BatchError, UsageError
from batch.model.records import dataclass
from batch.model.secret import RedactingFilter, Secret
from batch.system.person import person_at_work

if TYPE_CHECKING:
    from batch.adapters.config import Settings
    from batch.workflows.context import World

DONE, LOOK = 0, 1

WITHOUT_ACCOUNT = frozenset({"sandbox", "demo", "version", "help", "ledger"})
"""What is about no account, or about several commands that are."""


class AccountCommands(TyperGroup):
    """Commands of which each takes `--account`: whose settings, ledger and provider it is about."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Give a command with `--account` among its options."""
        command = super().get_command(ctx, cmd_name)
        if command is not None and cmd_name not in WITHOUT_ACCOUNT:
            there = any("--account" in one.opts for one in command.params)
            command.params += [] if there else [_account_option()]
            for one in command.params:
                say_plainly(one, ctx)
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is named, and note its name."""
        name, command, rest = super().resolve_command(ctx, args)
        session.interrupt.command = f"ledger {name}" if ctx.parent else name or ""
        return name, command, rest


def _keep_account(value: str) -> None:
    session.account = value


_ACCOUNT = typer.Option(
    "--account",
    callback=_keep_account,
    expose_value=False,
    metavar="NAME",
    help="The account, where the settings have several.",
)


def _account_option() -> Any:
    """Make the option that every such command has, and that none of their functions needs to hand on."""
    bearer = typer.Typer(add_completion=False)
    bearer.command()(_bear)
    return next(one for one in get_command(bearer).params if "--account" in one.opts)


def _bear(account: Annotated[str, _ACCOUNT] = "") -> None:
    """Bear the option; nobody calls it."""
    raise NotImplementedError(account)


class Commands(AccountCommands):
    """All commands; what is wrong with the words of one is told like any other trouble."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Give the commands in the order of a week; one that nobody placed stands last."""
        places = {name: place for place, name in enumerate(WEEK)}
        return sorted(super().list_commands(ctx), key=lambda name: places.get(name, len(places)))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Give a command with a line of help that fits into 80 columns."""
        command = super().get_command(ctx, cmd_name)
        if command is not None and cmd_name in WEEK:
            command.short_help = WEEK[cmd_name]
        for one in getattr(command, "params", ()):
            say_plainly(one, ctx)
        return command

    def main(self, *words: Any, **more: Any) -> Any:
        """Run one command; raise SystemExit with its code, UsageError for words that mean nothing."""
        try:
            code = super().main(*words, **{"prog_name": "campaign-batch", **more, "standalone_mode": False})
        except Exception as trouble:
            if isinstance(trouble, typer.Abort):
                raise KeyboardInterrupt from None
            if not hasattr(trouble, "format_message"):
                raise
            sys.exit(_tell_usage(trouble))
        if session.interrupt.ended:  # the library makes an exit code of it
            raise KeyboardInterrupt
        sys.exit(code if isinstance(code, int) else DONE)


def _tell_usage(trouble: Any) -> int:
    """Say how a command is written; without any word that is the help."""
    context = getattr(trouble, "ctx", None)
    if type(trouble).__name__ == "NoArgsIsHelpError":
        lines = trouble.format_message().splitlines()
    else:
        lines = context.get_usage().splitlines() if context else []
        lines += [f"Error: {plain_usage(' '.join(trouble.format_message().split()))}"]
        lines += [f'type "{context.command_path} --help" to see how'] if context else []
    for line in lines:
        session.screen.say(line, loud=True)
    return int(trouble.exit_code)


app = typer.Typer(
    cls=Commands,
    name="campaign-batch",
    help="Schedule group SMS and MMS campaigns from a spreadsheet: nothing twice, nothing lost.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@dataclass(slots=True)
class Session:
    """What was said before the command."""

    config: Path | None = None
    ledger: str = ""
    account: str = ""
    """The account that the command names; empty for the default one, or for all where a command is about all."""
    screen: Screen = field(default_factory=Screen)
    interrupt: Interrupt = field(default_factory=Interrupt)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    secrets: tuple[Secret, ...] = ()
    clock: Callable[[], datetime] | None = None
    """Another clock than the system's, to go through a week in a moment."""

    def settings(self, *, watches: bool = False, **changes: object) -> Settings:
        """Load the settings; `changes` are sections' values that an option overrides, as `section__key`.

        Only what watches, or examines everything, refuses to begin for a wrong value under [watch].
        """
        return self._choose(self._load(watches=watches, **changes))

    def every_account(self, *, watches: bool = False, **changes: object) -> tuple[Settings, ...]:
        """Give the settings of every account, or of the one that was named; only one where there is one."""
        settings = self._load(watches=watches, **changes)
        if self.account or not settings.accounts:
            return (self._choose(settings),)
        return tuple(settings.accounts.values())

    def home(self) -> Settings:
        """Give the settings of whoever takes a file in: the account that is named or the default one, else their top.

        With the top alone, each row of the file must say which account it is for.
        """
        settings = self._load(watches=False)
        undecided = settings.accounts and not (self.account or settings.default_account)
        return settings if undecided else self._choose(settings)

    def each(self, settings: Settings, act: Callable[[Settings], int]) -> int:
        """Act for one account of several; its trouble is told with its name, and never keeps another from its turn."""
        about.account = settings.name
        if not settings.name:
            return act(settings)
        try:
            return act(settings)
        except BatchError as trouble:
            self.screen.close()
            self.screen.say(f"campaign-batch: account {settings.name}: {trouble}", loud=True)
            return trouble.exit_code

    def place_in(self, url: str, settings: Settings) -> str:
        """Give where an account's ledger lies in that other place of all of them."""
        top = self._load(watches=False)
        return url if settings.ledger.url == top.ledger.url else account_url(url, settings.name)

    def put(self, value: dict[str, Any]) -> None:
        """Print one object, with the account that it is about where there are several."""
        print_json({**value, "account": about.account} if about.account else value)

    def _choose(self, settings: Settings) -> Settings:
        from batch.adapters.config import choose_account

        chosen = choose_account(settings, self.account)
        about.account = chosen.name
        return chosen

    def _load(self, *, watches: bool, **changes: object) -> Settings:
        from batch.adapters.config import load_settings

        environ = dict(self.environ)
        for name, value in changes.items():
            environ[f"CAMPAIGN_BATCH_{name.upper()}"] = str(value)
        unused = () if watches else ("watch",)
        settings = load_settings(self.config, environ, Path.cwd(), ALL_CODES, HARD, ledger=self.ledger, unused=unused)
        self._keep_secrets(settings)
        return settings

    def _keep_secrets(self, settings: Settings) -> None:
        import logging

        of_database = Secret(password_of(settings.ledger.url))
        self.secrets = (*settings.given_secrets(), *([of_database] if of_database else []))
        handler = logging.StreamHandler(sys.stderr)
        handler.addFilter(RedactingFilter(*self.secrets))
        handler.setFormatter(PrintableFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        logging.basicConfig(
            level=logging.DEBUG if self.screen.verbose else logging.WARNING, handlers=[handler], force=True
        )

    def redact(self, text: str) -> str:
        """Take the secrets out of a text."""
        for secret in self.secrets:
            text = secret.redact(text)
        return text

    def world(self, *, yes: bool = True, sure: bool = False) -> World:
        """Give a workflow its clock, its patience and somebody to tell.

        `yes` answers what is asked before the first request, `sure` what is asked where something may go twice.
        """
        from batch.workflows.context import World, name_machine, refuse_to_insist, utc_now

        self.interrupt.listen(self.screen)
        insist = self.screen.confirm if self.screen.interactive else refuse_to_insist
        user = person_at_work(self.environ)
        return World(
            now=self.clock or utc_now,
            sleep=self.interrupt.sleep,
            stopped=self.interrupt.asked,
            tell=self.screen.tell,
            confirm=(lambda _words: True) if yes else self.screen.confirm,
            insist=(lambda _words: True) if sure else insist,
            who=user.shown,
            user=user,
            machine=name_machine(),
        )


session = Session()

Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, for machines.")]
SheetName = Annotated[str, typer.Option("--sheet", help="The sheet of the workbook to read.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for the record.")]


def _show_version(value: bool) -> None:  # noqa: FBT001  typer calls it so
    if value:
        print_line(f"campaign-batch {__version__}")
        raise typer.Exit


@app.callback()
def before(
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show more: each request, without token.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Show only what is wrong.")] = False,
    config: Annotated[
        Path | None, typer.Option(readable=False, help="The settings file (default: campaign-batch.toml here).")
    ] = None,
    ledger: Annotated[str, typer.Option(help="The ledger, as a URL: sqlite:///path/to/ledger.sqlite3.")] = "",
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Schedule group SMS and MMS campaigns from a spreadsheet: nothing twice, nothing lost."""
    session.config, session.ledger, about.account = config, ledger, ""
    session.screen.quiet, session.screen.verbose = quiet, verbose


@app.command("version", hidden=True)
def say_version() -> None:
    """Say the version, as --version does."""
    _show_version(value=True)


@app.command("help", hidden=True)
def say_help(context: typer.Context, command: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """Say how a command is written, as --help does."""
    assert context.parent is not None
    context.parent.command.main([*(command or ()), "--help"], prog_name=context.parent.info_name)


def main() -> NoReturn:
    """Run the command line; every trouble that a person can cause ends in one line and an exit code."""
    gc.freeze()
    session.interrupt.guard()
    warnings.showwarning = _show_warning
    code = run_guarded(named_alone(sys.argv[1:]))
    let_log_go()
    gc.freeze()  # else Python looks through all of it once more before it ends
    sys.exit(code)


def named_alone(words: Sequence[str]) -> typer.Typer:
    """Give the program with the one command that the first word names, and else all of it, which takes longer to make."""
    first = words[0] if words else ""
    commands = [one for one in app.registered_commands if _name_of(one) == first]
    groups = [one for one in app.registered_groups if one.name == first]
    if first == "help" or not (commands or groups):
        return app
    alone = copy(app)
    alone.registered_commands, alone.registered_groups = commands, groups
    return alone


def _name_of(command: Any) -> str:
    return command.name or get_command_name(command.callback.__name__)


def _show_warning(message: Warning | str, category: type[Warning], *_place: object, **_more: object) -> None:
    """Say what a library warns of as a line of ours: it may quote a cell."""
    session.screen.say(f"{category.__name__}: {message}")


def run_guarded(command: Callable[[], object]) -> int:
    """Call a command and turn whatever it raises into words and an exit code."""
    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DONE
    except BatchError as trouble:
        return _explain(trouble)
    except KeyboardInterrupt:
        return _say_interrupted()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as fault:
        return _admit(fault)
    finally:
        session.screen.close()
    return DONE


def _admit(fault: Exception) -> int:
    """Say that the fault is ours, in one line; the traceback only when asked for, and never with a secret in it."""
    session.screen.close()
    if session.screen.verbose:
        for line in session.redact("".join(traceback.format_exception(fault))).splitlines():
            session.screen.say(f"  {line}", loud=True)
    words = (
        f"an internal error of campaign-batch ({type(fault).__name__}); what was recorded is safe and nothing is lost"
    )
    session.screen.say(f'campaign-batch: {words}: type "campaign-batch -v ..." to see more, and report it', loud=True)
    return BatchError.exit_code


def _explain(trouble: BatchError) -> int:
    session.screen.close()
    for place, line in enumerate(trouble.lines()):
        session.screen.say(line if place else f"campaign-batch: {line}", loud=True)
    return trouble.exit_code


def end_with(code: int) -> NoReturn:
    """End a command with an exit code; 130 when a person interrupted it."""
    raise typer.Exit(_say_interrupted() if session.interrupt.asked() else code)


def _say_interrupted() -> int:
    session.interrupt.tell(session.screen)
    return session.interrupt.code


def need(condition: object, words: str, remedy: str = "") -> None:
    """Raise UsageError when a command's options do not fit together."""
    if not condition:
        raise UsageError(words, remedy)


def need_reason(why: str) -> str:
    """Give the reason for the record, trimmed; raise UsageError when none was given."""
    need(why.strip(), "the reason is missing", 'add --why "..."')
    return whole_text(why.strip())
