"""Numbers at rest: sealed wherever they lie, opened on the way out alone, and taken over from before there were seals."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select, update

from channels.audiences import store as audience_store
from channels.audiences.store import optout, recipient
from channels.people import store as people_store
from config.settings import Settings
from config.words import Conflict
from db.database import Database
from db.moving import rows_of
from db.types import metadata, new_id
from desk.app import opened
from desk.demo.zalo import ZaloSandbox
from scheduler import planner
from scheduler.delivery import State
from scheduler.dispatch.tables import parcel, parcel_recipients
from scheduler.sealing import WrongKey
from tests.conftest import both
from tests.scheduler.claims import plan
from tests.scheduler.conftest import Office
from tests.scheduler.partner import SlowGateway


async def everything(database: Database) -> str:
    """All that lies in the database, as text."""
    async with database.read() as connection:
        return "\n".join([str(row) for table in metadata.sorted_tables async for row in rows_of(connection, table)])


async def plain_list(office: Office, count: int, name: str = "Bản cũ") -> list[str]:
    """A list as it was stored before there were seals; its numbers."""
    database, now = office.house.database, office.clock.now()
    numbers = [f"+8498{number:07d}" for number in range(count)]
    async with database.write() as tx:
        await audience_store.save_audience(database, tx, office.house.seal, new_id(now), name, [], now)
        row = {
            "audience": await audience_store.audience_id(tx, name),
            "scheme": "phone",
            "consent": "",
            "added_at": now,
        }
        people = [row | {"address": number, "name": f"Người {place}"} for place, number in enumerate(numbers)]
        await tx.execute(insert(recipient), people)
    office.house.sealing._done = False
    return numbers


@both
async def test_no_number_lies_in_the_database(office: Office, sms: SlowGateway, zalo: ZaloSandbox) -> None:
    """Neither in lists nor in the log, whatever becomes of a delivery; the partners have been sent the real ones."""
    numbers, ids = await office.audience(3), await office.audience(2, "Zalo", "zalo")
    zalo.follow(ids[0])
    sms.says = lambda _: (503, {}) if len(sms.came) == 2 else None
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.schedule(await office.item(), "zalo", audience="Zalo")
    async with office.house.database.write() as tx:
        await office.house.handling.opt_out(tx, "phone", numbers[2], "Lan", "gọi điện")
    await office.drain()
    assert {State.SENT: 2, State.PENDING: 1, State.FAILED: 1} == await office.states()
    (taken,) = sms.ledger.taken
    assert f"+{taken.phone.lstrip('+')}" in numbers[:2]
    there = await everything(office.house.database)
    assert [] == [address for address in (*numbers, *ids) if address.lstrip("+") in there]


@both
async def test_a_person_is_found_by_the_number(office: Office) -> None:
    """In any of several parcels, also in one from before there were seals."""
    numbers = await office.audience(1100)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    forms = office.house.seal.forms(numbers[77])
    assert [numbers[77]] == [one.address for one in await office.deliveries(addresses=forms)]
    async with office.house.database.write() as tx:
        ids = list((await tx.execute(select(parcel.c.id))).scalars())
        old = [[number, ""] for number in numbers[:500]]
        await tx.execute(update(parcel_recipients).where(parcel_recipients.c.parcel == ids[0]).values(recipients=old))
        await tx.execute(update(parcel).where(parcel.c.id == ids[0]).values(first=numbers[0], last=numbers[499]))
    assert numbers[77] in [one.address for one in await office.deliveries(addresses=forms)]


@both
async def test_with_another_key_nothing_starts(office: Office, office_settings: dict[str, Any]) -> None:
    """Nor is anything sealed with it; with the right one all goes on."""
    await office.audience(3)
    other = office_settings | {"people": {"key": "một khóa khác"}}
    with pytest.raises(WrongKey) as caught:
        async with opened(Settings.model_validate(other), office.clock):
            pass
    assert "khóa khác" in caught.value.vi and "một khóa khác" not in caught.value.vi
    async with opened(Settings.model_validate(office_settings), office.clock):
        pass


@both
async def test_an_old_list_is_sealed_at_start(
    office: Office, office_settings: dict[str, Any], sms: SlowGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chunk a transaction, who wanted nothing still gets nothing, and each number is sent to once."""
    monkeypatch.setattr("scheduler.sealing.CHUNK", 7)
    numbers = await plain_list(office, 20)
    async with office.house.database.write() as tx:
        said = {"scheme": "phone", "address": numbers[3], "at": office.clock.now(), "how": "gọi điện"}
        await tx.execute(insert(optout).values(**said))
        await tx.execute(
            update(recipient).where(recipient.c.address == numbers[3]).values(stopped_at=office.clock.now())
        )
    async with opened(Settings.model_validate(office_settings), office.clock) as house:
        assert 0 == await house.sealing.seal()
        assert [] == [number for number in numbers if number[1:] in await everything(house.database)]
        async with house.database.write() as tx:
            people = [audience_store.Recipient("phone", numbers[3], "Lại là tôi")]
            await audience_store.save_audience(
                house.database, tx, house.seal, "x", "Bản cũ", people, office.clock.now()
            )
    await office.schedule(await office.item(), "sms", audience="Bản cũ")
    await office.drain()
    assert {State.SENT: 19} == await office.states()
    assert sorted({*numbers} - {numbers[3]}) == sorted(f"+{one.phone.lstrip('+')}" for one in sms.ledger.taken)


@both
async def test_a_list_that_is_being_frozen_waits(
    office: Office, sms: SlowGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sealed in the midst of it, those frozen already would come a second time; nor is anybody taken in meanwhile."""
    numbers = await plain_list(office, 1200)
    monkeypatch.setattr(planner, "CHUNK", 500)
    await office.schedule(await office.item(), "sms", audience="Bản cũ")
    await office.house.database.run(office.house.runner._planner._turn(office.clock.now()))
    assert 0 == await office.house.sealing.seal()
    with pytest.raises(Conflict, match="just being sent"):
        async with office.house.database.write() as tx:
            now, people = office.clock.now(), [audience_store.Recipient("phone", numbers[0])]
            await audience_store.save_audience(office.house.database, tx, office.house.seal, "x", "Bản cũ", people, now)
    await office.drain()
    assert sorted(numbers) == sorted(f"+{one.phone.lstrip('+')}" for one in sms.ledger.taken)
    assert {State.SENT: 1200} == await office.states()
    await office.house.sealing.seal()
    async with office.house.database.read() as connection:
        assert not await people_store.any_plain(connection)


@both
async def test_the_old_log_is_sealed_once_it_is_done(office: Office, sms: SlowGateway) -> None:
    """Parcel by parcel; what is still on its way stays as it is until then, and everybody is found all the time."""
    numbers = await office.audience(600)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    database, seal = office.house.database, office.house.seal
    async with database.write() as tx:
        for id, recipients in list(
            await tx.execute(select(parcel_recipients.c.parcel, parcel_recipients.c.recipients))
        ):
            old = sorted([seal.open(address), name] for address, name in recipients)
            await tx.execute(update(parcel_recipients).where(parcel_recipients.c.parcel == id).values(recipients=old))
            await tx.execute(update(parcel).where(parcel.c.id == id).values(first=old[0][0], last=old[-1][0]))
    assert 0 == await office.house.sealing.seal_log()
    await office.drain()
    assert sorted(numbers) == sorted(f"+{one.phone.lstrip('+')}" for one in sms.ledger.taken)
    assert 0 == await office.house.sealing.seal_log(), "the sweeper has done it"
    stored = await everything(database)
    assert [] == [number for number in numbers if number[1:] in stored]
    assert sorted(numbers) == sorted(one.address for one in await office.deliveries())
    for number in (numbers[0], numbers[311], numbers[-1]):
        assert [number] == [one.address for one in await office.deliveries(addresses=seal.forms(number))]
