"""Give what a number's cell shows, and what is to say about it, in workbooks of any format."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from batch.adapters.sheet import formats
from batch.adapters.sheet.shapes import Extra


def show_number(raw: str, shape: formats.Format | None, *, epoch_1904: bool) -> tuple[str, Extra | None]:
    """Give what a number cell shows, and what is to say about it."""
    try:
        value = float(raw)
    except ValueError:
        return raw.strip(), None
    if shape is None:
        shown = formats.general(value)
        plain = formats.exact(value)
        return (plain, ("unclear", plain, "General")) if shown is None else (shown, None)
    shown = shape.show(value)
    dated = shape.has_date or shape.has_time
    if dated and 0 <= value < 2_958_466:
        return (shown or "").strip(), _dated(value, shape, shown, epoch_1904=epoch_1904)
    plain = formats.exact(value)
    if shown is None:
        return plain, ("unclear", plain, shape.code)
    if shape.thousands and abs(value) >= 1000:
        return shown.strip(), ("thousands", plain)
    if shape.scientific:
        return shown.strip(), ("scientific", plain)
    if abs(value) >= 1e15:
        return shown.strip(), ("long", plain)
    return shown.strip(), None


def _dated(value: float, shape: formats.Format, shown: str | None, *, epoch_1904: bool) -> Extra:
    return ("date", value, epoch_1904, shape.has_date, shape.has_time, shape.code if shown is None else "")


def show_plain(value: Any) -> str | None:
    """Write a value that has no format of its own; None for one that needs care."""
    if type(value) is float:
        return str(int(value)) if value.is_integer() and -1e11 < value < 1e11 else None
    if type(value) is bool:
        return "TRUE" if value else "FALSE"
    return None


def show_general(value: Any) -> tuple[str, Extra | None]:
    """Write a value in the format General, and say where that is not clear."""
    if type(value) is not float:
        return str(value), None
    shown = formats.general(value)
    return (shown, None) if shown is not None else (formats.exact(value), ("unclear", formats.exact(value), "General"))


def to_serial(text: str, *, epoch_1904: bool) -> str:
    """Turn a date in ISO 8601 (cells of type `d`) into Excel's count of days."""
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return text
    origin = datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 cells know no zone
    return repr((moment.replace(tzinfo=None) - origin).total_seconds() / 86_400)
