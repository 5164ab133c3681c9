"""Read a sheet with polars (a workbook by calamine) and fill in its texts with jinja2, without any check: `FILE`."""

from __future__ import annotations

import sys
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import polars

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "messages"


def main() -> None:
    """Read, fill in, count."""
    path = sys.argv[1]
    frame: Any = polars.read_csv(path) if path.endswith(".csv") else polars.read_excel(path, engine="calamine")
    environment = jinja2.Environment(autoescape=False)
    environment.filters["date"] = lambda value, shape: _day(value).strftime(shape)
    compiled = lru_cache(maxsize=1000)(environment.from_string)
    made = 0
    for row in frame.iter_rows(named=True):
        source = row["Message"] or _load(row["Template"])
        made += bool(compiled(source).render(row))
    sys.stdout.write(f"{made}\n")


def _day(value: str | date) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


@lru_cache(maxsize=100)
def _load(name: str) -> str:
    return next(FOLDER.glob(f"{name}.txt*")).read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
