"""The verbs on items passed down: pass one on; accept, adapt, decline it. Each runs in the transaction it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from config.clock import Clock
from config.words import BadInput, Conflict
from content import store as content_store
from content.editing import Editing
from content.item import Item, ItemState
from content.passing import store
from content.passing.passing import Passing, PassingState, first_state
from content.rendition import draft_of
from content.units import store as unit_store
from db.database import Database
from db.journal import Journal
from db.types import new_ids


class Handing:
    """Verbs that change what becomes of an item further down. `by` is a person's written name."""

    def __init__(self, database: Database, journal: Journal, clock: Clock, editing: Editing, office: str) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._editing = editing
        self._office = office

    async def pass_down(
        self, tx: AsyncConnection, item_id: str, units: Sequence[str], by: str, *, note: str = ""
    ) -> list[str]:
        """Hand an approved item to units under its own; those that had it already are left alone. The ids of the others.

        Raises BadInput, Conflict, NotFound.
        """
        item = await content_store.lock_item(self._database, tx, item_id)
        if item.state is not ItemState.APPROVED:
            raise Conflict(f"Tin “{item.title}” chưa được duyệt", f"Item {item.id} is not approved")
        if not units:
            raise BadInput("Chọn ít nhất một đơn vị", "Choose at least one unit", field="unit")
        tree, now = await unit_store.tree(tx), self._clock.now()
        ids = new_ids(now)
        below = tree.below(item.unit) - {item.unit}
        given = []
        for unit in dict.fromkeys(units):
            if tree[unit].id not in below:
                raise BadInput(
                    f"“{tree[unit].name}” không dưới đơn vị của tin này", f"{unit} is not under it", field="unit"
                )
            row = {"id": next(ids), "item": item.id, "unit": unit, "state": first_state(item.klass).value}
            about = {"passed_by": by, "passed_at": now, "note": note.strip()}
            open_still = {"decided_by": "", "decided_at": None, "reason": "", "local": ""}
            if await store.add(self._database, tx, row | about | open_still):
                given.append(unit)
        if not given:
            raise Conflict("Các đơn vị này đã có tin này", "These units have it already")
        told = {"units": given, "note": note.strip()}
        await self._journal.note(tx, now, by, "pass_down", f"item/{item.id}", **told)
        return given

    async def accept(self, tx: AsyncConnection, id: str, by: str) -> Passing:
        """The unit sends the item as it is; when and over what is a schedule of its own. Raises Conflict, NotAllowed."""
        return await self._decide(tx, id, PassingState.ACCEPTED, by)

    async def localise(self, tx: AsyncConnection, id: str, by: str) -> Item:
        """A draft of the unit's own with the same text, to be adapted, and approved there. Raises Conflict, NotAllowed."""
        one = await store.find(tx, id)
        one.check(PassingState.LOCALISED)
        item = await content_store.find_item(tx, one.item)
        if item.approved is None:
            raise Conflict(f"Tin “{item.title}” không còn hiệu lực", f"Item {item.id} is not in force any more")
        revision = await content_store.find_revision(tx, item.approved)
        whose = (await unit_store.tree(tx))[item.unit].office if item.unit else self._office
        draft = draft_of(revision)
        draft = replace(draft, source=draft.source or f"Tin của {whose}"[:300])
        made = await self._editing.write(tx, draft, by, via=f"item/{item.id}", unit=one.unit)
        await self._decide(tx, id, PassingState.LOCALISED, by, local=made.id)
        return made

    async def decline(self, tx: AsyncConnection, id: str, by: str, reason: str) -> Passing:
        """The unit does not send it; the reason is obligatory. Raises BadInput, Conflict, NotAllowed."""
        if not reason.strip():
            raise BadInput("Hãy ghi lý do không dùng", "Say why it is declined", field="note")
        return await self._decide(tx, id, PassingState.DECLINED, by, reason=reason.strip())

    async def _decide(
        self, tx: AsyncConnection, id: str, to: PassingState, by: str, *, reason: str = "", local: str = ""
    ) -> Passing:
        one, now = await store.find(tx, id), self._clock.now()
        one.check(to)
        told: dict[str, Any] = {"decided_by": by, "decided_at": now, "reason": reason, "local": local}
        if not await store.decide(tx, id, to, **told):
            raise Conflict("Vừa có người khác quyết định", "Somebody else has just decided")
        detail = {"unit": one.unit, "note": reason}
        await self._journal.note(tx, now, by, to.value, f"item/{one.item}", **detail)
        return replace(one, state=to, **told)
