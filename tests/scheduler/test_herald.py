"""Events on their way: signed, tried again on the standard's schedule, given up, disabled, sent again, by one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from config.clock import FakeClock
from config.settings import Settings
from config.words import BadInput, Conflict, NotFound
from desk.app import House, opened
from scheduler.events.event import Kind
from scheduler.retry import LONG_STEPS
from scheduler.subscription import store
from tests.conftest import both
from tests.scheduler.conftest import Office, beside
from tests.scheduler.listening import Listening, standing, subscribe

DAY = 24 * 3600


@pytest.fixture
async def there(clock: FakeClock) -> AsyncIterator[Listening]:
    """Another system; whatever comes there must be in order."""
    async with Listening(clock) as there:
        yield there
        there.hold.set()
    assert [] == there.faults


@pytest.fixture
async def id(office: Office, there: Listening) -> str:
    """It is told of approvals."""
    return await subscribe(office.house, there, Kind.ITEM_APPROVED)


async def happens(office: Office, *titles: str) -> None:
    """Items are approved, and what is due is sent."""
    for title in titles or ("Bộ phận một cửa làm việc cả thứ bảy",):
        await office.item(title)
    await office.drain()


@both
async def test_tried_again_on_the_standards_schedule(office: Office, there: Listening, id: str) -> None:
    """At once, after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h, each up to a fifth later; then no more by itself."""
    there.always = 500
    await happens(office)
    for count, step in enumerate(LONG_STEPS, 1):
        one, backlog = await standing(office.house.database, id)
        assert (count, 1, 500) == (len(there.came), backlog.waiting, one.failed_status)
        assert backlog.next_at is not None and one.failed_words == "một câu trả lời"
        pause = backlog.next_at - office.clock.now()
        assert step <= pause <= step * 1.2
        office.clock.advance(pause.total_seconds() - 1)
        await office.drain()
        assert count == len(there.came)
        office.clock.advance(1)
        await office.drain()
    _, backlog = await standing(office.house.database, id)
    assert (10, 0, 1) == (len(there.came), backlog.waiting, backlog.given_up)
    assert {there.bodies[0]} == set(there.bodies)
    office.clock.advance(DAY)
    await office.drain()
    assert 10 == len(there.came)


async def test_a_lost_answer(office: Office, there: Listening, id: str) -> None:
    """The receiver has it and gets it again, with the same id; it says so once more and all is well."""
    there.lose(1)
    await happens(office)
    one, backlog = await standing(office.house.database, id)
    assert (1, None, "mất kết nối" in one.failed_words) == (backlog.waiting, one.failed_status, True)
    office.clock.advance(6)
    await office.drain()
    assert (2, 1) == (len(there.ids), len(set(there.ids)))
    one, backlog = await standing(office.house.database, id)
    assert (0, None) == (backlog.waiting, one.failing_since)


@pytest.mark.parametrize("status", [302, 400, 404, 429, 503])
async def test_anything_but_success_is_tried_again(office: Office, there: Listening, id: str, status: int) -> None:
    """No redirect is followed."""
    there.says = [status]
    await happens(office)
    one, _ = await standing(office.house.database, id)
    assert (1, status, office.clock.now()) == (len(there.came), one.failed_status, one.failing_since)
    office.clock.advance(6)
    await office.drain()
    assert 2 == len(there.came)


@both
async def test_gone_disables_it(office: Office, there: Listening, id: str) -> None:
    """410: nothing more goes there, though what happens is kept; resumed it gets all of it."""
    there.says = [410]
    await happens(office)
    one, _ = await standing(office.house.database, id)
    assert one.is_disabled and "410" in one.trouble
    assert ["add_subscription", "pause_subscription"] == await office.journal(f"subscription/{id}")
    office.clock.advance(DAY)
    await happens(office, "Tin thứ hai")
    assert 1 == len(there.came)
    async with office.house.database.write() as tx:
        await office.house.subscribing.resume(tx, id, "Quản Trị")
    await office.drain()
    assert (3, 2) == (len(there.ids), len(set(there.ids)))
    one, backlog = await standing(office.house.database, id)
    assert (None, "", 0) == (one.paused_at, one.trouble, backlog.waiting)


async def test_five_days_of_failure_disable_it(office: Office, there: Listening, id: str) -> None:
    """Not four, and not when something was taken in between."""
    there.always = 500
    for day in range(5):
        await happens(office, f"Ngày {day}")
        if day == 1:
            there.says = [200]
        office.clock.advance(DAY)
    begun = (await standing(office.house.database, id))[0].failing_since
    assert begun is not None
    while office.clock.now() - begun < timedelta(days=5):
        await happens(office)
        assert (await standing(office.house.database, id))[0].paused_at is None
        office.clock.advance(DAY / 2)
    await happens(office)
    one, backlog = await standing(office.house.database, id)
    assert one.is_disabled and "5 ngày" in one.trouble and "500" in one.trouble
    there.always, count = 200, len(there.came)
    office.clock.advance(DAY)
    await happens(office)
    assert count == len(there.came)
    async with office.house.database.write() as tx:
        await office.house.subscribing.resume(tx, id, "Quản Trị")
    await office.drain()
    assert 0 == (await standing(office.house.database, id))[1].waiting
    assert backlog.waiting + backlog.given_up + 1 == len(there.came) - count


@both
async def test_replayed_from_a_moment(office: Office, there: Listening, id: str) -> None:
    """Everything since then, also what was taken, under the same ids and with the same words."""
    await happens(office, "Một")
    office.clock.advance(60)
    since = office.clock.now()
    await happens(office, "Hai", "Ba")
    async with office.house.database.write() as tx:
        assert 2 == await office.house.subscribing.replay(tx, id, since, "Quản Trị")
    await office.drain()
    assert sorted(there.bodies[1:3]) == sorted(there.bodies[3:])
    assert [5, 3] == [len(there.came), len(set(there.ids))]
    for wrong in (office.in_(seconds=1), office.in_(days=-31)):
        async with office.house.database.write() as tx:
            with pytest.raises(BadInput):
                await office.house.subscribing.replay(tx, id, wrong, "Quản Trị")


@both
async def test_paused_it_waits(office: Office, there: Listening, id: str) -> None:
    """Until somebody resumes it; neither can be done twice."""
    house = office.house
    async with house.database.write() as tx:
        await house.subscribing.pause(tx, id, "Quản Trị", "nâng cấp")
        with pytest.raises(Conflict):
            await house.subscribing.pause(tx, id, "Quản Trị")
    await happens(office)
    one, backlog = await standing(house.database, id)
    assert ("nâng cấp", False, 1, []) == (one.trouble, one.is_disabled, backlog.waiting, there.came)
    async with house.database.write() as tx:
        await house.subscribing.resume(tx, id, "Quản Trị")
        with pytest.raises(Conflict):
            await house.subscribing.resume(tx, id, "Quản Trị")
    await office.drain()
    assert 1 == len(there.came)


async def test_paused_in_full_flight(office: Office, there: Listening, id: str) -> None:
    """What is under way ends, the rest stays."""
    for number in range(20):
        await office.item(f"Tin {number}")
    await office.house.runner._chronicler.collect()
    there.hold.clear()
    sending = asyncio.create_task(office.house.herald.announce())
    await there.has_come(1)
    async with office.house.database.write() as tx:
        await office.house.subscribing.pause(tx, id, "Quản Trị")
    there.hold.set()
    await sending
    _, backlog = await standing(office.house.database, id)
    assert (8, 12) == (len(there.came), backlog.waiting)


@both
async def test_one_process_at_a_time(
    office: Office, office_settings: dict[str, Any], there: Listening, clock: FakeClock, id: str
) -> None:
    """While one sends the other does not; when it died, its lease runs out and all is sent that it has not noted."""
    await office.item()
    await office.house.runner._chronicler.collect()
    there.hold.clear()
    sending = asyncio.create_task(office.house.herald.announce())
    await there.has_come(1)
    async with beside(office_settings, clock) as other:
        assert 0 == await other.herald.announce()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        there.hold.set()
        assert 0 == await other.herald.announce()
        clock.advance(61)
        assert 1 == await other.herald.announce()
    assert (2, 1) == (len(there.ids), len(set(there.ids)))


async def test_who_lost_the_lease_undoes_nothing(office: Office, there: Listening, id: str) -> None:
    """Frozen past its lease it notes its own answer, and no more: what another process knows stays."""
    await office.item()
    await office.house.runner._chronicler.collect()
    there.hold.clear()
    there.says = [500, 200]
    sending = asyncio.create_task(office.house.herald.announce())
    await there.has_come(1)
    office.clock.advance(61)
    again = asyncio.create_task(office.house.herald.announce())
    await there.has_come(2)
    there.hold.set()
    await asyncio.gather(sending, again)
    one, backlog = await standing(office.house.database, id)
    assert 2 == len(there.came)
    assert (one.held_until, backlog.waiting) in {(None, 0), (None, 1)}


async def test_a_slow_receiver_takes_no_other_ones_turn(office: Office, there: Listening, clock: FakeClock) -> None:
    """Both are sent to at the same time."""
    async with Listening(clock) as slow:
        await subscribe(office.house, slow, Kind.ITEM_APPROVED)
        await subscribe(office.house, there, Kind.ITEM_APPROVED)
        slow.hold.clear()
        await office.item()
        await office.house.runner._chronicler.collect()
        sending = asyncio.create_task(office.house.herald.announce())
        await there.has_come(1)
        slow.hold.set()
        await sending
        assert 1 == len(slow.came)


async def test_a_changed_key_signs_beside_the_old_one_for_a_day(office: Office, there: Listening, id: str) -> None:
    """Whoever has either takes it; after a day only the new one counts."""
    old = there.secrets.pop()
    async with office.house.database.write() as tx:
        new = await office.house.subscribing.renew(tx, id, "Quản Trị")
    assert old != new
    for known in (old, new):
        there.secrets[:] = [known]
        await happens(office)
    assert 2 == len(there.came)
    office.clock.advance(DAY)
    there.secrets[:] = [old]
    await happens(office)
    assert ["signature"] == [fault.split(":")[0] for fault in there.faults]
    there.faults.clear()


@both
async def test_keys_lie_sealed(office: Office, office_settings: dict[str, Any], there: Listening, id: str) -> None:
    """Nowhere in the database; with another key of the house, or another receiver's, nothing is signed, and that is told."""
    house = office.house
    other = await subscribe(house, there, Kind.OUTLET_PAUSED, title="Khác")
    async with house.database.read() as connection:
        for table in ("subscription", "journal"):
            stored = str((await connection.execute(text(f"SELECT * FROM {table}"))).all())
            assert not any(secret in stored or secret[6:] in stored for secret in there.secrets)
    async with house.database.write() as tx:
        sealed = (await store.find(tx, other)).secret
        await store.change(tx, id, secret=sealed)
    await happens(office)
    one, backlog = await standing(house.database, id)
    assert ([], 1) == (there.came, backlog.waiting) and "khóa ký" in one.failed_words


async def test_an_event_to_try_it_out(office: Office, there: Listening, id: str) -> None:
    """It goes at once, also to a paused one, and leaves nothing behind."""
    async with office.house.database.write() as tx:
        await office.house.subscribing.pause(tx, id, "Quản Trị")
    one, _ = await standing(office.house.database, id)
    assert (await office.house.herald.try_out(one)).good
    there.says = [410]
    tried = await office.house.herald.try_out(one)
    assert (False, 410, "một câu trả lời") == (tried.good, tried.status, tried.words)
    assert ["vn.loa.test"] * 2 == [each["type"] for each in there.came]
    assert one == (await standing(office.house.database, id))[0]


async def test_an_answer_shows_no_secret(office: Office, there: Listening, id: str) -> None:
    """A receiver that echoes what it was sent: the query of its address, its key and signature are masked."""
    there.echoes, there.always = True, 500
    await happens(office)
    one, _ = await standing(office.house.database, id)
    assert "/loa?khoa=***" in one.failed_words and 200 >= len(one.failed_words)
    tried = await office.house.herald.try_out(one)
    for words in (one.failed_words, tried.words):
        assert "bi-mat" not in words and there.secrets[0] not in words and "v1," not in words


@pytest.fixture
async def walled(plain_settings: dict[str, Any], clock: FakeClock) -> AsyncIterator[House]:
    """A house that calls no private network."""
    plain_settings["http"] = {"allow": []}
    async with opened(Settings.model_validate(plain_settings), clock) as house:
        yield house


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://127.0.0.1/loa", "private address"),
        ("https://10.1.2.3:8443/loa", "private address"),
        ("https://[::1]/loa", "private address"),
        ("https://localhost/loa", "private address"),
        ("http://8.8.8.8/loa", "https"),
        ("http://127.0.0.1/loa", "https"),
        ("ftp://8.8.8.8/loa", "https"),
        ("8.8.8.8/loa", "https"),
        ("https://", "https"),
        ("https://[1/loa", "https"),
        ("https://8.8.8.8:99999/loa", "https"),
        ("https://8.8.8.8/" + "a" * 2000, "https"),
        ("https://lan:mat-khau@8.8.8.8/loa", "password"),
    ],
)
async def test_addresses_that_are_refused(walled: House, url: str, said: str) -> None:
    """At the field, when it is added."""
    with pytest.raises(BadInput, match=said) as caught:
        await walled.subscribing.check("Một cửa", url, [Kind.ITEM_APPROVED])
    assert "url" == caught.value.field


async def test_what_else_is_refused(walled: House) -> None:
    """No title, no kind, an unknown kind; and a good one passes."""
    good = "https://8.8.8.8/loa"
    for title, kinds, field in ((" ", [Kind.ITEM_APPROVED], "title"), ("A", [], "kinds"), ("A", ["test"], "kinds")):
        with pytest.raises(BadInput) as caught:
            await walled.subscribing.check(title, good, kinds)
        assert field == caught.value.field
    await walled.subscribing.check("A", good, list(Kind))
    async with walled.database.write() as tx:
        with pytest.raises(NotFound):
            await walled.subscribing.renew(tx, "nope", "Quản Trị")


async def test_a_private_address_is_not_called(walled: House, there: Listening) -> None:
    """Also where a name leads inside only later: nothing leaves, and the reason is told."""
    async with walled.database.write() as tx:
        id, _ = await walled.subscribing.add(tx, "Trong nhà", there.address, [Kind.ITEM_APPROVED], "Quản Trị")
    await happens(Office(walled, there.clock))
    one, backlog = await standing(walled.database, id)
    assert ([], 1) == (there.came, backlog.waiting) and "địa chỉ nội bộ" in one.failed_words
