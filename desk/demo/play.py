"""The demo: items that are written, approved and sent, and a glimpse of all else that an office does."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from importlib import resources
from pathlib import Path

from channels.audience import read_audience
from channels.audiences import store as audience_store
from content import store as content_store
from content.document import read_document
from content.item import Item
from db.types import new_id
from desk import auth
from desk.commands.output import err, out
from desk.demo import classes, contests, procedures, television, units, year
from desk.demo.partners import partners_live
from desk.demo.stage import Stage, free_port, stage
from desk.demo.watching import all_deliveries, summary, tell_where, watch
from scheduler.riding import Wish as Ride
from scheduler.schedule import Rule
from scheduler.scheduling import Wish

AUTHOR, LEADER = "Lò Thị Mai", "Quàng Văn Hùng"
AUDIENCE = "Trưởng bản và người đăng ký"
OUTLETS = ("cong-thong-tin", "tram-xa", "bang-tin", "sms", "zalo")


async def gather(on: Stage) -> None:
    """Recipients who asked to be told, by SMS, Zalo or both."""
    house, now = on.house, on.house.clock.now()
    data = resources.files("desk.demo").joinpath("recipients.csv").read_bytes()
    found = read_audience(data)
    for recipient in found.people:
        if recipient.scheme == "zalo":
            on.zalo.follow(recipient.address)
    async with house.database.write() as tx:
        await audience_store.save_audience(house.database, tx, house.seal, new_id(now), AUDIENCE, found.people, now)


async def fill(on: Stage) -> list[Item]:
    """Recipients, and items written by one person; nothing is approved yet."""
    await gather(on)
    house, items = on.house, list[Item]()
    async with house.database.write() as tx:
        for file in sorted(resources.files("desk.demo").joinpath("items").iterdir(), key=lambda file: file.name):
            document = read_document(file.name, file.read_bytes(), house.settings.office.zone)
            item = await house.editing.write(tx, document.draft, AUTHOR, via=file.name)
            items.append(await house.editing.submit(tx, item.id, AUTHOR))
    house.notifier.ring("item")
    return items


async def approve_and_schedule(on: Stage, items: list[Item]) -> None:
    """A second person listens, approves, and sends everything out at once; one bulletin also every morning."""
    house = on.house
    now = house.clock.now()
    async with house.database.write() as tx:
        for item in items:
            audio = await house.press.audio_of(tx, await content_store.find_revision(tx, item.revision))
            await house.editing.approve(tx, item.id, LEADER, recording=audio.sha256 if audio else None)
            wish = Wish((item.id,), OUTLETS, Rule(once=now), AUDIENCE)
            await house.scheduling.add(tx, wish, LEADER, may_approve=True)
        tomorrow = now + timedelta(days=30)
        morning = Wish((items[0].id,), ("tram-xa",), Rule(cron="0 5 * * *"), until=tomorrow, title="Bản tin sáng 5 giờ")
        await house.scheduling.add(tx, morning, LEADER, may_approve=True)
        today = house.reporter.today()
        along = Ride(items[0].id, ("cong-thong-tin",), today, today + timedelta(days=30), share=50)
        await house.riding.add(tx, along, LEADER, may_approve=True)
    house.notifier.ring("schedule")


async def send_clip(on: Stage, item: Item) -> None:
    """An approved item goes to the television station as well."""
    house = on.house
    async with house.database.write() as tx:
        wish = Wish((item.id,), (television.NAME,), Rule(once=house.clock.now()))
        await house.scheduling.add(tx, wish, LEADER, may_approve=True)
    house.notifier.ring("schedule")


async def wait_for_recordings(on: Stage, items: list[Item]) -> None:
    """Until the approver could listen to every item."""
    house = on.house
    async with house.notifier.waiting("recording", "stop") as made:
        while not house.stopping.is_set():
            made.clear()
            async with house.database.read() as connection:
                revisions = [await content_store.find_revision(connection, item.revision) for item in items]
                ready = [await house.press.audio_of(connection, revision) for revision in revisions]
            if all(ready):
                return
            await house.clock.wait(made, 1.0)


async def play(directory: Path, port: int, *, once: bool) -> int:
    """The whole demo, on a free port if none is given; 0 when everything was sent or confirmed (or somebody stopped the live one)."""
    async with stage(directory, port or free_port()) as on:
        house = on.house
        async with asyncio.TaskGroup() as group:
            group.create_task(house.runner.run())
            group.create_task(partners_live(on))
            try:
                delivered = await _act(on, once=once)
            finally:
                house.stop()
        deliveries = await all_deliveries(house)
        out.print(summary(house, deliveries))
        tell_where(on)
        return 0 if delivered or not once else 1


async def _act(on: Stage, *, once: bool) -> bool:
    err.print("Soạn 5 tin bài, thu âm để người duyệt nghe…")
    for login, name, role in (("mai", AUTHOR, "author"), ("hung", LEADER, "approver")):
        password = await auth.add_person(on.house, login, name, (role,), None)
        if not once:
            err.print(f"Đăng nhập {on.house.settings.web.base_url}/  {login} / {password}  ({name}, {role})")
    password = await units.settle(on.house, LEADER)
    if not once:
        err.print(f"Người của một bản, có tin chuyển xuống chờ nhận: {units.LOGIN} / {password}  ({units.HEAD})")
    err.print(f"Trang của đài, mở trên điện thoại hay ở đây, bấm “Đã phát”: {on.station_page}")
    err.print(f"Trang của đài truyền hình, xem clip và tải: {on.television_page}")
    err.print(f"Bảng tin, in tờ A4, A3 và bấm “Đã dán”: {on.board_page}")
    err.print(f"Màn hình cạnh bảng: {on.house.outlets['bang-tin'].outlet.base_url}/screen/")
    items = await fill(on)
    await wait_for_recordings(on, items)
    err.print(f"{LEADER} nghe và duyệt; phát ngay trên {len(OUTLETS)} kênh, một tin thành clip truyền hình.")
    await approve_and_schedule(on, items)
    await send_clip(on, items[-1])
    await units.pass_down(on.house, items[0], LEADER)
    await procedures.settle(on.house, AUTHOR)
    await year.plan(on.house, LEADER)
    await year.ask(on.house)
    course = await classes.settle(on.house, AUTHOR, LEADER)
    err.print(f"Lớp tập huấn, mời bằng thư có tệp lịch: {on.house.settings.web.base_url}/classes/{course}")
    told = ("cong-thong-tin", "bang-tin")
    contest = await contests.settle(on.house, AUTHOR, LEADER, told, "sms", board=True)
    err.print(f"Cuộc thi tìm hiểu đang mở: {on.house.settings.web.base_url}/portal/cuoc-thi/{contest}")
    return await watch(on, once=once)
