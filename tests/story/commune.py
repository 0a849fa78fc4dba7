"""A commune's office of partners, played through: what was sent, diverted, held back, refused and waits for its quota."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from channels.audience import read_audience
from channels.audiences import store as audience_store
from channels.audiences.store import Source
from channels.tags import conditions_of
from config.settings import Settings
from content.bulletin import Purpose
from content.item import Draft, Item
from db.types import new_id
from desk import auth, serving
from desk.app import opened
from desk.demo.stage import free_port
from scheduler.delivery import State
from scheduler.schedule import Rule
from tests.channels.partners.zalo import Zalo
from tests.scheduler.conftest import BriskClock, Office
from tests.scheduler.partner import SlowGateway
from tests.story.looking import PASSWORD

WRITER, APPROVER = "Nguyễn Thị Lan", "Cà Thị Thu"
OFFICE, LEADER, LIST = "Ủy ban nhân dân xã Sốp Cộp", "Quàng Văn Hùng", "Người có hồ sơ ở một cửa"
ROWS = """họ tên,số điện thoại,đồng ý,ngày đồng ý,thôn bản,tiếng
Lò Văn Inh,0980000101,phiếu một cửa số 12,12/11/2026,bản A,Thái
Tòng Thị Phương,0980000102,phiếu một cửa số 13,12/11/2026,bản B,Mông
Cầm Văn Thoan,0980000103,phiếu một cửa số 14,12/11/2026,bản B,Thái
"""
WRONG_ROWS = "họ tên,số điện thoại,ngày đồng ý\nLò Thị A,0123456789,\nLò Thị B,,\nLò Thị C,0980000109,31/02/2026\n"
CARE = {"purpose": Purpose.CARE, "body": "Hồ sơ của ông/bà đã có kết quả, mời đến bộ phận một cửa."}


@dataclass
class Commune:
    """The office at work, and where what happened is to be read: the pages by what they show."""

    office: Office
    pages: dict[str, str] = field(default_factory=dict)
    gone: str = ""
    """Where something stood on the portal that was withdrawn."""

    @property
    def base(self) -> str:
        """Where its desk listens."""
        return self.office.house.settings.web.base_url


@contextlib.asynccontextmanager
async def commune(plain_settings: dict[str, Any]) -> AsyncIterator[Commune]:
    """Three days of it, ending on Wednesday 25 November 2026 at 8 in the morning."""
    clock = BriskClock()
    async with SlowGateway(clock) as first, SlowGateway(clock) as second, Zalo(clock) as zalo:
        settings = _settings(plain_settings, first, second, zalo)
        async with opened(Settings.model_validate(settings | {"office": {"name": OFFICE}}), clock) as house:
            refused = await _before_the_level_was_said(Office(house, clock))
        async with opened(Settings.model_validate(settings), clock) as house, serving.desk(house):
            await auth.add_person(house, "hung", LEADER, ("administrator",), PASSWORD)
            await auth.add_person(house, "lan", WRITER, ("author",), PASSWORD)
            await auth.add_person(house, "thu", APPROVER, ("approver",), PASSWORD)
            played = Commune(Office(house, clock))
            first.says = lambda _: (503, {})
            await _play(played)
            played.pages["refused"] = f"/deliveries/{(await played.office.deliveries(schedule=refused))[0].id}"
            yield played


def _settings(plain: dict[str, Any], first: SlowGateway, second: SlowGateway, zalo: Zalo) -> dict[str, Any]:
    sms = {"kind": "sms_http", "dedupes": False}
    spare = {"title": "SMS dự phòng", **second.options(), **sms}
    article = {"title": "Bài Zalo OA", **zalo.article_options(per_month=4, month_begins=10)}
    outlets = {
        "portal": {"kind": "portal", "title": "Cổng thông tin"},
        "sms": {"title": "SMS chính", **first.options(), **sms, "fallback": "sms-du-phong"},
        "sms-du-phong": spare,
        "bai": {"kind": "zalo_article", **article},
    }
    office = {"name": OFFICE, "level": "commune"}
    return plain | {
        "web": {"port": free_port()},
        "office": office,
        "policy": {"person_day": 2},
        "outlets": outlets,
    }


async def _before_the_level_was_said(office: Office) -> str:
    """People, and outreach by SMS, approved while nobody had said that this is a commune; its schedule."""
    house, now = office.house, office.clock.now()
    found = read_audience(ROWS.encode(), house.settings.office.zone)
    source = Source("danh-sach-mot-cua.csv", "0" * 64, LEADER)
    async with house.database.write() as tx:
        await audience_store.save_audience(house.database, tx, house.seal, new_id(now), LIST, found.people, now, source)
        part = ("Người bản B", LIST, conditions_of(["village=bản B"]))
        await audience_store.save_filter(tx, new_id(now), *part, now)
    item = await office.item("Tuyên truyền cải cách hành chính")
    rule = Rule(once=office.in_(minutes=10))
    return (await office.schedule(item, "sms", audience=LIST, rule=rule)).id


async def _play(played: Commune) -> None:
    office = played.office
    house, clock = office.house, office.clock
    clock.advance(600)
    await office.drain()
    for day in range(3):
        await office.schedule(await office.item(f"Bản tin Zalo số {day + 1}"), "bai")
        await office.drain()
        if day < 2:
            clock.advance(24 * 3600 - 300 * (1 - day))
    late = await office.schedule(await office.item("Bản tin Zalo phát thêm"), "bai")
    daily = Rule(cron="0 9 * * *")
    await office.schedule(await office.item("Bản tin Zalo hằng ngày"), "bai", rule=daily, until=office.in_(days=20))
    item = await office.item("Hồ sơ đã có kết quả", **CARE)
    diverted = await office.schedule(item, "sms", audience=LIST)
    await office.drain()
    clock.advance(60)
    await office.drain()
    again = await office.item("Nhắc nhận kết quả", **CARE)
    await office.schedule(again, "sms-du-phong", audience=LIST)
    held = await office.schedule(await office.item("Nhắc lần hai", **CARE), "sms-du-phong", audience=LIST)
    await office.drain()
    for name, schedule in (("diverted", diverted), ("held", held), ("waits", late)):
        [first, *_] = await office.deliveries(schedule=schedule.id)
        played.pages[name] = f"/deliveries/{first.id}"
        played.pages[f"{name}-schedule"] = f"/schedules/{schedule.id}"
    await _correct_and_withdraw(played, again)
    sent = (await office.deliveries(states=(State.SENT,), outlets=("sms-du-phong",)))[-1]
    played.pages["stop-link"] = house.stop_links.address(sent.id).removeprefix(house.settings.web.base_url)
    played.pages |= {
        "outlets": "/outlets",
        "quota": "/outlets/bai/quota",
        "quota-next": "/outlets/bai/quota?month=2026-12",
        "audiences": "/audiences",
        "policy": "/policy",
        "deliveries": "/deliveries",
    }


async def _correct_and_withdraw(played: Commune, sent: Item) -> None:
    """On the portal, one that is corrected, and one that was withdrawn; and what people have in their phones, withdrawn too."""
    office = played.office
    house, wrong, taken = (
        office.house,
        await office.item("Lịch tiêm chủng tháng 12"),
        await office.item("Họp dân bản B"),
    )
    for item in (wrong, taken):
        await office.schedule(item, "portal")
    await office.drain()
    office.clock.advance(60)
    async with house.database.write() as tx:
        await house.editing.revise(tx, wrong.id, Draft(wrong.title, "Tiêm ngày 05/12."), "Mai")
        await house.editing.submit(tx, wrong.id, "Mai")
        mended = await house.editing.approve(tx, wrong.id, "Hùng")
        await house.correcting.replace(tx, mended, "Hùng")
        for item, why in ((taken, "Hoãn họp"), (sent, "Ghi nhầm phòng trả kết quả")):
            await house.correcting.take_back(tx, await house.editing.withdraw(tx, item.id, "Hùng", why))
    await office.drain()
    played.gone = f"/portal/{taken.slug}"
    played.pages |= {"corrected": f"/portal/{wrong.slug}", "corrected-item": f"/items/{wrong.id}"}
    played.pages |= {"withdrawn-message": f"/items/{sent.id}"}
    played.pages |= {"withdrawn-item": f"/items/{taken.id}", "register": "/portal/so-cong-bo"}
    played.pages |= {
        "print": f"/portal/in/{wrong.slug}",
        "found": "/portal/?tim=tiem+chung",
        "month": "/portal/?thang=2026-11",
    }
