"""Read the cells of a workbook with bare python-calamine and do nothing with them: `FILE`; puts out the seconds."""

from __future__ import annotations

import sys
import time

import python_calamine


def main() -> None:
    """Lay the sheet out and go through its rows."""
    begun = time.perf_counter()
    rows = sum(1 for _ in python_calamine.load_workbook(sys.argv[1]).get_sheet_by_index(0).iter_rows())
    sys.stdout.write(f"{time.perf_counter() - begun}\n")
    assert rows


if __name__ == "__main__":
    main()
