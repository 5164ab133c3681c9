"""The queue of the workers: Procrastinate, in a schema of its own beside the ledgers of one PostgreSQL database.

It says who works next, and nothing rests on it: two that believe they hold the same job are kept apart by the turn in
the ledger. So a job that a dead worker left is failed and given out anew, never retried: a retry can meet the lock of
its own successor, and a worker that wakes up late closes by its number whichever job it had.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from batch.core.database_words import explain_postgresql, refuse_encoding
from batch.core.ledger_urls import PATIENCE, is_postgresql, libpq_url
from batch.model.errors import LedgerError, UsageError
from batch.model.records import dataclass

if TYPE_CHECKING:
    from procrastinate import App
    from procrastinate.jobs import Job

SCHEMA = "campaign_queue"
_NAME = "campaign-batch:{}"
_ALL = "all accounts"
"""Stands for the account in the jobs of those settings that are about one account only."""
CLOCK = "clock"
"""The job that gives out what is due."""
_COMMON = "campaign-batch"
"""The queue of what is about no account; an account's own is named behind it, so that who lacks it leaves it alone."""


def need_postgresql(url: str) -> None:
    """Raise UsageError for a ledger that several machines cannot share, or where the extra is not installed."""
    if not is_postgresql(url):
        raise UsageError(
            "workers need a ledger on PostgreSQL",
            'move it there with "campaign-batch ledger move --to postgresql+psycopg://...", or remove [workers]',
        )
    try:
        import procrastinate  # noqa: F401
    except ImportError:
        remedy = "pip install 'campaign-batch[workers]'"
        raise UsageError("the workers' part of campaign-batch is not installed", remedy) from None


@dataclass(frozen=True, slots=True)
class Told:
    """One job, as its worker hears of it."""

    kind: str
    account: str
    """Empty where the settings are about one account only."""


def lock_of(kind: str, account: str) -> str:
    """Give what a job holds while it runs: an account's work is done one after the other, but its mail beside it."""
    return f"mail of {account or _ALL}" if kind == "mail" else account or _ALL


@dataclass(frozen=True, slots=True)
class Seen:
    """What the queue shows of its workers, and of one account's jobs."""

    workers: int
    """Those that gave a sign lately."""
    last_sign: float | None
    """Seconds since the last sign of any worker that the queue still knows; None where there is none."""
    waiting: int = 0
    oldest: float = 0.0
    """Seconds that the oldest of them waits."""
    doing: int = 0
    failed: int = 0
    """Those whose worker died, as far as they are kept."""


def queue_of(account: str) -> str:
    """Give the queue of an account's jobs."""
    return f"{_COMMON} of {account or _ALL}"


class Queue:
    """The queue of the database that a ledger's URL names."""

    def __init__(self, url: str) -> None:
        need_postgresql(url)
        self._conninfo = libpq_url(url, SCHEMA)
        self.left: Counter[str] = Counter()
        """By account, the jobs of dead workers that this process gave out anew."""
        self._kept: App | None = None

    def prepare(self) -> None:
        """Make its schema where there is none; those who come at once wait for each other."""
        import psycopg
        from procrastinate.schema import SchemaManager

        with _explained(self._conninfo), psycopg.connect(self._conninfo, connect_timeout=PATIENCE) as connection:
            refuse_encoding(connection.info.dbname, connection.info.parameter_status("server_encoding"))
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_PREPARING,))
            # IF NOT EXISTS asks for the right to make one even where it is there.
            if connection.execute("SELECT to_regnamespace(%s)", (SCHEMA,)).fetchone() == (None,):
                connection.execute(f"CREATE SCHEMA {SCHEMA}")
            if connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone() == (None,):
                connection.execute(SchemaManager.get_schema())

    def give_within(self, connection: Connection, kind: str, account: str) -> None:
        """Give a job out in a transaction of the ledger; it is there exactly if that is committed.

        One of its kind that waits already does for both.
        """
        app, inner = self._app(asynchronous=False), connection.begin_nested()
        old = connection.execute(text("SHOW search_path")).scalar()
        connection.execute(text(f"SET LOCAL search_path TO {SCHEMA}"))
        driver: Any = connection.connection.driver_connection
        if _defer(app, kind, account, driver):
            connection.execute(text(f"SET LOCAL search_path TO {old}"))
            inner.commit()
        else:
            inner.rollback()

    def give(self, jobs: Collection[tuple[str, str]]) -> int:
        """Give jobs out, each a kind and an account; one that waits already does for both. Give how many are new."""
        with self._opened() as app:
            return sum(_defer(app, kind, account) for kind, account in jobs)

    def depth(self) -> dict[str, int]:
        """Give how many jobs wait, are being done, and failed."""
        with self._opened() as app:
            queues = list(app.job_manager.list_queues())
        return {state: sum(int(one[state]) for one in queues) for state in ("todo", "doing", "failed")}

    def accounts_waiting(self) -> frozenset[str]:
        """Give the accounts of which jobs wait, whoever has their settings."""
        with self._opened() as app:
            queues = [str(one["name"]) for one in app.job_manager.list_queues(status="todo")]
        named = (name.removeprefix(f"{_COMMON} of ") for name in queues if name != _COMMON)
        return frozenset("" if name == _ALL else name for name in named)

    def look(self, account: str, stalled: int) -> Seen | None:
        """Look at the workers and at one account's jobs; None where no watch or worker made the queue yet."""
        import psycopg

        with _explained(self._conninfo), psycopg.connect(self._conninfo, connect_timeout=PATIENCE) as connection:
            if connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone() == (None,):
                return None
            workers, last_sign = connection.execute(_WORKERS, (stalled,)).fetchone() or (0, None)
            jobs = {status: (count, age) for status, count, age in connection.execute(_JOBS, (account,))}
        (waiting, oldest), doing, failed = (jobs.get(one, (0, 0.0)) for one in ("todo", "doing", "failed"))
        return Seen(workers, last_sign, waiting, oldest or 0.0, doing[0], failed[0])

    def work(
        self,
        act: Callable[[Told], object],
        kinds: Collection[str],
        accounts: Collection[str],
        *,
        concurrency: int,
        every: int,
        stalled: int,
        once: bool,
        stopped: Callable[[], bool],
    ) -> None:
        """Do what waits for these accounts until an end is wished, or with `once` until nothing waits.

        Every `every` seconds one worker of all does the job `clock`; jobs of workers that gave no sign for `stalled`
        seconds are given out anew.
        """
        options = {
            "concurrency": concurrency,
            "update_heartbeat_interval": stalled / 3,
            "wait": not once,
            "queues": [_COMMON, *map(queue_of, accounts)],
        }
        done: list[Told] = []

        def note(told: Told) -> None:
            done.append(told)
            act(told)

        while True:
            app = self._app(asynchronous=True)
            for kind in (*kinds, CLOCK):
                _add_task(app, kind, note)
            if not once:
                seconds = "0" if every >= 60 else f"*/{every}"
                app.periodic(cron=f"* * * * * {seconds}")(app.tasks[_NAME.format(CLOCK)])
            with _explained(self._conninfo):
                asyncio.run(_work(app, stalled, stopped, self.left, **options))
            if not once or not done or stopped():
                return
            done.clear()  # a job that was given out meanwhile waited for the lock of the one that gave it

    def _app(self, *, asynchronous: bool) -> App:
        from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

        for name in ("procrastinate", "psycopg", "asyncio"):  # what a person should know is told by the job
            logging.getLogger(name).setLevel(logging.CRITICAL)
        kind = PsycopgConnector if asynchronous else SyncPsycopgConnector
        patience = {"connect_timeout": PATIENCE}
        return App(connector=kind(conninfo=self._conninfo, min_size=1, max_size=4, timeout=PATIENCE, kwargs=patience))

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Keep the connections with which jobs are given out: to make them anew each time costs more than the jobs."""
        with self._opened() as app:
            self._kept = app
            try:
                yield
            finally:
                self._kept = None

    @contextmanager
    def _opened(self) -> Iterator[App]:
        if self._kept is not None:
            with _explained(self._conninfo):
                yield self._kept
            return
        with _explained(self._conninfo), self._app(asynchronous=False).open() as app:
            yield app


_PREPARING = 0x7175657565
"""The advisory lock of who makes the schema: the letters of `queue`."""
KEPT_HOURS = 7 * 24
"""How long a job that a dead worker left stays in the table, to be looked at."""
_CLEANING = 3600.0
"""Seconds after which a worker looks again for those to delete."""
_WORKERS = """
SELECT count(*) FILTER (WHERE last_heartbeat > now() - make_interval(secs => %s)),
       extract(epoch FROM now() - max(last_heartbeat))::float
  FROM procrastinate_workers
"""
_JOBS = """
SELECT job.status::text, count(*), extract(epoch FROM now() - min(event.at))::float
  FROM procrastinate_jobs job LEFT JOIN procrastinate_events event ON event.job_id = job.id AND event.type = 'deferred'
 WHERE job.args ->> 'account' = %s
 GROUP BY job.status
"""


_SPARE = 2
"""Threads beside those of jobs, to look up where the database is: who cannot reconnect is taken for dead."""


_FORGOTTEN = (
    "this worker stood still or was cut off for so long that others got its jobs (nothing is lost)",
    "run the command again",
)


@contextmanager
def _explained(conninfo: str) -> Iterator[None]:
    """Turn the failures of the queue's database into words."""
    import psycopg
    import psycopg_pool
    from procrastinate.exceptions import ConnectorException

    try:
        yield
    except (ConnectorException, psycopg.Error, psycopg_pool.PoolTimeout) as trouble:
        cause = trouble.__cause__ or trouble
        if isinstance(cause, psycopg_pool.PoolTimeout):
            cause = _ask_why(conninfo) or cause
        if isinstance(cause, psycopg.errors.ForeignKeyViolation):  # it names a worker that the others took for dead
            raise LedgerError(*_FORGOTTEN) from None
        lost = isinstance(cause, psycopg.OperationalError)
        raise explain_postgresql(cause, "the queue of the workers", lost=lost) from None


def _ask_why(conninfo: str) -> Exception | None:
    """Give why no connection comes about: a pool says only that it waited."""
    import psycopg

    try:
        psycopg.connect(conninfo, connect_timeout=PATIENCE).close()
    except psycopg.Error as trouble:
        return trouble
    return None


def _defer(app: App, kind: str, account: str, connection: Any = None) -> bool:
    from procrastinate.exceptions import AlreadyEnqueued
    from procrastinate.jobs import Job

    name = f"{kind} of {account or _ALL}"
    job = Job(
        id=None,
        queue=queue_of(account),
        lock=lock_of(kind, account),
        queueing_lock=name,
        task_name=_NAME.format(kind),
        task_kwargs={"account": account},
    )
    try:
        app.job_manager.defer_job(job, connection=connection)
    except AlreadyEnqueued:
        return False
    return True


def _add_task(app: App, kind: str, act: Callable[[Told], object]) -> None:
    def task(account: str = "", timestamp: int = 0) -> None:  # noqa: ARG001 a periodic job is told when it was due
        act(Told(kind, account))

    once = CLOCK if kind == CLOCK else None  # else what is due waits behind each tick of a time when all were busy
    app.task(name=_NAME.format(kind), queue=_COMMON, queueing_lock=once)(task)


async def _work(app: App, stalled: int, stopped: Callable[[], bool], left: Counter[str], **options: Any) -> None:
    threads = ThreadPoolExecutor(options["concurrency"] + _SPARE)
    asyncio.get_running_loop().set_default_executor(threads)  # its own has four more than the machine has cores
    async with app.open_async():
        worker = asyncio.ensure_future(
            app.run_worker_async(install_signal_handlers=False, delete_jobs="successful", **options)
        )
        sweep = asyncio.ensure_future(_sweep(app, stalled, left))
        try:
            while not worker.done() and not stopped():
                await asyncio.wait({worker}, timeout=0.2)
        finally:
            sweep.cancel()
            if not worker.done():
                worker.cancel()  # what is being done is finished: each job looks at the wish to end itself
            with suppress(asyncio.CancelledError):
                await worker


async def _sweep(app: App, stalled: int, left: Counter[str]) -> None:
    """Give out anew, now and then, what a worker had that gives no sign any more; nothing ends this."""
    from procrastinate.exceptions import ProcrastinateException

    cleaned = -_CLEANING
    while True:
        with suppress(ProcrastinateException):
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=stalled):
                with suppress(ProcrastinateException):
                    await _give_anew(app, job)
                    left[str(job.task_kwargs.get("account", ""))] += 1
            if time.monotonic() - cleaned >= _CLEANING:
                cleaned = time.monotonic()
                await app.job_manager.delete_old_jobs(KEPT_HOURS, include_failed=True)
        await asyncio.sleep(stalled / 3)


async def _give_anew(app: App, job: Job) -> None:
    """Fail a job and give another out in its place; only who failed it does, so that it is one."""
    from procrastinate.jobs import Status

    await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)
    if job.queueing_lock:
        await app.job_manager.defer_job_async(job.evolve(id=None, status=None, attempts=0, scheduled_at=None))
