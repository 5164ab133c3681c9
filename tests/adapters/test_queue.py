"""The queue of the workers: what a dead one left is given out anew, and kept for a week."""

from __future__ import annotations

import time
from threading import Barrier

import pytest
from postgres_support import cluster, cut_off

from batch.adapters.queue import Queue, Told
from batch.model.errors import LedgerError

KIND, MAIL = "take-in", "mail"


def sql(url: str, words: str) -> None:
    cluster().query(f"SET search_path TO campaign_queue; {words}", url)


def test_the_clock_waits_once_however_long_all_workers_are_busy(url: str) -> None:
    """Its ticks waited before what was due, and were worked off one by one."""
    queue, waiting = Queue(url), list[int]()
    ticks = "SELECT id FROM campaign_queue.procrastinate_jobs WHERE status = 'todo' AND task_name ~ 'clock'"

    def be_busy(told: Told) -> None:
        if told.kind == KIND:
            time.sleep(4)
            waiting.append(len(cluster().query(ticks, url)))

    queue.prepare()
    queue.give([(KIND, "dallas")])
    how = {"concurrency": 1, "every": 1, "stalled": 30, "once": False}
    queue.work(be_busy, [KIND], ["dallas"], stopped=lambda: waiting != [], **how)
    assert waiting == [1]


def test_what_a_dead_worker_left_is_given_out_anew_and_kept_for_a_week(url: str) -> None:
    """It is counted for each account; what failed longer ago is deleted. A job of an older version is done, too."""
    queue, acted, end = Queue(url), list[Told](), time.monotonic() + 60
    taken = Told(KIND, "dallas")
    queue.prepare()
    queue.give([(KIND, "dallas"), (KIND, "austin"), (MAIL, "dallas")])
    sql(url, "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour')")
    sql(url, "UPDATE procrastinate_jobs SET status = 'failed' WHERE args ->> 'account' = 'austin'")
    sql(url, "UPDATE procrastinate_jobs SET queue_name = 'campaign-batch' WHERE task_name LIKE '%:mail'")
    sql(url, "UPDATE procrastinate_events SET at = now() - interval '169 hours'")
    sql(url, "UPDATE procrastinate_jobs SET status = 'doing', worker_id = 1 WHERE lock = 'dallas'")

    def is_done() -> bool:
        return ({taken, Told(MAIL, "dallas")} <= set(acted) and not queue.depth()["doing"]) or time.monotonic() > end

    queue.work(acted.append, [KIND, MAIL], ["dallas"], concurrency=1, every=30, stalled=30, once=False, stopped=is_done)
    assert (acted.count(taken), acted.count(Told(MAIL, "dallas"))) == (1, 1)
    assert queue.left == {"dallas": 1}
    seen = queue.look("dallas", 30), queue.look("austin", 30)
    assert [one.failed for one in seen if one is not None] == [1, 0]


def test_as_many_jobs_are_done_at_once_as_was_asked_for(url: str) -> None:
    """However few cores the machine has: each of these waits until all have begun."""
    queue, names, done = Queue(url), [f"store{number}" for number in range(20)], list[str]()
    all_here = Barrier(len(names))
    queue.prepare()
    queue.give([(KIND, name) for name in names])

    def act(told: Told) -> None:
        all_here.wait(30)
        done.append(told.account)

    queue.work(act, [KIND], names, concurrency=20, every=30, stalled=30, once=True, stopped=lambda: False)
    assert sorted(done) == sorted(names)


def test_why_no_connection_comes_about_is_said(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool that found none said only how long it had waited, and the remedy was to check host and port."""
    monkeypatch.setattr("batch.adapters.queue.PATIENCE", 1)
    Queue(url).prepare()
    cluster().query("CREATE ROLE crowded LOGIN SUPERUSER")
    queue = Queue(url.replace("postgres@", "crowded@"))
    with queue.kept_open():
        cluster().query("ALTER ROLE crowded NOSUPERUSER CONNECTION LIMIT 0")
        cut_off(url)
        with pytest.raises(LedgerError, match="has too many connections open") as caught:
            queue.depth()
    assert "raise the limit of the database or of this user" in str(caught.value)


def test_a_worker_that_was_taken_for_dead_is_told_so(url: str) -> None:
    """As on a laptop that slept: it was sent to look for damage in the ledger."""
    queue = Queue(url)

    def forget(_told: Told) -> None:
        sql(url, "DELETE FROM procrastinate_workers")

    queue.prepare()
    queue.give([(KIND, "dallas"), (KIND, "austin")])
    how = {"concurrency": 1, "every": 30, "stalled": 30, "once": True}
    with pytest.raises(LedgerError, match=r"others got its jobs .* run the command again"):
        queue.work(forget, [KIND], ["dallas", "austin"], stopped=lambda: False, **how)
