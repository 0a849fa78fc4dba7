"""Whom the message reached that a link came with; for the pages such links open without signing in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.seal import NOBODY, SealBroken
from channels.stoplink import StopLinks
from config.words import NotFound
from scheduler.log import store as log_store

if TYPE_CHECKING:
    from desk.app import House


@dataclass(frozen=True, slots=True)
class Reached:
    """Who it was, as the log knows them, by which outlet and of which schedule's messages."""

    scheme: str
    address: str
    name: str
    outlet: str
    schedule: str


async def reached_by(connection: AsyncConnection, house: House, links: StopLinks, token: str) -> Reached:
    """Raises NotFound for a link that is not ours, or whose message reached nobody that is still known."""
    delivery = links.delivery_of(token)
    if delivery is None:
        raise no_link()
    one = (await log_store.story(connection, delivery)).delivery
    at = house.outlets.get(one.outlet)
    if at is None or not at.channel.scheme or one.address.startswith(NOBODY):
        raise no_link()
    try:
        address = house.seal.open(one.address)
    except SealBroken:
        raise no_link() from None
    return Reached(at.channel.scheme, address, one.name, one.outlet, one.schedule)


def no_link() -> NotFound:
    """For whoever comes with a link that leads nowhere."""
    return NotFound("Liên kết này không đúng hoặc không còn dùng được", "This link is not good (any more)")
