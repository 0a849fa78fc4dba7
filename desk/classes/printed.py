"""What a class has on paper: its list, the sheet at a session's door, its certificates; drawn beside the loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from channels.classes import store
from channels.classes.given import store as given_store
from channels.classes.people import store as people_store
from channels.classes.training import Answer, door_code
from config.lazy import lazily
from config.words import NotFound
from desk.answer import Answer as Answered
from desk.answer import Visit
from desk.app import House
from desk.classes.page import door_address, key_of
from desk.shape import shape
from desk.shapes import classes as shapes
from desk.shapes.reports import PDF

if TYPE_CHECKING:
    from desk.classes import paper
else:
    paper = lazily("desk.classes.paper")  # a library of many megabytes, for what is asked for seldom


@shape(None, media=(PDF,))
async def show_list(visit: Visit) -> Answered:
    """GET /classes/{id}/list.pdf: the list to be printed and signed."""
    house = visit.house
    async with house.database.read() as connection:
        course = await store.find(connection, visit.part("id"))
        people = await people_store.people_of(connection, house.seal, course.id)
    coming = [one for one in people if one.answer is not Answer.NO]
    drawn = await asyncio.to_thread(paper.roster, _office(house), course, coming, house.settings.office.zone)
    return _pdf(drawn, f"danh-sach-{course.id[-6:]}")


@shape(None, media=(PDF,))
async def show_sheet(visit: Visit) -> Answered:
    """GET /classes/{id}/sessions/{name}/sheet.pdf: what is hung at the door, with the code of this session."""
    house = visit.house
    async with house.database.read() as connection:
        course, session = await store.by_session(connection, visit.part("name"))
    if course.id != visit.part("id"):
        raise NotFound("Không có buổi học này trong lớp", "There is no such session in the class")
    told_by = (door_code(session.id, key_of(house)), door_address(house, session), house.settings.office.zone)
    drawn = await asyncio.to_thread(paper.door, _office(house), course, session, *told_by)
    return _pdf(drawn, f"diem-danh-{session.id[-6:]}")


@shape(None, shapes.OnePerson, media=(PDF,))
async def show_certificates(visit: Visit) -> Answered:
    """GET /classes/{id}/certificates.pdf: everybody's in one file, or one `person`'s."""
    house, wanted = visit.house, visit.asked("person")
    async with house.database.read() as connection:
        course = await store.find(connection, visit.part("id"))
        given = await given_store.certificates(connection, course.id)
        people = {one.id: one for one in await people_store.people_of(connection, house.seal, course.id)}
    pairs = [(people[id], one) for id, one in given.items() if wanted in {"", id} and people[id].name]
    if not pairs:
        raise NotFound("Chưa cấp giấy chứng nhận nào", "There is no certificate", field="person")
    base, zone = house.settings.web.base_url, house.settings.office.zone
    drawn = await asyncio.to_thread(paper.certificates, _office(house), course, pairs, base, zone)
    return _pdf(drawn, f"chung-nhan-{course.id[-6:]}")


def _office(house: House) -> str:
    return house.settings.office.name


def _pdf(drawn: bytes, name: str) -> web.Response:
    headers = {
        "Content-Type": PDF,
        "Content-Disposition": f'inline; filename="{name}.pdf"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=drawn, headers=headers)
