"""Read a sheet with pandas and fill in its texts with jinja2, without any check: `FILE openpyxl|calamine|csv`."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import jinja2
import pandas as pd

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "messages"


def main() -> None:
    """Read, fill in, count."""
    path, engine = sys.argv[1], cast(Any, sys.argv[2])
    frame = pd.read_csv(path) if engine == "csv" else pd.read_excel(path, engine=engine)
    environment = jinja2.Environment(autoescape=False)
    environment.filters["date"] = lambda value, shape: pd.to_datetime(value).strftime(shape)
    compiled = lru_cache(maxsize=1000)(environment.from_string)
    made = 0
    for row in frame.fillna("").to_dict("records"):
        source = row["Message"] or _load(row["Template"])
        made += bool(compiled(source).render({str(name): value for name, value in row.items()}))
    sys.stdout.write(f"{made}\n")


@lru_cache(maxsize=100)
def _load(name: str) -> str:
    return next(FOLDER.glob(f"{name}.txt*")).read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
