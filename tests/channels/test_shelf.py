"""Shelves and pulls: moments that strictly rise, what is gone, and when a recording has gone out whole."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from channels.pulls.store import Told, note_pull, pulls_of
from channels.shelf.fetched import Fetch, Proof, delivery_state, joined, part_states
from channels.shelf.store import is_on_shelf, on_shelf, put_on_shelf, read_stock, shelf, shelf_turn, take_off_shelves
from channels.store import apply_outlet
from config.clock import FakeClock
from content.bulletin import Audio, Bulletin, BulletinClass, Part
from db.database import Database
from db.migrations import m0043_seconds_on_shelves
from tests.conftest import both


def bulletin(clock: FakeClock, *items: str, until: datetime | None = None) -> Bulletin:
    """A bulletin of these items."""
    parts = tuple(
        Part(
            item,
            f"r-{item}",
            "0" * 64,
            item,
            f"Tin {item}",
            "<p>x</p>",
            "x",
            "x",
            "x",
            audio=Audio("a.mp3", 9, 1.5, "0"),
        )
        for item in items
    )
    return Bulletin("b1", BulletinClass.NORMAL, "UBND xã", clock.now(), until, parts)


async def stand(
    database: Database,
    clock: FakeClock,
    delivery: str,
    *items: str,
    outlet: str = "tram",
    until: datetime | None = None,
) -> None:
    """Put a bulletin on a shelf."""
    async with database.write() as tx:
        await put_on_shelf(tx, outlet, delivery, bulletin(clock, *items, until=until), clock.now())


async def names(database: Database, clock: FakeClock, outlet: str = "tram") -> tuple[list[str], list[str]]:
    """What stands on the shelf, and what stood there."""
    async with database.read() as connection:
        now = clock.now()
        return (
            [one.delivery for one in await on_shelf(connection, outlet, now)],
            [one.delivery for one in (await read_stock(connection, outlet)).past(now)],
        )


@both
async def test_what_is_put_on_a_shelf_stands_there_as_it_was(database: Database, clock: FakeClock) -> None:
    """Newest first, on its own shelf only, with its validity."""
    until = clock.now() + timedelta(hours=1)
    await stand(database, clock, "d1", "i1", until=until)
    await stand(database, clock, "d2", "i2", "i3")
    await stand(database, clock, "d3", "i1", outlet="xa")
    assert (["d2", "d1"], []) == await names(database, clock)
    async with database.read() as connection:
        second, first = await on_shelf(connection, "tram", clock.now())
    assert bulletin(clock, "i2", "i3") == second.bulletin
    assert (until, None) == (first.until, second.until)


@both
async def test_shelves_of_before_lengths_stood_beside_bulletins_get_theirs(
    database: Database, clock: FakeClock
) -> None:
    """As they are written today: of each part, the one without a recording too, and of a bulletin without parts."""
    said = bulletin(clock, "i1", "i2")
    async with database.write() as tx:
        await put_on_shelf(
            tx, "tram", "d1", replace(said, parts=(replace(said.parts[0], audio=None), said.parts[1])), clock.now()
        )
        await put_on_shelf(tx, "tram", "d2", replace(said, parts=()), clock.now())
        seconds = select(shelf.c.delivery, shelf.c.seconds).order_by(shelf.c.delivery)
        today = (await tx.execute(seconds)).all()
        assert [("d1", [None, 1.5]), ("d2", [])] == today
        await tx.execute(update(shelf).values(seconds=[9]))
        await tx.exec_driver_sql(m0043_seconds_on_shelves.statements(sqlite=database.is_sqlite)[1])
        assert today == (await tx.execute(seconds)).all()


@both
async def test_since_strictly_rises(database: Database, clock: FakeClock) -> None:
    """Within one second, and after the clock was set back: whole seconds, each later than the one before."""
    for number, step in enumerate((0.4, 0.0, 0.3, -3600, 7200, 0.9)):
        clock.step(step)
        await stand(database, clock, f"d{number}", "i1")
    async with database.read() as connection:
        moments = [one.since for one in reversed(await on_shelf(connection, "tram", clock.now()))]
    assert moments == sorted(set(moments))
    assert 6 == len(moments)
    assert [0] * 6 == [moment.microsecond for moment in moments]


@both
async def test_since_rises_when_many_put_at_once(database: Database, clock: FakeClock) -> None:
    """Workers of several processes never take the same second."""
    async with database.write() as tx:
        await apply_outlet(database, tx, "tram", "radio", "Trạm", clock.now())
    await asyncio.gather(*(stand(database, clock, f"d{number}", "i1") for number in range(8)))
    async with database.read() as connection:
        assert 8 == len({one.since for one in await on_shelf(connection, "tram", clock.now())})


@both
async def test_putting_twice_is_seen_and_refused(database: Database, clock: FakeClock) -> None:
    """A try that was interrupted finds what it did; nothing stands twice."""
    await stand(database, clock, "d1", "i1")
    async with database.read() as connection:
        assert [True, False] == [await is_on_shelf(connection, delivery) for delivery in ("d1", "d2")]
    with pytest.raises(IntegrityError):
        await stand(database, clock, "d1", "i1")
    assert (["d1"], []) == await names(database, clock)


@both
async def test_what_is_withdrawn_or_expired_is_gone_but_remembered(database: Database, clock: FakeClock) -> None:
    """All bulletins that hold the item, on every shelf; no item whose name only looks alike; at the very moment."""
    await stand(database, clock, "d1", "i1")
    await stand(database, clock, "d2", "i2", "i1")
    await stand(database, clock, "d3", "i11", "i%")
    await stand(database, clock, "d4", "i1", outlet="xa")
    await stand(database, clock, "d5", "i5", until=clock.now() + timedelta(hours=1))
    async with database.write() as tx:
        assert 3 == await take_off_shelves(tx, "i1", clock.now())
        assert 0 == await take_off_shelves(tx, "i1", clock.now())
        assert 0 == await take_off_shelves(tx, "i_", clock.now())
    assert (["d5", "d3"], ["d2", "d1"]) == await names(database, clock)
    assert ([], ["d4"]) == await names(database, clock, "xa")
    clock.advance(3599)
    assert "d5" in (await names(database, clock))[0]
    clock.advance(1)
    assert (["d3"], ["d5", "d2", "d1"]) == await names(database, clock)


def told(
    clock: FakeClock, file: str, span: tuple[int, int] | None, *proofs: Proof, agent: str = "", **more: Any
) -> Told:
    """What arrived of a file of 100 bytes."""
    return Told("tram", file, proofs or (Proof("d1"),), span, 100, agent, clock.now(), **more)


async def note(database: Database, *what: Told) -> list[list[str]]:
    """Note each in a transaction of its own; the deliveries that are complete by it."""
    done = []
    for one in what:
        async with database.write() as tx:
            done.append(await note_pull(database, tx, one))
    return done


@both
async def test_a_recording_is_complete_once(database: Database, clock: FakeClock) -> None:
    """Over several requests with gaps and overlaps; later ones count and complete nothing again."""
    complete = []
    for span in [(0, 40), (60, 100), (30, 50), (55, 60), (50, 55), (0, 100), (0, 1)]:
        clock.advance(1)
        complete += await note(database, told(clock, "a.mp3", span, agent="a" * 300))
    assert [[]] * 4 + [["d1"]] + [[]] * 2 == complete
    async with database.read() as connection:
        (one,) = (await pulls_of(connection, ["d1", "d2"]))["d1"]
    assert (7, 40 + 40 + 20 + 5 + 5 + 100 + 1, ((0, 100),), 200) == (
        one.requests,
        one.bytes,
        one.ranges,
        len(one.agent),
    )
    assert timedelta(seconds=4) == (one.complete_at or one.first_at) - one.first_at
    assert (Fetch.COMPLETE, "a.mp3") == (one.state, one.file)


@both
@pytest.mark.parametrize("asked", [20, 21, 60, 61, 90])
async def test_what_was_in_doubt_arrived_where_somebody_goes_on(
    database: Database, clock: FakeClock, asked: int
) -> None:
    """From the midst of it on; who asks for another piece has said nothing of it, nor has a day later."""
    await note(database, told(clock, "a.mp3", (0, 20), doubt=(20, 60)))
    (done,) = await note(database, told(clock, "a.mp3", (asked, 100)))
    async with database.read() as connection:
        (one,) = (await pulls_of(connection, ["d1"]))["d1"]
    if asked <= 60:
        assert (["d1"], ((0, 100),)) == (done, one.ranges)
    else:
        assert ([], ((0, 20), (asked, 100))) == (done, one.ranges)
    await note(database, told(clock, "b.mp3", (0, 20), doubt=(20, 60)))
    clock.advance(25 * 3600)
    assert [[]] == await note(database, told(clock, "b.mp3", (30, 100)))


@both
async def test_a_killed_server_leaves_a_doubt(database: Database, clock: FakeClock) -> None:
    """What it was sending is settled by who goes on; what another request is still being sent has not arrived."""
    assert [[]] == await note(database, told(clock, "a.mp3", (0, 0), doubt=(0, 99), intent="a"))
    async with database.read() as connection:
        (one,) = (await pulls_of(connection, ["d1"]))["d1"]
    assert (Fetch.ASKED, 1) == (one.state, one.requests)
    both_go = frozenset("ab")
    begin = told(clock, "a.mp3", (40, 40), doubt=(40, 99), intent="b", under_way=both_go)
    end = told(clock, "a.mp3", (40, 100), intent="b", is_end=True, under_way=both_go)
    assert [[], []] == await note(database, begin, end)
    async with database.read() as connection:
        (one,) = (await pulls_of(connection, ["d1"]))["d1"]
    assert (((40, 100),), 2) == (one.ranges, one.requests)
    again = told(clock, "a.mp3", (50, 50), doubt=(50, 99), intent="c", under_way=frozenset("c"))
    assert [["d1"]] == await note(database, again)


@both
async def test_two_halves_at_once_make_one_whole(database: Database, clock: FakeClock) -> None:
    """Neither is lost, and exactly one of many is told that it was the last."""
    pieces = [told(clock, "a.mp3", (at, at + 10)) for at in range(0, 100, 10)]
    done = await asyncio.gather(*(note(database, piece) for piece in pieces))
    assert [["d1"]] == [deliveries for ((deliveries),) in done if deliveries]


@both
async def test_each_part_is_proved_by_a_file_of_its_own(database: Database, clock: FakeClock) -> None:
    """Any of its files; the delivery is complete with the last part, once; at the same time on many connections too."""
    first, second, third = (Proof("d1", part, 3) for part in range(3))
    async with database.write() as tx:
        await apply_outlet(database, tx, "tram", "radio", "Trạm", clock.now())
    await stand(database, clock, "d1", "i1", "i2", "i3")
    whole = (0, 100)
    assert [[], []] == await note(database, told(clock, "1-low.mp3", whole, first), told(clock, "1.mp3", whole, first))
    halves = [told(clock, name, whole, proof) for name, proof in (("2.mp3", second), ("3.mp3", third))]
    done = await asyncio.gather(*(note(database, one) for one in halves))
    assert [[], ["d1"]] == sorted(deliveries for ((deliveries),) in done)
    assert [[]] == await note(database, told(clock, "2-low.mp3", whole, second))


@both
async def test_a_programme_proves_what_is_in_it(database: Database, clock: FakeClock) -> None:
    """All parts of several deliveries by one file; what was complete before is not told again."""
    proofs = (Proof("d1", 0, 2), Proof("d1", 1, 2), Proof("d2"))
    assert [["d2"]] == await note(database, told(clock, "d2.mp3", (0, 100), Proof("d2")))
    assert [[], ["d1"]] == await note(
        database, told(clock, "sang.mp3", (0, 60), *proofs), told(clock, "sang.mp3", (60, 100), *proofs)
    )
    async with database.read() as connection:
        pulls = await pulls_of(connection, ["d1", "d2"])
    assert [Fetch.COMPLETE, Fetch.COMPLETE] == part_states(pulls["d1"], 2)
    assert {"sang.mp3", "d2.mp3"} == {one.file for one in pulls["d2"]}


@both
async def test_a_look_is_no_fetch(database: Database, clock: FakeClock) -> None:
    """HEAD and 304 are counted apart; asking, and getting a part, are stages of their own."""
    stages = []
    for span in (None, (0, 0), (0, 30), None, (30, 100)):
        await note(database, told(clock, "a.mp3", span))
        async with database.read() as connection:
            (one,) = (await pulls_of(connection, ["d1"]))["d1"]
        stages.append((one.state, one.requests, one.checks))
    assert [
        (Fetch.CHECKED, 0, 1),
        (Fetch.ASKED, 1, 1),
        (Fetch.PARTLY, 2, 1),
        (Fetch.PARTLY, 2, 2),
        (Fetch.COMPLETE, 3, 2),
    ] == stages


@both
async def test_a_transfer_that_rests_a_day_begins_anew(database: Database, clock: FakeClock) -> None:
    """Yesterday's half and today's other half are not one fetch; a complete one stays complete."""
    await note(database, told(clock, "a.mp3", (0, 50)))
    clock.advance(86401)
    assert [[]] == await note(database, told(clock, "a.mp3", (50, 100)))
    clock.advance(86399)
    assert [["d1"]] == await note(database, told(clock, "a.mp3", (0, 50)))
    clock.advance(200_000)
    assert [[]] == await note(database, told(clock, "a.mp3", (0, 50)))
    async with database.read() as connection:
        assert Fetch.COMPLETE == (await pulls_of(connection, ["d1"]))["d1"][0].state


def test_the_state_of_a_delivery_is_that_of_its_parts() -> None:
    """Complete only when all are; one complete part of two is a part of the whole."""
    never, checked, complete = Fetch.NEVER, Fetch.CHECKED, Fetch.COMPLETE
    states = [[never, never], [checked, never], [complete, never], [complete, complete], []]
    assert [never, checked, Fetch.PARTLY, complete, complete] == [delivery_state(one) for one in states]


@both
async def test_a_shelf_turns_when_it_changes(database: Database, clock: FakeClock) -> None:
    """By what comes and by what is withdrawn, and only its own."""
    async with database.write() as tx:
        for name in ("tram", "xa"):
            await apply_outlet(database, tx, name, "radio", name, clock.now())

    async def turns() -> tuple[int, int]:
        async with database.read() as connection:
            return await shelf_turn(connection, "tram"), await shelf_turn(connection, "xa")

    seen = [await turns()]
    await stand(database, clock, "d1", "i1")
    seen.append(await turns())
    for item in ("i9", "i1", "i1"):
        async with database.write() as tx:
            await take_off_shelves(tx, item, clock.now())
        seen.append(await turns())
    assert [(0, 0), (1, 0), (1, 0), (2, 0), (2, 0)] == seen


@both
async def test_a_bulletin_of_many_parts_leaves_room_for_their_dates(database: Database, clock: FakeClock) -> None:
    """The next one comes after its last part, so no date depends on what still stands there."""
    await stand(database, clock, "d1", "i1", "i2", "i3")
    await stand(database, clock, "d2", "i4")
    async with database.read() as connection:
        second, first = await on_shelf(connection, "tram", clock.now())
    assert timedelta(seconds=3) == second.since - first.since


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(sorted).map(tuple), max_size=12), st.randoms())
def test_the_union_of_ranges_holds_the_same_bytes(ranges: list[tuple[int, int]], chance: random.Random) -> None:
    """In any order: no byte more or less, in order, apart from one another."""
    union = joined(ranges)
    assert {at for begin, end in ranges for at in range(begin, end)} == {
        at for begin, end in union for at in range(begin, end)
    }
    assert all(one[1] < other[0] for one, other in pairwise(union))
    assert all(begin < end for begin, end in union)
    mixed = ranges[:]
    chance.shuffle(mixed)
    assert union == joined(mixed)
