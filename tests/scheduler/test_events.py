"""Events for other systems: made of what is durable, none lost, none made up, and none at all while nobody asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from standardwebhooks import Webhook

from channels.channel import Confirmation
from config.clock import FakeClock, SystemClock
from config.settings import Settings
from config.words import BadInput
from desk.app import opened
from scheduler.delivery import parse_delivery_id
from scheduler.dispatch.mark import move_back
from scheduler.events.event import Kind
from scheduler.events.store import event, parcel_told
from scheduler.subscription.store import outgoing
from tests.conftest import both
from tests.scheduler.claims import plan
from tests.scheduler.conftest import Office, beside
from tests.scheduler.listening import Listening, standing, subscribe
from tests.scheduler.partner import SlowGateway
from tests.scheduler.station import station_in


@pytest.fixture
async def there(clock: FakeClock) -> AsyncIterator[Listening]:
    """Another system; whatever comes there must be in order."""
    async with Listening(clock) as there:
        yield there
        there.hold.set()
    assert [] == there.faults


async def rows(office: Office) -> list[int]:
    """How many events, parcels to be told of, and sends there are."""
    async with office.house.database.read() as connection:
        tables = (event, parcel_told, outgoing)
        return [(await connection.execute(select(func.count()).select_from(one))).scalar_one() for one in tables]


async def pause(office: Office, outlet: str = "sms") -> None:
    """Somebody pauses an outlet, as the desk notes it."""
    async with office.house.database.write() as tx:
        await office.house.journal.note(tx, office.clock.now(), "Hùng", "pause", f"outlet/{outlet}", note="bảo trì")


async def busy(office: Office, people: int = 3) -> str:
    """An item that goes to the portal and to some phones, and a pause; the item's id."""
    await office.audience(people)
    item = await office.item()
    await office.schedule(item, "portal", "sms", audience="Bản A")
    await pause(office)
    await office.drain()
    return item.id


@both
async def test_nothing_is_written_while_nobody_subscribes(office: Office, there: Listening) -> None:
    """Nor after the last one has gone; what was before is told to nobody who comes later."""
    await busy(office)
    assert [0, 0, 0] == await rows(office)
    id = await subscribe(office.house, there)
    await office.drain()
    assert [0, 0, 0] == await rows(office)
    async with office.house.database.write() as tx:
        await office.house.subscribing.remove(tx, id, "Quản Trị")
    office.clock.advance(60)
    await busy(office)
    assert ([0, 0, 0], []) == (await rows(office), there.came)


@both
async def test_what_happens_is_told(office: Office, there: Listening) -> None:
    """Each once, with what a machine needs, and with no address or name of a recipient."""
    id = await subscribe(office.house, there)
    item = await busy(office)
    (approved,), (opened,), (paused,) = (
        there.of(kind) for kind in (Kind.ITEM_APPROVED, Kind.OCCURRENCE_OPENED, Kind.OUTLET_PAUSED)
    )
    assert (f"item/{item}", item, "normal") == (
        approved["subject"],
        approved["data"]["item"],
        approved["data"]["class"],
    )
    assert "Hùng" not in str(approved)
    assert {"portal", "sms"} == set(opened["data"]["outlets"])
    assert [item] == [one["item"] for one in opened["data"]["items"]]
    assert ("sms", False, "bảo trì") == tuple(paused["data"][name] for name in ("outlet", "by_loa", "reason"))
    told = [one for each in there.of(Kind.DELIVERY_FINAL) for one in each["data"]["deliveries"]]
    log = {(one.id, one.outlet, one.state.value) for one in await office.deliveries()}
    assert log == {(one["id"], one["outlet"], one["state"]) for one in told}
    assert 4 == len(told) == len(log)
    assert all(opened["data"]["occurrence"] == one["data"]["occurrence"] for one in there.of(Kind.DELIVERY_FINAL))
    assert not any(word in body for body in there.bodies for word in ("+8498", "8498000", "Người"))
    count = len(there.came)
    office.clock.advance(3600)
    await office.drain()
    assert count == len(there.came) == len(set(there.ids))
    one, backlog = await standing(office.house.database, id)
    assert (office.clock.now() - timedelta(hours=1), None, 0) == (one.worked_at, one.failed_at, backlog.waiting)


async def test_only_what_was_asked_for(office: Office, there: Listening, clock: FakeClock) -> None:
    """Each receiver its own kinds; of the others nothing is written."""
    async with Listening(clock) as other:
        await subscribe(office.house, there, Kind.OUTLET_PAUSED)
        await subscribe(office.house, other, Kind.OCCURRENCE_OPENED)
        await busy(office)
        assert (["vn.loa.outlet.paused"], ["vn.loa.occurrence.opened"]) == (
            [one["type"] for one in there.came],
            [one["type"] for one in other.came],
        )
        assert [] == other.faults
    assert [2, 0, 0] == await rows(office)


async def test_a_parcel_at_a_time(office: Office, there: Listening) -> None:
    """Of twelve hundred deliveries three events, and no row for each delivery."""
    await subscribe(office.house, there, Kind.DELIVERY_FINAL)
    await office.audience(1200)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    told = [one["data"]["deliveries"] for one in there.came]
    assert [200, 500, 500] == sorted(len(one) for one in told)
    assert {one.id for one in await office.deliveries()} == {one["id"] for each in told for one in each}
    assert [3, 3, 0] == await rows(office)
    assert max(map(len, there.bodies)) < 60_000


@both
async def test_a_later_report_is_told_too(office: Office, there: Listening) -> None:
    """What was sent and is confirmed a minute later: only what has changed, and never again."""
    await subscribe(office.house, there, Kind.DELIVERY_FINAL)
    await office.audience(3)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    (first,) = there.came
    ids = [one["id"] for one in first["data"]["deliveries"]]
    async with office.house.database.write() as tx:
        said = [Confirmation(True, delivery=ids[0]), Confirmation(False, delivery=ids[2], reason="off")]
        await office.house.receiver.confirm_all(tx, "sms", said, office.clock.now())
    await office.drain()
    assert 1 == len(there.came)
    office.clock.advance(61)
    await office.drain()
    expected = [(ids[0], "confirmed"), (ids[2], "failed")]
    assert expected == [(one["id"], one["state"]) for one in there.came[1]["data"]["deliveries"]]
    for _ in range(5):
        office.clock.advance(3600)
        await office.drain()
    assert 2 == len(there.came)
    async with office.house.database.write() as tx:
        await office.house.receiver.confirm_all(tx, "sms", [Confirmation(True, delivery=ids[1])], office.clock.now())
    office.clock.advance(3600)
    await office.drain()
    assert [(ids[1], "confirmed")] == [(one["id"], one["state"]) for one in there.came[2]["data"]["deliveries"]]


async def test_what_hangs_keeps_nothing_else_back(office: Office, there: Listening, sms: SlowGateway) -> None:
    """One delivery waits for hours; the others are told soon, that one when it has an end."""
    await subscribe(office.house, there, Kind.DELIVERY_FINAL)
    await office.audience(3)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    stuck: list[str] = []

    def says(name: str) -> tuple[int, dict[str, str]] | None:
        stuck[:] = stuck or [name]
        return (503, {}) if name in stuck else None

    sms.says = says
    await office.drain()
    assert [] == there.came
    office.clock.advance(21)
    await office.drain()
    assert [2] == [len(one["data"]["deliveries"]) for one in there.came]
    sms.says = lambda _: None
    office.clock.advance(600)
    await office.drain()
    office.clock.advance(3600)
    await office.drain()
    assert [[stuck[0]]] == [[each["id"] for each in one["data"]["deliveries"]] for one in there.came[1:]]


@both
async def test_what_is_under_way_when_somebody_subscribes(office: Office, there: Listening) -> None:
    """Planned before, final after: it is told."""
    await office.audience(2)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    await subscribe(office.house, there, Kind.DELIVERY_FINAL, Kind.OCCURRENCE_OPENED)
    await office.drain()
    assert [2] == [len(one["data"]["deliveries"]) for one in there.came]


@both
async def test_no_parcel_slips_through_while_somebody_subscribes(office: Office, there: Listening) -> None:
    """Planned at the very moment: it is told, whoever came first."""
    for number in range(1, 9):
        await office.schedule(await office.item(f"Tin {number}"), "portal")
        _, id = await asyncio.gather(plan(office), subscribe(office.house, there, Kind.DELIVERY_FINAL))
        await office.drain()
        assert number == len(there.came)
        async with office.house.database.write() as tx:
            await office.house.subscribing.remove(tx, id, "Quản Trị")
        assert 0 == (await rows(office))[1]


async def test_missed_runs_are_not_opened(office: Office, there: Listening) -> None:
    """Of a run that nobody made up for nothing is told."""
    await subscribe(office.house, there, Kind.OCCURRENCE_OPENED)
    await office.schedule(await office.item(), "portal")
    office.clock.advance(13 * 3600)
    await office.drain()
    assert ([], [0, 0, 0]) == (there.came, await rows(office))


@both
async def test_two_processes_tell_each_once(
    office: Office, office_settings: dict[str, Any], there: Listening, clock: FakeClock
) -> None:
    """They make events, assign them and send them at the same time."""
    await subscribe(office.house, there)
    for number in range(12):
        await office.item(f"Tin số {number}")
        await pause(office)
    await office.audience(600)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    async with beside(office_settings, clock) as other:
        houses = (office.house, other)
        await asyncio.gather(*(house.runner._planner.plan() for house in houses))
        for _ in range(4):
            await asyncio.gather(*(house.runner._chronicler.collect() for house in houses))
            await asyncio.gather(*(house.herald.announce() for house in houses))
        await office.drain()
    assert len(there.ids) == len(set(there.ids))
    counts = [len(there.of(kind)) for kind in (Kind.ITEM_APPROVED, Kind.OUTLET_PAUSED, Kind.OCCURRENCE_OPENED)]
    assert [13, 12, 1] == counts
    told = [one["id"] for each in there.of(Kind.DELIVERY_FINAL) for one in each["data"]["deliveries"]]
    assert 600 == len(told) == len(set(told))


@both
async def test_a_late_station_is_told_once(plain_settings: dict[str, Any], clock: FakeClock, there: Listening) -> None:
    """However many look, and after a restart; without its telephone number."""
    async with station_in(plain_settings, clock, phone="0212 3878 123") as station:
        await subscribe(station.house, there, Kind.STATION_LATE)
        await station.send("Tin thường")
        station.clock.advance(2 * 3600)
        await station.drain()
        station.clock.advance(3000)
        await station.house.runner._lookout.look()
        async with opened(Settings.model_validate(plain_settings), clock) as other:
            await other.runner._lookout.look()
        await station.drain()
        (late,) = there.came
        assert ("outlet/tram", "slot", "trua", "Buổi trưa") == (
            late["subject"],
            *(late["data"][name] for name in ("kind", "slot", "title")),
        )
        assert parse_delivery_id(late["data"]["deliveries"][0]) and "3878" not in str(late)


async def test_nothing_is_kept_longer_than_a_month(office: Office, there: Listening) -> None:
    """Neither events nor what waits; and nothing older can be asked for."""
    id = await subscribe(office.house, there)
    there.always = 500
    await busy(office)
    assert 0 < min(await rows(office))
    for _ in range(32):
        office.clock.advance(24 * 3600)
        await office.drain()
    assert [0, 0, 0] == await rows(office)
    async with office.house.database.write() as tx:
        with pytest.raises(BadInput, match="30 days"):
            await office.house.subscribing.replay(tx, id, office.in_(days=-31), "Quản Trị")


@both
async def test_a_clock_set_back_holds_nothing_up(office: Office, there: Listening) -> None:
    """What was seconds away is so again."""
    await subscribe(office.house, there, Kind.ITEM_APPROVED)
    there.says = [500]
    await office.item()
    await office.drain()
    office.clock.step(-86400)
    async with office.house.database.write() as tx:
        assert 1 == await move_back(tx, office.clock.now(), timedelta(days=1))
    office.clock.advance(7)
    await office.drain()
    assert 2 == len(there.came)


async def test_a_house_at_work(plain_settings: dict[str, Any]) -> None:
    """On the clock of the machine, all loops running: within seconds, and the library's own check passes."""
    clock = SystemClock()
    async with opened(Settings.model_validate(plain_settings)) as house, Listening(clock) as there:
        await subscribe(house, there, Kind.ITEM_APPROVED)
        running = asyncio.create_task(house.runner.run())
        office = Office(house, clock)
        item = await office.item()
        await there.has_come(1)
        assert [item.id] == [one["data"]["item"] for one in there.came]
        assert [] == there.faults
        assert there.came[0] == Webhook(there.secrets[0]).verify(there.bodies[0], there.headers[0])
        house.stop()
        await running
