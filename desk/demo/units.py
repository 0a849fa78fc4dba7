"""Units of the demo: two villages under the commune, a person of one of them, and an item that is passed down to both."""

from __future__ import annotations

from content.item import Item
from content.units import store as unit_store
from content.units.unit import Level, Unit
from desk import auth
from desk.app import House

VILLAGES = (Unit("", "Bản Sốp Nặm", Level.VILLAGE), Unit("", "Bản Hua Mường", Level.VILLAGE))
HEAD, LOGIN = "Tòng Văn Nặm", "nam"


async def settle(house: House, by: str) -> str:
    """The villages and the head of one, who writes and approves for it; their password."""
    async with house.database.write() as tx:
        first, _ = [await house.units.save(tx, one, by) for one in VILLAGES]
    return await auth.add_person(house, LOGIN, HEAD, ("author", "approver"), None, unit=first.id, by=by)


async def pass_down(house: House, item: Item, by: str) -> None:
    """To every village; what comes of it is theirs to say."""
    async with house.database.write() as tx:
        villages = [one.id for _, one in (await unit_store.tree(tx)).walk()]
        await house.handing.pass_down(tx, item.id, villages, by, note="Đọc ở buổi họp bản tuần này")
    house.notifier.ring("item")
