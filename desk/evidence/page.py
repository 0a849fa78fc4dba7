"""An item's evidence on the desk: the slip of an approval, and the bundle of everything, noted in the journal when it is opened."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from aiohttp import web

from config.lazy import lazily
from desk.answer import Answer, Visit
from desk.evidence.bundle import pieces
from desk.evidence.record import Record, record_of
from desk.shape import shape
from desk.shapes import evidence as shapes
from desk.shapes.reports import PDF

if TYPE_CHECKING:
    from desk.evidence import slip
else:
    slip = lazily("desk.evidence.slip")  # a library of many megabytes, for what is asked for seldom

OPENED = "open_evidence"


@shape(None, shapes.SlipAsked, media=(PDF,))
async def show_slip(visit: Visit) -> Answer:
    """GET /items/{id}/slip: the slip of an approval as PDF; `revision` is its number, the one in force when left out."""
    record = await _record(visit)
    one = record.chosen(visit.asked("revision"))
    house = visit.house
    drawn = await asyncio.to_thread(slip.draw, record, one, house.settings.office.zone, house.stamp.fingerprint)
    name = f"phieu-phe-duyet-{record.item.slug}-ban-{one.revision.number}.pdf"
    headers = {"Content-Type": PDF, "Content-Disposition": f'inline; filename="{name}"'}
    return web.Response(body=drawn, headers=headers)


@shape(None, media=(shapes.ZIP,))
async def show_bundle(visit: Visit) -> Answer:
    """GET /items/{id}/evidence.zip: texts, slips, audio, log and journal of an item, streamed; the opening is noted."""
    house, record = visit.house, await _record(visit)
    record.chosen("")
    item = record.item
    if not visit.looks:
        async with house.database.write() as tx:
            await house.journal.note(tx, house.clock.now(), visit.name, OPENED, f"item/{item.id}")
    name = f"bang-chung-{item.slug}.zip"
    headers = {"Content-Type": shapes.ZIP, "Content-Disposition": f'attachment; filename="{name}"'}
    told = {**headers, "Cache-Control": "no-store", "X-Accel-Buffering": "no", **visit.bears}
    response = web.StreamResponse(headers=told)
    await response.prepare(visit.request)
    if visit.looks:
        return response
    async with aclosing(pieces(house, record, visit.name)) as made:
        async for piece in made:
            await response.write(piece)
    await response.write_eof()
    return response


async def _record(visit: Visit) -> Record:
    async with visit.house.database.read() as connection:
        return await record_of(visit.house, connection, visit.part("id"))
