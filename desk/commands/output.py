"""What commands print: tables for people, one JSON object a line for machines."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from channels.rows import RowFault
from config.lazy import lazily
from content.recording import Recording

if TYPE_CHECKING:
    from rich import console as consoles
    from rich import table as tables
else:
    consoles, tables = lazily("rich.console"), lazily("rich.table")

WHOLE = {"id": 17, "lúc": 16, "sửa lúc": 16, "kỳ tới": 16}
"""Columns that keep their width on a narrow terminal."""


class Terminal:
    """Words for a person. Its console is made at the first of them: a server, which says none, does without two megabytes."""

    def __init__(self, *, stderr: bool = False) -> None:
        self._stderr = stderr

    @cached_property
    def console(self) -> consoles.Console:
        """What draws on it."""
        return consoles.Console(stderr=self._stderr, highlight=False, soft_wrap=True)

    def print(self, *words: Any, style: str | None = None, markup: bool = True) -> None:
        """A line."""
        self.console.print(*words, style=style, markup=markup)


out, err = Terminal(), Terminal(stderr=True)


FAULTS_SHOWN = 50


def print_faults(faults: Sequence[RowFault], titles: Mapping[str, str]) -> None:
    """The first faults of a file, each with its line and column, and how many more there are."""
    for fault in faults[:FAULTS_SHOWN]:
        err.print(f"dòng {fault.line}, cột {titles[fault.column]}: {fault.vi}", style="red", markup=False)
    if len(faults) > FAULTS_SHOWN:
        err.print(f"… và {len(faults) - FAULTS_SHOWN} lỗi nữa", style="red")


def plain(value: Any) -> Any:
    """Any value of the house as JSON-ready values: moments in ISO 8601, enums by value."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(one) for key, one in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [plain(one) for one in value]
    return value


def print_json(value: Any) -> None:
    """One object on one line."""
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """A table, or a sentence when there is nothing in it."""
    table = tables.Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        # ids and moments are copied and compared: never cut
        table.add_column(column, no_wrap=column in WHOLE, min_width=WHOLE.get(column))
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    out.print(table if table.row_count else empty)


def local(moment: datetime | None, zone: ZoneInfo) -> str:
    """A moment as people here write it."""
    return "" if moment is None else moment.astimezone(zone).strftime("%d/%m/%Y %H:%M")


def figures_of(made: Recording) -> str:
    """Length, loudness and peak of a recording as they were measured."""
    return f"{made.seconds:.1f} giây, {made.lufs:.1f} LUFS, đỉnh {made.true_peak_db:.1f} dBTP"
