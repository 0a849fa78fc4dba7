"""A training class of the demo: its invitations go out as letters with a calendar, its reminder waits for approval."""

from __future__ import annotations

from datetime import timedelta

from channels.audiences import store as audience_store
from channels.audiences.store import Recipient
from channels.classes.training import Session, TrainingClass
from content.bulletin import Purpose
from db.types import new_id
from desk.app import House
from desk.approved import follow

OUTLET = "thu"
AUDIENCE = "Tổ công nghệ số cộng đồng"
PEOPLE = (
    ("lo.thi.bun@demo.vn", "Lò Thị Bun"),
    ("quang.van.lun@demo.vn", "Quàng Văn Lún"),
    ("ca.thi.on@demo.vn", "Cà Thị Ơn"),
)


async def settle(house: House, author: str, leader: str) -> str:
    """A class in three days whose invitation a second person has approved, and whose reminder waits as a draft; its id."""
    now = house.clock.now()
    zone = house.settings.office.zone
    begin = (now.astimezone(zone) + timedelta(days=3)).replace(hour=8, minute=0, second=0, microsecond=0)
    id = new_id(now)
    place = "Hội trường UBND xã Sốp Cộp"
    session = Session(new_id(now), id, begin, begin + timedelta(hours=3, minutes=30), place, "bà Lò Thị Mai")
    about = "Hướng dẫn bà con nộp hồ sơ trực tuyến, tra cứu kết quả, thanh toán phí qua điện thoại."
    title, theme = "Hỗ trợ người dân dùng dịch vụ công trực tuyến", "mot-cua"
    told = (title, theme, about, Purpose.OUTREACH, AUDIENCE, (OUTLET,), 30, 0, author, now)
    people = [Recipient("email", address, name, "danh sách thành viên tổ") for address, name in PEOPLE]
    async with house.database.write() as tx:
        await audience_store.save_audience(house.database, tx, house.seal, new_id(now), AUDIENCE, people, now)
        await house.training.open(tx, TrainingClass(id, "", *told, sessions=(session,)), author)
        invitation, *_ = await house.inviting.invite(tx, id, author)
        await house.editing.submit(tx, invitation, author)
        item = await house.editing.approve(tx, invitation, leader)
        await follow(house, tx, item, leader)
    house.notifier.ring("schedule")
    return id
