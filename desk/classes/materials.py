"""What is handed out in a class: links, items, files."""

from __future__ import annotations

import asyncio
from base64 import b64decode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.classes.given import store as given_store
from channels.classes.given.store import Material
from channels.classes.training import LONGEST, line
from config.words import BadInput, NotFound, Word
from db.types import new_id
from desk.answer import Answer as Answered
from desk.answer import Visit
from desk.classes.page import done
from desk.classes.reading import ENDINGS, file_in
from desk.shape import shape
from desk.shapes import classes as shapes
from desk.units.choosing import must_see_item


@shape(shapes.ClassTold, shapes.MaterialFields, status=201)
async def add_material(visit: Visit) -> Answered:
    """POST /classes/{id}/materials: a link, or an approved item."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        link, item = visit.text("link").strip(), visit.text("item").strip()
        if bool(link) == bool(item):
            raise BadInput("Ghi một địa chỉ, hoặc chọn một tin", "Give a link or an item", field="link")
        title = line(visit.text("title"), "title", "" if item else "Ghi tên tài liệu")
        if link and not link.startswith(("https://", "http://")):
            raise BadInput("Địa chỉ bắt đầu bằng https://", "The link is no web address", field="link")
        if item:
            await must_see_item(visit, tx, item)
        new = Material(new_id(visit.house.clock.now()), id, title, line(link, "link"), item, "")
        await visit.house.training.add_material(tx, new, "", visit.name)
        return Word("Đã thêm tài liệu.", "Material added.")

    return await done(visit, deed, "#materials", 201)


@shape(shapes.ClassTold, shapes.MaterialFile, status=201)
async def take_file(visit: Visit) -> Answered:
    """POST /classes/{id}/materials/file: a file, looked at by its content."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        name, media, body = await file_in(visit)
        title = line(visit.text("title"), "title") or line(name[: LONGEST["title"]], "title", "Ghi tên tài liệu")
        new = Material(new_id(visit.house.clock.now()), id, title, "", "", media)
        await visit.house.training.add_material(tx, new, body, visit.name)
        return Word("Đã thêm tài liệu.", "Material added.")

    return await done(visit, deed, "#materials", 201)


@shape(shapes.ClassTold)
async def drop_material(visit: Visit) -> Answered:
    """POST /classes/{id}/materials/{name}/remove."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        await visit.house.training.drop_material(tx, id, visit.part("name"), visit.name)
        return Word("Đã bỏ tài liệu.", "Material removed.")

    return await done(visit, deed, "#materials")


@shape(None, media=tuple(ENDINGS))
async def show_file(visit: Visit) -> Answered:
    """GET /classes/{id}/materials/{name}: a file that is handed out."""
    async with visit.house.database.read() as connection:
        return await send_file(connection, visit.part("id"), visit.part("name"))


async def send_file(connection: AsyncConnection, klass: str, id: str) -> web.Response:
    """A file to be saved, never shown in our pages' name. Raises NotFound."""
    found = next((one for one in await given_store.materials(connection, klass) if one.id == id and one.media), None)
    if found is None:
        raise NotFound("Không có tệp này", "There is no such file")
    body = await asyncio.to_thread(b64decode, await given_store.body_of(connection, id))
    name = f"tai-lieu-{id[-6:]}.{ENDINGS[found.media]}"
    headers = {"Content-Type": found.media, "Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, headers=headers)
