"""What is kept of one person: told whole, or erased so that the log still counts and everybody else is still found."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from channels import store as channels_store
from channels.audiences import store as audience_store
from channels.audiences.store import Recipient
from channels.channel import Confirmation
from channels.seal import ERASED
from config.words import BadInput, Conflict, NotFound
from db.types import new_id
from scheduler.delivery import State, delivery_id, parse_delivery_id
from scheduler.dispatch import store as dispatch
from scheduler.dispatch.tables import attempt, parcel
from scheduler.log import store as log_store
from tests.conftest import both
from tests.scheduler.claims import claim, plan
from tests.scheduler.conftest import Office
from tests.scheduler.partner import SlowGateway
from tests.scheduler.test_sealing import everything


async def erase(office: Office, number: str, reason: str = "đơn ngày 26/11") -> Any:
    """At a person's request."""
    return await office.house.rights.erase("phone", number, "Quản", reason)


async def of(office: Office, number: str) -> list[str]:
    """Ids of a person's deliveries, as they are looked up."""
    wanted = log_store.Filter(addresses=office.house.seal.forms(number))
    async with office.house.database.read() as connection:
        return [one.id async for one in log_store.walk(connection, wanted)]


@both
async def test_everything_is_told(office: Office, sms: SlowGateway) -> None:
    """Lists, opt-outs, and every delivery with its tries; in the journal without the number."""
    numbers = await office.audience(2)
    await office.audience(1, "Bản B")
    await office.schedule(await office.item("Họp bản"), "sms", audience="Bản A")
    await office.drain()
    async with office.house.database.write() as tx:
        await office.house.handling.opt_out(tx, "phone", numbers[0], "Lan", "gọi điện")
    told = await office.house.rights.tell("phone", numbers[0], "Quản")
    assert ["Bản A", "Bản B"] == [one["list"] for one in told["lists"]]
    assert all(one["stopped_at"] for one in told["lists"]) and "gọi điện" == told["opted_out"]["how"]
    (one,) = told["deliveries"]
    assert ("Họp bản", "sms", "sent", ["sent"]) == (
        *(one["title"], one["outlet"], one["state"]),
        [each["outcome"] for each in one["attempts"]],
    )
    assert "export_person" in await office.journal(f"recipient/+84…{numbers[0][-3:]}")
    with pytest.raises(NotFound):
        await office.house.rights.tell("phone", "+84911111111", "Quản")


@both
async def test_an_erased_person_is_nowhere_and_all_is_counted_as_before(office: Office, sms: SlowGateway) -> None:
    """Neither number nor name, in no form; states and tries stay, everybody else is found; the import brings nobody back."""
    numbers = await office.audience(600)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    database, seal = office.house.database, office.house.seal
    async with database.read() as connection:
        rows = (await connection.execute(select(parcel))).all()
    gone = sorted({seal.open(row.first) for row in rows} | {seal.open(rows[0].last)})  # those whom parcels are found by
    async with database.write() as tx:
        (id, *_) = await of(office, gone[0])
        place, seq = parse_delivery_id(id)
        mine = (attempt.c.parcel == place) & (attempt.c.seq == seq)
        await tx.execute(update(attempt).where(mine).values(reference=f"x-{gone[0][3:]}", detail="số 0" + gone[0][3:]))
        body = f"phone=0{gone[0][3:]}".encode()
        await channels_store.store_callbacks(tx, seal, [channels_store.Call("sms", office.clock.now(), body, [])])
        await channels_store.settle_callbacks(tx, {"c1": ("applied", "")})
    before = await office.states()
    for number in gone:
        assert (1, 1, 0) == ((done := await erase(office, number)).lists, done.deliveries, done.cancelled)
        assert [] == await of(office, number)
    there = await everything(database)
    async with database.read() as connection:
        assert [""] == [row.body for row in await connection.execute(select(channels_store.callback))]
    for number in gone:
        name = f"Người {int(number[-7:])}"
        assert number[3:] not in there and f"'{name}'" not in there and f'"{name}"' not in there
        assert 1 == there.count(seal.close("phone", number)), "only what keeps the next import from bringing them back"
    assert before == await office.states()
    assert len(gone) == [one.address for one in await office.deliveries()].count(ERASED)
    for number in {*numbers[:9], *numbers[-9:]} - {*gone}:
        assert 1 == len(await of(office, number))
    async with database.write() as tx:
        people = [Recipient("phone", number, "Lại là tôi") for number in gone]
        await audience_store.save_audience(
            database, tx, seal, new_id(office.clock.now()), "Bản A", people, office.clock.now()
        )
    assert "Lại là tôi" not in await everything(database)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    assert 600 + 600 - len(gone) == sum((await office.states()).values())


@both
async def test_what_waits_is_cancelled_and_a_repeat_goes_to_nobody(office: Office, sms: SlowGateway) -> None:
    """Neither the one that waits for its moment nor the one a person tries again."""
    numbers = await office.audience(2)
    sms.says = lambda _: (503, {})
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    came = len(sms.came)
    assert 1 == (await erase(office, numbers[0])).cancelled
    (erased,) = [one for one in await office.deliveries() if one.address == ERASED]
    assert State.CANCELLED == erased.state
    await erase(office, numbers[1])
    async with office.house.database.write() as tx:
        await dispatch.change_parcel(tx, erased.parcel, letters="ff", state="done")
        await office.house.handling.retry(tx, delivery_id(erased.parcel, 0), "Hùng")
    office.clock.advance(3600)
    await office.drain()
    assert came == len(sms.came)
    assert "no_address" in [one.reason for each in await office.deliveries() for one in each.attempts]


@both
async def test_what_is_on_its_way_is_waited_for(office: Office, sms: SlowGateway) -> None:
    """Only the sending has stopped; once its answer is there, the person can be erased."""
    numbers = await office.audience(1)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    (id,) = await claim(office, "sms", 1)
    with pytest.raises(Conflict, match="on its way"):
        await erase(office, numbers[0])
    assert [id] == await of(office, numbers[0])
    async with office.house.database.write() as tx:
        assert await office.house.receiver.confirm(tx, "sms", Confirmation(True, delivery=id), office.clock.now())
        assert 0 == await audience_store.count_recipients(tx, await audience_store.audience_id(tx, "Bản A"))
    assert 1 == (await erase(office, numbers[0])).deliveries
    assert {State.CONFIRMED: 1} == await office.states()


async def test_a_reason_is_asked_for(office: Office) -> None:
    """Before anything is done."""
    numbers = await office.audience(1)
    with pytest.raises(BadInput):
        await erase(office, numbers[0], " ")
    async with office.house.database.read() as connection:
        assert 1 == await audience_store.count_recipients(
            connection, await audience_store.audience_id(connection, "Bản A")
        )
