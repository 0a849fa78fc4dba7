"""A board as it is now: its sheets by what is to be done with them, their codes, and where the codes on them lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.board import store
from channels.board.sheet import Sheet, Standing, code_of, in_order, sheets_of, written
from channels.outlet import InService
from channels.shelf import store as shelf_store
from channels.site.news import slug_of
from content.contests import store as contest_store
from content.contests.contest import board_code_of
from desk.app import House
from desk.keys import derive

PAST = 20
"""Sheets that are over are shown so many of, the latest."""


@dataclass(frozen=True, slots=True)
class Wall:
    """A board's sheets."""

    to_post: Sequence[Sheet]
    to_take_down: Sequence[Sheet]
    up: Sequence[Sheet]
    past: Sequence[Sheet]

    @property
    def all(self) -> list[Sheet]:
        """What is to be done first."""
        return [*self.to_post, *self.to_take_down, *self.up, *self.past]


@dataclass(frozen=True, slots=True)
class Links:
    """Where the codes lead: the item's page on the portal, its recording (empty: there is none), and the sheet's own door.

    `contest` is what proves to a contest that its reader stood here; empty where the sheet announces none.
    """

    portal: str
    recording: str
    door: str
    code: str
    contest: str = ""


async def look(connection: AsyncConnection, at: InService, now: datetime) -> Wall:
    """What hangs, what is to hang and what is to come down."""
    found = await sheets(connection, at)
    by = {standing: [one for one in found if one.standing(now) is standing] for standing in Standing}
    past = sorted([*by[Standing.DOWN], *by[Standing.NEVER]], key=lambda one: one.shelved.since, reverse=True)[:PAST]
    return Wall(in_order(by[Standing.TO_POST]), by[Standing.TO_TAKE_DOWN], in_order(by[Standing.UP]), past)


async def sheets(connection: AsyncConnection, at: InService) -> list[Sheet]:
    """The newest sheets of a board, in whatever state."""
    stock = await shelf_store.read_stock(connection, at.name, at.channel.shelf_most)
    shelved = [*stock.stands, *stock.withdrawn]
    return sheets_of(shelved, await store.said_of(connection, [one.delivery for one in shelved]))


def code(house: House, delivery: str) -> str:
    """The code on a delivery's sheet."""
    return code_of(delivery, derive(house.key, "board"))


async def links(house: House, connection: AsyncConnection, at: InService, sheet: Sheet) -> Links:
    """Where a sheet's codes lead: the portal only where its first item stands there by now."""
    root, first, mine = at.outlet.base_url.rstrip("/"), sheet.parts[0], code(house, sheet.delivery)
    recording = f"{root}/nghe/{sheet.delivery}.mp3" if first.audio is not None else ""
    portal = ""
    for other in house.outlets:
        if other.channel.kind != "portal" or portal:
            continue
        if await shelf_store.stands_on(connection, other.name, first.item, house.clock.now()):
            portal = f"{other.outlet.base_url.rstrip('/')}/{quote(slug_of(first))}"
    return Links(portal, recording, f"{root}/ma?ma={mine}", mine, await _contest_code(house, connection, at, sheet))


async def _contest_code(house: House, connection: AsyncConnection, at: InService, sheet: Sheet) -> str:
    """The code of the contest that a sheet announces, where it takes any; it hangs here, and stands nowhere else."""
    for id in (await contest_store.announcements(connection, [part.item for part in sheet.parts])).values():
        if (await contest_store.find(connection, id)).plan.board:
            return written(board_code_of(id, at.name, derive(house.key, "contest")))
    return ""
