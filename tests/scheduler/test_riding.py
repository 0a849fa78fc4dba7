"""A text rides along: behind an SMS, in a station's programme, in a box of the portal; in the log and the plan; and it gets off."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from channels.channel import Pull
from channels.shelf import store as shelf_store
from config.words import BadInput, Conflict, NotAllowed
from content.bulletin import BulletinClass, Purpose
from content.item import Draft, Item
from desk.demo.sms_gateway import SmsGateway
from desk.plan import counting
from desk.plan.plan import Way
from scheduler.ride import store
from scheduler.ride.ride import Ride, RideState
from scheduler.riding import Wish
from scheduler.schedule import Rule
from tests.conftest import both
from tests.scheduler.conftest import Office
from tests.scheduler.station import Station, station_in
from tests.sounds import record

DAILY = Rule(cron="0 9 * * *")


async def ride(office: Office, item: Item, *outlets: str, **rule: Any) -> Ride:
    """A ride of four weeks from today on, made by Hùng, who may approve."""
    today = office.clock.now().astimezone(office.house.settings.office.zone).date()
    wish = Wish(item.id, outlets, today, today + timedelta(days=27), **rule)
    async with office.house.database.write() as tx:
        return await office.house.riding.add(tx, wish, "Hùng", may_approve=True)


async def counted(office: Office, one: Ride) -> tuple[int, int]:
    """How many hosts it had, and how many carried it."""
    async with office.house.database.read() as connection:
        found = await store.find(connection, one.id)
    return found.seen, found.carried


@both
async def test_it_stands_behind_an_sms_and_is_in_the_log(office: Office, sms: SmsGateway) -> None:
    """One message with both texts; the log of the one that rides knows it, by that outlet alone; the counts follow."""
    await office.audience(2)
    extra = await office.item(
        "Nộp hồ sơ qua mạng", body="Nộp hồ sơ ở nhà, không phải đi xa.", short="Nop ho so qua mang"
    )
    one = await ride(office, extra, "sms")
    host = await office.item("Mời họp", short="Moi hop thon")
    await office.schedule(host, "sms", "portal", audience="Bản A")
    await office.drain()
    texts = {taken.content for taken in sms.ledger.taken}
    assert texts == {"Moi hop thon\nNop ho so qua mang"}
    assert [found.outlet for found in await office.deliveries(item=extra.id)] == ["sms", "sms"]
    assert len(await office.deliveries(item=host.id)) == 3
    assert (1, 1) == await counted(office, one)


@both
async def test_its_share_of_runs_carry_it(office: Office, sms: SmsGateway) -> None:
    """Half of six daily runs, the first among them; urgent ones and those of other themes are no hosts."""
    await office.audience(1)
    extra = await office.item("Nộp hồ sơ qua mạng", short="Nop ho so qua mang")
    one = await ride(office, extra, "sms", share=50, themes=("mot-cua",))
    host = await office.item("Mời họp", short="Moi hop", theme="mot-cua")
    other = await office.item("Tin khác", short="Tin khac", theme="dien-hinh")
    await office.schedule(host, "sms", audience="Bản A", rule=DAILY)
    await office.schedule(other, "sms", audience="Bản A", rule=DAILY)
    await office.schedule(host, "sms", audience="Bản A", klass=BulletinClass.URGENT)
    await office.drain()
    office.clock.advance(3600)
    for _ in range(6):
        await office.drain()
        office.clock.advance(86400)
    texts = [taken.content for taken in sms.ledger.taken]
    assert texts.count("Moi hop\nNop ho so qua mang") == 3 and texts.count("Moi hop") == 4
    assert texts.count("Tin khac") == 6
    assert (6, 3) == await counted(office, one)


async def test_withdrawn_it_gets_off_and_its_host_goes(office: Office, sms: SmsGateway) -> None:
    """Off runs that are open, off the next ones, off the portal's box; the bulletin itself stays."""
    await office.audience(1)
    extra = await office.item("Nộp hồ sơ qua mạng", body="Nộp hồ sơ ở nhà.", short="Nop ho so qua mang")
    await ride(office, extra, "sms", "portal")
    host = await office.item("Mời họp", short="Moi hop")
    await office.schedule(host, "portal")
    await office.drain()
    assert "Thông tin thêm" in await portal(office, host) and "Nộp hồ sơ ở nhà." in await portal(office, host)
    await office.schedule(host, "sms", audience="Bản A")
    async with office.house.database.write() as tx:
        gone = await office.house.editing.withdraw(tx, extra.id, "Hùng", "sai")
        await office.house.correcting.take_back(tx, gone)
    await office.drain()
    assert "Thông tin thêm" not in await portal(office, host)
    assert [taken.content for taken in sms.ledger.taken] == ["Moi hop"]
    assert ["portal"] == [one.outlet for one in await office.deliveries(item=extra.id)]


async def portal(office: Office, item: Item) -> str:
    """The page of an item as it stands."""
    at = office.house.outlets["portal"]
    async with office.house.database.read() as connection:
        stock = await shelf_store.read_stock(connection, "portal")
    pull = Pull(item.slug, {}, office.clock.now())
    page = at.channel.feed(pull, stock.current(pull.now, timedelta()), at.outlet)
    assert page is not None and page.status == 200
    return page.body.decode()


async def test_the_box_is_gone_after_its_last_day(office: Office) -> None:
    """And where the text stands by itself, the box leads there; it is no news of its own."""
    extra = await office.item("Nộp hồ sơ qua mạng", body="Nộp hồ sơ ở nhà.")
    await ride(office, extra, "portal")
    host = await office.item("Mời họp")
    await office.schedule(host, "portal")
    await office.drain()
    assert f'<a href="/portal/{extra.slug}">' not in await portal(office, host)
    office.clock.advance(60)
    await office.schedule(extra, "portal")
    await office.drain()
    assert f'<a href="/portal/{extra.slug}">' in await portal(office, host)
    office.clock.advance(28 * 86400)
    assert "Thông tin thêm" not in await portal(office, host)


async def test_a_corrected_text_does_not_ride_on(office: Office, sms: SmsGateway) -> None:
    """What was approved rides, and nothing else: the ride of the earlier text carries nothing any more."""
    await office.audience(1)
    extra = await office.item("Nộp hồ sơ qua mạng", short="Nop ho so")
    one = await ride(office, extra, "sms")
    async with office.house.database.write() as tx:
        await office.house.editing.revise(tx, extra.id, Draft("Nộp hồ sơ", "Khác.", short="Khac"), "Mai")
        await office.house.editing.submit(tx, extra.id, "Mai")
        await office.house.editing.approve(tx, extra.id, "Hùng")
    host = await office.item("Mời họp", short="Moi hop")
    await office.schedule(host, "sms", audience="Bản A")
    await office.drain()
    assert [taken.content for taken in sms.ledger.taken] == ["Moi hop"]
    assert (0, 0) == await counted(office, one)


async def test_a_message_is_never_too_long_for_it(office: Office, sms: SmsGateway) -> None:
    """What does not fit behind the text is left out, and the message goes."""
    await office.audience(1)
    await ride(office, await office.item("Dài", short="d" * 300), "sms")
    host = await office.item("Mời họp", short="m" * 200)
    await office.schedule(host, "sms", audience="Bản A")
    await office.drain()
    assert [taken.content for taken in sms.ledger.taken] == ["m" * 200]


async def test_two_ride_at_most_and_what_corrects_carries_nothing(office: Office, sms: SmsGateway) -> None:
    """A bulletin is its own first; those who are told of a correction get that alone."""
    await office.audience(1)
    rides = []
    for number in range(3):
        office.clock.advance(1)
        rides.append(await ride(office, await office.item(f"Tin {number}", short=f"them {number}"), "sms"))
    host = await office.item("Mời họp", short="Moi hop")
    await office.schedule(host, "sms", audience="Bản A")
    await office.drain()
    assert [taken.content for taken in sms.ledger.taken] == ["Moi hop\nthem 0\nthem 1"]
    assert [(1, 1), (1, 1), (0, 0)] == [await counted(office, one) for one in rides]


async def test_the_plan_counts_it_by_its_own_theme_and_way(office: Office, sms: SmsGateway) -> None:
    """A run that was taken over counts for what it carried too."""
    await office.audience(1)
    extra = await office.item("Nộp hồ sơ qua mạng", short="Nop ho so", theme="mot-cua")
    await ride(office, extra, "sms")
    host = await office.item("Mời họp", short="Moi hop", theme="dien-hinh")
    await office.schedule(host, "sms", "portal", audience="Bản A")
    await office.drain()
    zone = office.house.settings.office.zone
    async with office.house.database.read() as connection:
        sent = await counting.sent_between(connection, date(2026, 11, 1), date(2026, 12, 1), zone)
    told = {(one.item, one.theme, one.ways) for one in sent}
    assert told == {
        (extra.id, "mot-cua", frozenset({Way.SMS})),
        (host.id, "dien-hinh", frozenset({Way.SMS, Way.PORTAL})),
    }


async def test_two_people_stand_behind_it(office: Office) -> None:
    """Who made it or wrote its text does not approve it; what is approved is the digest that was seen."""
    item, house = await office.item("Nộp hồ sơ qua mạng"), office.house
    async with house.database.write() as tx:
        wish = Wish(item.id, ("sms",), date(2026, 11, 24), date(2026, 12, 1))
        one = await house.riding.add(tx, wish, "Mai", may_approve=True)
        assert one.state is RideState.IN_REVIEW
        with pytest.raises(NotAllowed):
            await house.riding.approve(tx, one.id, "Mai")
        with pytest.raises(Conflict):
            await house.riding.approve(tx, one.id, "Hùng", digest="x")
        with pytest.raises(BadInput):
            await house.riding.send_back(tx, one.id, "Hùng", " ")
        done = await house.riding.approve(tx, one.id, "Hùng", digest=one.digest)
        assert (done.state, done.decided_by) == (RideState.APPROVED, "Hùng")
        with pytest.raises(Conflict):
            await house.riding.send_back(tx, one.id, "Hùng", "muộn")
        assert (await house.riding.end(tx, one.id, "Hùng")).state is RideState.ENDED
    assert ["add_ride", "approve", "end"] == await office.journal(f"ride/{one.id}")


@pytest.mark.parametrize(
    ("draft", "more", "field"),
    [
        ({"purpose": Purpose.CARE}, {}, "item"),
        ({}, {"outlets": ("sms", "gone")}, "outlet"),
        ({}, {"themes": ("khong-co",)}, "theme"),
        ({}, {"begins": date(2026, 11, 1), "ends": date(2026, 11, 2)}, "ends"),
    ],
)
async def test_bad_wishes_are_named(office: Office, draft: Any, more: Any, field: str) -> None:
    """Nothing is stored."""
    item = await office.item("Nộp hồ sơ", **draft)
    told = {"outlets": ("sms",), "begins": date(2026, 11, 24), "ends": date(2026, 12, 1)} | more
    async with office.house.database.write() as tx:
        with pytest.raises(BadInput) as caught:
            await office.house.riding.add(tx, Wish(item.id, **told), "Hùng", may_approve=True)
        assert caught.value.field == field
        assert [] == await store.list_all(tx)


async def test_what_lies_ahead_is_told(office: Office) -> None:
    """The runs of four weeks that are hosts, and which of them carry it."""
    await office.audience(1)
    host = await office.item("Mời họp", short="Moi hop")
    schedule = await office.schedule(host, "sms", audience="Bản A", rule=DAILY)
    one = await ride(office, await office.item("Nộp hồ sơ"), "sms", share=50, weeks=2)
    async with office.house.database.read() as connection:
        coming = await office.house.riding.coming(connection, one)
    assert len(coming) == 14 and {run.schedule for run in coming} == {schedule.id}
    assert [run.carries for run in coming] == [True, False] * 7


async def test_it_is_a_segment_of_a_programme_once(plain_settings: dict[str, Any], clock: Any) -> None:
    """Two hosts of one slot: heard once at its end, with the proof of each; withdrawn, the programme is made anew without it."""
    async with station_in(plain_settings, clock) as station:
        extra = await station.item("Nộp hồ sơ qua mạng", body="Nộp hồ sơ ở nhà.")
        await record(station.house, extra, 3)
        await ride(station, extra, "tram")
        await station.house.runner.drain()
        first, second = await station.send("Tin một"), await station.send("Tin hai")
        station.clock.advance(2 * 3600)
        await station.drain()
        (programme,) = await station.programmes()
        assert [2, 2] == [parts for _, parts in programme.holds]
        with_it = await length(station)
        assert ["Tin một", "Tin hai"] == await station.titles(programme)
        async with station.house.database.write() as tx:
            gone = await station.house.editing.withdraw(tx, extra.id, "Hùng", "sai")
            await station.house.correcting.take_back(tx, gone)
        await station.drain()
        (programme,) = await station.programmes()
        assert (2, [1, 1]) == (programme.version, [parts for _, parts in programme.holds])
        assert 3 <= with_it - await length(station) < 5
        assert {first.id, second.id} == {one.item for one in await holds(station)}


async def length(station: Station) -> float:
    """Seconds of the newest programme."""
    (programme,) = await station.programmes()
    assert programme.audio is not None
    return programme.audio.seconds


async def holds(station: Station) -> list[Any]:
    """Every part on the station's shelf."""
    async with station.house.database.read() as connection:
        stock = await shelf_store.read_stock(connection, "tram")
    return [part for one in stock.stands for part in one.bulletin.parts]
