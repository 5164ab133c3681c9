"""Measure: `python -m benchmarks [--quick] [a b ...]`; only a run that is not quick writes RESULTS.md."""

from __future__ import annotations

import argparse
import compileall
import sys
import tempfile
from pathlib import Path

from benchmarks.measures import MEASURES, Bench
from benchmarks.stopwatch import HOUSE
from benchmarks.table import keep, write_section


def main() -> int:
    """Run the comparisons that were named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("letters", nargs="*", choices=[*MEASURES, []], help="which comparisons (default: all)")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round, nothing written")
    parser.add_argument("--rounds", type=int, default=3, help="how often each side runs")
    parser.add_argument("--entries", type=int, default=0, help="entries of the ledgers of years (i and k)")
    options = parser.parse_args()
    compileall.compile_dir(HOUSE / "batch", quiet=1)  # as an installed program is, and as pandas is
    with tempfile.TemporaryDirectory(prefix="campaign-batch-bench-", ignore_cleanup_errors=True) as folder:
        bench = Bench(Path(folder), options.quick, options.rounds, options.entries)
        for letter in options.letters or MEASURES:
            written = write_section(MEASURES[letter](bench), bench.rounds)
            sys.stdout.write(written)
            sys.stdout.flush()
            if not options.quick:
                keep({letter: written})
    return 0


if __name__ == "__main__":
    sys.exit(main())
