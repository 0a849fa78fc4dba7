"""Shelves and pulls: moments that strictly rise, what is gone, and when a recording has gone out whole."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from channels.store import (
    apply_outlet,
    is_on_shelf,
    joined,
    note_pull,
    off_shelf,
    on_shelf,
    pulls_of,
    put_on_shelf,
    take_off_shelves,
)
from config.clock import FakeClock
from content.bulletin import Audio, Bulletin, BulletinClass, Part
from db.database import Database
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
            [one.delivery for one in await off_shelf(connection, outlet, now)],
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


@both
async def test_a_recording_is_complete_once(database: Database, clock: FakeClock) -> None:
    """Over several requests with gaps and overlaps; later ones count and complete nothing again."""
    complete = []
    for span in [(0, 40), (60, 100), (30, 50), (55, 60), (50, 55), (0, 100), (0, 1)]:
        clock.advance(1)
        async with database.write() as tx:
            done = await note_pull(
                *(database, tx), outlet_name="tram", delivery="d1", span=span, size=100, agent="a" * 300, at=clock.now()
            )
            complete.append(done)
    assert [False] * 4 + [True] + [False] * 2 == complete
    async with database.read() as connection:
        row = (await pulls_of(connection, ["d1", "d2"]))["d1"]
    assert (7, 40 + 40 + 20 + 5 + 5 + 100 + 1, [[0, 100]], 200) == (row.requests, row.bytes, row.ranges, len(row.agent))
    assert timedelta(seconds=4) == row.complete_at - row.first_at
    assert "tram" == row.outlet


@both
async def test_two_halves_at_once_make_one_whole(database: Database, clock: FakeClock) -> None:
    """Neither is lost, and exactly one of many is told that it was the last."""

    async def pull(span: tuple[int, int]) -> bool:
        async with database.write() as tx:
            return await note_pull(
                *(database, tx), outlet_name="tram", delivery="d1", span=span, size=80, agent="", at=clock.now()
            )

    assert 1 == sum(await asyncio.gather(*(pull((at, at + 10)) for at in range(0, 80, 10))))


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
