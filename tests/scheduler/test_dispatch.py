"""Planner, worker, sweeper and receiver together, against strict partners, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from channels import store as channels_store
from channels.channel import Confirmation, Pace
from channels.shelf import store as shelf_store
from config.words import BadInput, Conflict, NotAllowed, Said
from content.bulletin import Bulletin
from content.item import Draft
from db.types import to_ms
from desk.demo.sms_gateway import SmsGateway
from desk.demo.zalo import ZaloSandbox
from scheduler import store
from scheduler.delivery import OccurrenceState, Parcel, State, parse_delivery_id
from scheduler.dispatch import store as dispatch
from scheduler.dispatch.turn import turn
from scheduler.dispatch.wish import Turn
from scheduler.dispatch.wish import Wish as Take
from scheduler.outcome import Outcome, accepted, untouched
from scheduler.schedule import Missed, Rule, ScheduleState
from scheduler.scheduling import Wish
from tests.conftest import both
from tests.scheduler.claims import claim, claim_jobs, plan
from tests.scheduler.conftest import URGENT, Office
from tests.scheduler.partner import FAST


@both
async def test_every_recipient_gets_it_once_and_is_logged(office: Office, sms: SmsGateway) -> None:
    """1,200 recipients in three parcels: each phone once, each delivery with one attempt and the gateway's own id."""
    await office.audience(1200)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    deliveries = await office.deliveries()
    assert {State.SENT: 1200} == await office.states()
    assert sorted(one.id for one in deliveries) == sorted(taken.request_id for taken in sms.ledger.taken)
    assert 1200 == len({taken.phone for taken in sms.ledger.taken})
    assert all(len(one.attempts) == 1 and one.attempts[0].reference for one in deliveries)
    async with office.house.database.read() as connection:
        assert [OccurrenceState.DONE.value] == [row.state for row in await store.list_occurrences(connection)]


@both
async def test_a_second_planner_makes_no_second_occurrence(office: Office, sms: SmsGateway) -> None:
    """Two runs at once over one due moment plan it once and send it once."""
    await office.audience(30)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await asyncio.gather(*(office.drain() for _ in range(3)))
    assert 30 == len(sms.ledger.taken)
    assert not sms.ledger.repeats


@both
async def test_refused_numbers_fail_and_the_rest_goes_on(office: Office, sms: SmsGateway) -> None:
    """A refusal is final, has its reason, and delays nobody."""
    sms.most_segments = 0
    await office.audience(3)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    failed = await office.deliveries()
    assert [State.FAILED] * 3 == [one.state for one in failed]
    assert all("quá dài" in one.detail for one in failed)
    office.clock.advance(3600)
    await office.drain()
    assert [1, 1, 1] == [len(one.attempts) for one in await office.deliveries()]


@both
async def test_a_lost_answer_is_repeated_where_the_gateway_deduplicates(office: Office, sms: SmsGateway) -> None:
    """The same id goes again; the gateway says it has it; the person gets one message."""
    await office.audience(1)
    sms.lose(1)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    assert {State.PENDING: 1} == await office.states()
    office.clock.advance(10)
    await office.drain()
    one = (await office.deliveries())[0]
    assert State.SENT is one.state
    assert ["unsure", "sent"] == [attempt.outcome for attempt in one.attempts]
    assert 1 == len(sms.ledger.taken)
    assert [one.id] == sms.ledger.repeats


@both
async def test_a_lost_answer_is_held_where_nothing_protects(office: Office, sms: SmsGateway) -> None:
    """Without deduplication it stays unsure, is never repeated by itself, and a person decides."""
    await office.audience(1)
    sms.lose(1)
    await office.schedule(await office.item(), "sms-once", audience="Bản A")
    await office.drain()
    for _ in range(5):
        office.clock.advance(3600)
        await office.drain()
    one = (await office.deliveries())[0]
    assert (State.UNSURE, 1) == (one.state, len(one.attempts))
    assert not sms.ledger.repeats
    async with office.house.database.write() as tx:
        await office.house.handling.resolve(tx, one.id, "sent", "Hùng", "gọi điện hỏi, đã nhận")
    assert {State.SENT: 1} == await office.states()
    assert ["resolve"] == await office.journal(f"delivery/{one.id}")


@both
async def test_retry_after_is_honoured(office: Office, sms: SmsGateway) -> None:
    """A busy gateway is asked again when it said, not before."""
    await office.audience(2)
    sms.per_second = 1.0
    sms._level = 1.0
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    assert {State.SENT: 1, State.PENDING: 1} == await office.states()
    async with office.house.database.read() as connection:
        assert await dispatch.next_work(connection) >= office.in_(seconds=1)


@both
async def test_urgent_goes_before_what_waits(office: Office, sms: SmsGateway) -> None:
    """Of three classes due together the urgent one reaches the gateway first, the normal one last."""
    await office.audience(20)
    for klass in ("normal", "priority", "urgent"):
        item = await office.item(f"Tin {klass}", klass=URGENT.__class__(klass), short=f"tin {klass}")
        await office.schedule(item, "sms", audience="Bản A")
    await office.drain()
    order = list(dict.fromkeys(taken.content for taken in sms.ledger.taken))
    assert ["tin urgent", "tin priority", "tin normal"] == order


@both
async def test_quiet_hours_hold_people_undisturbed(office: Office, sms: SmsGateway) -> None:
    """At 23:00 an ordinary SMS waits for 7:00, the portal does not wait, an urgent SMS goes at once."""
    office.clock.advance(15 * 3600)
    await office.audience(1)
    await office.schedule(await office.item(short="thường"), "sms", "portal", audience="Bản A")
    await office.schedule(await office.item(short="khẩn", klass=URGENT), "sms", audience="Bản A")
    await office.drain()
    assert ["khẩn"] == [taken.content for taken in sms.ledger.taken]
    assert [State.SENT] == [one.state for one in await office.deliveries(outlets=("portal",))]
    office.clock.advance(8 * 3600)
    await office.drain()
    assert ["khẩn", "thường"] == [taken.content for taken in sms.ledger.taken]


@both
async def test_a_stepped_clock_fires_nothing_twice(office: Office) -> None:
    """Forward over the due moment and back again: one occurrence."""
    await office.schedule(await office.item(), "portal", rule=Rule(once=office.in_(hours=1)))
    await office.drain()
    assert [] == await office.deliveries()
    office.clock.step(3 * 3600)
    await office.drain()
    office.clock.step(-3 * 3600)
    await office.drain()
    office.clock.step(3 * 3600)
    await office.drain()
    assert 1 == len(await office.deliveries())


@both
@pytest.mark.parametrize(("missed", "runs", "lost"), [(Missed.LATEST, 1, 4), (Missed.ALL, 5, 0), (Missed.NONE, 0, 5)])
async def test_runs_missed_in_downtime(office: Office, missed: Missed, runs: int, lost: int) -> None:
    """Five hours down, every hour: the newest runs, or all, or none; the others are visibly missed, none is silent."""
    rule = Rule(every=timedelta(hours=1))
    await office.schedule(await office.item(), "portal", rule=rule, missed=missed)
    await office.drain()
    office.clock.advance(5 * 3600 + 120)
    await office.drain()
    async with office.house.database.read() as connection:
        states = [row.state for row in await store.list_occurrences(connection)]
    assert runs + 1 == states.count("done")
    assert lost == states.count("missed")


@both
async def test_too_late_is_missed_not_sent(office: Office) -> None:
    """An urgent run more than 15 minutes late is logged as missed with its reason."""
    item = await office.item(klass=URGENT)
    await office.schedule(item, "portal", rule=Rule(once=office.in_(minutes=10)))
    office.clock.advance(30 * 60)
    await office.drain()
    assert [] == await office.deliveries()
    async with office.house.database.read() as connection:
        row = (await store.list_occurrences(connection))[0]
    assert ("missed", True) == (row.state, "20 phút" in row.reason)


@both
async def test_what_was_changed_after_approval_does_not_go(office: Office) -> None:
    """A revision approved later voids the schedule's text: the delivery is cancelled and says why."""
    item = await office.item()
    await office.schedule(item, "portal", rule=Rule(once=office.in_(hours=1)))
    async with office.house.database.write() as tx:
        editing = office.house.editing
        await editing.revise(tx, item.id, Draft(title="Tin đã sửa", body="Nội dung khác."), "Mai")
        await editing.submit(tx, item.id, "Mai")
        await editing.approve(tx, item.id, "Hùng")
    office.clock.advance(3600)
    await office.drain()
    one = (await office.deliveries())[0]
    assert (State.CANCELLED, True) == (one.state, "đã sửa" in one.detail)


@both
async def test_a_withdrawn_item_does_not_go(office: Office) -> None:
    """Withdrawal stops what is still to come."""
    item = await office.item()
    await office.schedule(item, "portal", rule=Rule(once=office.in_(hours=1)))
    async with office.house.database.write() as tx:
        await office.house.editing.withdraw(tx, item.id, "Hùng", "sai số liệu")
    office.clock.advance(3600)
    await office.drain()
    assert {State.CANCELLED: 1} == await office.states()


@both
async def test_a_schedule_by_the_author_waits_for_a_second_person(office: Office) -> None:
    """Nothing goes before somebody else has approved; the author may not, nor whoever made the schedule."""
    item = await office.item()
    wish = Wish((item.id,), ("portal",), Rule(once=office.clock.now()))
    scheduling, database = office.house.scheduling, office.house.database
    async with database.write() as tx:
        schedule = await scheduling.add(tx, wish, "mai ", may_approve=True)
    assert ScheduleState.IN_REVIEW is schedule.state
    await office.drain()
    assert [] == await office.deliveries()
    for name in ("Mai", " MAI"):
        with pytest.raises(NotAllowed):
            async with database.write() as tx:
                await scheduling.approve(tx, schedule.id, name)
    with pytest.raises(Conflict):
        async with database.write() as tx:
            await scheduling.approve(tx, schedule.id, "Hùng", digest="0" * 64)
    async with database.write() as tx:
        await scheduling.approve(tx, schedule.id, "Hùng", digest=schedule.digest)
    await office.drain()
    assert {State.SENT: 1} == await office.states()


@both
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rule": Rule(cron="30 2 30 2 *")}, "cron"),
        ({"rule": Rule(every=timedelta(seconds=1))}, "every"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"outlets": ("khong-co",)}, "outlet"),
        ({"outlets": ()}, "outlet"),
        ({"outlets": ("sms",)}, "audience"),
        ({"outlets": ("sms",), "audience": "không có"}, "audience"),
        ({"items": ()}, "item"),
        ({"items": ("khong-co",)}, "item"),
    ],
)
async def test_a_bad_schedule_is_refused_and_stores_nothing(
    office: Office, change: dict[str, object], field: str
) -> None:
    """The error names the field."""
    item = await office.item()
    wish = {"items": (item.id,), "outlets": ("portal",), "rule": Rule(cron="0 5 * * *"), **change}
    with pytest.raises(Said) as caught:
        async with office.house.database.write() as tx:
            await office.house.scheduling.add(tx, Wish(**wish), "Hùng", may_approve=True)
    assert field == caught.value.field
    async with office.house.database.read() as connection:
        assert [] == await store.list_schedules(connection)


@both
async def test_moments_outside_time_or_validity_are_refused(office: Office) -> None:
    """The past, before the text holds, and after it has ceased to hold."""
    item = await office.item(valid_from=office.in_(hours=2), valid_until=office.in_(hours=4))
    for hours in (-1, 1, 5):
        with pytest.raises(BadInput) as caught:
            await office.schedule(item, "portal", rule=Rule(once=office.in_(hours=hours)))
        assert "at" == caught.value.field
    await office.schedule(item, "portal", rule=Rule(once=office.in_(hours=3)))


@both
async def test_a_recurring_schedule_ends_with_its_text(office: Office) -> None:
    """Without an end of its own it stops where the text ceases to hold; an end beyond that is refused."""
    item = await office.item(valid_until=office.in_(hours=4))
    schedule = await office.schedule(item, "portal", rule=Rule(every=timedelta(hours=1)))
    assert 4 == len(schedule.preview())
    with pytest.raises(BadInput) as caught:
        await office.schedule(item, "portal", rule=Rule(every=timedelta(hours=1)), until=office.in_(hours=5))
    assert "until" == caught.value.field


@both
async def test_an_outage_rests_the_outlet_and_delays_no_other(office: Office, sms: SmsGateway) -> None:
    """With the gateway gone the portal goes out; the SMS wait, most of them untouched, and go when it is back."""
    await office.audience(200)
    await sms._runner.cleanup()
    await office.schedule(await office.item(), "sms", "portal", audience="Bản A")
    await office.drain()
    assert {State.SENT: 1} == await office.states(outlets=("portal",))
    waiting = await office.deliveries(outlets=("sms",))
    assert {State.PENDING} == {one.state for one in waiting}
    tried = [one for one in waiting if one.attempts]
    assert 5 <= len(tried) <= 64
    async with office.house.database.read() as connection:
        assert (await channels_store.outlet_rows(connection))["sms"].failures >= 5


@both
async def test_wrong_credentials_pause_the_outlet(office: Office, sms: SmsGateway) -> None:
    """A person must act: the outlet pauses itself, says why, notes it, and loses nothing."""
    sms.key = "changed by the gateway"
    await office.audience(3)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    async with office.house.database.read() as connection:
        row = (await channels_store.outlet_rows(connection))["sms"]
    assert row.paused_at is not None
    assert "sai tài khoản" in row.trouble
    assert ["pause_outlet"] == await office.journal("outlet/sms")
    assert {State.PENDING: 3} == await office.states()


@both
async def test_cancel_counts_exactly_what_had_gone(office: Office, sms: SmsGateway) -> None:
    """What is planned for later is cancelled whole; nothing of it ever reaches the gateway."""
    await office.audience(40)
    office.clock.advance(15 * 3600)
    await office.schedule(await office.item(), "sms", "portal", audience="Bản A")
    await office.drain()
    async with office.house.database.write() as tx:
        row = (await store.list_occurrences(tx))[0]
        counted = await office.house.handling.cancel_occurrence(tx, row.id, "Hùng", "phát nhầm")
    assert {State.SENT: 1, State.CANCELLED: 40} == counted
    office.clock.advance(24 * 3600)
    await office.drain()
    assert [] == sms.ledger.taken
    assert ["cancel"] == await office.journal(f"occurrence/{row.id}")


@both
async def test_cancelled_before_its_repeat_it_may_have_gone(office: Office, sms: SmsGateway) -> None:
    """The answer was lost and the repeat is cancelled: the delivery is unsure."""
    await office.audience(1)
    sms.lose(1)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    one = (await office.deliveries())[0]
    async with office.house.database.write() as tx:
        await office.house.handling.cancel_occurrence(tx, one.occurrence, "Hùng")
    assert 1 == len(sms.ledger.taken)
    assert {State.UNSURE: 1} == await office.states()


@both
async def test_receipts_only_move_forward(office: Office, sms: SmsGateway) -> None:
    """Early, doubled, late and contradicting receipts change nothing that is further on."""
    await office.audience(1)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    one = (await office.deliveries())[0]
    house, now = office.house, office.clock.now()
    for delivered in (True, True, False):
        async with house.database.write() as tx:
            assert await house.receiver.confirm(tx, "sms", Confirmation(delivered, delivery=one.id), now)
    assert {State.CONFIRMED: 1} == await office.states()
    async with house.database.write() as tx:
        assert not await house.receiver.confirm(tx, "portal", Confirmation(True, delivery=one.id), now)
        assert not await house.receiver.confirm(tx, "sms", Confirmation(True, delivery="0000000000000-0"), now)
        assert await house.receiver.confirm(tx, "sms", Confirmation(True, reference=one.reference), now)


@both
async def test_a_bad_receipt_for_what_waits_to_be_tried_again_ends_nothing(office: Office, sms: SmsGateway) -> None:
    """A gateway that failed before it answered is asked again all the same; the receipt is kept."""
    await office.audience(1)
    sms.lose(1)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    one = (await office.deliveries())[0]
    async with office.house.database.write() as tx:
        said = Confirmation(False, delivery=one.id)
        assert await office.house.receiver.confirm(tx, "sms", said, office.clock.now())
    assert {State.PENDING: 1} == await office.states()
    office.clock.advance(10)
    await office.drain()
    assert {State.SENT: 1} == await office.states()


@both
async def test_what_is_being_sent_is_not_tried_again_by_a_person(office: Office) -> None:
    """Its request may be on its way: a second beside it could reach the same person."""
    await office.audience(1)
    await office.schedule(await office.item(), "sms-once", audience="Bản A")
    await plan(office)
    id = (await claim(office, "sms-once", 1))[0]
    with pytest.raises(Conflict):
        async with office.house.database.write() as tx:
            await office.house.handling.retry(tx, id, "Hùng")
    assert {State.SENDING: 1} == await office.states()


@both
async def test_a_dead_workers_doubtful_are_sent_again_under_the_same_id(office: Office, sms: SmsGateway) -> None:
    """After its lease nothing is lost, the in-doubt are named as interrupted, and a deduplicating gateway gets them again."""
    await office.audience(10)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    doubtful = await claim(office, "sms", 4)
    await office.drain()
    assert {State.SENDING: 4, State.PENDING: 6} == await office.states()
    office.clock.advance(31)
    await office.drain()
    deliveries = await office.deliveries()
    assert {State.SENT: 10} == await office.states()
    interrupted = [one.id for one in deliveries if one.attempts[0].outcome == "interrupted"]
    assert sorted(doubtful) == sorted(interrupted)
    assert 10 == len(sms.ledger.taken)


@both
async def test_a_dead_workers_doubtful_are_held_where_nothing_protects(office: Office, sms: SmsGateway) -> None:
    """On a gateway without deduplication the in-doubt become unsure and are not sent again; the rest is."""
    await office.audience(10)
    await office.schedule(await office.item(), "sms-once", audience="Bản A")
    await plan(office)
    await claim(office, "sms-once", 4)
    office.clock.advance(31)
    await office.drain()
    assert {State.UNSURE: 4, State.SENT: 6} == await office.states()
    assert 6 == len(sms.ledger.taken)


@both
async def test_what_a_dead_worker_took_for_another_try_but_did_not_begin_is_free_again(
    office: Office, sms: SmsGateway
) -> None:
    """Claimed when its next try was due, then the holder died before the intent: after the lease it goes, nothing in doubt."""
    await office.audience(1)
    sms.lose(1)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    office.clock.advance(10)
    database, now = office.house.database, to_ms(office.clock.now())
    wish = Take("sms", "this-machine/999999/1", now, now + 30_000, Pace(FAST, 64), 1, 1)
    assert 1 == len((await database.run(turn(database, wish, [], []))).claimed)
    office.clock.advance(31)
    assert 1 == await office.house.runner._sweeper.rescue()
    assert 0 == await office.house.runner._sweeper.rescue()
    await office.drain()
    one = (await office.deliveries())[0]
    assert ["unsure", "sent"] == [attempt.outcome for attempt in one.attempts]


@both
async def test_a_frozen_worker_can_write_nothing_after_it_lost_its_lease(office: Office) -> None:
    """The epoch has moved on: its outcomes are refused."""
    await office.audience(10)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    ids = await claim(office, "sms", 4)
    office.clock.advance(31)
    await office.drain()
    parcel = parse_delivery_id(ids[0])[0]
    async with office.house.database.write() as tx:
        stale = await dispatch.settle(office.house.database, tx, parcel, {0: State.FAILED}, epoch=1)
    assert stale is None
    assert {State.SENT: 10} == await office.states()


async def test_a_poisoned_parcel_stops_nobody_else(office: Office, sms: SmsGateway) -> None:
    """Rows of one outlet that cannot be read hold up that outlet alone; stopped, its lane ends."""
    await office.audience(3)
    item = await office.item()
    await office.schedule(item, "sms", audience="Bản A")
    await office.schedule(item, "sms-once", audience="Bản A")
    await plan(office)
    async with office.house.database.write() as tx:
        poisoned = (
            "UPDATE parcel_recipients SET recipients = '[' WHERE parcel IN (SELECT id FROM parcel WHERE outlet = 'sms')"
        )
        await tx.execute(text(poisoned))
    draining = asyncio.create_task(office.drain())
    async with asyncio.timeout(10):
        await sms.has_taken(3)
    office.house.stop()
    while not draining.done():
        office.clock.advance(1)
        await asyncio.sleep(0)
    await draining
    assert 3 == len(sms.ledger.taken)


async def a_repeat_is_due(office: Office, sms: SmsGateway, people: int) -> None:
    """Each was sent once, and the answers were lost."""
    await office.audience(people)
    sms.lose(people)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    office.clock.advance(10)


def take(office: Office, room: int, stock: int, *, owner: str = "here", repair: bool = False) -> Take:
    """What a worker asks of a turn at the SMS outlet, its lease half a minute from now."""
    now, lease = to_ms(office.clock.now()), to_ms(office.in_(seconds=30))
    return Take("sms", owner, now, lease, Pace(FAST, 10), room, stock, repair=repair)


@both
async def test_a_retry_in_the_hand_of_a_dead_worker_still_goes(office: Office, sms: SmsGateway) -> None:
    """Claimed for its next try, its intent not yet written: somebody else sends it, and nothing is in doubt."""
    await a_repeat_is_due(office, sms, 1)
    database = office.house.database
    await database.run(turn(database, take(office, 0, 1, owner="gone"), [], []))
    office.clock.advance(31)
    await office.drain()
    await office.drain()
    assert {State.SENT: 1} == await office.states()
    assert ["unsure", "sent"] == [one.outcome for one in (await office.deliveries())[0].attempts]


@both
async def test_a_retry_whose_intent_was_not_answered_still_goes(office: Office, sms: SmsGateway) -> None:
    """Claims and intents of a commit nobody heard the end of: what was intended goes, what was claimed is given back."""
    await a_repeat_is_due(office, sms, 2)
    database = office.house.database
    (parcel,) = (await database.run(turn(database, take(office, 0, 1), [], []))).claimed
    parcel.bulletin = Bulletin.__new__(Bulletin)
    await database.run(turn(database, take(office, 1, 1), [parcel], []))
    done = await database.run(turn(database, take(office, 1, 0, repair=True), [parcel], []))
    mine = parcel.todo[0][0]
    assert [mine] == [job.seq for job in done.jobs]
    async with database.read() as connection:
        rows = await dispatch.waiting_of(connection, parcel.id)
    assert {mine: "here", 1 - mine: None} == {seq: row.owner for seq, row in rows.items()}


@both
async def test_what_came_back_and_was_claimed_anew_unheard_still_goes(office: Office, sms: SmsGateway) -> None:
    """Given back unsent, it was claimed again by a commit nobody heard the end of, while another of its parcel was out."""
    await a_repeat_is_due(office, sms, 2)
    database = office.house.database

    async def run(room: int, parcels: list[Parcel], outcomes: list[Outcome], *, repair: bool = False) -> Turn:
        return await database.run(turn(database, take(office, room, 2, repair=repair), parcels, outcomes))

    [parcel] = (await run(0, [], [])).claimed
    parcel.bulletin = Bulletin.__new__(Bulletin)
    back, out = (await run(2, [parcel], [])).jobs
    parcel.at, parcel.out = 2, {back.seq, out.seq}
    await run(0, [parcel], [untouched(back, office.clock.now())])
    parcel.out.discard(back.seq)
    [unheard] = (await run(0, [parcel], [])).claimed
    [again] = (await run(0, [parcel], [], repair=True)).claimed
    assert [back.seq] == [seq for seq, _, _ in unheard.todo] == [seq for seq, _, _ in again.todo]


@both
async def test_a_parcel_lost_and_claimed_anew_unheard_still_goes(office: Office) -> None:
    """A process slept past its lease, and what it still has in hand was claimed again by a commit nobody heard the end of."""
    await office.audience(1)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    database = office.house.database

    async def run(parcels: list[Parcel], *, repair: bool = False) -> Turn:
        return await database.run(turn(database, take(office, 0, 1, repair=repair), parcels, []))

    [parcel] = (await run([])).claimed
    async with database.write() as tx:
        await dispatch.change_parcel(tx, parcel.id, owner=None, lease_until=None, epoch=2)
    assert [parcel.id] == [one.id for one in (await run([])).claimed]
    done = await run([parcel], repair=True)
    assert {parcel.id} == done.lost
    assert [parcel.id] == [one.id for one in (done.claimed or (await run([])).claimed)]


@both
async def test_many_outcomes_of_a_lost_claim_are_kept_apart(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was frozen comes back with a thousand at once; of numbers drawn by lot two would be the same."""
    await office.audience(3)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    database, wish = office.house.database, take(office, 3, 3)
    [parcel] = (await database.run(turn(database, wish, [], []))).claimed
    parcel.bulletin = Bulletin.__new__(Bulletin)
    jobs = (await database.run(turn(database, wish, [parcel], []))).jobs
    async with database.write() as tx:
        await dispatch.change_parcel(tx, parcel.id, owner="another/1/1", epoch=2)
    monkeypatch.setattr("db.types._Given.draw", lambda given, moment: 7)
    heard = [accepted(job, wish.now, 5, f"sms-{job.seq}", "") for job in jobs]
    done = await database.run(turn(database, wish, [parcel], heard))
    assert heard == done.orphans and 3 == len(heard)
    async with database.read() as connection:
        kept = list((await connection.execute(text("SELECT reference FROM orphan ORDER BY id"))).scalars())
    assert [f"sms-{job.seq}" for job in jobs] == kept


@both
async def test_what_comes_of_a_lost_repeat_does_not_end_the_new_one(office: Office, sms: SmsGateway) -> None:
    """A process slept past its lease with a repeat out, claimed the same repeat anew, and then heard what came of the old."""
    await a_repeat_is_due(office, sms, 1)
    database = office.house.database
    wish = take(office, 1, 1)
    [parcel] = (await database.run(turn(database, wish, [], []))).claimed
    parcel.bulletin = Bulletin.__new__(Bulletin)
    [old] = (await database.run(turn(database, wish, [parcel], []))).jobs
    parcel.at, parcel.out = 1, {old.seq}
    office.clock.advance(31)
    await office.house.runner._sweeper.rescue()
    wish = take(office, 1, 1)
    heard = accepted(old, wish.now, 5, "sms-1", "")
    done = await database.run(turn(database, wish, [parcel], [heard]))
    assert ([heard], [(parcel, old.seq)]) == (done.orphans, done.anew)
    [anew] = done.claimed
    anew.bulletin = parcel.bulletin
    [new] = (await database.run(turn(database, wish, [anew], []))).jobs
    anew.at, anew.out = 1, {new.seq}
    await database.run(turn(database, wish, [anew], [accepted(new, wish.now, 5, "sms-1", "")]))
    assert {State.SENT: 1} == await office.states()


@both
async def test_a_try_on_a_persons_word_beside_one_not_yet_written_has_a_number_of_its_own(office: Office) -> None:
    """The partner's report of a failure overtook the answer, and somebody said `again` before that was written."""
    await office.audience(1)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    [first] = await claim_jobs(office, "sms", 1)
    first.parcel.at, first.parcel.out = 1, {first.seq}
    database, handling = office.house.database, office.house.handling
    async with database.write() as tx:
        await dispatch.settle(database, tx, first.parcel.id, {0: State.FAILED})
        await handling.retry(tx, first.to.delivery, "Hùng")
    wish = take(office, 1, 1, owner="elsewhere")
    [parcel] = (await database.run(turn(database, wish, [], []))).claimed
    parcel.bulletin = first.parcel.bulletin
    [again] = (await database.run(turn(database, wish, [parcel], []))).jobs
    parcel.at, parcel.out = 1, {again.seq}
    for owner, job in (("this-machine/999999/1", first), ("elsewhere", again)):
        mine = replace(wish, owner=owner)
        await database.run(turn(database, mine, [job.parcel], [accepted(job, wish.now, 5, "sms-1", "")]))
    assert [1, 2] == [one.n for one in (await office.deliveries())[0].attempts]


@both
async def test_zalo_goes_out_and_refuses_strangers(office: Office, zalo: ZaloSandbox) -> None:
    """Followers get it; who does not follow is refused with a reason."""
    addresses = await office.audience(3, scheme="zalo")
    for address in addresses[:2]:
        zalo.follow(address)
    await office.schedule(await office.item(), "zalo", audience="Bản A")
    await office.drain()
    assert {State.SENT: 2, State.FAILED: 1} == await office.states()


@both
async def test_the_radio_waits_for_its_recording(office: Office) -> None:
    """The recording is made before the shelf is filled; the shelf holds it with its length and size."""
    await office.schedule(await office.item(), "tram")
    await office.drain()
    async with office.house.database.read() as connection:
        shelf = await shelf_store.on_shelf(connection, "tram", office.clock.now())
    audio = shelf[0].bulletin.parts[0].audio
    assert audio is not None
    assert audio.bytes == (office.house.recordings / audio.name).stat().st_size
    assert {State.SENT: 1} == await office.states()


@both
async def test_a_failed_delivery_can_be_tried_again_by_a_person(office: Office, zalo: ZaloSandbox) -> None:
    """After the stranger has followed, the same delivery goes out under its id."""
    address = (await office.audience(1, scheme="zalo"))[0]
    await office.schedule(await office.item(), "zalo", audience="Bản A")
    await office.drain()
    one = (await office.deliveries())[0]
    assert State.FAILED is one.state
    zalo.follow(address)
    async with office.house.database.write() as tx:
        await office.house.handling.retry(tx, one.id, "Hùng")
    await office.drain()
    again = (await office.deliveries())[0]
    assert (State.SENT, one.id, 2) == (again.state, again.id, len(again.attempts))
