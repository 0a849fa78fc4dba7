"""Cells and lines of exports that are safe to open."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

RISKY = ("=", "+", "-", "@", "\t", "\r", "\0")
MARK = "\ufeff".encode()
"""In front of CSV: by it a spreadsheet knows UTF-8."""
PLAIN_TEXT = {"strings_to_formulas": False, "strings_to_urls": False}
"""Of a workbook of xlsxwriter: text is text, never a formula or a link."""


def safe(cell: object) -> str:
    """A cell no spreadsheet takes for a formula (OWASP CSV injection): a quote mark in front of risky beginnings."""
    text = str(cell)
    return f"'{text}" if text.startswith(RISKY) else text


def csv_lines(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as lines of CSV, each text safe; numbers are numbers."""
    text = io.StringIO()
    csv.writer(text).writerows([safe(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue().encode()
