"""Superseding: an announcement expires when newer ones speak of all that it spoke of, and its pages say what took its place."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.shelf import store as shelf_store
from config.clock import Clock
from content import store as content_store
from content.editing import Editing
from content.item import Item, ItemState
from content.procedures import store as procedure_store


class Superseding:
    """The verb that follows the approval of an announcement of changed procedures."""

    def __init__(self, clock: Clock, editing: Editing) -> None:
        self._clock = clock
        self._editing = editing

    async def follow(self, tx: AsyncConnection, new: Item) -> list[Item]:
        """End every approved announcement that this one, with others, leaves nothing to say; which those were."""
        earlier = await procedure_store.announced_before(tx, new.id)
        ended = []
        for old in (await content_store.items_by_id(tx, earlier)).values():
            if old.state is ItemState.APPROVED and await procedure_store.replaced_by(tx, old.id):
                ended.append(await self._editing.expire(tx, old.id, replaced_by=new.id))
                await shelf_store.replace_on_shelves(tx, old.id, new.slug, self._clock.now())
        return ended
