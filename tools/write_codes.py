"""Write the table of codes into the README, between its two marks."""

from __future__ import annotations

from pathlib import Path

from batch.model.codes import table

BEGIN, END = "<!-- codes: written by tools/write_codes.py -->\n", "\n<!-- end of codes -->"


def main() -> None:
    """Replace what stands between the marks."""
    readme = Path(__file__).resolve().parents[1] / "README.md"
    before, _, rest = readme.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}{table()}{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
