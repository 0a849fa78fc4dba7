"""A small office whose figures are known: texts of two themes that went out over two channels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from channels.audiences import store as audience_store
from channels.audiences.store import Recipient
from channels.pulls import store as pull_store
from channels.pulls.store import Told
from channels.shelf import store as shelf_store
from channels.shelf.fetched import Proof
from content.bulletin import Audio, Bulletin, BulletinClass, Part
from content.item import Draft
from db.types import new_id, to_json
from desk.app import House
from scheduler import store as scheduler_store
from scheduler.delivery import OccurrenceState
from scheduler.dispatch import store as dispatch
from scheduler.dispatch.plan import Due, Frozen, NewParcel, Run, add, occur
from scheduler.schedule import Rule
from scheduler.scheduling import Wish

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
LIST = "Ba người"
MEANING, DOOR = "y-nghia", "mot-cua"


def at(*moment: int) -> datetime:
    """A moment on the office's clock, as UTC."""
    return datetime(*moment, tzinfo=HANOI).astimezone(UTC)  # type: ignore[arg-type,misc]


async def text(house: House, title: str, theme: str = "") -> str:
    """An approved item's id."""
    async with house.database.write() as tx:
        item = await house.editing.write(tx, Draft(title=title, body="Mời bà con đến xem.", theme=theme), "Mai")
        await house.editing.submit(tx, item.id, "Mai")
        return (await house.editing.approve(tx, item.id, "Hùng")).id


async def three_people(house: House) -> None:
    """A list of three."""
    people = [Recipient("phone", f"+8498000000{number}", "") for number in range(3)]
    now = house.clock.now()
    async with house.database.write() as tx:
        await audience_store.save_audience(house.database, tx, house.seal, new_id(now), LIST, people, now)


async def went_out(house: House, items: tuple[str, ...], outlet: str, letters: str, due: datetime) -> int:
    """One occurrence to one outlet, a letter for each delivery; the parcel."""
    people = [(f"a{place}", "") for place in range(len(letters))]
    to: dict[str, Any] = {"audience": LIST} if outlet == "sms" else {}
    async with house.database.write() as tx:
        wish = Wish(items, (outlet,), Rule(cron="0 5 * * *"), **to)
        schedule = await house.scheduling.add(tx, wish, "Hùng", may_approve=True)
    run = Run(due, OccurrenceState.OPEN)
    await house.database.run(occur(house.database, [Due(schedule, [run], schedule.next_due_at)], due))
    async with house.database.read() as connection:
        [one] = [row.id for row in await scheduler_store.list_occurrences(connection, schedule_id=schedule.id)]
    frozen = Frozen(len(people), people[0][0], people[-1][0], to_json(people))
    parcel = NewParcel(one, outlet, 2, 0, due, due + timedelta(hours=12), frozen)
    [id] = await house.database.run(add([parcel], house.clock.now()))
    async with house.database.write() as tx:
        await dispatch.change_parcel(tx, id, letters=letters, cursor=len(letters))
    return int(id)


async def fetched(house: House, delivery: str, seconds: tuple[float, ...], due: datetime, *, whole: int) -> None:
    """A bulletin with recordings of so many seconds on the station's shelf; the first `whole` of them were fetched whole."""
    texts = [
        Part("i", "r", "d", "s", "Tin", "", "", "", "", audio=Audio(f"{place}.mp3", 9, length, "0" * 64))
        for place, length in enumerate(seconds)
    ]
    bulletin = Bulletin(delivery, BulletinClass.NORMAL, "UBND", due, None, tuple(texts))
    async with house.database.write() as tx:
        await shelf_store.put_on_shelf(tx, "tram", delivery, bulletin, due)
        for place in range(len(seconds)):
            span = (0, 9) if place < whole else (0, 4)
            for name in ("mp3", "opus"):  # both files of a recording prove the same
                proof = Proof(delivery, place, len(seconds))
                told = Told("tram", f"{delivery}-{place}.{name}", (proof,), span, 9, "", due)
                await pull_store.note_pull(house.database, tx, told)


async def fill(house: House) -> None:
    """The period 2026-11 by the decree, from its first moment to its last, and what lies just outside it."""
    await three_people(house)
    meaning, door = await text(house, "Ý nghĩa", MEANING), await text(house, "Một cửa", DOOR)
    await went_out(house, (meaning, door), "sms", "mxup", at(2026, 10, 15))
    await went_out(house, (meaning,), "sms", "ccf", at(2026, 10, 20, 10))
    await went_out(house, (door,), "portal", "s", at(2026, 11, 14, 23, 59, 59))
    await went_out(house, (meaning,), "sms", "cc", at(2026, 11, 15))
    await went_out(house, (meaning,), "sms", "cc", at(2026, 10, 14, 23, 59, 59))
    await fetched(house, "d1", (60.0, 30.5), at(2026, 10, 20), whole=1)
    await fetched(house, "d2", (40.0,), at(2026, 10, 21), whole=1)
    await fetched(house, "d3", (500.0,), at(2026, 11, 15), whole=1)
