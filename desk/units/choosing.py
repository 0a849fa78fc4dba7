"""Units in forms and filters: which there are to choose from, and that nobody chooses one beyond their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences import store as audience_store
from channels.feedback import store as feedback_store
from config.words import BadInput, NotFound
from content import store as content_store
from content.bulletin import BulletinClass
from content.item import Item
from content.passing import store as passing_store
from content.passing.passing import PassingState
from content.units import store
from content.units.unit import ROOT, Tree
from desk.answer import Visit
from scheduler.scheduling import Wish

INDENT = "\u2003"


def unit_choices(visit: Visit, tree: Tree, first: str = "", *, kept: str = ROOT) -> list[tuple[str, str]]:
    """Units in force, and the one that is `kept`, as (id, name) by what is under what; none while there is but the office.

    `first` is what stands for all of them; without it, for people of the whole office, the office itself.
    """
    if not tree.units:
        return []
    today = visit.drawing.local(visit.house.clock.now()).date()
    walked = tree.walk(visit.units)
    found = [(one.id, INDENT * depth + one.name) for depth, one in walked if one.is_in_force(today) or one.id == kept]
    whole = first or (visit.house.settings.office.name if visit.units is None else "")
    return [(ROOT, whole), *found] if whole else found


def narrowed(visit: Visit, tree: Tree, unit: str) -> frozenset[str] | None:
    """Whose things are asked for: those of a unit and all under it, or all that are this person's to see. Raises NotFound."""
    if not unit:
        return visit.units
    if not visit.reaches(tree[unit].id):
        raise not_yours()
    return tree.below(unit)


async def asked_unit(visit: Visit, connection: AsyncConnection) -> str:
    """The unit that the address or the form names, whether it is in force or not; this person's own when none is. Raises NotFound."""
    unit = visit.asked("unit") or visit.text("unit").strip() or visit.unit
    await store.must_exist(connection, unit)
    if not visit.reaches(unit):
        raise not_yours()
    return unit


async def unit_of_form(visit: Visit, connection: AsyncConnection, name: str = "unit") -> str:
    """The unit that was chosen, this person's own when none was. Raises BadInput, NotFound."""
    chosen = visit.text(name).strip() or visit.unit
    if chosen == ROOT:
        return ROOT
    today = visit.drawing.local(visit.house.clock.now()).date()
    one = (await store.tree(connection))[chosen]
    if not visit.reaches(one.id):
        raise not_yours(name)
    if not one.is_in_force(today):
        vi = f"“{one.name}” đã kết thúc hoặc chưa bắt đầu; hãy chọn đơn vị khác"
        raise BadInput(vi, f"{one.name} is not in force", field=name)
    return one.id


def not_yours(field: str = "unit") -> NotFound:
    """What somebody is told who names what is beyond their unit."""
    return NotFound("Không có đơn vị này trong phần việc của bạn", "There is no such unit within yours", field=field)


async def sees_item(visit: Visit, connection: AsyncConnection, item: Item) -> bool:
    """Whether an item is this person's to see: it is one of their units', or was passed down to one of them."""
    return visit.units is None or item.unit in visit.units or await passing_store.has(connection, item.id, visit.units)


async def must_reach_feedback(visit: Visit, connection: AsyncConnection, id: str) -> None:
    """Raises NotFound for what was written to others."""
    unit = await feedback_store.unit_of(connection, id)
    if unit is None or not visit.reaches(unit):
        raise NotFound("Không có câu hỏi này trong đơn vị của bạn", "There is no such feedback", field="answers")


async def must_see_item(visit: Visit, connection: AsyncConnection, id: str) -> None:
    """Raises NotFound for an item that is not this person's to see."""
    if not await sees_item(visit, connection, await content_store.find_item(connection, id)):
        raise NotFound("Không có tin bài này trong đơn vị của bạn", "There is no such item in your unit", field="item")


def must_reach_any(visit: Visit, outlets: Sequence[str]) -> None:
    """Raises NotFound for what goes to none of this person's outlets."""
    if visit.units is not None and not any(name in visit.outlets for name in outlets):
        raise NotFound("Không có lịch này trong đơn vị của bạn", "There is no such schedule in your unit")


async def own_wish(visit: Visit, connection: AsyncConnection, wish: Wish) -> Wish:
    """What is asked for, if all of it is this person's; what is not of one unit is sent by the person's own. Raises NotFound."""
    for id in wish.items:
        await may_send(visit, connection, await content_store.find_item(connection, id), wish.klass)
    for name in wish.outlets:
        visit.outlets[name]
    if wish.audience:
        await must_reach_audience(visit, connection, wish.audience)
    units = {item.unit for item in (await content_store.items_by_id(connection, wish.items)).values()}
    return wish if len(units) == 1 and all(map(visit.reaches, units)) else replace(wish, unit=visit.unit)


async def may_send(visit: Visit, connection: AsyncConnection, item: Item, klass: BulletinClass | None = None) -> None:
    """Raises NotFound for an item of others that no unit of this person's has accepted, BadInput for a lower class than it has."""
    if visit.units is None or item.unit in visit.units:
        return
    await must_see_item(visit, connection, item.id)
    if not await passing_store.has(connection, item.id, visit.units, [PassingState.ACCEPTED]):
        vi = f"Tin “{item.title}” của cấp trên: hãy nhận ở trang Tin chuyển xuống rồi lập lịch"
        raise BadInput(vi, f"Item {item.id} was passed down and is not accepted", field="item")
    if klass is not None and klass.rank > item.klass.rank:
        vi = f"Tin “{item.title}” là tin {item.klass.title_vi}, không hạ loại được"
        raise BadInput(vi, f"Item {item.id} has the class {item.klass}", field="klass")


async def must_reach_audience(visit: Visit, connection: AsyncConnection, name: str) -> None:
    """Raises NotFound for an audience that is not this person's; one that is not there may be anybody's."""
    unit = await audience_store.audience_unit(connection, name)
    if unit is not None and not visit.reaches(unit):
        vi = f"Nhóm nhận “{name}” là của đơn vị khác"
        raise NotFound(vi, f"The audience {name!r} is another unit's", field="audience")
