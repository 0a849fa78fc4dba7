"""What forms and addresses carry, made into values: moments, days, choices, cursors."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from aiohttp import web

from config.words import BadInput
from db.types import from_ms, to_ms
from desk.answer import Visit

E = TypeVar("E", bound=StrEnum)
PAGE, MOST = 50, 200


def moment_of(visit: Visit, name: str) -> datetime | None:
    """A moment of a form: ISO 8601, in the office's zone when it names none. Raises BadInput."""
    written = visit.text(name).strip()
    if not written:
        return None
    try:
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=visit.drawing.zone)
        to_ms(moment)
    except (ValueError, OverflowError):
        raise BadInput(
            f"Không hiểu thời điểm “{written[:40]}” (ví dụ 2026-12-01T05:00)",
            f"Not a moment: {written[:40]}",
            field=name,
        ) from None
    return moment


def day_of(visit: Visit, name: str, *, end: bool = False) -> datetime | None:
    """The beginning of a day of the address's query, or its end. Raises BadInput."""
    written = visit.asked(name)
    if not written:
        return None
    try:
        day = date.fromisoformat(written) + timedelta(days=1 if end else 0)
    except (ValueError, OverflowError):
        raise BadInput(f"Không hiểu ngày “{written[:20]}”", f"Not a day: {written[:20]}", field=name) from None
    return datetime.combine(day, time(), visit.drawing.zone)


def file_of(visit: Visit, name: str, what: str) -> web.FileField:
    """A file of the form. Raises BadInput when none was chosen; `what` is what it should be, in Vietnamese."""
    given = visit.form.get(name)
    if not isinstance(given, web.FileField) or not given.filename:
        raise BadInput(f"Chọn một {what}", "Choose a file", field=name)
    return given


def choice(kind: type[E], written: str, field: str) -> E | None:
    """One of the words of an enum, or None when nothing is written. Raises BadInput."""
    if not written:
        return None
    try:
        return kind(written)
    except ValueError:
        listed = ", ".join(kind)
        raise BadInput(f"{field}: chọn một trong {listed}", f"{field}: one of {listed}", field=field) from None


def limit_of(visit: Visit) -> int:
    """How many entries a page has. Raises BadInput."""
    written = visit.asked("limit") or str(PAGE)
    if not written.isascii() or not written.isdigit() or not 1 <= int(written) <= MOST:
        raise BadInput(f"limit phải từ 1 đến {MOST}", f"limit is 1 to {MOST}", field="limit")
    return int(written)


def cursor(moment: datetime, id: str) -> str:
    """Where a page ended, for lists in order of time."""
    return f"{to_ms(moment)}.{id}"


def after_of(visit: Visit) -> tuple[datetime, str] | None:
    """The opposite of `cursor`, from the query. Raises BadInput."""
    written = visit.asked("after")
    if not written:
        return None
    moment, _, id = written.partition(".")
    if not moment.isascii() or not moment.isdigit() or len(moment) > 14 or not id:
        raise BadInput("after không hợp lệ", "after is no cursor of this list", field="after")
    return from_ms(int(moment)), id


def listed(plain: list[Any], next: str | None) -> dict[str, Any]:
    """A page of a list as JSON."""
    return {"items": plain, "next": next}


def iso(moment: datetime | None) -> str | None:
    """A moment in JSON."""
    return None if moment is None else moment.astimezone(UTC).isoformat()


def digest_of(visit: Visit) -> str:
    """The digest that was looked at: nobody approves without saying what. Raises BadInput."""
    digest = visit.text("digest")
    if not digest:
        raise BadInput("Thiếu digest của bản đã xem", "Give the digest of what was looked at", field="digest")
    return digest
