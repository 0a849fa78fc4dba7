"""Outlets that change while they are at work, tests through them, and what is remembered of each."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from channels import store as channels_store
from channels.past import store as past_store
from channels.past.store import Turn
from channels.setting import store as setting_store
from channels.setting.store import Setting
from channels.sms import plain_text
from config.clock import FakeClock
from config.words import BadInput, Conflict
from desk.outlets.trial import WORDS, try_out
from scheduler.delivery import State
from tests.conftest import both
from tests.scheduler.conftest import Office, beside
from tests.scheduler.partner import SlowGateway


async def put(office: Office, name: str, table: dict[str, Any], revision: int = 1) -> None:
    """Set an outlet, as another desk does: this process has not heard of it."""
    now, house = office.clock.now(), office.house
    async with house.database.write() as tx:
        setting = Setting(name, revision, now, "Mai", table)
        await setting_store.set_outlet(house.database, tx, house.fitter.key, setting)
        await channels_store.apply_outlet(house.database, tx, name, table["kind"], name, now)


async def turns(office: Office, name: str) -> list[tuple[Turn, str]]:
    """What an outlet has been through, the first first."""
    async with office.house.database.read() as connection:
        return [(one.turn, one.by) for one in reversed(await past_store.past(connection, name))]


@both
async def test_a_lane_ends_for_one_that_is_set_otherwise(office: Office, sms: SlowGateway) -> None:
    """What is in hand goes by the old address, the rest by the new one, each once."""
    async with SlowGateway(office.clock) as other:
        await put(office, "moi", {"kind": "sms_http", **sms.options(), "per_second": 10_000, "at_once": 2})
        await office.house.fitter.fit()
        people = await office.audience(1000)
        await office.schedule(await office.item(), "moi", audience="Bản A")

        draining = asyncio.create_task(office.drain())
        await sms.has_come(2)
        await put(office, "moi", {"kind": "sms_http", **other.options()}, 2)
        assert await office.house.fitter.fit()
        await draining
        assert {State.SENT: 1000} == await office.states()
        taken = [one.phone for one in (*sms.ledger.taken, *other.ledger.taken)]
        assert sorted(people) == sorted(f"+{phone}" for phone in taken)
        assert sms.ledger.taken and other.ledger.taken


@both
async def test_a_planner_waits_for_an_outlet_it_has_not_heard_of(office: Office, sms: SlowGateway) -> None:
    """Nobody is frozen for one that is unknown here until a moment has passed; then the people of the list are asked for."""
    item = await office.item()
    await office.audience(3)
    await put(office, "moi", {"kind": "sms_http", **sms.options()})
    await office.house.fitter.fit()
    schedule = await office.schedule(item, "moi", audience="Bản A")
    async with beside(office.house.settings.model_dump(), office.clock) as other:
        other.outlets.change_to({at.name: at for at in other.outlets if at.name != "moi"})
        await other.runner._planner.plan()
        assert [] == await office.deliveries()
    await office.drain()
    assert {State.SENT: 3} == await office.states(schedule=schedule.id)


@both
async def test_one_that_is_there_no_longer_holds_up_nobody_for_long(office: Office, sms: SlowGateway) -> None:
    """After that moment what goes to it is laid out for no one, and the others of the schedule go on."""
    await put(office, "moi", {"kind": "portal"})
    await office.house.fitter.fit()
    await office.schedule(await office.item(), "portal", "moi")
    office.house.outlets.change_to({at.name: at for at in office.house.outlets if at.name != "moi"})
    await office.drain()
    assert [] == await office.deliveries()
    office.clock.advance(121)
    await office.drain()
    assert {"portal": State.SENT, "moi": State.PENDING} == {one.outlet: one.state for one in await office.deliveries()}


@both
async def test_a_test_is_sent_and_all_of_it_is_told(office: Office, sms: SlowGateway) -> None:
    """The number in any writing; the exchange without a key and with three digits of the number; nothing joins the log."""
    at = office.house.outlets["sms"]
    trial = await try_out(office.house, at, "0912 345 678", "Quàng Văn Hùng")
    assert trial.good and ["84912345678"] == [one.phone for one in sms.ledger.taken]
    assert plain_text(WORDS, unaccented=not sms.unicode) == sms.ledger.taken[0].content
    (one,) = trial.exchanges
    assert ("POST", 200) == (one.method, one.status) and '"phone": "…678"' in one.body and '"code": "100"' in one.answer
    assert not any(secret in f"{one}" for secret in (sms.key, sms.account, "912345678"))
    assert [] == await office.deliveries() and ["test_outlet"] == await office.journal("outlet/sms")
    assert [(Turn.TRIED, "Quàng Văn Hùng")] == await turns(office, "sms")


@both
async def test_a_test_that_fails_says_why(office: Office, sms: SlowGateway) -> None:
    """Whatever the partner says; a number that is none, and what is fetched and not sent, are told before anything is sent."""
    table = {"kind": "sms_http", **sms.options(), "secrets_in_body": {"account": sms.account, "key": "khoa-sai-roi"}}
    await put(office, "sai", table)
    await office.house.fitter.fit()
    trial = await try_out(office.house, office.house.outlets["sai"], "0912345678", "Hùng")
    assert not trial.good and trial.vi and "khoa-sai-roi" not in str(trial)
    with pytest.raises(BadInput, match="0112"):
        await try_out(office.house, office.house.outlets["sms"], "0112", "Hùng")
    with pytest.raises(BadInput):
        await try_out(office.house, office.house.outlets["sms"], " ", "Hùng")
    with pytest.raises(Conflict):
        await try_out(office.house, office.house.outlets["portal"], "", "Hùng")


@both
async def test_trouble_that_lasts_is_remembered(office: Office, clock: FakeClock) -> None:
    """Three failures in a row are a turn, and so is the first success after them; a pause and its end; for ninety days."""
    database, now = office.house.database, clock.now()
    async with database.write() as tx:
        await channels_store.outlet_failed(tx, "sms", now, "hỏng", 2)
        await channels_store.outlet_worked(tx, "sms", now)
        for at in range(3):
            await channels_store.outlet_failed(tx, "sms", now + timedelta(minutes=at), "mất mạng", 2)
        await channels_store.outlet_worked(tx, "sms", now + timedelta(minutes=4))
        await channels_store.outlet_worked(tx, "sms", now + timedelta(minutes=5))
        await channels_store.pause_outlet(tx, "sms", now + timedelta(minutes=6), "Hùng", "bảo trì")
        await channels_store.pause_outlet(tx, "sms", now + timedelta(minutes=7), "Mai", "nữa")
        await channels_store.resume_outlet(tx, "sms", now + timedelta(minutes=8), "Mai")
    told = [(Turn.TROUBLED, ""), (Turn.WORKING, ""), (Turn.PAUSED, "Hùng"), (Turn.RESUMED, "Mai")]
    assert told == await turns(office, "sms")
    async with database.write() as tx:
        await past_store.note(tx, "sms", now - timedelta(days=91), Turn.TRIED)
    await office.house.runner._sweeper.sweep()
    assert told == await turns(office, "sms")
