"""Columns by letter and by number: position 0 is column A."""

from __future__ import annotations


def column_letter(position: int) -> str:
    """Turn a position (0 is A) into Excel's letters."""
    letters = ""
    number = position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_position(letters: str) -> int:
    """Turn Excel's letters, in either case, into a position (A is 0)."""
    number = 0
    for sign in letters.upper():
        number = number * 26 + ord(sign) - 64
    return number - 1


RESULTS = ("Row status", "Provider Id", "Provider contacts", "Provider time")
"""What a marked copy says of every row before its problem; a sheet that is handed in again may have these columns."""
PROBLEM = "Problem"
OURS = (PROBLEM, *RESULTS)
"""The columns that a marked copy carries; ignored when it comes back."""
