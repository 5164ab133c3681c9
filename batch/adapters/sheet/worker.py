"""The process that reads spreadsheets, so that a file that kills its reader kills nothing else.

It takes one request after another on standard input and answers on standard output, each as a
length and a marshalled value. `child.py` starts it.
"""

from __future__ import annotations

import gc
import marshal
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

from batch.adapters.sheet.choose import read_tabs
from batch.adapters.sheet.grid import LyingError
from batch.adapters.sheet.shapes import Message
from batch.core.bounds import beyond
from batch.model.errors import SheetError
from batch.model.limits import Limits
from batch.system.confined.within import limit, limit_seconds

READY = ("ready", ())
"""What the process says before it takes the first request: a death before that has nothing to do with a file."""


def main(kind: str) -> None:
    """Answer requests until there are no more; the first will be for a file of `kind`."""
    gc.disable()
    _get_ready(kind)
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", buffering=2**16)
    send(sink, READY)
    while request := receive(source)[1]:
        limit(RLIMIT_AS=request["limits"]["memory"])
        limit_seconds(request["limits"]["seconds"])
        kind = ""
        for message in answers(request):
            kind = message[0]
            send(sink, message)
        if kind != "end":
            gc.collect()  # what was given up holds its file open
        if threading.active_count() > 1:
            return  # calamine is still at work on what was given up: it may end this process in the middle of the next


def answers(request: dict[str, Any]) -> Iterator[Message]:
    """Give the messages that answer one request; whatever goes wrong is a message too."""
    book: Any = None
    limits = Limits(**request["limits"])
    try:
        book = _open(request, limits)
        messages = read_tabs(book.tabs, request["name"], limits)
        head = next(messages)  # nothing is said before it is sure that the sheet can be read
        yield "note", {"macros": getattr(book, "macros", False), "legacy": getattr(book, "legacy", False)}
        yield head
        yield from messages
    except SheetError as error:
        yield "fail", (error.words, error.remedy)
    except LyingError:
        yield "again", ()
    except MemoryError:
        refusal = beyond("memory", limits)
        yield "fail", (refusal.words, refusal.remedy)
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # calamine's panics are no Exception
        words = f"the file is damaged, or in a format that is not supported{_cut(error)}"
        yield "fail", (words, "open it in Excel, save it as .xlsx and drop that")
    finally:
        if book is not None:
            book.close()


def send(sink: BinaryIO, message: Message) -> None:
    """Write one message."""
    body = marshal.dumps(message, 2)
    sink.write(len(body).to_bytes(4, "big") + body)
    sink.flush()


def receive(source: BinaryIO, most: int = 2**31) -> tuple[int, Any]:
    """Read one message of no more than `most` bytes; give its size, and None when there are no more."""
    head = source.read(4)
    if len(head) < 4:
        return 0, None
    size = int.from_bytes(head, "big")
    if size > most:
        return size, None
    return size, marshal.loads(source.read(size))  # noqa: S302 both ends are this program


def _get_ready(kind: str) -> None:
    """Load what most workbooks need while nobody has asked for anything yet."""
    if kind == "xlsx":
        import python_calamine  # noqa: F401

        from batch.adapters.sheet import xlsx  # noqa: F401


def _open(request: dict[str, Any], limits: Limits) -> Any:
    path, kind, date_order = request["path"], request["kind"], request["date_order"]
    if kind in ("csv", "tsv"):
        from batch.adapters.sheet.delimited import TextBook

        return TextBook(path, request["encoding"], tabs=kind == "tsv", limits=limits)
    if kind == "ods":
        from batch.adapters.sheet.ods import OdsBook

        return OdsBook(path, limits=limits)
    if kind == "xls":
        from batch.adapters.sheet.xls import open_book

        return open_book(path, date_order=date_order, limits=limits)
    from batch.adapters.sheet.xlsx import XlsxBook

    return XlsxBook(path, date_order=date_order, careful=request["careful"], limits=limits)


def _cut(error: BaseException) -> str:
    words = " ".join(str(error).split())[:120].rstrip(".")
    return f" ({words})" if words else ""
