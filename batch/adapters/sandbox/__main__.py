"""Let `python -m batch.adapters.sandbox` be a provider in a process of its own: one JSON line says where it is."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from batch.adapters.sandbox.server import TOKEN, Sandbox


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the options, say where the sandbox listens, and answer until Ctrl-C."""
    options = vars(_parser().parse_args(arguments))
    try:
        sandbox = Sandbox(**options)
        sandbox.start()
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    told = {"url": sandbox.url, "token": sandbox.token, "page": sandbox.page}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    sandbox.serve_forever()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m batch.adapters.sandbox", description="A stand-in provider on 127.0.0.1."
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--zone", default="America/New_York")
    parser.add_argument("--shown-zone", default="")
    parser.add_argument("--fault", action="append", dest="faults", default=[], help="may be given several times")
    parser.add_argument("--seed", type=int)
    for name in ("credits", "limit", "window", "name_length", "page_size"):
        parser.add_argument(_option(name), type=int, default=argparse.SUPPRESS)
    for name in ("latency", "commit_late", "late_seconds", "drip_seconds", "approve_after", "deliver_after"):
        parser.add_argument(_option(name), type=float, default=argparse.SUPPRESS)
    parser.add_argument("--date-offset", type=float, default=0.0)
    parser.add_argument("--silent-paging", action="store_false", dest="announce_paging")
    for name in ("whole_list", "newest_first", "lenient"):
        parser.add_argument(_option(name), action="store_true")
    parser.add_argument("--state-file", type=Path)
    return parser


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


if __name__ == "__main__":
    sys.exit(main())
