"""Who acts on the command line, on what, and how moments are written there."""

from __future__ import annotations

import argparse
import getpass
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from config.settings import duration
from config.words import BadInput, NotAllowed
from desk import store
from desk.app import House

EVERYTHING = ("author", "approver", "station", "viewer", "administrator")
Run = Callable[[House, argparse.Namespace], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who does something, with the roles they have."""

    name: str
    roles: tuple[str, ...]
    unit: str = ""

    def must(self, *roles: str) -> None:
        """Raise NotAllowed unless the actor has one of the roles; administrators have all of them."""
        if not {"administrator", *roles} & set(self.roles):
            needed = ", ".join(roles)
            raise NotAllowed(
                f"{self.name} không có quyền này (cần: {needed})", f"{self.name} may not do this ({needed})"
            )

    @property
    def may_approve(self) -> bool:
        """Whether the actor may be a second person at all."""
        return bool({"approver", "administrator"} & set(self.roles))


async def actor(house: House, name: str | None) -> Actor:
    """Whoever `--as` names, else the operator of this machine.

    Whoever has a shell on the server can do everything anyway; a name that is no account is taken as written.
    """
    called = " ".join((name or getpass.getuser()).split())
    async with house.database.read() as connection:
        person = await store.person_called(connection, called)
    if person is None:
        return Actor(called, EVERYTHING)
    if person.disabled_at is not None:
        raise NotAllowed(f"Tài khoản {person.name} đã khóa", f"The account {person.name} is disabled")
    return Actor(person.name, person.roles, person.unit)


def add_deed(verbs: Any, name: str, run: Run, words: str) -> argparse.ArgumentParser:
    """A verb that does something to things by their ids, as somebody, with a note."""
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=words)
    verb.add_argument("id", nargs="+")
    verb.add_argument("--as", dest="by", metavar="NAME", help="người thực hiện")
    verb.add_argument("--note", default="", help="lý do hoặc ghi chú")
    verb.set_defaults(run=run)
    return verb


def unreadable(file: Path, error: OSError) -> BadInput:
    """A file that was named cannot be read."""
    return BadInput(f"{file}: không đọc được ({error.strerror})", f"{file}: cannot be read ({error.strerror})")


def moment(house: House, written: str, field: str) -> datetime:
    """`now`, `+10m`, `05:00` (the next one), `2026-12-01`, `2026-12-01 05:00`, `01/12/2026 05:00` or ISO 8601; aware."""
    now = house.clock.now()
    zone = house.settings.office.zone
    text = written.strip()
    if text == "now":
        return now
    if text.startswith("+"):
        return now + timedelta(seconds=_seconds(text[1:], field))
    if re.fullmatch(r"\d{1,2}:\d{2}", text):
        hour, minute = map(int, text.split(":"))
        if hour < 24 and minute < 60:
            today = datetime.combine(now.astimezone(zone).date(), time(hour, minute), zone)
            return today if today > now else today + timedelta(days=1)
    local_form = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:\s+(\d{1,2}):(\d{2}))?", text)
    try:
        if local_form:
            day, month, year, hour_text, minute_text = local_form.groups()
            clock_time = time(int(hour_text or 0), int(minute_text or 0))
            return datetime.combine(date(int(year), int(month), int(day)), clock_time, zone)
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            f"Không hiểu thời điểm “{written}” (ví dụ: now, +10m, 05:00, 2026-12-01 05:00)",
            f"Not a moment: {written!r} (for instance now, +10m, 05:00, 2026-12-01 05:00)",
            field=field,
        ) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)


def span(written: str, field: str) -> timedelta:
    """`30m`, `12h`, `1d` as a length of time. Raises BadInput."""
    return timedelta(seconds=_seconds(written, field))


def _seconds(written: str, field: str) -> float:
    try:
        length: timedelta = duration(written)
    except ValueError:
        raise BadInput(
            f"Không hiểu khoảng thời gian “{written}” (ví dụ 90s, 15m, 12h, 1d)",
            f"Not a length of time: {written!r} (for instance 90s, 15m, 12h, 1d)",
            field=field,
        ) from None
    return length.total_seconds()
