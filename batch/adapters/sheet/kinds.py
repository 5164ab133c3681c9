"""Say what kind of spreadsheet a file is, by its name and its first bytes, or refuse it by name."""

from __future__ import annotations

import errno
import re
import stat
from pathlib import Path

from batch.model.errors import MachineError, SheetError

ZIPPED = {".xlsx": "xlsx", ".xlsm": "xlsx", ".ods": "ods"}
TEXTS = {".csv": "csv", ".tsv": "tsv", ".txt": "csv"}
READ = ".xlsx, .xlsm, .xls, .ods, .csv and .tsv"


def find_kind(path: Path) -> str:
    """Give `xlsx`, `ods`, `xls`, `csv` or `tsv`; raises SheetError for what cannot be one."""
    start = _start(path)
    if (lock := _LOCK.fullmatch(path.name)) and len(start) < _LOCK_BYTES:
        raise _refuse(path, "only says that somebody has a sheet open", f'name "{lock[1] or lock[2]}" itself')
    ending = path.suffix.lower()
    if ending == ".xlsb" and start and "xlsb" not in (found := _found(path, start) or _TEXT):
        raise _renamed(path, found)
    if ending in _REFUSED:
        raise _refuse(path, f"is {_REFUSED[ending]}, which is not supported", "open it there and save it as .xlsx")
    if ending not in ZIPPED and ending not in TEXTS and ending != ".xls":
        raise _refuse(path, "is not a supported spreadsheet", f"save it as .xlsx; supported are {READ}")
    if not start.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise _refuse(path, "is empty", "check that it was saved and copied completely")
    if ending in ZIPPED:
        return _zipped(path, _content(start, ending), start, ending)
    found = _found(path, start)
    if ending in TEXTS:
        return _text(path, found, ending)
    return _old(path, found)


def kind_of_zip(listing: bytes) -> tuple[str, str]:
    """Say what a zip archive is by the names of its parts, and what to do about it; nothing where that is unknown.

    These names stand in the file as they are, so nothing is unpacked for this.
    """
    return next(((found, _REMEDIES[found]) for mark, found in _ZIPS if mark in listing), ("", ""))


def _text(path: Path, found: str, ending: str) -> str:
    if found and found not in _MAYBE_TEXT:
        raise _renamed(path, found)
    return TEXTS[ending]


def _old(path: Path, found: str) -> str:
    if found in ("an old Office file", "a bare Excel 2 to 4 sheet"):
        return "xls"
    raise _renamed(path, found or _TEXT)


def _zipped(path: Path, found: str, start: bytes, ending: str) -> str:
    if found == "an old Office file" and (_ENCRYPTED in start or _encrypted(path)):
        raise _refuse(path, "is protected by a password", "save it without one")
    if found != "a zip archive":
        raise _renamed(path, found or _TEXT)
    return ZIPPED[ending]


def _renamed(path: Path, found: str) -> SheetError:
    ending = path.suffix.lower()
    return _refuse(path, f"is {found} by its content, not a {ending} file", _REMEDIES.get(found, SAVE_ANEW))


def _refuse(path: Path, words: str, remedy: str) -> SheetError:
    return SheetError(f'"{path.name or path}" {words}', remedy, file=path.name, bare=f"it {words}")


def _start(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _refuse(path, "is a folder", "name the spreadsheet in it")
        if not stat.S_ISREG(mode):  # a pipe would be waited for
            raise _refuse(path, "is not a file", "name the spreadsheet itself")
        with path.open("rb") as file:
            return file.read(8192)
    except FileNotFoundError as error:
        words = f'there is no file "{path}"'
        raise SheetError(words, "check the name and the folder", file=path.name, bare=words) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a usable name"
        if getattr(error, "errno", 0) in _SHORT:
            raise MachineError(f"this machine cannot open another file ({why})", "end other programs") from error
        raise _refuse(path, f"cannot be opened ({why})", "close it in Excel, or check who can read it") from error


def _found(path: Path, start: bytes) -> str:
    """Say what a file is by its content; of a zip archive by the names of its parts, whose list stands at its end."""
    found = _content(start, path.suffix.lower())
    if found != "a zip archive":
        return found
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 2**20))
        return kind_of_zip(start + file.read())[0] or found


def _encrypted(path: Path) -> bool:
    with path.open("rb") as file:
        return any(_ENCRYPTED in block for block in iter(lambda: file.read(2**20), b""))


def _content(start: bytes, ending: str) -> str:
    for magic, name in _MAGIC:
        if start.startswith(magic):
            return name
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        start = start.decode("utf-16", "ignore").encode("utf-8", "ignore")
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<html", b"<!doctype html")) or (head.startswith(b"<?xml") and b"<html" in head):
        return "a web page"
    if head.startswith(b"<?xml"):
        return "an XML file"
    if head.startswith(b"<") and b"<table" in head:
        return _PIECE
    return _OTHER if b"\0" in start and ending not in TEXTS else ""


SAVE_ANEW = "open it in Excel and save it as .xlsx"
_TEXT, _OTHER = "a text file", "a file of another kind"
_PIECE = "a piece of a web page"
"""Many programs call that an Excel export."""
_MAYBE_TEXT = frozenset({_PIECE})
"""A text whose first cell begins like one is read as a text."""
_COPY = "copy its table into Excel and save that as .xlsx"
_REMEDIES = {
    "a binary Excel workbook (.xlsb)": f"rename it to end in .xlsb, then {SAVE_ANEW}",
    "an Excel workbook": "rename it to end in .xlsx",
    "an OpenDocument file": "rename it to end in .ods",
    "a Word document": _COPY,
    "a PowerPoint presentation": _COPY,
    "an Apple Numbers file": "open it in Numbers and export it as .xlsx",
    "an old Office file": "rename it to end in .xls",
    "a bare Excel 2 to 4 sheet": "rename it to end in .xls",
    _TEXT: "rename it to end in .csv",
}
"""What to do about what is only called something else; everything else is opened and saved."""
_ZIPS = (
    (b"xl/workbook.bin", "a binary Excel workbook (.xlsb)"),
    (b"xl/workbook.xml", "an Excel workbook"),
    (b"word/document.xml", "a Word document"),
    (b"ppt/presentation.xml", "a PowerPoint presentation"),
    (b"Index/Document.iwa", "an Apple Numbers file"),
    (b"content.xml", "an OpenDocument file"),
)
_SHORT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""What the system says when it runs short of something itself."""
_LOCK = re.compile(r"~\$(.+)|\.~lock\.(.+)#", re.DOTALL)
"""What Excel and LibreOffice call the file that they put beside an open sheet."""
_LOCK_BYTES = 1_000
"""None of them is as long; a longer file may be a sheet with an odd name."""
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_REFUSED = {
    ".xlsb": "a binary Excel workbook",
    ".numbers": "an Apple Numbers file",
    ".gsheet": "a link to Google Sheets",
}
_MAGIC = (
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file"),
    (b"\x09\x00\x04\x00", "a bare Excel 2 to 4 sheet"),
    (b"\x09\x02\x06\x00", "a bare Excel 2 to 4 sheet"),
    (b"\x09\x04\x06\x00", "a bare Excel 2 to 4 sheet"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF"),
    (b"{\\rtf", "a Word text (RTF)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
)
