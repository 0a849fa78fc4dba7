"""The log of an item as tables of a bundle: UTF-8 CSV, each cell safe to open, nobody's number whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from channels.audience import masked, shown
from channels.seal import Seal, SealBroken
from channels.shelf.fetched import Pulled
from channels.station.store import Airing
from desk.cells import MARK, csv_lines
from desk.forms import iso
from scheduler.delivery import Delivery

DELIVERIES = (
    *("id", "due_at", "schedule", "occurrence", "outlet", "carried_by", "address", "state", "tries", "rule"),
    *("reference", "detail", "title"),
)
ATTEMPTS = ("delivery", "n", "outlet", "at", "ms", "outcome", "reason", "reference", "detail")
RECEIPTS = ("delivery", "outlet", "stage", "at", "reason", "detail")
STATIONS = (
    *("delivery", "outlet", "evidence", "part", "state", "file", "size", "bytes", "requests", "first_at", "last_at"),
    *("complete_at", "agent", "aired_at", "seconds", "slot", "presenter", "source", "line"),
)
COLUMNS = {"deliveries.csv": DELIVERIES, "attempts.csv": ATTEMPTS, "receipts.csv": RECEIPTS, "stations.csv": STATIONS}
_NUMBER, _NO_DIGIT = re.compile(r"\+?\d(?:[ .\-]?\d){5,}"), re.compile(r"\D")


@dataclass(frozen=True, slots=True)
class Page:
    """Some deliveries with all that is known of them."""

    deliveries: Sequence[Delivery]
    receipts: Sequence[tuple[Delivery, Row[Any]]]
    pulls: dict[str, list[Pulled]]
    airings: dict[str, list[Airing]]


def head(name: str) -> bytes:
    """The beginning of a table."""
    return MARK + lines([COLUMNS[name]])


def bodies(seal: Seal, page: Page) -> dict[str, bytes]:
    """The lines of a page for each table."""
    hide = {one.id: hiding(seal, one.address) for one in page.deliveries}
    return {
        "deliveries.csv": lines(_delivery(seal, one, hide[one.id]) for one in page.deliveries),
        "attempts.csv": lines(line for one in page.deliveries for line in _attempts(one, hide[one.id])),
        "receipts.csv": lines(
            (one.id, one.carrier, row.stage, row.at, row.reason, hide[one.id](row.detail)) for one, row in page.receipts
        ),
        "stations.csv": lines(line for one in page.deliveries for line in _station(one, page)),
    }


def lines(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as CSV."""
    return csv_lines([_cell(cell) for cell in row] for row in rows)


def _cell(value: object) -> object:
    if value is None:
        return ""
    return iso(value) if isinstance(value, datetime) else value


def _delivery(seal: Seal, one: Delivery, hide: Callable[[str], str]) -> tuple[object, ...]:
    to = shown(seal, one.address) if one.address != one.outlet else ""
    place = (one.id, one.due_at, one.schedule, one.occurrence, one.outlet, one.carrier, to)
    return (*place, one.state, len(one.attempts), one.rule, hide(one.reference), hide(one.detail), one.title)


def _attempts(one: Delivery, hide: Callable[[str], str]) -> Iterator[tuple[object, ...]]:
    for each in one.attempts:
        said = (each.outcome, each.reason, hide(each.reference), hide(each.detail))
        yield (one.id, each.n, one.carrier_at(each.n), each.at, each.ms, *said)


def _station(one: Delivery, page: Page) -> Iterator[tuple[object, ...]]:
    """What a station fetched, file by file, then what it says it aired; parts are counted from 1, none is the whole."""
    for pull in page.pulls.get(one.id, ()):
        counts = (pull.file, pull.size, pull.bytes, pull.requests)
        moments = (pull.first_at, pull.last_at, pull.complete_at)
        yield (one.id, one.outlet, "pulled", pull.proof.part + 1, pull.state, *counts, *moments, pull.agent, *[""] * 6)
    for air in page.airings.get(one.id, ()):
        told = (air.at, air.seconds, air.slot, air.presenter, air.source, air.line)
        yield (one.id, one.outlet, "aired", air.part + 1 or "", *[""] * 9, *told)


def hiding(seal: Seal, address: str) -> Callable[[str], str]:
    """What masks one person's number wherever a partner's words repeat it, in any common writing."""
    try:
        plain = seal.open(address)
    except SealBroken:
        return str
    digits = _NO_DIGIT.sub("", plain)
    if len(digits) < 6 or plain == masked(plain):
        return str
    own, mark = digits[-9:] if plain.startswith("+") else digits, masked(plain)

    def masks(found: re.Match[str]) -> str:
        return mark if own in _NO_DIGIT.sub("", found[0]) else found[0]

    return lambda text: _NUMBER.sub(masks, text)
