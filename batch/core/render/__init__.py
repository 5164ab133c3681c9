"""Turns a row and its template into the text that goes out.

The language is a small part of Jinja2, see `language`; the filters stand in `filters`. What a cell says is never read
as a template: only the Message cell and the template file are.
"""

from __future__ import annotations

from .fields import fold_field
from .filters import FILTERS, Filter
from .renderer import Renderer

__all__ = ["FILTERS", "Filter", "Renderer", "fold_field"]
