"""What size costs, each measured in a process of its own: `python -m tests.bench.scale NAME DIR GATEWAY COUNT [DATABASE]`.

NAME is one of SCENES; it prints one JSON object of figures.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles

import uvloop
from sqlalchemy import func, select

from channels.audiences.store import Recipient, save_audience
from channels.channel import Pace
from channels.reasons import Reason
from content.bulletin import BulletinClass
from content.item import Draft
from db.direct import Ask, Rows, Step
from desk.app import House, opened
from desk.commands.bench import bench_settings, enqueue, peak_mb
from desk.commands.server import settle_process
from scheduler import store as scheduler_store
from scheduler.delivery import State
from scheduler.dispatch.tables import attempt, parcel
from scheduler.dispatch.turn import turn
from scheduler.dispatch.wish import Wish as Take
from scheduler.log import store as log_store
from scheduler.schedule import Rule
from scheduler.scheduling import Wish

Figures = dict[str, float]
AT_ONCE = 64
TRIES_PARTS = 200
ADDING = timedelta(milliseconds=25)
"""One schedule added, with room: all must be there before the first is due."""


class Stage:
    """Where a scene plays."""

    def __init__(self, place: Path, gateway: str, count: int, database: str) -> None:
        self.count = count
        self._place, self._gateway, self._database = place, gateway, database

    @contextlib.asynccontextmanager
    async def house(self, **gateway: object) -> AsyncIterator[House]:
        """A house in the scene's directory, its one outlet changed as told."""
        async with opened(bench_settings(self._place, self._gateway, AT_ONCE, self._database, **gateway)) as house:
            settle_process()
            yield house


# --- schedules ---------------------------------------------------------------------------------------------------------


async def filled(stage: Stage) -> Figures:
    """So many schedules that are far from due are stored; `idle` looks at them, in another process."""
    async with stage.house() as house:
        await _idle_schedules(house, stage.count)
    return {}


async def idle(stage: Stage) -> Figures:
    """What one look at idle schedules costs, and the whole process's memory beside them."""
    async with stage.house() as house:
        await house.runner.drain()
        took = [await _timed(house.runner._planner.plan) for _ in range(200)]
    return {"wake-up ms": _p(took, 50), "memory MB": peak_mb()}


async def punctual(stage: Stage) -> Figures:
    """So many schedules due in one second, beside idle ones: at one moment of it, and all over it."""
    async with stage.house() as house:
        at_once = await _lateness(house, stage.count, timedelta())
        over = await _lateness(house, stage.count, timedelta(seconds=1) / stage.count)
    return {f"at one moment, {name}": value for name, value in at_once.items()} | {
        f"all over it, {name}": value for name, value in over.items()
    }


async def _lateness(house: House, count: int, apart: timedelta) -> Figures:
    """From the due moments to the opening of the occurrences and to the first tries."""
    items = [await _item(house, f"Tin {number}") for number in range(50)]
    await _audience(house)
    due = house.clock.now().replace(microsecond=0) + timedelta(seconds=5) + count * ADDING
    async with house.database.write() as tx:
        for number in range(count):
            wish = Wish((items[number % 50],), ("gateway",), Rule(once=due + number * apart), "một người")
            await house.scheduling.add(tx, wish, "Hùng", may_approve=True)
    already = await _sent(house)
    house.stopping.clear()
    opened_at = [due]
    listening = asyncio.create_task(_note_openings(house, opened_at))
    running = asyncio.create_task(house.runner.run(("planner", "worker")))
    await _until_sent(house, already + count)
    listening.cancel()
    house.stopping.set()
    house.notifier.ring("stop")
    await running
    tries = select(attempt.c.at, parcel.c.due_at).join(parcel, parcel.c.id == attempt.c.parcel)
    async with house.database.read() as connection:
        first = list(await connection.execute(tries.where(parcel.c.due_at >= due)))
    tried = [(row.at - row.due_at).total_seconds() * 1000 for row in first]
    opened = (opened_at[-1] - (due + (count - 1) * apart)).total_seconds() * 1000
    return {"all opened after ms": opened, "first try p50 ms": _p(tried, 50), "first try p99 ms": _p(tried, 99)}


async def _note_openings(house: House, moments: list[datetime]) -> None:
    """When occurrences were opened, each time that the planner's commit is on disk."""
    async with house.notifier.waiting("occurrence") as rung:
        while True:
            await rung.wait()
            rung.clear()
            moments.append(house.clock.now())


async def _idle_schedules(house: House, count: int) -> None:
    far = Rule(once=house.clock.now() + timedelta(days=9000))
    wish = Wish((await _item(house),), ("gateway",), far, await _audience(house))
    async with house.database.write() as tx:
        pattern = await house.scheduling.add(tx, wish, "Hùng", may_approve=True)
    columns = "title, pinned, outlets, audience, rule, zone, klass, start, until, missed, state, digest"
    copy = (
        f"INSERT INTO schedule (id, {columns}, next_due_at, made_by, made_at) WITH RECURSIVE number (n) AS"
        " (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < CAST(? AS BIGINT))"
        f" SELECT 'idle-' || n, {columns}, next_due_at + n, made_by, made_at FROM schedule, number WHERE id = ?"
    )

    def work() -> Generator[Step, Rows, None]:
        yield Ask(copy, (count, pattern.id), long=True)

    await house.database.run(work())


# --- a million recipients ----------------------------------------------------------------------------------------------


async def enqueued(stage: Stage) -> Figures:
    """Recipients frozen into parcels while pages are being read: the longest a reader waited."""
    async with stage.house() as house:
        await enqueue(house, stage.count)
        planning = asyncio.create_task(house.runner._planner.plan())
        begun, waits = time.perf_counter(), []
        while not planning.done():
            waits.append(await _timed(lambda: _page(house)))
        await planning
        seconds = time.perf_counter() - begun
    return {"seconds": seconds, "longest read ms": max(waits), "peak MB": peak_mb()}


async def urgent(stage: Stage) -> Figures:
    """An urgent bulletin over an outlet of 100 a second for which so many ordinary deliveries wait."""
    async with stage.house(per_second=100) as house:
        await enqueue(house, stage.count)
        await house.runner._planner.plan()
        item = await _item(house, "Khẩn", klass=BulletinClass.URGENT)
        audience = await _audience(house)
        running = asyncio.create_task(house.runner.run(("planner", "worker")))
        while not await _sent(house):
            await house.clock.wait(asyncio.Event(), 0.05)
        took = []
        for _ in range(5):
            asked = house.clock.now()
            async with house.database.write() as tx:
                wish = Wish((item,), ("gateway",), Rule(once=asked), audience)
                schedule = await house.scheduling.add(tx, wish, "Hùng", may_approve=True)
            house.notifier.ring("schedule")
            while not (tried := await _first_try(house, schedule.id)):
                await house.clock.wait(asyncio.Event(), 0.02)
            took.append((tried - asked).total_seconds() * 1000)
        house.stopping.set()
        house.notifier.ring("stop")
        await running
    return {"urgent after ms": max(took)}


async def started(stage: Stage) -> Figures:
    """With so many pending: from a process's first step to the first request on its way."""
    async with stage.house() as house:
        await enqueue(house, stage.count)
        await house.runner._planner.plan()
    begun = time.perf_counter()
    async with stage.house() as house:
        running = asyncio.create_task(house.runner.run(("planner", "worker", "sweeper")))
        while not await _sent(house):
            await house.clock.wait(asyncio.Event(), 0.01)
        seconds = time.perf_counter() - begun
        house.stopping.set()
        house.notifier.ring("stop")
        await running
    return {"seconds": seconds}


# --- the log -----------------------------------------------------------------------------------------------------------


async def log(stage: Stage) -> Figures:
    """So many deliveries done, one in a hundred thousand failed: every kind of page, and a claim against one at the start."""
    async with stage.house() as house:
        await enqueue(house, 500)
        await house.runner._planner.plan()
        early = await _claims(house)
        await _old_deliveries(house, stage.count)
        figures: Figures = {}
        async with house.database.read() as connection:
            newest = await log_store.list_deliveries(connection, log_store.Filter())
            middle = await log_store.list_deliveries(connection, log_store.Filter(), after=newest[-1].id)
        failed, person = (State.FAILED,), newest[7].address
        pages = {
            "newest": log_store.Filter(),
            "failed": log_store.Filter(states=failed),
            "pending": log_store.Filter(states=(State.PENDING,)),
            "outlet": log_store.Filter(outlets=("gateway",)),
            "person": log_store.Filter(addresses=(person,)),
            "item": log_store.Filter(item="không có"),
            "reason": log_store.Filter(reason=Reason.NUMBER),
            "reason that is none": log_store.Filter(reason=Reason.MONEY),
        }
        for name, wanted in pages.items():
            took = [await _timed(lambda wanted=wanted: _page(house, wanted)) for _ in range(9)]
            figures[f"page {name} ms"] = _p(took, 50)
        took = [await _timed(lambda: _page(house, log_store.Filter(), middle[-1].id)) for _ in range(9)]
        figures["page after ms"] = _p(took, 50)
        figures["story ms"] = _p([await _timed(lambda: _story(house, newest[3].id)) for _ in range(9)], 50)
        # last, when the database has written down what was put into it
        figures["claim / claim when nothing was done"] = await _claims(house) / early
    return figures


async def _claims(house: House) -> float:
    """Milliseconds of a claim, as most of them take; the first ones find nothing in memory yet."""
    return _p([await _claim(house) for _ in range(250)][50:], 50)


async def _claim(house: House) -> float:
    """Milliseconds that one turn takes to claim the outlet's next parcel; it is given back."""
    now = house.clock.ms()
    wish = Take("gateway", "this-machine/1/1", now, now + 30_000, Pace(1e6, AT_ONCE), 0, 500)
    begun = time.perf_counter()
    done = await house.database.run(turn(house.database, wish, [], []))
    took = (time.perf_counter() - begun) * 1000
    assert len(done.claimed) == 1
    await house.database.run(turn(house.database, replace(wish, free=True), done.claimed, []))
    return took


async def _old_deliveries(house: House, count: int) -> None:
    """Done parcels of 500 with their tries, made by the database itself of the first one."""
    copies = count // 500
    numbers = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < CAST(? AS BIGINT))"
    seqs = "seqs (seq) AS (SELECT 0 UNION ALL SELECT seq + 1 FROM seqs WHERE seq < 499)"
    columns = "occurrence, outlet, rank, turn, due_at, until"
    failing = f"CASE WHEN n % 200 = 0 THEN 'f' ELSE 's' END || '{'s' * 499}'"
    parcels = (
        f"INSERT INTO parcel (id, {columns}, state, size, first, last, cursor, letters, epoch) {numbers}"
        f" SELECT id - n * 1000, {columns}, 'done', size, first, last, size, {failing}, 1 FROM parcel, number"
        " WHERE state = 'open'"
    )
    people = (
        "INSERT INTO parcel_recipients SELECT parcel.id, recipients FROM parcel, parcel_recipients"
        " WHERE parcel.state = 'done'"
    )
    tries = (
        "INSERT INTO attempt (parcel, seq, n, at, ms, outcome, reason, reference, detail)"
        f" WITH RECURSIVE {seqs} SELECT id, seq, 1, due_at, 5, {_of('sent', 'refused')}, {_of('', 'number')}, '', ''"
        " FROM parcel, seqs WHERE state = 'done'"
        f" AND id / 1000 % {TRIES_PARTS} = CAST(? AS BIGINT)"
    )

    def work(sql: str, *values: int) -> Generator[Step, Rows, None]:
        yield Ask(sql, values, long=True)

    await house.database.run(work(parcels, copies))
    await house.database.run(work(people))
    for part in range(TRIES_PARTS):
        await house.database.run(work(tries, part))
    async with house.database.write() as tx:
        if not house.database.is_sqlite:
            await tx.exec_driver_sql("ANALYZE")


def _of(sent: str, failed: str) -> str:
    return f"CASE WHEN substr(letters, seq + 1, 1) = 'f' THEN '{failed}' ELSE '{sent}' END"


# --- what scenes share -------------------------------------------------------------------------------------------------


async def _item(house: House, title: str = "Tin", **draft: object) -> str:
    async with house.database.write() as tx:
        item = await house.editing.write(tx, Draft(title, "Mời bà con.", **draft), "Mai")  # type: ignore[arg-type]
        await house.editing.submit(tx, item.id, "Mai")
        await house.editing.approve(tx, item.id, "Hùng")
        return item.id


async def _audience(house: House) -> str:
    people = [Recipient("phone", "+84981000001", "Người 1")]
    async with house.database.write() as tx:
        await save_audience(house.database, tx, house.seal, "mot-nguoi", "một người", people, house.clock.now())
    return "một người"


async def _sent(house: House) -> int:
    async with house.database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(attempt))).scalar_one())


async def _until_sent(house: House, count: int) -> None:
    while await _sent(house) < count:
        await house.clock.wait(asyncio.Event(), 0.5)


async def _first_try(house: House, schedule: str) -> object:
    query = select(func.min(attempt.c.at)).join(parcel, parcel.c.id == attempt.c.parcel)
    query = query.join(scheduler_store.occurrence, scheduler_store.occurrence.c.id == parcel.c.occurrence)
    async with house.database.read() as connection:
        return (await connection.execute(query.where(scheduler_store.occurrence.c.schedule == schedule))).scalar_one()


async def _page(house: House, wanted: log_store.Filter | None = None, after: str = "") -> None:
    async with house.database.read() as connection:
        await log_store.list_deliveries(connection, wanted or log_store.Filter(), after=after)


async def _story(house: House, id: str) -> None:
    async with house.database.read() as connection:
        await log_store.story(connection, id)


async def _timed(act: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds."""
    begun = time.perf_counter()
    await act()
    return (time.perf_counter() - begun) * 1000


def _p(values: list[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


SCENES: dict[str, Callable[[Stage], Awaitable[Figures]]] = {
    scene.__name__: scene for scene in (filled, idle, punctual, enqueued, urgent, started, log)
}


def main() -> None:
    """One scene."""
    name, place, gateway, count, *database = sys.argv[1:]
    stage = Stage(Path(place), gateway, int(count), database[0] if database else "")
    sys.stdout.write(json.dumps(uvloop.run(SCENES[name](stage))) + "\n")


if __name__ == "__main__":
    main()
