"""Write plain .ods files by hand: texts in sheets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from sheet_support import pack

_KIND = "application/vnd.oasis.opendocument.spreadsheet"
_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "style")
)


def write_ods(path: Path, sheets: Sequence[tuple[str, Sequence[Sequence[str]], int]]) -> None:
    """Write sheets of a name and rows of texts; the number is that of merged ranges, as for `write_xls`."""
    tables = "".join(
        f"<table:table table:name={quoteattr(name)}>{''.join(map(_row, rows))}</table:table>"
        for name, rows, _ in sheets
    )
    body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_SPACES}>{body}</office:document-content>'
    )
    pack(path, {"mimetype": _KIND, "content.xml": content, "META-INF/manifest.xml": _manifest()})


def _row(row: Sequence[str]) -> str:
    cells = (
        f'<table:table-cell office:value-type="string"><text:p>{escape(text)}</text:p></table:table-cell>'
        if text
        else "<table:table-cell/>"
        for text in row
    )
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def _manifest() -> str:
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>'
        for path, kind in (("/", _KIND), ("content.xml", "text/xml"))
    )
    return f'<manifest:manifest xmlns:manifest="{space}">{entries}</manifest:manifest>'
