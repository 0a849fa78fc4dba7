"""The page a recipient's link opens: no more messages, or again; one button, no sign-in, no script."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audience import masked
from channels.audiences import store as audience_store
from channels.channel import Heard
from config.words import Word
from desk.answer import Answer, Done, Shown, Visit
from desk.linked import reached_by


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the message with this link reached."""

    scheme: str
    address: str
    outlet: str
    stopped: bool


async def show(visit: Visit) -> Answer:
    """GET /thoi-nhan/{token}: what is so now, and the one button. Looking changes nothing: some phones look by themselves."""
    async with visit.house.database.read() as connection:
        person = await _person(visit, connection)
    shown, token = masked(person.address), visit.part("token")
    return Shown("stopping.html", {"person": person, "shown": shown, "token": token}, {"stopped": person.stopped})


async def change(visit: Visit) -> Answer:
    """POST /thoi-nhan/{token}: `want` is `nothing` or `again`; twice is once."""
    wants = visit.text("want") == "again"
    async with visit.house.database.write() as tx:
        person = await _person(visit, tx)
        how = "người nhận bấm liên kết trong tin"
        await visit.house.handling.hear(tx, Heard(person.scheme, person.address, wants, how), person.outlet)
    visit.house.notifier.ring("delivery")
    said = (
        Word("Đã ghi nhận: ông/bà lại nhận tin.", "Noted: you receive messages again.")
        if wants
        else Word("Đã ghi nhận: không gửi tin tới ông/bà nữa.", "Noted: no more messages go to you.")
    )
    return Done(visit.request.path, said, {"stopped": not wants})


async def _person(visit: Visit, connection: AsyncConnection) -> Person:
    """Raises NotFound for a link that leads to nobody."""
    house = visit.house
    one = await reached_by(connection, house, house.stop_links, visit.part("token"))
    stopped = await audience_store.is_opted_out(connection, house.seal, one.scheme, one.address)
    return Person(one.scheme, one.address, one.outlet, stopped)
