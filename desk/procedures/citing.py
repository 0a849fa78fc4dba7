"""Which procedures an item speaks of: named by a person, and looked at again when one has changed."""

from __future__ import annotations

import re

from config.words import BadInput, Said, Word
from content import store as content_store
from content.procedures import store
from content.procedures.procedure import CODE
from desk.answer import Answer, Done, Visit
from desk.item_page import sheet_of
from desk.items import ring
from desk.shape import shape
from desk.shapes import procedures as shapes

MOST = 100


@shape(shapes.CitedTold, shapes.CiteFields)
async def cite(visit: Visit) -> Answer:
    """POST /items/{id}/procedures: those it speaks of, all of them; what had changed by the change `seen` counts as looked at."""
    house, id = visit.house, visit.part("id")
    try:
        codes = _codes(visit)
        async with house.database.write() as tx:
            item = await content_store.lock_item(house.database, tx, id)
            if missing := sorted(set(codes) - (await store.by_code(tx, codes)).keys()):
                named = ", ".join(missing)
                raise BadInput(f"Danh mục không có thủ tục {named}", f"No such procedure: {named}", field="codes")
            for one, _ in await store.cited(tx, id):
                await store.uncite(tx, id, one.code)
            last = await store.last_changes(tx, codes)
            newest = max(last.values(), default="")
            await store.cite(house.database, tx, id, codes, min(visit.text("seen") or newest, newest))
            await house.journal.note(tx, house.clock.now(), visit.name, "cite", f"item/{id}", procedures=codes)
    except Said as fault:
        if visit.json or fault.field is None:
            raise
        return (await sheet_of(visit)).with_fault(fault)
    ring(visit)
    return Done(
        f"/items/{item.id}",
        Word("Đã ghi các thủ tục mà tin nói đến.", "Procedures of the item noted."),
        {"procedures": codes},
    )


def _codes(visit: Visit) -> list[str]:
    """Each once, in order; a form has them in one field. Raises BadInput."""
    named = {word for written in visit.texts("codes") for word in re.split(r"[\s,;]+", written) if word}
    if bad := sorted(word for word in named if not CODE.fullmatch(word)):
        raise BadInput(f"Mã “{bad[0][:20]}” không đúng dạng 1.234567", f"Not a code: {bad[0][:20]}", field="codes")
    if len(named) > MOST:
        raise BadInput(f"Nhiều nhất {MOST} thủ tục", f"{MOST} procedures at most", field="codes")
    return sorted(named)
