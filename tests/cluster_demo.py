"""Two workers and a watch on a PostgreSQL of their own take in 40 files: `make cluster-demo`.

Everything happens on this machine: the database is started in a temporary folder, the providers are sandboxes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from cli_support import row, write_csv
from postgres_support import cluster, find_programs

from batch.adapters.sandbox import Sandbox
from benchmarks.agency import write_settings

FILES, ROWS = 40, 5
PATIENCE = 60
"""Seconds without any progress after which it gives up."""
ACCOUNTS = ("dallas", "austin")


def main() -> int:
    """Run it in a folder, and say where the report lies."""
    if find_programs() is None:
        print("PostgreSQL is not installed: apt-get install postgresql, or put its programs on the PATH")
        return 2
    folder = Path(sys.argv[1]).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        sandboxes = {name: stack.enter_context(Sandbox(limit=0, token=f"{name}-token")) for name in ACCOUNTS}
        write_settings(folder, {name: one.url for name, one in sandboxes.items()})
        environ = _environ(sandboxes)
        print("PostgreSQL runs; two workers and a watch start")
        for words in (["watch", "--create"], ["worker"], ["worker"]):
            stack.callback(_end, _start(folder, environ, *words))
        _drop(folder)
        print(f"{FILES} files with {FILES * ROWS} campaigns are dropped into {folder / 'inbox'}")
        done = _wait(folder, sandboxes)
        report = subprocess.run(
            [sys.executable, "-m", "batch", "report", "--since", "2020-01-01", "--format", "html"],
            cwd=folder, env=environ, check=False, capture_output=True, text=True,
        )  # fmt: skip
    if not done:
        print(f"nothing went on for {PATIENCE} seconds: see watch.log and worker.log in {folder}")
    print(f"at the providers: {sum(len(one.account.held) for one in sandboxes.values())} campaigns")
    print(report.stdout.strip() or report.stderr.strip())
    return 0 if done else 1


def _environ(sandboxes: dict[str, Sandbox]) -> dict[str, str]:
    tokens = {f"{name.upper()}_TOKEN": one.token for name, one in sandboxes.items()}
    return {**os.environ, **tokens, "CAMPAIGN_BATCH_LEDGER__URL": cluster().make_database()}


def _start(folder: Path, environ: dict[str, str], *words: str) -> subprocess.Popen[bytes]:
    with (folder / f"{words[0]}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "batch", *words], cwd=folder, env=environ, stdout=log, stderr=log
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait()


def _drop(folder: Path) -> None:
    for number in range(FILES):
        inbox = folder / "inbox" / ACCOUNTS[number % len(ACCOUNTS)]
        inbox.mkdir(parents=True, exist_ok=True)
        rows = range(number * ROWS, number * ROWS + ROWS)
        path = folder / f"store {number:02}.csv"
        sheet = write_csv(path, [row(one, CampaignName=f"Store {one}") for one in rows])
        sheet.replace(inbox / sheet.name)


def _wait(folder: Path, sandboxes: dict[str, Sandbox]) -> bool:
    """Wait until every campaign is at its provider and every file is filed away, or nothing goes on any more."""
    told, since = (-1, -1), time.monotonic()
    while told != (FILES * ROWS, FILES) and time.monotonic() - since < PATIENCE:
        held = sum(len(one.account.held) for one in sandboxes.values())
        filed = len(list((folder / "inbox").glob("*/done/*.csv")))
        if (held, filed) != told:
            told, since = (held, filed), time.monotonic()
            print(f"  {held} of {FILES * ROWS} campaigns, {filed} of {FILES} files", flush=True)
        time.sleep(1)
    return told == (FILES * ROWS, FILES)


if __name__ == "__main__":
    sys.exit(main())
