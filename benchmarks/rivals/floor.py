"""Do the least that any such program must: read the cells and insert them into SQLite: `FILE DATABASE`."""

from __future__ import annotations

import csv
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

MARKS = ", ".join("?" * 10)


def main() -> None:
    """Read and insert, in one transaction."""
    path, database = sys.argv[1:]
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(f"CREATE TABLE cells ({', '.join(f'c{place}' for place in range(10))})")
        connection.executemany(f"INSERT INTO cells VALUES ({MARKS})", read(path))


def read(path: str) -> Iterator[Any]:
    """Give the rows as they come."""
    if path.endswith(".csv"):
        with Path(path).open(encoding="utf-8", newline="") as file:
            yield from csv.reader(file)
        return
    import python_calamine

    for row in python_calamine.load_workbook(path).get_sheet_by_index(0).iter_rows():
        yield [value if isinstance(value, str | float) else str(value) for value in row]


if __name__ == "__main__":
    main()
