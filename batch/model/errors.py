"""What stops a run: one line for a person, the next thing to do, and the exit code."""

from __future__ import annotations

from collections.abc import Sequence

HOW_TO_RESTORE = (
    'stop submitting and type "campaign-batch ledger restore": it takes the newest backup and keeps the old file'
)
"""The remedy for a ledger that cannot be trusted any more."""


class BatchError(Exception):
    """Trouble about the run: it stops, nothing is lost.

    `words` is one line, lower-case, without a trailing stop; `remedy` says what to do next and,
    where there is one, the command to type. Trouble about a single row is never raised: it is an
    `Issue`.

    Both are for people only. Programs ask for the class and the `code`, which parts troubles of one class; `doctor`
    says that `campaign-batch doctor` may tell more.
    """

    exit_code = 3
    name = "BatchError"
    """What `kind` begins with, whatever the class is called: the ledger keeps it, so it never changes."""
    code = ""

    def __init__(self, words: str, remedy: str = "", *, code: str = "", doctor: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.remedy = remedy
        self.code = code or self.code
        self.doctor = doctor

    def __str__(self) -> str:
        remedy = f"{self.remedy}; campaign-batch doctor says what works" if self.doctor else self.remedy
        return f"{self.words}: {remedy}" if remedy else self.words

    def lines(self) -> tuple[str, ...]:
        """Give what a person reads, a line each."""
        return (str(self),)

    @property
    def kind(self) -> str:
        """Name this trouble for programs: the same as long as nothing else is wrong."""
        return f"{self.name}:{self.code}".rstrip(":")


class StoppedError(BatchError):
    """A person asked for an end while the run waited; what was recorded stands."""

    name = "StoppedError"
    exit_code = 130


class UsageError(BatchError):
    """The command or the settings are wrong; nothing was begun."""

    name = "UsageError"
    exit_code = 2


class SettingsError(UsageError):
    """Several settings are wrong."""

    name = "UsageError"

    def __init__(self, troubles: Sequence[UsageError]) -> None:
        super().__init__(f"{len(troubles)} settings are wrong:")
        self.troubles = tuple(troubles)

    def lines(self) -> tuple[str, ...]:
        """Give the number of them, then each."""
        return (self.words, *(f"  {trouble}" for trouble in self.troubles))

    def __str__(self) -> str:
        return "\n".join(self.lines())


class NoLedgerError(UsageError):
    """There is no ledger yet where it is looked for."""

    name = "NoLedgerError"


class AlreadyThereError(UsageError):
    """A file is in the way, which `--force` or a person's yes may overwrite."""

    name = "AlreadyThereError"


class SheetError(BatchError):
    """A file cannot be read as a sheet of campaigns, and so none of its rows counts.

    `file` is the name that its words begin with, `bare` are the words without it; both empty when they name none.
    """

    name = "SheetError"

    def __init__(self, words: str, remedy: str = "", *, file: str = "", bare: str = "") -> None:
        super().__init__(words, remedy)
        self.file = file
        self.bare = bare


class MachineError(BatchError):
    """This machine cannot start a process or keep a temporary file; no sheet is to blame, each may be tried again."""

    name = "MachineError"


class LedgerError(BatchError):
    """The ledger cannot be opened or must not be used."""

    name = "LedgerError"


class LedgerBusyError(LedgerError):
    """Another submitter holds the ledger."""

    name = "LedgerBusyError"


class LedgerTakenOverError(LedgerError):
    """Another process submits on the ledger since this one lost its connection to the database."""

    name = "LedgerTakenOverError"

    def __init__(self, ledger: str) -> None:
        super().__init__(
            f"{ledger} was taken over by another process while this one was cut off from the database, so this one "
            "submits nothing more",
            'nothing is lost: the other process goes on; "campaign-batch ledger list" shows what became of each batch',
        )


class NewerLedgerError(LedgerError):
    """A newer version has changed the ledger's tables: this one does not know what they mean."""

    name = "LedgerError"


class LedgerMovedError(LedgerError):
    """All of it was moved to another place; what it says is old."""

    name = "LedgerError"

    def __init__(self, where: str, place: str) -> None:
        super().__init__(f"{where} was moved: it is now {place}", "put its new URL into [ledger] url")
        self.where = where


class LedgerReplacedError(LedgerError):
    """Another file, or another content, lies where the ledger lay when this run began."""

    name = "LedgerReplacedError"


class InboxBusyError(BatchError):
    """Another watcher works on the folder."""

    name = "InboxBusyError"


class ProviderError(BatchError):
    """The provider cannot be reached, or its answer is of no use."""

    name = "ProviderError"


class NotAsAskedError(ProviderError):
    """The provider did something else than what it was asked: no further request goes without a person."""

    name = "NotAsAskedError"


class OtherLedgerError(NotAsAskedError):
    """Another ledger seems to work on the account: no further request goes before somebody says that it does not."""

    name = "OtherLedgerError"


class ClockError(BatchError):
    """This machine's clock is wrong: what is late, to come or settled cannot be told by it."""

    name = "ClockError"


class ReportError(BatchError):
    """A report cannot be written; what it would have said stands in the ledger."""

    name = "ReportError"


class DeliveryError(BatchError):
    """A mail could not be handed to the mail server.

    `permanent` says that the server will never take this very mail; everything else may be tried again. `unsure` says
    that it may have taken the mail anyway, `too_large` that it takes no mail of this size, `nobody` that it knows none
    of the recipients.
    """

    name = "DeliveryError"

    def __init__(
        self,
        words: str,
        remedy: str = "",
        *,
        permanent: bool = False,
        unsure: bool = False,
        too_large: bool = False,
        nobody: bool = False,
    ) -> None:
        super().__init__(words, remedy)
        self.permanent = permanent
        self.unsure = unsure
        self.too_large = too_large
        self.nobody = nobody
