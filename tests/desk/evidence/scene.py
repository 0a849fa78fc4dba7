"""An item that was approved twice, heard, sent to people and to a station, fetched, aired; its bundle; bundles changed by hand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import timedelta

from channels.pulls import store as pull_store
from channels.pulls.store import Told
from channels.shelf.fetched import Proof
from channels.station import store as station_store
from channels.station.store import Airing
from config.clock import FakeClock
from content import store as content_store
from content.item import Draft, Item
from db.types import new_id, to_json
from desk.app import House
from desk.evidence.bundle import pieces
from desk.evidence.record import record_of
from scheduler import store as scheduler_store
from scheduler.delivery import Attempt, OccurrenceState, delivery_id
from scheduler.dispatch import store as dispatch
from scheduler.dispatch.plan import Due, Frozen, NewParcel, Run, add, occur
from scheduler.dispatch.tables import receipt
from scheduler.schedule import Rule
from scheduler.scheduling import Wish
from tests.sounds import record

TITLE = "Lịch tiêm chủng: trẻ dưới năm tuổi, ữ ợ ế Ẵ đ"
BODY = "Trạm y tế xã tiêm chủng ngày 05/12/2026 từ 7 giờ 30.\n\nBà con nhớ mang theo sổ tiêm."
OPENER = "Trần Văn Hùng"
NUMBER = "0912340000"


async def approved_twice(house: House, clock: FakeClock) -> Item:
    """Written by Lan, changed by Mai, each text submitted by who wrote it and approved by Hùng, who heard the second."""
    editing = house.editing
    async with house.database.write() as tx:
        item = await editing.write(tx, Draft(title=TITLE, body=BODY), "Nguyễn Thị Lan")
        await editing.submit(tx, item.id, "Nguyễn Thị Lan")
        item = await editing.approve(tx, item.id, OPENER, note="Đúng lịch")
    clock.advance(3600)
    async with house.database.write() as tx:
        more = Draft(title=TITLE, body=f"{BODY}\n\nAi chưa có sổ được cấp tại chỗ.", source="Trạm y tế")
        await editing.revise(tx, item.id, more, "Lò Thị Mai")
        item = await editing.submit(tx, item.id, "Lò Thị Mai")
    await record(house, item)
    clock.advance(60)
    async with house.database.write() as tx:
        audio = await house.press.audio_of(tx, await content_store.find_revision(tx, item.revision))
        assert audio is not None
        return await editing.approve(tx, item.id, OPENER, note="Đã nghe", recording=audio.sha256)


async def sent(house: House, clock: FakeClock, item: Item, people: int = 3) -> list[str]:
    """Deliveries to so many phones, each tried once and confirmed, and one to a station that fetched and aired it; their ids."""
    now = clock.now()
    async with house.database.write() as tx:
        wish = Wish(items=(item.id,), outlets=("portal",), rule=Rule(cron="0 5 * * *"))
        schedule = await house.scheduling.add(tx, wish, OPENER, may_approve=True)
    await house.database.run(
        occur(house.database, [Due(schedule, [Run(now, OccurrenceState.OPEN)], schedule.next_due_at)], now)
    )
    async with house.database.read() as connection:
        [run] = await scheduler_store.list_occurrences(connection, schedule_id=schedule.id)
    ids = []
    for begin in range(0, people, 500):
        numbers = [f"+849{12340000 + place:08d}" for place in range(begin, min(people, begin + 500))]
        ids += await _parcel(house, clock, run.id, "sms", numbers)
    [station] = await _parcel(house, clock, run.id, "tram", ["tram"])
    await _fetched_and_aired(house, clock, station)
    return [*ids, station]


async def _parcel(house: House, clock: FakeClock, occurrence: str, outlet: str, addresses: list[str]) -> list[str]:
    now, size = clock.now(), len(addresses)
    frozen = Frozen(size, addresses[0], addresses[-1], to_json([[one, "Người nhận"] for one in addresses]))
    parcel = NewParcel(occurrence, outlet, 2, 0, now, now + timedelta(hours=12), frozen)
    [id] = await house.database.run(add([parcel], now))
    # the partner repeats the number as it likes to write it
    said = [f"gửi tới 84{one[3:]}" if one.startswith("+") else "" for one in addresses]
    tries = [Attempt(id, place, 1, now, 12, "sent", "", f"m-{id}-{place}", said[place]) for place in range(size)]
    told = [
        {"parcel": id, "seq": place, "stage": "delivered", "at": now, "reason": "", "detail": f"=OK 0{one[3:]}"}
        for place, one in enumerate(addresses)
        if one.startswith("+")
    ]
    async with house.database.write() as tx:
        await dispatch.change_parcel(tx, id, letters="c" * size, cursor=size)
        await dispatch.add_attempts(tx, tries)
        if told:
            await tx.execute(receipt.insert(), told)
    return [delivery_id(id, place) for place in range(size)]


async def _fetched_and_aired(house: House, clock: FakeClock, delivery: str) -> None:
    now = clock.now()
    async with house.database.write() as tx:
        told = Told("tram", f"{delivery}.mp3", (Proof(delivery),), (0, 9), 9, "Máy phát 1.0", now)
        await pull_store.note_pull(house.database, tx, told)
        words = {"slot": "sang", "presenter": "Chị Hoa", "source": "tap", "line": "Đã phát"}
        new = Airing(new_id(now), "tram", "m1", delivery, -1, now, 20.0, noted_at=now, noted_by="Đài xã", **words)
        await station_store.add_airing(house.database, tx, new)


async def bundle_of(house: House, item: Item) -> bytes:
    """The ZIP, opened as the page opens it but for the note in the journal."""
    async with house.database.read() as connection:
        found = await record_of(house, connection, item.id)
    return b"".join([piece async for piece in pieces(house, found, OPENER)])


def files_of(bundle: bytes) -> dict[str, bytes]:
    """What is in a bundle, by name."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: Mapping[str, bytes]) -> bytes:
    """A ZIP of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def changed(bundle: bytes, path: str, change: Callable[[bytes], bytes]) -> bytes:
    """The same bundle with one file changed."""
    files = files_of(bundle)
    return packed({**files, path: change(files[path])})
