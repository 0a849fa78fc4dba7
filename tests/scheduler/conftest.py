"""A house with strict partners on real sockets, and the office's acts in one line each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.audiences import store as audience_store
from channels.audiences.store import Recipient
from config.clock import FakeClock
from config.settings import Settings
from content import store as content_store
from content.bulletin import BulletinClass
from content.item import Draft, Item
from db.types import new_id
from desk import partners
from desk.app import House, opened
from desk.demo.sms_gateway import SmsGateway
from desk.demo.zalo import ZaloSandbox
from scheduler.delivery import Delivery, State
from scheduler.log import store as log_store
from scheduler.schedule import Rule, Schedule
from scheduler.scheduling import Wish
from tests.scheduler.partner import SlowGateway


class BriskClock(FakeClock):
    """A fake clock on which the short waits of a pace pass by themselves."""

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """See Clock.wait."""
        if seconds >= 0.5:
            return await super().wait(event, seconds)
        self.advance(max(0.0, seconds))
        return event.is_set()


@dataclass
class Office:
    """The people of an office and what they do."""

    house: House
    clock: FakeClock

    async def item(self, title: str = "Bộ phận một cửa làm việc cả thứ bảy", **draft: Any) -> Item:
        """An item written by Mai and approved by Hùng."""
        body = draft.pop("body", "Từ tháng này bà con nộp hồ sơ được cả sáng thứ bảy.")
        async with self.house.database.write() as tx:
            item = await self.house.editing.write(tx, Draft(title=title, body=body, **draft), "Mai")
            await self.house.editing.submit(tx, item.id, "Mai")
            return await self.house.editing.approve(tx, item.id, "Hùng")

    async def audience(self, count: int, name: str = "Bản A", scheme: str = "phone") -> list[str]:
        """An audience of so many recipients; their addresses in order."""
        lead = "+8498" if scheme == "phone" else "71000000000000"
        people = [Recipient(scheme, f"{lead}{number:07d}", f"Người {number}") for number in range(count)]
        async with self.house.database.write() as tx:
            now = self.clock.now()
            await audience_store.save_audience(self.house.database, tx, self.house.seal, new_id(now), name, people, now)
        return [person.address for person in people]

    async def schedule(self, item: Item, *outlets: str, **wish: Any) -> Schedule:
        """A schedule made by Hùng, who may approve; at once unless a rule is given."""
        rule = wish.pop("rule", None) or Rule(once=self.clock.now())
        asked = Wish((item.id,), outlets, rule, **wish)
        async with self.house.database.write() as tx:
            return await self.house.scheduling.add(tx, asked, "Hùng", may_approve=True)

    async def drain(self) -> None:
        """Plan, record and send what is due."""
        await self.house.runner.drain()

    async def deliveries(self, **wanted: Any) -> list[Delivery]:
        """All deliveries, by address."""
        async with self.house.database.read() as connection:
            found = [one async for one in log_store.walk(connection, log_store.Filter(**wanted))]
        seen = [replace(one, address=self.house.seal.open(one.address)) for one in found]
        return sorted(seen, key=lambda one: (one.due_at, one.outlet, one.address))

    async def states(self, **wanted: Any) -> dict[State, int]:
        """How many deliveries are in which state."""
        states = [one.state for one in await self.deliveries(**wanted)]
        return {state: states.count(state) for state in dict.fromkeys(states)}

    async def journal(self, thing: str) -> list[str]:
        """Verbs noted about a thing."""
        async with self.house.database.read() as connection:
            return [deed.verb for deed in await self.house.journal.of(connection, thing)]

    async def revision(self, item: Item) -> Any:
        """The newest text of an item."""
        async with self.house.database.read() as connection:
            return await content_store.find_revision(connection, item.revision)

    def in_(self, **span: float) -> datetime:
        """A moment from now."""
        return self.clock.now() + timedelta(**span)


@pytest.fixture
async def sms(clock: FakeClock) -> AsyncIterator[SlowGateway]:
    """A gateway that deduplicates, and that can be held."""
    async with SlowGateway(clock) as gateway:
        yield gateway
        gateway.let_go()


@pytest.fixture
async def zalo() -> AsyncIterator[ZaloSandbox]:
    """A Zalo account; it knows nothing of repeats."""
    async with ZaloSandbox(per_minute=10_000_000) as account:
        yield account


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands at 8 in the morning of 23/11/2026 in Vietnam but for the pauses between sends."""
    return BriskClock()


@pytest.fixture
def office_settings(plain_settings: dict[str, Any], sms: SmsGateway, zalo: ZaloSandbox) -> dict[str, Any]:
    """A portal, a station, an SMS gateway that deduplicates, one that does not, and Zalo."""
    plain_settings["outlets"] |= {
        "sms": {"kind": "sms_http", **sms.options()},
        "sms-once": {"kind": "sms_http", **sms.options(), "dedupes": False},
        "zalo": {"kind": "zalo_oa", **zalo.options()},
    }
    return plain_settings


@pytest.fixture
async def office(office_settings: dict[str, Any], clock: FakeClock) -> AsyncIterator[Office]:
    """An office at work at 8 in the morning."""
    async with opened(Settings.model_validate(office_settings), clock) as house:
        yield Office(house, clock)


@pytest.fixture
async def door(office: Office) -> AsyncIterator[str]:
    """Where partners come to the office; its address without a path."""
    app = web.Application()
    app.add_routes(partners.routes(office.house))
    async with TestServer(app) as server:
        yield str(server.make_url("/")).rstrip("/")


@asynccontextmanager
async def beside(settings: dict[str, Any], clock: FakeClock, owner: str = "this-machine/1/1") -> AsyncIterator[House]:
    """Another process of the same office, called so in leases."""
    async with opened(Settings.model_validate(settings), clock) as house:
        house.runner._worker._owner = owner
        yield house


URGENT = BulletinClass.URGENT
