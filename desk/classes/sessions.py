"""Sessions of a training class at the desk: one more, another time, one less."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import Word
from desk.answer import Answer as Answered
from desk.answer import Visit
from desk.classes.page import done
from desk.classes.reading import session_of
from desk.shape import shape
from desk.shapes import classes as shapes


@shape(shapes.ClassTold, shapes.SessionFields, status=201)
async def add_session(visit: Visit) -> Answered:
    """POST /classes/{id}/sessions: one more."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        await visit.house.training.add_session(tx, session_of(visit, id), visit.name)
        return Word("Đã thêm buổi học.", "Session added.")

    return await done(visit, deed, "#sessions", 201)


@shape(shapes.ClassTold, shapes.SessionFields)
async def move_session(visit: Visit) -> Answered:
    """POST /classes/{id}/sessions/{name}: another time, place or lecturer."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        await visit.house.training.move_session(tx, session_of(visit, id, visit.part("name")), visit.name)
        return Word(
            "Đã đổi buổi học. Soạn lại lời mời để báo cho người đã mời.",
            "Session changed. Draft the invitation again to tell those invited.",
        )

    return await done(visit, deed, "#sessions")


@shape(shapes.ClassTold)
async def drop_session(visit: Visit) -> Answered:
    """POST /classes/{id}/sessions/{name}/remove."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        item = await visit.house.training.drop_session(tx, id, visit.part("name"), visit.name)
        if item is not None:
            await visit.house.correcting.take_back(tx, item)
        return Word("Đã bỏ buổi học.", "Session removed.")

    return await done(visit, deed, "#sessions")
