"""One key for each delivery, an honest log, nothing unapproved, poison set aside, the breaker, bounded hands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from config.clock import FakeClock
from config.settings import Settings
from content.item import Draft
from db.database import Database
from desk.app import House, opened
from scheduler.delivery import PARCEL_SIZE, State, parse_delivery_id
from scheduler.outcome import BREAKER_SECONDS
from scheduler.sweeper import SET_ASIDE_AFTER
from tests.conftest import both
from tests.scheduler.claims import claim, plan
from tests.scheduler.conftest import Office
from tests.scheduler.partner import SlowGateway, busy

PATIENCE = 20.0


@pytest.fixture
def office_settings(plain_settings: dict[str, Any], sms: SlowGateway) -> dict[str, Any]:
    """A quick outlet at the gateway, and one with a hundred a second."""
    plain_settings["outlets"] |= {
        "sms": {"kind": "sms_http", **sms.options()},
        "paced": {"kind": "sms_http", **sms.options(), "per_second": 100.0},
    }
    return plain_settings


Another = Callable[[str], Any]


@pytest.fixture
def another(office_settings: dict[str, Any], clock: FakeClock) -> Another:
    """A process on the same database, under a name of its own, as after a restart."""

    @asynccontextmanager
    async def begin(name: str) -> AsyncIterator[House]:
        async with opened(Settings.model_validate(office_settings), clock) as house:
            house.runner._worker._owner = house.runner._sweeper._owner = f"this-machine/999999/{name}"
            yield house

    return begin


async def dies_sending(house: House, sms: SlowGateway, count: int = 1) -> None:
    """A process that is killed while so many requests are held at the gateway."""
    came = len(sms.came)
    sms.hold()
    working = asyncio.create_task(house.runner.drain())
    async with asyncio.timeout(PATIENCE):
        await sms.has_come(came + count)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    sms.let_go()


@both
async def test_one_key_on_every_try_after_restart_and_rescue(
    office: Office, sms: SlowGateway, another: Another
) -> None:
    """Refused for now, an answer lost, a process killed in mid-send, another one: the partner sees one and the same id."""
    await office.audience(1)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    sms.says = lambda _: busy()
    await office.drain()
    sms.says = lambda _: None
    sms.lose(1)
    office.clock.advance(60)
    await office.drain()
    async with another("1") as house:
        office.clock.advance(60)
        await dies_sending(house, sms)
    async with another("2") as house:
        office.clock.advance(31)
        await house.runner.drain()
    (one,) = await office.deliveries()
    assert ["unavailable", "unsure", "interrupted", "sent"] == [attempt.outcome for attempt in one.attempts]
    assert ([one.id] * 4, 1) == (sms.ids, len(sms.ledger.taken))


async def letters(database: Database) -> str:
    """The letters of the one parcel, as another connection sees them."""
    async with database.read() as connection:
        return str((await connection.execute(text("SELECT letters FROM parcel"))).scalar_one())


@both
async def test_intent_is_on_disk_before_the_request_leaves(office: Office, sms: SlowGateway, database_url: str) -> None:
    """While the partner has not answered, another connection already finds each of these requests in the log."""
    await office.audience(100)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    sms.hold()
    draining = asyncio.create_task(office.drain())
    async with asyncio.timeout(PATIENCE):
        await sms.has_come(16)
    beside = Database(database_url)
    line = await letters(beside)
    await beside.close()
    assert {"i"} == {line[parse_delivery_id(id)[1]] for id in sms.ids}
    assert "s" not in line
    sms.let_go()
    await draining
    assert {State.SENT: 100} == await office.states()


@both
async def test_an_outcome_does_not_wait_for_others(office: Office, sms: SlowGateway) -> None:
    """One answer comes, fifteen do not: it is in the log though nothing else happens, and the clock stands still."""
    await office.audience(16)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    sms.hold()
    draining = asyncio.create_task(office.drain())
    async with asyncio.timeout(PATIENCE), office.house.notifier.waiting("delivery") as rung:
        await sms.has_come(16)
        rung.clear()
        sms.release(1)
        await rung.wait()
    assert "i" * 15 + "s" == "".join(sorted(await letters(office.house.database)))
    sms.let_go()
    await draining


@both
async def test_withdrawn_in_mid_dispatch(office: Office, sms: SlowGateway) -> None:
    """Two seconds after a text is withdrawn nothing of it leaves; what had left before is in the log as sent."""
    await office.audience(5000)
    item = await office.item()
    await office.schedule(item, "paced", audience="Bản A")
    draining = asyncio.create_task(office.drain())
    await sms.has_taken(100)
    async with office.house.database.write() as tx:
        await office.house.editing.withdraw(tx, item.id, "Hùng", "sai số liệu")
    withdrawn = office.clock.steady()
    await draining
    assert sms.came[-1][1] - withdrawn <= 2.0
    sent = len(sms.ledger.taken)
    assert sent < 1000
    assert {State.SENT: sent, State.CANCELLED: 5000 - sent} == await office.states()


@both
@pytest.mark.parametrize("deed", ["withdraw", "revise"])
async def test_what_was_allowed_before_a_rest_is_asked_again(office: Office, sms: SlowGateway, deed: str) -> None:
    """The partner wants a minute of quiet; the text is withdrawn or changed in it; then not a single one leaves."""
    await office.audience(200)
    item = await office.item()
    await office.schedule(item, "paced", audience="Bản A")
    sms.says = lambda _: busy("60")
    draining = asyncio.create_task(office.drain())
    await sms.has_come(1)
    async with asyncio.timeout(PATIENCE):
        while "i" in await letters(office.house.database):
            await asyncio.sleep(0)
    came, database, editing = len(sms.came), office.house.database, office.house.editing
    async with database.write() as tx:
        if deed == "withdraw":
            await editing.withdraw(tx, item.id, "Hùng", "sai số liệu")
        else:
            await editing.revise(tx, item.id, Draft(title="Đã sửa", body="Nội dung khác."), "Mai")
            await editing.submit(tx, item.id, "Mai")
            await editing.approve(tx, item.id, "Hùng")
    sms.says = lambda _: None
    office.clock.advance(120)
    await draining
    await office.drain()
    assert came == len(sms.came)
    assert {State.CANCELLED: 200} == await office.states()


@both
async def test_poison_is_set_aside_after_three_crashes(office: Office, sms: SlowGateway, another: Another) -> None:
    """The process dies whenever it sends one of them: after the third time that one waits for a person, the others go."""
    addresses = await office.audience(5)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    (poison,) = [one.id for one in await office.deliveries() if one.address == addresses[2]]
    for number in range(SET_ASIDE_AFTER):
        async with another(str(number)) as house:
            await dies_at(house, sms, poison)
            office.clock.advance(31)
    async with another("last") as house:
        await house.runner.drain()
    found = {one.address: one for one in await office.deliveries()}
    guilty = found.pop(addresses[2])
    assert {State.SENT} == {one.state for one in found.values()}
    assert State.UNSURE is guilty.state
    assert ["interrupted"] * SET_ASIDE_AFTER == [attempt.outcome for attempt in guilty.attempts]
    assert ["set_aside"] == await office.journal(f"delivery/{guilty.id}")
    for _ in range(3):
        office.clock.advance(3600)
        await office.drain()
    assert SET_ASIDE_AFTER == sms.ids.count(guilty.id)


@both
async def test_suspects_go_when_all_others_have_gone(office: Office, sms: SlowGateway) -> None:
    """Two were in hand at two crashes: each goes alone, and not before what nobody suspects."""
    await office.audience(5)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    suspects = await claim(office, "sms", 2)
    office.clock.advance(31)
    await office.house.runner._sweeper.rescue()
    async with office.house.database.write() as tx:
        assert 2 == (await tx.execute(text("UPDATE waiting SET crashes = 2"))).rowcount
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    assert 10 == len(sms.ids)
    assert sorted(suspects) == sorted(sms.ids[-2:])


async def dies_at(house: House, sms: SlowGateway, poison: str) -> None:
    """A process that is killed as soon as this delivery's request has come to the gateway, whatever else it does."""
    sms.hold()
    before = sms.ids.count(poison)
    working = asyncio.create_task(house.runner.drain())
    async with asyncio.timeout(PATIENCE):
        while sms.ids.count(poison) == before:
            await sms.has_come(len(sms.came) + 1)
            if sms.ids[-1] != poison and house.runner._worker._solo.outlet:
                sms.release()  # those who go alone come back one by one
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    sms.let_go()


@both
async def test_the_breaker_probes_one_at_a_time_and_rests_longer(office: Office, sms: SlowGateway) -> None:
    """After a storm of failures one request at a time, after 5, 15, 60 and 300 seconds; one success and all go."""
    await office.audience(300)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    sms.says = lambda _: (503, {})
    await office.drain()
    storm = len(sms.came)
    assert 5 <= storm <= 64
    for number, seconds in enumerate((*BREAKER_SECONDS, BREAKER_SECONDS[-1])):
        office.clock.advance(seconds - 1)
        await office.drain()
        assert storm + number == len(sms.came)
        office.clock.advance(1.5)
        await office.drain()
        assert storm + number + 1 == len(sms.came)
    sms.says = lambda _: None
    office.clock.advance(BREAKER_SECONDS[-1] + 1)
    await office.drain()
    office.clock.advance(6 * 3600)
    await office.drain()
    assert {State.SENT: 300} == await office.states()


@both
async def test_only_batches_are_in_hand(office: Office, sms: SlowGateway) -> None:
    """Of twenty thousand that wait a lane never holds more than a few batches, while it is quick and while it is held."""
    await office.audience(20_000)
    await office.schedule(await office.item(), "paced", audience="Bản A")
    draining = asyncio.create_task(office.drain())
    most = 0
    while len(sms.came) < 300:
        await sms.has_come(len(sms.came) + 1)
        async with office.house.database.read() as connection:
            held = text("SELECT coalesce(sum(size), 0) FROM parcel WHERE owner IS NOT NULL")
            most = max(most, (await connection.execute(held)).scalar_one())
    assert PARCEL_SIZE <= most <= 4 * PARCEL_SIZE
    office.house.stop()
    await draining
