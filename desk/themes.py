"""Themes on the desk: the office's list in its order, added to, renamed, taken off."""

from __future__ import annotations

from config.words import BadInput, NotFound, Said, Word
from content import store
from content.item import slug_of
from desk.answer import Answer, Done, Shown, Visit
from desk.forms import listed
from desk.shape import shape
from desk.shapes import themes as shapes

HERE = "/themes"
LONGEST = 200
STEP = 10
"""Between the places of two themes, so that one can be put between them."""


@shape(shapes.ThemesTold)
async def list_all(visit: Visit) -> Answer:
    """GET /themes: those in use, in the office's order."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    async with visit.house.database.read() as connection:
        themes = await store.themes(connection)
    plain = [{"id": id, "title": title} for id, title in themes]
    return Shown("themes.html", {"themes": themes, "typed": visit.form}, listed(plain, None))


@shape(shapes.ThemeTold, shapes.ThemeFields)
async def save(visit: Visit) -> Answer:
    """POST /themes: a new one, or with `id` another title or place of one; `position` counts from 1."""
    house, title, id = visit.house, " ".join(visit.text("title").split()), visit.text("id").strip()
    try:
        if not title or len(title) > LONGEST:
            raise BadInput("Ghi tên chủ đề, nhiều nhất 200 ký tự", "A title of 200 characters at most", field="title")
        async with house.database.write() as tx:
            known = [one for one, _ in await store.themes(tx)]
            if id and id not in known:
                raise NotFound(f"Không có chủ đề {id}", f"There is no theme {id}")
            id = id or slug_of(title)
            order = [one for one in known if one != id]
            order.insert(_place(visit, known.index(id) if id in known else len(order)), id)
            titles = dict(await store.themes(tx)) | {id: title}
            for place, one in enumerate(order, 1):
                await store.save_theme(house.database, tx, one, titles[one], STEP * place)
            await house.journal.note(tx, house.clock.now(), visit.name, "save_theme", f"theme/{id}", title=title)
    except NotFound:
        raise
    except Said as fault:
        return (await _page(visit)).with_fault(fault)
    return Done(HERE, Word(f"Đã lưu chủ đề “{title}”.", f"Theme “{title}” saved."), {"id": id, "title": title})


def _place(visit: Visit, otherwise: int) -> int:
    """Where in the list it goes, from nought. Raises BadInput."""
    written = visit.text("position").strip()
    if not written:
        return otherwise
    if not written.isascii() or not written.isdigit() or not 1 <= int(written[:4]) <= 1000:
        raise BadInput("Thứ tự là số từ 1", "A position is a number from 1 on", field="position")
    return int(written) - 1


@shape(shapes.ThemeTold)
async def retire(visit: Visit) -> Answer:
    """POST /themes/{id}/retire: off the list; items that have it keep it."""
    house, id = visit.house, visit.part("id")
    async with house.database.write() as tx:
        title = dict(await store.themes(tx)).get(id)
        if title is None:
            raise NotFound(f"Không có chủ đề {id}", f"There is no theme {id}")
        now = house.clock.now()
        await store.retire_theme(tx, id, now)
        await house.journal.note(tx, now, visit.name, "retire_theme", f"theme/{id}")
    return Done(
        HERE,
        Word(f"Thôi dùng chủ đề “{title}”; tin cũ vẫn giữ.", f"Theme “{title}” is no longer offered; items keep it."),
        {"id": id, "title": title},
    )
