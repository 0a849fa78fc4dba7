"""People of a training class at the desk: added, what they answered, who came, certified."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.classes.training import Answer, How, line
from config.words import BadInput, Word
from desk.answer import Answer as Answered
from desk.answer import Visit
from desk.classes.page import done
from desk.forms import choice
from desk.shape import shape
from desk.shapes import classes as shapes


@shape(shapes.ClassTold, shapes.NameFields, status=201)
async def add_person(visit: Visit) -> Answered:
    """POST /classes/{id}/people: somebody who was not invited."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        name = line(visit.text("name"), "name", "Ghi họ tên")
        await visit.house.training.add_person(tx, id, name, visit.name)
        return Word("Đã thêm vào danh sách.", "Added to the list.")

    return await done(visit, deed, "#people", 201)


@shape(shapes.ClassTold, shapes.AnswerFields)
async def note_answer(visit: Visit) -> Answered:
    """POST /classes/{id}/people/{name}/answer: what somebody told the office of coming."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        answer = choice(Answer, visit.text("answer"), "answer")
        if answer is None:
            raise BadInput("Chọn dự hay không dự", "answer: yes or no", field="answer")
        await visit.house.inviting.answer(tx, id, visit.part("name"), answer, How.DESK, visit.name)
        return Word("Đã ghi trả lời.", "Answer noted.")

    return await done(visit, deed, "#people")


@shape(shapes.ClassTold, shapes.CameFields)
async def tick(visit: Visit) -> Answered:
    """POST /classes/{id}/attendance: exactly these people came to a session."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        session = visit.text("session").strip()
        if not session:
            raise BadInput("Chọn buổi học", "Which session?", field="session")
        came = frozenset(visit.texts("person"))
        await visit.house.training.tick(tx, id, session, came, visit.name)
        return Word(f"Đã điểm danh: {len(came)} người.", f"Marked as present: {len(came)}.")

    return await done(visit, deed, "#people")


@shape(shapes.ClassTold)
async def certify(visit: Visit) -> Answered:
    """POST /classes/{id}/certificates: a number for everybody who came often enough and has none yet."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        count = await visit.house.training.certify(tx, id, visit.name)
        return Word(f"Đã cấp {count} giấy chứng nhận.", f"Certificates issued: {count}.")

    return await done(visit, deed, "#people")
