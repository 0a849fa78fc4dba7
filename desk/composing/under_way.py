"""What is under way beside a form: others who type at the same item, and what was saved since it was opened."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.words import NotFound
from content import store as content_store
from content.difference import Change, changes
from content.item import Item, Revision
from desk.answer import Visit
from desk.composing import store

AT_IT = timedelta(minutes=5)
"""Who has typed within this time is told to others who open the same item."""


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What somebody else has saved since a text was begun."""

    newest: Revision
    changes: list[Change]


def new_place() -> str:
    """A word for a new text that nobody has saved."""
    return secrets.token_urlsafe(12)


async def others_at(visit: Visit, item: str) -> list[tuple[str, datetime]]:
    """Who else is typing at an item, by name; nobody at a new one."""
    if not item:
        return []
    async with visit.house.database.read() as connection:
        return await store.others(connection, visit.person, item, visit.house.clock.now() - AT_IT)


async def meanwhile(visit: Visit, item: Item | None, base: str) -> Meanwhile | None:
    """What was saved since `base`, if that is another text of this item; None when it is the newest still."""
    if item is None or base in {"", item.revision}:
        return None
    async with visit.house.database.read() as connection:
        newest = await content_store.find_revision(connection, item.revision)
        try:
            old = await content_store.find_revision(connection, base)
        except NotFound:
            return None
    return Meanwhile(newest, await asyncio.to_thread(changes, old, newest)) if old.item == item.id else None
