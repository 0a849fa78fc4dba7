"""Which bytes of a file a request wants (RFC 9110 section 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

RANGE = re.compile(r"bytes[ \t]*=[ \t]*([0-9]{0,100})[ \t]*-[ \t]*([0-9]{0,100})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `begin` up to, not including, `end`; `partial` when a range was asked for and is kept to (206)."""

    begin: int
    end: int
    partial: bool = False


def wanted_span(headers: Mapping[str, str], size: int, tag: str, changed_at: datetime | None) -> Span | None:
    """The one span to send; None when what is asked for lies outside (416).

    The whole is sent for no range, an unknown unit, several ranges, or an If-Range that no longer holds.
    """
    whole = Span(0, size)
    asked = RANGE.fullmatch(headers.get("Range", "").strip())
    if asked is None or not _still_holds(headers.get("If-Range"), tag, changed_at):
        return whole
    first, last = asked.groups()
    if not first and not last:
        return whole
    if not first:
        length = min(int(last), size)
        return Span(size - length, size, partial=True) if length else None
    begin, end = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < begin:
        return whole
    return Span(begin, end, partial=True) if begin < size else None


def _still_holds(condition: str | None, tag: str, changed_at: datetime | None) -> bool:
    """Whether If-Range names the very file we have: by strong tag, or by its exact date."""
    if condition is None:
        return True
    if condition.startswith('"'):
        return condition == f'"{tag}"'
    if condition.startswith("W/") or changed_at is None:
        return False
    try:
        return parsedate_to_datetime(condition) == changed_at.replace(microsecond=0)
    except (TypeError, ValueError, OverflowError):
        return False
